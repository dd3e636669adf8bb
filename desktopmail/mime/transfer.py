"""Content-Transfer-Encoding (RFC 2045 §6): undone leniently, and chosen for what we send.

Base64, quoted-printable and uuencode are undone; the first two are written.
"""

from __future__ import annotations

import base64
import binascii
import functools
import re
from typing import NamedTuple

from desktopmail.mime.defect import Defect

_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")
_BASE64_PADDING = re.compile(rb"=[=\r\n]*+")
_NO_RUN = re.compile(rb"[^A-Za-z0-9+/\r\n]")
_SOFT_BREAK_SPACE = re.compile(rb"=[ \t]+(?=\r?\n|\Z)")
_TRAILING_SPACE = re.compile(rb"(?<![ \t])[ \t]+(?=\r?\n)")
_BAD_ESCAPE = re.compile(rb"=(?![0-9A-Fa-f]{2}|\r?\n|\Z)")
_UU_BEGIN = re.compile(rb"^begin(?:-base64)? +[0-7]{3,4} +[^\r\n]*\r?\n", re.MULTILINE)

_IDENTITY = frozenset({"", "7bit", "8bit", "binary"})
# As real mail writes them.
_NAMES = {
    "7-bit": "7bit",
    "8-bit": "8bit",
    "7bits": "7bit",
    "8bits": "8bit",
    "7bi": "7bit",
    "quoted-printable": "quoted-printable",
    "quoted_printable": "quoted-printable",
    "quotedprintable": "quoted-printable",
    "qp": "quoted-printable",
    "base-64": "base64",
    "x-uuencode": "uuencode",
    "x-uue": "uuencode",
    "uue": "uuencode",
    "uuencode": "uuencode",
}


class Undone(NamedTuple):
    """Decoded octets, and what was wrong with the encoded ones (None for nothing)."""

    octets: bytes
    defect: Defect | None = None


@functools.lru_cache(maxsize=128)
def encoding_name(value: str | None) -> str:
    """Return the encoding a Content-Transfer-Encoding field names, in lower case, spelt properly.

    Args:
        value: The field's value, or None where there is none (which means 7bit).
    """
    if value is None:
        return "7bit"
    name = value.strip()
    if name.isalnum():
        name = name.lower()
        return _NAMES.get(name, name)
    name = name.partition(";")[0].partition("(")[0].strip(" \t\"'.,").lower()
    return _NAMES.get(name, name)


def is_identity(encoding: str) -> bool:
    """Whether an encoding (a result of `encoding_name`) leaves the octets as they are."""
    return encoding in _IDENTITY


def undo(octets: bytes, encoding: str) -> Undone:
    """Return what encoded octets stand for; never fails.

    Args:
        octets: A part's body.
        encoding: A result of `encoding_name`.
    """
    if encoding == "base64":
        return from_base64(octets)
    if encoding == "quoted-printable":
        return from_quoted_printable(octets)
    if encoding == "uuencode":
        return from_uuencode(octets)
    if encoding in _IDENTITY:
        return Undone(octets)
    return Undone(octets, Defect.UNKNOWN_ENCODING)


def from_base64(octets: bytes) -> Undone:
    """Undo Base64; junk, missing padding and a second run after padding are coped with."""
    try:
        # Strict mode would refuse line ends; the lenient one skips junk silently, and stops at
        # padding: both are found by the length that comes out.
        decoded = binascii.a2b_base64(octets)
    except binascii.Error:
        return Undone(_base64_runs(octets), Defect.BAD_BASE64)
    # A clean body of n digits in lines is about 4/3 of what it holds, line ends aside.
    if len(decoded) * 4 + 8 < (len(octets) - octets.count(b"\n") * 2) * 3:
        again = _base64_runs(octets)
        if again != decoded:
            return Undone(again, Defect.BAD_BASE64)
    return Undone(decoded)


def _base64_runs(octets: bytes) -> bytes:
    """Decode each run of digits between paddings on its own (some clients encode in pieces).

    What goes on behind a padding in other characters, or after a space, is a list's footer.
    """
    out: list[bytes] = []
    for run in _BASE64_PADDING.split(octets):
        if out and _NO_RUN.search(run):
            break
        digits = _NOT_BASE64.sub(b"", run)
        spare = len(digits) % 4
        if spare == 1:  # six bits are no octet
            digits = digits[:-1]
        out.append(binascii.a2b_base64(digits + b"=" * (-len(digits) % 4)))
    return b"".join(out)


def from_quoted_printable(octets: bytes) -> Undone:
    """Undo quoted-printable; bad escapes stay as they stand (RFC 2045 section 6.7)."""
    if b"= " in octets or b"=\t" in octets:
        octets = _SOFT_BREAK_SPACE.sub(b"=", octets)
    if b" \r\n" in octets or b" \n" in octets or b"\t\r\n" in octets or b"\t\n" in octets:
        octets = _TRAILING_SPACE.sub(b"", octets)
    if b"=" not in octets:
        return Undone(octets)
    defect = Defect.BAD_QUOTED_PRINTABLE if _BAD_ESCAPE.search(octets) else None
    return Undone(binascii.a2b_qp(octets), defect)


def from_uuencode(octets: bytes) -> Undone:
    """Undo uuencode: what stands between `begin` and `end`."""
    begin = _UU_BEGIN.search(octets)
    if begin is None:
        return Undone(octets, Defect.BAD_UUENCODE)
    out = []
    defect: Defect | None = Defect.BAD_UUENCODE  # until the end is seen
    for line in octets[begin.end() :].split(b"\n"):
        line = line.rstrip(b"\r")
        if line == b"end":
            defect = None
            break
        if not line:
            continue
        try:
            out.append(binascii.a2b_uu(line))
        except binascii.Error:
            # Broken encoders add octets behind the count; take what the count says (cf. uu.py).
            wanted = (((line[0] - 32) & 63) * 4 + 5) // 3
            try:
                out.append(binascii.a2b_uu(line[:wanted]))
            except binascii.Error:
                defect = Defect.BAD_UUENCODE
                break
    return Undone(b"".join(out), defect)


def encode_text(octets: bytes) -> tuple[str, bytes]:
    """Return the name of the more readable of the two encodings in ASCII, and a text in it.

    Args:
        octets: The text, with CRLF.
    """
    if sum(octet > 127 for octet in octets) * 4 < len(octets):
        return "quoted-printable", to_quoted_printable(octets)
    return "base64", to_base64(octets)


def to_quoted_printable(octets: bytes) -> bytes:
    """Return a text, which has CRLF, in quoted-printable (RFC 2045 section 6.7)."""
    # "From " at the begin of a line and a lone "." are changed by old relays.
    encoded = b"\r\n" + binascii.b2a_qp(octets, istext=True)
    encoded = encoded.replace(b"\r\nFrom ", b"\r\n=46rom ").replace(b"\r\n.", b"\r\n=2E")
    return encoded[2:]


def to_base64(octets: bytes) -> bytes:
    """Return octets in Base64, in lines of 76 that end in CRLF (RFC 2045 section 6.8)."""
    return base64.encodebytes(octets).replace(b"\n", b"\r\n")
