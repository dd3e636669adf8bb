"""The header of a submitted message: what is missing is added, what is wrong is refused or noted.

The octets of the body and of every field stay as they were sent; fields are added on top, and Bcc
is left out. The field `X-Submission-Report` says what was done (RFC 6409 sections 5 and 8).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from email.utils import format_datetime
from typing import TYPE_CHECKING

from desktopmail.mime import address, message_id
from desktopmail.mime.defect import Defect
from desktopmail.mime.header import Header
from desktopmail.wire.smtp.reply import Reply, reply

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from typing import Final

REPORT_FIELD: Final = "X-Submission-Report"
_ADDRESS_FIELDS: Final = (
    "From",
    "Sender",
    "Reply-To",
    "To",
    "Cc",
    "Bcc",
    "Resent-From",
    "Resent-Sender",
    "Resent-To",
    "Resent-Cc",
    "Resent-Bcc",
)
_HIDDEN: Final = frozenset({"bcc", "resent-bcc"})


@dataclass(slots=True)
class Mended:
    """What is done to a header.

    Attributes:
        added: Fields that go on top, as lines without line ends.
        cuts: Ranges of octets that are left out.
        notes: What was done and what is wrong, each in a few words.
        headless: The message has no header at all: an empty line has to divide ours from it.
    """

    added: list[str] = field(default_factory=list)
    cuts: list[tuple[int, int]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    headless: bool = False

    @property
    def fields(self) -> bytes:
        """The octets that go on top."""
        lines = list(self.added)
        if self.notes:
            lines.insert(0, f"{REPORT_FIELD}: " + ";\r\n\t".join(self.notes))
        octets = "".join(f"{line}\r\n" for line in lines).encode()
        return octets + b"\r\n" if self.headless else octets


def mend(
    octets: bytes,
    *,
    own: Callable[[str], bool],
    own_address: str,
    domain: str,
    local_domains: frozenset[str],
    date: datetime,
    token: bytes,
    strict: bool,
) -> Mended | Reply:
    """Look at a header.

    Args:
        octets: The message, or at least its header.
        own: Whether an address is the submitter's.
        own_address: What Sender gets.
        domain: Makes the Message-ID.
        local_domains: Names without a dot that count as qualified.
        date: Now.
        token: Random; makes the Message-ID.
        strict: Refuse what would be noted.

    Returns:
        What to do, or the refusal.
    """
    header = Header.parse(octets)
    mended = Mended(headless=Defect.NO_HEADER in header.defects)
    wrong = _wrong_addresses(header, local_domains)
    if wrong and strict:
        return reply(554, wrong[0], "5.6.0")
    # The report goes to everybody: not a word of it on who was to be hidden.
    mended.notes += [note for note in wrong if note.partition(" ")[0].lower() not in _HIDDEN]
    foreign = _foreign_author(header, own)
    if foreign is not None:
        if strict:
            return reply(550, f"{foreign} is not your address", "5.7.1")
        if "sender" not in header:
            mended.added.append(f"Sender: <{own_address}>")
            mended.notes.append(f"added Sender: From is not {own_address}")
        else:
            mended.notes.append(f"From is not {own_address}")
    if "date" not in header:
        mended.added.append(f"Date: {format_datetime(date)}")
        mended.notes.append("added Date")
    if "message-id" not in header:
        mended.added.append(f"Message-ID: {message_id.make(token, domain)}")
        mended.notes.append("added Message-ID")
    mended.cuts = [(f.begin, f.end) for f in header.fields if f.name.lower() in _HIDDEN]
    return mended


def _foreign_author(header: Header, own: Callable[[str], bool]) -> str | None:
    """Return an author that is not the submitter, unless Sender already names the submitter."""
    senders = [mailbox.address for mailbox in address.parse(header.value("sender") or "")]
    if any(own(sender) for sender in senders):
        return None
    for value in header.values("from"):
        for mailbox in address.parse(value):
            if not own(mailbox.address):
                return _shown(mailbox.address)
    return None


def _wrong_addresses(header: Header, local_domains: frozenset[str]) -> list[str]:
    notes = []
    if "from" not in header:
        notes.append("From is missing")
    for name in _ADDRESS_FIELDS:
        for value in header.values(name):
            mailboxes = address.parse(value)
            if not mailboxes and name in {"From", "Sender"}:
                notes.append(f"{name} holds no address")
            notes += [
                f"{name} holds a malformed address"
                for mailbox in mailboxes
                if not address.is_valid(mailbox.address)
            ]
            notes += [
                f"{name} holds a domain that is not fully qualified"
                for mailbox in mailboxes
                if address.is_valid(mailbox.address)
                and not _is_whole(mailbox.domain, local_domains)
            ]
    return list(dict.fromkeys(notes))


def _is_whole(domain: str, local_domains: frozenset[str]) -> bool:
    return "." in domain.strip(".") or domain.startswith("[") or domain.lower() in local_domains


def _shown(text: str) -> str:
    return "".join(char if char.isprintable() and char.isascii() else "?" for char in text[:100])
