"""Reports as values: what became of a message (RFC 3464), and whether it was read (RFC 8098)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from desktopmail.mime import message_id
from desktopmail.mime.header import Header

if TYPE_CHECKING:
    from desktopmail.mime.message import Message
    from desktopmail.mime.structure import Part

_STATUS_TYPES = frozenset({"message/delivery-status", "message/global-delivery-status"})
_RECEIPT_TYPES = frozenset(
    {"message/disposition-notification", "message/global-disposition-notification"}
)
_HEADER_TYPES = frozenset({"text/rfc822-headers", "message/global-headers"})
_BLANK_LINE = re.compile(rb"(?:\r?\n[ \t]*){2,}")
_ACTIONS = frozenset({"failed", "delayed", "delivered", "relayed", "expanded"})
MAX_FATES = 1000


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one recipient.

    Attributes:
        address: Whom the report is about.
        original: The address that was first written to, or empty.
        action: "failed", "delayed", "delivered", "relayed" or "expanded".
        status: An enhanced status code, "5.1.1".
        diagnostic: What the other server said, or empty.
    """

    address: str
    original: str
    action: str
    status: str
    diagnostic: str


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """A delivery status notification.

    Attributes:
        envelope_id: What the sender called the message (ENVID), or empty.
        original_id: The Message-ID of the message it is about, without brackets, or empty.
    """

    envelope_id: str
    original_id: str
    fates: tuple[Fate, ...]


@dataclass(frozen=True, slots=True)
class ReadReceipt:
    """A message disposition notification.

    Attributes:
        original_id: The Message-ID of the message it is about, or empty.
        recipient: Who received it.
        disposition: "displayed", "deleted", "dispatched", "processed", …
        is_automatic: No person had a say in it.
    """

    original_id: str
    recipient: str
    disposition: str
    is_automatic: bool


def of(message: Message) -> DeliveryReport | ReadReceipt | None:
    """Return the report that a message is, or None; never fails."""
    if "report" not in (message.header.value("content-type") or "").lower():
        return None
    parts = message.tree.children
    for part in parts:
        if part.media_type in _STATUS_TYPES:
            return _delivery(part, _original_id(parts))
        if part.media_type in _RECEIPT_TYPES:
            return _receipt(part, _original_id(parts))
    return None


def _delivery(part: Part, original_id: str) -> DeliveryReport | None:
    # delivery-status-content = per-message-fields 1*( CRLF per-recipient-fields )
    # A blank line divides them (RFC 3464 section 2.1).
    blocks = [
        Header.parse(block.strip(b"\r\n") + b"\r\n\r\n")
        for block in _BLANK_LINE.split(part.content.strip(b"\r\n"))
    ]
    fates = []
    for block in blocks[: MAX_FATES + 1]:
        action = (block.value("action") or "").strip().lower()
        address = _typed(block.value("final-recipient"))
        original = _typed(block.value("original-recipient"))
        if action in _ACTIONS and (address or original):
            fates.append(
                Fate(
                    address=address or original,
                    original=original,
                    action=action,
                    status=(block.value("status") or "").split(" ")[0].strip(),
                    diagnostic=_typed(block.value("diagnostic-code")),
                )
            )
    if not fates:
        return None
    envelope_id = (blocks[0].value("original-envelope-id") or "").strip()
    return DeliveryReport(envelope_id, original_id, tuple(fates))


def _receipt(part: Part, original_id: str) -> ReadReceipt | None:
    header = Header.parse(part.content.lstrip(b"\r\n").rstrip(b"\r\n") + b"\r\n\r\n")
    mode, _, kind = (header.value("disposition") or "").partition(";")
    kind = kind.partition("/")[0].strip().lower()
    if not kind:
        return None
    told_id = message_id.parse(header.value("original-message-id") or "") or ""
    return ReadReceipt(
        original_id=told_id or original_id,
        recipient=_typed(header.value("final-recipient")),
        disposition=kind,
        is_automatic=mode.strip().lower().startswith("automatic-action"),
    )


def _original_id(parts: list[Part]) -> str:
    """The Message-ID of what was returned: the whole message, or its header."""
    for part in parts:
        header = None
        if part.is_message:
            header = part.children[0].header
        elif part.media_type in _HEADER_TYPES:
            header = Header.parse(part.content.rstrip(b"\r\n") + b"\r\n\r\n")
        if header is not None:
            return message_id.parse(header.value("message-id") or "") or ""
    return ""


def _typed(value: str | None) -> str:
    """What stands behind the type: `rfc822; ann@example.org`."""
    kind, semicolon, rest = (value or "").partition(";")
    return " ".join((rest if semicolon else kind).split()).strip("<>")
