"""Read receipts (RFC 8098): who asks for one, and one as a message, for a person who agrees."""

from __future__ import annotations

import re
from email.message import Message as EmailMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import SMTP
from email.utils import format_datetime
from typing import TYPE_CHECKING

from desktopmail.mime import report

if TYPE_CHECKING:
    from datetime import datetime

    from desktopmail.mime.address import Mailbox
    from desktopmail.mime.message import Message

# What `email` writes without a thought; it fails on stranger ones.
_ORDINARY_ID = re.compile(r"[\w!#$%&'*+/=?^`{|}~-][\w!#$%&'*+/=?^`{|}~.-]*@[\w.-]+", re.ASCII)


def wanted_by(message: Message) -> tuple[Mailbox, ...]:
    """Who asks to be told that a message was read; nobody may ask that of a report.

    It is a wish of the sender and nothing more: no receipt is sent before a person agrees
    (RFC 8098 section 2.1).
    """
    if report.of(message) is not None:
        return ()
    found = message.mailboxes("disposition-notification-to")
    return tuple(mailbox for mailbox in found if mailbox.is_valid)


def write(
    message: Message, reader: Mailbox, *, date: datetime, message_id: str, boundary: str
) -> bytes:
    """Write the receipt for a message that a person has seen, and agreed to say so.

    Args:
        message: What was read.
        reader: Who read it: the address it came to.
        date: Of the receipt.
        message_id: Of the receipt, without brackets.
        boundary: Between its parts; must not stand in them.
    """
    subject = " ".join(message.subject.split())
    root = MIMEMultipart("report", boundary=boundary, policy=SMTP)
    root.set_param("report-type", "disposition-notification")
    root["From"] = str(reader)
    root["To"] = ", ".join(str(mailbox) for mailbox in wanted_by(message))
    root["Subject"] = f"Read: {subject}"
    root["Date"] = format_datetime(date)
    root["Message-ID"] = f"<{message_id}>"
    original_id = message.message_id or ""
    if not _ORDINARY_ID.fullmatch(original_id):
        original_id = ""
    if original_id:
        root["In-Reply-To"] = root["References"] = f"<{original_id}>"
    root.attach(
        MIMEText(
            f"Your message “{subject}” to {reader.address} was displayed.\r\n"
            "This is no promise that it was understood.\r\n",
            "plain",
            "utf-8",
        )
    )
    fields = EmailMessage()
    fields.add_header("Content-Type", "message/disposition-notification")
    lines = [
        "Reporting-UA: desktopmail",
        f"Final-Recipient: rfc822;{reader.address}",
        *([f"Original-Message-ID: <{original_id}>"] if original_id else []),
        "Disposition: manual-action/MDN-sent-manually; displayed",
    ]
    fields.set_payload("\r\n".join(lines) + "\r\n")
    root.attach(fields)
    octets = root.as_bytes(policy=SMTP)
    return octets if octets.endswith(b"\r\n") else octets + b"\r\n"
