"""A profile is one folder, and its socket fits into a socket address."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from desktopmail.door.profile import Profile

if TYPE_CHECKING:
    import pytest


def test_everything_is_in_the_folder_of_the_profile(tmp_path: Path) -> None:
    profile = Profile.at(tmp_path)
    for path in (
        profile.database,
        profile.segment(3),
        profile.lock,
        profile.settings,
        profile.vault,
    ):
        assert path.is_relative_to(tmp_path)
    assert profile.segment(3).name == "000003.db"


def test_the_socket_is_short_and_the_same_for_one_folder_only(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 200)
    deep.mkdir()
    assert len(str(Profile.at(deep).address.path)) < 100  # a socket address holds 107 octets
    assert Profile.at(deep).address != Profile.at(tmp_path).address
    link = tmp_path / "link"
    link.symlink_to(deep)
    assert Profile.at(link).address == Profile.at(deep).address


def test_without_a_folder_it_is_the_users_own() -> None:
    assert Profile.at().folder.is_absolute()
    assert Profile.at("x").folder == Path.cwd() / "x"


def test_a_runtime_folder_that_is_too_deep_for_a_socket_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("r" * 120)
    deep.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(deep))
    assert len(str(Profile.at(tmp_path).address.path)) < 107


def test_a_temporary_folder_that_is_too_deep_for_a_socket_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("t" * 120)
    deep.mkdir()
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setattr("tempfile.tempdir", str(deep))
    assert len(str(Profile.at(tmp_path).address.path)) < 104
