"""A message that is set aside is kept as it came, and a header that says so stands in for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.door.profile import Profile
from desktopmail.engine.guard import Guard
from desktopmail.engine.in_hand import ACCOUNT, MESSAGE, Item, message_key
from desktopmail.mime.message import Message
from tests.helpers.store import mail

if TYPE_CHECKING:
    from pathlib import Path


def test_only_what_is_set_aside_is_kept_off(tmp_path: Path) -> None:
    guard = Guard(Profile.at(tmp_path))
    assert guard.stand_in(mail(1)) is None
    key = message_key(mail(1))
    guard.aside = frozenset({Item(MESSAGE, key), Item(ACCOUNT, "3")})
    assert guard.is_aside(ACCOUNT, 3)
    assert not guard.is_aside(ACCOUNT, 4)
    assert guard.stand_in(mail(2)) is None
    for _ in range(2):
        header = guard.stand_in(mail(1))
        assert header is not None
        assert header.endswith(b"\r\n\r\n")
        read = Message.parse(header)
        assert read.subject == "This message cannot be read"
        assert read.header.value("x-desktopmail-aside") == key
    (kept,) = (tmp_path / "aside").iterdir()
    assert kept.read_bytes() == mail(1)
    guard.close()


def test_what_was_in_hand_is_told_to_the_next_guard(tmp_path: Path) -> None:
    first = Guard(Profile.at(tmp_path))
    with first.hold(ACCOUNT, 3):
        assert Guard(Profile.at(tmp_path)).left == (Item(ACCOUNT, "3"),)
    first.close()
