"""Commands that are one step: tags, and how long messages stay at a POP3 server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktopmail.door.commands import (
    ChangeTag,
    CopyMessages,
    DeleteMessages,
    EmptyMailbox,
    ForgetTag,
    LeaveOnServer,
    MoveMessages,
    StoreFlags,
    Undo,
)
from desktopmail.door.interface import DoorError
from desktopmail.door.rows import Flag, Kind, View
from localserver.local import LocalServer
from tests.helpers.engine import PASSWORDS, Bench, running_engine, synced_engine
from tests.helpers.store import mail

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.door.commands import Outcome


async def tag(bench: Bench, subject: str, add: str = "", remove: str = "") -> Outcome:
    return await bench.engine.command(
        StoreFlags(
            placement_ids=(bench.placed(subject),),
            add_tags=(add,) if add else (),
            remove_tags=(remove,) if remove else (),
        )
    )


def keywords(server: LocalServer, subject: str) -> set[str]:
    (found,) = [one for one in server.messages("alice", "INBOX") if one.subject == subject]
    return {flag for flag in found.flags if not flag.startswith("\\")}


async def test_a_tag_is_a_keyword_at_the_server_and_a_label_here(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", mail(0), flags=("$label1", "$NotJunk"))
        async with running_engine(tmp_path) as bench:
            await bench.add(server)
            await bench.sync()
            assert bench.rows()[0].tags == ("$label1",)
            await tag(bench, "Subject 0", "zu tun")
            await tag(bench, "Subject 0", "Straße")
            await bench.sync()
            assert keywords(server, "Subject 0") == {
                "$label1", "$NotJunk", "zu_tun", "Stra&AN8-e",
            }  # fmt: skip
            assert bench.rows()[0].tags == ("$label1", "Stra&AN8-e", "zu_tun")
            assert [row.label for row in bench.reader.tags()] == ["Important", "Straße", "zu tun"]
            for query in ("tag:important", 'tag:"zu tun"', "tag:zu_tun", "tag:straße"):
                assert bench.reader.count(View(query=query)) == 1, query
            await tag(bench, "Subject 0", remove="zu tun")
            await bench.sync()
            assert "zu_tun" not in keywords(server, "Subject 0")


async def test_undo_leaves_a_tag_that_was_there_before(tmp_path: Path) -> None:
    """Before the server heard and after it."""
    with LocalServer(PASSWORDS) as server:
        for number in range(2):
            server.deliver("alice", mail(number), flags=("work",) if number else ())
        async with running_engine(tmp_path) as bench:
            await bench.add(server)
            await bench.sync()
            for hears in (False, True):
                both = tuple(row.id for row in bench.rows())
                done = await bench.engine.command(
                    StoreFlags(placement_ids=both, add_tags=("work",))
                )
                assert [row.tags for row in bench.rows()] == [("work",), ("work",)]
                if hears:
                    await bench.sync()
                assert done.undo is not None
                await bench.engine.command(Undo(token=done.undo))
                await bench.sync()
                assert [row.tags for row in bench.rows()] == [(), ("work",)]
                assert (keywords(server, "Subject 0"), keywords(server, "Subject 1")) == (
                    set(),
                    {"work"},
                )


async def test_a_tag_gets_another_label_and_colour_and_can_be_removed_everywhere(
    tmp_path: Path,
) -> None:
    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", mail(0), flags=("work",))
        async with running_engine(tmp_path) as bench:
            await bench.add(server)
            await bench.sync()
            await bench.engine.command(ChangeTag(tag="work", label="Büro", colour="#AABBCC"))
            (row,) = bench.reader.tags()
            assert (row.name, row.label, row.colour, row.total) == ("work", "Büro", "#aabbcc", 1)
            with pytest.raises(DoorError, match="not a colour"):
                await bench.engine.command(ChangeTag(tag="work", colour="blue"))
            await bench.engine.command(ForgetTag(tag="büro"))
            assert bench.reader.tags() == []
            await bench.sync()
            assert keywords(server, "Subject 0") == set()
            with pytest.raises(DoorError, match="no tag"):
                await bench.engine.command(ForgetTag(tag="büro"))


async def test_tags_of_a_pop3_account_are_only_here(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        server.deliver("bob", mail(0))
        async with running_engine(tmp_path) as bench:
            await bench.add(server, "bob", Kind.POP3)
            await bench.sync()
            done = await tag(bench, "Subject 0", "zu tun")
            await bench.sync()
            assert bench.rows()[0].tags == ("zu_tun",)
            assert done.undo is not None
            await bench.engine.command(Undo(token=done.undo))
            assert bench.rows()[0].tags == ()


async def test_what_changes_nothing_is_said_and_cannot_be_taken_back(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", mail(0))
        server.deliver("alice", mail(1))
        async with synced_engine(tmp_path, server) as (bench, _):
            ids = tuple(row.id for row in bench.rows())
            tagged = await tag(bench, "Subject 0", "work")
            assert tagged.label == "1 message tagged work"
            for nothing in (
                StoreFlags(placement_ids=ids, remove_tags=("nosuch",)),
                StoreFlags(placement_ids=ids, remove=Flag.FLAGGED),
                StoreFlags(placement_ids=ids[:1], add_tags=("Work",)),
            ):
                outcome = await bench.engine.command(nothing)
                assert (outcome.label, outcome.undo) == ("Nothing had to be changed", None)
            inbox = bench.mailbox("INBOX")
            moved = await bench.engine.command(MoveMessages(placement_ids=ids, mailbox_id=inbox))
            assert (moved.label, moved.undo) == ("Nothing had to be moved to INBOX", None)
            both = await bench.engine.command(StoreFlags(placement_ids=ids, add_tags=("work",)))
            assert both.label == "1 message tagged work"  # the other one was already
            assert both.undo is not None
            await bench.engine.command(Undo(token=both.undo))
            assert [row.tags for row in bench.rows()] == [("work",), ()]


# How long messages stay at a POP3 server


async def test_messages_stay_for_ever_until_a_person_says_otherwise(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        for number in range(3):
            server.deliver("bob", mail(number))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server, "bob", Kind.POP3)
            await bench.sync()

            async def remove(subject: str) -> None:
                placed = (bench.placed(subject),)
                await bench.engine.command(DeleteMessages(placement_ids=placed))
                await bench.engine.command(EmptyMailbox(mailbox_id=bench.mailbox("Trash")))
                await bench.sync()

            def left() -> list[str]:
                return sorted(one.subject for one in server.messages("bob", "INBOX"))

            assert bench.reader.accounts()[0].leave == "forever"
            await remove("Subject 0")
            assert left() == ["Subject 0", "Subject 1", "Subject 2"]
            await bench.engine.command(LeaveOnServer(account_id=account_id, policy="until-deleted"))
            assert bench.reader.accounts()[0].leave == "until-deleted"
            await remove("Subject 1")
            assert left() == ["Subject 0", "Subject 2"]  # what was deleted before stays
            await bench.engine.command(LeaveOnServer(account_id=account_id, policy="days:7"))
            assert bench.reader.accounts()[0].leave == "days:7"
            await bench.sync()
            assert left() == ["Subject 0", "Subject 2"]  # none is seven days old
            await bench.engine.command(LeaveOnServer(account_id=account_id, policy="days:0"))
            await bench.sync()
            assert left() == []
            assert bench.subjects() == ["Subject 2"]
            for policy in ("days:x", "sometimes"):
                with pytest.raises(DoorError, match="is not known"):
                    await bench.engine.command(LeaveOnServer(account_id=account_id, policy=policy))


async def test_a_message_of_which_a_copy_is_kept_here_stays_at_the_server(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        server.deliver("bob", mail(0))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server, "bob", Kind.POP3)
            await bench.engine.command(LeaveOnServer(account_id=account_id, policy="until-deleted"))
            await bench.sync()
            await bench.engine.command(
                CopyMessages(
                    placement_ids=(bench.placed("Subject 0"),),
                    mailbox_id=bench.mailbox("Archive"),
                )
            )
            for path in ("INBOX", "Archive"):
                assert len(server.messages("bob", "INBOX")) == 1
                await bench.engine.command(
                    DeleteMessages(
                        placement_ids=(bench.placed("Subject 0", path),), permanently=True
                    )
                )
                await bench.sync()
            assert server.messages("bob", "INBOX") == []


async def test_an_imap_account_leaves_its_messages_anyway(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            assert bench.reader.accounts()[0].leave == ""
            with pytest.raises(DoorError, match="fetches by IMAP"):
                await bench.engine.command(LeaveOnServer(account_id=account_id, policy="forever"))


@pytest.mark.parametrize(
    "change",
    [
        {"add": Flag.DELETED},
        {"remove": Flag.DELETED},
        {"add_tags": ("deleted",)},
        {"add_tags": ("\\Deleted",)},
    ],
)
async def test_no_flag_deletes_a_message(tmp_path: Path, change: dict[str, object]) -> None:
    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", mail(1))
        async with running_engine(tmp_path) as bench:
            await bench.add(server)
            await bench.sync()
            with pytest.raises(DoorError) as caught:
                await bench.engine.command(
                    StoreFlags(placement_ids=(bench.placed("Subject 1"),), **change)  # type: ignore[arg-type]
                )
            assert caught.value.code == "bad-flag"
            assert bench.reader.operations() == []
