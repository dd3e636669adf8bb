"""A message made ready to be shown: parsed, its text cut into blocks, its HTML made safe.

Runs in a thread: large mails take longer than a frame. Nothing here touches a widget.
"""

from __future__ import annotations

from dataclasses import dataclass
from secrets import token_hex
from typing import TYPE_CHECKING

from desktopmail.ui.language import tr

if TYPE_CHECKING:
    from desktopmail.mime.address import Mailbox
    from desktopmail.mime.attachment import Attachment
    from desktopmail.mime.html import SafeHtml
    from desktopmail.mime.message import Message
    from desktopmail.mime.text import Block

PART_SCHEME, REMOTE_SCHEME = "mail-part", "mail-remote"


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What the reading pane shows of a message.

    Attributes:
        key: Letters and digits by which the addresses of its images are told from those of others.
        message: The parsed message, for replies, sources and parts.
        date_s: The Date field in seconds since 1970, or None.
        blocks: The plain text, cut into text, quotes and signature.
        html: The sanitised HTML, or None where the message has none.
        page: The same as it is shown in a page: long quotes folded, where that is wanted.
        attachments: What came with it and is not part of the text.
        sizes: How many octets each of them has; of 30 MB they take longer than a frame to count.
        whole: Whether the body is here, or the header only.
    """

    key: str
    message: Message
    subject: str
    sender: tuple[Mailbox, ...]
    to: tuple[Mailbox, ...]
    cc: tuple[Mailbox, ...]
    bcc: tuple[Mailbox, ...]
    reply_to: tuple[Mailbox, ...]
    date_s: float | None
    message_id: str
    list_id: str
    blocks: tuple[Block, ...]
    html: SafeHtml | None
    page: str
    attachments: tuple[Attachment, ...]
    sizes: tuple[int, ...]
    whole: bool


def read_letter(
    octets: bytes,
    *,
    whole: bool = True,
    remote: bool = False,
    charset: str | None = None,
    folded: bool = False,
) -> Letter:
    """Make a message ready.

    Args:
        octets: The message, or its header block alone.
        whole: Whether the body is in `octets`.
        remote: Let remote images point to the engine's fetcher; else they are blocked.
        charset: The charset a person chose instead of those that the texts name.
        folded: Fold long quotes of HTML.
    """
    # Parsers and sanitisers are brought in here, in the thread: a start needs none of them.
    from desktopmail.mime import fold, html, text
    from desktopmail.mime.message import Message

    key = token_hex(6)
    message = Message.parse(octets, charset=charset)
    date = message.date
    source = message.html if whole else None
    safe = None
    if source is not None and source.strip():
        safe = html.sanitise(
            source,
            parts=html.part_urls(message.tree, prefix=f"{PART_SCHEME}:/{key}/"),
            remote=(lambda number, _url: f"{REMOTE_SCHEME}:/{key}/{number}") if remote else None,
            known=[box.domain for box in message.senders if box.domain],
        )
    page = safe.html if safe is not None else ""
    attached = tuple(it for it in message.attachments if not it.is_inline) if whole else ()
    return Letter(
        key=key,
        message=message,
        subject=message.subject,
        sender=message.senders or ((message.sender,) if message.sender.address else ()),
        to=message.to,
        cc=message.cc,
        bcc=message.bcc,
        reply_to=message.reply_to,
        date_s=date.timestamp() if date is not None else None,
        message_id=message.message_id or "",
        list_id=message.list_id or "",
        blocks=tuple(text.blocks(message.text)) if whole else (),
        html=safe,
        page=fold.fold_quotes(page, tr("fold.open")) if folded else page,
        attachments=attached,
        sizes=tuple(it.size_octets for it in attached),
        whole=whole,
    )
