"""Headers, parts and contents of the corpora as the standard library's compat32 reads them.

Where the two differ the message is named below, with who is right and why. A difference that is
not named fails, and so does a name without a difference.
"""

from __future__ import annotations

import email
import email.message
import re
from typing import TYPE_CHECKING

from desktopmail.mime.message import Message
from tests.helpers import corpora

if TYPE_CHECKING:
    from desktopmail.mime.structure import Part

MESSAGES = corpora.messages()
pytestmark = corpora.needed

# compat32 opens every message/* as a message. RFC 3464, 3798, 5965 and 2046 sections 5.2.2 and
# 5.2.3 say that these hold other things, and IMAP shows them as one leaf: we are right.
LEAVES = {
    "message/delivery-status",
    "message/disposition-notification",
    "message/external-body",
    "message/feedback-report",
    "message/partial",
}
TREES = {
    "cpython-test_email/data/msg_15.txt": "ours: a nested multipart repeats its parent's boundary;"
    " compat32 gives its parts to the parent and loses the picture",
    "cpython-test_email/data/msg_37.txt": "ours: two delimiters in a row hold an empty part (RFC"
    " 2046 section 5.1.1); compat32 drops it",
    "cpython-test_email/data/msg_39.txt": "ours: as in msg_15; compat32 loses two of three"
    " alternatives",
    "mail-parser/resources/eml/rfc/008.eml": "ours: the enclosed message is in Base64, which"
    " compat32 reads as if it were the message",
    "mail-parser/resources/eml/thirdparty/012.eml": "ours: the boundary is folded in its quotes;"
    " compat32 keeps the line break in it and finds no part",
}
FIELDS = {
    "mikel-mail/spec/fixtures/emails/plain_emails/raw_email_incorrect_header.eml": "ours: a broken"
    " line among the fields; compat32 takes the rest of the header for the body",
    "mikel-mail/spec/fixtures/emails/rfc2822/example13.eml": "ours: the same",
}
CONTENTS = {
    "cpython-test_email/data/msg_42.txt": "ours: a multipart without parts is shown as it stands",
    "flanker/tests/fixtures/messages/bilingual-simple.eml": "ours: white space at the end of a"
    " quoted-printable line is not part of it (RFC 2045 section 6.7 rule 3)",
    "flanker/tests/fixtures/messages/enclosed-broken-body.eml": "ours: one digit of Base64 is"
    " missing; compat32 gives up and returns it encoded",
    "flanker/tests/fixtures/messages/mailformed-headers.eml": "ours: a multipart whose boundary is"
    " never found is shown whole; compat32 drops its closing line",
    "flanker/tests/fixtures/messages/torture.eml": "ours: as in bilingual-simple",
    "mail-parser/resources/eml/thirdparty/003.eml": "ours: a comment behind quoted-printable;"
    " compat32 does not know the encoding then",
    "mail-parser/resources/eml/thirdparty/015.eml": "ours: a broken line among an enclosed"
    " message's fields; compat32 takes the rest of its header for its body",
    "mikel-mail/spec/fixtures/emails/attachment_emails/"
    "attachment_message_rfc822_inline_image.eml": "ours: as in bilingual-simple",
    "mikel-mail/spec/fixtures/emails/plain_emails/raw_email_incorrect_header.eml": "see FIELDS",
    "mikel-mail/spec/fixtures/emails/rfc2822/example13.eml": "ours: see FIELDS",
}

Shape = tuple[str, tuple["Shape", ...]]


def shape_of(part: Part) -> Shape:
    return part.media_type, tuple(shape_of(child) for child in part.children)


def compat32_shape_of(part: email.message.Message) -> Shape:
    kind = part.get_content_type()
    payload = part.get_payload()
    if kind in LEAVES or not isinstance(payload, list):
        return kind, ()
    return kind, tuple(compat32_shape_of(child) for child in payload)


def differing(different: set[str], named: dict[str, str]) -> None:
    assert different - set(named) == set(), "differences that nobody has judged"
    assert set(named) - different == set(), "named differences that are none"


def test_the_parts_are_the_same_but_for_the_named_ones() -> None:
    different = {
        one.name
        for one in MESSAGES
        if shape_of(Message.parse(one.octets).tree)
        != compat32_shape_of(email.message_from_bytes(one.octets))
    }
    differing(different, TREES)


def test_the_fields_are_the_same_but_for_the_named_ones() -> None:
    different = set()
    for one in MESSAGES:
        theirs = [
            (name.lower(), " ".join(str(value).split()))
            for name, value in email.message_from_bytes(one.octets).items()
        ]
        ours = [
            (field.name.lower(), " ".join(field.value.split()))
            for field in Message.parse(one.octets).header.fields
        ]
        if len(ours) != len(theirs) or any(
            # Raw 8-bit values are replaced by compat32 and decoded by us.
            mine != other and other[1].isascii() and "\ufffd" not in other[1]
            for mine, other in zip(ours, theirs, strict=True)
        ):
            different.add(one.name)
    differing(different, FIELDS)


def normal(octets: bytes) -> bytes:
    return re.sub(rb"\r\n|\r", b"\n", octets).rstrip(b"\n")


def test_the_contents_are_the_same_but_for_the_named_ones() -> None:
    different = set()
    for one in MESSAGES:
        if one.name in TREES:
            continue
        theirs = [
            part for part in email.message_from_bytes(one.octets).walk() if not part.is_multipart()
        ]
        ours = [part for part in Message.parse(one.octets).tree.walk() if not part.children]
        if any(part.media_type in LEAVES for part in ours):
            continue
        for mine, other in zip(ours, theirs, strict=True):
            payload = other.get_payload(decode=True)
            if isinstance(payload, bytes) and normal(mine.content) != normal(payload):
                different.add(one.name)
    differing(different, CONTENTS)
