"""Folders of .eml files there and back."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from localserver.exchange.eml import read_eml, write_eml
from localserver.exchange.value import ExchangeError
from tests.helpers.exchange import DIFFICULT

if TYPE_CHECKING:
    from pathlib import Path


def test_everything_comes_back_as_it_was(tmp_path: Path) -> None:
    write_eml(tmp_path / "m", DIFFICULT)
    assert list(read_eml(tmp_path / "m")) == DIFFICULT


def test_one_file_is_one_message(tmp_path: Path) -> None:
    path = tmp_path / "x.eml"
    path.write_bytes(b"a\r\n")
    (found,) = read_eml(path)
    assert found.octets == b"a\r\n"


def test_a_message_of_another_program_came_when_it_says_or_when_its_file_changed(
    tmp_path: Path,
) -> None:
    said, silent = tmp_path / "1.eml", tmp_path / "2.eml"
    said.write_bytes(b"Date: Mon, 7 Feb 1994 21:52:25 -0800\n\nx\n")
    silent.write_bytes(b"Date: long ago\n\nx\n")
    os.utime(silent, (86400, 86400))
    one, two = read_eml(tmp_path)
    assert one.octets == b"Date: Mon, 7 Feb 1994 21:52:25 -0800\r\n\r\nx\r\n"
    assert one.internal_date == datetime(1994, 2, 8, 5, 52, 25, tzinfo=UTC)
    assert two.internal_date == datetime(1970, 1, 2, tzinfo=UTC)


def test_an_empty_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.eml").touch()
    with pytest.raises(ExchangeError, match=r"x\.eml is empty"):
        list(read_eml(tmp_path))


def test_a_folder_without_any_is_named(tmp_path: Path) -> None:
    with pytest.raises(ExchangeError, match=r"no \.eml files"):
        list(read_eml(tmp_path))
