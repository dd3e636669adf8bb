"""neomutt with our server: it opens a mailbox, marks a message and copies another."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from localserver.local import LocalServer

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.peer("neomutt")
PATIENCE_S = 15.0


def in_terminal(command: list[str], home: Path) -> bytes:
    """Run a program that wants a terminal; returns what it drew."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "HOME": str(home), "TERM": "vt100", "LINES": "24", "COLUMNS": "80"}
    process = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, close_fds=True
    )
    os.close(theirs)
    screen = b""
    until = time.monotonic() + PATIENCE_S
    try:
        while time.monotonic() < until:
            ready, _, _ = select.select([ours], [], [], 0.1)
            if ready:
                try:
                    screen += os.read(ours, 65536)
                except OSError:  # the other end is closed
                    break
            elif process.poll() is not None:
                break
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    return screen


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_batch_session_flags_and_saves(tmp_path: Path, security: str) -> None:
    with LocalServer({"alice": "secret"}) as server:
        for number in range(3):
            server.deliver("alice", b"From: a@x.test\r\nSubject: %d\r\n\r\nbody\r\n" % number)
        scheme = "imaps" if security == "tls" else "imap"
        folder = f"{scheme}://alice@localhost:{server.ports[scheme]}/"
        config = tmp_path / "muttrc"
        config.write_text(
            f'set folder="{folder}"\nset spoolfile="{folder}INBOX"\n'
            f'set ssl_ca_certificates_file="{server.ca_file}"\nset ssl_force_tls=yes\n'
            "set imap_user=alice\nset imap_pass=secret\n"
            "set ssl_starttls=yes\nset imap_check_subscribed=no\nset header_cache=\n"
            "set confirmappend=no\nset delete=yes\nset quit=yes\nset wait_key=no\n"
            'push "<first-entry><flag-message><next-entry><copy-message>=Archive<enter>'
            '<sync-mailbox><quit>"\n'
        )
        screen = in_terminal(["neomutt", "-n", "-F", str(config), "-f", f"{folder}INBOX"], tmp_path)
        server.transcript.assert_said("SELECT", protocol="imap")
        server.transcript.assert_said("FETCH", protocol="imap")
        assert any("\\Flagged" in each.flags for each in server.messages("alice")), screen
        assert len(server.messages("alice", "Archive")) == 1
