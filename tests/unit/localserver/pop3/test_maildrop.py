"""The maildrop of one session: RFC 1939 sections 5, 6 and 7."""

from __future__ import annotations

import pytest

from desktopmail.wire.pop3 import data
from desktopmail.wire.pop3.data import normalise
from localserver.store import content
from localserver.store.interface import Delivery
from localserver.store.maildrop import AccountMaildrop
from tests.helpers.pop3_server import MESSAGES, line_client, pop3_server


async def test_sizes_are_those_of_what_is_sent() -> None:
    async with pop3_server(*MESSAGES) as server, line_client(server) as client:
        await client.log_in()
        sizes = [len(normalise(message)) for message in MESSAGES]
        assert await client.ask(b"STAT") == b"+OK 3 %d" % sum(sizes)
        assert (await client.ask(b"LIST")).startswith(b"+OK")
        assert await client.lines() == [b"%d %d" % each for each in enumerate(sizes, 1)]
        assert await client.ask(b"LIST 2") == b"+OK 2 %d" % sizes[1]


async def test_every_message_is_sent_with_crlf_and_doubled_dots() -> None:
    async with pop3_server(*MESSAGES) as server, line_client(server) as client:
        await client.log_in()
        for number, message in enumerate(MESSAGES, 1):
            assert (await client.ask(b"RETR %d" % number)).startswith(b"+OK")
            lines = normalise(message).split(b"\r\n")[:-1]
            doubled = [b"." + line if line.startswith(b".") else line for line in lines]
            assert await client.lines() == doubled


async def test_top_gives_the_header_and_some_lines() -> None:
    async with pop3_server(*MESSAGES) as server, line_client(server) as client:
        await client.log_in()
        assert (await client.ask(b"TOP 1 0")).startswith(b"+OK")
        assert await client.lines() == [b"Subject: one", b""]
        await client.ask(b"TOP 2 2")
        assert await client.lines() == [b"Subject: two", b"", b"bare LF", b".."]
        await client.ask(b"TOP 3 5")
        assert await client.lines() == [b"Subject: three without a body"]


async def test_a_client_that_never_heard_of_utf8_gets_its_mail_all_the_same() -> None:
    message = "Subject: gr\u00fcn\r\n\r\nbody\r\n".encode()
    async with pop3_server(message) as server, line_client(server) as client:
        await client.log_in()
        assert (await client.ask(b"RETR 1")).startswith(b"+OK")
        assert (await client.lines())[0] == message.split(b"\r\n")[0]


async def test_strictly_a_header_in_utf8_goes_only_to_those_who_said_utf8() -> None:
    """RFC 6856 sections 2.1 and 5."""
    message = "Subject: gr\u00fcn\r\n\r\nbody\r\n".encode()
    async with pop3_server(message, strict=True) as server:
        async with line_client(server) as client:
            await client.log_in()
            assert (await client.ask(b"RETR 1")).startswith(b"-ERR [UTF8] ")
            assert (await client.ask(b"TOP 1 0")).startswith(b"-ERR [UTF8] ")
            assert (await client.ask(b"LIST 1")).startswith(b"+OK")
            await client.ask(b"QUIT")
        async with line_client(server) as client:
            assert (await client.ask(b"UTF8")).startswith(b"+OK")
            await client.log_in()
            assert (await client.ask(b"RETR 1")).startswith(b"+OK")
            assert (await client.lines())[0] == message.split(b"\r\n")[0]


async def test_unique_ids_stay_the_same_and_are_never_given_twice() -> None:
    async with pop3_server(*MESSAGES) as server:
        async with line_client(server) as client:
            await client.log_in()
            await client.ask(b"UIDL")
            first = [line.split()[1] for line in await client.lines()]
            assert await client.ask(b"UIDL 2") == b"+OK 2 " + first[1]
            await client.ask(b"DELE 3")
            await client.ask(b"QUIT")
        await server.context.store.deliver([Delivery("alice", MESSAGES[0])])
        async with line_client(server) as client:
            await client.log_in()
            await client.ask(b"UIDL")
            second = [line.split()[1] for line in await client.lines()]
    assert second[:2] == first[:2]
    assert second[2] not in first
    assert len(set(first)) == 3


