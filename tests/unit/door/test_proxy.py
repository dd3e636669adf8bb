"""The proxy of a profile is read from its settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktopmail.door.interface import DoorError
from desktopmail.door.profile import Profile
from desktopmail.door.proxy import kept, without_password

if TYPE_CHECKING:
    from pathlib import Path


def test_the_proxy_of_a_profile_is_what_its_settings_say(tmp_path: Path) -> None:
    profile = Profile.at(tmp_path)
    assert kept(profile) == ""
    profile.settings.write_text("poll_minutes = 3.0\n")
    assert kept(profile) == ""
    profile.settings.write_text('proxy = "socks5://localhost:1080"\n')
    assert kept(profile) == "socks5://localhost:1080"


def test_settings_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    profile = Profile.at(tmp_path)
    profile.settings.write_text("proxy = \n")
    with pytest.raises(DoorError, match=r"settings\.toml cannot be read"):
        kept(profile)


@pytest.mark.parametrize(
    ("proxy", "shown"),
    [
        ("", ""),
        ("none", "none"),
        ("socks5://h:1080", "socks5://h:1080"),
        ("socks5://[::1]:1080", "socks5://[::1]:1080"),
        ("socks5://anna@[::1]:1080", "socks5://anna@[::1]:1080"),
        ("socks5://anna:secret@h:1080", "socks5://anna@h:1080"),
        ("socks5://anna:sec:r@et@h:1080", "socks5://anna@h:1080"),
    ],
)
def test_a_proxy_is_shown_without_a_password(proxy: str, shown: str) -> None:
    assert without_password(proxy) == shown
