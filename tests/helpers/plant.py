"""Something of the engine replaced in its own process, as a broken library would."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def plant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    """Have each engine that is started from now on run this first."""
    (tmp_path / "planted").mkdir()
    (tmp_path / "planted" / "sitecustomize.py").write_text(
        "import sys\nif 'desktopmail.engine' in sys.orig_argv:\n"
        + "".join(f"    {line}\n" for line in source.splitlines())
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "planted"))
