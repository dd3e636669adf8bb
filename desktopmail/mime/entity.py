"""The body of a new message: parts as octets, in encodings that survive the way (RFC 2045 §6)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from desktopmail.mime import attachment, header, parameter, text, transfer

if TYPE_CHECKING:
    from desktopmail.mime.compose import Draft, File

IDENTIFIER = re.compile(r"[!-;=?-~]{1,900}")
_LINE_BREAK = re.compile(r"\r\n|\r|\n")
_OCTET_LINE_BREAK = re.compile(rb"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class _Entity:
    """A part as octets: its MIME header, an empty line, its body.

    Attributes:
        octets: All that.
        is_armoured: A line break at its end is not part of what it holds (Base64, multipart).
    """

    octets: bytes
    is_armoured: bool = False


def write(draft: Draft, boundary: str, *, eight_bit: bool = False) -> bytes:
    """Return the MIME header fields and the body of a message, from Content-Type on.

    Args:
        draft: What to write.
        boundary: Random letters and digits; made longer where they occur in what is enclosed.
        eight_bit: The next hop takes 8BITMIME.
    """
    names = _Boundaries(boundary, draft)
    html = draft.whole_html
    main = _text_entity(draft.whole_text, eight_bit=eight_bit)
    if html is not None:
        octets = _crlf(html)
        rich = _encoded("text/html", {"charset": "utf-8"}, octets, eight_bit=eight_bit)
        inline = [_file_entity(file) for file in draft.files if file.content_id]
        if inline:
            rich = _multipart("related", [rich, *inline], names, {"type": "text/html"})
        main = _multipart("alternative", [main, rich], names)
    attached = [_file_entity(file) for file in draft.files if not (file.content_id and html)]
    whole = _multipart("mixed", [main, *attached], names) if attached else main
    return whole.octets


def _text_entity(plain: str, *, eight_bit: bool) -> _Entity:
    flowed = text.flow(_LINE_BREAK.sub("\n", plain).rstrip("\n") + "\n" if plain else "")
    octets = _crlf(flowed)
    charset = "us-ascii" if octets.isascii() else "utf-8"
    parameters = {"charset": charset, "format": "flowed"}
    return _encoded("text/plain", parameters, octets, eight_bit=eight_bit)


def _crlf(plain: str) -> bytes:
    return _LINE_BREAK.sub("\r\n", plain).encode("utf-8", "replace")


def _encoded(
    media_type: str, parameters: dict[str, str], octets: bytes, *, eight_bit: bool
) -> _Entity:
    """Return a text part in the encoding that is the most readable one and survives every hop."""
    fields = header.fold("Content-Type", parameter.write(media_type, parameters))
    longest = max(map(len, octets.split(b"\r\n")), default=0)
    if longest <= 990 and b"\x00" not in octets and (eight_bit or octets.isascii()):
        encoding, body = ("7bit" if octets.isascii() else "8bit"), octets
    else:
        encoding, body = transfer.encode_text(octets)
    fields += header.fold("Content-Transfer-Encoding", [encoding])
    return _Entity(fields + b"\r\n" + body)


def _file_entity(file: File) -> _Entity:
    name = attachment.safe_name(file.name) or "attachment"
    kind, _, subtype = file.media_type.partition("/")
    is_type = kind.isascii() and kind.isalnum() and re.fullmatch(r"[A-Za-z0-9.+_-]+", subtype)
    media_type = file.media_type.lower() if is_type else "application/octet-stream"
    body = b""
    encoding = "base64"
    if media_type == "message/rfc822":
        # RFC 2046 section 5.2.1: an enclosed message may not be encoded.
        body = _OCTET_LINE_BREAK.sub(b"\r\n", file.octets)
        encoding = "7bit" if body.isascii() else "8bit"
        if b"\x00" in body or max(map(len, body.split(b"\r\n"))) > 998:
            media_type, encoding = "application/octet-stream", "base64"
    elif kind.lower() in {"multipart", "message"}:
        media_type = "application/octet-stream"
    disposition = "inline" if file.content_id else "attachment"
    fields = header.fold("Content-Type", parameter.write(media_type, {"name": name}))
    fields += header.fold("Content-Disposition", parameter.write(disposition, {"filename": name}))
    if file.content_id and IDENTIFIER.fullmatch(file.content_id):
        fields += header.fold("Content-ID", [f"<{file.content_id}>"])
    fields += header.fold("Content-Transfer-Encoding", [encoding])
    if encoding == "base64":
        return _Entity(fields + b"\r\n" + transfer.to_base64(file.octets), is_armoured=True)
    return _Entity(fields + b"\r\n" + body)


class _Boundaries:
    """Boundaries that occur nowhere in what is enclosed."""

    def __init__(self, token: str, draft: Draft) -> None:
        self.token = re.sub(r"[^A-Za-z0-9]", "", token)[:40] or "boundary"
        enclosed = [
            draft.whole_text.encode("utf-8", "replace"),
            (draft.whole_html or "").encode("utf-8", "replace"),
        ]
        enclosed += [f.octets for f in draft.files if f.media_type.lower() == "message/rfc822"]
        while any(f"--=_{self.token}_".encode() in octets for octets in enclosed):
            self.token += "x"  # an answer to our own message that quotes its source
        self.count = 0

    def take(self) -> str:
        self.count += 1
        # "=_" cannot occur in Base64 nor in quoted-printable (RFC 2045 section 6.7).
        return f"=_{self.token}_{self.count}"


def _multipart(
    kind: str, entities: list[_Entity], names: _Boundaries, more: dict[str, str] | None = None
) -> _Entity:
    boundary = names.take()
    words = parameter.write(f"multipart/{kind}", {**(more or {}), "boundary": boundary})
    octets = header.fold("Content-Type", words) + b"\r\n"
    delimiter = f"--{boundary}\r\n".encode()
    for entity in entities:
        # The break before a delimiter belongs to it; a text that ends with one needs another.
        is_whole = entity.is_armoured and entity.octets.endswith(b"\r\n")
        octets += delimiter + entity.octets + (b"" if is_whole else b"\r\n")
    return _Entity(octets + f"--{boundary}--\r\n".encode(), is_armoured=True)
