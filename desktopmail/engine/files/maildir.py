"""The Maildir format: a file for each message, its flags in the name of the file.

Keywords are small letters there, which a file `dovecot-keywords` beside the messages names.
"""

from __future__ import annotations

import hashlib
import os
import stat
from typing import TYPE_CHECKING, BinaryIO

from desktopmail.door.rows import Flag
from desktopmail.engine.files.message import FileMessage, with_crlf, with_lf

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# In ASCII order, as the names have to have them.
_LETTERS = {
    "D": Flag.DRAFT, "F": Flag.FLAGGED, "P": Flag.FORWARDED, "R": Flag.ANSWERED, "S": Flag.SEEN,
    "T": Flag.DELETED,
}  # fmt: skip


# In this order: what is seen while we look goes from the one into the other.
_PARTS = ("new", "cur")
_KEYWORDS = "dovecot-keywords"
_KEYWORD_LETTERS = "abcdefghijklmnopqrstuvwxyz"


class MaildirWriter:
    """Writes messages into a Maildir; one that is there already is not written again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        for name in ("tmp", "new", "cur"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        self._there = {_unique(path.name) for path in (folder / "cur").iterdir()}
        self._keywords = {name: letter for letter, name in _keywords(folder).items()}

    def write(self, message: FileMessage) -> bool:
        """Add a message: into tmp, durable, then moved to its place.

        Says whether it was not there already.
        """
        octets = with_lf(message.octets)
        digest = hashlib.sha256(octets).hexdigest()[:24]
        unique = f"{message.date_s or 0}.{digest}.desktopmail"
        if unique in self._there:
            return False
        self._there.add(unique)
        letters = "".join(letter for letter, flag in _LETTERS.items() if message.flags & flag)
        letters += "".join(sorted(self._letters_of(message.tags)))
        being_written = self._folder / "tmp" / unique
        try:
            with being_written.open("wb") as file:
                file.write(octets)
                file.flush()
                os.fsync(file.fileno())
            if message.date_s is not None:
                os.utime(being_written, (message.date_s, message.date_s))
            being_written.rename(self._folder / "cur" / f"{unique}:2,{letters}")
        except BaseException:
            being_written.unlink(missing_ok=True)
            raise
        return True

    def close(self) -> None:
        """Every message is in its place already."""

    def abandon(self) -> None:
        """What was written stays: each file is a whole message."""

    def _letters_of(self, tags: tuple[str, ...]) -> Iterator[str]:
        """The letters of tags; those beyond what a Maildir has letters for are left out."""
        for name in tags:
            if name not in self._keywords and len(self._keywords) < len(_KEYWORD_LETTERS):
                taken = set(self._keywords.values())
                free = next(one for one in _KEYWORD_LETTERS if one not in taken)
                self._keywords[name] = free
                self._write_keywords()
            if name in self._keywords:
                yield self._keywords[name]

    def _write_keywords(self) -> None:
        lines = sorted((_KEYWORD_LETTERS.index(one), name) for name, one in self._keywords.items())
        being_written = self._folder / "tmp" / _KEYWORDS
        being_written.write_text("".join(f"{at} {name}\n" for at, name in lines), "utf-8")
        being_written.replace(self._folder / _KEYWORDS)


def _keywords(folder: Path) -> dict[str, str]:
    """The keywords of a Maildir by their letters, as Dovecot keeps them: `0 work`, a line each."""
    try:
        lines = (folder / _KEYWORDS).read_text("utf-8", "replace").splitlines()
    except FileNotFoundError:
        return {}
    named = {}
    for line in lines:
        at, _, name = line.partition(" ")
        if at.isdecimal() and int(at) < len(_KEYWORD_LETTERS) and name:
            named[_KEYWORD_LETTERS[int(at)]] = name
    return named


def is_one(path: Path) -> bool:
    """Whether a folder is a Maildir."""
    return (path / "cur").is_dir()


def read(folder: Path) -> Iterator[FileMessage]:
    """Iterate over the messages of a Maildir, those delivered first first.

    Others may work in it meanwhile: what they rename is read under its new name, with the flags of
    that, and what they remove is left out.
    """
    keywords = _keywords(folder)
    for entry in sorted(_entries(folder)):
        _, name, part = entry.split("\0")
        found = _open(folder, folder / part / name)
        if found is None:
            continue
        with found:
            octets = with_crlf(found.read())
            delivered_s = max(int(os.fstat(found.fileno()).st_mtime), 0)
        _, _, letters = os.path.basename(found.name).partition(":2,")
        flags = Flag.NONE
        for letter, flag in _LETTERS.items():
            if letter in letters:
                flags |= flag
        tags = tuple(keywords[letter] for letter in letters if letter in keywords)
        yield FileMessage(octets, flags, tags, delivered_s)


def _open(folder: Path, path: Path) -> BinaryIO | None:
    """Open a message, under whatever name it has now; None where it is gone."""
    tried: set[Path] = set()
    now: Path | None = path
    while now is not None:
        try:
            return now.open("rb")
        except FileNotFoundError:
            tried.add(now)
            alike = _named(folder, _unique(path.name))
            now = next((one for one in alike if one not in tried), None)
    return None


def _unique(name: str) -> str:
    """What stays of a name, whatever flags are set."""
    return name.partition(":")[0]


def _named(folder: Path, unique: str) -> list[Path]:
    parts = [folder / part for part in _PARTS if (folder / part).is_dir()]
    return [part / one for part in parts for one in os.listdir(part) if _unique(one) == unique]


def _entries(folder: Path) -> Iterator[str]:
    """When each message was delivered, its name and where it stands.

    As one text, which is in the order in which they are read: a hundred thousand paths, with what
    they remember of themselves, took 55 MB.
    """
    for part in _PARTS:
        if not (folder / part).is_dir():
            continue
        with os.scandir(folder / part) as found:
            for one in found:
                if one.name.startswith("."):
                    continue
                try:
                    status = one.stat()
                except FileNotFoundError:
                    yield f"{0:020}\0{one.name}\0{part}"  # it may have another name by now
                    continue
                if stat.S_ISREG(status.st_mode):
                    yield f"{max(status.st_mtime_ns, 0):020}\0{one.name}\0{part}"
