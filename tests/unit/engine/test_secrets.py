"""Passwords: where they come from, in which order, and that they print themselves nowhere."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import keyring.errors
import pytest
from keyring.backends.fail import Keyring as NoKeyring

from desktopmail.door.commands import ServerSettings
from desktopmail.door.ids import AccountId
from desktopmail.door.interface import DoorError
from desktopmail.door.profile import Profile
from desktopmail.door.queries import PasswordPlace
from desktopmail.door.rows import PASSWORDS_LOCKED, Security
from desktopmail.engine import vault
from desktopmail.engine.secrets import Keyring, Secrets
from desktopmail.net.ports import InlineExecutor, SystemEntropy, ThreadExecutor
from desktopmail.wire.secret import Secret
from tests.helpers.engine import MemoryKeyring

if TYPE_CHECKING:
    from pathlib import Path

ONE = AccountId(1)
SERVER = ServerSettings(host="mail.example.org", port=993, security=Security.TLS, user="ann")


class LockedKeyring(MemoryKeyring):
    """A keyring whose person said no."""

    def get_password(self, *_: str) -> str | None:
        raise keyring.errors.KeyringLocked("the collection is locked")


@pytest.fixture(autouse=True)
def quick_vault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vault, "_SCRYPT_N", 2)


def secrets(folder: Path, backend: Keyring) -> Secrets:
    return Secrets(Profile.at(folder), InlineExecutor(), SystemEntropy(), backend=backend)


async def test_a_password_is_kept_in_the_keyring_and_found_by_the_next_engine(
    tmp_path: Path,
) -> None:
    ring = MemoryKeyring()
    await secrets(tmp_path, ring).set(ONE, "incoming", Secret("hush"))
    assert (await secrets(tmp_path, ring).get(ONE, "incoming", SERVER)).reveal() == "hush"
    assert os.listdir(tmp_path) == []


async def test_the_keyring_is_asked_in_a_thread_of_its_own(tmp_path: Path) -> None:
    """It may wait for a person, who has to unlock it; and it is asked one thing at a time."""
    asked_in: list[str] = []

    class Watched(MemoryKeyring):
        def get_password(self, *arguments: str) -> str | None:
            asked_in.append(threading.current_thread().name)
            return super().get_password(*arguments)

        def set_password(self, *arguments: str) -> None:
            asked_in.append(threading.current_thread().name)
            super().set_password(*arguments)

        def delete_password(self, *arguments: str) -> None:
            asked_in.append(threading.current_thread().name)
            super().delete_password(*arguments)

    with ThreadPoolExecutor(1, thread_name_prefix="keyring") as pool:
        profile, executor = Profile.at(tmp_path), ThreadExecutor(pool)
        first, second = (
            Secrets(profile, executor, SystemEntropy(), backend=ring) for ring in [Watched()] * 2
        )
        await first.set(ONE, "incoming", Secret("hush"))
        assert (await second.get(ONE, "incoming", SERVER)).reveal() == "hush"
        await second.forget(ONE)
    assert len(asked_in) >= 3
    assert set(asked_in) == {"keyring_0"}


async def test_one_password_serves_both_sides_unless_another_was_given(tmp_path: Path) -> None:
    found = secrets(tmp_path, MemoryKeyring())
    await found.set(ONE, "incoming", Secret("in"))
    assert (await found.get(ONE, "outgoing", SERVER)).reveal() == "in"
    await found.set(ONE, "outgoing", Secret("out"))
    assert (await found.get(ONE, "outgoing", SERVER)).reveal() == "out"
    assert (await found.get(ONE, "incoming", SERVER)).reveal() == "in"


async def test_the_outgoing_password_falls_back_in_memory_before_the_keyring_is_asked(
    tmp_path: Path,
) -> None:
    """The demo could not send: "There is no keyring"."""
    found = secrets(tmp_path, NoKeyring())
    await found.set(ONE, "incoming", Secret("hush"), in_memory=True)
    assert (await found.get(ONE, "outgoing", SERVER)).reveal() == "hush"


async def test_the_outgoing_password_falls_back_in_the_vault_where_there_is_no_keyring(
    tmp_path: Path,
) -> None:
    found = secrets(tmp_path, NoKeyring())
    await found.open_vault("pass phrase")
    await found.set(ONE, "incoming", Secret("hush"))
    assert (await found.get(ONE, "outgoing", SERVER)).reveal() == "hush"


async def test_what_an_open_vault_has_not_is_nowhere_where_there_is_no_keyring(
    tmp_path: Path,
) -> None:
    keeper = secrets(tmp_path, NoKeyring())
    await keeper.open_vault("pass phrase")
    await keeper.set(ONE, "incoming", Secret("hush"))
    assert not await keeper.has_own(ONE, "outgoing")
    assert await keeper.of_proxy("ann@proxy.example.org:1080") is None
    with pytest.raises(DoorError) as caught:
        await keeper.get(AccountId(2), "incoming", SERVER)
    assert caught.value.code == "no-password"


async def test_a_server_never_gets_the_password_of_the_other_one(tmp_path: Path) -> None:
    """The outgoing one is in the keyring, a newer incoming one in the vault."""
    found = secrets(tmp_path, MemoryKeyring())
    await found.set(ONE, "outgoing", Secret("for submission"))
    await found.open_vault("pass phrase")
    await found.set(ONE, "incoming", Secret("for imap"))
    assert (await found.get(ONE, "outgoing", SERVER)).reveal() == "for submission"


async def test_two_profiles_do_not_read_each_others_passwords(tmp_path: Path) -> None:
    ring = MemoryKeyring()
    await secrets(tmp_path / "a", ring).set(ONE, "incoming", Secret("hush"))
    with pytest.raises(DoorError) as caught:
        await secrets(tmp_path / "b", ring).get(ONE, "incoming", SERVER)
    assert caught.value.code == "no-password"
    assert "ann at mail.example.org" in caught.value.sentence


async def test_without_keyring_and_vault_nothing_is_kept_in_silence(tmp_path: Path) -> None:
    found = secrets(tmp_path, NoKeyring())
    with pytest.raises(DoorError) as caught:
        await found.set(ONE, "incoming", Secret("hush"))
    assert caught.value.code == "no-keyring"
    assert "--password-file" in caught.value.remedy
    assert "hush" not in str(caught.value)
    with pytest.raises(DoorError) as caught:
        await found.get(ONE, "incoming", SERVER)
    assert caught.value.code == "no-keyring"


async def test_a_vault_that_is_not_open_yet_is_said_to_be_locked(tmp_path: Path) -> None:
    keeper = secrets(tmp_path, NoKeyring())
    await keeper.open_vault("pass phrase")
    await keeper.set(ONE, "incoming", Secret("hush"))
    with pytest.raises(DoorError) as caught:
        await secrets(tmp_path, NoKeyring()).get(ONE, "incoming", SERVER)
    assert caught.value.sentence == "The passwords of this profile are locked."
    assert caught.value.code == PASSWORDS_LOCKED


async def test_where_a_password_is_kept_is_the_keyring_until_there_is_none_or_a_vault_is_open(
    tmp_path: Path,
) -> None:
    (tmp_path / "a").mkdir()
    with_ring, without = secrets(tmp_path / "a", MemoryKeyring()), secrets(tmp_path, NoKeyring())
    assert await with_ring.place() == PasswordPlace(in_vault=False, has_vault=False)
    assert await without.place() == PasswordPlace(in_vault=True, has_vault=False)
    await without.open_vault("pass phrase")
    locked = secrets(tmp_path, NoKeyring())
    for each in (without, locked):
        assert await each.place() == PasswordPlace(in_vault=True, has_vault=True)
    await with_ring.open_vault("pass phrase")
    assert await with_ring.place() == PasswordPlace(in_vault=True, has_vault=True)
    again = secrets(tmp_path / "a", MemoryKeyring())
    assert await again.place() == PasswordPlace(in_vault=False, has_vault=True)


async def test_a_locked_keyring_is_said_and_not_taken_for_an_empty_one(tmp_path: Path) -> None:
    with pytest.raises(DoorError) as caught:
        await secrets(tmp_path, LockedKeyring()).get(ONE, "incoming", SERVER)
    assert caught.value.code == "keyring-locked"


async def test_forgetting_takes_it_from_everywhere(tmp_path: Path) -> None:
    ring = MemoryKeyring()
    found = secrets(tmp_path, ring)
    await found.set(ONE, "incoming", Secret("old"))
    await found.set(AccountId(2), "incoming", Secret("of another"))
    await found.open_vault("pass phrase")
    await found.set(ONE, "incoming", Secret("new"))
    await found.forget(ONE)
    assert list(ring.kept.values()) == ["of another"]
    with pytest.raises(DoorError):
        await found.get(ONE, "incoming", SERVER)


async def test_forgetting_where_there_is_no_keyring_is_no_error(tmp_path: Path) -> None:
    found = secrets(tmp_path, NoKeyring())
    await found.set(ONE, "incoming", Secret("hush"), in_memory=True)
    await found.forget(ONE)
    with pytest.raises(DoorError):
        await found.get(ONE, "incoming", SERVER)


async def test_a_password_file_is_read_again_at_each_login(tmp_path: Path) -> None:
    file = tmp_path / "password"
    server = ServerSettings(
        host="mail.example.org", port=993, security=Security.TLS, password_file=str(file)
    )
    found = secrets(tmp_path, NoKeyring())
    for word in ("first", "renewed"):
        file.write_text(f"{word}\nsecond line\n")
        assert (await found.get(ONE, "incoming", server)).reveal() == word
    for broken in (b"", b"\n", b"\xff\xfe\n"):
        file.write_bytes(broken)
        with pytest.raises(DoorError) as caught:
            await found.get(ONE, "incoming", server)
        assert caught.value.code == "no-password"
        assert str(file) in caught.value.sentence
    file.unlink()
    with pytest.raises(DoorError, match="cannot be read"):
        await found.get(ONE, "incoming", server)


async def test_passwords_print_themselves_nowhere(tmp_path: Path) -> None:
    found = secrets(tmp_path, MemoryKeyring())
    await found.set(ONE, "incoming", Secret("hush"), in_memory=True)
    await found.open_vault("pass phrase")
    await found.set(AccountId(2), "incoming", Secret("hush"))
    secret = await found.get(ONE, "incoming", SERVER)
    for shown in (repr(found), str(vars(found)), repr(secret), f"{secret}", repr([secret])):
        assert "hush" not in shown
