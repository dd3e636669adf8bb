"""What can be wrong with a message that is shown all the same."""

from __future__ import annotations

import enum


class Defect(enum.StrEnum):
    """A kind of damage; its value is a sentence for the details view."""

    NO_HEADER = "The part starts without a header field."
    LINE_WITHOUT_COLON = "A line in the header is not a field."
    NO_BLANK_LINE = "The header is not ended by an empty line."
    BAD_CONTENT_TYPE = "The content type is malformed; the part is read as text."
    NO_BOUNDARY = "A multipart names no boundary."
    BOUNDARY_NOT_FOUND = "A multipart's boundary is not found in its body."
    NOT_CLOSED = "A multipart has no closing delimiter."
    TOO_DEEP = "Parts are nested too deeply; the rest is kept as one part."
    TOO_MANY_PARTS = "There are too many parts; the rest is kept as one part."
    ENCODED_COMPOSITE = "A multipart or message is transfer-encoded, which is not allowed."
    UNKNOWN_ENCODING = "The transfer encoding is not known; the part is read as it is."
    BAD_BASE64 = "The Base64 data is damaged."
    BAD_QUOTED_PRINTABLE = "The quoted-printable data is damaged."
    BAD_UUENCODE = "The uuencoded data is damaged."
    UNKNOWN_CHARSET = "The charset is not known; another one was detected."
    WRONG_CHARSET = "The text is not in the charset it names."
    BAD_DATE = "The date cannot be read."
    BAD_ADDRESS = "An address cannot be read."
    EIGHT_BIT_HEADER = "The header holds characters outside ASCII that are not UTF-8."
    NUL = "The message holds NUL octets."
