"""Connections: what a password would be exposed to is known before a server hears anything."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import socket
import threading
import time
from typing import TYPE_CHECKING

import msgspec
import pytest

from desktopmail.door.commands import ServerSettings
from desktopmail.door.ids import AccountId
from desktopmail.door.interface import DoorError
from desktopmail.door.rows import Auth, Kind, Security
from desktopmail.engine import connector as connector_module
from desktopmail.engine.connector import Connector, endpoint_of
from desktopmail.engine.store.account import Account, Learned
from desktopmail.engine.transcripts import Transcripts
from desktopmail.net.endpoint import Security as NetSecurity
from desktopmail.net.errors import AuthenticationError, NetError, TlsError, UnreachableError
from desktopmail.net.ports import system_ports
from desktopmail.wire.secret import Secret
from localserver.local import LocalServer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from desktopmail.engine.trust import Side
    from desktopmail.net.imap import ImapClient
    from desktopmail.net.pop3 import Pop3Client
    from desktopmail.net.smtp import SmtpClient

PASSWORD = "correct horse battery"
ONE = AccountId(1)


class Given:
    """Gives one password, and counts who asked."""

    def __init__(self, password: str = PASSWORD) -> None:
        self.asked: list[str] = []
        self._password = password

    async def get(self, account_id: AccountId, side: str, server: ServerSettings) -> Secret:
        del account_id, server
        self.asked.append(side)
        return Secret(self._password)


class NoNetwork:
    """A dialer that must not be called."""

    async def dial(self, *_: object, **__: object) -> None:
        raise AssertionError("nothing may be dialled")


def connector(given: Given | None = None, *, dials: bool = True) -> Connector:
    ports = system_ports()
    if not dials:
        ports = dataclasses.replace(ports, dialer=NoNetwork())  # type: ignore[arg-type]
    return Connector(ports, given or Given(), Transcripts(ports.clock, 1_000_000))


def account(
    server: LocalServer | None, kind: Kind = Kind.IMAP, host: str = "localhost", **more: object
) -> Account:
    def settings(service: str) -> ServerSettings:
        secured = {"imap": "imaps", "pop3": "pop3s", "submission": "submissions"}
        if server is None:
            return ServerSettings(host=host, port=1, security=Security.NONE, **more)  # type: ignore[arg-type]
        if more.get("security") is Security.TLS:
            service = secured[service]
        return ServerSettings(
            host=host, port=server.ports[service], user="alice",
            **{"security": Security.NONE, **more},  # type: ignore[arg-type]
        )  # fmt: skip

    return Account(
        ONE, "work", "alice@localhost", "", kind, settings(kind.value), settings("submission"),
        False, Learned(),
    )  # fmt: skip


async def logged_in(found: Connector, one: Account, service: str) -> str:
    side: Side = "outgoing" if service == "smtp" else "incoming"
    secret = await found.secret(one, side)
    ways: dict[str, Callable[[Account], Awaitable[ImapClient | Pop3Client | SmtpClient]]] = {
        "imap": found.open_imap,
        "pop3": found.open_pop3,
        "smtp": found.open_smtp,
    }
    client = await ways[service](one)
    choice = await found.log_in(one, side, client, secret)
    await client.aclose()
    return str(getattr(choice, "mechanism", None))


SERVICES = ["imap", "pop3", "smtp"]


def kind_of(service: str) -> Kind:
    return Kind.POP3 if service == "pop3" else Kind.IMAP


@pytest.mark.parametrize("service", SERVICES)
async def test_beyond_this_machine_nothing_is_dialled_in_the_clear(service: str) -> None:
    given = Given()
    one = account(None, kind_of(service), host="mail.example.org")
    with pytest.raises(DoorError) as caught:
        await logged_in(connector(given, dials=False), one, service)
    assert caught.value.code == "cleartext"
    assert given.asked == []  # not even the password was looked up


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
async def test_inside_tls_the_proof_does_not_expose_the_password(
    service: str, security: Security
) -> None:
    with LocalServer({"alice": PASSWORD}) as server:
        one = account(server, kind_of(service), security=security, ca_file=str(server.ca_file))
        assert (await logged_in(connector(), one, service)).startswith("SCRAM")


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("auth", [Auth.AUTO, Auth.PLAIN, Auth.CRAM_MD5, Auth.SCRAM])
async def test_a_password_is_in_no_transcript_and_no_log(
    service: str, auth: Auth, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with LocalServer({"alice": PASSWORD}) as server:
        found = connector()
        one = account(server, kind_of(service), auth=auth)
        await logged_in(found, one, service)
        wrong = connector(Given("wrong horse battery"))
        with pytest.raises(AuthenticationError) as caught:
            await logged_in(wrong, one, service)
    import base64

    records = (*found.transcripts.read(None, 0).records, *wrong.transcripts.read(None, 0).records)
    said = b"".join(record.octets for record in records)
    assert said  # there is something to look through
    for word in (PASSWORD, "wrong horse battery"):
        encoded = base64.b64encode(f"\0alice\0{word}".encode())
        for form in (word.encode(), encoded, base64.b64encode(word.encode())):
            assert form not in said
            assert form.decode() not in caplog.text
            assert form.decode() not in str(caught.value)
    assert PASSWORD not in repr(found)


async def test_apop_proves_without_the_password() -> None:
    with LocalServer({"alice": PASSWORD}) as server:
        found = connector()
        assert "APOP" in await logged_in(found, account(server, Kind.POP3, auth=Auth.APOP), "pop3")


@pytest.mark.parametrize("service", SERVICES)
async def test_a_stripped_starttls_stops_before_the_password(service: str) -> None:
    with LocalServer({"alice": PASSWORD}, without=("STARTTLS", "STLS")) as server:
        found = connector()
        one = account(
            server, kind_of(service), security=Security.STARTTLS, ca_file=str(server.ca_file)
        )
        with pytest.raises(NetError):
            await logged_in(found, one, service)
        commands = " ".join(server.transcript.commands()).upper()
        assert not [word for word in ("AUTH", "LOGIN", "PASS", "APOP") if word in commands.split()]


@pytest.mark.parametrize("service", SERVICES)
async def test_a_certificate_of_nobody_stops_before_the_password(service: str) -> None:
    with LocalServer({"alice": PASSWORD}) as server:
        one = account(server, kind_of(service), security=Security.TLS)  # without its authority
        with pytest.raises(NetError) as caught:
            await logged_in(connector(), one, service)
        assert server.transcript.commands() == []
        assert caught.value.remedy


@pytest.mark.parametrize("service", SERVICES)
async def test_a_refused_login_leaves_no_connection_open(service: str) -> None:
    # The fixture that looks for what is left running fails this test, if one is.
    with LocalServer({"alice": PASSWORD}) as server, pytest.raises(AuthenticationError):
        await logged_in(connector(Given("wrong")), account(server, kind_of(service)), service)


async def test_a_server_that_is_not_there_is_one_sentence() -> None:
    with pytest.raises(UnreachableError) as caught:
        await logged_in(connector(), account(None), "imap")
    assert "localhost" in caught.value.sentence


def test_pins_authorities_and_domains_reach_the_network_floor() -> None:
    settings = ServerSettings(
        host="mail.example.org",
        port=993,
        security=Security.TLS,
        ca_file="/ca.pem",
        pins=("ab" * 32,),
    )
    one = dataclasses.replace(account(None), address="ann@example.org", incoming=settings)
    endpoint = endpoint_of(one, "incoming")
    assert (endpoint.host, endpoint.port, endpoint.security) == (
        "mail.example.org", 993, NetSecurity.TLS,
    )  # fmt: skip
    assert endpoint.pins == (b"\xab" * 32,)
    assert endpoint.domains == ("example.org",)
    assert str(endpoint.ca_file) == "/ca.pem"


@pytest.mark.parametrize(
    ("kind", "side", "security", "service"),
    [
        (Kind.IMAP, "incoming", Security.TLS, "imaps"),
        (Kind.IMAP, "incoming", Security.STARTTLS, "imap"),
        (Kind.POP3, "incoming", Security.TLS, "pop3s"),
        (Kind.POP3, "incoming", Security.STARTTLS, "pop3"),
        (Kind.IMAP, "outgoing", Security.TLS, "submissions"),
        (Kind.POP3, "outgoing", Security.STARTTLS, "submission"),
    ],
)
def test_a_certificate_may_name_the_service_of_the_domain(
    kind: Kind, side: Side, security: Security, service: str
) -> None:
    settings = ServerSettings(host="mail.example.org", port=993, security=security)
    one = dataclasses.replace(account(None), kind=kind, incoming=settings, outgoing=settings)
    assert endpoint_of(one, side).services == (service,)


@pytest.mark.parametrize("service", ["imap", "pop3", "smtp"])
@pytest.mark.parametrize("security", [Security.NONE, Security.STARTTLS])
async def test_a_port_that_speaks_tls_is_named_within_seconds(
    service: str, security: Security, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connector_module, "GREETING_S", 0.5)
    with LocalServer({"alice": PASSWORD}) as server:
        name = {"imap": "imaps", "pop3": "pop3s", "smtp": "submissions"}[service]
        settings = ServerSettings(
            host="localhost", port=server.ports[name], security=security, user="alice"
        )
        one = dataclasses.replace(
            account(server), kind=kind_of(service), incoming=settings, outgoing=settings
        )
        with pytest.raises(TlsError) as caught:
            await logged_in(connector(), one, service)
        assert caught.value.code == "tls-port"
        assert "speaks TLS from the first octet" in caught.value.sentence


async def test_a_server_that_is_slow_to_greet_is_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connector_module, "GREETING_S", 0.2)
    with LocalServer({"alice": PASSWORD}) as server, socket.create_server(("127.0.0.1", 0)) as late:

        def relay() -> None:
            """Let each client wait for longer than is patient, and then reach the server."""
            with contextlib.suppress(OSError):  # the test is over
                while True:
                    client, _ = late.accept()
                    threads.append(threading.Thread(target=serve, args=(client, port)))
                    threads[-1].start()

        port, threads = server.ports["imap"], [threading.Thread(target=relay)]
        threads[0].start()
        one = account(server)
        slow = msgspec.structs.replace(one.incoming, port=late.getsockname()[1])
        assert await logged_in(connector(), dataclasses.replace(one, incoming=slow), "imap")
        late.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            await connector().ports.executor.run(thread.join)


def serve(client: socket.socket, port: int) -> None:
    time.sleep(0.5)
    with client, socket.create_connection(("127.0.0.1", port)) as behind:
        back = threading.Thread(target=pump, args=(behind, client))
        back.start()
        pump(client, behind)
        back.join()


def pump(one: socket.socket, other: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while octets := one.recv(65536):
            other.sendall(octets)
    with contextlib.suppress(OSError):
        other.shutdown(socket.SHUT_RDWR)
