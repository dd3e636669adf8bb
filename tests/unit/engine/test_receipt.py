"""A read receipt is sent when a person says so, once, and never else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktopmail.door.commands import AnswerReceipt, CopyMessages, SendMessage, StoreFlags
from desktopmail.door.ids import SendingId
from desktopmail.door.interface import DoorError
from desktopmail.door.rows import Flag, SendingState
from localserver.local import LocalServer
from tests.helpers.engine import PASSWORDS, Bench, running_engine, until
from tests.helpers.store import mail

if TYPE_CHECKING:
    from pathlib import Path


def asking(number: int = 1) -> bytes:
    wish = b"Disposition-Notification-To: Bob <bob@localhost>\r\n"
    return wish + mail(number, sender="Bob <bob@localhost>", to="alice@localhost")


async def test_a_wish_alone_sends_nothing(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", asking())
        async with running_engine(tmp_path) as bench:
            await bench.add(server)
            await bench.sync()
            await bench.engine.command(
                StoreFlags(placement_ids=(bench.placed("Subject 1"),), add=Flag.SEEN)
            )
            await bench.sync()
            assert bench.reader.sendings() == []
            assert server.messages("bob") == []


async def test_a_receipt_goes_out_once_and_the_sender_sees_that_it_was_read(
    tmp_path: Path,
) -> None:
    """Bob sends by his engine, Alice answers by hers; both have accounts in this one."""
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            alice = await bench.add(server)
            bob = await bench.add(server, "bob")
            await bench.sync()
            sent = await bench.engine.command(
                SendMessage(
                    account_id=bob, sender="bob@localhost", recipients=("alice@localhost",),
                    octets=asking(),
                )
            )  # fmt: skip
            await until(lambda: bool(server.messages("alice")), "delivered")
            await bench.sync(alice)
            (placed,) = [row.id for row in bench.rows("INBOX", alice)]
            made = await bench.engine.command(AnswerReceipt(placement_id=placed, send=True))
            await until(lambda: state(bench, made.ids[0]) is SendingState.DONE, "sent")
            with pytest.raises(DoorError, match="answered already"):
                await bench.engine.command(AnswerReceipt(placement_id=placed, send=True))
            await until(lambda: bool(server.messages("bob")), "the receipt is there")
            await bench.sync()
            (receipt,) = server.messages("bob")
            assert receipt.sender == ""
            assert b"MDN-sent-manually; displayed" in receipt.octets
            assert "$MDNSent" in server.messages("alice")[0].flags
            assert bench.subjects("Sent", alice) == []
            (row,) = [row for row in bench.reader.sendings() if row.id == sent.ids[0]]
            assert [(one.address, one.state) for one in row.results] == [
                ("alice@localhost", "read")
            ]


def state(bench: Bench, sending_id: int) -> SendingState | None:
    found = [row.state for row in bench.reader.sendings() if row.id == SendingId(sending_id)]
    return found[0] if found else None


async def test_a_receipt_that_is_declined_is_not_asked_for_again(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", asking())
        server.deliver("alice", mail(2))
        async with running_engine(tmp_path) as bench:
            await bench.add(server)
            await bench.sync()
            placed = bench.placed("Subject 1")
            await bench.engine.command(AnswerReceipt(placement_id=placed, send=False))
            await bench.sync()
            assert "$MDNSent" in server.messages("alice")[0].flags
            assert bench.reader.sendings() == []
            with pytest.raises(DoorError, match="answered already"):
                await bench.engine.command(AnswerReceipt(placement_id=placed, send=True))
            with pytest.raises(DoorError, match="asks for no"):
                await bench.engine.command(
                    AnswerReceipt(placement_id=bench.placed("Subject 2"), send=True)
                )


async def test_a_copy_of_a_message_gets_no_receipt_of_its_own(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", asking())
        async with running_engine(tmp_path) as bench:
            await bench.add(server)
            await bench.sync()
            placed, archive = bench.placed("Subject 1"), bench.mailbox("Archive")
            await bench.engine.command(CopyMessages(placement_ids=(placed,), mailbox_id=archive))
            await bench.engine.command(AnswerReceipt(placement_id=placed, send=False))
            (copy,) = bench.rows("Archive")
            assert copy.flags & Flag.RECEIPT_SENT
            with pytest.raises(DoorError, match="answered already"):
                await bench.engine.command(AnswerReceipt(placement_id=copy.id, send=True))
            await bench.sync()
            assert [
                "$MDNSent" in one.flags
                for box in ("INBOX", "Archive")
                for one in server.messages("alice", box)
            ] == [True, True]
