"""The page about the machine form names the keys that the rows have."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from desktopmail.door.rows import (
    AccountRow,
    ContactRow,
    IdentityRow,
    MailboxRow,
    MessageRow,
    OperationRow,
    Row,
    SendingRow,
    TagRow,
)
from desktopmail.engine.sync import plan, replay

PAGE = Path(__file__).parents[2] / "docs" / "json.md"
KEY = re.compile(r"^\| `(\w+)` \|", re.MULTILINE)


def section_of(heading: str) -> str:
    sections = re.split(r"^## ", PAGE.read_text("utf-8"), flags=re.MULTILINE)
    (section,) = [section for section in sections if section.startswith(heading)]
    return section


def documented(heading: str) -> set[str]:
    return set(KEY.findall(section_of(heading)))


@pytest.mark.parametrize(
    ("heading", "row", "added"),
    [
        ("`account list`", AccountRow, set()),
        ("`mailboxes`", MailboxRow, set()),
        ("`list`", MessageRow, {"placement_id"}),
        ("`tags list`", TagRow, set()),
        ("`contacts list`", ContactRow, set()),
        ("`identity list`", IdentityRow, set()),
        ("`send`", SendingRow, set()),
        ("`operations list`", OperationRow, set()),
    ],
)
def test_each_key_of_a_list_is_documented(heading: str, row: type[Row], added: set[str]) -> None:
    assert documented(heading) == set(row.__struct_fields__) | added


def test_each_kind_of_operation_is_documented() -> None:
    (kinds,) = re.findall(r"^\| `kind` \|(.*)\|$", section_of("`operations list`"), re.MULTILINE)
    assert set(re.findall(r"`([^`]+)`", kinds)) == plan._GROUPED | replay._OF_MAILBOXES | {"append"}
