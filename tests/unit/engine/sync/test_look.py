"""The decision tree over every set of extensions: what the server has is what is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktopmail.door.rows import Flag
from desktopmail.wire.imap.flags import FLAGGED, SEEN, flag
from desktopmail.wire.imap.sequence import Uid, UidSet
from desktopmail.wire.imap.store import StoreMode
from localserver.local import LocalServer
from tests.helpers.engine import PASSWORDS, Bench, other_device, running_engine
from tests.helpers.store import mail

if TYPE_CHECKING:
    from pathlib import Path

LEVELS = [
    pytest.param((), id="QRESYNC"),
    pytest.param(("QRESYNC",), id="CONDSTORE"),
    pytest.param(("QRESYNC", "CONDSTORE"), id="plain"),
    pytest.param(("QRESYNC", "CONDSTORE", "ESEARCH"), id="plain-without-ESEARCH"),
    pytest.param(("UIDPLUS",), id="without-UIDPLUS"),
    pytest.param(("MOVE",), id="without-MOVE"),
    pytest.param(("MOVE", "UIDPLUS"), id="without-MOVE-and-UIDPLUS"),
    pytest.param(("LIST-STATUS",), id="without-LIST-STATUS"),
    pytest.param(("LIST-EXTENDED", "SPECIAL-USE", "LIST-STATUS"), id="old-LIST"),
    pytest.param(("IDLE", "ENABLE"), id="without-IDLE-and-ENABLE"),
    pytest.param(
        ("QRESYNC", "CONDSTORE", "ESEARCH", "UIDPLUS", "MOVE", "LIST-EXTENDED", "LIST-STATUS",
         "SPECIAL-USE", "IDLE", "ENABLE", "UNSELECT", "SASL-IR", "LITERAL+", "IMAP4REV2"),
        id="bare-IMAP4rev1",
    ),
]  # fmt: skip


def agree(bench: Bench, server: LocalServer, path: str = "INBOX") -> None:
    """What is shown is what the server has, flags and octets included."""
    shown = sorted((row.subject, row.flags, row.tags) for row in bench.rows(path))
    there = sorted(
        (
            one.subject,
            (Flag.SEEN if "\\Seen" in one.flags else Flag.NONE)
            | (Flag.FLAGGED if "\\Flagged" in one.flags else Flag.NONE),
            tuple(sorted(name for name in one.flags if not name.startswith("\\"))),
        )
        for one in server.messages("alice", path)
    )
    assert shown == there
    octets = sorted(bench.reader.octets(row.message_id) or b"" for row in bench.rows(path))
    assert octets == sorted(one.octets for one in server.messages("alice", path))


@pytest.mark.parametrize("without", LEVELS)
async def test_what_others_change_is_taken_over(without: tuple[str, ...], tmp_path: Path) -> None:
    with LocalServer(PASSWORDS, without=without) as server:
        for number in range(12):
            server.deliver("alice", mail(number), flags=("\\Seen",) if number % 2 else ())
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            agree(bench, server)
            async with other_device(server) as device:
                await device.select("INBOX")
                await device.uid_store(UidSet.span(1, 4), StoreMode.ADD, [FLAGGED, flag("work")])
                await device.uid_store(UidSet.span(2), StoreMode.REMOVE, [SEEN])
                await device.uid_store(
                    UidSet.of([Uid(3), Uid(7)]), StoreMode.ADD, [flag("\\Deleted")]
                )
                await device.expunge()
                await device.append("INBOX", mail(100), [SEEN])
            server.deliver("alice", mail(101))
            await bench.sync(account_id)
            agree(bench, server)
            await bench.sync(account_id)
            agree(bench, server)
            assert bench.reader.problems() == []


@pytest.mark.parametrize("without", LEVELS)
async def test_a_cut_first_look_goes_on_where_it_was(
    without: tuple[str, ...], tmp_path: Path
) -> None:
    with LocalServer(PASSWORDS, without=without) as server:
        for number in range(5):
            server.deliver("alice", mail(number))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            # As a kill leaves it: two of the rows are not there yet, and the look never ended.
            inbox = bench.mailbox()
            await bench.engine.store.write(
                lambda tx: tx.execute(
                    "DELETE FROM placement WHERE mailbox_id = ? AND uid IN (2, 5)", (inbox,)
                )
            )
            await bench.engine.store.write(
                lambda tx: tx.execute("UPDATE mailbox SET complete = 0 WHERE id = ?", (inbox,))
            )
            await bench.sync(account_id)
            agree(bench, server)
