"""A day of an account, with each extension of IMAP switched off, one by one and in pairs."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import pytest

from desktopmail.door.commands import (
    ArchiveMessages,
    CopyMessages,
    CreateMailbox,
    DeleteMessages,
    ImportMessages,
    MoveMessages,
    StoreFlags,
    Undo,
)
from desktopmail.door.rows import Flag
from desktopmail.wire.imap.flags import FLAGGED, flag
from desktopmail.wire.imap.sequence import Uid, UidSet
from desktopmail.wire.imap.store import StoreMode
from localserver.local import LocalServer
from tests.helpers.engine import PASSWORDS, other_device, running_engine
from tests.helpers.store import mail
from tests.helpers.told import flags_there, settled, shown_is_there, there

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

# IMAP4rev2 has most of the others in it, so it is off wherever one of them is.
EXTENSIONS = (
    "QRESYNC", "CONDSTORE", "UIDPLUS", "MOVE", "SPECIAL-USE", "LIST-STATUS", "LIST-EXTENDED",
    "IDLE", "ENABLE", "ESEARCH", "UNSELECT", "LITERAL+", "SASL-IR", "NAMESPACE", "COMPRESS=DEFLATE",
)  # fmt: skip
SETS = [(), ("IMAP4REV2",)]
SETS += [(one, "IMAP4REV2") for one in EXTENSIONS]
SETS += [(*pair, "IMAP4REV2") for pair in combinations(EXTENSIONS, 2)]


@pytest.mark.parametrize("without", SETS, ids=" ".join)
async def test_whatever_is_missing_what_is_shown_is_what_the_server_has(
    without: tuple[str, ...], tmp_path: Path
) -> None:
    with LocalServer(PASSWORDS, without=without) as server:
        for number in range(10):
            server.deliver("alice", mail(number), flags=("\\Seen",) if number % 2 else ())
        async with running_engine(tmp_path / "profile") as bench:
            await bench.add(server)
            await bench.sync()
            command = bench.engine.command
            await command(
                StoreFlags(
                    placement_ids=(bench.placed("Subject 0"), bench.placed("Subject 1")),
                    add=Flag.FLAGGED,
                    add_tags=("work",),
                )
            )
            await command(StoreFlags(placement_ids=(bench.placed("Subject 1"),), remove=Flag.SEEN))
            (account,) = bench.reader.accounts()
            await command(CreateMailbox(account_id=account.id, name="Projects"))
            moved = await command(
                MoveMessages(
                    placement_ids=(bench.placed("Subject 2"), bench.placed("Subject 3")),
                    mailbox_id=bench.mailbox("Projects"),
                )
            )
            await command(
                CopyMessages(
                    placement_ids=(bench.placed("Subject 4"),), mailbox_id=bench.mailbox("Sent")
                )
            )
            await command(ArchiveMessages(placement_ids=(bench.placed("Subject 5"),)))
            await command(DeleteMessages(placement_ids=(bench.placed("Subject 6"),)))
            await command(
                DeleteMessages(placement_ids=(bench.placed("Subject 7"),), permanently=True)
            )
            (tmp_path / "new.eml").write_bytes(mail(50))
            await command(
                ImportMessages(path=str(tmp_path / "new.eml"), mailbox_id=bench.mailbox("Archive"))
            )
            await settled(bench)
            # Another device, and mail, meanwhile.
            async with other_device(server) as device:
                await device.select("INBOX")
                await device.uid_store(UidSet.of([Uid(9)]), StoreMode.ADD, [FLAGGED, flag("home")])
                await device.uid_store(UidSet.of([Uid(10)]), StoreMode.ADD, [flag("\\Deleted")])
                await device.expunge()
            server.deliver("alice", mail(60))
            assert moved.undo is not None
            await command(Undo(token=moved.undo))
            for _ in range(2):
                await settled(bench)
                paths = ("INBOX", "Projects", "Sent", "Archive", "Trash")
                shown_is_there(bench, server, *paths)
                assert there(server) == [f"Subject {n}" for n in (0, 1, 2, 3, 4, 60, 8)]
                assert there(server, "Archive") == ["Subject 5", "Subject 50"]
                assert there(server, "Sent") == ["Subject 4"]
                assert there(server, "Trash") == ["Subject 6"]
                assert there(server, "Projects") == []
                assert flags_there(server, "Subject 1") == {"\\Flagged", "work"}
                flagged = {
                    row.subject: row.tags for row in bench.rows() if row.flags & Flag.FLAGGED
                }
                assert flagged == {
                    "Subject 0": ("work",), "Subject 1": ("work",), "Subject 8": ("home",),
                }  # fmt: skip
                for path in paths:
                    octets = sorted(
                        bench.reader.octets(row.message_id) or b"" for row in bench.rows(path)
                    )
                    wanted = sorted(one.octets for one in server.messages("alice", path))
                    assert octets == wanted
