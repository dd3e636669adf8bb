"""Damage and wrong totals are found in a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import apsw
import pytest

from localserver.check import check
from localserver.local import LocalServer
from localserver.store.database import PAGE_OCTETS
from localserver.store.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

MESSAGE = b"Subject: %d\r\n\r\n" + b"text\r\n" * 500


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with LocalServer({"alice": "s"}, data=tmp_path) as server:
        for number in range(20):
            server.deliver("alice", MESSAGE % number, flags=["\\Seen"] * (number % 2))
    return tmp_path


def test_a_sound_folder_has_nothing_wrong(folder: Path) -> None:
    found = check(folder)
    assert {path.name for path in found} >= {"mail.db", "captured.db"}
    assert not any(found.values())


def test_a_damaged_page_is_found(folder: Path) -> None:
    path = folder / "users" / "alice" / "mail.db"
    octets = bytearray(path.read_bytes())
    octets[-PAGE_OCTETS:] = b"\xff" * PAGE_OCTETS
    path.write_bytes(octets)
    assert check(folder)[path]


def test_a_file_that_is_no_database_is_wrong(folder: Path) -> None:
    path = folder / "captured.db"
    path.write_bytes(b"nonsense" * 4000)
    assert check(folder)[path]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("UPDATE mailbox SET messages=messages+1 WHERE name='INBOX'", "of a mailbox"),
        ("UPDATE mailbox SET unseen=0", "of a mailbox"),
        ("UPDATE meta SET value=1 WHERE key='octets'", "the quota"),
        ("UPDATE message SET refs=2 WHERE id=3", "copies of a message"),
        ("DELETE FROM content WHERE message=3", "without contents"),
        ("UPDATE meta SET value=20 WHERE key='summarised'", "without a summary"),
    ],
)
def test_totals_that_do_not_add_up_are_named(folder: Path, change: str, told: str) -> None:
    path = folder / "users" / "alice" / "mail.db"
    connection = apsw.Connection(str(path))
    connection.execute(change)
    connection.close()
    (problem,) = check(folder)[path]
    assert told in problem


def test_another_folder_is_none_of_ours(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no folder of a mail server"):
        check(tmp_path)
