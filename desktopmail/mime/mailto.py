"""A mailto link as the draft it asks for (RFC 6068)."""

from __future__ import annotations

from urllib.parse import unquote

from desktopmail.mime import address, message_id
from desktopmail.mime.address import Mailbox
from desktopmail.mime.compose import Draft

MAX_CHARACTERS = 50_000


def parse(url: str, sender: Mailbox | None = None) -> Draft | None:
    """Return the draft a mailto link asks for; None for another link.

    Only recipients, subject, text and In-Reply-To are taken: a link may not attach files or set
    other fields (RFC 6068 section 4). Bcc is left out too, because nobody would look there.

    Args:
        url: The link.
        sender: Who writes; an empty mailbox otherwise.
    """
    if url[:7].lower() != "mailto:" or len(url) > MAX_CHARACTERS:
        return None
    path, _, query = url[7:].partition("?")
    to = list(_mailboxes(path))
    cc: list[Mailbox] = []
    subject = text = parent = ""
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        match unquote(name).lower():
            case "to":
                to.extend(_mailboxes(value))
            case "cc":
                cc.extend(_mailboxes(value))
            case "subject":
                subject = " ".join(unquote(value).split())
            case "body":
                text = unquote(value).replace("\r\n", "\n").replace("\r", "\n")
            case "in-reply-to":
                parent = message_id.parse(unquote(value)) or ""
            case _:
                continue
    return Draft(
        sender=sender or Mailbox("", ""),
        to=tuple(to),
        cc=tuple(cc),
        subject=subject,
        text=text,
        in_reply_to=parent,
        references=(parent,) if parent else (),
    )


def _mailboxes(value: str) -> tuple[Mailbox, ...]:
    return address.parse(unquote(value))
