"""What is here is put into a mailbox at the server once, and proved to be there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.door.commands import DiscardOperation, MoveMessages, SaveDraft
from localserver.faults import Fault
from localserver.local import LocalServer
from tests.helpers.engine import PASSWORDS, running_engine
from tests.helpers.store import mail
from tests.helpers.told import settled, shown_is_there, there

if TYPE_CHECKING:
    from pathlib import Path


async def test_a_draft_is_saved_as_versions_and_one_is_left(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync()
            first = await bench.engine.command(
                SaveDraft(account_id=account_id, octets=mail(1, subject="Draft", body="one"))
            )
            await bench.engine.command(
                SaveDraft(
                    account_id=account_id,
                    octets=mail(1, subject="Draft", body="two"),
                    replaces=first.ids[0],
                )
            )
            await settled(bench)
            (kept,) = server.messages("alice", "Drafts")
            assert kept.octets.endswith(b"two\r\n")
            assert "\\Draft" in kept.flags
            shown_is_there(bench, server, "Drafts")


async def test_an_append_that_is_not_there_does_not_remove_the_source(tmp_path: Path) -> None:
    """Across accounts: add, prove, then remove."""
    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", mail(1))
        fault = Fault(protocol="imap", command="APPEND", user="bob", reply="OK done", times=None)
        server.add_fault(fault)
        async with running_engine(tmp_path) as bench:
            alice = await bench.add(server)
            bob = await bench.add(server, "bob")
            await bench.sync()
            await bench.engine.command(
                MoveMessages(
                    placement_ids=(bench.placed("Subject 1"),),
                    mailbox_id=bench.mailbox("INBOX", bob),
                )
            )
            await bench.sync()
            await bench.sync()
            assert there(server) == ["Subject 1"]
            failed = [one for one in bench.reader.operations() if one.state == "failed"]
            assert [one.account_id for one in failed] == [bob]
            await bench.engine.command(DiscardOperation(operation_id=failed[0].id))
            await bench.sync()
            assert bench.subjects("INBOX", alice) == ["Subject 1"]
            assert bench.subjects("INBOX", bob) == []
            assert there(server) == ["Subject 1"]
            assert bench.reader.operations() == []
