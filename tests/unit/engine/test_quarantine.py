"""Three deaths at one thing within a minute set it aside; a person decides what becomes of it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import msgspec
import pytest

from desktopmail.door.commands import (
    AnswerQuestion,
    CheckStore,
    DeleteMessages,
    FetchOctets,
    LeaveOnServer,
    RetrySending,
    SendMessage,
    SetOffline,
    StoreFlags,
)
from desktopmail.door.ids import SendingId
from desktopmail.door.interface import DoorError
from desktopmail.door.rows import ConnectionState, Flag, Kind, SendingState
from desktopmail.engine import summary
from desktopmail.engine.in_hand import (
    ACCOUNT,
    MESSAGE,
    OPERATION,
    SENDING,
    InHand,
    Item,
    message_key,
)
from desktopmail.engine.quarantine import Death, Quarantine, set_aside, suspects
from desktopmail.engine.store import message
from localserver.local import LocalServer
from tests.helpers.engine import (
    PASSWORDS,
    Bench,
    MemoryKeyring,
    running_engine,
    synced_engine,
    until,
)
from tests.helpers.store import mail, open_store

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.door.ids import AccountId

LETTER, OTHER = Item(MESSAGE, "a key"), Item(MESSAGE, "another")
HELD: list[object] = []  # what is let go of is put down in order
TOLD, HOME, WORK = Item(OPERATION, "4-4"), Item(ACCOUNT, "1"), Item(ACCOUNT, "2")


def deaths(*items: tuple[Item, ...], crashed: bool = True) -> list[Death]:
    return [Death(float(number), crashed, one) for number, one in enumerate(items)]


@pytest.mark.parametrize(
    ("found", "blamed"),
    [
        (deaths((LETTER, HOME), (LETTER, HOME)), []),
        (deaths((LETTER, HOME), (HOME, LETTER), (LETTER, HOME)), [LETTER]),
        (deaths((LETTER, HOME), (OTHER, HOME), (TOLD, HOME)), [HOME]),
        (deaths((TOLD, HOME), (TOLD, HOME, WORK), (TOLD, HOME)), [TOLD]),
        (deaths((HOME, WORK), (WORK, HOME), (HOME, WORK)), [HOME, WORK]),
        (deaths((HOME,), (WORK,), ()), []),
        # Somebody who kills the engine from outside has nothing against an account.
        (deaths((TOLD, HOME), (TOLD, HOME), (TOLD, HOME), crashed=False), []),
        (deaths((LETTER, HOME), (LETTER,), (LETTER, HOME), crashed=False), [LETTER]),
    ],
)
def test_what_three_deaths_have_in_common_is_blamed_the_most_particular_of_it(
    found: list[Death], blamed: list[Item]
) -> None:
    assert suspects(found) == blamed


def died_of(folder: Path, item: Item, *, times: int = 3, now_s: float | None = None) -> None:
    """Leave a profile as engines do that crashed at something, but for the last one's start."""
    at_s = time.time() if now_s is None else now_s
    before = [Death(at_s - number, True, (item,)) for number in range(1, times)]
    (folder / "deaths.json").write_bytes(msgspec.json.encode(before[::-1]))
    (folder / "crash").write_text("Fatal Python error: Aborted")
    held = InHand(folder / "in-hand").hold(item.kind, item.key)
    held.__enter__()
    HELD.append(held)


async def answer(bench: Bench, choice: str) -> None:
    (asked,) = bench.reader.questions()
    assert choice in dict(asked.choices)
    await bench.engine.command(AnswerQuestion(question_id=asked.id, choice=choice))
    assert bench.reader.questions() == []


crash_is_logged = pytest.mark.logs("crashed", "set aside")


def letter(account_id: AccountId) -> SendMessage:
    return SendMessage(
        account_id=account_id, sender="alice@localhost",
        recipients=("bob@localhost",), octets=mail(2),
    )  # fmt: skip


@crash_is_logged
@pytest.mark.parametrize("choice", ["retry", "discard"])
async def test_an_operation_fails_until_it_is_tried_again_or_discarded(
    tmp_path: Path, choice: str
) -> None:
    ring = MemoryKeyring()
    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", mail(1))
        async with synced_engine(tmp_path, server, ring) as (bench, _account_id):
            await bench.engine.command(SetOffline(offline=True))
            await bench.engine.command(
                StoreFlags(placement_ids=(bench.placed("Subject 1"),), add=Flag.FLAGGED)
            )
            (row,) = bench.reader.operations()
        died_of(tmp_path, Item(OPERATION, f"{row.id}-{row.id}"))
        async with running_engine(tmp_path, ring) as bench:
            await bench.sync()
            (asked,) = bench.reader.questions()
            assert "three times within a minute while it told a server: " in asked.text
            (row,) = bench.reader.operations()
            assert (row.state, bool(row.problem)) == ("failed", True)
            assert "\\Flagged" not in server.messages("alice")[0].flags
            await answer(bench, choice)
            await bench.sync()
            assert bench.reader.operations() == []
            assert ("\\Flagged" in server.messages("alice")[0].flags) is (choice == "retry")


