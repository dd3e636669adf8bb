"""Each mechanism that IMAP clients have, by every security; the server says which was used."""

from __future__ import annotations

import base64
import subprocess
from typing import TYPE_CHECKING

import pytest
from imapclient import IMAPClient

from localserver.local import LocalServer
from tests.helpers.delivery_agent import agent_of_getmail
from tests.helpers.terminal import in_terminal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PASSWORD = "secret"
WAYS = ["clear", "starttls", "tls"]
OCTETS = b"From: a@example.org\r\nSubject: hi\r\n\r\nbody\r\n"
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server() -> Iterator[LocalServer]:
    with LocalServer({"alice": PASSWORD}) as running:
        running.deliver("alice", OCTETS)
        yield running


@pytest.fixture(autouse=True)
def _fresh_transcript(server: LocalServer) -> None:
    server.server.context.transcript.clear()


def port(server: LocalServer, way: str) -> int:
    return server.ports["imaps" if way == "tls" else "imap"]


def used(server: LocalServer, mechanism: str) -> None:
    """Assert that a client logged in by a mechanism, and read something afterwards."""
    if mechanism == "command":
        server.transcript.assert_said("^LOGIN ", protocol="imap")
    else:
        server.transcript.assert_said(f"^AUTHENTICATE {mechanism}", protocol="imap")
    server.transcript.assert_said("^(SELECT|EXAMINE) ", protocol="imap")


