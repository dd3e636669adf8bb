"""Drafts made of messages: to answer them, forward them, or send them once more."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from desktopmail.mime import (
    address,
    attachment,
    html_text,
    message_id,
    quoted,
    rich_read,
    rich_text,
    rich_write,
    text,
    thread,
)
from desktopmail.mime.address import Mailbox
from desktopmail.mime.compose import UNFINISHED, Draft, File
from desktopmail.mime.rich_text import Paragraph, Run, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from desktopmail.mime.message import Message
    from desktopmail.mime.rich_text import Image, Item

MAX_QUOTED = 100_000
"""Letters of a text that is quoted to be edited: some 1,500 lines. What is longer is a file."""


def reply(
    message: Message,
    *,
    own: Sequence[Mailbox],
    to_all: bool = False,
    attribution: str = "On {date}, {name} wrote:",
    date_text: str = "",
    rich: bool = False,
    keep_layout: bool = False,
) -> Draft:
    """Return the draft of an answer.

    Args:
        message: The message to answer.
        own: The person's identities; the answer comes from the one that was written to.
        to_all: To everybody who has the message instead of its sender alone.
        attribution: The line above the quote, with {date} and {name}.
        date_text: The message's date as the person reads dates.
        rich: Quote the HTML too.
        keep_layout: Keep it as it is laid out, below the answer, where rich text would lose that.
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
    attributed = _attribution(message, attribution, date_text)
    return _answer(message, sender, to, cc, attributed, rich=rich, keep_layout=keep_layout)


def reply_to_list(
    message: Message,
    *,
    own: Sequence[Mailbox],
    attribution: str = "On {date}, {name} wrote:",
    date_text: str = "",
    rich: bool = False,
    keep_layout: bool = False,
) -> Draft | None:
    """Return the draft of an answer to a mailing list alone; None where it takes no posts."""
    post = message.header.value("list-post") or ""
    found = re.search(r"<mailto:([^?>\s]+)", post, re.IGNORECASE)
    if found is None or not address.is_valid(found[1]):
        return None
    to = (Mailbox("", found[1]),)
    attributed = _attribution(message, attribution, date_text)
    sender = _identity(message, own)
    return _answer(message, sender, to, (), attributed, rich=rich, keep_layout=keep_layout)


def _answer(
    message: Message,
    sender: Mailbox,
    to: tuple[Mailbox, ...],
    cc: tuple[Mailbox, ...],
    attribution: str,
    *,
    rich: bool,
    keep_layout: bool,
) -> Draft:
    own = message.message_id or ""
    html = None
    files: tuple[File, ...] = ()
    below = quoted.of_message(message, (attribution,), is_cited=True) if keep_layout else None
    if below is not None:
        files = _pictures(message, below.pictures)
    elif rich and message.html is not None and len(message.text) <= MAX_QUOTED:
        items, files = _rich_text(message)
        head = (*_EMPTY_LINES, Paragraph(runs=(Run(attribution),)))
        html = rich_write.write((*head, *(_quoted(item) for item in items)))
    return Draft(
        sender=sender,
        to=to,
        cc=cc,
        subject=_prefixed("Re: ", message.subject),
        text="" if below else f"\n\n{attribution}\n{_quote(message.text)}\n",
        html=html,
        files=files,
        quoted=below,
        in_reply_to=own,
        references=(*message.references, own) if own else message.references,
    )


def _quote(words: str) -> str:
    """Quote a text; of one that is as long as a book its begin, and a mark that it goes on."""
    if len(words) <= MAX_QUOTED:
        return text.quote(words)
    begin, _, _ = words[:MAX_QUOTED].rpartition("\n")
    return text.quote(f"{begin or words[:MAX_QUOTED]}\n[…]")


_EMPTY_LINES = (Paragraph(), Paragraph())


def _rich_text(
    message: Message, *, keep_remote: bool = False
) -> tuple[tuple[Item, ...], tuple[File, ...]]:
    """Return a message's HTML as rich text, and the pictures of the message that stand in it.

    Args:
        message: It has HTML.
        keep_remote: Keep pictures by their web address, too: for a draft that has them. An answer
            would have its reader fetch what was meant to watch its writer.
    """
    own = {one.content_id for one in message.attachments if one.content_id}

    def kept(image: Image) -> bool:
        if image.url.startswith("cid:"):
            return image.url.removeprefix("cid:") in own
        return keep_remote

    items = tuple(_with_images(item, kept) for item in rich_read.read(message.html or ""))
    return items, _pictures(message, rich_text.images(items))


