"""What a mailing list says about itself, and how to leave it (RFC 2369, RFC 2919, RFC 8058)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from desktopmail.mime import address, encoded_word, link

if TYPE_CHECKING:
    from desktopmail.mime.header import Header

_ANGLED = re.compile(r"<\s*([^<>]*?)\s*>")
_SPACE = re.compile(r"\s+")
# RFC 8058 section 8.1: what is posted, exactly.
ONE_CLICK_BODY = "List-Unsubscribe=One-Click"


@dataclass(frozen=True, slots=True)
class MailingList:
    """A mailing list or newsletter.

    Attributes:
        id: Its identifier (RFC 2919), or empty.
        name: Its name for people, or empty.
        post: The address to write to, or empty; empty too where nobody may post.
        one_click: The https URL to send a POST of `ONE_CLICK_BODY` to, or empty. It is one only
            when both fields of RFC 8058 are there; the caller sends no cookies with it.
        leave_mail: A mailto URL to leave by, or empty.
        leave_page: A web page to leave at, to be opened by a person, or empty.
        archive, help, owner: Web or mail addresses, or empty.
    """

    id: str
    name: str
    post: str
    one_click: str
    leave_mail: str
    leave_page: str
    archive: str
    help: str
    owner: str


def of(header: Header) -> MailingList | None:
    """Return the list a message came by, or None."""
    identity = header.value("list-id") or ""
    leave = _urls(header, "list-unsubscribe")
    if not identity and not leave and "list-post" not in header:
        return None
    angled = _ANGLED.search(identity)
    name = encoded_word.decode(identity[: angled.start()] if angled else "").strip().strip('"')
    https = next((url for url in leave if url.lower().startswith("https://")), "")
    page = https or next((url for url in leave if url.lower().startswith("http://")), "")
    posted = _SPACE.sub("", header.value("list-unsubscribe-post") or "").lower()
    is_one_click = posted == ONE_CLICK_BODY.lower() and link.host_of(https) != ""
    return MailingList(
        id=angled[1] if angled else identity.strip(),
        name=name,
        post=_post(header),
        one_click=https if is_one_click else "",
        leave_mail=next((url for url in leave if url.lower().startswith("mailto:")), ""),
        leave_page=page,
        archive=_place(header, "list-archive"),
        help=_place(header, "list-help"),
        owner=_place(header, "list-owner"),
    )


def _post(header: Header) -> str:
    for url in _urls(header, "list-post"):
        if url.lower().startswith("mailto:"):
            target = url[7:].partition("?")[0]
            return target if address.is_valid(target) else ""
    return ""


def _place(header: Header, name: str) -> str:
    """The first address of a field that leads to a page or a mailbox."""
    urls = _urls(header, name)
    return next((url for url in urls if link.host_of(url) or _is_mail(url)), "")


def _is_mail(url: str) -> bool:
    scheme, _, target = url.partition(":")
    return scheme.lower() == "mailto" and address.is_valid(target.partition("?")[0])


def _urls(header: Header, name: str) -> list[str]:
    value = header.value(name) or ""
    # White space inside the brackets comes from folding and is ignored (RFC 2369 section 2).
    return [_SPACE.sub("", found) for found in _ANGLED.findall(value)]
