"""What a tag is called: at a server, where it is a keyword of IMAP, and to a person.

A keyword is an atom of ASCII (RFC 9051 section 9, flag-keyword). Thunderbird keeps a tag that a
person made under its name in modified UTF-7 with underscores for spaces, and its five first ones as
`$label1` to `$label5`; other programs read what it wrote, and so do we.
"""

from __future__ import annotations

import re
import zlib

from desktopmail.wire.imap.mailbox import decode_utf7, encode_utf7

LABELS = {
    "$label1": "Important",
    "$label2": "Work",
    "$label3": "Personal",
    "$label4": "To Do",
    "$label5": "Later",
    "$important": "Important",
}
# Readable on white and on black alike.
COLOURS = {
    "$label1": "#d64545",
    "$label2": "#c77700",
    "$label3": "#2f9e44",
    "$label4": "#3d7bd9",
    "$label5": "#9b59b6",
    "$important": "#d64545",
}
_PALETTE = (
    "#3d7bd9", "#2f9e44", "#c77700", "#9b59b6", "#d64545", "#1098ad", "#b0446f", "#6b8e23",
    "#8d6e63", "#5c6bc0",
)  # fmt: skip
_NO_ATOM = re.compile(r"[\x00-\x20\x7f(){%*\"\\\]]+")


def name_of(label: str) -> str:
    """The keyword for what a person typed; empty where nothing of it can be one."""
    octets = encode_utf7(" ".join(label.split()).replace(" ", "_"))
    return _NO_ATOM.sub("_", octets.decode("ascii", "ignore")).strip("_")


def label_of(name: str) -> str:
    """What a keyword is called to a person who gave it no label."""
    known = LABELS.get(name.lower())
    if known is not None:
        return known
    if "&" not in name or not name.isascii():
        return name
    return decode_utf7(name.encode())


def colour_of(name: str) -> str:
    """The colour of a tag that a person gave none: always the same for the same name."""
    known = COLOURS.get(name.lower())
    return known or _PALETTE[zlib.crc32(name.lower().encode()) % len(_PALETTE)]
