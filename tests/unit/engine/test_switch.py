"""Switching between POP3 and IMAP downloads nothing again and loses nothing; and back again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from desktopmail.door.commands import (
    MoveMessages,
    Password,
    SendMessage,
    ServerSettings,
    SetMailboxPolicy,
    SetOffline,
    StoreFlags,
    SwitchAccount,
)
from desktopmail.door.interface import DoorError
from desktopmail.door.rows import Flag, Kind, Security, SendingState
from desktopmail.engine import check
from desktopmail.engine.secrets import Secrets
from desktopmail.net.errors import RefusedError
from desktopmail.net.imap import ImapClient
from desktopmail.wire.imap.fetch_item import BodyItem
from desktopmail.wire.imap.section import HEADER, WHOLE
from localserver.faults import Fault
from localserver.local import LocalServer
from tests.helpers.engine import PASSWORDS, running_engine, until
from tests.helpers.store import mail
from tests.helpers.told import octets_are_there

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from desktopmail.door.ids import AccountId
    from desktopmail.wire.imap.section import Section
    from desktopmail.wire.imap.sequence import UidSet


def bodies(server: LocalServer, since: int = 0) -> list[str]:
    """Commands that fetch whole messages."""
    return [
        line
        for line in server.transcript.commands()[since:]
        if line.startswith("RETR") or "BODY.PEEK[]" in line
    ]


async def test_there_and_back_fetches_no_message_twice(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        for number in range(7):
            server.deliver("alice", mail(number))
        server.deliver("alice", mail(7) + b"no line end")
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server, kind=Kind.POP3)
            await bench.sync(account_id)
            ids = {row.subject: row.message_id for row in bench.rows()}
            said = len(server.transcript.commands())
            outcome = await bench.switch(server, account_id, Kind.IMAP)
            assert "IMAP" in outcome.label
            assert "only here" not in outcome.label
            assert {row.subject: row.message_id for row in bench.rows()} == ids
            assert bodies(server, said) == []
            server.deliver("alice", mail(20))
            await bench.sync(account_id)
            assert len(bodies(server, said)) == 1
            said = len(server.transcript.commands())
            await bench.switch(server, account_id, Kind.POP3)
            assert len(bench.rows()) == 9
            assert bodies(server, said) == []
            server.deliver("alice", mail(21))
            await bench.sync(account_id)
            assert len(bodies(server, said)) == 1
            assert len({row.message_id for row in bench.rows()}) == 10


def bare(number: int) -> bytes:
    """Without a Message-ID, and with one header for all of them."""
    return b"From: cron@example.org\r\nSubject: done\r\n\r\n%d\r\n" % number


def cut(number: int) -> bytes:
    """One that has a line end more by POP3."""
    return bare(number).removesuffix(b"\r\n")


def equal(_number: int) -> bytes:
    """The same octets each time."""
    return bare(1)


@pytest.mark.parametrize("without", [(), ("TOP",), ("UIDL",), ("UIDL", "TOP")])
@pytest.mark.parametrize("make", [mail, bare, cut, equal])
@pytest.mark.parametrize("first", [Kind.IMAP, Kind.POP3])
async def test_a_switch_doubles_nothing_whatever_messages_have_and_servers_offer(
    tmp_path: Path, first: Kind, make: Callable[[int], bytes], without: tuple[str, ...]
) -> None:
    with LocalServer(PASSWORDS, without=without) as server:
        for number in range(4):
            server.deliver("alice", make(number))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server, kind=first)
            await bench.sync(account_id)
            ids = {row.id for row in bench.rows()}
            tagged = min(ids)
            await bench.engine.command(StoreFlags(placement_ids=(tagged,), add_tags=("mine",)))
            now = first
            for _ in range(3):
                now = Kind.POP3 if now is Kind.IMAP else Kind.IMAP
                await bench.switch(server, account_id, now)
                await bench.sync(account_id)
                assert {row.id for row in bench.rows()} == ids
                assert [row.id for row in bench.rows() if row.tags] == [tagged]
                assert len(server.messages("alice")) == 4
                if now is Kind.IMAP and make is not cut:
                    await octets_are_there(bench, server, "INBOX")
                assert bench.reader.problems() == []


async def test_in_doubt_octets_are_fetched_even_where_only_headers_are_wanted(
    tmp_path: Path,
) -> None:
    with LocalServer(PASSWORDS) as server:
        for number in range(3):
            server.deliver("alice", bare(number))
        server.deliver("alice", mail(7))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server, kind=Kind.POP3)
            await bench.sync(account_id)
            ids = {row.id for row in bench.rows()}
            await bench.engine.store.write(
                lambda tx: tx.execute("UPDATE mailbox SET policy = 'headers'")
            )
            said = len(server.transcript.commands())
            await bench.switch(server, account_id, Kind.IMAP)
            assert {row.id for row in bench.rows()} == ids
            assert bodies(server, said) == ["UID FETCH 1:3 (UID BODY.PEEK[])"]


async def test_offline_nothing_is_switched(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            await bench.engine.command(SetOffline(offline=True))
            with pytest.raises(DoorError) as caught:
                await bench.switch(server, account_id, Kind.POP3)
            assert caught.value.code == "offline"
            assert bench.reader.accounts()[0].kind is Kind.IMAP


@pytest.mark.parametrize(
    ("protocol", "password", "code"),
    [("pop3", "not hers", "auth-failed"), ("imap", PASSWORDS["alice"], "protocol")],
)
async def test_where_the_new_server_lets_nobody_in_nothing_is_switched(
    tmp_path: Path, protocol: str, password: str, code: str
) -> None:
    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", mail(0))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            before = bench.reader.accounts()[0].incoming
            incoming = ServerSettings(
                host="127.0.0.1",
                port=server.ports[protocol],
                security=Security.NONE,
                user="alice",
            )
            with pytest.raises(DoorError) as caught:
                await bench.engine.command(
                    SwitchAccount(
                        account_id=account_id,
                        kind=Kind.POP3,
                        incoming=incoming,
                        password=Password(password),
                    )
                )
            assert caught.value.code == code
            account = bench.reader.accounts()[0]
            assert (account.kind, account.incoming) == (Kind.IMAP, before)
            server.deliver("alice", mail(1))
            await bench.sync(account_id)
            assert len(bench.rows()) == 2


async def test_local_flags_become_additions_and_nothing_is_cleared(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", mail(0), flags=("\\Flagged", "theirs"))
        server.deliver("alice", mail(1))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server, kind=Kind.POP3)
            await bench.sync(account_id)
            await bench.engine.command(
                StoreFlags(
                    placement_ids=(bench.placed("Subject 0"),), add=Flag.SEEN, add_tags=("mine",)
                )
            )
            await bench.switch(server, account_id, Kind.IMAP)
            await bench.sync(account_id)
            flags = {one.subject: set(one.flags) for one in server.messages("alice")}
            assert flags["Subject 0"] >= {"\\Flagged", "\\Seen", "theirs", "mine"}
            assert "\\Seen" not in flags["Subject 1"]
            row = bench.rows()[0]
            assert (row.flags, row.tags) == (Flag.SEEN | Flag.FLAGGED, ("mine", "theirs"))


async def test_what_exists_only_here_stays_and_is_said(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", mail(0))
        server.deliver("alice", mail(1))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server, kind=Kind.POP3)
            await bench.sync(account_id)
            await bench.engine.command(
                SendMessage(
                    account_id=account_id,
                    sender="alice@localhost",
                    recipients=("bob@localhost",),
                    octets=mail(50),
                )
            )
            await until(
                lambda: [row.state for row in bench.reader.sendings()] == [SendingState.DONE],
                "it is sent",
            )
            await bench.engine.command(
                MoveMessages(
                    placement_ids=(bench.placed("Subject 1"),), mailbox_id=bench.mailbox("Archive")
                )
            )
            outcome = await bench.switch(server, account_id, Kind.IMAP)
            assert "1 message exists only here" in outcome.label
            for _ in range(3):
                await bench.sync(account_id)
            assert bench.subjects("Sent") == ["Subject 50"]
            assert bench.subjects("Archive") == ["Subject 1"]


async def test_a_switch_waits_for_what_the_server_has_not_heard(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", mail(0))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            await bench.engine.store.write(
                lambda tx: tx.execute(
                    "INSERT INTO operation (account_id, kind, arguments, label)"
                    " VALUES (?, 'expunge', '{\"after\": 999}', 'x')",
                    (account_id,),
                )
            )
            await bench.engine.store.write(
                lambda tx: tx.execute(
                    "INSERT INTO operation (id, account_id, kind, arguments, label, state)"
                    " VALUES (999, ?, 'append', '{}', 'x', 'failed')",
                    (account_id,),
                )
            )
            with pytest.raises(DoorError, match="1 change has not reached the server"):
                await bench.switch(server, account_id, Kind.POP3)
            assert bench.reader.accounts()[0].kind is Kind.IMAP


async def test_what_is_done_while_the_new_server_is_tried_reaches_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", mail(0))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)

            async def tried(*_: object) -> None:
                await bench.engine.working.end(account_id)  # its connection is away for a while
                placed = bench.placed("Subject 0")
                await bench.engine.command(StoreFlags(placement_ids=(placed,), add=Flag.FLAGGED))

            with monkeypatch.context() as patched:
                patched.setattr(check, "before_saving", tried)
                with pytest.raises(DoorError, match="1 change has not reached the server"):
                    await bench.switch(server, account_id, Kind.POP3)
            assert bench.reader.accounts()[0].kind is Kind.IMAP
            await bench.sync(account_id)
            assert "\\Flagged" in server.messages("alice")[0].flags


async def test_a_new_password_is_kept_when_nothing_speaks_to_the_old_server_any_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            running: list[tuple[AccountId, ...]] = []
            kept_before = Secrets.set

            async def kept(self: Secrets, *arguments: Any, **options: Any) -> None:
                running.append(bench.engine.working.ids)
                await kept_before(self, *arguments, **options)

            monkeypatch.setattr(Secrets, "set", kept)
            await bench.switch(server, account_id, Kind.POP3)
            assert running == [()]


async def test_what_is_at_the_old_server_alone_is_fetched_before_a_switch(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", mail(0))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            await bench.engine.command(SetMailboxPolicy(account_id=account_id, policy="headers"))
            server.deliver("alice", mail(1))
            await bench.sync(account_id)
            with pytest.raises(DoorError) as caught:
                await bench.switch(server, account_id, Kind.POP3)
            assert caught.value.sentence == "1 message is not here as a whole yet."
            await bench.engine.command(SetMailboxPolicy(account_id=account_id, policy="everything"))
            await bench.sync(account_id)
            await bench.switch(server, account_id, Kind.POP3)
            assert len(bench.rows()) == 2


async def test_what_was_filed_is_not_fetched_again_though_nothing_stands_in_the_inbox(
    tmp_path: Path,
) -> None:
    with LocalServer(PASSWORDS) as server:
        for number in range(5):
            server.deliver("alice", mail(number))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server, kind=Kind.POP3)
            await bench.sync(account_id)
            ids = tuple(row.id for row in bench.rows())
            await bench.engine.command(
                MoveMessages(placement_ids=ids, mailbox_id=bench.mailbox("Archive"))
            )
            said = len(server.transcript.commands())
            await bench.switch(server, account_id, Kind.IMAP, syncs=2)
            assert (len(bench.rows("Archive")), bench.rows()) == (5, [])
            assert bodies(server, said) == []


@pytest.mark.parametrize("parts", [{WHOLE}, {WHOLE, HEADER}])
@pytest.mark.parametrize("pop3_gives", [True, False])
async def test_a_message_that_imap_never_gives_keeps_no_account_from_pop3_and_is_said(
    pop3_gives: bool, parts: set[Section], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch = ImapClient.uid_fetch
    refused = set(parts)

    async def uid_fetch(client: ImapClient, uids: UidSet, items: Any, **more: Any) -> Any:
        sections = {item.section for item in items if isinstance(item, BodyItem)}
        if 2 in uids and sections & refused:
            raise RefusedError("It is damaged.", reply=None, code="refused")
        async for answer in fetch(client, uids, items, **more):
            yield answer

    monkeypatch.setattr(ImapClient, "uid_fetch", uid_fetch)
    with LocalServer(PASSWORDS) as server:
        for number in range(3):
            server.deliver("alice", mail(number))
        if not pop3_gives:
            refuse = Fault(protocol="pop3", command="RETR", reply="-ERR it is damaged", times=None)
            server.add_fault(refuse)
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            (lacking,) = [row for row in bench.rows() if not row.has_octets]
            await bench.engine.command(StoreFlags(placement_ids=(lacking.id,), add=Flag.FLAGGED))
            outcome = await bench.switch(server, account_id, Kind.POP3, syncs=1)
            has_stand_in = HEADER in parts
            assert outcome.left == (0 if has_stand_in or pop3_gives else 1)
            told = "; 1 message here by the header alone: no server gave the rest"
            assert outcome.label.endswith(told if outcome.left else " fetches by POP3 now")
            rows = bench.rows()
            if pop3_gives:
                assert [row.subject for row in rows] == [f"Subject {n}" for n in range(3)]
                assert all(row.has_octets for row in rows)
                assert bench.problems() == []
            else:
                subjects = [f"Subject {n}" for n in range(3) if n != 1 or not has_stand_in]
                assert [row.subject for row in rows] == subjects
                assert len(bench.problems()) == 1
            marked = [row.id for row in rows if row.flags & Flag.FLAGGED]
            assert marked == ([] if has_stand_in else [lacking.id])
            # And back again.
            refused.clear()
            await bench.switch(server, account_id, Kind.IMAP, syncs=2)
            assert bench.subjects() == [f"Subject {n}" for n in range(3)]
            assert all(row.has_octets for row in bench.rows())
            assert bench.problems() == []
