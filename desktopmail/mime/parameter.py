"""A value with parameters (`text/plain; charset=utf-8`), RFC 2231 included, and the usual mistakes.

Mistakes that are understood: missing quotes around spaces, quotes that are not closed, single
quotes, backslashes of Windows paths, encoded words in quotes, RFC 2231 values in quotes or without
their charset, missing semicolons, comments, continuations out of order, parameters twice.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from desktopmail.mime import charset, encoded_word

if TYPE_CHECKING:
    from collections.abc import Mapping

# The form nearly all fields have; its parameters need no second look.
_PLAIN = re.compile(
    r"\s*+([^\s;()\"%=]++)\s*+"
    r"((?>(?:;\s*+[^\s=;*()\"]++=(?:\"[^\"\\%]*+\"|[^\s;\"'()%]++)\s*+)*));?\s*+"
)
_PLAIN_PARAMETER = re.compile(r";\s*+([^=]++)=(?:\"([^\"]*+)\"|([^\s;]++))")
_SEPARATORS = re.compile(r"[\s;]*+")
_NAME = re.compile(r"([^\s=;\"]++)\s*+=\s*+")
_QUOTED = re.compile(r'"((?>(?:[^"\\]|\\.)*))"?', re.DOTALL)
_BARE_WORD = re.compile(r"[^;\s]*+")
_NEXT_NAME = re.compile(r"(?<!\s)\s++[A-Za-z][A-Za-z0-9-]*\*?=")
_CONTINUED = re.compile(r"([^*]+)\*(\d{1,4})?(\*)?$")
_PERCENT = re.compile(rb"%([0-9A-Fa-f]{2})")
_NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Parametrised:
    """A value and its parameters.

    Attributes:
        value: The value in lower case: a media type, a disposition.
        parameters: Name in lower case → decoded value.
    """

    value: str
    parameters: Mapping[str, str]


@functools.lru_cache(maxsize=512)
def parse(text: str) -> Parametrised:
    """Parse the unfolded body of a Content-Type or Content-Disposition field; never fails."""
    plain = _PLAIN.fullmatch(text)
    if plain:
        if not plain[2]:
            return Parametrised(plain[1].lower(), _NONE)
        parameters: dict[str, str] = {}
        for name, quoted, bare in _PLAIN_PARAMETER.findall(plain[2]):
            parameters.setdefault(name.lower(), quoted or bare)
        if "=?" not in plain[2]:
            return Parametrised(plain[1].lower(), MappingProxyType(parameters))
    value, pairs = raw(text)
    return Parametrised(value.lower(), MappingProxyType(combine(pairs)))


def raw(text: str) -> tuple[str, list[tuple[str, str]]]:
    """Return the value and its parameters as they stand: quotes undone, RFC 2231 not decoded.

    An IMAP server's BODYSTRUCTURE shows these.
    """
    text = _without_comments(text)
    value = text.partition(";")[0]
    if "=" in value and (first := _NEXT_NAME.search(value)):  # "text/plain charset=us-ascii"
        value = value[: first.start()]
    at = len(value)
    pairs: list[tuple[str, str]] = []
    semicolon = -1
    while at < len(text):
        separators = _SEPARATORS.match(text, at)
        at = separators.end() if separators else at
        named = _NAME.match(text, at)
        if named is None:
            at = text.find(";", at + 1)
            if at < 0:
                break
            continue
        at = named.end()
        quoted = _QUOTED.match(text, at)
        if quoted:
            at = quoted.end()
            pairs.append((named[1], _unquoted(quoted[1])))
            continue
        if semicolon < at:
            semicolon = text.find(";", at)
            semicolon = len(text) if semicolon < 0 else semicolon
        following = _NEXT_NAME.search(text, at, semicolon)
        end = semicolon
        if following:  # the semicolon is missing
            end = following.start()
        elif "name" not in named[1].lower() and (word := _BARE_WORD.match(text, at, semicolon)):
            end = word.end()
        found = text[at:end].strip()
        at = end
        if len(found) > 1 and found[0] == found[-1] == "'":
            found = found[1:-1]
        pairs.append((named[1], found))
    return value.strip(), pairs


def combine(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """Return parameters decoded, continuations joined (RFC 2231 sections 3 and 4).

    The extended form (`filename*=`) wins over the plain one, the first of two equal names over the
    second.
    """
    plain: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[str, bool]]] = {}
    for name, value in pairs:
        continued = _CONTINUED.match(name.lower())
        if continued is None:
            plain.setdefault(name.lower(), encoded_word.decode(value))
        else:
            index = int(continued[2] or "0")
            extended = continued[3] is not None or continued[2] is None
            pieces.setdefault(continued[1], {}).setdefault(index, (value, extended))
    for name, by_index in pieces.items():
        plain[name] = _joined([by_index[index] for index in sorted(by_index)])
    return plain


def _joined(segments: list[tuple[str, bool]]) -> str:
    label: str | None = None
    first, extended = segments[0]
    if extended and first.count("'") >= 2:
        label, _, rest = first.split("'", 2)
        segments = [(rest, True), *segments[1:]]
    octets = bytearray()
    for text, is_extended in segments:
        encoded = text.encode("utf-8", "replace")
        # Some number the pieces and mark only the first as extended, or none although all are.
        octets += _PERCENT.sub(_octet, encoded) if is_extended or label else encoded
    decoded = charset.decode(bytes(octets), label or None).text
    return encoded_word.decode(decoded)


def _octet(found: re.Match[bytes]) -> bytes:
    return bytes.fromhex(found[1].decode("ascii"))


def _unquoted(text: str) -> str:
    # Only a quote and a backslash can be meant to be quoted; others are Windows paths.
    if "\\" not in text:
        return text
    return re.sub(r"\\([\"\\])", r"\1", text)


def _without_comments(text: str) -> str:
    """Drop comments outside quoted strings; parentheses inside bare file names stay."""
    if "(" not in text:
        return text
    out: list[str] = []
    depth = 0
    quoted = False
    in_name = False
    at = 0
    while at < len(text):
        char = text[at]
        if quoted:
            quoted = char != '"'
            if char == "\\":
                out.append(char)
                at += 1
                char = text[at : at + 1]
            out.append(char)
        elif char == "(" and not in_name:
            depth += 1
        elif char == ")" and depth:
            depth -= 1
        elif not depth:
            quoted = char == '"'
            if char == "=":
                in_name = "name" in text[max(0, at - 12) : at].lower()
            elif char == ";":
                in_name = False
            out.append(char)
        at += 1
    if depth:  # never closed: then it was none
        return text
    return "".join(out)


_TOKEN = re.compile(r"[A-Za-z0-9!#$&+.^_`{|}~-]+")
_ATTRIBUTE_CHAR = frozenset(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$&+-.^_`{|}~"
)
_SEGMENT = 60


def write(value: str, parameters: Mapping[str, str]) -> list[str]:
    """Return the words of a field with parameters, for `header.fold`; RFC 2231 where needed."""
    words = [value]
    for name, text in parameters.items():
        if _TOKEN.fullmatch(text) and len(text) <= _SEGMENT:
            added = [f"{name}={text}"]
        elif text.isascii() and text.isprintable() and len(text) <= _SEGMENT:
            escaped = text.replace("\\", "\\\\").replace('"', '\\"')
            added = [f'{name}="{escaped}"']
        else:
            added = _extended(name, text)
        for word in added:
            words[-1] += ";"
            words.append(word)
    return words


def _extended(name: str, text: str) -> list[str]:
    """Return a value in UTF-8, percent-encoded, in numbered pieces when it is long."""
    pieces = [
        "".join(
            chr(octet) if octet in _ATTRIBUTE_CHAR else f"%{octet:02X}"
            for octet in char.encode("utf-8", "replace")
        )
        for char in text
    ]
    segments = ["utf-8''"]
    for piece in pieces:
        if len(segments[-1]) + len(piece) > _SEGMENT:
            segments.append("")
        segments[-1] += piece
    if len(segments) == 1:
        return [f"{name}*={segments[0]}"]
    return [f"{name}*{index}*={segment}" for index, segment in enumerate(segments)]
