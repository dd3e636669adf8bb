"""What is worked out once for each message: for FETCH, SEARCH, SORT and THREAD."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from desktopmail.mime import (
    address,
    charset,
    date,
    encoded_word,
    message_id,
    reference,
    structure,
    transfer,
)
from desktopmail.mime.header import Header, unfold
from localserver.store import encoded
from localserver.store.folding import folded

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from desktopmail.mime.structure import Part

PREVIEW_CHARACTERS: Final = 200  # RFC 8970 section 3.1 suggests it, and allows 256
# Text beyond this is not searched: a book in a mail is found by its beginning.
_MAX_SEARCHED_CHARACTERS = 2_000_000
_EMPTY = re.compile(r"\s+")
# "a" in UTF-7 and a Chinese character in HZ.
_SWITCHING: Final = b"+AGE-~{<:~}"
_PREVIEWED_OCTETS: Final = 20_000
# An expression, or a count, has every thread wait that long.
_PIECE_OCTETS: Final = 1024 * 1024
_BARE_CR = re.compile(rb"\r(?!\n)")
_BARE_LF = re.compile(rb"\n(?<!\r\n)")
_TAGS = re.compile(
    r"(?is)<(?:style|script|head|title)\b.*?</(?:style|script|head|title)\s*>|<!--.*?-->|<[^>]*>"
)

# subj-refwd = ("re" / ("fw" ["d"])) *WSP [subj-blob] ":"            ; RFC 5256 section 5
# subj-blob  = "[" *BLOBCHAR "]" *WSP
_REPLY = re.compile(r"(?:re|fwd?)\s*(?:\[[^\[\]]*\]\s*)?:\s*", re.IGNORECASE)
_BLOB = re.compile(r"\[[^\[\]]*\]\s*")
_TRAILER = re.compile(r"(?:\s|\(fwd\))+$", re.IGNORECASE)
_FORWARDED = re.compile(r"\[fwd:(.*)\]", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Summary:
    """Everything the tables `answer` and `finding` hold about a message.

    Attributes:
        envelope: ENVELOPE, BODY and BODYSTRUCTURE as a FETCH answers them.
        sent: Date field in seconds since 1970, or None.
        sent_day: The day in the Date field, its zone disregarded (SENTON), as a proleptic ordinal.
        header_text: The decoded header, folded for searching; None when the octets will do.
        body_text: The decoded texts, folded for searching; None when the octets will do.
        ancestors: Message-IDs of References or In-Reply-To, the oldest first, divided by spaces.
        parts_text: The decoded headers and file names of the parts, folded; None without parts.
    """

    envelope: bytes
    body: bytes
    structure: bytes
    sent: int | None
    sent_day: int | None
    subject: str
    from_text: str
    to_text: str
    cc_text: str
    bcc_text: str
    base_subject: str
    is_reply: bool
    from_key: str
    to_key: str
    cc_key: str
    from_display: str
    to_display: str
    message_id: str
    ancestors: str
    preview: str
    header_text: str | None
    body_text: str | None
    parts_text: str | None


def summarise(octets: bytes) -> Summary:
    """Work out the summary of a message; no octets make it fail."""
    root = structure.parse(octets)
    header = root.header
    sent = date.parse(header.value("date"))
    subject = _clean(header.text("subject") or "")
    base, is_reply = base_subject(subject)
    from_, to, cc = (_mailboxes(header, name) for name in ("from", "to", "cc"))
    is_plain = _octets_will_do(root)
    texts = [(root, _beginning(root))] if is_plain else _texts(root)
    body, whole = encoded.structures(root)
    return Summary(
        envelope=encoded.envelope(header),
        body=body,
        structure=whole,
        sent=None if sent is None else int(sent.astimezone(UTC).timestamp()),
        sent_day=None if sent is None else sent.toordinal(),
        subject=folded(subject),
        from_text=_searched(header, "from"),
        to_text=_searched(header, "to"),
        cc_text=_searched(header, "cc"),
        bcc_text=_searched(header, "bcc"),
        base_subject=base,
        is_reply=is_reply,
        from_key=_local(from_),
        to_key=_local(to),
        cc_key=_local(cc),
        from_display=_display(from_),
        to_display=_display(to),
        message_id=message_id.parse(header.value("message-id")) or "",
        ancestors=" ".join(reference.of(header)),
        preview=_preview(texts),
        header_text=_header_text(octets[: root.body]),
        body_text=None if is_plain else _body_text(root, texts),
        parts_text=_parts_text(root),
    )


def header_size(octets: bytes) -> int:
    """Return the octets of the header with its empty line, as `summarise` cuts it."""
    return Header.size(structure.with_line_feeds(octets))


def pop_size(octets: bytes, *, is_crlf: bool = False) -> int:
    """Return the octets POP3 sends: bare CR and LF are sent as CRLF, and the last line is ended.

    Args:
        octets: The message.
        is_crlf: There is known to be neither: to look for them in a megabyte takes 2 ms.
    """
    size = len(octets)
    # Nearly every message has neither, and to look for them costs less than to count all ends.
    if not is_crlf:
        size += sum(_bare_ends(octets, begin, end) for begin, end in _pieces(octets))
    return size if octets.endswith((b"\n", b"\r")) or not octets else size + 2


def _bare_ends(octets: bytes, begin: int, end: int) -> int:
    if not (_BARE_CR.search(octets, begin, end) or _BARE_LF.search(octets, begin, end)):
        return 0
    ends = octets.count(b"\r", begin, end) + octets.count(b"\n", begin, end)
    return ends - 2 * octets.count(b"\r\n", begin, end)


def _pieces(octets: bytes) -> Iterator[tuple[int, int]]:
    """Cut octets into pieces, as places, none between a CR and its LF."""
    begin = 0
    while begin < len(octets):
        end = min(begin + _PIECE_OCTETS, len(octets))
        if octets.startswith(b"\r\n", end - 1):
            end += 1
        yield begin, end
        begin = end


def base_subject(subject: str) -> tuple[str, bool]:
    """Return the base subject of RFC 5256 section 2.1, folded, and whether it was a reply."""
    text = _EMPTY.sub(" ", subject)
    is_reply = False
    while True:
        before = text
        text = trimmed = _TRAILER.sub("", text)
        is_reply = is_reply or trimmed.rstrip() != before.rstrip()
        text, changed = _without_leaders(text.lstrip())
        is_reply = is_reply or changed
        forwarded = _FORWARDED.fullmatch(text)
        if forwarded is not None:
            text, is_reply = forwarded[1], True
        elif text == before:
            return folded(text), is_reply


def _without_leaders(text: str) -> tuple[str, bool]:
    is_reply = False
    while True:
        start = 0
        while (blob := _BLOB.match(text, start)) is not None:
            start = blob.end()
        reply = _REPLY.match(text, start)
        if reply is not None:
            text, is_reply = text[reply.end() :], True
            continue
        blob = _BLOB.match(text)
        if blob is not None and blob.end() < len(text) and not text.lower().startswith("[fwd:"):
            text = text[blob.end() :]
            continue
        return text, is_reply


def _clean(text: str) -> str:
    return _EMPTY.sub(" ", text.replace("\0", "")).strip()


def _mailboxes(header: Header, name: str) -> tuple[address.Mailbox, ...]:
    value = header.value(name)
    return address.parse(value) if value else ()


def _local(mailboxes: tuple[address.Mailbox, ...]) -> str:
    return folded(mailboxes[0].local) if mailboxes else ""


def _display(mailboxes: tuple[address.Mailbox, ...]) -> str:
    return folded(_clean(mailboxes[0].name or mailboxes[0].address)) if mailboxes else ""


def _searched(header: Header, name: str) -> str:
    raws = header.raws(name)
    return folded(_clean(" ".join([encoded_word.decode(unfold(raw)) for raw in raws])))


def _header_text(block: bytes) -> str | None:
    if block.isascii() and b"=?" not in block and b"\0" not in block:
        return None
    return folded(encoded_word.decode(unfold(block.replace(b"\0", b""))))


def _texts(root: Part) -> list[tuple[Part, str]]:
    """Return the decoded text of every text part, up to the bound."""
    texts: list[tuple[Part, str]] = []
    room = _MAX_SEARCHED_CHARACTERS
    for part in root.walk():
        if part.type == "text" and not part.children and room > 0:
            text = charset.decode(_content(part, room * 4), part.charset).text[:room]
            room -= len(text)
            texts.append((part, text))
    return texts


def _content(part: Part, most: int) -> bytes:
    """Return the first octets of what a part holds; to undo 50 MB has every thread wait."""
    end = part.end
    if transfer.is_identity(part.encoding):
        end = min(end, part.body + most)
    elif part.encoding == "base64" and part.body + 2 * most < end:  # 4 for 3, and line ends
        far = part.body + 2 * most
        end = part.octets.rfind(b"\n", part.body, far) + 1 or far
    return transfer.undo(part.octets[part.body : end], part.encoding).octets[:most]


def _octets_will_do(root: Part) -> bool:
    """Whether a search in the octets of the body finds what a search in its text would."""
    if root.type != "text" or root.children or root.encoding not in {"7bit", "8bit", "binary"}:
        return False
    octets = root.octets
    for begin in range(root.body, len(octets), _PIECE_OCTETS):
        piece = octets[begin : begin + _PIECE_OCTETS]
        if not piece.isascii() or b"\0" in piece or b"\x1b" in piece:
            return False
    return root.charset is None or not _is_switched(root.charset)


@lru_cache(maxsize=64)
def _is_switched(label: str) -> bool:
    """Whether ASCII octets may mean other characters in a charset (UTF-7, HZ, UTF-16)."""
    return charset.decode(_SWITCHING, label).text != _SWITCHING.decode()


def _beginning(part: Part) -> str:
    return part.octets[part.body : min(part.end, part.body + _PREVIEWED_OCTETS)].decode()


def _body_text(root: Part, texts: list[tuple[Part, str]]) -> str:
    pieces = [text for _, text in texts]
    # What stands between the parts is not part of the text; enclosed messages are, with headers.
    pieces += [
        encoded_word.decode(unfold(part.children[0].header.block))
        for part in root.walk()
        if part.is_message
    ]
    return folded("\n".join(pieces).replace("\0", ""))


def _parts_text(root: Part) -> str | None:
    # RFC 9051 section 6.4.4: TEXT finds MIME header fields too, which BODY does not.
    if not root.children:
        return None
    parts = [part for part in root.walk() if part is not root]
    enclosed = {id(part.children[0]) for part in root.walk() if part.is_message}
    pieces = [
        encoded_word.decode(unfold(part.header.block)) for part in parts if id(part) not in enclosed
    ]
    pieces += [part.file_name for part in parts]  # in a header it may be in pieces (RFC 2231)
    return folded("\n".join(pieces).replace("\0", ""))


def _preview(texts: Iterable[tuple[Part, str]]) -> str:
    plain = ""
    for part, text in texts:
        if part.disposition == "attachment":
            continue
        start = text[:_PREVIEWED_OCTETS]
        if part.subtype != "html":
            # Mostly the first lines are enough, and nothing behind them changes the preview.
            plain = _EMPTY.sub(" ", start[: 4 * PREVIEW_CHARACTERS].replace("\0", "")).strip()
            if len(plain) >= PREVIEW_CHARACTERS:
                break
        shown = _TAGS.sub(" ", start) if part.subtype == "html" else start
        plain = _EMPTY.sub(" ", shown.replace("\0", "")).strip()
        if plain:
            break
    return plain[:PREVIEW_CHARACTERS]
