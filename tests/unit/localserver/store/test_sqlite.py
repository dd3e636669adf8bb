"""The store of all users."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from desktopmail.net.ports import system_ports
from localserver.store import sqlite
from localserver.store.database import PAGE_OCTETS
from localserver.store.errors import DamagedError, InUseError, NoSuchUserError, OverQuotaError
from localserver.store.interface import Delivery, StoreLimits
from localserver.store.sqlite import SqliteStore, folder_name, open_store
from tests.helpers.account import a_store

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
    await store.captured_mail.clear()
    assert store.captured() == []
    await store.aclose()


async def test_damage_is_found_by_check(tmp_path: Path) -> None:
    store = await opened(tmp_path)
    for _ in range(30):
        await store.deliver([Delivery("alice", PLAIN + b"x" * 5000)])
    await store.aclose()
    path = tmp_path / "users" / "alice" / "mail.db"
    octets = bytearray(path.read_bytes())
    octets[PAGE_OCTETS * 4 : PAGE_OCTETS * 6] = b"\xff" * PAGE_OCTETS * 2
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


async def test_a_limit_of_ones_own_wins_over_the_servers_and_may_change() -> None:
    own: dict[str, int] = {"alice": len(PLAIN)}
    store = await open_store(
        None, system_ports(), limits=StoreLimits(quota_octets=3 * len(PLAIN)),
        known=lambda _: True, quota_of=own.get,
    )  # fmt: skip
    await store.deliver([Delivery("alice", PLAIN)])
    with pytest.raises(OverQuotaError):
        await store.deliver([Delivery("alice", PLAIN)])
    await store.deliver([Delivery("bob", PLAIN)] * 3)
    with pytest.raises(OverQuotaError):
        await store.deliver([Delivery("bob", PLAIN)])
    own["alice"] = 10 * len(PLAIN)
    await store.deliver([Delivery("alice", PLAIN)] * 9)
    assert (await store.account("alice")).used() == (10 * len(PLAIN), 10)
    await store.aclose()


async def test_deliveries_that_make_the_same_mailbox_at_once_all_arrive(tmp_path: Path) -> None:
    store = await opened(tmp_path)
    delivered = await asyncio.gather(
        *(store.deliver([Delivery("alice", PLAIN, mailbox="Lists/new")]) for _ in range(5))
    )
    assert sorted(each.uid for (each,) in delivered) == [1, 2, 3, 4, 5]
    assert len({each.uidvalidity for (each,) in delivered}) == 1
    await store.aclose()


async def test_one_user_over_quota_stops_nobody_elses_delivery() -> None:
    store = await opened(None)
    store.set_full("alice", True)
    with pytest.raises(OverQuotaError):
        await store.deliver([Delivery("alice", PLAIN), Delivery("bob", PLAIN)])
    assert (await store.account("bob")).mailbox("INBOX").messages == 1
    assert (await store.account("alice")).mailbox("INBOX").messages == 0
    await store.aclose()


async def test_everybody_is_full_when_no_name_is_said() -> None:
    store = await opened(None)
    store.set_full("", True)
    for user in ("alice", "bob"):
        with pytest.raises(OverQuotaError):
            await store.deliver([Delivery(user, PLAIN)])
    store.set_full("", False)
    await store.deliver([Delivery("bob", PLAIN)])
    await store.aclose()


async def test_a_user_who_is_opened_twice_at_once_has_one_account(tmp_path: Path) -> None:
    store = await opened(tmp_path)
    one, other = await asyncio.gather(store.account("alice"), store.account("alice"))
    assert one is other
    assert [box.name for box in one.mailboxes()].count("INBOX") == 1
    await store.aclose()


async def test_mail_of_a_user_who_was_forgotten_is_there_again(tmp_path: Path) -> None:
    store = await opened(tmp_path)
    await store.deliver([Delivery("alice", PLAIN)])
    await store.forget("alice")
    await store.forget("alice")
    assert store.open_accounts() == []
    assert store.has_mail("alice")
    assert not store.has_mail("bob")
    assert (await store.account("alice")).mailbox("INBOX").messages == 1
    await store.aclose()


async def test_large_databases_are_looked_through_after_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_store(tmp_path) as store:
        await store.deliver([Delivery("alice", b"Subject: x\r\n\r\n" + b"x" * 100_000)])
    path = tmp_path / "users" / "alice" / "mail.db"
    octets = bytearray(path.read_bytes())
    octets[-PAGE_OCTETS * 2 : -PAGE_OCTETS] = b"\xff" * PAGE_OCTETS
    path.write_bytes(octets)
    with pytest.raises(DamagedError):
        async with a_store(tmp_path) as store:
            await store.check(["alice"])
    monkeypatch.setattr(sqlite, "CHECKED_AT_START_OCTETS", 1000)
    told: list[DamagedError] = []
    async with a_store(tmp_path) as store:
        await store.check(["alice"])
        await store.look_through(told.append)
        assert "mail.db is damaged" in str(told[0])
        with pytest.raises(DamagedError):
            await store.deliver([Delivery("alice", b"Subject: y\r\n\r\n")])
        await store.look_through(told.append)
        assert len(told) == 1
