"""What another device moved is not fetched again, and ordinary new mail costs no command more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktopmail.engine.store import mailbox
from desktopmail.engine.sync import moved_here, vanish
from desktopmail.engine.sync.moved_here import Told
from desktopmail.wire.imap.sequence import Uid, UidSet
from localserver.local import LocalServer
from tests.helpers.engine import PASSWORDS, other_device, relayed_engine
from tests.helpers.relay import Relay
from tests.helpers.store import add_account, bare, inbox_of, mail, open_store, put
from tests.helpers.told import octets_are_there

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.engine.store.store import Transaction

LARGE = "x" * 300_000


def fetched(relay: Relay) -> list[str]:
    return [line.partition("(")[0].strip() for line in relay.said("UID FETCH") if "BODY" in line]


@pytest.mark.parametrize("way", [("INBOX", "Archive"), ("Archive", "INBOX")])
@pytest.mark.parametrize("without", [(), ("QRESYNC", "IMAP4REV2"), ("CONDSTORE", "IMAP4REV2")])
async def test_a_large_message_that_another_device_moved_is_not_fetched_again(
    without: tuple[str, ...], way: tuple[str, str], tmp_path: Path
) -> None:
    """Whichever of the two mailboxes is looked at first, and whatever else is new there."""
    source, target = way
    with LocalServer(PASSWORDS, without=without) as server:
        for number in range(3):
            server.deliver("alice", mail(number, body=LARGE), mailbox=source)
        relay = Relay(server.ports["imap"])
        async with relayed_engine(tmp_path, server, relay) as (bench, account_id):
            await bench.sync(account_id)
            for number in (7, 8):
                server.deliver("alice", mail(number), mailbox=target)
            async with other_device(server) as device:
                await device.select(source)
                await device.uid_move(UidSet.span(1, 2), target)
            relay.forget()
            await bench.sync(account_id)
            await octets_are_there(bench, server, source, target)
            assert len(bench.rows(target)) == 4
            assert relay.octets < 10_000


@pytest.mark.parametrize("way", [("INBOX", "Archive"), ("Archive", "INBOX"), ("INBOX", "New")])
@pytest.mark.parametrize("without", [(), ("QRESYNC", "IMAP4REV2"), ("CONDSTORE", "IMAP4REV2")])
async def test_a_small_message_that_another_device_moved_is_not_fetched_again(
    without: tuple[str, ...], way: tuple[str, str], tmp_path: Path
) -> None:
    """Be it among more that are new; a server tells the size and the second of arrival of each."""
    source, target = way
    body = "x" * 20_000
    with LocalServer(PASSWORDS, without=without) as server:
        for number in range(60):
            server.deliver("alice", mail(number, body=body + "x" * number), mailbox=source)
        relay = Relay(server.ports["imap"])
        async with relayed_engine(tmp_path, server, relay) as (bench, account_id):
            await bench.sync(account_id)
            async with other_device(server) as device:
                await device.select(source)
                if target == "New":
                    await device.create(target)
                await device.uid_move(UidSet.span(1, 20), target)
            for number in () if target == "New" else range(60, 130):
                server.deliver("alice", mail(number), mailbox=target)
            relay.forget()
            await bench.sync(account_id)
            await octets_are_there(bench, server, source, target)
            assert relay.octets < 100_000


@pytest.mark.parametrize("known", [False, True])
async def test_new_mail_comes_by_one_command_unless_a_large_one_of_its_size_is_here(
    known: bool, tmp_path: Path
) -> None:
    """Such a one is fetched behind its header: it was another message.

    So is a small one where it arrived in the same second, too.
    """
    with LocalServer(PASSWORDS) as server:
        size = len(LARGE) if known else len(LARGE) - 100
        server.deliver("alice", mail(1, body="y" * size), mailbox="Archive")
        server.deliver("alice", mail(2, body="Hello, hello."), mailbox="Archive")
        relay = Relay(server.ports["imap"])
        async with relayed_engine(tmp_path, server, relay) as (bench, account_id):
            await bench.sync(account_id)
            for number, body in ((3, LARGE), (4, "Hello.")):
                relay.forget()
                server.deliver("alice", mail(number, body=body))
                await bench.sync(account_id)
                assert len(fetched(relay)) == (2 if known and number == 3 else 1)
            await octets_are_there(bench, server, "INBOX", "Archive")


HERE_S = 1_700_000_000  # when the first of what is put arrived


def likely(tx: Transaction, *told: tuple[int, int | None]) -> list[int]:
    """The places of the new messages of these sizes and arrivals that may be here."""
    box = mailbox.get(tx, 1)  # type: ignore[arg-type]
    new = {Uid(at): Told(*one) for at, one in enumerate(told, 1)}
    return [uid - 1 for uid in moved_here.likely(tx, box, UidSet.of(new), new)]


async def test_of_what_is_new_the_size_of_a_large_one_that_is_here_counts(tmp_path: Path) -> None:
    large, small, nameless = mail(1, body=LARGE), mail(2), bare(LARGE)
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        inbox = await store.read(lambda tx: inbox_of(tx, account_id))
        trash = (await store.read(lambda tx: mailbox.of_account(tx, account_id)))[-1]
        assert inbox == 1
        await store.write(lambda tx: put(tx, trash.id, [large, small, nameless]))
        sizes = (len(small), len(large), len(large) - 1, len(large) + 1, len(nameless))
        told = [(size, None) for size in sizes]
        # By POP3 it may have come with a line end more.
        assert await store.read(lambda tx: likely(tx, *told)) == [1, 2]
        assert await store.read(lambda tx: likely(tx, *([told[1]] * (moved_here.MOST + 1)))) == []
        assert await store.read(likely) == []
        await store.write(lambda tx: vanish.unlink(tx, trash.id, [1]))
        assert await store.read(lambda tx: likely(tx, *told)) == [1, 2]
        # As many have gone as are new: then it may be each of them.
        assert await store.read(lambda tx: likely(tx, (5, None))) == [0]


@pytest.mark.parametrize("are_gone", [False, True])
async def test_of_a_small_one_the_second_of_its_arrival_counts_too(
    are_gone: bool, tmp_path: Path
) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        trash = (await store.read(lambda tx: mailbox.of_account(tx, account_id)))[-1]
        await store.write(lambda tx: put(tx, trash.id, [mail(1), mail(2, body="y"), bare("x")]))
        if are_gone:
            await store.write(lambda tx: vanish.unlink(tx, trash.id, [1, 2, 3]))
        size = len(mail(1))
        told = [
            (size, HERE_S), (size, HERE_S + 1), (size - 2, HERE_S), (size - 3, HERE_S),
            (size, None), (len(bare("x")), HERE_S + 2), (len(mail(2, body="y")), HERE_S + 1),
        ]  # fmt: skip
        assert await store.read(lambda tx: likely(tx, *told)) == [0, 2, 6]


async def test_to_ask_goes_through_no_mailbox(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        for query, asked, index in (
            (moved_here.SHOWN, ("[[1, 2]]", moved_here.LARGE, moved_here.MORE, moved_here.ALIKE),
             "placement_by_size (mailbox_id=? AND size>? AND size<?)"),
            (moved_here.GONE, (), "placement_gone (mailbox_id=?"),
        ):  # fmt: skip
            plan = await store.read(
                lambda tx, sql=query, told=asked: tx.fetch(f"EXPLAIN QUERY PLAN {sql}", told)
            )
            assert any(index in row[3] for row in plan), plan
            assert not any(row[3].startswith(("SCAN p", "SCAN m ")) for row in plan), plan
