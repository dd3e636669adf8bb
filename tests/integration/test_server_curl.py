"""curl with our server: IMAP by every security and mechanism that it has."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from localserver.local import LocalServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.peer("curl")
PLAIN = b"From: a@example.org\r\nSubject: hi\r\n\r\nbody\r\n"


@pytest.fixture(scope="module")
def server() -> Iterator[LocalServer]:
    with LocalServer({"alice": "secret"}) as server:
        server.deliver("alice", PLAIN)
        yield server


def curl(server: LocalServer, url: str, *arguments: str) -> bytes:
    done = subprocess.run(
        ["curl", "--silent", "--show-error", "--max-time", "20", "--cacert", str(server.ca_file),
         "--user", "alice:secret", *arguments, url],
        capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("security", ["none", "tls", "starttls"])
@pytest.mark.parametrize(
    "mechanism", ["*", "PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256"]
)
def test_a_message_is_fetched(server: LocalServer, security: str, mechanism: str) -> None:
    if mechanism.startswith("SCRAM"):
        version = subprocess.run(["curl", "--version"], capture_output=True, check=True).stdout
        if b"gsasl" not in version.lower():
            pytest.skip("this curl was built without SCRAM (no gsasl)")
    scheme = "imaps" if security == "tls" else "imap"
    arguments = ["--ssl-reqd"] if security == "starttls" else []
    if mechanism != "*":
        arguments += ["--login-options", f"AUTH={mechanism}"]
    port = server.ports[scheme]
    url = f"{scheme}://localhost:{port}/INBOX;MAILINDEX=1"
    assert curl(server, url, *arguments) == PLAIN


def test_a_message_is_uploaded_and_searched(server: LocalServer, tmp_path: Path) -> None:
    path = tmp_path / "mail.eml"
    path.write_bytes(PLAIN.replace(b"hi", b"uploaded"))
    base = f"imaps://localhost:{server.ports['imaps']}/Archive"
    curl(server, base, "--upload-file", str(path))
    assert curl(server, base + "?SUBJECT%20uploaded") == b"* SEARCH 1\r\n"
    assert b'"/" Archive' in curl(server, f"imaps://localhost:{server.ports['imaps']}/")
