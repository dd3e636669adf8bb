"""offlineimap3 with our server: both ways."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from localserver.local import LocalServer

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.peer("offlineimap")


def configuration(server: LocalServer, folder: Path, security: str) -> Path:
    port = server.ports["imaps" if security == "tls" else "imap"]
    tls = "yes" if security == "tls" else "no"
    starttls = "yes" if security == "starttls" else "no"
    path = folder / "offlineimaprc"
    path.write_text(f"""
[general]
accounts = a
metadata = {folder}/meta
ui = quiet
[Account a]
localrepository = l
remoterepository = r
[Repository l]
type = Maildir
localfolders = {folder}/mail
[Repository r]
type = IMAP
remotehost = localhost
remoteport = {port}
remoteuser = alice
remotepass = secret
ssl = {tls}
starttls = {starttls}
sslcacertfile = {server.ca_file}
""")
    return path


@pytest.mark.parametrize("security", ["none", "tls", "starttls"])
def test_mail_and_flags_go_both_ways(tmp_path: Path, security: str) -> None:
    with LocalServer({"alice": "secret"}) as server:
        server.deliver("alice", b"Subject: one\r\n\r\nbody\r\n")
        server.deliver("alice", b"Subject: two\r\n\r\nbody\r\n", mailbox="Work")
        path = configuration(server, tmp_path, security)

        def sync() -> None:
            done = subprocess.run(
                ["offlineimap", "-c", str(path), "-o"],
                capture_output=True, text=True, timeout=100, check=False,
                env={**os.environ, "HOME": str(tmp_path)},
            )  # fmt: skip
            assert done.returncode == 0, done.stderr + done.stdout

        sync()
        inbox = tmp_path / "mail" / "INBOX"
        (one,) = [each for name in ("cur", "new") for each in (inbox / name).iterdir()]
        assert (tmp_path / "mail" / "Work").is_dir()
        one.rename(inbox / "cur" / (one.name.partition(":2,")[0] + ":2,FS"))
        (inbox / "new" / "123.local").write_bytes(b"Subject: from here\n\nbody\n")
        sync()
        there = {each.subject: each for each in server.messages("alice")}
        assert set(there) == {"one", "from here"}
        assert there["one"].flags == {"\\Flagged", "\\Seen"}
