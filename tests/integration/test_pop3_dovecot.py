"""Our POP3 client against Debian's Dovecot."""

from __future__ import annotations

import os
import pwd
from typing import TYPE_CHECKING

import pytest

from desktopmail.net.endpoint import Endpoint, Security
from desktopmail.net.errors import AuthenticationError, RefusedError, TlsError
from desktopmail.net.pop3 import Pop3Client
from desktopmail.net.ports import system_ports
from desktopmail.net.transcript import MemoryRecorder
from desktopmail.wire.secret import Secret
from tests.helpers.corpora import messages
from tests.helpers.dovecot import Dovecot, running_dovecot

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.peer("dovecot"), pytest.mark.xdist_group("dovecot-pop3")]

PASSWORD = "wonder land"  # a space: PASS takes everything behind its own
GENERATED = [
    b"Subject: %d\n\n.dot\n..\n\nFrom me\n%s" % (number, b"x" * 70 + b"\n") for number in range(60)
]


def stored() -> list[bytes]:
    """Messages as Dovecot keeps them: with LF; it replaces NUL and takes a bare CR for an octet."""
    found = [each.octets.replace(b"\r\n", b"\n") for each in messages()]
    return GENERATED + [octets for octets in found if b"\0" not in octets and b"\r" not in octets]


def as_sent(octets: bytes) -> bytes:
    sent = octets.replace(b"\n", b"\r\n")
    return sent if sent.endswith(b"\r\n") else sent + b"\r\n"


def fill(server: Dovecot, user: str, mails: list[bytes]) -> None:
    owner = pwd.getpwnam("nobody")
    new = server.home(user) / "Maildir" / "new"
    for folder in ("new", "cur", "tmp"):
        (new.parent / folder).mkdir(parents=True)
    for number, octets in enumerate(mails):
        (new / f"{1700000000 + number}.M{number:06d}P1.test").write_bytes(octets)
    for path in [server.home(user), new.parent, *new.parent.iterdir(), *new.iterdir()]:
        os.chown(path, owner.pw_uid, owner.pw_gid)


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    with running_dovecot(
        {"alice": PASSWORD, "bob": PASSWORD, "carol": PASSWORD},
        mechanisms="plain login cram-md5 scram-sha-1 scram-sha-256 apop",
    ) as dovecot:
        fill(dovecot, "alice", stored())
        fill(dovecot, "bob", GENERATED)
        fill(dovecot, "carol", [])
        yield dovecot


def endpoint(server: Dovecot, security: Security) -> Endpoint:
    port = server.pop3s if security is Security.TLS else server.pop3
    return Endpoint("localhost", port, security, ca_file=server.ca_file)


async def log_in(
    server: Dovecot,
    user: str = "alice",
    *,
    security: Security = Security.STARTTLS,
    auth: str = "auto",
) -> Pop3Client:
    client = await Pop3Client.connect(endpoint(server, security), ports=system_ports())
    await client.login(user, Secret(PASSWORD), auth)
    return client


@pytest.mark.parametrize("security", list(Security))
@pytest.mark.parametrize(
    "auth", ["auto", "apop", "user", "PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256"]
)
async def test_each_way_logs_in_with_each_security(
    server: Dovecot, security: Security, auth: str
) -> None:
    client = await Pop3Client.connect(endpoint(server, security), ports=system_ports())
    choice = await client.login("carol", Secret(PASSWORD), auth)
    assert auth == "auto" or choice.mechanism == auth.upper()
    assert (await client.stat()).count == 0
    await client.quit()


async def test_every_message_comes_octet_for_octet_and_pipelined(server: Dovecot) -> None:
    client = await log_in(server)
    mails = stored()
    assert "PIPELINING" in client.capabilities
    assert (await client.stat()).count == len(mails)
    sizes, uidls = await client.listing_and_uidl()
    assert len(set(uidls.values())) == len(sizes) == len(mails)
    async for number, octets in client.retr_many(range(1, len(mails) + 1)):
        assert octets == as_sent(mails[number - 1]), f"message {number}"
    await client.quit()


async def test_the_header_alone_comes_by_top(server: Dovecot) -> None:
    client = await log_in(server)
    async for number, octets in client.top_many(range(1, 61)):
        assert octets == b"Subject: %d\r\n\r\n" % (number - 1)
    assert await client.top(1, 2) == b"Subject: 0\r\n\r\n.dot\r\n..\r\n"
    await client.quit()


async def test_messages_go_when_the_session_is_quit_and_not_when_it_is_cut(server: Dovecot) -> None:
    client = await log_in(server, "bob")
    before = await client.uidl()
    assert await client.dele_many([1, 2]) == {}
    client.stream.abort()
    client = await log_in(server, "bob")
    assert await client.uidl() == before
    refused = await client.dele_many([1, 3, 3, 999])
    assert set(refused) == {3, 999}
    await client.quit()
    client = await log_in(server, "bob")
    assert set((await client.uidl()).values()) == {
        uid for number, uid in before.items() if number not in {1, 3}
    }
    await client.quit()


async def test_a_message_that_is_not_there_is_refused(server: Dovecot) -> None:
    client = await log_in(server)
    with pytest.raises(RefusedError):
        await client.top(99_999)
    await client.noop()
    await client.quit()


async def test_a_wrong_password_is_refused_with_its_code(server: Dovecot) -> None:
    client = await Pop3Client.connect(endpoint(server, Security.TLS), ports=system_ports())
    with pytest.raises(AuthenticationError) as caught:
        await client.login("alice", Secret("wrong"))
    assert caught.value.code == "credentials"
    await client.aclose()


async def test_a_foreign_certificate_is_refused_and_can_be_looked_at(server: Dovecot) -> None:
    untrusting = Endpoint("localhost", server.pop3, Security.STARTTLS)
    with pytest.raises(TlsError) as caught:
        await Pop3Client.connect(untrusting, ports=system_ports())
    assert caught.value.code == "tls-certificate"
    looking = Endpoint("localhost", server.pop3, Security.STARTTLS, inspect=True)
    with pytest.raises(TlsError) as seen:
        await Pop3Client.connect(looking, ports=system_ports())
    assert seen.value.certificate is not None


async def test_no_secret_stands_in_the_transcript(server: Dovecot) -> None:
    for auth in ("user", "PLAIN", "LOGIN", "CRAM-MD5", "apop"):
        ports = system_ports()
        recorder = MemoryRecorder(ports.clock)
        client = await Pop3Client.connect(
            endpoint(server, Security.NONE), ports=ports, recorder=recorder
        )
        await client.login("carol", Secret(PASSWORD), auth)
        await client.quit()
        text = recorder.text()
        assert PASSWORD not in text
        assert "d29uZGVyIGxhbmQ" not in text, "the password in base64"
        assert "QUIT" in text
