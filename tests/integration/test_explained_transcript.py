"""What our clients and the bundled server really say is cut right and explained, line by line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktopmail.net.endpoint import Endpoint, Security
from desktopmail.net.imap import ImapClient
from desktopmail.net.pop3 import Pop3Client
from desktopmail.net.ports import SystemClock, system_ports
from desktopmail.net.smtp import SmtpClient
from desktopmail.net.transcript import MemoryRecorder
from desktopmail.ui.transcript.explanation import explain
from desktopmail.ui.transcript.line import Conversation, Kind, Protocol
from desktopmail.wire.imap.fetch_item import BodyItem, Item
from desktopmail.wire.imap.flags import SEEN
from desktopmail.wire.imap.search_key import EVERYTHING
from desktopmail.wire.imap.sequence import Uid, UidSet
from desktopmail.wire.imap.status import StatusItem
from desktopmail.wire.imap.store import StoreMode
from desktopmail.wire.secret import Secret
from localserver.local import LocalServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

MESSAGE = b"From: a@example.org\r\nTo: alice@localhost\r\nSubject: %b\r\n\r\n%b\r\n"


@pytest.fixture
async def server() -> AsyncIterator[LocalServer]:
    async with LocalServer(users={"alice": "secret"}) as running:
        yield running


def endpoint(server: LocalServer, protocol: str) -> Endpoint:
    return Endpoint(server.host, server.ports[protocol], Security.STARTTLS, ca_file=server.ca_file)


def conversation(protocol: Protocol, recorder: MemoryRecorder) -> Conversation:
    """The recorded dialogue, after looking that every line of it is explained in both languages."""
    talk = Conversation(protocol)
    for record in recorder.records:
        talk.add(record.sender, record.octets)
    assert talk.finish() == []
    unknown = [
        line.text
        for action in talk.actions
        for line in action.lines
        for language in ("en", "de")
        if line.sender != "*"
        and explain(protocol, line.sender, line.text, language, line.context) is None
    ]
    assert unknown == []
    kinds = {action.kind for action in talk.actions}
    assert kinds <= {Kind.GREETING, Kind.COMMAND, Kind.REMARK}
    assert [
        action.command for action in talk.actions if action.command and not action.complete
    ] == []
    assert not any(b"secret" in record.octets for record in recorder.records)
    return talk


async def test_an_imap_session_is_explained_line_by_line(server: LocalServer) -> None:
    recorder = MemoryRecorder(SystemClock())
    client = await ImapClient.connect(
        endpoint(server, "imap"), ports=system_ports(), recorder=recorder
    )
    await client.login("alice", Secret("secret"))
    await client.id()
    await client.enable("QRESYNC")
    await client.namespace()
    await client.list()
    await client.create("Projects")
    await client.append("INBOX", MESSAGE % (b"one", b"x" * 10_000), [SEEN])
    await client.append("INBOX", MESSAGE % (b"two", b"* 1 EXISTS\r\na OK no\r\n"))
    await client.status("INBOX", (StatusItem.MESSAGES, StatusItem.UIDNEXT))
    await client.select("INBOX")
    both = UidSet.of([Uid(1), Uid(2)])
    items = (Item.FLAGS, Item.ENVELOPE, Item.BODY_STRUCTURE, BodyItem())
    assert len([answer async for answer in client.uid_fetch(both, items)]) == 2
    await client.uid_search(EVERYTHING, returns=["COUNT", "ALL"])
    await client.uid_store(both, StoreMode.ADD, [SEEN])
    await client.uid_move(UidSet.of([Uid(1)]), "Projects")
    async with client.idle():
        pass
    await client.logout()
    await client.aclose()

    talk = conversation("imap", recorder)
    commands = [action.command for action in talk.actions if action.command]
    assert commands[0] == "STARTTLS" or "STARTTLS" in commands
    assert {"AUTHENTICATE", "APPEND", "UID FETCH", "UID MOVE", "IDLE", "LOGOUT"} <= set(commands)
    fetch = next(action for action in talk.actions if action.command == "UID FETCH")
    assert fetch.octets_received > 10_000
    assert fetch.round_trips == 1


async def test_a_submission_is_explained_line_by_line(server: LocalServer) -> None:
    recorder = MemoryRecorder(SystemClock())
    client = await SmtpClient.connect(
        endpoint(server, "submission"),
        ports=system_ports(),
        local_name="client.example",
        recorder=recorder,
    )
    await client.login("alice", Secret("secret"))
    message = MESSAGE % (b"hello", b"x" * 70_000)
    recipients = [f"alice@{server.domain}", f"nobody@{server.domain}"]
    await client.send(f"alice@{server.domain}", recipients, message)
    await client.quit()
    await client.aclose()

    talk = conversation("smtp", recorder)
    commands = [action.command for action in talk.actions]
    assert {"EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "QUIT"} <= set(commands)
    sent = sum(action.octets_sent for action in talk.actions if action.command in {"DATA", "BDAT"})
    assert sent > len(message)


async def test_a_pop3_session_is_explained_line_by_line(server: LocalServer) -> None:
    for number in range(3):
        await server.deliver_async("alice", MESSAGE % (b"%d" % number, b"+OK no\r\n.dot\r\n"))
    recorder = MemoryRecorder(SystemClock())
    client = await Pop3Client.connect(
        endpoint(server, "pop3"), ports=system_ports(), recorder=recorder
    )
    await client.login("alice", Secret("secret"))
    await client.stat()
    await client.listing_and_uidl()
    assert len([message async for message in client.retr_many([1, 2, 3])]) == 3
    await client.dele_many([1, 2])
    await client.quit()
    await client.aclose()

    talk = conversation("pop3", recorder)
    commands = [action.command for action in talk.actions if action.command]
    assert {"CAPA", "STLS", "STAT", "LIST", "UIDL", "RETR", "DELE", "QUIT"} <= set(commands)
