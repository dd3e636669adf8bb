"""Multi-line data: dots in and out, line ends, and nothing but CRLF.CRLF as the end."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.wire.pop3 import data
from desktopmail.wire.pop3.data import DataReader, normalise, stuff, stuffed


def read(pieces: list[bytes]) -> tuple[bytes, bytes, bool]:
    """Feed pieces; return the message, what was left over, and whether it ended."""
    reader, buffer, ended = DataReader(), bytearray(), False
    message: list[bytes] = []
    for piece in pieces:
        buffer += piece
        while not ended:
            octets, rest, ended = reader.cut(buffer, 0)
            del buffer[:rest]
            message.append(octets)
            if not octets:
                break
    return b"".join(message), bytes(buffer), ended


def octet_by_octet(octets: bytes) -> list[bytes]:
    return [bytes([octet]) for octet in octets]


_OCTETS = st.lists(
    st.sampled_from([b"a", b".", b"..", b"\r", b"\n", b"\r\n", b"\r\n.", b"\n.\n", b"\0", b"\xff"])
).map(b"".join)


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        (b".\r\n", b""),
        (b"\r\n.\r\n", b"\r\n"),
        (b"a\r\n.\r\n", b"a\r\n"),
        (b"..\r\n.\r\n", b".\r\n"),
        (b"...\r\n.\r\n", b"..\r\n"),
        (b"a\r\n..b\r\n.\r\n", b"a\r\n.b\r\n"),
        # A server that forgot to double: the first dot goes all the same (RFC 1939 section 3).
        (b"a\r\n.b\r\n.\r\n", b"a\r\nb\r\n"),
    ],
)
def test_dots_are_taken_out(sent: bytes, message: bytes) -> None:
    for pieces in ([sent], octet_by_octet(sent)):
        assert read(pieces) == (message, b"", True)
    assert read([sent + b"+OK next\r\n"]) == (message, b"+OK next\r\n", True)


@pytest.mark.parametrize(
    "almost",
    [
        b"\n.\n",
        b"\n.\r\n",
        b"\r.\r",
        b"\r\n.\n",
        b"\r\n.\r",
        b"\r\r\n.\r\r\n",
        b".\n",
        b"\r\n\0.\r\n",
    ],
)
def test_nothing_but_crlf_dot_crlf_ends_a_message(almost: bytes) -> None:
    sent = b"a" + almost + b"b\r\n"
    for pieces in ([sent], octet_by_octet(sent)):
        assert read(pieces)[2] is False
        assert read([*pieces, b".\r\n"])[2] is True


def test_a_bare_lf_and_a_dot_are_not_a_line_that_begins_with_a_dot() -> None:
    assert read([b"a\n.b\r\n.\r\n"])[0] == b"a\n.b\r\n"


def test_at_most_four_octets_are_held_back() -> None:
    reader = DataReader()
    buffer = bytearray(b"a" * 1000 + b"\r\n.\r")
    octets, rest, ended = reader.cut(buffer, 0)
    assert (octets, len(buffer) - rest, ended) == (b"a" * 1000, 4, False)


def test_a_line_without_end_is_passed_on_and_not_gathered() -> None:
    reader = DataReader()
    for _ in range(100):
        octets, rest, ended = reader.cut(bytearray(b"x" * 1000), 0)
        assert (len(octets), rest, ended) == (1000, 1000, False)


@given(_OCTETS, st.lists(st.integers(1, 5)))
def test_what_is_stuffed_comes_out_the_same_however_it_is_split(
    octets: bytes, sizes: list[int]
) -> None:
    message = normalise(octets)
    sent = stuff(message)
    pieces, begin = [], 0
    for size in sizes:
        pieces.append(sent[begin : begin + size])
        begin += size
    pieces.append(sent[begin:])
    for split in ([sent], pieces, octet_by_octet(sent)):
        assert read(split) == (message, b"", True)


@given(_OCTETS)
def test_a_sent_message_has_only_crlf_and_one_end(octets: bytes) -> None:
    sent = stuff(normalise(octets))
    assert sent.replace(b"\r\n", b"").count(b"\r") == sent.replace(b"\r\n", b"").count(b"\n") == 0
    assert (b"\r\n" + sent).count(b"\r\n.\r\n") == 1
    assert (b"\r\n" + sent).endswith(b"\r\n.\r\n")


@pytest.mark.parametrize(
    ("octets", "normal"),
    [
        (b"", b""),
        (b"a", b"a\r\n"),
        (b"a\r\n", b"a\r\n"),
        (b"a\nb", b"a\r\nb\r\n"),
        (b"a\rb", b"a\r\nb\r\n"),
        (b"a\n\rb", b"a\r\n\r\nb\r\n"),
        (b"a\r\r\nb", b"a\r\n\r\nb\r\n"),
        (b"\n", b"\r\n"),
        (b"\r", b"\r\n"),
        (b"a\0b\r\n", b"a\0b\r\n"),
        (b"\n.\n", b"\r\n.\r\n"),
    ],
)
def test_every_line_ends_in_crlf_the_last_one_too(octets: bytes, normal: bytes) -> None:
    assert normalise(octets) == normal
    assert normalise(normal) == normal


def test_a_message_that_ends_in_lf_dot_lf_ends_no_session() -> None:
    """A bare LF is stored, sent as CRLF, and its dot is doubled then."""
    sent = stuff(normalise(b"a\n.\nQUIT\n"))
    assert sent == b"a\r\n..\r\nQUIT\r\n.\r\n"


@pytest.mark.parametrize("size", [1, 2, 3, 4, 7])
def test_dots_are_doubled_in_pieces_as_at_once(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    messages = [b"", b".\r\n", b"..\r\n.\r\n\r\n.\r\n..a\r\nb.\r\n", b"a\r\n.b\r\n\r\n"]
    at_once = [stuff(message) for message in messages]
    monkeypatch.setattr(data, "_PIECE_OCTETS", size)
    assert [b"".join(stuffed(message)) for message in messages] == at_once


def test_the_cost_is_linear() -> None:
    def seconds(lines: int) -> float:
        message = stuff(normalise(b".line of a message\n" * lines))
        begin = time.process_time()
        pieces = [message[at : at + 1400] for at in range(0, len(message), 1400)]
        assert read(pieces)[2]
        return time.process_time() - begin

    seconds(100)
    assert min(seconds(200_000) for _ in range(3)) < 25 * min(seconds(20_000) for _ in range(5))
