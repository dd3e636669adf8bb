"""What the store keeps of a message in columns and words, worked out of its octets."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, NamedTuple

from desktopmail.door.vocabulary import indexed
from desktopmail.door.words import spaced
from desktopmail.mime.message import IndexRow, Message
from desktopmail.mime.report import DeliveryReport, ReadReceipt
from desktopmail.mime.report import of as report_of

if TYPE_CHECKING:
    from desktopmail.mime.address import Mailbox
    from desktopmail.mime.attachment import Attachment

# What a list shows and a person types; the whole of a hostile header would only fill the index.
MAX_SUBJECT_CHARACTERS = 1000
MAX_RECIPIENTS_SHOWN = 200
_MAX_REMEMBERED = 20
# What a list is sorted by; a longer key would only make its index larger.
SORT_CHARACTERS = 40
# "Re:", "AW:", "Fwd:", "[list]" and their repetitions say nothing about the subject.
_SUBJECT_PREFIX = re.compile(
    r"(?:\s*(?:re|aw|antw|sv|vs|fwd?|wg|rv|tr)(?:\[\d+\])?\s*:)+\s*", re.IGNORECASE
)


# What five texts take beside their characters.
_COST_OF_TEXTS = 400


# Named tuples, because a hundred thousand of these are made in one go: they are made in a tenth of
# the time of a frozen dataclass.
class Words(NamedTuple):
    """What a message is found by, as the index takes it (`door.words`, `door.vocabulary`)."""

    subject: str
    sender: str
    recipients: str
    body: str
    files: str

    @property
    def characters(self) -> int:
        """What they take of memory, counted as characters: a text has its cost, however short."""
        return sum(map(len, self)) + _COST_OF_TEXTS


class Summary(NamedTuple):
    """A message as its row.

    Attributes:
        header: The header block with its empty line, exact; empty of a whole message, which has it.
        digest: SHA-256 of the header block, the same however it was fetched.
        message_id: Without angle brackets; empty where there is none.
        references: The Message-IDs of its ancestors.
        date_s: Of the Date field, or None.
        people: Everybody in From, To and Cc, as (name, address).
        senders: How many of `people` are senders; they come first.
        preview: The first words; empty while only the header is here.
        sort_sender, sort_subject: What a list is sorted by.
        report: What it says of a message that was sent, where it is a report.
    """

    header: bytes
    digest: bytes
    message_id: str
    references: tuple[str, ...]
    subject: str
    sender: tuple[str, str]
    recipients: str
    date_s: int | None
    has_attachment: bool
    preview: str
    people: tuple[tuple[str, str], ...]
    senders: int
    is_whole: bool
    sort_sender: str
    sort_subject: str
    report: DeliveryReport | ReadReceipt | None
    words: Words


class Rest(NamedTuple):
    """What only the octets of a message tell, and not its header: see `Summary`."""

    has_attachment: bool
    preview: str
    report: DeliveryReport | ReadReceipt | None
    words: Words


def of_message(octets: bytes) -> Summary:
    """Summarise a whole message; never raises, whatever the octets are."""
    message = Message.parse(octets)
    row = message.index_row()
    return _summary(b"", row, row.has_attachment, is_whole=True, report=report_of(message))


def of_header(octets: bytes) -> Summary:
    """Summarise a header block; whether something is attached is a guess then."""
    message = Message.parse(octets)
    kind = (message.header.value("content-type") or "").lower()
    return _summary(
        octets, message.header_row(), kind.startswith("multipart/mixed"), is_whole=False
    )


def rest_of(octets: bytes) -> Rest:
    """What a whole message tells beside its header; never raises, whatever the octets are."""
    message = Message.parse(octets)
    found = message.body_row()
    header = message.header
    return Rest(
        has_attachment=found.has_attachment,
        preview=sound(found.preview),
        report=report_of(message),
        words=Words(
            subject=_subject_words(_subject(header.text("subject") or "")),
            sender=_people_of(message.mailboxes("from")).words,
            recipients=_people_of(
                (*message.mailboxes("to"), *message.mailboxes("cc"), *message.mailboxes("bcc"))
            ).words,
            body=_searched(found.text),
            files=_file_words(found.attachments),
        ),
    )


def _summary(
    block: bytes,
    row: IndexRow,
    has_attachment: bool,
    *,
    is_whole: bool,
    report: DeliveryReport | ReadReceipt | None = None,
) -> Summary:
    senders, recipients = _people_of(row.senders), _people_of((*row.to, *row.cc))
    named = _people_of((*row.to, *row.cc, *row.bcc)) if row.bcc else recipients
    sender = senders.people[0] if senders.people else ("", "")
    subject = _subject(row.subject)
    return Summary(
        header=block,
        digest=bytes.fromhex(row.header_digest),
        message_id=sound(row.message_id or ""),
        references=tuple(map(sound, row.references)),
        subject=subject,
        sender=sender,
        recipients=recipients.shown,
        date_s=row.date_s,
        has_attachment=has_attachment,
        preview=sound(row.preview) if is_whole else "",
        people=senders.people + recipients.people,
        senders=len(senders.people),
        words=Words(
            subject=_subject_words(subject),
            sender=senders.words,
            recipients=named.words,
            body=_searched(row.text) if is_whole else "",
            files=_file_words(row.attachments) if is_whole else "",
        ),
        is_whole=is_whole,
        sort_sender=sort_sender(*sender),
        sort_subject=base_subject(subject),
        report=report,
    )


def sort_sender(name: str, address: str) -> str:
    """What a sender is sorted by: the name, where there is one."""
    return (name or address).casefold()[:SORT_CHARACTERS]


def base_subject(subject: str) -> str:
    """What a subject is sorted by: without "Re:" and its like, in one case."""
    if ":" in subject:
        subject = _SUBJECT_PREFIX.sub("", subject, count=1)
    return subject.strip().casefold()[:SORT_CHARACTERS]


def _subject(value: str) -> str:
    return sound(value)[:MAX_SUBJECT_CHARACTERS]


def _subject_words(subject: str) -> str:
    return indexed(spaced(subject))


def _file_words(attachments: tuple[Attachment, ...]) -> str:
    return _searched(" ".join([one.name for one in attachments])) if attachments else ""


def _searched(value: str) -> str:
    return indexed(spaced(sound(value)))


class _People(NamedTuple):
    """What is kept of the mailboxes of a field: names and addresses, what is shown, the words."""

    people: tuple[tuple[str, str], ...]
    shown: str
    words: str


def _people_of(boxes: tuple[Mailbox, ...]) -> _People:
    return _remembered(boxes) if len(boxes) <= _MAX_REMEMBERED else _read_people(boxes)


def _read_people(boxes: tuple[Mailbox, ...]) -> _People:
    return _People(
        people=tuple([(sound(box.name), sound(box.address)) for box in boxes]),
        shown=sound(", ".join([box.shown for box in boxes[:MAX_RECIPIENTS_SHOWN]])),
        words=_searched(" ".join([f"{box.name} {box.address}" for box in boxes])),
    )


# A mailbox is full of the same few people; a long list of them is not remembered.
_remembered = functools.lru_cache(maxsize=2048)(_read_people)


def sound(value: str) -> str:
    """Return a text that SQLite can hold: lone surrogates have no UTF-8."""
    if value.isascii():
        return value
    return value.encode("utf-8", "replace").decode("utf-8")
