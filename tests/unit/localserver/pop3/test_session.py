"""A POP3 session: greeting, states, STLS, mistakes, silence and the end."""

from __future__ import annotations

import asyncio
import contextlib
import re
from typing import TYPE_CHECKING

import pytest

from desktopmail.net.errors import ClosedError, NetError, TlsError
from desktopmail.wire.pop3.server import ServerConnection
from localserver.config import Limits
from localserver.faults import Fault
from tests.helpers.pop3_server import MESSAGES, line_client, pop3_server

if TYPE_CHECKING:
    from desktopmail.wire.output import Segment


async def test_each_connection_has_a_timestamp_of_its_own() -> None:
    # RFC 1939 section 7: "different each time"; the form <digits.digits@host>.
    seen = set()
    async with pop3_server(domain="mail.example.org") as server:
        for _ in range(20):
            async with line_client(server, greeting=False) as client:
                found = re.search(rb"<\d+\.\d+@mail\.example\.org>$", await client.line())
                assert found is not None
                seen.add(found[0])
    assert len(seen) == 20


async def test_quit_without_login_is_a_polite_end() -> None:
    async with pop3_server() as server, line_client(server) as client:
        assert (await client.ask(b"QUIT")).startswith(b"+OK")
        assert await client.is_closed()


async def test_commands_that_are_pipelined_are_answered_in_turn() -> None:
    async with pop3_server(*MESSAGES) as server, line_client(server) as client:
        client.stream.write(b"USER alice\r\nPASS wonderland\r\nSTAT\r\nDELE 1\r\nSTAT\r\nQUIT\r\n")
        answers = [await client.line() for _ in range(6)]
        assert all(answer.startswith(b"+OK") for answer in answers)
        assert answers[2].startswith(b"+OK 3 ")
        assert answers[4].startswith(b"+OK 2 ")
        assert await client.is_closed()


async def test_octet_by_octet_is_the_same() -> None:
    async with pop3_server(*MESSAGES) as server, line_client(server) as client:
        for octet in b"USER alice\r\nPASS wonderland\r\nSTAT\r\n":
            client.stream.write(bytes([octet]))
            await asyncio.sleep(0)
        assert [(await client.line())[:3] for _ in range(3)] == [b"+OK"] * 3


@pytest.mark.parametrize(
    "line", [b"XTND", b"", b"RETR 1", b"PASS x", b"USER", b"LIST\0", b"USER a\rb", b"TOP 1"]
)
async def test_a_mistake_is_answered_and_forgiven(line: bytes) -> None:
    async with pop3_server() as server, line_client(server) as client:
        assert (await client.ask(line)).startswith(b"-ERR")
        assert (await client.ask(b"QUIT")).startswith(b"+OK")


async def test_too_many_mistakes_end_the_session() -> None:
    async with pop3_server() as server, line_client(server) as client:
        for _ in range(11):
            assert (await client.ask(b"WHAT")).startswith(b"-ERR")
        assert (await client.line()).startswith(b"-ERR [SYS/PERM]")
        assert await client.is_closed()


async def test_a_line_without_end_is_refused_and_ends_the_session() -> None:
    async with pop3_server() as server, line_client(server) as client:
        client.stream.write(b"USER " + b"x" * 1000)
        assert (await client.line()).startswith(b"-ERR [SYS/PERM] a line is longer than 255")
        assert await client.is_closed()


async def test_a_client_that_is_silent_is_sent_away() -> None:
    limits = Limits(command_s=0.05)
    async with pop3_server(limits=limits) as server, line_client(server) as client:
        assert b"silent" in await client.line()
        assert await client.is_closed()


async def test_a_session_that_is_cut_deletes_nothing_and_gives_the_lock_back() -> None:
    async with pop3_server(*MESSAGES) as server:
        async with line_client(server) as client:
            await client.log_in()
            assert (await client.ask(b"DELE 1")).startswith(b"+OK")
            client.stream.abort()
        await asyncio.sleep(0.05)
        async with line_client(server) as client:
            assert (await client.log_in()).startswith(b"+OK 3 messages")


async def test_a_client_is_told_when_the_server_goes_down_and_nothing_is_deleted() -> None:
    async with pop3_server(*MESSAGES) as server, line_client(server) as client:
        await client.log_in()
        await client.ask(b"DELE 1")
        await server.aclose(grace_s=0.05)
        assert (await client.line()).startswith(b"-ERR [SYS/TEMP]")
        with contextlib.suppress(ClosedError):
            assert await client.is_closed()


async def test_a_client_that_does_not_read_is_given_up_in_bounded_memory() -> None:
    limits = Limits(send_s=0.3)
    message = b"Subject: large\r\n\r\n" + b"x" * 76 + b"\r\n"
    async with (
        pop3_server(message + b"y" * 4_000_000, limits=limits) as server,
        line_client(server) as client,
    ):
        await client.log_in()
        client.stream.write(b"RETR 1\r\n" * 100)
        for _ in range(100):
            await asyncio.sleep(0.05)
            if not server.sessions.all():
                return
        pytest.fail("the session goes on though nobody reads its answers")


