from __future__ import annotations

import pytest

from desktopmail.net.errors import (
    AuthenticationError,
    ProtocolViolationError,
)
from desktopmail.net.ports import SystemClock
from desktopmail.net.transcript import MemoryRecorder
from desktopmail.wire.sasl.policy import Exposure
from desktopmail.wire.secret import Secret
from desktopmail.wire.smtp.auth import Auth, AuthResponse
from desktopmail.wire.smtp.reply import Reply, reply
from tests.helpers.smtp_server import FULL, FakeServer, client_of


async def test_it_logs_in_and_says_what_that_exposed() -> None:
    server = FakeServer(keywords={**FULL, "AUTH": ("LOGIN", "PLAIN")})
    clock = SystemClock()
    recorder = MemoryRecorder(clock)
    client = await client_of(server, recorder=recorder)
    choice = await client.login("tim", Secret("tanstaaf"))
    assert (choice.mechanism, choice.exposure) == ("PLAIN", Exposure.CLEAR)
    assert server.events[-1] == Auth("PLAIN", b"\0tim\0tanstaaf")
    assert "C: AUTH PLAIN <PLAIN response>" in recorder.text()
    assert "tanstaaf" not in recorder.text()
    assert "AHRpbQ" not in recorder.text()
    await client.quit()


async def test_a_password_is_not_sent_readably_against_the_users_will() -> None:
    server = FakeServer(keywords={**FULL, "AUTH": ("LOGIN", "PLAIN")})
    client = await client_of(server)
    with pytest.raises(AuthenticationError, match="clear text") as caught:
        await client.login("tim", Secret("tanstaaf"), allow_clear=False)
    assert caught.value.code == "no-mechanism"
    assert server.count(Auth) == 0
    await client.aclose()


async def test_a_wrong_password_is_tried_once() -> None:
    def answer(event: object) -> Reply | None:
        return reply(535, "no such luck", "5.7.8") if isinstance(event, Auth) else None

    server = FakeServer(keywords={**FULL, "AUTH": ("LOGIN", "PLAIN")}, answer=answer)
    client = await client_of(server)
    with pytest.raises(AuthenticationError, match="no such luck") as caught:
        await client.login("tim", Secret("wrong"))
    assert caught.value.code == "credentials"
    assert "wrong" not in str(caught.value)
    assert server.count(Auth) == 1
    await client.aclose()


async def test_a_server_that_cannot_check_now_is_told_from_a_wrong_password() -> None:
    def answer(event: object) -> Reply | None:
        return reply(454, "database down", "4.7.0") if isinstance(event, Auth) else None

    server = FakeServer(keywords={**FULL, "AUTH": ("PLAIN",)}, answer=answer)
    client = await client_of(server)
    with pytest.raises(AuthenticationError) as caught:
        await client.login("tim", Secret("x"))
    assert caught.value.code == "temporary"
    await client.aclose()


async def test_a_mechanism_that_is_not_available_leads_to_the_next() -> None:
    def answer(event: object) -> Reply | None:
        refused = isinstance(event, Auth) and event.mechanism == "PLAIN"
        return reply(504, "not today", "5.5.4") if refused else None

    server = FakeServer(keywords={**FULL, "AUTH": ("LOGIN", "PLAIN")}, answer=answer)
    # LOGIN has two challenges; the fake server is content after the first: its own fault.
    client = await client_of(server)
    with pytest.raises(ProtocolViolationError, match="before it had the password"):
        await client.login("tim", Secret("x"))
    assert [e for e in server.events if isinstance(e, AuthResponse)] == [AuthResponse(b"tim")]


async def test_a_challenge_that_is_no_base64_is_the_servers_fault() -> None:
    def answer(event: object) -> Reply | None:
        return reply(334, "!!") if isinstance(event, Auth) else None

    client = await client_of(FakeServer(keywords={**FULL, "AUTH": ("PLAIN",)}, answer=answer))
    with pytest.raises(ProtocolViolationError, match="base64"):
        await client.login("tim", Secret("x"))


async def test_a_long_token_goes_behind_an_empty_challenge() -> None:
    server = FakeServer(keywords={**FULL, "AUTH": ("XOAUTH2",)})
    client = await client_of(server)
    token = "t" * 9187
    await client.login("tim", Secret(token), "oauth")
    assert server.events[-2] == Auth("XOAUTH2")
    assert isinstance(server.events[-1], AuthResponse)
    await client.quit()
