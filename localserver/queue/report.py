"""Delivery status notifications: what became of a message (RFC 3464)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import format_datetime
from enum import Enum
from typing import TYPE_CHECKING

from desktopmail.mime import message_id
from desktopmail.mime.header import Header
from desktopmail.wire.smtp.parameters import encode_xtext

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from desktopmail.wire.smtp.rcpt import OriginalRecipient

_LINE_BREAKS = re.compile(r"[\x00-\x1f\x7f]+")
# For what a report says besides.
_ROOM_OCTETS = 16 * 1024
_LONG_LINE = re.compile(rb"[^\n]{998}")


class Action(Enum):
    """What happened (RFC 3464 section 2.3.3)."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    RELAYED = "relayed"


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one recipient.

    Attributes:
        recipient: The address that was tried last.
        action: What happened.
        status: Enhanced code.
        orcpt: The address that the sender first wrote to.
        remote_mta: Who said so, or None when we did.
        diagnostic: What was said: a reply (`550 5.1.1 No such user`), or a sentence of ours.
        retry_until: For a delay: when we give up.
    """

    recipient: str
    action: Action
    status: str
    orcpt: OriginalRecipient | None = None
    remote_mta: str | None = None
    diagnostic: str | None = None
    retry_until: datetime | None = None


_SUBJECTS = {
    Action.FAILED: "Your message could not be delivered",
    Action.DELAYED: "Your message is delayed",
    Action.DELIVERED: "Your message was delivered",
    Action.RELAYED: "Your message was handed on",
}
_SENTENCES = {
    Action.FAILED: "could not be delivered",
    Action.DELAYED: "has not been delivered yet",
    Action.DELIVERED: "was delivered",
    Action.RELAYED: "was handed on to a server that sends no reports",
}


def make_report(
    fates: Sequence[Fate],
    *,
    sender: str,
    reporter: str,
    original: bytes,
    full: bool,
    most_octets: int,
    envid: str | None,
    date: datetime,
    token: bytes,
    arrived: datetime | None = None,
    tls_optional: bool = False,
) -> bytes:
    """Write a report.

    Args:
        fates: One for each recipient; at least one.
        sender: Who gets the report.
        reporter: Our own name.
        original: The message, or at least its header.
        full: Return all of it after a failure (RET=FULL, RFC 3461 section 4.3); else the header
            only.
        most_octets: What one message may be: of one that would make the report larger than that
            the header is returned, as of every other that does not go back whole. A report that is
            refused for its size would tell the sender nothing (RFC 3464 section 2: what is
            returned, and whether it is, is the reporter's choice).
        envid: What the sender wants to see again.
        date: Now.
        token: Random; makes Message-ID and boundary.
        arrived: When the message came; None for now.
        tls_optional: The message asked not to be kept back for want of TLS, and so does the report
            (RFC 8689 section 6).

    Returns:
        The octets, with CRLF. The envelope sender of a report is always empty.
    """
    worst = min((fate.action for fate in fates), key=list(Action).index)
    boundary = f"=_{token.hex()}"
    # RFC 6533: what a report says about addresses beyond ASCII is UTF-8, and says so by its type.
    status = "\r\n".join(_for_programs(fates, reporter, envid, date, arrived or date)).encode()
    global_ = "" if status.isascii() else "global-"
    is_whole = full and worst is Action.FAILED
    if is_whole and len(original) > most_octets - _ROOM_OCTETS - len(status):
        is_whole = False
    returned = original if is_whole else _header_of(original)
    kind = _kind(original, is_whole=is_whole)
    head = [
        f"From: Mail Delivery System <postmaster@{reporter}>",
        f"To: <{sender}>",
        f"Subject: {_SUBJECTS[worst]}",
        f"Date: {format_datetime(date)}",
        f"Message-ID: {message_id.make(token, reporter)}",
        "Auto-Submitted: auto-replied",  # RFC 3834 section 3.1.7
        *(("TLS-Required: No",) if tls_optional else ()),
        "MIME-Version: 1.0",
        "Content-Type: multipart/report; report-type=delivery-status;",
        f'\tboundary="{boundary}"',
        "",
        "This is a report about a message of yours, in MIME format.",
        f"--{boundary}",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 8bit",
        "",
        *_for_people(fates, reporter),
        f"--{boundary}",
        f"Content-Type: message/{global_}delivery-status",
        f"Content-Transfer-Encoding: {_encoding(status)}",
        "",
        "",
    ]
    middle = [
        "",
        f"--{boundary}",
        f"Content-Type: {kind}",
        f"Content-Transfer-Encoding: {_encoding(returned)}",
        "",
        "",
    ]
    return b"".join(
        (
            "\r\n".join(head).encode(),
            status,
            "\r\n".join(middle).encode(),
            returned,
            b"" if returned.endswith(b"\r\n") else b"\r\n",
            f"--{boundary}--\r\n".encode(),
        )
    )


def _kind(original: bytes, *, is_whole: bool) -> str:
    header = Header.parse(original).block
    if header.isascii() or not _is_utf8(header):  # older 8-bit mail has no type of its own
        return "message/rfc822" if is_whole else "text/rfc822-headers"
    return "message/global" if is_whole else "message/global-headers"


def _is_utf8(octets: bytes) -> bool:
    try:
        octets.decode()
    except UnicodeDecodeError:
        return False
    return True


def _encoding(octets: bytes) -> str:
    return "7bit" if octets.isascii() else "8bit"


def _for_people(fates: Sequence[Fate], reporter: str) -> list[str]:
    lines = [f"This is the mail server {reporter}.", ""]
    for fate in fates:
        lines.append(f"Your message to <{fate.recipient}> {_SENTENCES[fate.action]}.")
        if fate.diagnostic:
            who = f"The server {fate.remote_mta} said" if fate.remote_mta else "The reason"
            lines.append(f"{who}: {_one_line(fate.diagnostic)}")
        if fate.retry_until is not None:
            lines.append(f"We go on trying until {format_datetime(fate.retry_until)}.")
            lines.append("You need not send it again.")
        lines.append("")
    return lines


def _for_programs(
    fates: Sequence[Fate], reporter: str, envid: str | None, date: datetime, arrived: datetime
) -> list[str]:
    # RFC 3464 section 2.2: per-message fields; section 2.3: a group for each recipient.
    lines = [f"Reporting-MTA: dns; {reporter}"]
    if envid:
        lines.append(f"Original-Envelope-Id: {encode_xtext(envid)}")
    lines.append(f"Arrival-Date: {format_datetime(arrived)}")
    lines.append("")
    for fate in fates:
        if fate.orcpt is not None:
            lines.append(f"Original-Recipient: {fate.orcpt.kind}; {_one_line(fate.orcpt.address)}")
        kind = "rfc822" if fate.recipient.isascii() else "utf-8"
        lines.append(f"Final-Recipient: {kind}; {fate.recipient}")
        lines.append(f"Action: {fate.action.value}")
        lines.append(f"Status: {fate.status}")
        if fate.remote_mta:
            lines.append(f"Remote-MTA: dns; {fate.remote_mta}")
        if fate.diagnostic:
            code = "smtp" if fate.remote_mta else "x-localserver"
            lines.append(f"Diagnostic-Code: {code}; {_one_line(fate.diagnostic)}")
        if fate.retry_until is not None:
            lines.append(f"Will-Retry-Until: {format_datetime(fate.retry_until)}")
        lines.append(f"Last-Attempt-Date: {format_datetime(date)}")
        lines.append("")
    return lines


def _one_line(text: str) -> str:
    line = _LINE_BREAKS.sub(" ", text).strip()
    return line if len(line) <= 700 else f"{line[:700]} ..."


def _header_of(octets: bytes) -> bytes:
    # Never longer than a line may be: what came by BINARYMIME might be.
    block = Header.parse(octets).block
    return b"" if _LONG_LINE.search(block) else block
