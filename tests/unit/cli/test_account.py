"""What is kept of the arguments of `account add`."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from desktopmail.cli.account import _settings
from desktopmail.cli.servers import Address

if TYPE_CHECKING:
    import pytest


def test_the_authorities_are_found_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    given = Namespace(ca_file=Path("ca.pem"), proxy="", password_file=None)
    kept = _settings(given, Address("::1", 993), security="tls", auth="auto", user="anna")
    assert kept.ca_file == str(tmp_path / "ca.pem")
