"""Folders of .eml files there and back."""

from __future__ import annotations

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


def test_a_folder_without_any_is_named(tmp_path: Path) -> None:
    with pytest.raises(ExchangeError, match=r"no \.eml files"):
        list(read_eml(tmp_path))
