"""Hiding passwords in what a server says: some repeat what they were told ("unknown: PASS …").

A password that is a word stands in ordinary text, too. Blanked out everywhere it would make a
transcript unreadable, and tell what it is ("e<password> for you"); so it is hidden where a login is
repeated, and in all that is said during one unless servers say that word by themselves.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from desktopmail import resources

if TYPE_CHECKING:
    from desktopmail.wire.secret import Secret

HIDDEN = "<password>"
# A shorter one would blank out half of every answer, and protects nothing anyhow.
_MIN_OCTETS = 4
# Letters alone, or the digits of a year: what a mail may well say.
_LONGEST_WORD, _LONGEST_NUMBER = 16, 4


@dataclass(frozen=True, slots=True)
class Masks:
    """What is to be hidden.

    Attributes:
        always: In whatever a server says.
        at_login: While we log in, besides.
    """

    always: tuple[bytes, ...] = ()
    at_login: tuple[bytes, ...] = ()

    @property
    def every(self) -> tuple[bytes, ...]:
        """All of them."""
        return (*self.always, *self.at_login)


def forms(user: str, secret: Secret) -> Masks:
    """How a password, and a login with it, may stand in an answer: as it is, and in Base64."""
    text = secret.reveal()
    password = text.encode("utf-8", "surrogatepass")
    if len(password) < _MIN_OCTETS:
        return Masks()
    name = user.encode("utf-8", "surrogatepass")
    proofs = (b"\0%b\0%b" % (name, password), b"%b\0%b\0%b" % (name, name, password))
    encoded = tuple(base64.b64encode(one).rstrip(b"=") for one in (password, *proofs))
    quoted = password.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
    if not _is_word(text):
        return Masks((*dict.fromkeys((password, quoted)), *encoded))
    repeated = (
        b"PASS " + password,
        *(first + second for first in (name + b" ", b'"%b" ' % name)
          for second in (password, b'"%b"' % password)),
    )  # fmt: skip
    return Masks((*repeated, *encoded), () if _is_said_anyway(text) else (password,))


def _is_word(text: str) -> bool:
    if text.isdecimal():
        return len(text) <= _LONGEST_NUMBER
    return text.isalpha() and len(text) <= _LONGEST_WORD


def _is_said_anyway(word: str) -> bool:
    """Whether servers say a word by themselves: it stands in our explanations of the protocols."""
    wanted = word.casefold()
    folder = resources.path("protocol")
    return wanted.isdecimal() or any(
        wanted in file.read_text("utf-8").casefold() for file in sorted(folder.glob("*.toml"))
    )


def hide(octets: bytes, masks: tuple[bytes, ...]) -> bytes:
    """Return the octets without these."""
    found = [mask for mask in masks if mask in octets]
    if not found:
        return octets
    found.sort(key=len, reverse=True)
    # All at once: what stands in for one may hold another, as "<password>" does "pass".
    return re.sub(b"|".join(map(re.escape, found)), HIDDEN.encode(), octets)


def hide_text(text: str, masks: tuple[bytes, ...]) -> str:
    """Return the text without these."""
    return hide(text.encode("utf-8", "surrogatepass"), masks).decode("utf-8", "surrogatepass")
