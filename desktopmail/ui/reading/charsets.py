"""Lets a person say in which charset a message is written, where it says nothing or the wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.ui.chooser import Choice, choose
from desktopmail.ui.language import tr

if TYPE_CHECKING:
    from desktopmail.ui.window import MainWindow

# Script or language → charsets by their WHATWG labels, the usual one first.
CHARSETS = {
    "unicode": ("utf-8", "utf-16le"),
    "western": ("windows-1252", "iso-8859-15", "macintosh"),
    "central": ("iso-8859-2", "windows-1250"),
    "baltic": ("windows-1257", "iso-8859-13"),
    "cyrillic": ("windows-1251", "koi8-r", "koi8-u", "iso-8859-5"),
    "greek": ("windows-1253", "iso-8859-7"),
    "turkish": ("windows-1254",),
    "hebrew": ("windows-1255", "iso-8859-8"),
    "arabic": ("windows-1256", "iso-8859-6"),
    "thai": ("windows-874",),
    "vietnamese": ("windows-1258",),
    "chinese": ("gb18030", "big5"),
    "japanese": ("shift_jis", "iso-2022-jp", "euc-jp"),
    "korean": ("euc-kr",),
}


async def choose_charset(window: MainWindow) -> None:
    """Ask for a charset and read the message shown in it."""
    if window.reading.letter is None:
        return
    now = window.reading.charset
    choices = [Choice(tr("charset.named"), "", "check" if now is None else "", "")]
    for script, labels in CHARSETS.items():
        for label in labels:
            icon = "check" if now == label else ""
            choices.append(Choice(tr(f"charset.{script}"), label, icon, label))
    chosen = await choose(window.desk_top, window.theme, tr("charset.choose"), choices)
    if chosen is not None:
        window.reading.use_charset(str(chosen.value) or None)
