"""The doctor finds what is wrong, and puts right what can be."""

from __future__ import annotations

from secrets import token_hex
from typing import TYPE_CHECKING

import apsw
import pytest

from desktopmail.door.commands import (
    CancelSending,
    CheckStore,
    SendMessage,
    SetOffline,
    StoreFlags,
)
from desktopmail.door.ids import SendingId
from desktopmail.door.interface import DoorError
from desktopmail.door.profile import Profile
from desktopmail.door.reader import SqliteReader
from desktopmail.door.rows import Flag, Kind, View
from desktopmail.engine import doctor
from desktopmail.net.ports import system_ports
from localserver.local import LocalServer
from tests.helpers.engine import PASSWORDS, MemoryKeyring, running_engine, synced_engine
from tests.helpers.store import add_account, inbox_of, mail, open_store, put

if TYPE_CHECKING:
    from pathlib import Path


async def test_a_sound_store_has_no_findings(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        await store.write(lambda tx: put(tx, inbox_of(tx, account_id), [mail(1), mail(2)]))
        assert await doctor.examine(store, system_ports(), repair=False) == []


async def test_wrong_counts_are_found_and_put_right(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        await store.write(lambda tx: put(tx, inbox_of(tx, account_id), [mail(1), mail(2)]))
        await store.write(lambda tx: tx.execute("UPDATE mailbox_total SET total = 99, unread = 7"))
        assert (
            "Mailboxes whose counts are wrong: 3."
            in (await doctor.examine(store, system_ports(), repair=False))[0].sentence
        )
        (repaired,) = await doctor.examine(store, system_ports(), repair=True)
        assert "right now" in repaired.sentence
        assert not repaired.is_damage
        assert await doctor.examine(store, system_ports(), repair=False) == []
        reader = SqliteReader(store.profile)
        assert [(row.total, row.unread) for row in reader.mailboxes()] == [(2, 2), (0, 0), (0, 0)]
        reader.close()


async def test_the_word_index_is_built_again(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        await store.write(
            lambda tx: put(tx, inbox_of(tx, account_id), [mail(1, body="needle"), mail(2)])
        )
        await store.write(lambda tx: tx.execute("INSERT INTO words (words) VALUES ('delete-all')"))
        await store.write(
            lambda tx: tx.execute("INSERT INTO word_queue (message_id) SELECT id FROM message")
        )
        reader = SqliteReader(store.profile)
        assert reader.count(View(query="needle")) == 0
        assert (
            "Messages that are not in the word index: 2."
            in (await doctor.examine(store, system_ports(), repair=False))[0].sentence
        )
        await doctor.examine(store, system_ports(), repair=True)
        assert reader.count(View(query="needle")) == 1
        reader.close()


async def test_lost_octets_are_named_and_what_was_here_only_is_said(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        await store.write(lambda tx: put(tx, inbox_of(tx, account_id), [mail(1)]))
        await store.write(
            lambda tx: put(tx, inbox_of(tx, account_id), [mail(2), mail(3)], first_uid=None)
        )
        await store.write(lambda tx: tx.execute("UPDATE blob SET position = 70 + id WHERE id < 3"))
        found = "The octets of 2 messages are missing or damaged"
        assert await doctor.examine(store, system_ports(), repair=False) == [
            (f"{found}.", True),
        ]
        assert await doctor.examine(store, system_ports(), repair=True) == [
            (f"{found}: 1 is fetched again at the next sync.", False),
            ("The octets of 1 message were here only, and cannot be read any more.", True),
        ]


@pytest.mark.parametrize("kind", [Kind.IMAP, Kind.POP3])
@pytest.mark.parametrize(
    "damage", [pytest.param("head", marks=pytest.mark.logs("is damaged")), "page", "gone"]
)
async def test_what_a_server_has_is_fetched_again_and_keeps_its_place_flags_and_tags(
    tmp_path: Path, kind: Kind, damage: str
) -> None:
    ring = MemoryKeyring()
    with LocalServer(PASSWORDS) as server:
        for number in range(8):
            server.deliver("alice", mail(number, body=token_hex(20_000)))
        async with synced_engine(tmp_path, server, ring, kind=kind) as (bench, _):
            await bench.engine.command(
                StoreFlags(
                    placement_ids=tuple(row.id for row in bench.rows()),
                    add=Flag.FLAGGED,
                    add_tags=("work",),
                )
            )
            await bench.sync()
            before = bench.rows()
        segment = Profile.at(tmp_path).segment(1)
        if damage == "gone":
            segment.unlink()
        else:
            with segment.open("r+b") as file:
                file.seek(0 if damage == "head" else 5 * 16_384)
                file.write(b"\xaa" * 16_384)
        async with running_engine(tmp_path, ring) as bench:  # it starts all the same
            examined = await bench.engine.command(CheckStore())
            assert "are missing or damaged." in examined.label
            repaired = await bench.engine.command(CheckStore(repair=True))
            assert "fetched again at the next sync." in repaired.label
            await bench.sync()
            assert (await bench.engine.command(CheckStore())).label == "The store is sound."
            assert bench.rows() == before
            for row, message in zip(before, server.messages("alice"), strict=True):
                assert bench.reader.octets(row.message_id) == message.octets


@pytest.mark.logs("was damaged")
async def test_what_cannot_be_put_right_in_use_is_put_together_anew_at_the_next_start(
    tmp_path: Path,
) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        await store.write(lambda tx: put(tx, inbox_of(tx, account_id), [mail(1), mail(2)]))
    connection = apsw.Connection(str(tmp_path / "mail.db"))
    connection.execute("UPDATE placement SET message_id = 77 WHERE message_id = 1")
    connection.close()
    async with open_store(tmp_path) as store:
        (found,) = await doctor.examine(store, system_ports(), repair=False)
        assert found == ("1 row names another that is not there.", True)
        findings = await doctor.examine(store, system_ports(), repair=True)
        assert findings[0] == found
        assert "put together anew" in findings[1].sentence
    async with open_store(tmp_path) as store:
        findings = await doctor.examine(store, system_ports(), repair=True)
        assert findings[0].sentence.startswith(
            "The list of messages was damaged: it was put together anew"
        )
        assert not findings[0].is_damage
        assert await doctor.examine(store, system_ports(), repair=False) == []
    async with open_store(tmp_path) as store:
        assert store.salvaged is None


async def test_a_damaged_database_is_one_sentence_with_its_remedy(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await store.write(add_account)
    profile = Profile.at(tmp_path)
    with profile.database.open("r+b") as file:
        file.write(b"\xaa" * 4096)

    def refused(error: DoorError) -> None:
        assert error.sentence.startswith(f"The store in {profile.folder} is damaged: ")
        assert error.remedy == 'Run "desktopmail doctor --repair".'
        assert error.code == "damaged"

    with pytest.raises(DoorError) as caught:
        SqliteReader(profile)
    refused(caught.value)
    with pytest.raises(DoorError) as caught:
        async with open_store(tmp_path):
            pass
    refused(caught.value)


async def damaged(folder: Path, *statements: str) -> list[list[doctor.Finding]]:
    """What is found, put right, and found again at the next start."""
    async with open_store(folder) as store:
        account_id = await store.write(add_account)
        box = await store.read(lambda tx: inbox_of(tx, account_id))
        await store.write(lambda tx: put(tx, box, [mail(1, body="needle"), mail(2)]))
        await store.index_words()
    connection = apsw.Connection(str(Profile.at(folder).database))
    for statement in statements:
        connection.execute(statement)
    connection.close()
    async with open_store(folder) as store:
        found = [
            await doctor.examine(store, system_ports(), repair=repair) for repair in (False, True)
        ]
    async with open_store(folder) as store:
        await doctor.examine(store, system_ports(), repair=True)  # it tells of the new start
        found.append(await doctor.examine(store, system_ports(), repair=False))
    return found


@pytest.mark.logs("was damaged")
@pytest.mark.parametrize(
    "lost", ["index message_by_digest", "index placement_by_date", "trigger placement_goes"]
)
async def test_an_index_or_a_trigger_that_is_gone_is_damage_and_comes_back(
    lost: str, tmp_path: Path
) -> None:
    found, repaired, after = await damaged(tmp_path, f"DROP {lost}")
    assert found == [(f"The database is damaged, it lacks: {lost}.", True)]
    assert "put together anew" in repaired[1].sentence
    assert after == []


@pytest.mark.parametrize(
    "statement", ["DELETE FROM mailbox_total", "UPDATE mailbox_total SET octets = 1"]
)
async def test_counts_that_are_gone_and_wrong_sizes_are_found_and_put_right(
    statement: str, tmp_path: Path
) -> None:
    found, repaired, after = await damaged(tmp_path, statement)
    assert found == [("Mailboxes whose counts are wrong: 3.", True)]
    assert repaired == [("Mailboxes whose counts were wrong, and are right now: 3.", False)]
    assert after == []
    reader = SqliteReader(Profile.at(tmp_path))
    assert [row.total for row in reader.mailboxes()] == [2, 0, 0]
    reader.close()


@pytest.mark.parametrize(
    ("statement", "count"),
    [
        ("INSERT INTO words (words) VALUES ('delete-all')", 2),
        ("DELETE FROM words WHERE rowid = (SELECT min(words_id) FROM message)", 1),
    ],
)
async def test_messages_that_no_search_finds_are_damage_and_are_found_again(
    statement: str, count: int, tmp_path: Path
) -> None:
    found, repaired, after = await damaged(tmp_path, statement)
    assert found == [(f"Messages that are not in the word index: {count}.", True)]
    assert repaired == [
        (f"Messages that were not in the word index, and are right now: {count}.", False)
    ]
    assert after == []
    reader = SqliteReader(Profile.at(tmp_path))
    assert reader.count(View(query="needle")) == 1
    reader.close()


async def test_octets_that_nothing_names_are_no_damage_and_go(tmp_path: Path) -> None:
    found, repaired, after = await damaged(
        tmp_path,
        "INSERT INTO blob (sha256, segment, position, octets) VALUES (zeroblob(32), 1, 77, 5)",
    )
    assert (found, repaired, after) == ([], [], [])
    async with open_store(tmp_path) as store:
        assert await store.read(lambda tx: tx.fetch("SELECT count(*) FROM blob")) == [(2,)]


async def test_lost_octets_of_what_waits_to_be_sent_are_told_as_long_as_it_waits(
    tmp_path: Path,
) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.engine.command(SetOffline(offline=True))
            sent = await bench.engine.command(
                SendMessage(
                    account_id=account_id,
                    sender="alice@localhost",
                    recipients=("bob@localhost",),
                    octets=mail(1),
                )
            )
            await bench.engine.store.write(lambda tx: tx.execute("UPDATE blob SET position = 70"))
            for repair in (False, True):
                told = await bench.engine.command(CheckStore(repair=repair))
                assert told.label == (
                    "The octets of 1 message in the outbox cannot be read any more: take them back."
                )
            await bench.engine.command(CancelSending(sending_id=SendingId(sent.ids[0])))
            assert (await bench.engine.command(CheckStore())).label == "The store is sound."
