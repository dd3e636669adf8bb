"""A folder of several mailboxes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from localserver.exchange.mailboxes import (
    NAME,
    ExportedMailbox,
    file_name,
    is_folder_of_mailboxes,
    read_list,
    write_list,
)
from localserver.exchange.value import ExchangeError

if TYPE_CHECKING:
    from pathlib import Path


def test_the_list_comes_back_as_it_was(tmp_path: Path) -> None:
    assert not is_folder_of_mailboxes(tmp_path)
    mailboxes = [
        ExportedMailbox("INBOX", "0001-INBOX.mbox", "mbox", is_subscribed=True),
        ExportedMailbox("Größe/a", "0002-Gr_e_a.mbox", "mbox", is_subscribed=False),
    ]
    write_list(tmp_path, mailboxes)
    assert is_folder_of_mailboxes(tmp_path)
    assert read_list(tmp_path) == mailboxes


def test_files_are_named_for_every_system_and_never_alike() -> None:
    assert file_name(1, "Größe/../a b", ".mbox") == "0001-Gr_e_.._a_b.mbox"
    assert file_name(2, "x" * 1000, "") == "0002-" + "x" * 60
    assert len({file_name(number, name, "") for number, name in enumerate("aAäÄ")}) == 4


@pytest.mark.parametrize(
    "text",
    [
        "[",
        "[1]",
        "5",
        '[{"name": "a", "file": "../b", "format": "mbox", "subscribed": true}]',
        '[{"name": "a", "file": "/b", "format": "mbox", "subscribed": true}]',
        '[{"name": 5, "file": "b", "format": "mbox", "subscribed": true}]',
    ],
)
def test_a_list_that_is_damaged_or_leads_elsewhere_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / NAME).write_text(text)
    with pytest.raises(ExchangeError, match="is damaged"):
        read_list(tmp_path)