@crash_is_logged
@pytest.mark.parametrize("choice", ["retry", "discard"])
async def test_a_sending_fails_until_it_is_tried_again_or_discarded(
    tmp_path: Path, choice: str
) -> None:
    ring = MemoryKeyring()
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path, ring) as bench:
            account_id = await bench.add(server)
            await bench.engine.command(SetOffline(offline=True))
            outcome = await bench.engine.command(letter(account_id))
        died_of(tmp_path, Item(SENDING, f"{outcome.ids[0]}"))
        async with running_engine(tmp_path, ring) as bench:
            await bench.sync()
            assert "while it sent “Subject 2”" in bench.reader.questions()[0].text
            assert bench.reader.sendings()[0].state is SendingState.FAILED
            assert server.messages("bob") == []
            await answer(bench, choice)
            if choice == "retry":
                await until(lambda: len(server.messages("bob")) == 1, "the message")
            else:
                assert bench.reader.sendings() == []


@crash_is_logged
async def test_an_account_rests_until_it_is_tried_again(tmp_path: Path) -> None:
    ring = MemoryKeyring()
    with LocalServer(PASSWORDS) as server:
        async with synced_engine(tmp_path, server, ring) as (bench, account_id):
            pass  # ended in order
        server.deliver("alice", mail(1))
        died_of(tmp_path, Item(ACCOUNT, f"{account_id}"))
        async with running_engine(tmp_path, ring) as bench:
            assert bench.engine.working.ids == ()
            assert "while it worked for alice-imap" in bench.reader.questions()[0].text
            assert bench.reader.accounts()[0].problem
            await answer(bench, "retry")
            await until(lambda: bench.subjects() == ["Subject 1"], "the message")


@crash_is_logged
async def test_who_needs_an_account_that_rests_is_told_why_and_asked_again(tmp_path: Path) -> None:
    ring = MemoryKeyring()
    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", mail(1))
        async with synced_engine(tmp_path, server, ring) as (bench, account_id):
            other_id = await bench.add(server, "bob")
            placed = bench.placed("Subject 1")
            await bench.engine.store.write(
                lambda tx: tx.execute("UPDATE message SET blob_id = NULL")
            )
        died_of(tmp_path, Item(ACCOUNT, f"{account_id}"))
        async with running_engine(tmp_path, ring) as bench:
            server.deliver("bob", mail(3))
            for needs in (
                bench.sync(account_id, other_id),
                bench.engine.command(FetchOctets(placement_ids=(placed,))),
            ):
                await answer(bench, "leave")
                with pytest.raises(DoorError) as caught:
                    await needs
                assert caught.value.code == "set-aside"
                assert "while it worked for it" in caught.value.sentence
            assert bench.subjects("INBOX", other_id) == ["Subject 3"]  # is none the worse for it
            # Going offline and back does not have it forgotten.
            await bench.engine.command(SetOffline(offline=True))
            await bench.engine.command(SetOffline(offline=False))
            assert bench.reader.accounts()[0].state is ConnectionState.FAILED


@crash_is_logged
async def test_what_is_sent_from_an_account_that_rests_waits_says_so_and_goes_out_after_it(
    tmp_path: Path,
) -> None:
    ring = MemoryKeyring()
    with LocalServer(PASSWORDS) as server:
        async with synced_engine(tmp_path, server, ring) as (bench, account_id):
            pass  # ended in order
        died_of(tmp_path, Item(ACCOUNT, f"{account_id}"))
        async with running_engine(tmp_path, ring) as bench:
            await answer(bench, "leave")
            sent = await bench.engine.command(letter(account_id))
            (row,) = bench.reader.sendings()
            assert (row.state, row.retry_s) == (SendingState.QUEUED, None)
            assert "alice-imap is left alone for now" in (row.problem or "")
            with pytest.raises(DoorError) as caught:
                await bench.engine.command(RetrySending(sending_id=SendingId(sent.ids[0])))
            assert caught.value.code == "set-aside"
            await answer(bench, "retry")
            await until(lambda: len(server.messages("bob")) == 1, "the message")


