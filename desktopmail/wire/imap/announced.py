"""What an answer says of a large literal before the literal comes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from desktopmail.wire.imap.sequence import Seq, Uid

# Only items that hold no text are looked through: `UID 7` in a subject is not the message's UID.
_UID_BEFORE = re.compile(
    rb"(?>(?:(?:UID ([1-9][0-9]{0,9})|FLAGS \([^()\r\n\"{]*+\)|MODSEQ \([0-9]{1,19}\)"
    rb'|RFC822\.SIZE [0-9]{1,19}|INTERNALDATE "[^"\r\n]*+"|X-GM-[A-Z]+ [0-9]+) )*)'
)
_UID_WITHIN_OCTETS = 4096
# Looked for in the whole line, in which a subject of any length may stand: a name begins behind a
# space or a parenthesis, ends at once where it is none, and is never looked at from its middle.
_NAME_BEFORE = re.compile(
    rb"(?<=[ (])([A-Za-z0-9.]{1,32}+(?>(?:\[[^][\r\n]*+\])?)(?>(?:<([0-9]{1,19}+)>)?))"
    rb" ~?\{[0-9]++\+?\}\r?\n\Z"
)


@dataclass(frozen=True, slots=True)
class Announced:
    """What an answer says of a literal before the literal comes.

    Attributes:
        seq: The message's sequence number.
        uid: Its UID, when the server sent it before the literal, as nearly all do.
        item: The item as it was sent: `BODY[1]<0>`.
        origin: Where a range begins.
    """

    seq: Seq
    uid: Uid | None
    item: bytes
    origin: int | None


_NUMBER_BEFORE = re.compile(rb"\* ([1-9][0-9]{0,9}) FETCH \(", re.IGNORECASE)


def announced(begun: bytes, announcing: bytes) -> Announced | None:
    """Say which literal is about to come.

    Args:
        begun: The first line of the answer.
        announcing: The line that ends in the literal's size; the same one, or a later one.
    """
    number = _NUMBER_BEFORE.match(begun)
    item = _NAME_BEFORE.search(announcing)
    if number is None or item is None:
        return None
    # An answer may announce many literals: a list of flags that is longer is not read for each.
    uid = _UID_BEFORE.match(begun, number.end(), number.end() + _UID_WITHIN_OCTETS)
    return Announced(
        Seq(int(number[1])),
        Uid(int(uid[1])) if uid and uid[1] else None,
        item[1].upper(),
        int(item[2]) if item[2] else None,
    )