def _pictures(message: Message, names: Iterable[str]) -> tuple[File, ...]:
    """Return the pictures with these Content-IDs that came with a message."""
    own = {one.content_id: one for one in message.attachments if one.content_id}
    found = ((name, own[name]) for name in names if name in own)
    return tuple(File(one.name, one.media_type, one.octets, name) for name, one in found)


def _with_images(item: Item, kept: Callable[[Image], bool]) -> Item:
    """Return a paragraph or table in which the words of each other picture stand for it."""
    if isinstance(item, Table):
        rows = tuple(
            tuple(tuple(_paragraph_with_images(one, kept) for one in cell) for cell in row)
            for row in item.rows
        )
        return replace(item, rows=rows)
    return _paragraph_with_images(item, kept)


def _paragraph_with_images(paragraph: Paragraph, kept: Callable[[Image], bool]) -> Paragraph:
    runs = tuple(
        run if run.image is None or kept(run.image) else Run(run.image.alt, run.look)
        for run in paragraph.runs
    )
    runs = tuple(run for run in runs if run.text)
    if runs and runs != paragraph.runs:  # what stood behind a picture may begin with a space
        runs = (replace(runs[0], text=runs[0].text.lstrip(" ")), *runs[1:])
    return replace(paragraph, runs=tuple(run for run in runs if run.text))


def _quoted(item: Item) -> Item:
    return replace(item, quote=min(item.quote + 1, rich_text.MAX_QUOTE_DEPTH))


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
    keep_layout: bool = False,
) -> Draft:
    """Return the draft of a forward that holds the message's text and its attachments.

    `rich` and `keep_layout` are as in `reply`. A text as long as a book goes along as a whole, as
    an attachment: nothing of it is lost, and nobody wants to edit it.
    """
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
    html = None
    files = _files(message)
    below = quoted.of_message(message, (*lines, ""), is_cited=False) if keep_layout else None
    if below is None and len(message.text) > MAX_QUOTED:
        return forward_attached((message,), own=own)
    if below is not None:
        others = (it for it in files if it.content_id not in below.pictures)
        files = (
            *_pictures(message, below.pictures),
            *(replace(it, content_id="") for it in others),
        )
    elif rich and message.html is not None:
        items, pictures = _rich_text(message)
        named = {picture.content_id for picture in pictures}
        files = (*pictures, *(file for file in files if file.content_id not in named))
        top = (Paragraph(runs=(Run(line),)) for line in lines)
        html = rich_write.write((*_EMPTY_LINES, *top, Paragraph(), *items))
    return Draft(
        sender=_identity(message, own),
        subject=f"Fwd: {thread.without_forward_marks(message.subject)}",
        text="" if below else f"\n\n{head}\n\n{message.text.rstrip()}\n",
        html=html,
        quoted=below,
        files=files if html or below else tuple(replace(it, content_id="") for it in files),
        references=(message.message_id,) if message.message_id else (),
    )


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
    html = None
    words = message.text
    found = quoted.take_out(message)
    if found is not None:
        words = html_text.render(found[0])
        html = rich_write.write(rich_read.read(found[0]))
    elif message.html is not None:
        items, _ = _rich_text(message, keep_remote=True)
        html = rich_write.write(items)
    return Draft(
        sender=message.sender if not own else mine.get(message.sender.key, own[0]),
        to=_unfinished(message, "to"),
        cc=_unfinished(message, "cc"),
        bcc=_unfinished(message, "bcc"),
        reply_to=message.reply_to,
        subject=message.subject,
        text=words,
        html=html,
        quoted=found[1] if found is not None else None,
        files=_files(message),
        in_reply_to=identifiers[0] if identifiers else "",
        references=message.references,
    )


def _unfinished(message: Message, name: str) -> tuple[Mailbox, ...]:
    """Return the recipients of a field, with what was no address yet when a draft was kept."""
    return (*message.mailboxes(name), *message.mailboxes(f"{UNFINISHED}{name}".lower()))


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
