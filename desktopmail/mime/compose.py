"""New messages, written from a draft (`answers.py` makes drafts of messages).

Header fields are written by our own modules, not by `email.policy.SMTP`: that one turns long
message ids in References into encoded words (seen on CPython 3.11 to 3.13), which breaks threads.
Every message is read again before it is handed out. Chance and clock are the caller's: the
Message-ID, the Date and the boundary come in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from email.utils import format_datetime
from typing import TYPE_CHECKING

from desktopmail.mime import address, entity, header, html_text, text
from desktopmail.mime.entity import IDENTIFIER
from desktopmail.mime.message import Message

if TYPE_CHECKING:
    from datetime import datetime

    from desktopmail.mime.address import Mailbox
    from desktopmail.mime.quoted import Quoted

MAX_REFERENCES_WRITTEN = 30  # the root and the nearest ones; see RFC 5537 section 3.4.4
UNFINISHED = "X-Unfinished-"  # begins the names of the fields that hold what is no address yet
_NOT_IN_HEADER = re.compile(r"[\x00-\x1f\x7f]+")
_PROMISE = re.compile(
    r"\b(?:attach(?:ed|ments?|ing)?|enclos(?:ed|ures?|ing)|anbei|anhangs?|angeh[äa]ngt|angehangen"
    r"|anh[äa]ngen?|h[äa]nge ich|angef[üu]gt|beigef[üu]gt|beiliegend|anliegend|beigelegt|anlagen?"
    r"|pi[eè]ces? jointes?|ci-joint|adjunt[oa]s?|allegat[oi])\b",
    re.IGNORECASE,
)


class ComposeError(Exception):
    """The draft cannot become a message; the text is a sentence for the writer."""


@dataclass(frozen=True, slots=True)
class File:
    """Something to attach.

    Attributes:
        name: Its file name.
        media_type: `type/subtype`.
        octets: What it holds.
        content_id: Set for an image the HTML text names by `cid:`; without brackets.
    """

    name: str
    media_type: str
    octets: bytes
    content_id: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a person writes, before it is a message.

    Attributes:
        sender: From.
        to, cc, bcc, reply_to: Mailboxes.
        subject: Subject.
        text: The plain text, lines ended by newlines; a paragraph may be one long line.
        html: The rich text, or None for a plain message.
        files: Attachments and inline images.
        in_reply_to: Message-ID of the parent, without brackets, or empty.
        references: Ancestors, oldest first.
        fields: Further header fields as (name, text).
        quoted: What is quoted with its layout below text and HTML.
    """

    sender: Mailbox
    to: tuple[Mailbox, ...] = ()
    cc: tuple[Mailbox, ...] = ()
    bcc: tuple[Mailbox, ...] = ()
    reply_to: tuple[Mailbox, ...] = ()
    subject: str = ""
    text: str = ""
    html: str | None = None
    files: tuple[File, ...] = ()
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    fields: tuple[tuple[str, str], ...] = ()
    quoted: Quoted | None = None

    @property
    def whole_html(self) -> str | None:
        """The HTML with what is quoted below it; None for a plain message."""
        return self.html if self.quoted is None else self.quoted.below_html(self.html, self.text)

    @property
    def whole_text(self) -> str:
        """The plain text with what is quoted below it; made from the HTML where there is none."""
        text = self.text
        if self.html is not None and not text.strip():
            text = html_text.render(self.html)
        return text if self.quoted is None else self.quoted.below_text(text)

    @property
    def recipients(self) -> tuple[str, ...]:
        """All addresses it goes to, each once."""
        boxes = {box.key: box.address for box in reversed((*self.to, *self.cc, *self.bcc))}
        return tuple(reversed(boxes.values()))

    @property
    def needs_utf8(self) -> bool:
        """Whether it can only be sent with SMTPUTF8: an address has a local part outside ASCII."""
        boxes = (self.sender, *self.to, *self.cc, *self.bcc, *self.reply_to)
        return any(not box.local.isascii() for box in boxes)

    @property
    def promises_attachment(self) -> bool:
        """Whether the writer's own words speak of an attachment and there is none."""
        if any(not file.content_id for file in self.files):
            return False
        own = [block.text for block in text.blocks(self.text) if block.kind is text.Kind.TEXT]
        return _PROMISE.search(f"{self.subject}\n" + "\n".join(own)) is not None


@dataclass(frozen=True, slots=True)
class Composed:
    """A message ready to be sent or filed.

    Attributes:
        octets: The message, lines ended by CRLF.
        sender: The envelope's sender, as SMTP names it.
        recipients: The envelope's recipients, those of Bcc included.
        needs_utf8: It can only be sent with SMTPUTF8.
        needs_eight_bit: It holds 8-bit lines, and wants 8BITMIME (an enclosed message may not be
            encoded).
    """

    octets: bytes
    sender: str
    recipients: tuple[str, ...]
    needs_utf8: bool
    needs_eight_bit: bool


