"""imaplib with our server: in clear, by TLS and by STARTTLS, with each mechanism."""

from __future__ import annotations

import imaplib
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from localserver.local import LocalServer
from tests.helpers.corpora import messages, needed

if TYPE_CHECKING:
    from collections.abc import Iterator

PLAIN = b"From: a@example.org\r\nSubject: hi\r\n\r\nbody\r\n"


@pytest.fixture(scope="module")
def server() -> Iterator[LocalServer]:
    with LocalServer({"alice": "secret"}) as server:
        yield server


@contextmanager
def connected(server: LocalServer, security: str) -> Iterator[imaplib.IMAP4]:
    if security == "tls":
        client: imaplib.IMAP4 = imaplib.IMAP4_SSL(
            "localhost", server.ports["imaps"], ssl_context=server.ssl_context
        )
    else:
        client = imaplib.IMAP4("localhost", server.ports["imap"])
    if security == "starttls":
        client.starttls(server.ssl_context)
    try:
        yield client
    finally:
        client.logout()


@pytest.mark.parametrize("security", ["none", "tls", "starttls"])
@pytest.mark.parametrize("mechanism", ["LOGIN", "CRAM-MD5", "PLAIN"])
def test_login_append_fetch_and_expunge(server: LocalServer, security: str, mechanism: str) -> None:
    with connected(server, security) as client:
        if mechanism == "LOGIN":
            client.login("alice", "secret")
        elif mechanism == "CRAM-MD5":
            client.login_cram_md5("alice", "secret")
        else:
            client.authenticate("PLAIN", lambda _: b"\0alice\0secret")
        assert client.append("INBOX", r"(\Seen)", None, PLAIN)[0] == "OK"
        assert client.select()[0] == "OK"
        status, data = client.fetch("*", "(FLAGS BODY[])")
        assert status == "OK"
        assert isinstance(data[0], tuple)
        assert data[0][1] == PLAIN
        assert client.search(None, "SUBJECT", "hi")[1][0].split()
        client.store("1:*", "+FLAGS", r"\Deleted")
        client.expunge()
        assert client.search(None, "ALL")[1] == [b""]


@needed
def test_the_corpora_go_in_and_come_out_octet_for_octet(server: LocalServer) -> None:
    with connected(server, "tls") as client:
        client.login("alice", "secret")
        client.create("Corpora")
        sent = []
        for message in messages():
            if b"\0" in message.octets or not message.octets:
                continue  # imaplib knows no literal8
            # imaplib turns every line end into CRLF.
            octets = imaplib.MapCRLF.sub(imaplib.CRLF, message.octets)
            assert client.append("Corpora", "", None, octets)[0] == "OK", message.name
            sent.append(octets)
        assert len(sent) > 200
        client.select("Corpora", readonly=True)
        _, data = client.uid("FETCH", "1:*", "(BODY.PEEK[] ENVELOPE BODYSTRUCTURE)")
        came = [part[1] for part in data if isinstance(part, tuple) and b"BODY[]" in part[0]]
        assert came == sent


def test_append_does_not_wait_for_a_delayed_acknowledgement(server: LocalServer) -> None:
    with connected(server, "none") as client:
        client.login("alice", "secret")
        begun = time.monotonic()
        for _ in range(20):
            client.append("Trash", "", None, PLAIN)
        # With Nagle and delayed ACK each takes 40 ms at least.
        assert time.monotonic() - begun < 20 * 0.035
