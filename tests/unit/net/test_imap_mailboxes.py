"""The IMAP client, against written dialogues."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from desktopmail.net.errors import (
    NetError,
    RefusedError,
)
from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.imap import flags
from desktopmail.wire.imap.append import AppendMessage
from desktopmail.wire.imap.codes import AppendUid
from desktopmail.wire.imap.sequence import UidSet
from desktopmail.wire.imap.status import StatusItem
from tests.helpers.imap_script import CAPABLE, scripted

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


async def test_list_with_status_pairs_them() -> None:
    text = CAPABLE + (
        'C: A1 LIST "" * RETURN (STATUS (MESSAGES))\nS: * LIST () "/" INBOX\n'
        'S: * STATUS INBOX (MESSAGES 3)\nS: * LIST (\\Noselect) "/" a\nS: A1 OK x\n'
    )
    async with scripted(text) as client:
        (inbox, numbers), (parent, nothing) = await client.list(status=(StatusItem.MESSAGES,))
        assert inbox.mailbox == "INBOX"
        assert numbers is not None
        assert numbers[StatusItem.MESSAGES] == 3
        assert parent.mailbox == "a"
        assert nothing is None


async def test_commands_for_mailboxes_say_what_they_should() -> None:
    text = CAPABLE + (
        "C: A1 CREATE a\nS: A1 OK x\nC: A2 RENAME a b\nS: A2 OK x\nC: A3 SUBSCRIBE b\nS: A3 OK x\n"
        "C: A4 UNSUBSCRIBE b\nS: A4 OK x\nC: A5 DELETE b\nS: A5 OK x\n"
        "C: A6 STATUS c (MESSAGES)\nS: * STATUS c (MESSAGES 1)\nS: A6 OK x\n"
        'C: A7 NAMESPACE\nS: * NAMESPACE (("" "/")) NIL NIL\nS: A7 OK x\n'
        'C: A8 ID NIL\nS: * ID ("name" "x")\nS: A8 OK x\n'
        "C: A9 GETQUOTAROOT c\nS: * QUOTAROOT c q\nS: * QUOTA q (STORAGE 1 2)\nS: A9 OK x\n"
        'C: A10 LSUB "" *\nS: * LSUB () "/" c\nS: A10 OK x\n'
    )
    async with scripted(text) as client:
        await client.create("a")
        await client.rename("a", "b")
        await client.subscribe("b")
        await client.unsubscribe("b")
        await client.delete("b")
        assert (await client.status("c", (StatusItem.MESSAGES,)))[StatusItem.MESSAGES] == 1
        assert (await client.namespace()).personal[0].delimiter == "/"
        assert await client.id() == {"name": "x"}
        assert [quota.root for quota in await client.quota("c")] == ["q"]
        assert [found.mailbox for found in await client.lsub()] == ["c"]


async def test_append_tells_the_uid_and_sends_literals_at_once() -> None:
    text = CAPABLE + (
        'C: A1 APPEND INBOX (\\Seen) " 1-Jan-2026 00:00:00 +0000" {5+}\nC: '
        "hello\nS: A1 OK [APPENDUID 7 9] x\n"
        "C: A2 APPEND INBOX {1+}\nC: a {1+}\nC: b\nS: A2 OK x\n"
    )
    async with scripted(text) as client:
        when = datetime(2026, 1, 1, tzinfo=UTC)
        assert await client.append("INBOX", b"hello", [flags.SEEN], when) == AppendUid(
            7, UidSet.parse(b"9")
        )
        assert await client.append_many("INBOX", [AppendMessage(b"a"), AppendMessage(b"b")]) is None


async def pieces(*octets: bytes) -> AsyncIterator[bytes]:
    for piece in octets:
        yield piece
        await asyncio.sleep(0)


async def test_a_message_is_appended_from_a_stream_with_leave_and_without() -> None:
    text = (
        "S: * PREAUTH [CAPABILITY IMAP4rev1] hello\n"
        "C: A1 APPEND INBOX (\\Seen) {13}\nS: + go\nC: one\nC: two\nC: abc\n"
        "S: A1 OK [APPENDUID 7 9] x\nC: A2 NOOP\nS: A2 OK x\n"
    )
    told: list[int] = []
    async with scripted(text) as client:
        source = pieces(b"one\r\n", b"two\r", b"\nabc")
        uid = await client.append_stream("INBOX", source, 13, [flags.SEEN], on_progress=told.append)
        assert uid == AppendUid(7, UidSet.parse(b"9"))
        await client.noop()
    assert told == [5, 9, 13]
    text = CAPABLE + "C: A1 APPEND INBOX {3+}\nC: abc\nS: A1 OK x\n"
    async with scripted(text) as client:
        assert await client.append_stream("INBOX", pieces(b"ab", b"c"), 3) is None


async def test_a_stream_that_is_refused_is_not_asked_for_and_the_connection_lives() -> None:
    text = (
        "S: * PREAUTH [CAPABILITY IMAP4rev1] hello\n"
        "C: A1 APPEND INBOX {3}\nS: A1 NO [OVERQUOTA] full\nC: A2 NOOP\nS: A2 OK x\n"
    )
    asked: list[bytes] = []

    async def source() -> AsyncIterator[bytes]:
        asked.append(b"abc")
        yield b"abc"

    async with scripted(text) as client:
        with pytest.raises(RefusedError, match="full"):
            await client.append_stream("INBOX", source(), 3)
        await client.noop()
    assert asked == []


@pytest.mark.parametrize("octets", [b"ab", b"abcd", b"a\0b"])
async def test_a_stream_that_is_not_what_was_announced_ends_the_connection(octets: bytes) -> None:
    text = "S: * PREAUTH [CAPABILITY IMAP4rev1] hello\nC: A1 APPEND INBOX {3}\nS: + go\n*: wait\n"
    async with scripted(text) as client:
        with pytest.raises(LocalProtocolError):
            await client.append_stream("INBOX", pieces(octets), 3)
        with pytest.raises(NetError):
            await client.noop()
