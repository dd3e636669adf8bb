"""The outbox: each state is stored before its step, and nothing is ever sent twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from desktopmail.door.commands import (
    AnswerQuestion,
    ArchiveMessages,
    CancelSending,
    DeleteMessages,
    Password,
    ReportWish,
    RetrySending,
    SaveDraft,
    SendMessage,
    SetOffline,
    SetPassword,
)
from desktopmail.door.ids import AccountId, PlacementId, SendingId
from desktopmail.door.interface import DoorError
from desktopmail.door.reader import SqliteReader
from desktopmail.door.rows import Flag, Kind, SendingRow, SendingState
from desktopmail.engine import outbox
from desktopmail.engine.store import blob, sending
from desktopmail.mime import structure
from desktopmail.mime.report import DeliveryReport, Fate
from localserver.config import Config, Limits
from localserver.faults import Fault
from localserver.local import LocalServer
from tests.helpers.engine import PASSWORDS, Bench, account_command, running_engine, until
from tests.helpers.store import add_account, mail, open_store

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.engine.store.store import Transaction


async def send(
    bench: Bench,
    account_id: AccountId,
    *recipients: str,
    number: int = 1,
    octets: bytes | None = None,
    **more: object,
) -> SendingId:
    outcome = await bench.engine.command(
        SendMessage(
            account_id=account_id,
            sender="alice@localhost",
            recipients=recipients or ("bob@localhost",),
            octets=octets or mail(number),
            **more,  # type: ignore[arg-type]
        )
    )
    return SendingId(outcome.ids[0])


def state(bench: Bench, sending_id: SendingId) -> SendingState | None:
    found = [row.state for row in bench.reader.sendings() if row.id == sending_id]
    return found[0] if found else None


async def reaches(bench: Bench, sending_id: SendingId, *states: SendingState) -> None:
    await until(
        lambda: state(bench, sending_id) in states, f"{states}, it is {state(bench, sending_id)}"
    )


def got(server: LocalServer, user: str = "bob") -> list[str]:
    return [one.subject for one in server.messages(user)]


@pytest.mark.parametrize("kind", [Kind.IMAP, Kind.POP3])
async def test_a_message_arrives_once_and_is_filed_once(kind: Kind, tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server, kind=kind)
            await bench.sync(account_id)
            made = await send(bench, account_id)
            await reaches(bench, made, SendingState.DONE)
            assert got(server) == ["Subject 1"]
            await bench.sync(account_id)
            assert bench.subjects("Sent") == ["Subject 1"]
            assert bench.rows("Sent")[0].flags == Flag.SEEN
            if kind is Kind.IMAP:
                assert [one.subject for one in server.messages("alice", "Sent")] == ["Subject 1"]
            assert bench.reader.operations() == []


EIGHT_BIT = (
    "From: alice@localhost\r\nTo: bob@localhost\r\nSubject: 8\r\nMessage-ID: <8@localhost>\r\n"
    "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
    f"Content-Transfer-Encoding: 8bit\r\n\r\n{'Guten Morgen, viele Grüße! ' * 9}\r\n"
).encode()


async def test_eight_bits_are_encoded_for_a_server_that_takes_seven(tmp_path: Path) -> None:
    """RFC 6152 section 3; the copy that is filed is the message as it was written."""
    with LocalServer(PASSWORDS, without={"8BITMIME"}) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            made = await send(bench, account_id, octets=EIGHT_BIT)
            await reaches(bench, made, SendingState.DONE)
            await bench.sync(account_id)
            (arrived,) = server.messages("bob")
            (filed,) = server.messages("alice", "Sent")
    assert filed.octets == EIGHT_BIT
    assert arrived.octets.isascii()
    assert b"Content-Transfer-Encoding: quoted-printable\r\n" in arrived.octets
    assert structure.parse(arrived.octets).content == structure.parse(EIGHT_BIT).content


async def test_what_the_server_takes_is_learned_and_eight_bits_arrive_as_they_were_filed(
    tmp_path: Path,
) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            assert bench.reader.accounts()[0].submission == ()
            made = await send(bench, account_id)
            await reaches(bench, made, SendingState.DONE)
            assert bench.reader.accounts()[0].submission == ("8BITMIME", "SMTPUTF8")
            second = await send(bench, account_id, octets=EIGHT_BIT)
            await reaches(bench, second, SendingState.DONE)
            await bench.sync(account_id)
            (arrived,) = [one for one in server.messages("bob") if one.subject == "8"]
            (filed,) = [one for one in server.messages("alice", "Sent") if one.subject == "8"]
            assert filed.octets == EIGHT_BIT
            assert arrived.octets.endswith(EIGHT_BIT[EIGHT_BIT.index(b"From:") :])


async def test_a_copy_that_the_server_filed_itself_is_not_filed_again(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            server.deliver("alice", mail(1), mailbox="Sent")
            made = await send(bench, account_id)
            await reaches(bench, made, SendingState.DONE)
            await bench.sync(account_id)
            assert len(server.messages("alice", "Sent")) == 1
            assert bench.subjects("Sent") == ["Subject 1"]


async def test_an_answered_message_is_marked_and_the_draft_goes(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", mail(5))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            draft = await bench.engine.command(SaveDraft(account_id=account_id, octets=mail(1)))
            await bench.sync(account_id)
            made = await send(
                bench,
                account_id,
                draft=PlacementId(draft.ids[0]),
                answers=bench.placed("Subject 5"),
            )
            await reaches(bench, made, SendingState.DONE)
            await bench.sync(account_id)
            assert server.messages("alice", "Drafts") == []
            assert bench.subjects("Drafts") == []
            assert "\\Answered" in server.messages("alice")[0].flags


async def test_a_message_can_be_taken_back_until_its_delay_is_over(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            made = await send(bench, account_id, delay_s=60.0)
            later = await send(bench, account_id, number=2, delay_s=0.3)
            await reaches(bench, later, SendingState.DONE)
            await bench.engine.command(CancelSending(sending_id=made))
            assert state(bench, made) is None
            assert got(server) == ["Subject 2"]
            with pytest.raises(DoorError, match="cannot be taken back"):
                await bench.engine.command(CancelSending(sending_id=later))


BEFORE_THE_DOT = [
    Fault(protocol="submission", command="MAIL", drop=True),
    Fault(protocol="submission", command="RCPT", reset=True),
    Fault(protocol="submission", command="MAIL", reply="451 4.3.0 Not now"),
    Fault(protocol="submission", command="RCPT", reply="452 4.2.2 Later"),
]


@pytest.mark.parametrize(
    "fault", BEFORE_THE_DOT, ids=lambda fault: f"{fault.command}-{fault.reply}"
)
async def test_what_fails_before_the_final_dot_is_tried_again(fault: Fault, tmp_path: Path) -> None:
    with LocalServer(PASSWORDS, plan=[fault]) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            made = await send(bench, account_id)
            await until(
                lambda: any(row.problem for row in bench.reader.sendings()), "the first try failed"
            )
            assert state(bench, made) is SendingState.QUEUED
            await bench.engine.command(RetrySending(sending_id=made))
            await reaches(bench, made, SendingState.DONE)
            assert got(server) == ["Subject 1"]


async def test_a_refusal_for_good_fails_and_says_why(tmp_path: Path) -> None:
    fault = Fault(protocol="submission", command="MAIL", reply="550 5.7.1 We do not like it")
    with LocalServer(PASSWORDS, plan=[fault]) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            made = await send(bench, account_id)
            await reaches(bench, made, SendingState.FAILED)
            (row,) = bench.reader.sendings()
            assert row.problem is not None
            assert "We do not like it" in row.problem
            assert got(server) == []


async def test_one_recipient_refused_does_not_keep_it_from_the_others(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            made = await send(bench, account_id, "bob@localhost", "nobody@localhost")
            await reaches(bench, made, SendingState.DONE, SendingState.FILING)
            assert got(server) == ["Subject 1"]
            (problem,) = bench.reader.problems()
            assert "nobody@localhost" in problem.what


async def test_what_was_refused_for_everybody_is_tried_again_with_everybody(
    tmp_path: Path,
) -> None:
    fault = Fault(protocol="submission", command="RCPT", times=2, reply="550 5.7.1 Not today")
    with LocalServer(PASSWORDS, plan=[fault]) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            made = await send(bench, account_id, "bob@localhost", "alice@localhost")
            await reaches(bench, made, SendingState.FAILED)
            await bench.engine.command(RetrySending(sending_id=made))
            await reaches(bench, made, SendingState.DONE)
            assert got(server) == got(server, "alice") == ["Subject 1"]
            assert {one.state for one in sent_row(bench, made).results} == {"accepted"}


@pytest.mark.parametrize("answer", ["sent", "again"])
@pytest.mark.parametrize("reply", ["550 5.1.1 Nobody here", "452 4.2.2 Later"])
async def test_who_was_refused_before_the_connection_ended_behind_the_dot_is_not_forgotten(
    reply: str, answer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server said of one that he does not get it, and nothing of the message as a whole."""
    monkeypatch.setattr(outbox, "_EVIDENCE_AFTER_S", 0.0)
    faults = [
        Fault(protocol="submission", command="RCPT", argument="bob", reply=reply),
        Fault(protocol="submission", command="END-OF-DATA", cut=0),
    ]
    with LocalServer(PASSWORDS, plan=faults) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            made = await send(bench, account_id, "alice@localhost", "bob@localhost")
            await until(lambda: bool(bench.reader.questions()), "the question")
            (asked,) = bench.reader.questions()
            await bench.engine.command(AnswerQuestion(question_id=asked.id, choice=answer))
            await reaches(bench, made, SendingState.DONE)
            assert got(server, "alice") == ["Subject 1"] * (2 if answer == "again" else 1)
            for_good = reply.startswith("5")
            assert got(server) == ([] if for_good else ["Subject 1"])
            states = {one.address: one.state for one in sent_row(bench, made).results}
            assert states["bob@localhost"] == ("refused" if for_good else "accepted")
            assert any("Nobody here" in what for what in bench.problems()) is for_good


