from __future__ import annotations

import errno
import os
import stat
import sys
from typing import TYPE_CHECKING

import pytest

from desktopmail.ui.settings import DECLARED, Settings, SettingsError

if TYPE_CHECKING:
    from pathlib import Path


def test_what_was_chosen_is_there_again(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "window.toml"
    settings = Settings(file)
    settings.set("theme", "dark")
    settings.set("send_delay_s", 20)
    settings.set("remote_senders", ["a@example.org"])
    again = Settings.read(file)
    assert again.text("theme") == "dark"
    assert again.number("send_delay_s") == 20
    assert again.texts("remote_senders") == ["a@example.org"]
    assert "density" not in file.read_text()  # a default is not written down


def test_a_choice_that_is_not_durable_leaves_those_before_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    file = tmp_path / "window.toml"
    settings = Settings(file)
    settings.set("theme", "dark")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        settings.set("theme", "light")
    assert Settings.read(file).text("theme") == "dark"


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
def test_nobody_else_may_read_what_was_searched_for(tmp_path: Path) -> None:
    Settings(tmp_path / "window.toml").set("recent_searches", ["from:dora"])
    assert stat.S_IMODE((tmp_path / "window.toml").stat().st_mode) == 0o600


def test_a_listener_hears_of_a_change_once() -> None:
    settings = Settings(None)
    heard: list[str] = []
    settings.subscribe(heard.append)
    settings.set("density", "compact")
    settings.set("density", "compact")
    assert heard == ["density"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("theme", "purple"), ("theme", 3), ("send_delay_s", -1), ("send_delay_s", "ten"), ("tray", 1)],
)
def test_what_a_setting_may_not_be_is_refused(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=name):
        Settings(None).set(name, value)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["theme = [", 'theme = "purple"', b"\xff\xfe theme"])
def test_a_file_that_cannot_be_read_is_named_in_one_sentence(
    tmp_path: Path, text: str | bytes
) -> None:
    file = tmp_path / "window.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(SettingsError, match=r"window\.toml"):
        Settings.read(file)


def test_names_are_declared_once() -> None:
    names = [setting.name for setting in DECLARED]
    assert len(names) == len(set(names))
