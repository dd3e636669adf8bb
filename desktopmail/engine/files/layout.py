"""Where the mailboxes of an account stand when all of them are exported, by format.

A Maildir has the others beside the Inbox, each in a folder `.Name.Below` (Maildir++, as Courier and
Dovecot have it, names in the modified UTF-7 of RFC 3501 section 5.1.3). Of mbox and .eml a folder
has a file `Name.mbox`, or a folder `Name`, and what is below a mailbox in a folder of its name.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from desktopmail.door.rows import Role
from desktopmail.wire.imap.mailbox import encode_utf7

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from desktopmail.door.ids import MailboxId
    from desktopmail.engine.store.mailbox import Mailbox

# What a file system takes as a part of a name: 255 octets, and room for what is put behind.
_MAX_OCTETS = 200
# No separators of folders or parts, nothing invisible; what Windows refuses, too.
_UNSAFE = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]')


def places(folder: Path, boxes: Iterable[Mailbox], form: str) -> dict[MailboxId, Path]:
    """Where each mailbox goes: the same place whenever these mailboxes are exported.

    Args:
        folder: That of the account.
        boxes: Those that hold messages.
        form: "mbox", "maildir" or "eml".
    """
    found: dict[MailboxId, Path] = {}
    taken: set[str] = set()
    for box in sorted(boxes, key=lambda one: one.id):
        place = _place(folder, box, form)
        number = 1
        # Some file systems know one name in small and large letters.
        while str(place).casefold() in taken:
            number += 1
            place = _place(folder, box, form, f" ({number})")
        taken.add(str(place).casefold())
        found[box.id] = place
    return found


def _place(folder: Path, box: Mailbox, form: str, behind: str = "") -> Path:
    names = box.shown_path.split(box.delimiter) if box.delimiter else [box.shown_path]
    parts = [_safe(name) for name in names]
    if form == "eml":
        return folder.joinpath(*parts[:-1], parts[-1] + behind)
    if form == "mbox":
        # A folder that ends so would have the name of the file of another mailbox.
        above = [part + "_" * part.lower().endswith(".mbox") for part in parts[:-1]]
        return folder.joinpath(*above, f"{parts[-1]}{behind}.mbox")
    if box.role is Role.INBOX:
        return folder
    encoded = [encode_utf7(part.replace(".", "_")).decode("ascii") for part in parts]
    return folder / ("." + ".".join(encoded)[:_MAX_OCTETS] + behind)


def _safe(name: str) -> str:
    """A part of a mailbox's name as that of a file: not hidden, and not the folder above."""
    safe = _UNSAFE.sub("_", name)
    safe = re.sub(r"^\.", "_", safe) or "_"
    return safe.encode()[:_MAX_OCTETS].decode("utf-8", "ignore")