async def test_what_kept_from_sending_is_over_once_the_server_answers_also_with_a_refusal(
    tmp_path: Path,
) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server, password="not hers")
            made = await send(bench, account_id, "nobody@localhost")
            await until(lambda: bool(bench.problems()), "the login is refused")
            given = Password(PASSWORDS["alice"])
            await bench.engine.command(SetPassword(account_id=account_id, password=given))
            await bench.sync(account_id)
            await reaches(bench, made, SendingState.FAILED)
            assert bench.problems() == []


async def cut_behind_the_dot(bench: Bench, account_id: AccountId) -> SendingId:
    """Leave a message as an engine that died behind its final dot does."""
    made = await send(bench, account_id, delay_s=3600)
    await bench.engine.store.write(
        lambda tx: tx.execute(
            "UPDATE sending SET state = 'unsure', changed_s = changed_s - 100 WHERE id = ?", (made,)
        )
    )
    return made


async def test_an_unsure_message_is_never_sent_again_by_itself_but_asked_about(
    tmp_path: Path,
) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            made = await cut_behind_the_dot(bench, account_id)
            await bench.sync(account_id)
            bench.engine.working.wake_all()
            await until(lambda: bool(bench.reader.questions()), "the question")
            assert state(bench, made) is SendingState.UNSURE
            assert got(server) == []
            (question,) = bench.reader.questions()
            assert question.subject_id == bench.reader.sendings()[0].id
            assert question.choices[0][0] == "leave"
            with pytest.raises(DoorError, match="one of the choices"):
                await bench.engine.command(AnswerQuestion(question_id=question.id, choice="x"))
            await bench.engine.command(AnswerQuestion(question_id=question.id, choice="sent"))
            await reaches(bench, made, SendingState.DONE)
            await bench.sync(account_id)
            assert got(server) == []
            assert bench.subjects("Sent") == ["Subject 1"]


