"""Messages for a next hop without 8BITMIME: what they say stays the same."""

from __future__ import annotations

import email
import email.policy
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from desktopmail.mime import seven_bit, structure
from desktopmail.mime.address import Mailbox
from desktopmail.mime.compose import Draft, File, build
from tests.helpers import corpora

if TYPE_CHECKING:
    from desktopmail.mime.structure import Part

ANNA = Mailbox("Anna", "anna@sandbox.test")
DATE = datetime(2026, 1, 2, tzinfo=UTC)
HEAD = b"From: a@b.example\r\nSubject: x\r\n"
MIME = HEAD + b"MIME-Version: 1.0\r\n"
MIXED = MIME + b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'


def composed(draft: Draft) -> bytes:
    made = build(draft, date=DATE, message_id="a@b.example", boundary="b", eight_bit=True)
    assert not made.octets.isascii()
    return made.octets


def contents(octets: bytes) -> list[tuple[str, bytes]]:
    return [
        (part.media_type, part.content) for part in structure.parse(octets).walk()
        if not part.children
    ]  # fmt: skip


def leaves(octets: bytes) -> list[Part]:
    return [part for part in structure.parse(octets).walk() if not part.children]


def test_a_message_in_ascii_stays_as_it_is() -> None:
    octets = MIME + b"\r\nplain\r\n"
    assert seven_bit.convert(octets) is octets


@pytest.mark.parametrize(
    ("text", "encoding"),
    [("Viele Grüße aus München von Anna\r\n", "quoted-printable"), ("日本語", "base64")],
)
def test_a_text_is_encoded_as_it_reads_best(text: str, encoding: str) -> None:
    octets = (
        MIME + b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"
        b"X-Last: yes\r\n\r\n" + text.encode()
    )
    converted = seven_bit.convert(octets)
    assert converted is not None
    assert converted.isascii()
    assert converted.lower().count(b"content-transfer-encoding") == 1
    (part,) = leaves(converted)
    assert part.encoding == encoding
    assert part.content == text.encode()
    assert part.header.value("x-last") == "yes"


def test_what_we_compose_with_files_keeps_each_part_and_its_names() -> None:
    inner = composed(Draft(ANNA, subject="innen", text="Grüße"))
    draft = Draft(
        ANNA, subject="außen", text="schön", html="<p>schön</p>",
        files=(File("ä.txt", "text/plain", b"a"), File("m.eml", "message/rfc822", inner)),
    )  # fmt: skip
    octets = composed(draft)
    converted = seven_bit.convert(octets)
    assert converted is not None
    assert converted.isascii()
    assert contents(converted) == contents(octets)
    names = [part.file_name for part in structure.parse(converted).walk()]
    assert names == [part.file_name for part in structure.parse(octets).walk()]
    # What encloses an encoded part may only be 7bit, and another parser reads the same.
    parsed = email.message_from_bytes(converted, policy=email.policy.default)
    assert not parsed.defects
    for part in parsed.walk():
        if part.is_multipart():
            assert part.get("content-transfer-encoding", "7bit") == "7bit"
    text = parsed.get_body(("plain",))
    assert text is not None
    assert text.get_content().strip() == "schön"


def test_mail_from_before_mime_becomes_mail_of_an_unknown_charset() -> None:
    # RFC 1428 section 3
    converted = seven_bit.convert(HEAD + b"\r\nGr\xfc\xdfe\r\n")
    assert converted is not None
    (part,) = leaves(converted)
    assert part.parameters["charset"] == "unknown-8bit"
    assert part.header.value("mime-version") == "1.0"
    assert part.content == b"Gr\xfc\xdfe\r\n"


@pytest.mark.parametrize(
    "octets",
    [
        b"From: a@b.example\r\nSubject: \xc3\xbc\r\n\r\nx\r\n",
        MIME + b'Content-Type: multipart/signed; boundary="b"\r\n\r\n--b\r\n\r\n\xfc\r\n--b--\r\n',
        b"DKIM-Signature: v=1\r\n" + MIME + b"\r\n\xfc\r\n",
        MIME + b"Content-Transfer-Encoding: base64\r\n\r\n\xfc\r\n",
        MIME + b"Content-Type: multipart/mixed\r\n\r\n\xfc\r\n",
        MIXED + b"\xfc\r\n--b\r\n\r\nx\r\n--b--\r\n",
        b"\xfc\r\nno header\r\n",
    ],
    ids=["header", "signed", "dkim", "mislabelled", "no boundary", "preamble", "no header"],
)  # fmt: skip
def test_what_cannot_be_converted_without_harm_is_not(octets: bytes) -> None:
    assert seven_bit.convert(octets) is None


@corpora.needed
def test_real_and_malformed_mail_keeps_what_it_holds() -> None:
    converted_ones = 0
    for message in corpora.messages():
        octets = message.octets
        converted = seven_bit.convert(octets)
        if converted is None or converted is octets:
            continue
        converted_ones += 1
        assert converted.isascii()
        assert [content for _, content in contents(converted)] == [
            content for _, content in contents(octets)
        ]
    assert converted_ones
