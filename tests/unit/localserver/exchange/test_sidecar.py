"""The file beside exported messages, whole and damaged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from localserver.exchange.eml import read_eml
from localserver.exchange.maildir import read_maildir
from localserver.exchange.sidecar import NAME, flags_and_date, read_sidecar, write_sidecar
from localserver.exchange.value import ExchangedMessage, ExchangeError
from tests.helpers.exchange import DIFFICULT

if TYPE_CHECKING:
    from pathlib import Path

DAMAGED = ["{", "[1]", '{"1.eml": 3}', '{"1.eml": {}}', '{"1.eml": {"flags": [], "date": "x"}}']


def test_what_was_said_of_messages_is_read_again(tmp_path: Path) -> None:
    write_sidecar(tmp_path, dict(named()))
    known = read_sidecar(tmp_path)
    for name, message in named():
        assert flags_and_date(known[name]) == (message.flags, message.internal_date)


def named() -> list[tuple[str, ExchangedMessage]]:
    return [(f"{number}.eml", message) for number, message in enumerate(DIFFICULT)]


def test_a_folder_of_another_program_has_none(tmp_path: Path) -> None:
    assert read_sidecar(tmp_path) == {}


@pytest.mark.parametrize("text", DAMAGED)
def test_a_damaged_one_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "cur").mkdir()
    (tmp_path / "1.eml").write_text("x")
    (tmp_path / NAME).write_text(text)
    with pytest.raises(ExchangeError, match=r"localserver\.json is damaged; without this file"):
        list(read_eml(tmp_path))
    with pytest.raises(ExchangeError, match=r"localserver\.json is damaged"):
        list(read_maildir(tmp_path))
