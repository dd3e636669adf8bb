"""A message made 7-bit for a next hop that does not offer 8BITMIME (RFC 6152 section 3).

"If the server SMTP does not support the 8-bit MIME transport extension [...] the client must [...]
implement a gateway transformation to convert the message into valid 7-bit MIME": each part with
octets beyond ASCII is put into quoted-printable or Base64, what encloses it is labelled 7bit, and
not one octet of anything else changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.mime import structure, transfer
from desktopmail.mime.defect import Defect

if TYPE_CHECKING:
    from typing import TypeAlias

    from desktopmail.mime.structure import Part

    _Edit: TypeAlias = tuple[int, int, bytes]  # from, to, what stands there afterwards

# What a change of encoding would break: a signature over the parts (RFC 1847) or over the whole
# (RFC 6376), and what is encrypted, which is 7-bit or none of our business.
_SEALED_TYPES = frozenset({"multipart/signed", "multipart/encrypted"})
_SEALS = ("dkim-signature", "arc-message-signature")
_BROKEN = frozenset({Defect.NO_BLANK_LINE, Defect.NO_HEADER})


def convert(octets: bytes) -> bytes | None:
    """Return a message in ASCII that says the same, or None where that cannot be made.

    It cannot where a header holds octets beyond ASCII (that takes SMTPUTF8), where a signature
    covers what would change, and where the structure is too broken to be sure of.

    Args:
        octets: The message. One in ASCII is returned as it is.
    """
    if octets.isascii():
        return octets
    root = structure.parse(octets)
    if any(name in root.header for name in _SEALS):
        return None
    edits: list[_Edit] = _named_mime(root)
    stack = [root]
    while stack:
        part = stack.pop()
        if octets[part.begin : part.end].isascii():
            continue
        if (
            part.media_type in _SEALED_TYPES
            or not octets[part.begin : part.body].isascii()
            or not _BROKEN.isdisjoint(part.header.defects)
        ):
            return None
        if part.children:
            # The preamble and the like are for nobody: what is not ASCII there is not looked at.
            edits += _labelled(part, "7bit")
            stack += part.children
        elif part.type in {"multipart", "message"} or not transfer.is_identity(part.encoding):
            return None
        else:
            edits += _encoded(part)
    converted = _apply(octets, edits)
    return converted if converted.isascii() else None


def _named_mime(root: Part) -> list[_Edit]:
    """Return what makes a message from before MIME one of MIME, so that an encoding counts."""
    lines = b""
    if "mime-version" not in root.header:
        lines += b"MIME-Version: 1.0\r\n"
    if "content-type" not in root.header:
        lines += b"Content-Type: text/plain; charset=unknown-8bit\r\n"  # RFC 1428 section 3
    return [(root.header.end, root.header.end, lines)] if lines else []


def _encoded(part: Part) -> list[_Edit]:
    body = part.raw_body
    if part.type == "text":
        encoding, encoded = transfer.encode_text(body)
    else:
        encoding, encoded = "base64", transfer.to_base64(body)
    if encoding == "base64" and not body.endswith(b"\n"):
        encoded = encoded.removesuffix(b"\r\n")  # the delimiter behind it brings its own
    return [*_labelled(part, encoding), (part.body, part.end, encoded)]


def _labelled(part: Part, encoding: str) -> list[_Edit]:
    """Return what makes Content-Transfer-Encoding of a part name that encoding, once."""
    said = [
        field for field in part.header.fields if field.name.lower() == "content-transfer-encoding"
    ]
    if part.children and not said:
        return []  # "7BIT" is what it is without the field
    line = f"Content-Transfer-Encoding: {encoding}\r\n".encode()
    if not said:
        return [(part.header.end, part.header.end, line)]
    first, *others = said
    return [(first.begin, first.end, line), *((each.begin, each.end, b"") for each in others)]


def _apply(octets: bytes, edits: list[_Edit]) -> bytes:
    pieces: list[bytes] = []
    at = 0
    for begin, end, replacement in sorted(edits):
        pieces += (octets[at:begin], replacement)
        at = end
    pieces.append(octets[at:])
    return b"".join(pieces)
