"""The charsets that a person can choose."""

from __future__ import annotations

import pytest
import webencodings

from desktopmail.mime.message import Message
from desktopmail.ui import language
from desktopmail.ui.reading.charsets import CHARSETS

LABELS = [label for labels in CHARSETS.values() for label in labels]


@pytest.mark.parametrize("label", LABELS)
def test_each_is_a_label_of_whatwg_and_can_be_read(label: str) -> None:
    assert webencodings.lookup(label) is not None
    message = Message.parse(b"Subject: x\r\n\r\nplain\r\n", charset=label)
    assert message.text


def test_none_is_offered_twice_and_each_group_has_its_name() -> None:
    assert len(LABELS) == len(set(LABELS))
    for tongue in language.LANGUAGES:
        named = language.load_catalogue(tongue).sentences
        assert all(f"charset.{group}" in named for group in CHARSETS)
