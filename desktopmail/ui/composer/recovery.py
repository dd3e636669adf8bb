"""What is being written, kept in the profile from second to second: a crash loses no word.

Drafts go to the server every few seconds; this copy is on the disk within one. It is removed when
its window was closed in order (sent, kept as a draft, or thrown away).
"""

from __future__ import annotations

import hashlib
import shutil
from typing import TYPE_CHECKING

import msgspec

from desktopmail import whole_file
from desktopmail.mime import address
from desktopmail.mime.address import Mailbox
from desktopmail.mime.compose import Draft, File
from desktopmail.mime.quoted import Quoted
from desktopmail.ui.composer.writing import Placed, Writing

if TYPE_CHECKING:
    from pathlib import Path


class _KeptFile(msgspec.Struct, frozen=True):
    name: str
    media_type: str
    content_id: str
    digest: str


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    placed: Placed
    sender: tuple[str, str]
    to: tuple[str, ...]
    cc: tuple[str, ...]
    bcc: tuple[str, ...]
    reply_to: tuple[str, ...]
    subject: str
    text: str
    html: str | None
    files: tuple[_KeptFile, ...]
    in_reply_to: str
    references: tuple[str, ...]
    fields: tuple[tuple[str, str], ...]
    quoted: tuple[str, str] | None = None


class Recovery:
    """Keeps messages being written; its methods do I/O and run in a thread.

    Args:
        folder: Where, or None to keep nothing.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._digests: dict[int, tuple[bytes, str]] = {}  # by the identity of a file's octets

    @property
    def is_kept(self) -> bool:
        """Whether anything is kept at all."""
        return self._folder is not None

    @classmethod
    def of_profile(cls, folder: Path | None) -> Recovery:
        """Return where the program keeps them in a profile."""
        return cls(folder / "unsent" if folder is not None else None)

    def keep(self, key: str, draft: Draft, placed: Placed) -> None:
        """Keep a draft in place of what was kept under its key.

        Raises:
            OSError: The disk refused.
        """
        if self._folder is None:
            return
        place = self._folder / key
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        files = []
        for file in draft.files:
            digest = self._digest(file.octets)
            if not (place / digest).exists():  # a file is written once, not with every word
                whole_file.replace(place / digest, file.octets)
            files.append(_KeptFile(file.name, file.media_type, file.content_id, digest))
        kept = _Kept(
            placed=placed,
            sender=(draft.sender.name, draft.sender.address),
            to=tuple(map(str, draft.to)),
            cc=tuple(map(str, draft.cc)),
            bcc=tuple(map(str, draft.bcc)),
            reply_to=tuple(map(str, draft.reply_to)),
            subject=draft.subject,
            text=draft.text,
            html=draft.html,
            files=tuple(files),
            in_reply_to=draft.in_reply_to,
            references=draft.references,
            fields=draft.fields,
            quoted=(draft.quoted.html, draft.quoted.text) if draft.quoted is not None else None,
        )
        whole_file.replace(place / "draft.json", msgspec.json.encode(kept))

    def _digest(self, octets: bytes) -> str:
        """The digest of a file, made once: a film of 50 MB takes 100 ms with every word typed."""
        known = self._digests.get(id(octets))
        if known is None or known[0] is not octets:
            known = (octets, hashlib.sha256(octets).hexdigest())
            self._digests[id(octets)] = known
        return known[1]

    def forget(self, key: str) -> None:
        """Forget a draft that is safe elsewhere, or unwanted."""
        self._digests.clear()
        if self._folder is not None:
            shutil.rmtree(self._folder / key, ignore_errors=True)

    def left(self) -> list[Writing]:
        """What was being written when the program ended without saying so.

        What cannot be read is left alone and not told.
        """
        if self._folder is None or not self._folder.is_dir():
            return []
        found = []
        for place in sorted(self._folder.iterdir()):
            try:
                kept = msgspec.json.decode((place / "draft.json").read_bytes(), type=_Kept)
                files = tuple(
                    File(it.name, it.media_type, (place / it.digest).read_bytes(), it.content_id)
                    for it in kept.files
                )
            except (OSError, msgspec.MsgspecError):
                continue
            found.append(Writing(_draft(kept, files), kept.placed, recovered=place.name))
        return found


def _draft(kept: _Kept, files: tuple[File, ...]) -> Draft:
    return Draft(
        sender=Mailbox(*kept.sender),
        to=_boxes(kept.to),
        cc=_boxes(kept.cc),
        bcc=_boxes(kept.bcc),
        reply_to=_boxes(kept.reply_to),
        subject=kept.subject,
        text=kept.text,
        html=kept.html,
        files=files,
        in_reply_to=kept.in_reply_to,
        references=kept.references,
        fields=kept.fields,
        quoted=Quoted(*kept.quoted) if kept.quoted is not None else None,
    )


def _boxes(texts: tuple[str, ...]) -> tuple[Mailbox, ...]:
    return tuple(box for text in texts for box in address.parse(text))
