"""Tags that a server cannot keep stay on this machine, which is said; nothing takes them away."""

from __future__ import annotations

import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from desktopmail.door.commands import CopyMessages, MoveMessages, StoreFlags, Undo
from desktopmail.door.rows import Flag
from desktopmail.wire.imap.flags import FLAGGED
from desktopmail.wire.imap.sequence import Uid, UidSet
from desktopmail.wire.imap.store import StoreMode
from localserver.local import LocalServer
from tests.helpers.engine import PASSWORDS, Bench, other_device, relayed_engine
from tests.helpers.relay import Relay
from tests.helpers.store import mail
from tests.helpers.told import flags_there, settled

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

PERMANENT = re.compile(rb"\[PERMANENTFLAGS \(.*?\)\]")


class Exchange:
    """A server that keeps its own flags and $MDNSent, as Exchange does; until it is replaced."""

    keeps_any = False

    def rewrite(self, line: bytes) -> bytes:
        """What is said to the client in place of a line."""
        if self.keeps_any:
            return line
        few = rb"[PERMANENTFLAGS (\Answered \Flagged \Deleted \Seen \Draft $MDNSent)]"
        return PERMANENT.sub(few.replace(b"\\", b"\\\\"), line)


@asynccontextmanager
async def behind(
    folder: Path, server: LocalServer, few: Exchange
) -> AsyncIterator[tuple[Bench, Relay]]:
    relay = Relay(server.ports["imap"], few.rewrite)
    async with relayed_engine(folder, server, relay) as (bench, _):
        await bench.sync()
        yield bench, relay


def tags(bench: Bench, subject: str, path: str = "INBOX") -> list[str]:
    (row,) = [row for row in bench.rows(path) if row.subject == subject]
    return list(row.tags)


async def test_a_tag_that_the_server_cannot_keep_stays_here_through_all_that_it_tells(
    tmp_path: Path,
) -> None:
    with LocalServer(PASSWORDS, without=("QRESYNC",)) as server:
        for number in range(3):
            server.deliver("alice", mail(number))
        async with behind(tmp_path, server, Exchange()) as (bench, relay):
            (inbox,) = [row for row in bench.reader.mailboxes() if row.path == "INBOX"]
            assert not inbox.keeps("work")
            assert inbox.keeps("$Forwarded") == ("$forwarded" in (inbox.kept_tags or ()))
            done = await bench.engine.command(
                StoreFlags(
                    placement_ids=(bench.placed("Subject 1"),), add=Flag.SEEN, add_tags=("work",)
                )
            )
            assert done.label.endswith(", on this machine only: the server keeps no such tag")
            await settled(bench)
            assert flags_there(server, "Subject 1") == {"\\Seen"}
            assert not any(b"work" in line for line in relay.commands)
            async with other_device(server) as device:
                await device.select("INBOX")
                await device.uid_store(UidSet.of([Uid(2)]), StoreMode.ADD, [FLAGGED])
            await settled(bench)
            (row,) = [row for row in bench.rows() if row.subject == "Subject 1"]
            assert row.flags == Flag.SEEN | Flag.FLAGGED
            assert list(row.tags) == ["work"]
            await bench.engine.command(Undo(token=done.undo or ""))
            await settled(bench)
            assert tags(bench, "Subject 1") == []
            assert flags_there(server, "Subject 1") == {"\\Flagged"}


async def test_it_goes_with_its_message_into_other_mailboxes(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        for number in range(2):
            server.deliver("alice", mail(number))
        async with behind(tmp_path, server, Exchange()) as (bench, relay):
            ids = (bench.placed("Subject 0"), bench.placed("Subject 1"))
            await bench.engine.command(StoreFlags(placement_ids=ids, add_tags=("work",)))
            junk = bench.mailbox("Junk")
            await bench.engine.command(MoveMessages(placement_ids=ids[:1], mailbox_id=junk))
            await bench.engine.command(CopyMessages(placement_ids=ids[1:], mailbox_id=junk))
            await settled(bench)
            await settled(bench)
            assert tags(bench, "Subject 0", "Junk") == tags(bench, "Subject 1", "Junk") == ["work"]
            assert tags(bench, "Subject 1") == ["work"]
            assert not any(b"work" in line for line in relay.commands)


async def test_once_the_server_keeps_tags_it_is_told_those_that_stood_here_only(
    tmp_path: Path,
) -> None:
    with LocalServer(PASSWORDS) as server:
        for number in range(2):
            server.deliver("alice", mail(number))
        exchange = Exchange()
        async with behind(tmp_path, server, exchange) as (bench, _):
            await bench.engine.command(
                StoreFlags(placement_ids=(bench.placed("Subject 1"),), add_tags=("work",))
            )
            await settled(bench)
            exchange.keeps_any = True
            server.deliver("alice", mail(2))
            await bench.sync()
            await settled(bench)
            assert tags(bench, "Subject 1") == ["work"]
            assert flags_there(server, "Subject 1") == {"work"}
            (inbox,) = [row for row in bench.reader.mailboxes() if row.path == "INBOX"]
            assert inbox.kept_tags is None
            assert inbox.keeps("work")
