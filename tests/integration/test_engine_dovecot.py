"""The engine with Debian's Dovecot: TLS, every operation, and switching without a download."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from desktopmail.door.commands import (
    AddAccount,
    ArchiveMessages,
    CreateMailbox,
    DeleteMailbox,
    DeleteMessages,
    MoveMessages,
    Password,
    RenameMailbox,
    ServerSettings,
    SetMailboxPolicy,
    SetOffline,
    StoreFlags,
    SwitchAccount,
)
from desktopmail.door.ids import AccountId, MailboxId
from desktopmail.door.queries import (
    CheckAccount,
    CheckReport,
    ReadTranscript,
    SearchServers,
    ServerHits,
    Transcript,
)
from desktopmail.door.rows import Auth, Flag, Kind, Security, View
from desktopmail.engine.sync.uidl import SAMPLES
from desktopmail.net.endpoint import Endpoint
from desktopmail.net.endpoint import Security as NetSecurity
from desktopmail.net.imap import ImapClient
from desktopmail.net.ports import system_ports
from desktopmail.wire.secret import Secret
from tests.helpers.dovecot import Dovecot, running_dovecot
from tests.helpers.engine import Bench, running_engine
from tests.helpers.relay import Relay
from tests.helpers.store import mail

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.peer("doveadm", "dovecot")
PASSWORD = "tanstaaf"
COUNT = 30


def settings(server: Dovecot, kind: Kind, auth: Auth = Auth.AUTO) -> ServerSettings:
    return ServerSettings(
        host="localhost",
        port=server.imaps if kind is Kind.IMAP else server.pop3s,
        security=Security.TLS,
        auth=auth,
        user="alice",
        ca_file=str(server.ca_file),
    )


async def fill(server: Dovecot) -> None:
    endpoint = Endpoint("localhost", server.imaps, NetSecurity.TLS, ca_file=server.ca_file)
    client = await ImapClient.connect(endpoint, ports=system_ports())
    try:
        await client.login("alice", Secret(PASSWORD))
        for number in range(COUNT):
            await client.append("INBOX", mail(number))
        await client.logout()
    finally:
        await client.aclose()


async def add(bench: Bench, server: Dovecot, kind: Kind, auth: Auth = Auth.AUTO) -> AccountId:
    outcome = await bench.engine.command(
        AddAccount(
            name="alice",
            address="alice@localhost",
            kind=kind,
            incoming=settings(server, kind, auth),
            outgoing=settings(server, kind, auth),
            password=Password(PASSWORD),
            check=False,
        )
    )
    return AccountId(outcome.ids[0])


async def said(bench: Bench) -> str:
    answer = await bench.engine.query(ReadTranscript())
    assert isinstance(answer, Transcript)
    return "".join(
        record.octets.decode("utf-8", "replace")
        for record in answer.records
        if record.sender == "C"
    )


async def test_every_operation_reaches_dovecot(tmp_path: Path) -> None:
    with running_dovecot({"alice": PASSWORD}) as server:
        await fill(server)
        async with running_engine(tmp_path) as bench:
            await add(bench, server, Kind.IMAP)
            await bench.sync()
            assert len(bench.rows()) == COUNT
            engine = bench.engine
            await engine.command(
                StoreFlags(
                    placement_ids=(bench.placed("Subject 0"),), add=Flag.FLAGGED, add_tags=("work",)
                )
            )
            await engine.command(
                MoveMessages(
                    placement_ids=(bench.placed("Subject 1"),), mailbox_id=bench.mailbox("Sent")
                )
            )
            await engine.command(DeleteMessages(placement_ids=(bench.placed("Subject 2"),)))
            await engine.command(
                DeleteMessages(placement_ids=(bench.placed("Subject 3"),), permanently=True)
            )
            await engine.command(ArchiveMessages(placement_ids=(bench.placed("Subject 4"),)))
            for _ in range(2):
                await bench.sync()
            assert bench.reader.operations() == []
            assert bench.reader.problems() == []
        # A second device of ours, which knows nothing, sees what Dovecot has.
        async with running_engine(tmp_path / "other") as bench:
            await add(bench, server, Kind.IMAP)
            await bench.sync()
            assert len(bench.rows()) == COUNT - 4
            row = next(row for row in bench.rows() if row.subject == "Subject 0")
            assert (row.flags, row.tags) == (Flag.FLAGGED, ("work",))
            assert bench.subjects("Sent") == ["Subject 1"]
            assert bench.subjects("Trash") == ["Subject 2"]
            assert bench.subjects("Archive") == ["Subject 4"]


WITHIN_INBOX = "namespace inbox {\n  prefix = INBOX.\n  separator = .\n}\n"


@pytest.fixture
def within_inbox() -> Iterator[Dovecot]:
    """All mailboxes are within the Inbox: what is called Work here is INBOX.Work there."""
    with running_dovecot({"alice": PASSWORD}, extra=WITHIN_INBOX) as server:
        yield server


def paths(bench: Bench) -> list[str]:
    return [row.path for row in bench.reader.mailboxes()]


async def test_a_mailbox_is_made_whose_name_its_server_has_under_a_prefix_already(
    within_inbox: Dovecot, tmp_path: Path
) -> None:
    await fill(within_inbox)
    async with running_engine(tmp_path) as bench:
        account_id = await add(bench, within_inbox, Kind.IMAP)
        await bench.sync()
        for number in (1, 2):
            await bench.engine.command(SetOffline(offline=True))
            made = await bench.engine.command(CreateMailbox(account_id=account_id, name="Work"))
            await bench.engine.command(
                MoveMessages(placement_ids=(bench.rows()[0].id,), mailbox_id=MailboxId(made.ids[0]))
            )
            await bench.engine.command(SetOffline(offline=False))
            await bench.sync()
            assert bench.problems() == []
            assert bench.reader.operations() == []
            assert len(bench.rows("INBOX.Work")) == number
            assert "Work" not in paths(bench)


async def test_a_mailbox_that_was_deleted_is_made_anew_under_the_prefix_of_its_server(
    within_inbox: Dovecot, tmp_path: Path
) -> None:
    async with running_engine(tmp_path) as bench:
        account_id = await add(bench, within_inbox, Kind.IMAP)
        await bench.sync()
        for _ in range(2):
            await bench.engine.command(CreateMailbox(account_id=account_id, name="Work"))
            await bench.sync()
            assert bench.problems() == []
            await bench.engine.command(DeleteMailbox(mailbox_id=bench.mailbox("INBOX.Work")))
            await bench.sync()
            assert bench.reader.operations() == []
            assert "INBOX.Work" not in paths(bench)


async def test_a_mailbox_is_renamed_under_the_prefix_of_its_server_that_has_not_heard_of_it_yet(
    within_inbox: Dovecot, tmp_path: Path
) -> None:
    async with running_engine(tmp_path) as bench:
        account_id = await add(bench, within_inbox, Kind.IMAP)
        await bench.sync()
        await bench.engine.command(SetOffline(offline=True))
        await bench.engine.command(CreateMailbox(account_id=account_id, name="Work"))
        await bench.engine.command(RenameMailbox(mailbox_id=bench.mailbox("Work"), path="Job"))
        await bench.engine.command(SetOffline(offline=False))
        for _ in range(3):
            await bench.sync()
        assert bench.reader.operations() == []
        assert bench.problems() == []
        assert {"Work", "Job", "INBOX.Work", "INBOX.Job"} & {*paths(bench)} == {"INBOX.Job"}


@pytest.mark.parametrize("policy", ["headers", "days:1"])
async def test_dovecot_is_searched_for_what_is_not_here(policy: str, tmp_path: Path) -> None:
    with running_dovecot({"alice": PASSWORD}) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await add(bench, server, Kind.IMAP)
            await bench.engine.command(SetMailboxPolicy(account_id=account_id, policy=policy))
            await bench.sync()
            old = datetime(2020, 5, 17, tzinfo=UTC)
            endpoint = Endpoint("localhost", server.imaps, NetSecurity.TLS, ca_file=server.ca_file)
            client = await ImapClient.connect(endpoint, ports=system_ports())
            await client.login("alice", Secret(PASSWORD))
            for number, body in enumerate(("a zebra", "Grüße aus Köln", "horse and zebra")):
                await client.append("INBOX", mail(number, body=body, hour=number), date=old)
            await client.logout()
            await client.aclose()
            await bench.sync()
            assert not any(row.has_octets for row in bench.rows())
            for query, found in (
                ("zebra", ["Subject 2", "Subject 0"]),
                ("zebra -horse", ["Subject 0"]),
                ('"horse and"', ["Subject 2"]),
                ("body:grüße", ["Subject 1"]),
                ("zebra is:flagged", []),
                ("larger:10 smaller:1M zebra", ["Subject 2", "Subject 0"]),
                ("before:2026-11-01 zebra", []),
                ("horse OR köln", ["Subject 2", "Subject 1"]),
                ("zebra in:archive", []),
            ):
                hits = await bench.engine.query(SearchServers(query=query))
                assert isinstance(hits, ServerHits)
                assert hits.notes == (), query
                rows = bench.reader.window(View(query=query, also=hits.placement_ids), 0, 10)
                assert [row.subject for row in rows] == found, query


@pytest.mark.parametrize("uidl", ["%08Xu%08Xv", "%g", "%f"])
async def test_switching_downloads_nothing_again(uidl: str, tmp_path: Path) -> None:
    # Dovecot marks what is fetched by POP3 as read; then it is read, wherever it was.
    extra = f"pop3_uidl_format = {uidl}\npop3_no_flag_updates = yes"
    with running_dovecot({"alice": PASSWORD}, extra=extra) as server:
        await fill(server)
        async with running_engine(tmp_path) as bench:
            account_id = await add(bench, server, Kind.POP3)
            await bench.sync()
            assert len(bench.rows()) == COUNT
            ids = {row.message_id for row in bench.rows()}
            await bench.engine.command(
                StoreFlags(placement_ids=(bench.placed("Subject 7"),), add=Flag.SEEN)
            )
            for kind in (Kind.IMAP, Kind.POP3, Kind.IMAP):
                before = len(await said(bench))
                await bench.engine.command(
                    SwitchAccount(account_id=account_id, kind=kind, incoming=settings(server, kind))
                )
                await bench.sync()
                talk = (await said(bench))[before:]
                assert "RETR" not in talk
                assert "BODY.PEEK[]" not in talk
                assert {row.message_id for row in bench.rows()} == ids
                assert len(bench.rows()) == COUNT
                assert bench.reader.problems() == []
            assert [row.subject for row in bench.rows() if row.flags & Flag.SEEN] == ["Subject 7"]


LARGE = 200


def real_mail(number: int) -> bytes:
    """A message whose header is as long as those of real mail."""
    hop = b"Received: from a.example.org (a.example.org [192.0.2.7])\r\n\tby b.example.net; x\r\n"
    signature = b"DKIM-Signature: v=1; a=rsa-sha256; b=" + b"Q" * 340 + b"\r\n"
    return hop * 6 + signature + mail(number, body="Hello.\r\n" * 300)


async def deliver(server: Dovecot) -> None:
    """Deliver as a mail server does: each message is a file in `new`."""
    folder = server.home("alice") / "Maildir" / "new"
    owner = server.folder.joinpath("home").stat()
    for number in range(LARGE):
        (folder / f"{1_700_000_000 + number}.M1P1.x").write_bytes(
            real_mail(number).replace(b"\r\n", b"\n")
        )
    for path in [server.home("alice"), *server.home("alice").rglob("*")]:
        os.chown(path, owner.st_uid, owner.st_gid)


async def octets_of_a_switch(uidl: str, folder: Path, first: Kind) -> tuple[int, list[str]]:
    """How many octets came from Dovecot in a switch to the other protocol, and what was said."""
    extra = f"pop3_uidl_format = {uidl}\npop3_no_flag_updates = yes"
    with running_dovecot({"alice": PASSWORD}, extra=extra) as server:
        await fill(server)  # makes the folders
        await deliver(server)
        imap, pop3 = Relay(server.imap), Relay(server.pop3)
        async with imap.serve(), pop3.serve(), running_engine(folder) as bench:
            plain = {
                kind: ServerSettings(
                    host="127.0.0.1", port=relay.port, security=Security.NONE, user="alice"
                )
                for kind, relay in ((Kind.IMAP, imap), (Kind.POP3, pop3))
            }
            made = await bench.engine.command(
                AddAccount(
                    name="alice", address="alice@localhost", kind=first, incoming=plain[first],
                    outgoing=plain[first], password=Password(PASSWORD), check=False,
                )
            )  # fmt: skip
            await bench.sync()
            ids = {row.id: row.message_id for row in bench.rows()}
            assert len(ids) == COUNT + LARGE
            imap.forget()
            pop3.forget()
            other = Kind.POP3 if first is Kind.IMAP else Kind.IMAP
            await bench.engine.command(
                SwitchAccount(account_id=AccountId(made.ids[0]), kind=other, incoming=plain[other])
            )
            assert {row.id: row.message_id for row in bench.rows()} == ids
            assert bench.reader.problems() == []
        if other is Kind.IMAP:
            return imap.octets, imap.said("UID FETCH")
        lines = [line.decode("ascii", "replace") for line in pop3.commands]
        return pop3.octets, [line for line in lines if line.startswith(("TOP", "RETR"))]


@pytest.mark.parametrize("first", [Kind.POP3, Kind.IMAP])
async def test_ids_that_tell_uids_save_the_headers_of_a_switch(first: Kind, tmp_path: Path) -> None:
    by_headers, _ = await octets_of_a_switch("%g", tmp_path / "g", first)
    for number, form in enumerate(("%08Xu%08Xv", "%v.%u", "%08Xv%08Xu", "%v-%u")):
        octets, said_lines = await octets_of_a_switch(form, tmp_path / str(number), first)
        assert octets * 3 < by_headers, (form, octets, by_headers)
        if first is Kind.IMAP:
            assert len(said_lines) == SAMPLES
        else:
            assert sum("BODY.PEEK" in line for line in said_lines) == 1


WAYS = {
    Auth.SCRAM: "SCRAM-SHA-256",
    Auth.CRAM_MD5: "CRAM-MD5",
    Auth.PLAIN: "PLAIN",
    Auth.APOP: "APOP",
}


def secured(server: Dovecot, kind: Kind, security: Security, auth: Auth) -> ServerSettings:
    ports = {
        (Kind.IMAP, Security.TLS): server.imaps,
        (Kind.IMAP, Security.STARTTLS): server.imap,
        (Kind.POP3, Security.TLS): server.pop3s,
        (Kind.POP3, Security.STARTTLS): server.pop3,
    }
    return ServerSettings(
        host="localhost", port=ports[kind, security], security=security, auth=auth, user="alice",
        ca_file=str(server.ca_file),
    )  # fmt: skip


@pytest.fixture(scope="module")
def matrix_server() -> Iterator[Dovecot]:
    with running_dovecot(
        {"alice": PASSWORD}, mechanisms="plain login cram-md5 apop scram-sha-1 scram-sha-256"
    ) as server:
        asyncio.run(fill(server))
        yield server


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
@pytest.mark.parametrize(
    ("kind", "auth"),
    [
        *((Kind.IMAP, auth) for auth in (Auth.SCRAM, Auth.CRAM_MD5, Auth.PLAIN)),
        *((Kind.POP3, auth) for auth in (Auth.SCRAM, Auth.CRAM_MD5, Auth.PLAIN, Auth.APOP)),
    ],
)
async def test_every_way_to_log_in_fetches_the_mail_of_dovecot(
    kind: Kind, auth: Auth, security: Security, matrix_server: Dovecot, tmp_path: Path
) -> None:
    server = secured(matrix_server, kind, security, auth)
    async with running_engine(tmp_path) as bench:
        outcome = await bench.engine.command(
            AddAccount(
                name="alice",
                address="alice@localhost",
                kind=kind,
                incoming=server,
                outgoing=server,
                password=Password(PASSWORD),
                check=False,
            )
        )
        account_id = AccountId(outcome.ids[0])
        await bench.sync(account_id)
        assert len(bench.rows()) == COUNT
        report = await bench.engine.query(CheckAccount(account_id=account_id))
        assert isinstance(report, CheckReport)
        steps = {step.step: step for step in report.steps if step.server == "incoming"}
        assert all(step.ok for step in steps.values())
        assert list(steps) == ["dns", "tcp", "tls", "capabilities", "auth", "login", "listing"]
        assert steps["login"].detail.startswith(f"logged in by {WAYS[auth]}")
        assert "TLSv1." in steps["tls"].detail


@pytest.mark.parametrize("auth", [Auth.SCRAM, Auth.CRAM_MD5, Auth.PLAIN])
@pytest.mark.parametrize("kind", [Kind.IMAP, Kind.POP3])
async def test_no_artefact_of_a_session_holds_the_password(
    kind: Kind, auth: Auth, tmp_path: Path
) -> None:
    with running_dovecot({"alice": PASSWORD}) as server:
        async with running_engine(tmp_path / "profile") as bench:
            await add(bench, server, kind, auth)
            await bench.sync()
            answer = await bench.engine.query(ReadTranscript())
            assert isinstance(answer, Transcript)
            everything = b"".join(record.octets for record in answer.records)
        files = [path.read_bytes() for path in (tmp_path / "profile").rglob("*") if path.is_file()]
        assert len(files) >= 3
        for octets in (everything, *files):
            assert PASSWORD.encode() not in octets
            assert b"dGFuc3RhYW" not in octets  # the same in Base64