@crash_is_logged
async def test_what_was_sent_again_from_the_outbox_is_not_sent_once_more_by_an_old_answer(
    tmp_path: Path,
) -> None:
    ring = MemoryKeyring()
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path, ring) as bench:
            account_id = await bench.add(server)
            await bench.engine.command(SetOffline(offline=True))
            outcome = await bench.engine.command(letter(account_id))
        item = Item(SENDING, f"{outcome.ids[0]}")
        died_of(tmp_path, item)
        async with running_engine(tmp_path, ring) as bench:
            (asked,) = bench.reader.questions()
            await bench.engine.command(RetrySending(sending_id=SendingId(outcome.ids[0])))
            await until(lambda: len(server.messages("bob")) == 1, "the message")
            assert bench.reader.questions() == []  # it was decided
            await bench.engine.store.write(lambda tx: set_aside(item, 0.0, tx))
            assert bench.reader.questions() == []  # there is nothing to ask about what was sent
            assert asked.kind == "quarantine"


@pytest.mark.parametrize("choice", ["retry", "discard"])
async def test_an_answer_leaves_what_is_not_failed_any_more_as_it_is(
    tmp_path: Path, choice: str
) -> None:
    ring = MemoryKeyring()
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path, ring) as bench:
            account_id = await bench.add(server)
            await bench.engine.command(SetOffline(offline=True))
            (sending_id,) = (await bench.engine.command(letter(account_id))).ids
            await bench.engine.store.write(
                lambda tx: set_aside(Item(SENDING, str(sending_id)), 0.0, tx)
            )
            await bench.engine.store.write(
                lambda tx: tx.execute("UPDATE sending SET state = 'unsure'")
            )
            await answer(bench, choice)
            assert [row.state for row in bench.reader.sendings()] == [SendingState.UNSURE]


@crash_is_logged
@pytest.mark.parametrize("kind", ["imap", "pop3"])
async def test_a_message_is_kept_unread_and_comes_back_when_it_is_tried_again(
    tmp_path: Path, kind: str
) -> None:
    ring = MemoryKeyring()
    with LocalServer(PASSWORDS) as server:
        async with synced_engine(tmp_path, server, ring, kind=Kind(kind)) as (bench, _account_id):
            pass  # ended in order
        for number in range(3):
            server.deliver("alice", mail(number))
        planted = server.messages("alice")[1].octets
        died_of(tmp_path, Item(MESSAGE, message_key(planted)))
        async with running_engine(tmp_path, ring) as bench:
            await bench.sync()
            there = ["Subject 0", "Subject 2", "This message cannot be read"]
            assert bench.subjects() == there
            assert (tmp_path / "aside" / f"{message_key(planted)}.eml").read_bytes() == planted
            assert "while it read a message" in bench.reader.questions()[0].text
            await bench.sync()
            assert bench.subjects() == there
            await answer(bench, "retry")
            await bench.sync()
            assert bench.subjects() == ["Subject 0", "Subject 1", "Subject 2"]
            assert all(row.has_octets for row in bench.rows())


@crash_is_logged
async def test_what_was_left_aside_the_doctor_asks_about_once_more(tmp_path: Path) -> None:
    ring = MemoryKeyring()
    with LocalServer(PASSWORDS) as server:
        async with synced_engine(tmp_path, server, ring):
            pass  # ended in order
        server.deliver("alice", mail(1))
        planted = server.messages("alice")[0].octets
        died_of(tmp_path, Item(MESSAGE, message_key(planted)))
        async with running_engine(tmp_path, ring) as bench:
            await bench.sync()
            await answer(bench, "leave")
            said = "1 thing is left alone, because the program ended at it again and again"
            assert (await bench.engine.command(CheckStore())).label == f"{said}."
            assert bench.reader.questions() == []
            repaired = await bench.engine.command(CheckStore(repair=True))
            assert repaired.label == f"{said}: it is asked about once more."
            await answer(bench, "retry")
            await bench.sync()
            assert bench.subjects() == ["Subject 1"]
            assert (await bench.engine.command(CheckStore())).label == "The store is sound."


