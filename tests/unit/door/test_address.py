"""Where an engine is reached: what the system has decides, and only this user can read it."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from desktopmail.door.address import (
    TOKEN_OCTETS,
    WAY_VARIABLE,
    LoopbackAddress,
    Port,
    SocketAddress,
    has_sockets,
    read_port,
    write_port,
)
from desktopmail.door.interface import EngineGoneError
from desktopmail.door.profile import Profile
from tests.helpers.without import run_without

if TYPE_CHECKING:
    from pathlib import Path

PORT = Port(port=4711, token=os.urandom(TOKEN_OCTETS))


def test_unix_sockets_are_used_where_they_are_and_nobody_says_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(WAY_VARIABLE, raising=False)
    assert has_sockets()
    assert isinstance(Profile.at(tmp_path).address, SocketAddress)
    monkeypatch.setenv(WAY_VARIABLE, "loopback")
    assert not has_sockets()
    assert Profile.at(tmp_path).address == LoopbackAddress(tmp_path / "address")


def test_a_system_without_unix_sockets_has_the_file_in_the_profile(tmp_path: Path) -> None:
    code = (
        "import sys; from desktopmail.door.profile import Profile;"
        "print(Profile.at(sys.argv[1]).address)"
    )
    done = run_without(code, str(tmp_path))
    assert done.stdout == f"{LoopbackAddress(tmp_path / 'address')}\n", done.stderr


def test_what_was_written_is_read_and_is_for_this_user_alone(tmp_path: Path) -> None:
    address = LoopbackAddress(tmp_path / "address")
    write_port(address, PORT)
    assert read_port(address) == PORT
    assert stat.S_IMODE(address.path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [address.path]


def test_a_token_is_in_no_log() -> None:
    assert repr(PORT) == "Port(port=4711)"


def test_without_a_file_nobody_listens(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_port(LoopbackAddress(tmp_path / "address"))


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"{}",
        b"\xff" * 5000,
        b'{"port": 4711, "token": "AAAA"}',
        b'{"port": 0, "token": "%b"}' % (b"A" * 44),
        b'{"port": 70000, "token": "%b"}' % (b"A" * 44),
    ],
)
def test_a_file_that_no_engine_wrote_is_that_of_one_that_has_gone(
    octets: bytes, tmp_path: Path
) -> None:
    address = LoopbackAddress(tmp_path / "address")
    write_port(address, PORT)
    address.path.write_bytes(octets)
    with pytest.raises(EngineGoneError, match="does not say where the engine is"):
        read_port(address)


@pytest.mark.parametrize("mode", [0o640, 0o602, 0o644])
def test_a_file_that_is_open_to_others_is_not_believed(mode: int, tmp_path: Path) -> None:
    address = LoopbackAddress(tmp_path / "address")
    write_port(address, PORT)
    address.path.chmod(mode)
    with pytest.raises(EngineGoneError):
        read_port(address)
