"""New messages: written from a draft, and drafts made to answer, forward and edit messages.

Header fields are written by our own modules, not by `email.policy.SMTP`: that one turns long
message ids in References into encoded words (seen on CPython 3.11 to 3.13), which breaks threads.
Every message is read again before it is handed out. Chance and clock are the caller's: the
Message-ID, the Date and the boundary come in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from email.utils import format_datetime
from html import escape
from typing import TYPE_CHECKING

from desktopmail.mime import (
    address,
    attachment,
    entity,
    header,
    html,
    message_id,
    text,
    thread,
)
from desktopmail.mime.address import Mailbox
from desktopmail.mime.entity import IDENTIFIER
from desktopmail.mime.message import Message

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

MAX_REFERENCES_WRITTEN = 30  # the root and the nearest ones; see RFC 5537 section 3.4.4
_NOT_IN_HEADER = re.compile(r"[\x00-\x1f\x7f]+")
_PROMISE = re.compile(
    r"\b(?:attach(?:ed|ment|ing)?|enclosed|anbei|anhang|angeh[äa]ngt|anh[äa]nge|beigef[üu]gt"
    r"|im anhang|anlage|pi[eè]ce jointe|ci-joint|adjunt[oa]|in allegato)\b",
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

    Raises:
        ComposeError: An address is not valid, or something cannot be written.
    """
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


# ---- drafts from messages


def reply(
    message: Message,
    *,
    own: Sequence[Mailbox],
    to_all: bool = False,
    attribution: str = "On {date}, {name} wrote:",
    date_text: str = "",
    rich: bool = False,
) -> Draft:
    """Return the draft of an answer.

    Args:
        message: The message to answer.
        own: The person's identities; the answer comes from the one that was written to.
        to_all: To everybody who has the message instead of its sender alone.
        attribution: The line above the quote, with {date} and {name}.
        date_text: The message's date as the person reads dates.
        rich: Quote the HTML too.
    """
    mine = {box.key for box in own}
    sender = _identity(message, own)
    targets = message.reply_to or message.senders
    if message.sender.key in mine and message.to:
        targets = message.to  # an answer to what one wrote oneself goes on to the same people
    to = _unique(targets, set())
    cc: tuple[Mailbox, ...] = ()
    if to_all:
        others = () if targets is message.to else message.to
        to = _unique((*to, *others), mine) or to
        cc = _unique(message.cc, mine | {box.key for box in to})
    return _answer(
        message, sender, to, cc, _attribution(message, attribution, date_text), rich=rich
    )


def reply_to_list(
    message: Message,
    *,
    own: Sequence[Mailbox],
    attribution: str = "On {date}, {name} wrote:",
    date_text: str = "",
    rich: bool = False,
) -> Draft | None:
    """Return the draft of an answer to a mailing list alone; None where it takes no posts."""
    post = message.header.value("list-post") or ""
    found = re.search(r"<mailto:([^?>\s]+)", post, re.IGNORECASE)
    if found is None or not address.is_valid(found[1]):
        return None
    to = (Mailbox("", found[1]),)
    attributed = _attribution(message, attribution, date_text)
    return _answer(message, _identity(message, own), to, (), attributed, rich=rich)


def _answer(
    message: Message,
    sender: Mailbox,
    to: tuple[Mailbox, ...],
    cc: tuple[Mailbox, ...],
    attribution: str,
    *,
    rich: bool,
) -> Draft:
    source = message.html if rich else None
    own = message.message_id or ""
    return Draft(
        sender=sender,
        to=to,
        cc=cc,
        subject=_prefixed("Re: ", message.subject),
        text=f"\n\n{attribution}\n{text.quote(message.text)}\n",
        html=_quoted_html(message, attribution, source) if rich else None,
        in_reply_to=own,
        references=(*message.references, own) if own else message.references,
    )


def _quoted_html(message: Message, attribution: str, source: str | None) -> str:
    if source is None:
        inner = f'<div style="white-space:pre-wrap">{escape(message.text)}</div>'
    else:
        inner = html.sanitise(source).html
    style = "margin:0 0 0 0.8ex;border-left:2px solid #888;padding-left:1ex"
    return (
        f"<p><br></p><p>{escape(attribution)}</p>"
        f'<blockquote type="cite" style="{style}">{inner}</blockquote>'
    )


def _attribution(message: Message, template: str, date_text: str) -> str:
    # Not str.format: a translation with a stray brace must not raise.
    return template.replace("{date}", date_text).replace("{name}", message.sender.shown)


