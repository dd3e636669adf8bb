"""Links: found in plain text, and judged: does the text show another place than the target?"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from desktopmail.mime import address, lookalike

if TYPE_CHECKING:
    from collections.abc import Iterable

_URL = re.compile(
    r"(?<![\w@])(?:(?:https?|ftp)://|www\.(?=[\w-]+\.))[^\s<>\"“”„«»{}|\\^`\x00-\x1f]{2,2000}"
    r"|(?<![\w@/])mailto:[^\s<>\"]{3,1000}"
    r"|(?<![\w.+/=-])[A-Za-z0-9][\w.+-]{0,63}@(?:[\w](?:[\w-]{0,61}[\w])?\.)+[^\W\d_]{2,63}(?![\w-]|\.\w)",
    re.IGNORECASE,
)
_TRAILING = ".,;:!?'*_~"
_PAIRS = {")": "(", "]": "[", "}": "{"}
_HOST_IN_TEXT = re.compile(
    r"(?:https?://)?((?:[\w](?:[\w-]{0,61}[\w])?\.)+[^\W\d_]{2,24})(?=[/:?#\s]|$)", re.IGNORECASE
)
_NOT_A_HOST = frozenset({
    "pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "zip", "txt", "html", "htm", "php",
    "jpg", "jpeg", "png", "gif", "md", "py", "js", "csv", "exe", "mp4",
})  # fmt: skip
_NUMERIC_HOST = re.compile(r"[0-9.]+|0x[0-9a-f.x]+|\[[0-9a-f:.]+\]", re.IGNORECASE)


class Warning(enum.StrEnum):  # noqa: A001 - it is one, and always named as link.Warning
    """Why to look twice before following a link; empty: no reason."""

    NO = ""
    MISMATCH = "The text shows another address than the one it leads to."
    LOOKALIKE = "The name of the site imitates another one."
    HIDDEN_HOST = "A name in front of an at sign hides where the link leads."
    NUMERIC_HOST = "The link leads to a bare number instead of a name."


@dataclass(frozen=True, slots=True)
class Span:
    """A link in plain text.

    Attributes:
        begin: Index of its first character.
        end: Index behind its last character.
        url: What it leads to, with its scheme.
    """

    begin: int
    end: int
    url: str


@dataclass(frozen=True, slots=True)
class Link:
    """A link of an HTML text.

    Attributes:
        url: What it leads to.
        text: What a person sees.
        warning: Why to look twice.
    """

    url: str
    text: str
    warning: Warning


def find(text: str) -> list[Span]:
    """Return the web and mail addresses in a plain text, in order."""
    spans = []
    for found in _URL.finditer(text):
        url = _trimmed(found[0])
        lower = url.lower()
        if lower.startswith("www."):
            target = f"https://{url}"
        elif "://" in lower[:8] or lower.startswith("mailto:"):
            target = url
        else:
            target = f"mailto:{url}"
        if len(url) > 4:
            spans.append(Span(found.start(), found.start() + len(url), target))
    return spans


def _trimmed(url: str) -> str:
    """Leave out what belongs to the sentence: a full stop, a bracket that was opened before it."""
    while url:
        last = url[-1]
        if last in _TRAILING or (last in _PAIRS and url.count(last) > url.count(_PAIRS[last])):
            url = url[:-1]
        else:
            break
    return url


def host_of(url: str) -> str:
    """Return the host a URL leads to, in lower case; empty where it has none or is malformed."""
    try:
        return (urlsplit(url.strip()).hostname or "").strip(".")
    except ValueError:
        return ""


def warning(url: str, text: str = "", known: Iterable[str] = ()) -> Warning:
    """Return why to look twice at a link.

    Args:
        url: What it leads to.
        text: What a person sees of it; empty for a bare URL.
        known: Domains the reader trusts, such as the sender's.
    """
    lower = url.strip().lower()
    if lower.startswith("mailto:"):
        shown = next((span.url[7:] for span in find(text) if span.url.startswith("mailto:")), "")
        target = unquote(lower[7:]).partition("?")[0]
        return Warning.MISMATCH if shown and shown.lower() not in target else Warning.NO
    host = host_of(url)
    if not host:
        return Warning.NO
    try:
        user = urlsplit(url.strip()).username
    except ValueError:
        user = None
    if user is not None and "." in unquote(user):
        return Warning.HIDDEN_HOST
    shown_host = host_in_text(text)
    shown_known = [*known, shown_host] if shown_host else list(known)
    if lookalike.is_suspicious(host) or lookalike.imitated(host, shown_known):
        return Warning.LOOKALIKE
    if shown_host and lookalike.registered(shown_host) != lookalike.registered(host):
        return Warning.MISMATCH
    if _NUMERIC_HOST.fullmatch(host) and not host.startswith(("127.", "10.", "192.168.")):
        return Warning.NUMERIC_HOST
    return Warning.NO


def host_in_text(text: str) -> str:
    """Return the host that a link's text shows, or nothing where it shows none."""
    text = text.strip()
    if not text or len(text) > 500 or "@" in text:
        return ""
    found = _HOST_IN_TEXT.search(text)
    if found is None:
        return ""
    # A sentence may name a site in passing; only a text that looks like an address promises one.
    if not text.lower().startswith(("http://", "https://", "www.")) and " " in text:
        return ""
    host = found[1].lower()
    return "" if host.rpartition(".")[2] in _NOT_A_HOST else address.to_unicode(host)
