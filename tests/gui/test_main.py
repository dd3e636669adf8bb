from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import desktopmail.__main__ as program


@pytest.mark.parametrize(
    ("arguments", "display", "window"),
    [
        ([], True, True),
        (["--profile", "/tmp/demo"], True, True),
        (["mailto:a@example.org"], True, True),
        (["demo"], True, True),
        (["demo"], False, False),
        (["demo", "--screenshot", "x.png"], False, True),
        (["demo", "--screenshot=x.png"], False, True),
        (["list", "INBOX"], True, False),
        (["--help"], True, False),
        (["--profile", "demo", "list"], True, False),
    ],
)
def test_who_is_asked_the_window_or_the_command_line(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], display: bool, window: bool
) -> None:
    monkeypatch.setattr(program, "_has_display", lambda: display)
    assert program._wants_window(arguments) == window


def test_without_a_display_one_sentence_says_what_works(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(program, "_has_display", lambda: False)
    assert program.main([]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "desktopmail demo" in error


def test_a_missing_library_of_qt_names_the_debian_packages() -> None:
    error = ImportError("libEGL.so.1: cannot open shared object file: No such file or directory")
    sentence = program._explain(error)
    assert "libEGL.so.1" in sentence
    assert "apt install" in sentence
    assert "libegl1" in sentence
    assert "\n" not in sentence


def test_missing_pyside_names_the_extra() -> None:
    sentence = program._explain(ModuleNotFoundError("no", name="PySide6"))
    assert "desktopmail[gui]" in sentence


def test_an_import_error_of_our_own_is_not_explained_away() -> None:
    with pytest.raises(ModuleNotFoundError):
        program._explain(ModuleNotFoundError("no", name="desktopmail.ui.nothing"))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="X11 is looked at on Linux only")
def test_libraries_x11_needs_are_named_before_qt_aborts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.delenv("QT_QPA_PLATFORM", raising=False)
    monkeypatch.setattr(program, "_loads", lambda name: "cursor" not in name)
    assert program._missing_x11_library().endswith("apt install libxcb-cursor0")


def test_what_the_window_does_not_know_is_said_in_one_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as stop:
        program.main(["--json"])
    assert stop.value.code == 2
    said = capsys.readouterr().err
    assert said == "desktopmail: unrecognized arguments: --json. See desktopmail --help.\n"


@pytest.mark.slow
def test_a_picture_of_the_demonstration_is_taken_without_a_display(tmp_path: Path) -> None:
    picture = tmp_path / "demo.png"
    done = subprocess.run(
        [sys.executable, "-m", "desktopmail", "demo", "--screenshot", str(picture)],
        cwd=Path(program.__file__).parents[1],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "This plugin" not in done.stderr
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size > 50_000
