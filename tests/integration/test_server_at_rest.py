"""Users at rest, with Argon2id and SCRAM verifiers alone, log in with real clients."""

from __future__ import annotations

import asyncio
import imaplib
import poplib
import smtplib
import subprocess
from typing import TYPE_CHECKING

import pytest

from desktopmail.net.ports import system_ports
from localserver.credential_table import open_credentials
from localserver.local import LocalServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PASSWORD = "correct horse"
PLAIN = b"From: alice@localhost\r\nTo: alice@localhost\r\nSubject: hi\r\n\r\nbody\r\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A server's folder with alice, who has no secret for APOP and CRAM-MD5."""
    data = tmp_path_factory.mktemp("at-rest")

    async def make() -> None:
        credentials = await open_credentials(data, system_ports())
        await credentials.put("alice", PASSWORD)
        await credentials.aclose()

    asyncio.run(make())
    return data


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[LocalServer]:
    with LocalServer(data=folder) as running:
        running.deliver("alice", PLAIN)
        yield running


@pytest.mark.peer("curl")
@pytest.mark.parametrize("scheme", ["imap", "pop3", "smtp"])
def test_curl_finds_a_mechanism_that_works(
    server: LocalServer, scheme: str, tmp_path: Path
) -> None:
    port = server.ports["submission" if scheme == "smtp" else scheme]
    path = {"imap": "INBOX;UID=1", "pop3": "1", "smtp": ""}[scheme]
    command = ["curl", "--silent", "--show-error", "--max-time", "20", "--user",
               f"alice:{PASSWORD}", f"{scheme}://127.0.0.1:{port}/{path}"]  # fmt: skip
    if scheme == "smtp":
        mail = tmp_path / "mail.eml"
        mail.write_bytes(PLAIN)
        command += ["--mail-from", "alice@localhost", "--mail-rcpt", "alice@localhost"]
        command += ["--upload-file", str(mail)]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    if scheme != "smtp":
        assert done.stdout == PLAIN


def test_pythons_clients_find_a_mechanism_that_works(server: LocalServer) -> None:
    with smtplib.SMTP("127.0.0.1", server.ports["submission"]) as smtp:
        assert smtp.login("alice", PASSWORD)[0] == 235
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as imap:
        assert b"AUTH=CRAM-MD5" not in imap.capability()[1][0]
        assert imap.login("alice", PASSWORD)[0] == "OK"
    pop = poplib.POP3("127.0.0.1", server.ports["pop3"])
    assert b"@" not in pop.getwelcome(), "a timestamp would promise APOP"
    pop.user("alice")
    pop.pass_(PASSWORD)
    pop.quit()


def test_with_a_secret_of_its_own_a_user_has_apop_and_cram_md5(tmp_path: Path) -> None:
    async def make() -> str:
        credentials = await open_credentials(tmp_path, system_ports())
        await credentials.put("bob", PASSWORD)
        made = await credentials.make_application_password("bob")
        await credentials.aclose()
        return made

    secret = asyncio.run(make())
    with LocalServer(data=tmp_path) as server:
        pop = poplib.POP3("127.0.0.1", server.ports["pop3"])
        pop.apop("bob", secret)
        pop.quit()
        with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as imap:
            assert imap.login_cram_md5("bob", secret)[0] == "OK"
        with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as imap:
            with pytest.raises(imaplib.IMAP4.error):
                imap.login("bob", secret)  # it is no password
            assert imap.login("bob", PASSWORD)[0] == "OK"