async def test_what_waited_in_a_copy_of_the_mail_is_asked_about_as_such(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await cut_behind_the_dot(bench, account_id)
            await bench.engine.store.write(
                lambda tx: tx.execute("UPDATE sending SET problem = ?", (sending.COPIED,))
            )
            bench.engine.working.wake_all()
            await until(lambda: bool(bench.reader.questions()), "the question")
            (question,) = bench.reader.questions()
            assert question.text == (
                "“Subject 1” waited to be sent when this copy of the mail was made. Did it arrive?"
            )


async def test_an_unsure_message_may_be_sent_again_when_a_person_says_so(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            made = await cut_behind_the_dot(bench, account_id)
            await bench.engine.store.write(
                lambda tx: tx.execute("UPDATE sending SET not_before_s = 0")
            )
            bench.engine.working.wake_all()
            await until(lambda: bool(bench.reader.questions()), "the question")
            (question,) = bench.reader.questions()
            await bench.engine.command(AnswerQuestion(question_id=question.id, choice="again"))
            await reaches(bench, made, SendingState.DONE)
            assert got(server) == ["Subject 1"]


async def test_an_unsure_message_that_came_back_from_a_server_was_sent(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            other = await bench.add(server, "bob", Kind.POP3)
            await bench.sync()
            made = await cut_behind_the_dot(bench, account_id)
            server.deliver("bob", b"Received: by us\r\n" + mail(1))
            await bench.sync(other)
            bench.engine.working.wake_all()
            await reaches(bench, made, SendingState.DONE, SendingState.FILING)
            assert bench.reader.questions() == []


@pytest.mark.parametrize("action", ["delivered", "failed"])
async def test_an_unsure_message_that_is_reported_on_was_sent(action: str, tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            made = await cut_behind_the_dot(bench, account_id)
            bench.engine.working.wake_all()
            await until(lambda: bool(bench.reader.questions()), "the question")
            fate = Fate("bob@localhost", "", action, "", "")
            await bench.engine.store.write(
                lambda tx: sending.note_report(tx, DeliveryReport("", "1@example.org", (fate,)))
            )
            bench.engine.working.wake_all()
            await reaches(bench, made, SendingState.DONE)
            assert bench.reader.questions() == []
            assert [one.state for one in sent_row(bench, made).results] == [action]


async def test_a_report_on_another_sending_of_the_same_message_proves_nothing(
    tmp_path: Path,
) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            await send(bench, account_id, delay_s=3600)
            made = await cut_behind_the_dot(bench, account_id)
            fate = Fate("bob@localhost", "", "delivered", "", "")
            await bench.engine.store.write(
                lambda tx: sending.note_report(tx, DeliveryReport("", "1@example.org", (fate,)))
            )
            bench.engine.working.wake_all()
            await until(lambda: bool(bench.reader.questions()), "the question")
            assert state(bench, made) is SendingState.UNSURE


async def test_a_dead_engine_leaves_nothing_between_the_states(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            made = [await send(bench, account_id, number=n, delay_s=3600) for n in range(4)]

            def die(tx) -> None:  # noqa: ANN001
                names = ("connecting", "transmitting", "unsure", "filing")
                for one, name in zip(made, names, strict=True):
                    tx.execute("UPDATE sending SET state = ? WHERE id = ?", (name, one))
                sending.recover(tx, 1.0)

            await bench.engine.store.write(die)
            assert [state(bench, one) for one in made[:3]] == [
                SendingState.QUEUED,
                SendingState.QUEUED,
                SendingState.UNSURE,
            ]


def test_the_safe_choice_stands_first() -> None:
    assert outbox.UNSURE_CHOICES[0][0] == "leave"


async def test_a_reply_that_is_lost_behind_the_final_dot_is_never_answered_by_sending_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server has it, and nobody told us: counted there it is never two."""
    monkeypatch.setattr(outbox, "_EVIDENCE_AFTER_S", 0.0)
    fault = Fault(protocol="submission", command="DATA", cut=len(_GO_AHEAD) + 4)
    without = ("CHUNKING", "PIPELINING", "ENHANCEDSTATUSCODES")
    with LocalServer(PASSWORDS, plan=[fault], without=without) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            made = await send(bench, account_id)
            await reaches(bench, made, SendingState.UNSURE)
            await until(lambda: bool(bench.reader.questions()), "the question")
            await bench.sync(account_id)
            bench.engine.working.wake_all()
            with pytest.raises(DoorError) as caught:
                await bench.engine.command(RetrySending(sending_id=made))
            assert caught.value.code == "wrong-state"
            with pytest.raises(DoorError) as caught:
                await bench.engine.command(CancelSending(sending_id=made))
            assert caught.value.code == "too-late"
            assert state(bench, made) is SendingState.UNSURE
            assert got(server) == ["Subject 1"]


async def test_a_temporary_refusal_of_the_message_itself_is_tried_again(tmp_path: Path) -> None:
    fault = Fault(protocol="submission", command="DATA", reply="452 4.3.1 Not now")
    with LocalServer(PASSWORDS, plan=[fault], without=("CHUNKING",)) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            made = await send(bench, account_id)
            await until(
                lambda: any(row.problem for row in bench.reader.sendings()), "the first try failed"
            )
            assert state(bench, made) is SendingState.QUEUED
            await bench.engine.command(RetrySending(sending_id=made))
            await reaches(bench, made, SendingState.DONE)
            assert got(server) == ["Subject 1"]


def said(server: LocalServer, *verbs: str) -> list[str]:
    words = [line.partition(" ")[0].upper() for line in server.transcript.commands()]
    return [word for word in words if word in verbs]


async def test_what_is_due_together_goes_over_one_connection(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.engine.command(SetOffline(offline=True))
            made = [await send(bench, account_id, number=number) for number in range(5)]
            await bench.engine.command(SetOffline(offline=False))
            for one in made:
                await reaches(bench, one, SendingState.DONE)
            assert got(server) == [f"Subject {number}" for number in range(5)]
            assert said(server, "EHLO", "MAIL", "QUIT").count("EHLO") == 1


@pytest.mark.parametrize("without", [(), ("CHUNKING",)], ids=["bdat", "data"])
async def test_of_several_only_the_one_whose_end_was_written_is_unsure(
    without: tuple[str, ...], tmp_path: Path
) -> None:
    faults = [
        Fault(protocol="submission", command="END-OF-DATA", nth=2, times=1, cut=0),
        Fault(protocol="submission", command="CONNECT", nth=2, times=None, drop=True),
    ]
    with LocalServer(PASSWORDS, plan=faults, without=without) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.engine.command(SetOffline(offline=True))
            made = [await send(bench, account_id, number=number) for number in range(4)]
            await bench.engine.command(SetOffline(offline=False))
            await reaches(bench, made[0], SendingState.DONE)
            await reaches(bench, made[1], SendingState.UNSURE)
            await until(
                lambda: all(row.problem for row in bench.reader.sendings()[2:]), "the others wait"
            )
            assert [state(bench, one) for one in made[2:]] == [SendingState.QUEUED] * 2
            assert got(server) == ["Subject 0", "Subject 1"]


@pytest.mark.parametrize("kind", [Kind.IMAP, Kind.POP3])
async def test_recipients_beyond_what_a_server_takes_follow_at_once(
    kind: Kind, tmp_path: Path
) -> None:
    config = Config(limits=Limits(recipients=2))
    people = [f"bob+{number}@localhost" for number in range(5)]
    with LocalServer(PASSWORDS, config=config) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server, kind=kind)
            made = await send(bench, account_id, *people)
            await reaches(bench, made, SendingState.DONE)
            # Each transaction is one copy for Bob, whatever stands behind the plus sign.
            assert got(server) == ["Subject 1"] * 3
            asked = [line for line in server.transcript.commands() if line.startswith("RCPT")]
            assert [sum(person in line for line in asked) for person in people] == [1] * 5
            await bench.sync(account_id)
            assert bench.subjects("Sent") == ["Subject 1"]  # filed with the first ones, and once
            assert len(server.messages("alice", "Sent")) == (kind is Kind.IMAP)


async def test_going_offline_in_the_middle_of_a_send_leaves_it_queued(tmp_path: Path) -> None:
    fault = Fault(protocol="submission", command="MAIL", stall=True)
    with LocalServer(PASSWORDS, plan=[fault]) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            made = await send(bench, account_id)
            await reaches(bench, made, SendingState.CONNECTING)
            await until(
                lambda: any(line.startswith("MAIL") for line in server.transcript.commands()),
                "the server stalls",
            )
            await bench.engine.command(SetOffline(offline=True))
            await bench.engine.command(SetOffline(offline=False))
            await reaches(bench, made, SendingState.DONE)
            assert got(server) == ["Subject 1"]


async def test_our_own_copy_in_sent_is_no_evidence_for_the_other_recipients(
    tmp_path: Path,
) -> None:
    """Accepted for one and filed; then unsure for the other: who would not get it in silence."""
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            done = await send(bench, account_id)
            await reaches(bench, done, SendingState.DONE)
            await bench.sync(account_id)
            made = await cut_behind_the_dot(bench, account_id)
            await bench.engine.store.write(
                lambda tx: tx.execute("UPDATE sending SET filed = 1 WHERE id = ?", (made,))
            )
            bench.engine.working.wake_all()
            await until(lambda: bool(bench.reader.questions()), "the question")
            assert state(bench, made) is SendingState.UNSURE


async def test_every_state_is_stored_before_its_step(tmp_path: Path) -> None:
    """What a reader of the store sees when the server gets each command."""
    with LocalServer(PASSWORDS, without=("CHUNKING", "PIPELINING")) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            seen: list[tuple[str, str]] = []
            set_state = sending.set_state

            def watch(tx, one, new, *arguments, **more) -> None:  # noqa: ANN001, ANN002, ANN003
                said = [line.partition(" ")[0] for line in server.transcript.commands()]
                seen.append((new.value, next((w for w in reversed(said) if w in _STEPS), "")))
                set_state(tx, one, new, *arguments, **more)

            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(sending, "set_state", watch)
                made = await send(bench, account_id)
                await reaches(bench, made, SendingState.DONE)
            before = dict(seen)
            assert before["connecting"] == ""  # nothing was said yet
            assert before["transmitting"] in {"RCPT", "MAIL"}  # DATA was not
            assert before["unsure"] == "DATA"
            assert [name for name, _ in seen][:3] == ["connecting", "transmitting", "unsure"]


async def test_who_was_refused_is_stored_with_the_doubt_about_the_others(tmp_path: Path) -> None:
    """An engine that dies behind the final dot would count them as served, were the others."""
    reply = "550 5.1.1 Nobody here"
    plan = [Fault(protocol="submission", command="RCPT", argument="bob", reply=reply)]
    with LocalServer(PASSWORDS, plan=plan) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            seen: list[tuple[tuple[str, ...], dict[str, str]]] = []
            set_state = sending.set_state

            def watch(tx, one, new, *arguments, **more) -> None:  # noqa: ANN001, ANN002, ANN003
                set_state(tx, one, new, *arguments, **more)
                if new is SendingState.UNSURE:
                    row = sending.get(tx, one)
                    seen.append((row.recipients, row.refused))

            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(sending, "set_state", watch)
                made = await send(bench, account_id, "alice@localhost", "bob@localhost")
                await reaches(bench, made, SendingState.DONE)
            assert seen == [(("alice@localhost",), {"bob@localhost": reply})]
            states = {one.address: one.state for one in sent_row(bench, made).results}
            assert states == {"alice@localhost": "accepted", "bob@localhost": "refused"}


_STEPS = ("MAIL", "RCPT", "DATA")
# After these octets of its answer to DATA the server says nothing more.
_GO_AHEAD = b"354 End with a dot on a line of its own\r\n"


# What mail servers report


async def test_what_servers_report_stands_with_each_recipient(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            made = await send(
                bench, account_id, "bob@localhost", "alice@localhost",
                report=ReportWish(notify=("success", "failure"), whole=False),
            )  # fmt: skip
            await reaches(bench, made, SendingState.DONE)
            results = sent_row(bench, made).results
            assert [one.address for one in results] == ["bob@localhost", "alice@localhost"]
            assert {one.state for one in results} <= {"accepted", "delivered"}  # it may be there
            await until(
                lambda: _reports(server) >= 2,
                "the reports came",
            )
            await bench.sync(account_id)
            results = sent_row(bench, made).results
            assert [one.state for one in results] == ["delivered", "delivered"]


def _reports(server: LocalServer) -> int:
    found = [one for one in server.messages("alice") if "delivered" in one.subject]
    return sum(one.octets.count(b"\nFinal-Recipient") for one in found)


def sent_row(bench: Bench, sending_id: SendingId) -> SendingRow:
    (row,) = [row for row in bench.reader.sendings() if row.id == sending_id]
    return row


async def test_one_that_was_refused_is_named_with_what_was_said(tmp_path: Path) -> None:
    fault = Fault(protocol="submission", command="RCPT", nth=2, reply="550 5.1.1 No such user")
    with LocalServer(PASSWORDS, plan=[fault]) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            made = await send(bench, account_id, "bob@localhost", "nobody@localhost")
            await reaches(bench, made, SendingState.DONE)
            first, second = sent_row(bench, made).results
            assert (first.address, first.state) == ("bob@localhost", "accepted")
            assert (second.address, second.state) == ("nobody@localhost", "refused")
            assert "5.1.1 No such user" in second.detail


async def test_a_server_without_dsn_sends_all_the_same(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS, without=("DSN",)) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            made = await send(bench, account_id, report=ReportWish(notify=("success",)))
            await reaches(bench, made, SendingState.DONE)
            assert got(server) == ["Subject 1"]


@pytest.mark.parametrize("notify", [("often",), ("never", "failure")])
async def test_a_wish_that_is_none_is_refused(notify: tuple[str, ...], tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            with pytest.raises(DoorError, match="cannot be reported"):
                await send(bench, account_id, report=ReportWish(notify=notify))


async def test_a_report_about_somebody_else_changes_nothing(tmp_path: Path) -> None:
    """Anybody can write a report: it counts for whom the message really went to."""
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)

        def step(tx: Transaction) -> None:
            (blob_id,) = blob.put(tx, [mail(1)])
            sending.add(
                tx, account_id, message_id="1@example.org", subject="", sender="a@example.org",
                recipients=("b@example.org",), blob_id=blob_id, now_s=0.0, delay_s=0.0, draft=None,
                answers=None, forwards=False,
            )  # fmt: skip
            for address, action in (
                ("x@example.org", "failed"), ("B@example.org", "delivered"),
                ("b@example.org", "delayed"),
            ):  # fmt: skip
                fate = Fate(address, "", action, "2.0.0", "")
                sending.note_report(tx, DeliveryReport("", "1@example.org", (fate,)))

        await store.write(step)
        reader = SqliteReader(store.profile)
        (row,) = reader.sendings()
        reader.close()
        assert [(one.address, one.state) for one in row.results] == [("b@example.org", "delivered")]


async def test_while_a_login_is_refused_what_is_sent_says_why_it_waits_and_nothing_is_tried(
    tmp_path: Path,
) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server, password="not hers")
            made = [await send(bench, account_id, number=1)]
            await until(lambda: bench.reader.sendings()[0].problem is not None, "a refusal")
            tried = logins(server)
            made.append(await send(bench, account_id, number=2))
            made.append(await send(bench, account_id, number=3, delay_s=0.3))
            await until(
                lambda: all(row.problem is not None for row in bench.reader.sendings()),
                "the others say why they wait",
            )
            assert {row.problem for row in bench.reader.sendings()} == {
                "127.0.0.1 refused the login of alice: 535 5.7.8 Wrong user name or password."
            }
            assert [(row.id, row.retry_s) for row in bench.reader.sendings()] == [
                (one, None) for one in made
            ]
            assert logins(server) == tried


async def test_what_waits_for_a_password_goes_on_when_fetching_takes_the_question_back(
    tmp_path: Path,
) -> None:
    """Both logins take one password, and it is asked for once; then the server takes it again."""
    password = tmp_path / "password"
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            password.write_text("not hers\n")
            command = account_command(server, "alice", Kind.IMAP)
            servers = {
                side: replace(getattr(command, side), password_file=str(password))
                for side in ("incoming", "outgoing")
            }
            outcome = await bench.engine.command(replace(command, **servers))
            account_id = AccountId(outcome.ids[0])
            await until(lambda: bool(bench.reader.questions()), "the question")
            made = await send(bench, account_id)
            await until(lambda: bench.reader.sendings()[0].problem is not None, "a refusal")
            assert [one.kind for one in bench.reader.questions()] == ["password-incoming"]
            password.write_text(PASSWORDS["alice"] + "\n")
            await bench.sync(account_id)
            await reaches(bench, made, SendingState.DONE)


def logins(server: LocalServer) -> int:
    """How often somebody tried to log in for sending."""
    said = server.transcript.commands()
    return sum(line.startswith(("AUTH ", "A1 AUTHENTICATE", "AUTHENTICATE")) for line in said)


@pytest.mark.parametrize("kind", [Kind.IMAP, Kind.POP3])
@pytest.mark.parametrize("then", ["archived", "deleted"])
async def test_what_is_answered_may_go_before_the_answer_does(
    kind: Kind, then: str, tmp_path: Path
) -> None:
    """Acceptance could not be stored: it was asked about, and sent twice by who said "again"."""
    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", mail(5))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server, kind=kind)
            await bench.sync(account_id)
            ids = (bench.placed("Subject 5"),)
            made = await send(bench, account_id, answers=ids[0], delay_s=3600)
            if then == "archived":
                await bench.engine.command(ArchiveMessages(placement_ids=ids))
            else:
                await bench.engine.command(DeleteMessages(placement_ids=ids, permanently=True))
            await bench.sync(account_id)
            await bench.engine.store.write(
                lambda tx: tx.execute("UPDATE sending SET not_before_s = 0")
            )
            bench.engine.working.wake_all()
            await reaches(bench, made, SendingState.DONE)
            assert got(server) == ["Subject 1"]
            assert bench.reader.questions() == []
            await bench.sync(account_id)
            flags = [row.flags & Flag.ANSWERED for row in bench.rows("Archive")]
            assert flags == ([Flag.ANSWERED] if then == "archived" else [])


async def test_what_was_there_before_is_no_evidence_that_it_was_sent(tmp_path: Path) -> None:
    """A message that came years ago is sent on as it is: by its name it would seem to be there."""
    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", mail(1))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            await bench.engine.store.write(
                lambda tx: tx.execute("UPDATE placement SET arrived_s = arrived_s - 3600")
            )
            made = await cut_behind_the_dot(bench, account_id)
            bench.engine.working.wake_all()
            await until(lambda: bool(bench.reader.questions()), "the question")
            assert state(bench, made) is SendingState.UNSURE


async def test_what_is_forgotten_leaves_no_octets(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await cut_behind_the_dot(bench, account_id)
            bench.engine.working.wake_all()
            await until(lambda: bool(bench.reader.questions()), "the question")
            (question,) = bench.reader.questions()
            await bench.engine.command(AnswerQuestion(question_id=question.id, choice="drop"))
            assert bench.reader.sendings() == []
            assert await bench.engine.store.read(lambda tx: tx.fetch("SELECT 1 FROM blob")) == []


async def test_one_of_the_same_name_in_sent_is_not_taken_for_the_copy(tmp_path: Path) -> None:
    """A program that sends with one Message-ID: the copy of yesterday became that of today."""
    octets = [mail(1, body=text) for text in ("yesterday", "today")]
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            for one in octets:
                made = await send(bench, account_id, octets=one + b"Subject")
                await reaches(bench, made, SendingState.DONE)
                await bench.sync(account_id)
                await bench.engine.store.write(
                    lambda tx: tx.execute("UPDATE placement SET arrived_s = arrived_s - 3600")
                )
            assert len(server.messages("alice", "Sent")) == 2
            assert sorted(row.preview.split()[0] for row in bench.rows("Sent")) == [
                "today", "yesterday",
            ]  # fmt: skip


@pytest.mark.logs("is not sent: octets 70 are missing")
async def test_a_message_whose_octets_are_lost_fails_and_holds_no_other_up(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.engine.command(SetOffline(offline=True))
            lost = await send(bench, account_id, number=1)
            other = await send(bench, account_id, number=2)
            await bench.engine.store.write(
                lambda tx: tx.execute(
                    "UPDATE blob SET position = 70 WHERE id = (SELECT blob_id FROM sending"
                    " WHERE id = ?)",
                    (lost,),
                )
            )
            await bench.engine.command(SetOffline(offline=False))
            await reaches(bench, other, SendingState.DONE)
            await reaches(bench, lost, SendingState.FAILED)
            (row,) = [row for row in bench.reader.sendings() if row.id == lost]
            assert "cannot be read any more" in (row.problem or "")
            assert got(server) == ["Subject 2"]
