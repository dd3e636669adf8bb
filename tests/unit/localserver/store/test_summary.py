"""What is worked out about a message."""

from __future__ import annotations

import base64
import quopri
import re
from datetime import date

import pytest

from desktopmail.mime import structure
from localserver.store import summary
from localserver.store.folding import folded
from localserver.store.summary import base_subject, header_size, pop_size, summarise
from tests.helpers.corpora import message_parameters


@pytest.mark.parametrize(
    ("subject", "base", "is_reply"),
    [
        ("Hello", "hello", False), ("Re: Hello", "hello", True),
        ("RE: Fwd: [x] Hello", "hello", True),
        ("[list] Hello", "hello", False), ("Hello (fwd)", "hello", True),
        ("[Fwd: Re: Hello]", "hello", True), ("[only]", "[only]", False), ("", "", False),
        ("Re[2]: Hello", "hello", True), ("re [blob]: Hello", "hello", True),
    ],
)  # fmt: skip
def test_base_subjects_of_rfc_5256(subject: str, base: str, is_reply: bool) -> None:
    assert base_subject(subject) == (base, is_reply)


@pytest.mark.parametrize(
    ("octets", "size"),
    [
        (b"", 0), (b"a\r\n", 3), (b"a", 3), (b"a\n", 3), (b"a\rb", 6), (b"\r\r\n\n", 6),
        (b"a\r\nb", 6),
    ],
)  # fmt: skip
def test_the_size_pop3_sends(octets: bytes, size: int) -> None:
    assert pop_size(octets) == size


def test_texts_are_decoded_and_folded_for_searching() -> None:
    found = summarise(
        b"Subject: =?utf-8?q?GR=C3=9CN?=\r\nFrom: =?utf-8?q?J=C3=BCrgen?= <j@x.test>\r\n"
        b"Date: Tue, 1 Mar 2022 23:30:00 -0800\r\nContent-Type: text/plain; charset=latin1\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n4ORT\r\n"
    )
    assert found.body_text is not None
    assert found.subject == "gru\u0308n"
    assert "ju\u0308rgen" in found.from_text
    assert found.body_text.strip() == "a\u0300a\u0308s"
    assert found.sent_day == date(2022, 3, 1).toordinal()
    assert found.preview == "\u00e0\u00e4S"


def test_a_plain_ascii_message_needs_no_second_copy_of_its_text() -> None:
    found = summarise(b"Subject: x\r\n\r\nPlain text.\r\n")
    assert found.body_text is None
    assert found.header_text is None


def test_headers_and_file_names_of_parts_are_kept_for_searching_beside_the_text() -> None:
    found = summarise(
        b"Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
        b"Content-Description: =?utf-8?q?=C3=84?=\r\n\r\ntext\r\n--b\r\n"
        b"Content-Type: message/rfc822\r\n\r\nSubject: inside\r\n\r\nhi\r\n--b\r\n"
        b"Content-Disposition: attachment; filename*0*=utf-8''Rech; filename*1=nung.PDF\r\n\r\n"
        b"AAAA\r\n--b--\r\n"
    )
    assert found.parts_text is not None
    assert "content-description: a\u0308" in found.parts_text
    assert "message/rfc822" in found.parts_text
    assert "rechnung.pdf" in found.parts_text
    assert "inside" not in found.parts_text
    assert found.body_text is not None
    assert "inside" in found.body_text
    assert "rech" not in found.body_text
    assert summarise(b"Subject: x\r\n\r\ntext\r\n").parts_text is None


def test_a_nul_in_a_plain_message_does_not_end_the_search() -> None:
    found = summarise(b"Subject: x\r\n\r\nbefore\0after\r\n")
    assert found.body_text == "beforeafter\r\n"


def test_a_preview_of_html_shows_no_tags() -> None:
    found = summarise(b"Content-Type: text/html\r\n\r\n<style>p{}</style><p>Hello <b>you</b></p>")
    assert found.preview == "Hello you"


@pytest.mark.parametrize("octets", message_parameters())
def test_no_message_makes_it_fail(octets: bytes) -> None:
    found = summarise(octets)
    assert len(found.preview) <= 256
    assert header_size(octets) == structure.parse(octets).body


@pytest.mark.parametrize(
    "octets",
    [b"", b"\r\n", b"a", b"A: b\r\rbody\r", b"A: b\n\nbody", b"no header\r\n\r\nbody", b"A: b\r\n"],
)
def test_the_header_ends_where_the_parts_say_so(octets: bytes) -> None:
    assert header_size(octets) == structure.parse(octets).body


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 100])
def test_octets_are_counted_in_pieces_as_at_once(
    monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    messages = [b"a\r\nb\r\n", b"a\nb\rc\r\n\r\n\n\r\r\nd", b"\r", b"\n", b"\r\n", b"\r\r\n\n", b""]
    monkeypatch.setattr(summary, "_PIECE_OCTETS", size)
    for octets in messages:
        sent = re.sub(rb"\r\n|\r|\n", b"\r\n", octets)
        sent += b"" if sent.endswith(b"\r\n") or not sent else b"\r\n"
        assert pop_size(octets) == len(sent)
    assert summarise(b"Subject: x\r\n\r\nplain text").body_text is None
    assert summarise(b"Subject: x\r\n\r\nplain t\x00xt").body_text == "plain txt"
    assert summarise(b"Subject: x\r\n\r\nplain t\xc3\xa4xt").body_text is not None


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable", "8bit"])
def test_of_a_long_text_in_any_encoding_the_beginning_is_searched(
    monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    monkeypatch.setattr(summary, "_MAX_SEARCHED_CHARACTERS", 600)
    text = "".join(f"wörd{number} " for number in range(1000)).encode()
    octets = {
        "base64": base64.encodebytes(text),
        "quoted-printable": quopri.encodestring(text),
        "8bit": text,
    }[encoding]
    head = (
        f"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    )
    found = summarise(head.encode() + octets).body_text
    assert found == folded(text.decode()[:600])
