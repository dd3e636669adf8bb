"""LANG of the bundled server (RFC 6856 section 3)."""

from __future__ import annotations

from tests.helpers.pop3_server import line_client, pop3_server


async def test_the_one_language_is_listed_and_can_be_chosen() -> None:
    async with pop3_server() as server, line_client(server) as client:
        assert (await client.ask(b"LANG")).startswith(b"+OK")
        assert await client.lines() == [b"en English"]
        assert (await client.ask(b"LANG en")).startswith(b"+OK en ")
        assert (await client.ask(b"LANG *")).startswith(b"+OK en ")
        assert (await client.ask(b"LANG MUL")).startswith(b"-ERR")
        assert (await client.ask(b"LANG d_e")).startswith(b"-ERR")


async def test_it_is_there_in_both_states_and_utf8_only_before_the_login() -> None:
    async with pop3_server() as server, line_client(server) as client:
        assert (await client.ask(b"UTF8")).startswith(b"+OK")
        assert (await client.ask(b"STLS")).startswith(b"-ERR"), "RFC 6856 section 2.1"
        await client.log_in()
        assert (await client.ask(b"LANG en")).startswith(b"+OK en ")
        assert (await client.ask(b"UTF8")).startswith(b"-ERR")
