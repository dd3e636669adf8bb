"""A file system without room: refused in each protocol's way, and nothing acknowledged is lost."""

from __future__ import annotations

import imaplib
import os
import poplib
import smtplib
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.helpers.server import PASSWORD, ServerProcess, server_process

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0, reason="a small file system is mounted, which takes root"
)
SMALL = b"Subject: %d\r\n\r\n" + b"x" * 70 + b"\r\n"


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A file system of so many megabytes."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("this machine mounts no tmpfs")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Take all the room there is left."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 4096)
        except OSError:
            return filler


def send(server: ServerProcess, octets: bytes) -> int:
    """Send a message to alice; returns the code of the reply to its final dot."""
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"]) as smtp:
        try:
            smtp.sendmail("a@example.org", ["alice@localhost"], octets)
        except smtplib.SMTPDataError as error:
            return error.smtp_code
        return 250


def subjects(server: ServerProcess) -> list[str]:
    pop = poplib.POP3("127.0.0.1", server.ports["pop3"])
    pop.user("alice")
    pop.pass_(PASSWORD)
    count = pop.stat()[0]
    found = [
        line.decode().partition(": ")[2]
        for number in range(1, count + 1)
        for line in pop.top(number, 0)[1]
        if line.startswith(b"Subject")
    ]
    pop.quit()
    return found


def test_a_full_disk_is_told_in_each_protocol_and_loses_nothing(tmp_path: Path) -> None:
    with small_disk(tmp_path / "data", 12) as data:
        with server_process(tmp_path, "--data", str(data)) as server:
            assert [send(server, SMALL % number) for number in range(3)] == [250] * 3
            filler = fill(data)
            # What fits into the room that was reserved before may still be taken.
            acknowledged = ["0", "1", "2"]
            while (code := send(server, SMALL % len(acknowledged))) == 250:
                acknowledged.append(str(len(acknowledged)))
                assert len(acknowledged) < 1000
            assert code == 452
            big = b"Subject: big\r\n\r\n" + (b"y" * 70 + b"\r\n") * 40_000
            assert send(server, big) == 452, "a message that goes to disk as it arrives"
            imap = imaplib.IMAP4("127.0.0.1", server.ports["imap"])
            imap.login("alice", PASSWORD)
            status, answer = imap.append("INBOX", "", None, SMALL % 1000 * 200)  # type: ignore[arg-type]
            assert status == "NO"
            assert answer[0].startswith(b"[OVERQUOTA]")
            imap.select()
            assert len(imap.search(None, "ALL")[1][0].split()) == len(acknowledged)
            imap.logout()
            pop = poplib.POP3("127.0.0.1", server.ports["pop3"])
            pop.user("alice")
            pop.pass_(PASSWORD)
            pop.dele(1)
            try:
                pop.quit()
                acknowledged.remove("0")
            except poplib.error_proto as error:
                assert "-ERR [SYS/TEMP]" in str(error)  # noqa: PT017  either may come
                pop.close()
            assert subjects(server) == acknowledged
            filler.unlink()
            assert send(server, b"Subject: last\r\n\r\n") == 250
            assert subjects(server) == [*acknowledged, "last"]
        with server_process(tmp_path, "--data", str(data)) as server:
            assert subjects(server) == [*acknowledged, "last"]
        check = subprocess.run(
            [sys.executable, "-m", "localserver", "check", "--data", str(data)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert check.returncode == 0, check.stdout


def test_mail_is_read_while_the_disk_is_full(tmp_path: Path) -> None:
    attributes = "(ENVELOPE BODYSTRUCTURE PREVIEW RFC822.SIZE BODY.PEEK[TEXT])"
    with (
        small_disk(tmp_path / "data", 12) as data,
        server_process(tmp_path, "--data", str(data)) as server,
        imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as imap,
    ):
        imap.login("alice", PASSWORD)
        assert [send(server, SMALL % number) for number in range(3)] == [250] * 3
        filler = fill(data)
        count = 3
        while send(server, SMALL % count) == 250:  # until there is no room for a summary either
            count += 1
        imap.select()
        status, found = imap.fetch("1:*", attributes)
        assert status == "OK"
        filler.unlink()
        assert imap.fetch("1:*", attributes) == (status, found)
    assert (
        sum(
            b'ENVELOPE (NIL "%d" ' % number in row
            for row in pieces(found)
            for number in range(count)
        )
        == count
    )
    assert len(pieces(found)) == count


def pieces(found: list[object]) -> list[bytes]:
    """The part of each answer before its literal."""
    return [row[0] for row in found if isinstance(row, tuple)]


def test_a_server_says_when_there_is_no_room_to_start_on(tmp_path: Path) -> None:
    with small_disk(tmp_path / "data", 1) as data:
        fill(data)
        started = subprocess.run(
            [sys.executable, "-m", "localserver", "serve", "--data", str(data), "--imap=0",
             "--user", f"alice:{PASSWORD}"],
            capture_output=True, text=True, timeout=20, check=False,
        )  # fmt: skip
        assert started.returncode == 1
        assert started.stderr.startswith("localserver: ")
        assert started.stderr.count("\n") == 1