async def test_of_many_messages_asked_for_at_once_one_is_held(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    held: list[int] = []
    take = ServerConnection.take_output

    def take_output(machine: ServerConnection) -> list[Segment]:
        segments = take(machine)
        held.append(sum(len(segment.octets) for segment in segments))
        return segments

    monkeypatch.setattr(ServerConnection, "take_output", take_output)
    message = b"Subject: large\r\n\r\n" + b"x" * 100_000 + b"\r\n"
    async with pop3_server(message) as server, line_client(server) as client:
        await client.log_in()
        client.stream.write(b"RETR 1\r\n" * 50)
        for _ in range(50):
            await client.line()
            assert len(await client.lines()) == 3
    assert 100_000 < max(held) < 110_000


# --- STLS (RFC 2595 section 4) -------------------------------------------------------------------


async def test_stls_starts_tls_and_is_not_offered_again() -> None:
    async with pop3_server(*MESSAGES) as server, line_client(server) as client:
        await client.ask(b"CAPA")
        assert b"STLS" in await client.lines()
        assert (await client.ask(b"STLS")).startswith(b"+OK")
        await client.start_tls()
        await client.ask(b"CAPA")
        assert b"STLS" not in await client.lines()
        assert (await client.ask(b"STLS")).startswith(b"-ERR")
        assert (await client.log_in()).startswith(b"+OK")


async def test_stls_is_refused_inside_tls_after_the_login_and_where_there_is_none() -> None:
    async with pop3_server() as server:
        async with line_client(server, tls=True) as client:
            assert (await client.ask(b"STLS")).startswith(b"-ERR")
        async with line_client(server) as client:
            await client.log_in()
            assert (await client.ask(b"STLS")).startswith(b"-ERR")
    async with pop3_server(without=frozenset({"STLS"})) as server, line_client(server) as client:
        assert (await client.ask(b"STLS")).startswith(b"-ERR")


@pytest.mark.parametrize("behind", [b"USER alice\r\nPASS wonderland\r\nDELE 1\r\n", b"x"])
async def test_octets_in_the_clear_behind_stls_end_the_connection_without_an_answer(
    behind: bytes,
) -> None:
    async with pop3_server(*MESSAGES) as server:
        async with line_client(server) as client:
            client.stream.write(b"STLS\r\n" + behind)
            answer = b""
            with contextlib.suppress(ClosedError):
                answer = await client.line()
            assert answer == b""
        assert "PASS" not in server.context.transcript.text()


async def test_octets_in_the_clear_that_come_later_are_not_carried_out() -> None:
    async with pop3_server(*MESSAGES) as server:
        async with line_client(server) as client:
            assert (await client.ask(b"STLS")).startswith(b"+OK")
            client.stream.write(b"USER alice\r\nPASS wonderland\r\n")
            with pytest.raises((TlsError, NetError)):
                await client.start_tls()
        assert "PASS" not in server.context.transcript.text()


async def test_a_name_given_before_tls_is_forgotten() -> None:
    async with pop3_server() as server, line_client(server) as client:
        await client.ask(b"USER alice")
        await client.ask(b"STLS")
        await client.start_tls()
        assert (await client.ask(b"PASS wonderland")).startswith(b"-ERR")


# --- faults and transcript -----------------------------------------------------------------------


async def test_a_planned_reply_is_sent_instead() -> None:
    plan = [Fault(protocol="pop3", command="STAT", reply="-ERR [SYS/TEMP] planned")]
    async with pop3_server(*MESSAGES, plan=plan) as server, line_client(server) as client:
        await client.log_in()
        assert await client.ask(b"STAT") == b"-ERR [SYS/TEMP] planned"
        assert (await client.ask(b"STAT")).startswith(b"+OK 3 ")


async def test_a_planned_greeting_and_a_planned_cut() -> None:
    plan = [
        Fault(protocol="pop3", command="GREETING", reply="-ERR [SYS/TEMP] planned"),
        Fault(protocol="pop3", command="RETR", cut=40),
    ]
    async with pop3_server(*MESSAGES, plan=plan) as server:
        async with line_client(server, greeting=False) as client:
            assert await client.line() == b"-ERR [SYS/TEMP] planned"
            assert await client.is_closed()
        async with line_client(server) as client:
            await client.log_in()
            client.stream.write(b"RETR 1\r\n")
            received = b""
            while octets := await client.stream.read():
                received += octets
            assert len(received) == 40


async def test_a_hidden_capability_is_not_offered() -> None:
    plan = [Fault(protocol="pop3", command="GREETING", hide=("STLS", "APOP", "AUTH=PLAIN"))]
    async with pop3_server(plan=plan) as server, line_client(server, greeting=False) as client:
        assert b"<" not in await client.line()
        await client.ask(b"CAPA")
        lines = await client.lines()
        assert b"STLS" not in lines
        assert not any(line.startswith(b"SASL") and b"PLAIN" in line for line in lines)
        assert (await client.ask(b"APOP alice " + b"0" * 32)).startswith(b"-ERR")


async def test_the_transcript_has_both_sides_and_no_secret() -> None:
    async with pop3_server(*MESSAGES) as server:
        async with line_client(server) as client:
            await client.log_in()
            await client.ask(b"PASS hunter2")
            await client.ask(b"PAS hunter2")
            await client.ask(b"QUIT")
        text = server.context.transcript.text()
    assert "USER alice" in text
    assert "PASS <password>" in text
    assert "+OK 3 messages" in text
    assert "wonderland" not in text
    assert "hunter2" not in text
