"""A message's envelope as IMAP shows it: header values parsed but not decoded (RFC 9051 §7.5.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from desktopmail.mime import address
from desktopmail.mime.header import unfold

if TYPE_CHECKING:
    from desktopmail.mime.address import Entry
    from desktopmail.mime.header import Header


@dataclass(frozen=True, slots=True)
class Envelope:
    """The fields of ENVELOPE; texts are unfolded, encoded words stand as they are.

    None is a field the message does not have, which IMAP shows as NIL. Addresses are None for a
    missing or empty field; `sender` and `reply_to` are those of From where they are missing.
    """

    date: str | None
    subject: str | None
    from_: tuple[Entry, ...] | None
    sender: tuple[Entry, ...] | None
    reply_to: tuple[Entry, ...] | None
    to: tuple[Entry, ...] | None
    cc: tuple[Entry, ...] | None
    bcc: tuple[Entry, ...] | None
    in_reply_to: str | None
    message_id: str | None


def of(header: Header) -> Envelope:
    """Return the envelope of a message; never fails."""
    from_ = _entries(header, "from")
    return Envelope(
        date=header.value("date"),
        subject=header.value("subject"),
        from_=from_,
        sender=_entries(header, "sender") or from_,
        reply_to=_entries(header, "reply-to") or from_,
        to=_entries(header, "to"),
        cc=_entries(header, "cc"),
        bcc=_entries(header, "bcc"),
        in_reply_to=header.value("in-reply-to"),
        message_id=header.value("message-id"),
    )


def _entries(header: Header, name: str) -> tuple[Entry, ...] | None:
    found = [entry for raw in header.raws(name) for entry in address.entries(unfold(raw))]
    return tuple(found) or None
