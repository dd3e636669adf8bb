"""Changes of flags are told as ranges, each flag once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.door.rows import Flag
from desktopmail.engine import journal
from localserver.local import LocalServer
from tests.helpers.engine import PASSWORDS, running_engine
from tests.helpers.store import mail
from tests.helpers.told import settled

if TYPE_CHECKING:
    from pathlib import Path


async def test_many_changes_are_told_as_ranges(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        for number in range(300):
            server.deliver("alice", mail(number))
        async with running_engine(tmp_path) as bench:
            await bench.add(server)
            await bench.sync()
            before = len(server.transcript.commands())
            for row in bench.rows():
                await bench.engine.store.write(lambda tx, one=row.id: journal_store(tx, one))
            await settled(bench)
            said = [line for line in server.transcript.commands()[before:] if "UID STORE" in line]
            assert len(said) == 1, said
            assert "1:300" in said[0]
            assert all("\\Seen" in one.flags for one in server.messages("alice"))


def journal_store(tx, placement_id) -> None:  # noqa: ANN001

    journal.store_flags(tx, [placement_id], add=Flag.SEEN)
