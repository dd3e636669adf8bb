"""A message as a value: the door of this room. Everything is worked out when it is asked for."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from desktopmail.mime import (
    address,
    attachment,
    date,
    message_id,
    reference,
    structure,
    text,
    thread,
)
from desktopmail.mime.defect import Defect
from desktopmail.mime.header import Header, unfold

if TYPE_CHECKING:
    from datetime import datetime

    from desktopmail.mime.address import Mailbox
    from desktopmail.mime.attachment import Attachment
    from desktopmail.mime.structure import Part
    from desktopmail.mime.text import Body

# The full-text index sees this much of a text; more are logs and books.
INDEXED_CHARACTERS = 1_000_000


class BodyRow(NamedTuple):
    """What the store keeps of a message beside its header: see `IndexRow`."""

    text: str
    preview: str
    attachments: tuple[Attachment, ...]
    has_attachment: bool


_NO_BODY = BodyRow(text="", preview="", attachments=(), has_attachment=False)


class IndexRow(NamedTuple):
    """What the store keeps of a message to list, thread and find it.

    A named tuple: one is made per message, and a frozen dataclass of this size takes 5 µs.

    Attributes:
        message_id: Without brackets; None where there is none.
        references: Ancestors, oldest first, the parent last.
        subject: Decoded, on one line.
        senders, to, cc, bcc: Decoded mailboxes.
        date_s: The Date field, seconds since 1970; None where it cannot be read.
        text: The plain text, for the full-text index; empty when only a header was parsed.
        preview: The first words of it.
        attachments: All attachments, those inside the HTML included.
        has_attachment: Whether there is one that is not inside the HTML.
        header_digest: SHA-256 of the header block, as `header.digest_of` takes it.
        size_octets: Size of the message.
    """

    message_id: str | None
    references: tuple[str, ...]
    subject: str
    senders: tuple[Mailbox, ...]
    to: tuple[Mailbox, ...]
    cc: tuple[Mailbox, ...]
    bcc: tuple[Mailbox, ...]
    date_s: int | None
    text: str
    preview: str
    attachments: tuple[Attachment, ...]
    has_attachment: bool
    header_digest: str
    size_octets: int


class Message:
    """A message and what can be read from it; making one costs nothing yet, nothing ever raises.

    Attributes:
        octets: The exact octets.
        charset: The charset a person chose for its texts, or None for those that they name.
    """

    def __init__(self, octets: bytes, charset: str | None = None) -> None:
        self.octets = octets
        self.charset = charset

    @classmethod
    def parse(cls, octets: bytes, *, charset: str | None = None) -> Message:
        """Return the message those octets are (a header block alone will do).

        Args:
            octets: As they came.
            charset: The charset a person chose instead of those that the texts name.
        """
        return cls(bytes(octets), charset)

    @cached_property
    def tree(self) -> Part:
        """The tree of parts."""
        return structure.parse(self.octets)

    @cached_property
    def header(self) -> Header:
        """The header; cut alone while the tree is not asked for."""
        tree = self.__dict__.get("tree")
        return tree.header if tree is not None else Header.parse(self.octets)

    @cached_property
    def subject(self) -> str:
        """The subject, decoded, on one line."""
        return self.header.text("subject") or ""

    @cached_property
    def base_subject(self) -> str:
        """The subject without "Re:" and the like (RFC 5256 section 2.1)."""
        return thread.base_subject(self.subject)

    @cached_property
    def senders(self) -> tuple[Mailbox, ...]:
        """The mailboxes of From."""
        return self.mailboxes("from")

    @property
    def sender(self) -> Mailbox:
        """The first mailbox of From, else of Sender; an empty one where there is none."""
        found = self.senders or self.mailboxes("sender")
        return found[0] if found else address.Mailbox("", "")

    @cached_property
    def to(self) -> tuple[Mailbox, ...]:
        """The mailboxes of To."""
        return self.mailboxes("to")

    @cached_property
    def cc(self) -> tuple[Mailbox, ...]:
        """The mailboxes of Cc."""
        return self.mailboxes("cc")

    @cached_property
    def bcc(self) -> tuple[Mailbox, ...]:
        """The mailboxes of Bcc: drafts and the sender's own copy have them."""
        return self.mailboxes("bcc")

    @cached_property
    def reply_to(self) -> tuple[Mailbox, ...]:
        """The mailboxes of Reply-To; empty where there is none."""
        return self.mailboxes("reply-to")

    def mailboxes(self, name: str) -> tuple[Mailbox, ...]:
        """Return the mailboxes of all fields of that name."""
        return _mailboxes(self.header, name)

    @cached_property
    def date(self) -> datetime | None:
        """The Date field as an aware datetime, or None where it cannot be read."""
        return date.parse(self.header.value("date"))

    @cached_property
    def message_id(self) -> str | None:
        """The Message-ID without its brackets, or None."""
        return message_id.parse(self.header.value("message-id"))

    @cached_property
    def references(self) -> tuple[str, ...]:
        """The ancestors, oldest first, the parent last."""
        return reference.of(self.header)

    @cached_property
    def body(self) -> Body:
        """The parts the text is made of: `body.plain`, `body.html`."""
        return text.choose(self.tree)

    @cached_property
    def text(self) -> str:
        """The plain text for reading; made from the HTML where that is all there is."""
        return text.plain(self.body, label=self.charset)

    @cached_property
    def index_text(self) -> str:
        """The plain text for index and preview: faster than `text` for HTML."""
        return text.plain(self.body, fast=True)

    @cached_property
    def html(self) -> str | None:
        """The source of the HTML text, not sanitised (see `html.sanitise`); None without HTML.

        Plain parts that stand between HTML ones are there as preformatted text.
        """
        if not self.body.html:
            return None
        from desktopmail.mime import html

        return html.join(self.body.html, label=self.charset)

    @cached_property
    def attachments(self) -> tuple[Attachment, ...]:
        """All attachments in their order."""
        return attachment.of(self.tree, self.body)

    @cached_property
    def preview(self) -> str:
        """The first words of the text, about 140 characters on one line."""
        return text.preview(self.index_text)

    @cached_property
    def defects(self) -> tuple[Defect, ...]:
        """What is wrong with the message, each kind once; decoding defects of texts included."""
        found: list[Defect] = []
        for part in self.tree.walk():
            found.extend(part.defects)
        for part in (*self.body.plain, *self.body.html):
            found.extend(text.of_part(part).defects)
        if b"\x00" in self.octets:
            found.append(Defect.NUL)
        if self.header.raw("date") is not None and self.date is None:
            found.append(Defect.BAD_DATE)
        return tuple(dict.fromkeys(found))

    def index_row(self) -> IndexRow:
        """Return what the store keeps of the message."""
        return self._row(self.tree.header, self.body_row())

    def body_row(self) -> BodyRow:
        """Return what the store keeps of the message beside its header."""
        # Straight through, not by the cached properties: half the time, and the store's import of
        # a large mailbox does nothing else.
        tree = self.tree  # which stays: who asks for more than the row finds it cut
        body = text.choose(tree)
        attachments = attachment.of(tree, body)
        words = text.plain(body, fast=True)
        return BodyRow(
            text=words[:INDEXED_CHARACTERS],
            preview=text.preview(words),
            attachments=attachments,
            has_attachment=any(not one.is_inline for one in attachments),
        )

    def header_row(self) -> IndexRow:
        """Return the same where nothing but a header block is here: no text, no attachments."""
        return self._row(self.header, _NO_BODY)

    def _row(self, header: Header, body: BodyRow) -> IndexRow:
        identifier = message_id.parse(header.value("message-id"))
        return IndexRow(
            message_id=identifier,
            references=reference.of(header, identifier),
            subject=header.text("subject") or "",
            senders=_mailboxes(header, "from"),
            to=_mailboxes(header, "to"),
            cc=_mailboxes(header, "cc"),
            bcc=_mailboxes(header, "bcc"),
            date_s=date.epoch(header.value("date")),
            text=body.text,
            preview=body.preview,
            attachments=body.attachments,
            has_attachment=body.has_attachment,
            header_digest=header.digest,
            size_octets=len(self.octets),
        )

    @cached_property
    def list_id(self) -> str | None:
        """The mailing list's identifier (RFC 2919), or None."""
        value = self.header.value("list-id")
        if value is None:
            return None
        begin, end = value.rfind("<"), value.rfind(">")
        return (value[begin + 1 : end] if 0 <= begin < end else value).strip() or None

    def part(self, number: str) -> Part | None:
        """Return the part with an IMAP number such as `1.2`, or None."""
        return next((part for part in self.tree.walk() if part.number == number), None)


def _mailboxes(header: Header, name: str) -> tuple[Mailbox, ...]:
    raws = header.raws(name)
    if not raws:
        return ()
    if len(raws) == 1:
        return address.parse(unfold(raws[0]))
    return tuple(box for raw in raws for box in address.parse(unfold(raw)))
