"""vCards, read leniently and written in version 4.0 (RFC 6350; 2.1 and RFC 2426 are read too).

Of the many properties those are taken that an address book of a mail client shows.
"""

from __future__ import annotations

import quopri
import re
from dataclasses import dataclass

from desktopmail.mime import charset

# contentline = [group "."] name *(";" param) ":" value CRLF          ; RFC 6350 section 3.3
_LINE = re.compile(
    r"(?:[A-Za-z0-9-]+\.)?(?P<name>[A-Za-z0-9-]+)"
    r"(?P<parameters>(?:;(?:[^:;\"]|\"[^\"]*\")*)*):(?P<value>.*)",
    re.DOTALL,
)
_FOLD = re.compile(r"\r?\n[ \t]")
_ESCAPED = re.compile(r"\\(.)")
_SOFT_BREAK = re.compile(r"=\r?\n")
_FOLD_OCTETS = 75
MAX_CARDS = 100_000


@dataclass(frozen=True, slots=True)
class Card:
    """One vCard.

    Attributes:
        uid: Its identifier, or empty.
        name: FN, or what N, ORG or the first address make of it.
        addresses: As they stand there, the preferred one first.
    """

    uid: str = ""
    name: str = ""
    addresses: tuple[str, ...] = ()
    organisation: str = ""
    phones: tuple[str, ...] = ()
    note: str = ""


def read(octets: bytes) -> list[Card]:
    """Return the cards of a file; never fails, and leaves out what is no card."""
    text = charset.decode(octets).text.removeprefix("\ufeff")
    cards: list[Card] = []
    lines: list[str] | None = None
    for line in _unfolded(text):
        head = line.strip().upper()
        if head == "BEGIN:VCARD":
            lines = []
        elif head == "END:VCARD" and lines is not None:
            cards.append(_card(lines))
            lines = None
            if len(cards) >= MAX_CARDS:
                break
        elif lines is not None:
            lines.append(line)
    return cards


def write(cards: list[Card]) -> bytes:
    """Return cards as a file of version 4.0."""
    lines: list[str] = []
    for card in cards:
        lines += ["BEGIN:VCARD", "VERSION:4.0"]
        if card.uid:
            lines.append(f"UID:{_escape(card.uid)}")
        lines.append(f"FN:{_escape(card.name)}")
        lines += [f"EMAIL:{_escape(address)}" for address in card.addresses]
        if card.organisation:
            lines.append(f"ORG:{_escape(card.organisation)}")
        lines += [f"TEL:{_escape(phone)}" for phone in card.phones]
        if card.note:
            lines.append(f"NOTE:{_escape(card.note)}")
        lines.append("END:VCARD")
    return b"".join(_folded(line) for line in lines)


def _unfolded(text: str) -> list[str]:
    # Version 2.1 continues a quoted-printable value behind a soft line break, without a space.
    text = re.sub(
        r"(?im)^[^:\r\n]*QUOTED-PRINTABLE[^:\r\n]*:(?:[^\r\n]*=\r?\n)*",
        lambda found: _SOFT_BREAK.sub("", found[0]),
        text,
    )
    return re.split(r"\r?\n|\r", _FOLD.sub("", text))


def _card(lines: list[str]) -> Card:
    found: dict[str, list[tuple[bool, str]]] = {}
    for line in lines:
        match = _LINE.fullmatch(line)
        if match is None:
            continue
        parameters = match["parameters"].upper()
        value = match["value"].strip()
        if "QUOTED-PRINTABLE" in parameters:
            raw = quopri.decodestring(value.encode("utf-8", "replace"))
            value = charset.decode(raw).text
        is_preferred = "PREF" in parameters
        found.setdefault(match["name"].upper(), []).append((is_preferred, value))

    def values(name: str) -> tuple[str, ...]:
        rows = sorted(found.get(name, []), key=lambda row: not row[0])
        return tuple(dict.fromkeys(text for _, value in rows if (text := _unescape(value).strip())))

    addresses = tuple(value.removeprefix("mailto:") for value in values("EMAIL"))
    parts = [_unescape(part).strip() for part in _split(found.get("N", [(False, "")])[0][1])]
    family, given = (*parts, "", "")[:2]
    organisation = ", ".join(
        part
        for part in map(str.strip, map(_unescape, _split(found.get("ORG", [(False, "")])[0][1])))
        if part
    )
    name = next(iter(values("FN")), "") or f"{given} {family}".strip() or organisation
    return Card(
        uid=next(iter(values("UID")), ""),
        name=name,
        addresses=addresses,
        organisation=organisation,
        phones=tuple(value.removeprefix("tel:") for value in values("TEL")),
        note="\n".join(values("NOTE")),
    )


def _split(value: str) -> list[str]:
    """The components of a structured value: divided by semicolons that are not escaped."""
    return re.split(r"(?<!\\);", value)


def _unescape(value: str) -> str:
    return _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], value)


def _escape(value: str) -> str:
    escaped = re.sub(r"([\\,;])", r"\\\1", value)
    return re.sub(r"\r\n|\r|\n", r"\\n", escaped)


def _folded(line: str) -> bytes:
    """A line in pieces of at most 75 octets, never within a character (RFC 6350 section 3.2)."""
    pieces = [b""]
    for character in line:
        octets = character.encode("utf-8", "replace")
        if len(pieces[-1]) + len(octets) > _FOLD_OCTETS:
            pieces.append(b" ")
        pieces[-1] += octets
    return b"\r\n".join(pieces) + b"\r\n"