def _identity(message: Message, own: Sequence[Mailbox]) -> Mailbox:
    """Return the identity a message was written to, or came from; the first one otherwise."""
    seen = [*message.to, *message.cc, *message.senders]
    for name in ("delivered-to", "x-original-to", "envelope-to"):
        seen.extend(message.mailboxes(name))
    keys = {box.key for box in seen}
    found = next((box for box in own if box.key in keys), None)
    return found or (own[0] if own else Mailbox("", ""))


def _unique(boxes: Iterable[Mailbox], without: set[str]) -> tuple[Mailbox, ...]:
    found: dict[str, Mailbox] = {}
    for box in boxes:
        if box.address and box.key not in without:
            found.setdefault(box.key, box)
    return tuple(found.values())


def _prefixed(prefix: str, subject: str) -> str:
    """Return a subject with one prefix, however many "Re: AW: RE:" it had."""
    return prefix + thread.without_reply_marks(subject)


@dataclass(frozen=True, slots=True)
class ForwardLabels:
    """The words above a message that is forwarded inline, for translation."""

    begin: str = "---------- Forwarded message ----------"
    from_: str = "From"
    to: str = "To"
    cc: str = "Cc"
    date: str = "Date"
    subject: str = "Subject"


def forward_inline(
    message: Message,
    *,
    own: Sequence[Mailbox],
    labels: ForwardLabels | None = None,
    date_text: str = "",
    rich: bool = False,
) -> Draft:
    """Return the draft of a forward that holds the message's text and its attachments."""
    labels = labels or ForwardLabels()
    rows = [
        (labels.from_, ", ".join(str(box) for box in message.senders)),
        (labels.to, ", ".join(str(box) for box in message.to)),
        (labels.cc, ", ".join(str(box) for box in message.cc)),
        (labels.date, date_text),
        (labels.subject, message.subject),
    ]
    lines = [labels.begin, *(f"{name}: {value}" for name, value in rows if value)]
    head = "\n".join(lines)
    rich_text = None
    files = _files(message)
    if rich:
        source = message.html
        inner = (
            html.sanitise(source, parts=_cid_urls(message)).html
            if source is not None
            else f'<div style="white-space:pre-wrap">{escape(message.text)}</div>'
        )
        rich_text = f"<p><br></p><p>{'<br>'.join(map(escape, lines))}</p>{inner}"
    return Draft(
        sender=_identity(message, own),
        subject=f"Fwd: {thread.without_forward_marks(message.subject)}",
        text=f"\n\n{head}\n\n{message.text.rstrip()}\n",
        html=rich_text,
        files=files if rich else tuple(replace(file, content_id="") for file in files),
        references=(message.message_id,) if message.message_id else (),
    )


def _cid_urls(message: Message) -> dict[str, str]:
    return {
        one.content_id: f"cid:{one.content_id}" for one in message.attachments if one.content_id
    }


def forward_attached(messages: Sequence[Message], *, own: Sequence[Mailbox]) -> Draft:
    """Return the draft of a forward that holds whole messages as attachments."""
    files = []
    for message in messages:
        name = f"{attachment.name_of_subject(message.subject)}.eml"
        files.append(File(name, "message/rfc822", message.octets))
    first = messages[0]
    return Draft(
        sender=_identity(first, own),
        subject=f"Fwd: {thread.without_forward_marks(first.subject)}",
        files=tuple(files),
        references=(first.message_id,) if first.message_id else (),
    )


def edit_as_new(message: Message, *, own: Sequence[Mailbox] = ()) -> Draft:
    """Return a draft with all that a message holds: to go on with one, or to send it again."""
    identifiers = message_id.parse_all(message.header.value("in-reply-to") or "")
    mine = {box.key: box for box in own}
    return Draft(
        sender=message.sender if not own else mine.get(message.sender.key, own[0]),
        to=message.to,
        cc=message.cc,
        bcc=message.bcc,
        reply_to=message.reply_to,
        subject=message.subject,
        text=message.text,
        html=None
        if message.html is None
        else html.sanitise(
            message.html, parts=_cid_urls(message), remote=lambda _number, url: url
        ).html,
        files=_files(message),
        in_reply_to=identifiers[0] if identifiers else "",
        references=message.references,
    )


def _files(message: Message) -> tuple[File, ...]:
    return tuple(
        File(
            one.name,
            one.media_type,
            one.octets,
            one.content_id if one.is_inline else "",
        )
        for one in message.attachments
    )
