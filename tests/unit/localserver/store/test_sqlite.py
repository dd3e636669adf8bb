"""The store of all users."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktopmail.net.ports import system_ports
from localserver.store.errors import DamagedError, InUseError, NoSuchUserError, OverQuotaError
from localserver.store.interface import Delivery, SpooledFile, StoreLimits
from localserver.store.sqlite import SqliteStore, folder_name, open_store

if TYPE_CHECKING:
    from pathlib import Path

PLAIN = b"Subject: x\r\n\r\nbody\r\n"


async def opened(folder: Path | None) -> SqliteStore:
    known = {"alice", "bob"}
    return await open_store(
        folder, system_ports(), limits=StoreLimits(), known=lambda name: name in known
    )


async def test_results_come_in_the_order_of_the_deliveries() -> None:
    store = await opened(None)
    delivered = await store.deliver(
        [
            Delivery("bob", PLAIN), Delivery("alice", PLAIN),
            Delivery("bob", PLAIN, mailbox="Lists/x"), Delivery("bob", PLAIN),
        ]
    )  # fmt: skip
    places = [(each.user, each.mailbox, each.uid) for each in delivered]
    assert places == [
        ("bob", "INBOX", 1), ("alice", "INBOX", 1), ("bob", "Lists/x", 1), ("bob", "INBOX", 2),
    ]  # fmt: skip
    await store.aclose()


async def test_a_spooled_file_is_read_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "spool"
    path.write_bytes(PLAIN)
    store = await opened(None)
    await store.deliver([Delivery("alice", SpooledFile(path, len(PLAIN)))])
    assert (await store.account("alice")).octets(1) == PLAIN
    assert path.exists()
    await store.aclose()


async def test_nobody_gets_no_database(tmp_path: Path) -> None:
    store = await opened(tmp_path)
    with pytest.raises(NoSuchUserError):
        await store.deliver([Delivery("mallory", PLAIN)])
    assert not (tmp_path / "users").exists()
    await store.aclose()


async def test_the_maildrop_is_locked_for_one() -> None:
    store = await opened(None)
    await store.deliver([Delivery("alice", PLAIN)])
    first = await store.lock_maildrop("alice")
    with pytest.raises(InUseError):
        await store.lock_maildrop("alice")
    first.release()
    first.release()
    second = await store.lock_maildrop("alice")
    assert len(second.messages) == 1
    second.release()
    await store.aclose()


async def test_captured_mail_is_kept(tmp_path: Path) -> None:
    store = await opened(tmp_path)
    await store.capture("a@x.test", ["b@y.test", "c@y.test"], PLAIN)
    await store.aclose()
    store = await opened(tmp_path)
    (captured,) = store.captured()
    assert (captured.sender, captured.recipients) == ("a@x.test", ("b@y.test", "c@y.test"))
    assert captured.octets == PLAIN
    await store.clear_captured()
    assert store.captured() == []
    await store.aclose()


async def test_damage_is_found_by_check(tmp_path: Path) -> None:
    store = await opened(tmp_path)
    for _ in range(30):
        await store.deliver([Delivery("alice", PLAIN + b"x" * 5000)])
    await store.aclose()
    path = tmp_path / "users" / "alice" / "mail.db"
    octets = bytearray(path.read_bytes())
    octets[8192 * 4 : 8192 * 6] = b"\xff" * 8192 * 2
    path.write_bytes(octets)
    store = await opened(tmp_path)
    with pytest.raises(DamagedError, match=r"mail\.db is damaged.*snapshot restore"):
        await store.check(["alice"])
    await store.aclose()


async def test_a_store_can_be_made_full() -> None:
    store = await opened(None)
    store.set_full("alice", True)
    with pytest.raises(OverQuotaError):
        await store.deliver([Delivery("alice", PLAIN)])
    await store.deliver([Delivery("bob", PLAIN)])
    store.set_full("alice", False)
    await store.deliver([Delivery("alice", PLAIN)])
    await store.aclose()


@pytest.mark.parametrize(
    ("user", "folder"),
    [("alice", "alice"), ("a.b-c_d", "a.b-c_d"), ("../x", "..%2fx"), ("ü", "%c3%bc")],
)
def test_folders_are_named_safely(user: str, folder: str) -> None:
    assert folder_name(user) == folder


@pytest.mark.parametrize("user", ["", ".", ".."])
def test_names_that_would_be_folders_are_refused(user: str) -> None:
    with pytest.raises(NoSuchUserError):
        folder_name(user)
