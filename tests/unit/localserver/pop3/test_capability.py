"""CAPA of the bundled server (RFC 2449 section 5)."""

from __future__ import annotations

from tests.helpers.pop3_server import line_client, pop3_server


async def test_everything_is_announced_and_the_same_after_the_login() -> None:
    async with pop3_server() as server, line_client(server) as client:
        assert (await client.ask(b"CAPA")).startswith(b"+OK")
        before = await client.lines()
        for tag in (
            b"TOP", b"UIDL", b"USER", b"RESP-CODES", b"AUTH-RESP-CODE", b"PIPELINING",
            b"EXPIRE NEVER", b"UTF8 USER", b"LANG", b"STLS", b"IMPLEMENTATION localserver",
        ):  # fmt: skip
            assert tag in before
        assert any(line.startswith(b"SASL ") for line in before)
        await client.log_in()
        await client.ask(b"CAPA")
        assert await client.lines() == before


async def test_plus_is_announced_inside_tls_only() -> None:
    async with pop3_server() as server:
        async with line_client(server) as client:
            await client.ask(b"CAPA")
            assert not any(b"-PLUS" in line for line in await client.lines())
        async with line_client(server, tls=True) as client:
            await client.ask(b"CAPA")
            assert any(b"SCRAM-SHA-256-PLUS" in line for line in await client.lines())


async def test_what_is_switched_off_is_not_announced() -> None:
    off = frozenset({"PIPELINING", "USER", "AUTH=PLAIN", "APOP"})
    async with pop3_server(without=off) as server, line_client(server) as client:
        await client.ask(b"CAPA")
        lines = await client.lines()
        assert b"PIPELINING" not in lines
        assert b"USER" not in lines
        assert not any(b" PLAIN" in line for line in lines)
        assert (await client.ask(b"USER alice")).startswith(b"-ERR")
        assert (await client.ask(b"AUTH PLAIN")).startswith(b"-ERR")


async def test_a_server_older_than_capabilities_does_not_know_the_command() -> None:
    async with pop3_server(without=frozenset({"CAPA"})) as server, line_client(server) as client:
        assert (await client.ask(b"CAPA")).startswith(b"-ERR")