def build(
    draft: Draft,
    *,
    date: datetime,
    message_id: str,
    boundary: str,
    user_agent: str = "",
    utf8: bool = False,
    eight_bit: bool = False,
    keep_bcc: bool = False,
    unfinished: bool = False,
) -> Composed:
    """Write a message. A rich text without a plain one gets that made from it.

    Args:
        draft: What to write.
        date: An aware datetime for Date.
        message_id: The Message-ID, with or without brackets; see `message_id.make`.
        boundary: Random letters and digits for the delimiters, from the caller's source of chance.
        user_agent: What to say in User-Agent; empty for nothing.
        utf8: The next hop takes SMTPUTF8: header fields may be UTF-8 as it is.
        eight_bit: The next hop takes 8BITMIME: texts outside ASCII need no encoding.
        keep_bcc: Write Bcc too: for drafts and the copy in Sent, never for sending.
        unfinished: It is a draft: what is no address yet is kept in fields of our own, which
            `answers.edit_as_new` reads.

    Raises:
        ComposeError: An address is not valid, or something cannot be written.
    """
    if unfinished:
        draft, kept = _without_wrong(draft)
        draft = replace(draft, fields=(*draft.fields, *kept))
    utf8 = utf8 and draft.needs_utf8
    identifier = message_id.strip().removeprefix("<").removesuffix(">")
    if not IDENTIFIER.fullmatch(identifier):
        raise ComposeError(f"{message_id!r} is not a Message-ID.")
    if date.tzinfo is None:
        raise ComposeError("The date has no time zone.")
    lines: list[bytes] = []
    try:
        lines.append(header.fold("Date", [format_datetime(date)]))
        _add_addresses(lines, "From", (draft.sender,), utf8=utf8)
        _add_addresses(lines, "Reply-To", draft.reply_to, utf8=utf8)
        _add_addresses(lines, "To", draft.to, utf8=utf8)
        _add_addresses(lines, "Cc", draft.cc, utf8=utf8)
        if keep_bcc:
            _add_addresses(lines, "Bcc", draft.bcc, utf8=utf8)
        lines.append(header.unstructured("Subject", draft.subject, utf8=utf8))
        lines.append(header.fold("Message-ID", [f"<{identifier}>"]))
        _add_references(lines, draft)
        if user_agent:
            lines.append(header.unstructured("User-Agent", user_agent))
        lines.extend(header.unstructured(name, value, utf8=utf8) for name, value in draft.fields)
        lines.append(b"MIME-Version: 1.0\r\n")
        sender = address.on_the_wire(draft.sender.address, utf8=utf8)
        recipients = tuple(address.on_the_wire(one, utf8=utf8) for one in draft.recipients)
    except ValueError as error:
        raise ComposeError(f"{str(error)[:1].upper()}{str(error)[1:]}.") from error
    body = entity.write(draft, boundary, eight_bit=eight_bit)
    composed = Composed(
        octets=b"".join(lines) + body,
        sender=sender,
        recipients=recipients,
        needs_utf8=utf8,
        needs_eight_bit=not body.isascii(),
    )
    _check(draft, composed, keep_bcc=keep_bcc)
    return composed


def _without_wrong(draft: Draft) -> tuple[Draft, tuple[tuple[str, str], ...]]:
    """Return a draft without what is no address, and that as fields of our own."""
    fields = []
    right = []
    for name, boxes in (("To", draft.to), ("Cc", draft.cc), ("Bcc", draft.bcc)):
        right.append(tuple(box for box in boxes if _can_be_written(box)))
        rest = [str(box) for box in boxes if not _can_be_written(box)]
        if rest:
            fields.append((f"{UNFINISHED}{name}", ", ".join(rest)))
    to, cc, bcc = right
    return replace(draft, to=to, cc=cc, bcc=bcc), tuple(fields)


def _can_be_written(box: Mailbox) -> bool:
    return box.is_valid and box.local.isascii()


def _add_addresses(
    lines: list[bytes], name: str, boxes: tuple[Mailbox, ...], *, utf8: bool
) -> None:
    if boxes:
        lines.append(header.fold(name, address.write(boxes, utf8=utf8)))


def _add_references(lines: list[bytes], draft: Draft) -> None:
    if IDENTIFIER.fullmatch(draft.in_reply_to):
        lines.append(header.fold("In-Reply-To", [f"<{draft.in_reply_to}>"]))
    known = [name for name in draft.references if IDENTIFIER.fullmatch(name)]
    if len(known) > MAX_REFERENCES_WRITTEN:
        known = [known[0], *known[-(MAX_REFERENCES_WRITTEN - 1) :]]
    if known:
        lines.append(header.fold("References", [f"<{name}>" for name in known]))


def _check(draft: Draft, composed: Composed, *, keep_bcc: bool) -> None:
    """Read the message again: what we meant is what others will see."""
    read = Message.parse(composed.octets)
    meant = " ".join(_NOT_IN_HEADER.sub(" ", draft.subject).split())
    if " ".join(read.subject.split()) != meant:
        raise ComposeError("The subject cannot be written so that others can read it.")
    for name, boxes in (("to", draft.to), ("cc", draft.cc)):
        if len(read.mailboxes(name)) != len(boxes):
            raise ComposeError("A recipient's name cannot be written so that others can read it.")
    if not keep_bcc and "bcc" in read.header:
        raise ComposeError("A header field would show the hidden recipients.")
