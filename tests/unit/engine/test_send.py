"""What is put into the outbox, and what comes back out of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from desktopmail.door.commands import (
    CancelSending,
    ReportWish,
    RetrySending,
    SendMessage,
    SetOffline,
)
from desktopmail.door.ids import AccountId, SendingId
from desktopmail.door.interface import DoorError
from localserver.local import LocalServer
from tests.helpers.engine import PASSWORDS, running_engine
from tests.helpers.store import mail

if TYPE_CHECKING:
    from pathlib import Path


def message(account_id: int, *to: str, notify: tuple[str, ...] = ()) -> SendMessage:
    return SendMessage(
        account_id=AccountId(account_id),
        sender="alice@localhost",
        recipients=to,
        octets=mail(1),
        report=ReportWish(notify=notify),
    )


async def test_what_is_sent_again_as_its_answer_was_lost_is_sent_once(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.engine.command(SetOffline(offline=True))
            one = message(account_id, "bob@localhost")
            again = msgspec.structs.replace(one, again=True)
            first = await bench.engine.command(again)  # the engine ended before it had the first
            assert (await bench.engine.command(again)).ids == first.ids
            assert (await bench.engine.command(one)).ids != first.ids  # a person wants it twice
            assert len(bench.reader.sendings()) == 2


async def test_a_recipient_named_twice_is_sent_to_once(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.engine.command(SetOffline(offline=True))
            to = ("bob@localhost", "alice@localhost", "bob@localhost")
            outcome = await bench.engine.command(message(account_id, *to))
            (row,) = bench.reader.sendings()
            assert row.recipients == ("bob@localhost", "alice@localhost")
            assert outcome.ids == (row.id,)
            assert outcome.label == "“Subject 1” is on its way"
            taken = await bench.engine.command(CancelSending(sending_id=row.id))
            assert taken.label == "“Subject 1” taken back"
            assert bench.reader.sendings() == []
            with pytest.raises(DoorError):
                await bench.engine.command(CancelSending(sending_id=SendingId(row.id)))


@pytest.mark.parametrize(
    ("account_id", "to", "notify", "code"),
    [
        (7, (), (), "no-recipient"),
        (7, ("b@x.test",), (), "no-account"),
        (7, ("b@x.test",), ("reading",), "bad-report"),
        (7, ("b@x.test",), ("never", "delay"), "bad-report"),
    ],
)
async def test_what_cannot_be_sent_does_not_reach_the_outbox(
    tmp_path: Path, account_id: int, to: tuple[str, ...], notify: tuple[str, ...], code: str
) -> None:
    async with running_engine(tmp_path) as bench:
        with pytest.raises(DoorError) as caught:
            await bench.engine.command(message(account_id, *to, notify=notify))
        assert caught.value.code == code
        assert bench.reader.sendings() == []


@pytest.mark.parametrize(
    ("state", "label"),
    [
        ("connecting", ""),
        ("transmitting", ""),
        ("accepted", "“Subject 1” was sent"),
        ("done", "“Subject 1” was sent"),
    ],
)
async def test_nothing_is_to_be_tried_again_while_it_is_tried_or_when_it_was_sent(
    tmp_path: Path, state: str, label: str
) -> None:
    """An engine that is started by `outbox retry` has begun with what waits before it is asked."""
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.engine.command(SetOffline(offline=True))
            made = await bench.engine.command(message(account_id, "bob@localhost"))
            await bench.engine.store.write(
                lambda tx: tx.execute("UPDATE sending SET state = ?", (state,))
            )
            tried = await bench.engine.command(RetrySending(sending_id=SendingId(made.ids[0])))
            assert tried.label == label
            assert [row.state for row in bench.reader.sendings()] == [state]