async def test_what_is_marked_is_gone_from_every_answer_and_comes_back_with_rset() -> None:
    async with pop3_server(*MESSAGES) as server, line_client(server) as client:
        await client.log_in()
        assert (await client.ask(b"DELE 2")).startswith(b"+OK")
        for line in (b"DELE 2", b"RETR 2", b"TOP 2 0", b"LIST 2", b"UIDL 2"):
            assert (await client.ask(line)).startswith(b"-ERR"), line
        assert (await client.ask(b"STAT")).startswith(b"+OK 2 ")
        await client.ask(b"LIST")
        assert [line[:1] for line in await client.lines()] == [b"1", b"3"]
        await client.ask(b"UIDL")
        assert [line[:1] for line in await client.lines()] == [b"1", b"3"]
        assert (await client.ask(b"RSET")).startswith(b"+OK 3 messages")
        assert (await client.ask(b"STAT")).startswith(b"+OK 3 ")


@pytest.mark.parametrize(
    "line", [b"RETR 4", b"TOP 4 1", b"DELE 4", b"LIST 4", b"UIDL 4", b"RETR 0"]
)
async def test_a_message_that_never_was_is_refused(line: bytes) -> None:
    async with pop3_server(*MESSAGES) as server, line_client(server) as client:
        await client.log_in()
        assert (await client.ask(line)).startswith(b"-ERR")


async def test_an_empty_maildrop() -> None:
    async with pop3_server() as server, line_client(server) as client:
        await client.log_in()
        assert await client.ask(b"STAT") == b"+OK 0 0"
        await client.ask(b"LIST")
        assert await client.lines() == []
        await client.ask(b"UIDL")
        assert await client.lines() == []


async def test_messages_go_at_quit_and_not_before() -> None:
    async with pop3_server(*MESSAGES) as server:
        async with line_client(server) as client:
            await client.log_in()
            await client.ask(b"DELE 1")
            await client.ask(b"DELE 3")
            assert (await client.ask(b"QUIT")).startswith(b"+OK")
        async with line_client(server) as client:
            assert (await client.log_in()).startswith(b"+OK 1 messages")
            await client.ask(b"RETR 1")
            assert (await client.lines())[0] == b"Subject: two"


async def test_a_second_session_is_refused_until_the_first_has_ended() -> None:
    async with pop3_server(*MESSAGES) as server, line_client(server) as first:
        await first.log_in()
        async with line_client(server) as second:
            assert (await second.log_in()).startswith(b"-ERR [IN-USE]")
            assert (await second.log_in(b"bob", b"builder")).startswith(b"+OK")
        await first.ask(b"QUIT")
        async with line_client(server) as third:
            assert (await third.log_in()).startswith(b"+OK")


async def test_mail_that_arrives_meanwhile_is_not_seen() -> None:
    async with pop3_server(*MESSAGES) as server, line_client(server) as client:
        await client.log_in()
        await server.context.store.deliver([Delivery("alice", MESSAGES[0])])
        assert (await client.ask(b"STAT")).startswith(b"+OK 3 ")
        assert (await client.ask(b"RETR 4")).startswith(b"-ERR")


@pytest.mark.logs("POP3 QUIT of alice")
async def test_a_commit_that_fails_is_told_and_nothing_is_removed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from localserver.store.errors import DiskFullError

    async def fail(*_: object) -> None:
        raise DiskFullError("The disk is full.")

    async with pop3_server(*MESSAGES) as server:
        async with line_client(server) as client:
            await client.log_in()
            await client.ask(b"DELE 1")
            with monkeypatch.context() as patch:
                patch.setattr(AccountMaildrop, "commit", fail)
                assert (await client.ask(b"QUIT")).startswith(b"-ERR [SYS/TEMP]")
        async with line_client(server) as client:
            assert (await client.log_in()).startswith(b"+OK 3 messages")


async def test_a_large_message_is_sent_in_pieces_as_a_small_one_is_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    commands = [b"RETR %d", b"TOP %d 0", b"TOP %d 2", b"TOP %d 99"]

    async def answers() -> list[tuple[bytes, list[bytes]]]:
        async with pop3_server(*MESSAGES) as server, line_client(server) as client:
            await client.log_in()
            return [
                (await client.ask(command % number), await client.lines())
                for command in commands
                for number in range(1, len(MESSAGES) + 1)
            ]

    at_once = await answers()
    monkeypatch.setattr(content, "LARGE_OCTETS", -1)
    monkeypatch.setattr(data, "_PIECE_OCTETS", 5)
    assert await answers() == at_once
