"""STARTTLS, and what an attacker puts behind it."""

from __future__ import annotations

import ssl

import pytest

from desktopmail.net.errors import TlsError
from desktopmail.net.tls import ClientTls
from localserver.faults import Fault
from localserver.local import LocalServer
from tests.helpers.imap_dialogue import connected


async def test_after_the_handshake_scram_plus_is_offered_and_starttls_is_not() -> None:
    async with LocalServer({"alice": "secret"}) as server, connected(server) as dialogue:
        assert (await dialogue.run("STARTTLS"))[-1].startswith("OK")
        await dialogue.stream.start_tls(ClientTls("localhost", ca_file=server.ca_file))
        names = (await dialogue.run("CAPABILITY"))[0].split()
        assert "AUTH=SCRAM-SHA-256-PLUS" in names
        assert "STARTTLS" not in names
        assert (await dialogue.run("STARTTLS"))[-1].startswith("BAD")


async def test_a_command_in_the_clear_behind_starttls_ends_the_connection() -> None:
    async with LocalServer({"alice": "secret"}) as server, connected(server) as dialogue:
        await dialogue.send(b"a STARTTLS\r\nb LOGIN alice secret\r\n")
        lines = []
        while True:
            try:
                lines.append(await dialogue.line())
            except ConnectionError:
                break
        assert not [line for line in lines if line.startswith(b"b OK")]


async def test_starttls_that_is_stripped_is_neither_offered_nor_done() -> None:
    plan = [Fault(protocol="imap", command="GREETING", hide=("STARTTLS",))]
    async with LocalServer({"alice": "s"}, plan=plan) as server, connected(server) as dialogue:
        assert "STARTTLS" not in (await dialogue.run("CAPABILITY"))[0]
        assert (await dialogue.run("STARTTLS"))[-1].startswith("BAD")


async def test_a_wrong_certificate_is_refused_by_the_client() -> None:
    plan = [Fault(protocol="imap", command="STARTTLS", certificate="wrong")]
    async with LocalServer({"alice": "s"}, plan=plan) as server, connected(server) as dialogue:
        await dialogue.run("STARTTLS")
        with pytest.raises(TlsError):
            await dialogue.stream.start_tls(ClientTls("localhost", ca_file=server.ca_file))


async def test_the_certificate_satisfies_the_standard_library() -> None:
    async with LocalServer({"alice": "secret"}) as server:
        context = server.ssl_context
        assert context.verify_mode is ssl.CERT_REQUIRED
        assert context.check_hostname
