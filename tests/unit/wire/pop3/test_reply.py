"""Status lines: RFC 1939 section 3, RFC 2449 sections 3 and 8, RFC 3206."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.wire.errors import LocalProtocolError, RemoteProtocolError
from desktopmail.wire.pop3.reply import Reply, error, ok


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        (b"+OK", Reply(ok=True)),
        (b"-ERR", Reply(ok=False)),
        (b"+OK ", Reply(ok=True)),
        (b"+OK 2 320", Reply(ok=True, text="2 320")),
        (b"-ERR no such message", Reply(ok=False, text="no such message")),
        (b"+ok lower case", Reply(ok=True, text="lower case")),
        (b"+OK\ttab", Reply(ok=True, text="tab")),
        # RFC 2449 section 8.1.1 and 8.1.2
        (b"-ERR [LOGIN-DELAY] wait", Reply(ok=False, text="wait", code="LOGIN-DELAY")),
        (
            b"-ERR [IN-USE] Do you have another POP session running?",
            Reply(ok=False, text="Do you have another POP session running?", code="IN-USE"),
        ),
        # RFC 3206 section 5
        (b"-ERR [SYS/PERM] x", Reply(ok=False, text="x", code="SYS/PERM")),
        (b"-ERR [sys/temp]", Reply(ok=False, code="SYS/TEMP")),
        ("+OK gr\u00fc\u00dfe".encode(), Reply(ok=True, text="gr\u00fc\u00dfe")),
        (b"+OK \xff", Reply(ok=True, text="\ufffd")),
        (b"+OK [not a code", Reply(ok=True, text="[not a code")),
        (b"+OK [] empty", Reply(ok=True, text="[] empty")),
    ],
)
def test_a_status_line_is_read(line: bytes, reply: Reply) -> None:
    assert Reply.parse(line) == reply


@pytest.mark.parametrize(
    "line", [b"", b"+", b"OK", b"+OKAY", b"-ERROR", b" +OK", b"220 smtp", b"* OK imap"]
)
def test_a_line_that_is_not_plus_ok_is_the_peers_fault(line: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        Reply.parse(line)


@pytest.mark.parametrize(
    "reply",
    [
        ok("a\r\n+OK injected"),
        ok("a\nb"),
        ok("a\rb"),
        ok("a\0b"),
        ok("[looks like a code] but is text"),
        ok("x" * 508),
        error("x", "NOT A CODE"),
        error("x", "A]B"),
        error("x", ""),
    ],
)
def test_what_would_not_be_one_line_or_read_differently_is_refused(reply: Reply) -> None:
    with pytest.raises(LocalProtocolError):
        reply.encode()


def test_a_line_of_512_octets_is_the_longest() -> None:
    assert len(ok("x" * 506).encode()) == 512
    with pytest.raises(LocalProtocolError):
        ok("x" * 507).encode()


def test_nothing_a_server_says_moves_the_cursor_of_a_terminal() -> None:
    reply = Reply.parse(b"-ERR \x1b[2J\x07\x9b\xe2\x80\xae evil\tand tab")
    assert reply.text == "\ufffd[2J\ufffd\ufffd\ufffd evil\tand tab"
    assert reply.octets == b"\x1b[2J\x07\x9b\xe2\x80\xae evil\tand tab"


def test_a_code_holds_for_its_finer_ones() -> None:
    reply = error("x", "SYS/TEMP")
    assert reply.has("SYS")
    assert reply.has("SYS/TEMP")
    assert not reply.has("SYS/PERM")
    assert not reply.has("SY")
    assert not ok().has("SYS")


def test_a_reply_prints_as_it_was_said() -> None:
    assert str(error("wait", "SYS/TEMP")) == "[SYS/TEMP] wait"
    assert str(ok()) == "+OK"
    assert str(error("")) == "-ERR"


_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=60)


@given(
    st.booleans(),
    _TEXT.filter(lambda text: not text.startswith(("[", " ", "\t"))),
    st.sampled_from([None, "IN-USE", "SYS/TEMP", "AUTH"]),
)
def test_what_is_written_reads_back_the_same(is_ok: bool, text: str, code: str | None) -> None:
    reply = Reply(is_ok, text, code)
    read = Reply.parse(reply.encode().removesuffix(b"\r\n"))
    assert (read.ok, read.code, read.octets) == (is_ok, code, text.encode())
    assert not text.isprintable() or read == reply


@given(st.binary(max_size=80))
def test_reading_raises_nothing_but_the_peers_fault(line: bytes) -> None:
    try:
        Reply.parse(line)
    except RemoteProtocolError:
        assert line[:3].upper() != b"+OK" or line[3:4] not in {b"", b" ", b"\t"}
