"""The program works with its standard streams closed, full, and in another charset."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from desktopmail.door.rows import Kind
from tests.helpers.program import ROOT, environment
from tests.helpers.store import add_account, inbox_of, mail, open_store, put

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.engine.store.store import Transaction


def _with_mail(tx: Transaction) -> None:
    put(tx, inbox_of(tx, add_account(tx, "Größe 你好", Kind.IMAP)), [mail(1)])


@pytest.fixture
async def profile(tmp_path: Path) -> Path:
    async with open_store(tmp_path) as store:
        await store.write(_with_mail)
    return tmp_path


def call(words: str, profile: Path, **more: str) -> subprocess.CompletedProcess[bytes]:
    """Have a shell call the program, for only a shell closes a stream."""
    script = f'"$0" -m desktopmail --profile "$1" {words}'
    return subprocess.run(
        ["/bin/sh", "-c", script, sys.executable, str(profile)],
        cwd=ROOT,
        env={**environment(), **more},
        capture_output=True,
        check=False,
        timeout=30,
    )


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("account list >&-", 0),
        ("account list --json >&-", 0),
        ("show 1 --raw >&-", 0),
        ("list INBOX 2>&-", 0),
        ("list NOPE 2>&-", 1),
        ("--help >&-", 0),
        ("send - <&-", 1),
        ("send --to a@b.example --body - <&-", 1),
        ("account list >/dev/full", 1),
    ],
)
def test_a_closed_stream_is_the_null_device(profile: Path, words: str, status: int) -> None:
    done = call(words, profile)
    assert done.returncode == status, done
    assert b"Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) <= 1


def test_a_terminal_of_another_charset_is_no_reason_to_fail(profile: Path) -> None:
    listed = call("account list", profile, PYTHONIOENCODING="latin-1")
    assert "Größe ??".encode("latin-1") in listed.stdout
    listed = call("account list --json", profile, PYTHONIOENCODING="latin-1")
    assert json.loads(listed.stdout.decode())[0]["name"] == "Größe 你好"