def run(*command: str, home: Path) -> None:
    done = subprocess.run(
        ["env", f"HOME={home}", f"FETCHMAILHOME={home}", *command],
        capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    said = (done.stderr + done.stdout).decode()
    if "not available" in said or "No worthy mechs" in said:
        pytest.skip(f"this {command[0]} was built without the mechanism")
    assert done.returncode == 0, said


@pytest.mark.peer("mbsync")
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("mechanism", ["LOGIN", "PLAIN", "CRAM-MD5", "SCRAM-SHA-1"])
def test_mbsync(server: LocalServer, way: str, mechanism: str, tmp_path: Path) -> None:
    kind = {"tls": "IMAPS", "starttls": "STARTTLS", "clear": "None"}[way]
    config = tmp_path / "mbsyncrc"
    config.write_text(
        f"IMAPAccount local\nHost localhost\nPort {port(server, way)}\nUser alice\n"
        f"Pass {PASSWORD}\nSSLType {kind}\nCertificateFile {server.ca_file}\n"
        f"AuthMechs {mechanism}\n\nIMAPStore remote\nAccount local\n\n"
        f"MaildirStore here\nInbox {tmp_path}/INBOX\n\n"
        "Channel all\nFar :remote:INBOX\nNear :here:INBOX\nCreate Near\nSync Pull\nSyncState *\n"
    )
    run("mbsync", "-c", str(config), "-a", home=tmp_path)
    used(server, "command" if mechanism == "LOGIN" else mechanism)


@pytest.mark.peer("offlineimap")
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("mechanism", ["LOGIN", "PLAIN", "CRAM-MD5"])
def test_offlineimap(server: LocalServer, way: str, mechanism: str, tmp_path: Path) -> None:
    config = tmp_path / "offlineimaprc"
    config.write_text(
        f"[general]\naccounts = a\nmetadata = {tmp_path}/meta\nui = quiet\n"
        "[Account a]\nlocalrepository = l\nremoterepository = r\n"
        f"[Repository l]\ntype = Maildir\nlocalfolders = {tmp_path}/mail\n"
        f"[Repository r]\ntype = IMAP\nremotehost = localhost\nremoteport = {port(server, way)}\n"
        f"remoteuser = alice\nremotepass = {PASSWORD}\nsslcacertfile = {server.ca_file}\n"
        f"ssl = {'yes' if way == 'tls' else 'no'}\nauth_mechanisms = {mechanism}\n"
        f"starttls = {'yes' if way == 'starttls' else 'no'}\n"
    )
    run("offlineimap", "-c", str(config), "-o", home=tmp_path)
    used(server, "command" if mechanism == "LOGIN" else mechanism)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("mechanism", ["command", "PLAIN", "LOGIN"])
def test_imapclient(server: LocalServer, way: str, mechanism: str) -> None:
    context = server.ssl_context
    with IMAPClient("localhost", port(server, way), ssl=way == "tls", ssl_context=context) as one:
        if way == "starttls":
            one.starttls(context)
        if mechanism == "command":
            one.login("alice", PASSWORD)
        elif mechanism == "PLAIN":
            one.plain_login("alice", PASSWORD)
        else:
            words = iter([b"alice", PASSWORD.encode()])
            one.sasl_login("LOGIN", lambda _challenge: next(words))
        one.select_folder("INBOX")
        assert one.fetch([1], ["BODY[]"])[1][b"BODY[]"] == OCTETS
    used(server, mechanism)


@pytest.mark.peer("fetchmail")
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("auth", ["password", "cram-md5"])
def test_fetchmail_by_imap(server: LocalServer, way: str, auth: str, tmp_path: Path) -> None:
    trust = f"sslcertck sslcertfile '{server.ca_file}'"
    tls = {"clear": "sslproto ''", "starttls": f"sslproto 'TLS1.2+' {trust}", "tls": f"ssl {trust}"}
    config = tmp_path / "fetchmailrc"
    config.write_text(
        f"set invisible\npoll localhost protocol imap service {port(server, way)} no dns "
        f"auth {auth}\n  user 'alice' password '{PASSWORD}' fetchall keep no rewrite {tls[way]}\n"
        "  mda '/bin/cat >/dev/null'\n"
    )
    config.chmod(0o600)
    run("fetchmail", "--fetchmailrc", str(config), "--nosyslog", "--nodetach",
        "--pidfile", str(tmp_path / "pid"), home=tmp_path)  # fmt: skip
    used(server, "CRAM-MD5" if auth == "cram-md5" else "command")


@pytest.mark.peer("getmail")
@pytest.mark.parametrize("way", ["clear", "tls"])
@pytest.mark.parametrize("mechanism", ["command", "CRAM-MD5"])
def test_getmail_which_has_no_starttls(
    server: LocalServer, way: str, mechanism: str, tmp_path: Path
) -> None:
    config = tmp_path / "getmailrc"
    config.write_text(
        f"[retriever]\ntype = SimpleIMAP{'SSL' if way == 'tls' else ''}Retriever\n"
        f"server = localhost\nport = {port(server, way)}\nusername = alice\n"
        f"password = {PASSWORD}\nuse_cram_md5 = {mechanism == 'CRAM-MD5'}\n"
        + (f"ca_certs = {server.ca_file}\n" if way == "tls" else "")
        + "[destination]\ntype = MDA_external\n"
        f"path = {agent_of_getmail(tmp_path)}\nallow_root_commands = true\n"
        "[options]\nread_all = true\ndelete = false\n"
    )
    run("getmail", "--rcfile", str(config), "--getmaildir", str(tmp_path), home=tmp_path)
    used(server, mechanism)
    server.transcript.assert_said("FETCH", protocol="imap")


@pytest.mark.peer("neomutt")
@pytest.mark.parametrize("way", WAYS)
# Debian's neomutt has gsasl, which takes PLAIN when it is told to use CRAM-MD5.
@pytest.mark.parametrize("mechanism", ["plain", "login"])
def test_neomutt(server: LocalServer, way: str, mechanism: str, tmp_path: Path) -> None:
    scheme = "imaps" if way == "tls" else "imap"
    folder = f"{scheme}://alice@localhost:{port(server, way)}/"
    config = tmp_path / "muttrc"
    config.write_text(
        f'set folder="{folder}"\nset spoolfile="{folder}INBOX"\n'
        f'set ssl_ca_certificates_file="{server.ca_file}"\n'
        f"set ssl_starttls={'yes' if way == 'starttls' else 'no'}\n"
        f"set ssl_force_tls={'no' if way == 'clear' else 'yes'}\n"
        f"set imap_user=alice\nset imap_pass={PASSWORD}\nset imap_authenticators={mechanism}\n"
        "set imap_check_subscribed=no\nset header_cache=\nset quit=yes\nset wait_key=no\n"
        'push "<first-entry><display-message><exit><quit>"\n'
    )
    in_terminal(["neomutt", "-n", "-F", str(config), "-f", f"{folder}INBOX"], tmp_path)
    used(server, mechanism.upper())
    server.transcript.assert_said("FETCH", protocol="imap")


def test_the_password_stands_in_no_transcript(server: LocalServer) -> None:
    with IMAPClient("localhost", server.ports["imap"], ssl=False) as one:
        one.login("alice", PASSWORD)
        one.select_folder("INBOX")
    said = server.transcript.text()
    assert PASSWORD not in said
    assert base64.b64encode(b"\0alice\0" + PASSWORD.encode()).decode() not in said
