"""Logging in to the bundled server: USER and PASS, APOP, AUTH."""

from __future__ import annotations

import base64

import pytest

from desktopmail.net.endpoint import Endpoint, Security
from desktopmail.net.errors import AuthenticationError
from desktopmail.net.pop3 import Pop3Client
from desktopmail.net.ports import system_ports
from desktopmail.wire.pop3.apop import apop_digest, find_timestamp
from desktopmail.wire.secret import Secret
from localserver.config import Config, Limits
from tests.helpers.pop3_server import line_client, pop3_server

MECHANISMS = ["SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN", "apop", "user"]


@pytest.mark.parametrize("security", list(Security))
@pytest.mark.parametrize("auth", MECHANISMS)
async def test_each_way_works_with_each_security(security: Security, auth: str) -> None:
    async with pop3_server() as server:
        port = server.ports["pop3s" if security is Security.TLS else "pop3"]
        for name in ("alice", "alice@localhost"):
            client = await Pop3Client.connect(
                Endpoint("localhost", port, security, ca_file=server.ca_file), ports=system_ports()
            )
            choice = await client.login(name, Secret("wonderland"), auth)
            assert choice.mechanism == auth.upper()
            await client.quit()


async def test_inside_tls_the_best_way_is_bound_to_the_connection() -> None:
    async with pop3_server() as server:
        endpoint = Endpoint("localhost", server.ports["pop3s"], ca_file=server.ca_file)
        client = await Pop3Client.connect(endpoint, ports=system_ports())
        choice = await client.login("alice", Secret("wonderland"))
        assert choice.mechanism == "SCRAM-SHA-256-PLUS"
        await client.quit()


@pytest.mark.parametrize("auth", [*MECHANISMS, "auto"])
@pytest.mark.parametrize("user", ["alice", "nobody"])
async def test_a_wrong_password_is_refused_the_same_for_everybody(auth: str, user: str) -> None:
    async with pop3_server() as server:
        endpoint = Endpoint("localhost", server.ports["pop3"], Security.NONE)
        client = await Pop3Client.connect(endpoint, ports=system_ports())
        with pytest.raises(AuthenticationError) as caught:
            await client.login(user, Secret("wrong"), auth)
        assert caught.value.code == "credentials"
        await client.aclose()


async def test_apop_by_hand() -> None:
    async with pop3_server() as server, line_client(server, greeting=False) as client:
        timestamp = find_timestamp(await client.line())
        assert timestamp is not None
        digest = apop_digest(timestamp, b"wonderland").encode()
        assert (await client.ask(b"APOP alice " + digest)).startswith(b"+OK")


async def test_too_many_wrong_passwords_end_the_session() -> None:
    async with pop3_server(limits=Limits(failures=3)) as server, line_client(server) as client:
        for _ in range(3):
            assert (await client.log_in(password=b"wrong")).startswith(b"-ERR [AUTH]")
        assert b"goodbye" in await client.line()
        assert await client.is_closed()


@pytest.mark.parametrize("response", [b"*", b"not base64!", b"AAAA"])
async def test_exchanges_that_come_to_nothing_end_the_session_too(response: bytes) -> None:
    async with pop3_server(limits=Limits(failures=2)) as server, line_client(server) as client:
        for _ in range(2):
            assert await client.ask(b"AUTH PLAIN") == b"+ "
            assert (await client.ask(response)).startswith(b"-ERR")
        assert b"goodbye" in await client.line()
        assert await client.is_closed()


async def test_user_says_nothing_about_who_exists() -> None:
    async with pop3_server() as server, line_client(server) as client:
        assert await client.ask(b"USER alice") == await client.ask(b"USER nobody-at-all")


async def test_a_cancelled_or_broken_exchange_leaves_the_session_usable() -> None:
    async with pop3_server() as server, line_client(server) as client:
        assert await client.ask(b"AUTH CRAM-MD5") != b""
        assert (await client.ask(b"*")).startswith(b"-ERR")
        assert await client.ask(b"AUTH PLAIN") == b"+ "
        assert (await client.ask(b"not base64!")).startswith(b"-ERR")
        assert (await client.ask(b"AUTH GSSAPI")).startswith(b"-ERR")
        assert (await client.log_in()).startswith(b"+OK")


async def test_an_empty_line_is_an_empty_response() -> None:
    async with pop3_server() as server, line_client(server) as client:
        await client.ask(b"AUTH PLAIN")
        assert (await client.ask(b"")).startswith(b"-ERR")


async def test_acting_as_somebody_else_is_refused() -> None:
    async with pop3_server() as server, line_client(server) as client:
        response = base64.b64encode(b"bob\0alice\0wonderland")
        assert (await client.ask(b"AUTH PLAIN " + response)).startswith(b"-ERR [AUTH]")
        response = base64.b64encode(b"alice@localhost\0alice\0wonderland")
        assert (await client.ask(b"AUTH PLAIN " + response)).startswith(b"+OK")


async def test_auth_alone_lists_the_mechanisms() -> None:
    async with pop3_server() as server, line_client(server) as client:
        assert (await client.ask(b"AUTH")).startswith(b"+OK")
        assert b"SCRAM-SHA-256" in await client.lines()


async def test_no_password_is_taken_in_the_clear_away_from_loopback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Config, "login_allowed", lambda _self, *, tls, peer: tls and bool(peer))
    async with pop3_server() as server:
        async with line_client(server) as client:
            await client.ask(b"CAPA")
            lines = await client.lines()
            assert b"USER" not in lines
            assert not any(b" PLAIN" in line or b" LOGIN" in line for line in lines)
            assert b"STLS" in (await client.ask(b"USER alice"))
            response = base64.b64encode(b"\0alice\0wonderland")
            assert (await client.ask(b"AUTH PLAIN " + response)).startswith(b"-ERR")
        async with line_client(server, tls=True) as client:
            assert (await client.log_in()).startswith(b"+OK")
