"""mbsync with our server: both ways, flags too, and again without a change."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from localserver.local import LocalServer
from tests.helpers.corpora import messages, needed

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.peer("mbsync")


def configuration(server: LocalServer, folder: Path, security: str) -> Path:
    port = server.ports["imaps" if security == "tls" else "imap"]
    kind = {"tls": "IMAPS", "starttls": "STARTTLS", "none": "None"}[security]
    path = folder / "mbsyncrc"
    path.write_text(f"""
IMAPAccount local
Host localhost
Port {port}
User alice
Pass secret
SSLType {kind}
CertificateFile {server.ca_file}

IMAPStore remote
Account local

MaildirStore here
Path {folder}/mail/
Inbox {folder}/mail/INBOX
SubFolders Verbatim

Channel all
Far :remote:
Near :here:
Patterns *
Create Both
Expunge Both
Sync All
SyncState *
""")
    (folder / "mail").mkdir(exist_ok=True)
    return path


def mbsync(path: Path) -> None:
    done = subprocess.run(
        ["mbsync", "-c", str(path), "-a"], capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stderr + done.stdout


@pytest.mark.parametrize("security", ["none", "tls", "starttls"])
def test_mail_flags_and_deletions_go_both_ways(tmp_path: Path, security: str) -> None:
    with LocalServer({"alice": "secret"}) as server:
        for number in range(5):
            server.deliver("alice", b"Subject: %d\r\n\r\nbody\r\n" % number)
        server.deliver("alice", b"Subject: seen\r\n\r\n", mailbox="Work/A", flags=["\\Seen"])
        path = configuration(server, tmp_path, security)
        mbsync(path)
        inbox = tmp_path / "mail" / "INBOX"
        local = [each for name in ("cur", "new") for each in (inbox / name).iterdir()]
        assert len(local) == 5
        (seen,) = (tmp_path / "mail" / "Work" / "A" / "cur").iterdir()
        assert "S" in seen.name.partition(":2,")[2]
        # The other way: one is flagged, one is deleted, one is new.
        local[0].rename(inbox / "cur" / (local[0].name.partition(":")[0] + ":2,FS"))
        local[1].unlink()
        (inbox / "new" / "1.new.local").write_bytes(b"Subject: from here\n\nbody\n")
        mbsync(path)
        there = server.messages("alice")
        assert len(there) == 5
        assert [each.flags for each in there if "\\Flagged" in each.flags] == [
            frozenset({"\\Flagged", "\\Seen"})
        ]
        assert there[-1].subject == "from here"
        before = server.transcript.records("imap")[-1].number
        mbsync(path)
        later = [r for r in server.transcript.records("imap") if r.number > before]
        said = b"".join(r.record.octets for r in later if r.record.sender == "C")
        assert b"APPEND" not in said
        assert b"STORE" not in said


@needed
def test_the_corpora_come_down(tmp_path: Path) -> None:
    with LocalServer({"alice": "secret"}) as server:
        count = 0
        for message in messages():
            server.deliver("alice", message.octets)
            # mbsync says of a message without an empty line that its header is incomplete, and
            # leaves it where it is.
            count += re.search(rb"(?:^|\n)\r?\n", message.octets) is not None
        mbsync(configuration(server, tmp_path, "tls"))
        inbox = tmp_path / "mail" / "INBOX"
        assert sum(1 for name in ("cur", "new") for _ in (inbox / name).iterdir()) == count
