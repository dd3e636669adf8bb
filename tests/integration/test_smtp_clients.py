"""Foreign clients against our submission: in clear, by STARTTLS and by TLS, with each mechanism."""

from __future__ import annotations

import asyncio
import smtplib
import subprocess
from typing import TYPE_CHECKING

import aiosmtplib
import pytest

from localserver.local import LocalServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PASSWORD = "correct horse, battery"
MESSAGE = (
    "From: alice@localhost\r\nTo: bob@localhost\r\nSubject: {}\r\n"
    "Date: Mon, 23 Nov 2026 06:00:00 +0000\r\nMessage-ID: <{}@localhost>\r\n"
    "\r\n.dot\r\n..two dots\r\n\r\n.\r\nend\r\n"
)
BODY = b"\r\n\r\n.dot\r\n..two dots\r\n\r\n.\r\nend\r\n"
WAYS = ["clear", "starttls", "tls"]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server() -> Iterator[LocalServer]:
    with LocalServer(users={"alice": PASSWORD, "bob": PASSWORD}) as running:
        yield running


def port(server: LocalServer, way: str) -> int:
    return server.ports["submissions" if way == "tls" else "submission"]


def message(*words: str) -> str:
    subject = "-".join(words)
    return MESSAGE.format(subject, subject)


def arrived(server: LocalServer, *words: str) -> bytes:
    """The message as bob got it; that its body is what was sent is asserted."""
    found = server.wait_for(to="bob", subject="-".join(words), timeout_s=20)
    # swaks ends every message with one more empty line.
    assert found.octets.rstrip(b"\r\n").endswith(BODY.rstrip(b"\r\n")), found.octets
    return found.octets


def run(*command: str, text: str = "") -> None:
    done = subprocess.run(
        command, input=text.encode(), capture_output=True, timeout=30, check=False
    )
    said = done.stdout.decode() + done.stderr.decode()
    if "requires Net::SSLeay" in said or "requires Digest::HMAC" in said:
        pytest.skip(f"this swaks lacks a module: {said.strip()}")
    assert done.returncode == 0, (command, said)


@pytest.mark.peer("swaks")
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_swaks(server: LocalServer, way: str, mechanism: str) -> None:
    tls = {"clear": [], "starttls": ["--tls"], "tls": ["--tls-on-connect"]}[way]
    verify = ["--tls-verify", "--tls-ca-path", str(server.ca_file)] if tls else []
    words = ("swaks", way, mechanism)
    run(
        "swaks", "--server", f"localhost:{port(server, way)}", "--from", "alice@localhost",
        "--to", "bob@localhost", "--auth", mechanism, "--auth-user", "alice",
        "--auth-password", PASSWORD, *tls, *verify, "--pipeline" if way == "clear" else "--silent",
        "--data", "-", text=message(*words),
    )  # fmt: skip
    received = arrived(server, *words)
    wanted = b"with ESMTPA" if way == "clear" else b"with ESMTPSA"
    assert wanted in received


@pytest.mark.peer("msmtp")
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "mechanism", ["plain", "login", "cram-md5", "scram-sha-1", "scram-sha-256"]
)
def test_msmtp(server: LocalServer, way: str, mechanism: str, tmp_path: Path) -> None:
    config = tmp_path / "msmtprc"
    config.write_text(
        f"account default\nhost localhost\nport {port(server, way)}\nfrom alice@localhost\n"
        f"auth {mechanism}\nuser alice\npassword {PASSWORD}\n"
        f"tls {'off' if way == 'clear' else 'on'}\n"
        f"tls_starttls {'on' if way == 'starttls' else 'off'}\n"
        f"tls_trust_file {server.ca_file}\n"
    )
    config.chmod(0o600)
    words = ("msmtp", way, mechanism)
    done = subprocess.run(
        ["msmtp", "-C", str(config), "bob@localhost"],
        input=message(*words).encode(), capture_output=True, timeout=30, check=False,
    )  # fmt: skip
    said = done.stderr.decode()
    if "authentication method" in said.lower() and "not supported" in said.lower():
        pytest.skip(f"this msmtp has no {mechanism}")
    assert done.returncode == 0, said
    arrived(server, *words)


@pytest.mark.peer("curl")
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_curl(server: LocalServer, way: str, mechanism: str) -> None:
    scheme = "smtps" if way == "tls" else "smtp"
    reqd = ["--ssl-reqd"] if way == "starttls" else []
    words = ("curl", way, mechanism)
    run(
        "curl", "--silent", "--show-error", f"{scheme}://localhost:{port(server, way)}/me.example",
        "--cacert", str(server.ca_file), *reqd, "--mail-from", "alice@localhost",
        "--mail-rcpt", "bob@localhost", "--user", f"alice:{PASSWORD}",
        "--login-options", f"AUTH={mechanism}", "--upload-file", "-", text=message(*words),
    )  # fmt: skip
    arrived(server, *words)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_smtplib(server: LocalServer, way: str, mechanism: str) -> None:
    client: smtplib.SMTP
    if way == "tls":
        client = smtplib.SMTP_SSL("localhost", port(server, way), context=server.ssl_context)
    else:
        client = smtplib.SMTP("localhost", port(server, way))
    with client:
        if way == "starttls":
            client.starttls(context=server.ssl_context)
        client.ehlo()
        client.user, client.password = "alice", PASSWORD
        method = getattr(client, f"auth_{mechanism.lower().replace('-', '_')}")
        assert client.auth(mechanism, method)[0] == 235
        words = ("smtplib", way, mechanism)
        assert client.sendmail("alice@localhost", ["bob@localhost"], message(*words)) == {}
    arrived(server, *words)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("mechanism", ["plain", "login", "crammd5"])
def test_aiosmtplib(server: LocalServer, way: str, mechanism: str) -> None:
    words = ("aiosmtplib", way, mechanism)

    async def send() -> None:
        client = aiosmtplib.SMTP(
            hostname="localhost",
            port=port(server, way),
            use_tls=way == "tls",
            start_tls=way == "starttls",
            tls_context=None if way == "clear" else server.ssl_context,
        )
        async with client:
            await client.ehlo()
            await getattr(client, f"auth_{mechanism}")("alice", PASSWORD)
            errors, _ = await client.sendmail("alice@localhost", ["bob@localhost"], message(*words))
            assert errors == {}
        await asyncio.sleep(0.05)  # aiosmtplib does not wait until its transport is closed

    asyncio.run(send())
    arrived(server, *words)


@pytest.mark.peer("swaks")
def test_swaks_is_told_when_the_password_is_wrong(server: LocalServer) -> None:
    done = subprocess.run(
        [
            "swaks", "--server", f"localhost:{port(server, 'clear')}", "--from", "alice@localhost",
            "--to", "bob@localhost", "--auth", "PLAIN", "--auth-user", "alice",
            "--auth-password", "wrong",
        ],
        capture_output=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode == 28  # swaks: no authentication type succeeded
    assert b"535 5.7.8" in done.stdout + done.stderr


@pytest.mark.peer("smtp-source")
def test_smtp_source_in_many_sessions(server: LocalServer) -> None:
    before = len(server.messages("bob"))
    run(
        "/usr/sbin/smtp-source", "-s", "10", "-m", "200", "-l", "5000", "-f", "x@example.org",
        "-t", "bob@localhost", f"inet:127.0.0.1:{server.ports['smtp']}",
    )  # fmt: skip
    assert len(server.messages("bob")) == before + 200
