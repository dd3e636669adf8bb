"""Settings: defaults without a file, one sentence for a bad one, comments of a person kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktopmail.door.interface import DoorError
from desktopmail.engine import settings
from desktopmail.engine.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path


def test_without_a_file_everything_is_as_it_comes(tmp_path: Path) -> None:
    assert settings.load(tmp_path / "settings.toml") == Settings()


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    wanted = Settings(poll_minutes=1.5, transcript_octets=1000, local_name="laptop.example.org")
    settings.save(tmp_path / "settings.toml", wanted)
    assert settings.load(tmp_path / "settings.toml") == wanted


def test_comments_and_order_of_a_person_stay(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text("# mine\nlocal_name = 'x'  # why\n\npoll_minutes = 9.0\n")
    settings.save(path, Settings(poll_minutes=2.0, local_name="x"))
    text = path.read_text()
    assert "# mine" in text
    assert "# why" in text
    assert text.index("local_name") < text.index("poll_minutes")
    assert settings.load(path).poll_minutes == 2.0


def test_going_back_to_a_default_is_saved_too(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    settings.save(path, Settings(poll_minutes=9.0))
    settings.save(path, Settings())
    assert settings.load(path) == Settings()


@pytest.mark.parametrize(
    "text",
    [
        "poll_minutes = ", "poll_minutes = 'often'", "colour = 'red'", "[poll_minutes]",
        "poll_minutes = 0", "poll_minutes = -1", "poll_minutes = nan", "poll_minutes = inf",
        "transcript_octets = -1",
    ],
)  # fmt: skip
def test_a_bad_file_is_one_sentence_that_names_it(tmp_path: Path, text: str) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(text)
    with pytest.raises(DoorError) as caught:
        settings.load(path)
    assert caught.value.code == "bad-settings"
    assert str(path) in caught.value.sentence
    assert path.read_text() == text


def test_a_file_that_is_no_text_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(DoorError) as caught:
        settings.load(path)
    assert caught.value.code == "bad-settings"


def test_no_setting_holds_a_password() -> None:
    assert not [name for name in Settings.__struct_fields__ if "pass" in name or "secret" in name]


def test_settings_that_cannot_be_written_are_one_sentence_and_stay(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    settings.save(path, Settings(poll_minutes=9.0))
    (tmp_path / "settings.toml.new").mkdir()
    with pytest.raises(DoorError) as caught:
        settings.save(path, Settings(proxy="socks5://127.0.0.1:1080"))
    assert caught.value.code == "profile-unwritable"
    assert settings.load(path) == Settings(poll_minutes=9.0)
