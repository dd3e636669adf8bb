"""A profile is one folder, and its socket fits into a socket address."""

from __future__ import annotations

from pathlib import Path

from desktopmail.door.profile import Profile


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
    assert len(str(Profile.at(deep).socket)) < 100  # a socket address holds 107 octets
    assert Profile.at(deep).socket != Profile.at(tmp_path).socket
    link = tmp_path / "link"
    link.symlink_to(deep)
    assert Profile.at(link).socket == Profile.at(deep).socket


def test_without_a_folder_it_is_the_users_own() -> None:
    assert Profile.at().folder.is_absolute()
    assert Profile.at("x").folder == Path.cwd() / "x"
