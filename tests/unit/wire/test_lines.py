"""Lines end in CRLF and nothing else, have limits, and cost the same however they are split."""

from __future__ import annotations

import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.wire.errors import RemoteProtocolError
from desktopmail.wire.lines import LineCutter


def cut(pieces: list[bytes], limit: int = 1 << 20) -> list[bytes]:
    cutter = LineCutter(limit)
    lines = []
    for piece in pieces:
        cutter.receive(piece)
        while (line := cutter.next_line()) is not None:
            lines.append(line)
    return lines


def test_a_line_ends_in_crlf() -> None:
    assert cut([b"USER a\r\nPASS b\r\nhalf"]) == [b"USER a", b"PASS b"]


@pytest.mark.parametrize("inside", [b"\r", b"\n", b"\n\r", b"\r\r", b"\n\n", b"\0"])
def test_a_bare_cr_or_lf_or_nul_ends_no_line(inside: bytes) -> None:
    assert cut([b"a" + inside + b"b\r\n"]) == [b"a" + inside + b"b"]


def test_cr_cr_lf_keeps_the_first_cr() -> None:
    assert cut([b"a\r\r\n"]) == [b"a\r"]


@given(st.lists(st.binary(max_size=8) | st.sampled_from([b"\r\n", b"\r", b"\n", b"."])), st.data())
def test_lines_are_the_same_however_they_are_split(
    pieces: list[bytes], data: st.DataObject
) -> None:
    whole = b"".join(pieces)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=10)))
    bounds = [0, *cuts, len(whole)]
    split = [whole[begin:end] for begin, end in itertools.pairwise(bounds)]
    octets = [bytes([octet]) for octet in whole]
    assert cut([whole]) == cut(split) == cut(octets) == whole.split(b"\r\n")[:-1]


def test_a_line_of_the_limit_passes_and_one_more_octet_does_not() -> None:
    assert cut([b"x" * 8 + b"\r\n"], limit=10) == [b"x" * 8]
    for pieces in ([b"x" * 9 + b"\r\n"], [b"x"] * 9 + [b"\r", b"\n"]):
        with pytest.raises(RemoteProtocolError) as caught:
            cut(pieces, limit=10)
        assert caught.value.limit == "max_line_octets"


def test_an_endless_line_is_refused_before_it_is_held() -> None:
    cutter = LineCutter(100, "max_command_octets")
    cutter.receive(b"x" * 100)
    with pytest.raises(RemoteProtocolError) as caught:
        cutter.next_line()
    assert caught.value.limit == "max_command_octets"


def test_lines_in_front_of_an_endless_one_are_given_out_first() -> None:
    cutter = LineCutter(10)
    cutter.receive(b"ok\r\n" + b"x" * 50)
    assert cutter.next_line() == b"ok"
    with pytest.raises(RemoteProtocolError):
        cutter.next_line()


def test_something_else_may_read_what_is_there() -> None:
    cutter = LineCutter(100)
    cutter.receive(b"a\r\n12345b\r\n")
    assert cutter.next_line() == b"a"
    assert len(cutter) == 8

    def five(buffer: bytearray, begin: int) -> tuple[bytes, int, bool]:
        return bytes(buffer[begin : begin + 5]), begin + 5, True

    assert cutter.take(five) == (b"12345", True)
    assert len(cutter) == 3
    assert cutter.next_line() == b"b"
    assert cutter.next_line() is None


# --- whole buffers, for multi-line data ----------------------------------------------------------


def test_whole_lines_come_at_once_up_to_the_end() -> None:
    cutter = LineCutter(100)
    cutter.receive(b"a\r\nb\r\nhal")
    assert cutter.next_lines(b".") == (b"a\r\nb\r\n", False)
    assert cutter.next_lines(b".") == (b"", False)
    cutter.receive(b"f\r\n.\r\nnext\r\n")
    assert cutter.next_lines(b".") == (b"half\r\n", True)
    assert cutter.next_line() == b"next"


def test_the_end_alone_is_the_end() -> None:
    cutter = LineCutter(100)
    cutter.receive(b".")
    assert cutter.next_lines(b".") == (b"", False)
    cutter.receive(b"\r\n")
    assert cutter.next_lines(b".") == (b"", True)


@pytest.mark.parametrize(
    "almost", [b"\n.\n", b"\n.\r\n", b"\r.\r", b"\r\n.\n", b"\r\n.\r", b"\r\n..\r\n"]
)
def test_nothing_but_crlf_dot_crlf_is_the_end(almost: bytes) -> None:
    cutter = LineCutter(100)
    cutter.receive(b"a" + almost + b"b\r\n")
    assert cutter.next_lines(b".")[1] is False


@given(st.lists(st.sampled_from([b"a", b"\r\n", b"\r", b"\n", b".", b"\r\n.\r\n"])))
def test_data_is_the_same_however_it_is_split(pieces: list[bytes]) -> None:
    whole = b"x" + b"".join(pieces) + b"\r\n.\r\n"
    for parts in ([whole], [bytes([octet]) for octet in whole]):
        cutter = LineCutter(1000)
        data, ended = b"", False
        for part in parts:
            cutter.receive(part)
            if not ended:
                lines, ended = cutter.next_lines(b".")
                data += lines
        assert ended
        assert data == whole[: whole.index(b"\r\n.\r\n") + 2]


def test_the_cost_is_linear_even_octet_by_octet() -> None:
    def seconds(size: int) -> float:
        cutter = LineCutter(10 << 20)
        begin = time.process_time()
        for _ in range(size):
            cutter.receive(b"x")
            cutter.next_line()
            cutter.next_lines(b".")
        return time.process_time() - begin

    seconds(1_000)
    assert min(seconds(50_000) for _ in range(2)) < 25 * min(seconds(5_000) for _ in range(3))
