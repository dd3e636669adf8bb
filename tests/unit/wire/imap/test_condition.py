"""Status responses and continuation requests."""

from __future__ import annotations

import pytest

from desktopmail.wire.errors import LocalProtocolError, RemoteProtocolError
from desktopmail.wire.imap.codes import Code, UidNext
from desktopmail.wire.imap.condition import (
    TAG,
    Answer,
    Condition,
    Continue,
    Tag,
    Tagged,
    decode_base64,
)
from desktopmail.wire.imap.sequence import Uid
from tests.helpers.imap import answered, read_response, response_both_ways


@pytest.mark.parametrize(
    ("octets", "answer"),
    [
        # RFC 9051 section 7.1.
        (b"OK IMAP4rev2 server ready", Answer(Condition.OK, None, "IMAP4rev2 server ready")),
        (
            b"OK [ALERT] System shutdown in 10 minutes",
            Answer(Condition.OK, Code.ALERT, "System shutdown in 10 minutes"),
        ),
        (
            b"NO Disk is 98% full, please delete unnecessary data",
            Answer(Condition.NO, None, "Disk is 98% full, please delete unnecessary data"),
        ),
        (b"BAD Command line too long", Answer(Condition.BAD, None, "Command line too long")),
        (
            b"BYE Autologout; idle for too long",
            Answer(Condition.BYE, None, "Autologout; idle for too long"),
        ),
    ],
)
def test_status_responses_of_rfc_9051_section_7_1(octets: bytes, answer: Answer) -> None:
    response_both_ways(octets, answer)


def test_a_status_response_in_lower_case_and_without_text_is_read() -> None:
    assert read_response(b"ok") == Answer(Condition.OK)
    assert read_response(b"no  [alert]  x") == Answer(Condition.NO, Code.ALERT, "x")


def test_other_than_ascii_is_sent_only_once_utf_8_is_enabled() -> None:
    answer = Answer(Condition.OK, None, "grüß")
    assert answered(answer) == b"OK gr??"
    assert answered(answer, utf8=True) == "OK grüß".encode()


@pytest.mark.parametrize("text", ["a\rb", "a\nb", "a\0b", "x\r\nA1 OK injected"])
def test_cr_lf_and_nul_are_refused_in_a_text(text: str) -> None:
    for value in (Answer(Condition.OK, None, text), Tagged(Tag("a"), Condition.OK, None, text)):
        with pytest.raises(LocalProtocolError):
            answered(value)  # type: ignore[arg-type]
    with pytest.raises(LocalProtocolError):
        answered(Continue(text=text))  # type: ignore[arg-type]


@pytest.mark.parametrize("tag", ["", "a b", "+", "a+b", "a\r\n", "ä", "a{1}", "*", "("])
def test_what_is_no_tag_is_our_fault(tag: str) -> None:
    with pytest.raises(LocalProtocolError):
        answered(Tagged(Tag(tag), Condition.OK))  # type: ignore[arg-type]


@pytest.mark.parametrize("condition", [Condition.BYE, Condition.PREAUTH])
def test_bye_and_preauth_are_never_tagged(condition: Condition) -> None:
    with pytest.raises(LocalProtocolError):
        answered(Tagged(Tag("a"), condition))  # type: ignore[arg-type]


def test_a_text_that_begins_with_a_bracket_is_not_read_as_a_code() -> None:
    answer = read_response(answered(Answer(Condition.OK, None, "[ALERT] boo")))
    assert isinstance(answer, Answer)
    assert answer.code is None or answer.text != "boo"


def test_a_status_response_always_has_a_text_on_the_wire() -> None:
    assert answered(Answer(Condition.OK, UidNext(Uid(3)))) == b"OK [UIDNEXT 3] done"


def test_challenges_go_in_base64() -> None:
    assert answered(Continue(b"\0\xff")) == b"+ AP8="  # type: ignore[arg-type]
    assert decode_base64(b"=") == b""
    assert decode_base64(b"") == b""
    assert decode_base64(b"AP8=") == b"\0\xff"
    for octets in (b"A", b"*", b"AP8", b"\xff", b"A P8="):
        with pytest.raises(RemoteProtocolError):
            decode_base64(octets)


def test_a_tag_is_what_rfc_9051_says() -> None:
    assert TAG.fullmatch(b"A1]x")
    assert not TAG.fullmatch(b"a+")
