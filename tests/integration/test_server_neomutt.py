"""neomutt with our server: it opens a mailbox, marks a message and copies another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from localserver.local import LocalServer
from tests.helpers.terminal import in_terminal

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.peer("neomutt")


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
