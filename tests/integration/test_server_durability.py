"""`kill -9` at any moment: what was acknowledged is there once, with its UID and UIDVALIDITY."""

from __future__ import annotations

import imaplib
import json
import os
import random
import re
import signal
import smtplib
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import apsw
import pytest

from localserver.check import check
from localserver.store.database import PAGE_OCTETS
from tests.killed_server.campaign import campaign
from tests.killed_server.workers import WORKERS

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PATIENCE_S = 20.0
KINDS = {kind for worker in WORKERS for kind in worker.kinds} | {"relay"}


@contextmanager
def running(data: Path) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, int]]]:
    ready = data.with_suffix(".ready")
    ready.unlink(missing_ok=True)
    ports = [f"--{name}=0" for name in ("smtp", "imap")]
    ports += [f"--{name}=-1" for name in ("submission", "submissions", "pop3", "pop3s", "imaps")]
    process = subprocess.Popen(
        [sys.executable, "-m", "localserver", "serve", "--data", str(data), *ports, "--api=-1",
         "--user", "alice:secret", "--ready-file", str(ready)],
        cwd=ROOT, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        until = time.monotonic() + PATIENCE_S
        while not ready.exists():
            assert process.poll() is None, "the server ended"
            assert time.monotonic() < until, "the server did not come up"
            time.sleep(0.01)
        yield process, json.loads(ready.read_text())["ports"]
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(PATIENCE_S)


class Client(threading.Thread):
    """Sends messages until the connection breaks, and remembers which were acknowledged."""

    def __init__(self, ports: dict[str, int], name: str) -> None:
        super().__init__(daemon=True)
        self.ports = ports
        self.name = name
        self.acknowledged: list[tuple[str, str]] = []  # Message-ID, "uidvalidity uid" or ""

    def mail(self, count: int) -> tuple[str, bytes]:
        message_id = f"<{self.name}.{count}@test>"
        head = f"Message-ID: {message_id}\r\nSubject: {count}\r\n\r\n"
        return message_id, (head + f"{'x' * 70}\r\n" * 30).encode()


class Sender(Client):
    def run(self) -> None:
        try:
            with smtplib.SMTP("127.0.0.1", self.ports["smtp"]) as smtp:
                for count in range(10_000):
                    message_id, octets = self.mail(count)
                    smtp.sendmail("a@x.test", ["alice@localhost"], octets)
                    self.acknowledged.append((message_id, ""))
        except (OSError, smtplib.SMTPException):
            return


class Appender(Client):
    def run(self) -> None:
        imap = imaplib.IMAP4("127.0.0.1", self.ports["imap"])
        try:
            imap.login("alice", "secret")
            for count in range(10_000):
                message_id, octets = self.mail(count)
                status, answer = imap.append("INBOX", "", None, octets)
                assert status == "OK"
                code = imap.response("APPENDUID")[1][-1] or answer[0]
                found = re.search(rb"(\d+) (\d+)", code)
                assert found is not None
                self.acknowledged.append((message_id, f"{int(found[1])} {int(found[2])}"))
        except (OSError, imaplib.IMAP4.error):
            return
        finally:
            imap.shutdown()


def stored(ports: dict[str, int]) -> tuple[str, dict[str, list[str]]]:
    imap = imaplib.IMAP4("127.0.0.1", ports["imap"])
    imap.login("alice", "secret")
    imap.select()
    validity = imap.response("UIDVALIDITY")[1][0].decode()
    _, answer = imap.uid("FETCH", "1:*", "(BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])")
    found: dict[str, list[str]] = {}
    for part in answer:
        if isinstance(part, tuple):
            uid = re.search(rb"UID (\d+)", part[0])
            name = re.search(rb"<[^>]+>", part[1])
            assert uid is not None
            assert name is not None
            found.setdefault(name[0].decode(), []).append(uid[1].decode())
    imap.logout()
    return validity, found


def _until_busy(clients: list[Client]) -> None:
    """Wait until each client is in the middle of its mail."""
    until = time.monotonic() + PATIENCE_S
    while not all(client.acknowledged for client in clients):
        assert time.monotonic() < until, "nothing was acknowledged"
        time.sleep(0.001)


def kill_rounds(tmp_path: Path, rounds: int, seed: int) -> None:
    chance = random.Random(seed)
    data = tmp_path / "data"
    everything: list[tuple[str, str]] = []
    for number in range(rounds):
        with running(data) as (process, ports):
            clients: list[Client] = [Sender(ports, f"s{number}.{n}") for n in range(2)]
            clients += [Appender(ports, f"a{number}.{n}") for n in range(2)]
            for client in clients:
                client.start()
            _until_busy(clients)
            time.sleep(chance.uniform(0.0, 0.2))
            os.kill(process.pid, signal.SIGKILL)
            process.wait(PATIENCE_S)
            for client in clients:
                client.join(PATIENCE_S)
                everything += client.acknowledged
    assert len(everything) > rounds
    with running(data) as (process, ports):
        validity, found = stored(ports)
        process.terminate()
        assert process.wait(PATIENCE_S) == 0
    assert not any(check(data).values())
    for message_id, place in everything:
        uids = found.get(message_id, [])
        assert len(uids) == 1, f"{message_id} is there {len(uids)} times"
        if place:
            assert place == f"{validity} {uids[0]}"


def test_acknowledged_mail_survives_kill_9(tmp_path: Path) -> None:
    kill_rounds(tmp_path, rounds=4, seed=1)


@pytest.mark.parametrize(
    "kills", [3, pytest.param(150, marks=[pytest.mark.slow, pytest.mark.timeout(600)])]
)
def test_every_kind_of_command_survives_kill_9(tmp_path: Path, kills: int) -> None:
    # More of them by hand: `python -m tests.killed_server`.
    tally = campaign(tmp_path / "data", kills, seed=kills)
    assert tally.faults == []
    assert tally.kills == kills
    if kills >= 100:
        assert {kind: tally.doing[kind] for kind in KINDS if tally.doing[kind] < 5} == {}


def test_a_kill_between_acknowledgement_and_summary_changes_no_answer(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running(data) as (process, ports):
        with smtplib.SMTP("127.0.0.1", ports["smtp"]) as smtp:
            for count in range(30):
                smtp.sendmail("a@x.test", ["alice@localhost"], b"Subject: n%d.\r\n\r\nhi" % count)
        os.kill(process.pid, signal.SIGKILL)
    database = apsw.Connection(str(data / "users" / "alice" / "mail.db"))
    assert database.execute("SELECT count(*) FROM message").fetchall() == [(30,)]
    # Nothing was quiet between the last acknowledgement and the kill.
    assert database.execute("SELECT count(*) FROM answer").fetchall()[0][0] < 30
    database.close()
    with running(data) as (process, ports):
        imap = imaplib.IMAP4("127.0.0.1", ports["imap"])
        imap.login("alice", "secret")
        imap.select()
        assert imap.search(None, "SUBJECT", "n17.")[1] == [b"18"]
        _, envelopes = imap.fetch("1:*", "(ENVELOPE)")
        assert [b'"n%d."' % n in each for n, each in enumerate(envelopes)] == [True] * 30
        imap.logout()
        process.terminate()
        process.wait(PATIENCE_S)
    assert not any(check(data).values())


def test_sigterm_finishes_and_ends_with_0_and_removes_the_ready_file(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running(data) as (process, ports):
        client = Sender(ports, "s")
        client.start()
        _until_busy([client])
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0
        client.join(PATIENCE_S)
    assert not data.with_suffix(".ready").exists()
    with running(data) as (_, ports):
        _, found = stored(ports)
    assert {message_id for message_id, _ in client.acknowledged} <= set(found)


def test_a_second_server_on_the_same_folder_refuses_in_one_sentence(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running(data):
        second = subprocess.run(
            [sys.executable, "-m", "localserver", "serve", "--data", str(data)],
            cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S, check=False,
        )  # fmt: skip
    assert second.returncode == 1
    assert second.stdout == ""
    assert second.stderr.count("\n") == 1
    assert f"Another server works on the folder {data}" in second.stderr


def test_a_damaged_database_is_found_at_the_start(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running(data) as (process, ports):
        for count in range(3):
            with smtplib.SMTP("127.0.0.1", ports["smtp"]) as smtp:
                smtp.sendmail("a@x.test", ["alice@localhost"], b"Subject: %d\r\n\r\n" % count * 999)
        process.terminate()
        process.wait(PATIENCE_S)
    path = data / "users" / "alice" / "mail.db"
    octets = bytearray(path.read_bytes())
    octets[PAGE_OCTETS : 2 * PAGE_OCTETS] = b"\xff" * PAGE_OCTETS
    path.write_bytes(octets)
    started = subprocess.run(
        [sys.executable, "-m", "localserver", "serve", "--data", str(data), "--user", "alice:x",
         "--imap=0", "--smtp=-1"],
        cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    assert started.returncode == 1
    assert "mail.db is damaged" in started.stderr
    assert "snapshot restore" in started.stderr
