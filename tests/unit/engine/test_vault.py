"""The vault: one file, unreadable without its pass phrase, never half written."""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desktopmail.door.interface import DoorError
from desktopmail.engine import vault
from desktopmail.engine.vault import Vault, open_vault
from desktopmail.net.ports import SystemEntropy

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vault, "_SCRYPT_N", 2)


def opened(path: Path, phrase: str = "open sesame") -> Vault:
    return open_vault(path, phrase, SystemEntropy())


def test_what_is_kept_is_found_again(tmp_path: Path) -> None:
    opened(tmp_path / "vault").set("one", "pässwörd")
    again = opened(tmp_path / "vault")
    assert (again.get("one"), again.get("two")) == ("pässwörd", None)
    again.set("one", None)
    assert opened(tmp_path / "vault").get("one") is None


def test_nothing_of_it_can_be_read_without_the_pass_phrase(tmp_path: Path) -> None:
    opened(tmp_path / "vault").set("account 1", "hush")
    octets = (tmp_path / "vault").read_bytes()
    assert b"hush" not in octets
    assert b"account 1" not in octets
    assert b"sesame" not in octets
    with pytest.raises(DoorError) as caught:
        opened(tmp_path / "vault", "guess")
    assert caught.value.code == "wrong-pass-phrase"
    assert "guess" not in str(caught.value)


def test_a_wrong_pass_phrase_leaves_the_vault_as_it_was(tmp_path: Path) -> None:
    opened(tmp_path / "vault").set("one", "hush")
    before = (tmp_path / "vault").read_bytes()
    with pytest.raises(DoorError):
        opened(tmp_path / "vault", "guess")
    assert (tmp_path / "vault").read_bytes() == before


def test_only_its_owner_may_read_the_file(tmp_path: Path) -> None:
    opened(tmp_path / "vault").set("one", "hush")
    assert stat.S_IMODE((tmp_path / "vault").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["vault"]


def full(_handle: int) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_password_that_is_not_durable_was_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = opened(tmp_path / "vault")
    kept.set("one", "before")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(DoorError) as caught:
            kept.set("one", "after")
        assert caught.value.code == "profile-unwritable"
        assert "No space left" in caught.value.sentence
        assert kept.get("one") == "before"
    assert opened(tmp_path / "vault").get("one") == "before"


def test_a_vault_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "vault").mkdir()
    with pytest.raises(DoorError) as caught:
        opened(tmp_path / "vault")
    assert caught.value.code == "unreadable-vault"


def test_each_writing_has_its_own_nonce(tmp_path: Path) -> None:
    kept = opened(tmp_path / "vault")
    seen = set()
    for _ in range(3):
        kept.set("one", "hush")
        seen.add((tmp_path / "vault").read_bytes())
    assert len(seen) == 3


def test_every_changed_octet_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "vault"
    opened(path).set("one", "hush")
    whole = path.read_bytes()
    for place in range(0, len(whole), 7):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert found(path) in {"hush", "wrong-pass-phrase", "damaged-vault"}


def found(path: Path) -> str | None:
    """What is in it (an unused bit of the base64 may change), or why not."""
    try:
        return opened(path).get("one")
    except DoorError as error:
        return error.code


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=200))
def test_a_file_that_is_no_vault_is_one_sentence(
    tmp_path_factory: pytest.TempPathFactory, octets: bytes
) -> None:
    path = tmp_path_factory.mktemp("vault") / "vault"
    path.write_bytes(octets)
    with pytest.raises(DoorError) as caught:
        opened(path)
    assert caught.value.code in {"wrong-pass-phrase", "damaged-vault"}


def test_a_guess_costs_what_it_should() -> None:
    assert 128 * 2**16 * vault._SCRYPT_R >= 64 * 2**20  # octets of memory
