"""The program: the window, or a subcommand of the command line.

This is the composition root. Qt is imported as late as can be, so that `desktopmail list` starts
fast and works where there is no Qt at all.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from desktopmail.cli.parser import Parser, add_looks, folder

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

_X11_LIBRARIES = {
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}
_BASE_PACKAGES = "libglib2.0-0 libgl1 libegl1 libdbus-1-3 libxkbcommon0 libfontconfig1"
_NO_DISPLAY = (
    "There is no display for a window (neither DISPLAY nor WAYLAND_DISPLAY is set); "
    "`desktopmail demo` works without one, and `desktopmail --help` lists the command line."
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program and return its exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not _wants_window(arguments):
        from desktopmail.cli.main import main as cli_main

        return cli_main(arguments)
    options = _parse(arguments)
    if options.screenshot is not None:
        if no_place := _no_place(options.screenshot):
            return _fail(no_place)
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
        # Which warns of each window that nobody can move or resize it.
        os.environ.setdefault("QT_LOGGING_RULES", "default.warning=false")
    elif not _has_display():
        return _fail(_NO_DISPLAY)
    problem = _missing_x11_library()
    if problem:
        return _fail(problem)
    from desktopmail.ui.start import Options, run

    try:
        return run(
            Options(
                profile=options.profile,
                demo=options.demo,
                screenshot=options.screenshot,
                theme=options.theme,
                language=options.language,
                size=options.size,
                select=options.select,
                mailto=options.mailto,
            )
        )
    except ImportError as error:
        return _fail(_explain(error))


def _wants_window(arguments: Sequence[str]) -> bool:
    """Whether the arguments ask for a window; everything else is the command line's."""
    if any(argument in {"-h", "--help", "--version"} for argument in arguments):
        return False
    words = _words(arguments)
    if not words or words[0].lower().startswith("mailto:"):
        return True
    screenshot = any(argument.split("=")[0] == "--screenshot" for argument in arguments)
    return words[0] == "demo" and (screenshot or _has_display())


def _words(arguments: Sequence[str]) -> list[str]:
    """The arguments that are neither options nor their values."""
    words: list[str] = []
    value_follows = False
    for argument in arguments:
        if value_follows:
            value_follows = False
        elif argument.startswith("-"):
            value_follows = argument in _WITH_VALUE
        else:
            words.append(argument)
    return words


_WITH_VALUE = {"--profile", "--screenshot", "--theme", "--language", "--size", "--select"}


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = Parser(prog="desktopmail", allow_abbrev=False)
    parser.add_argument("what", nargs="?", default="")
    parser.add_argument("--profile", type=folder)
    parser.add_argument("--screenshot", type=Path)
    add_looks(parser)
    options = parser.parse_args(arguments)
    options.demo = options.what == "demo"
    options.mailto = options.what if options.what.lower().startswith("mailto:") else ""
    return options


def _has_display() -> bool:
    if sys.platform in {"darwin", "win32"}:
        return True
    platform = os.environ.get("QT_QPA_PLATFORM", "")
    if platform and platform != "offscreen":
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _missing_x11_library() -> str:
    """Name what X11 needs and is not here; Qt itself would abort with a page of hints."""
    on_x11 = bool(os.environ.get("DISPLAY")) and not os.environ.get("WAYLAND_DISPLAY")
    if not sys.platform.startswith("linux") or not on_x11:
        return ""
    if os.environ.get("QT_QPA_PLATFORM", "xcb") != "xcb":
        return ""
    missing = [package for name, package in _X11_LIBRARIES.items() if not _loads(name)]
    if not missing:
        return ""
    return (
        f"Qt needs system libraries that are not installed; "
        f"on Debian and Ubuntu: apt install {' '.join(missing)}"
    )


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _explain(error: ImportError) -> str:
    """Return one sentence for an import of Qt that failed."""
    if isinstance(error, ModuleNotFoundError):
        if (error.name or "").partition(".")[0] in {"PySide6", "qasync", "shiboken6"}:
            return (
                f"The window needs {error.name}, which is not installed; "
                f"install desktopmail with its extra: pip install 'desktopmail[gui]'"
            )
        raise error
    if "cannot open shared object" in str(error):
        library = str(error).partition(":")[0]
        return (
            f"Qt needs the system library {library}, which is not installed; "
            f"on Debian and Ubuntu: apt install {_BASE_PACKAGES}"
        )
    raise error


def _no_place(picture: Path) -> str:
    """Why a picture cannot be written there, seen before all that it takes; "" where it can be."""
    folder = picture.absolute().parent
    if not folder.is_dir():
        why = f"there is no folder {folder}"
    elif picture.is_dir():
        why = "that is a folder"
    elif not os.access(picture if picture.exists() else folder, os.W_OK):
        why = "it is not allowed there"
    else:
        return ""
    return f"The picture {picture} cannot be written: {why}. Name another place."


def _fail(sentence: str) -> int:
    sys.stderr.write(f"desktopmail: {sentence}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
