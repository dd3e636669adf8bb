"""An answer counts when it is given: also offline, where no worker is there to take it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from desktopmail.door.commands import AnswerQuestion, SetOffline
from desktopmail.door.interface import DoorError
from desktopmail.door.rows import UNSURE_SENDING, SendingState
from desktopmail.engine import outbox, questions
from desktopmail.engine.store import blob, question, sending
from localserver.local import LocalServer
from tests.helpers.engine import PASSWORDS, Bench, running_engine, until
from tests.helpers.store import add_account, mail

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.door.ids import AccountId, SendingId
    from desktopmail.door.rows import QuestionRow
    from desktopmail.engine.store.store import Transaction


def an_unsure_message(tx: Transaction) -> SendingId:
    """A message whose final dot was written, and the question about it."""
    account_id: AccountId = add_account(tx)
    (blob_id,) = blob.put(tx, [mail(1)])
    made = sending.add(
        tx,
        account_id,
        message_id="1@example.org",
        subject="Subject 1",
        sender="alice@example.org",
        recipients=("bob@example.org",),
        blob_id=blob_id,
        now_s=1.0,
        delay_s=0.0,
        draft=None,
        answers=None,
        forwards=False,
    )
    sending.set_state(tx, made, SendingState.UNSURE, 1.0)
    question.ask(
        tx,
        UNSURE_SENDING,
        "Did it arrive?",
        outbox.UNSURE_CHOICES,
        account_id=account_id,
        subject_id=made,
        asked_s=1.0,
    )
    return made


async def answered(bench: Bench, choice: str) -> list[SendingState]:
    await bench.engine.command(SetOffline(offline=True))
    made = await bench.engine.store.write(an_unsure_message)
    (asked,) = bench.reader.questions()
    await bench.engine.command(AnswerQuestion(question_id=asked.id, choice=choice))
    assert bench.reader.questions() == []
    return [row.state for row in bench.reader.sendings() if row.id == made]


@pytest.mark.parametrize(
    ("choice", "left"),
    [
        ("leave", [SendingState.UNSURE]),
        ("sent", [SendingState.FILING]),
        ("again", [SendingState.QUEUED]),
        ("drop", []),
    ],
)
async def test_an_answer_that_is_given_offline_is_not_asked_for_again(
    choice: str, left: list[SendingState], tmp_path: Path
) -> None:
    async with running_engine(tmp_path) as bench:
        assert await answered(bench, choice) == left


async def refused(bench: Bench, server: LocalServer, user: str) -> tuple[AccountId, QuestionRow]:
    """An account whose password is wrong, and what is asked about it."""
    account_id = await bench.add(server, user, password="wrong")
    with pytest.raises(DoorError):
        await bench.sync(account_id)
    return account_id, next(it for it in bench.reader.questions() if it.account_id == account_id)


def logins(server: LocalServer) -> int:
    return sum(line.startswith("AUTHENTICATE") for line in server.transcript.commands())


async def test_an_answer_about_one_account_has_no_other_one_try_again(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            alice, _ = await refused(bench, server, "alice")
            bob, asked = await refused(bench, server, "bob")
            before = logins(server)
            await bench.engine.command(AnswerQuestion(question_id=asked.id, choice="retry"))
            await until(
                lambda: any(it.account_id == bob for it in bench.reader.questions()),
                "the question about the other password, asked again",
            )
            held = bench.engine.working.of(alice)
            assert held is not None
            assert held.worker.held_by is not None
            assert logins(server) == before + 1


async def test_who_wants_to_leave_it_at_that_is_not_asked_again_at_once(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            alice, asked = await refused(bench, server, "alice")
            before = logins(server)
            await bench.engine.command(AnswerQuestion(question_id=asked.id, choice="later"))
            await asyncio.sleep(0.2)
            assert logins(server) == before
            assert bench.reader.questions() == []
            assert len(bench.problems()) == 1  # it is still said
            with pytest.raises(DoorError):
                await bench.sync(alice)
            assert len(bench.reader.questions()) == 1


async def test_what_is_no_choice_leaves_the_question(tmp_path: Path) -> None:
    async with running_engine(tmp_path) as bench:
        await bench.engine.store.write(an_unsure_message)
        (asked,) = bench.reader.questions()
        wrong = AnswerQuestion(question_id=asked.id, choice="perhaps")
        with pytest.raises(DoorError, match="perhaps is not one of the choices: leave, sent"):
            await bench.engine.store.write(lambda tx: questions.answer(tx, wrong, 2.0))
        assert bench.reader.questions() == [asked]