@crash_is_logged
@pytest.mark.parametrize(
    ("kind", "without"),
    [
        (Kind.IMAP, ()),
        (Kind.IMAP, ("MOVE",)),
        (Kind.IMAP, ("UIDPLUS",)),
        (Kind.IMAP, ("MOVE", "UIDPLUS")),
        (Kind.POP3, ()),
    ],
)
async def test_a_message_that_is_set_aside_can_be_deleted(
    tmp_path: Path, kind: Kind, without: tuple[str, ...]
) -> None:
    ring = MemoryKeyring()
    with LocalServer(PASSWORDS, without=without) as server:
        async with synced_engine(tmp_path, server, ring, kind=kind) as (bench, account_id):
            if kind is Kind.POP3:
                policy = LeaveOnServer(account_id=account_id, policy="until-deleted")
                await bench.engine.command(policy)
        for number in range(3):
            server.deliver("alice", mail(number))
        planted = server.messages("alice")[1].octets
        died_of(tmp_path, Item(MESSAGE, message_key(planted)))
        async with running_engine(tmp_path, ring) as bench:
            await bench.sync()
            for path in ("INBOX", "Trash"):
                stand_in = bench.placed("This message cannot be read", path)
                await bench.engine.command(DeleteMessages(placement_ids=(stand_in,)))
                await bench.sync()
                assert bench.reader.operations() == []
            assert bench.subjects("Trash") == []
            assert bench.subjects() == ["Subject 0", "Subject 2"]
            assert [one.subject for one in server.messages("alice")] == ["Subject 0", "Subject 2"]
            assert kind is Kind.POP3 or server.messages("alice", "Trash") == []
        async with running_engine(tmp_path, ring):
            assert list((tmp_path / "aside").iterdir()) == []  # deleted for good is deleted


@crash_is_logged
async def test_a_message_that_is_set_aside_is_not_deleted_at_a_pop3_server_after_some_days(
    tmp_path: Path,
) -> None:
    """Only there it is whole where something can fetch it, once it can be read."""
    ring = MemoryKeyring()
    with LocalServer(PASSWORDS) as server:
        async with synced_engine(tmp_path, server, ring, kind=Kind.POP3) as (bench, account_id):
            await bench.engine.command(LeaveOnServer(account_id=account_id, policy="days:1"))
        for number in range(3):
            server.deliver("alice", mail(number))
        planted = server.messages("alice")[1].octets
        died_of(tmp_path, Item(MESSAGE, message_key(planted)))
        async with running_engine(tmp_path, ring) as bench:
            await bench.sync()
            await bench.engine.store.write(
                lambda tx: tx.execute("UPDATE pop_seen SET first_seen_s = first_seen_s - 200000")
            )
            await bench.sync()
            assert [one.subject for one in server.messages("alice")] == ["Subject 1"]
            assert [path.read_bytes() for path in (tmp_path / "aside").iterdir()] == [planted]
            await answer(bench, "retry")
            await bench.sync()
            assert bench.subjects() == ["Subject 0", "Subject 1", "Subject 2"]


@pytest.mark.logs("crashed")
async def test_two_deaths_or_old_ones_set_nothing_aside(tmp_path: Path) -> None:
    async with running_engine(tmp_path) as bench:
        assert bench.reader.questions() == []
    died_of(tmp_path, HOME, times=2)
    async with running_engine(tmp_path) as bench:
        assert bench.reader.questions() == []
    died_of(tmp_path, HOME, now_s=1_000.0)
    async with running_engine(tmp_path) as bench:
        assert bench.reader.questions() == []


async def test_a_field_of_a_message_that_says_it_is_set_aside_keeps_no_engine_from_starting(
    tmp_path: Path,
) -> None:
    block = b"Subject: x\r\nX-Desktopmail-Aside: \xff\xfe\r\n\r\n"
    async with open_store(tmp_path) as store:
        await store.write(
            lambda tx: message.keep(tx, summary.of_header(block), blob_id=None, size=1, arrived_s=1)
        )
        store.profile.aside.mkdir()
        (store.profile.aside / "a-key.eml").write_bytes(b"")
        await Quarantine(store).begin(0.0)
        assert list(store.profile.aside.iterdir()) == []


@pytest.mark.logs("crashed")
async def test_deaths_with_nothing_in_common_stop_the_starting(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await Quarantine(store).begin(0.0)
    for number in range(2):
        died_of(tmp_path, Item(MESSAGE, f"{number}"), times=1)
        async with open_store(tmp_path) as store:
            await Quarantine(store).begin(1.0, deaths_seen=number + 1)
    async with open_store(tmp_path) as store:
        with pytest.raises(DoorError) as caught:
            await Quarantine(store).begin(2.0, deaths_seen=3)
    assert caught.value.code == "engine-dies"
