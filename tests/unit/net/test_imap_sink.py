"""Sinks of large literals, and what becomes of one that fails."""

from __future__ import annotations

from desktopmail.net.imap_running import Running
from desktopmail.net.imap_sink import OpenSink, Sink
from desktopmail.wire.imap.announced import Announced
from desktopmail.wire.imap.noop import Noop
from desktopmail.wire.imap.sequence import Seq

ANNOUNCED = Announced(Seq(1), None, b"BODY[]", None)


class Pot:
    """Keeps what is poured, or fails at a step."""

    def __init__(self, fails: str = "") -> None:
        self.octets, self.closed, self.fails = b"", False, fails

    def write(self, octets: bytes) -> None:
        if self.fails == "write":
            raise OSError("the disk is full")
        self.octets += octets

    def close(self) -> None:
        if self.fails == "close":
            raise OSError("the disk is full")
        self.closed = True


def _running(pot: Pot | None) -> Running:
    def make(_announced: Announced, _size: int) -> Sink:
        if pot is None:
            raise OSError("no room for a file")
        return pot

    return Running(Noop(), sink=make)


async def test_a_literal_goes_to_the_first_command_that_takes_literals() -> None:
    pot, sink = Pot(), OpenSink()
    sink.open([Running(Noop()), _running(pot), _running(Pot("write"))], ANNOUNCED, 4)
    sink.pour(b"ab")
    sink.pour(b"cd")
    sink.close()
    assert (pot.octets, pot.closed) == (b"abcd", True)


async def test_a_literal_that_nobody_takes_is_let_go() -> None:
    sink = OpenSink()
    sink.open([Running(Noop())], ANNOUNCED, 2)
    sink.pour(b"ab")
    sink.close()


async def test_a_failing_sink_fails_its_command_once_and_the_rest_is_let_go() -> None:
    for pot in (None, Pot("write"), Pot("close")):
        running, sink = _running(pot), OpenSink()
        sink.open([running], ANNOUNCED, 4)
        sink.pour(b"ab")
        sink.pour(b"cd")
        sink.close()
        assert isinstance(running.failure, OSError)


async def test_a_command_that_failed_is_given_no_further_sink() -> None:
    running, pot, sink = _running(None), Pot(), OpenSink()
    sink.open([running], ANNOUNCED, 2)
    sink.open([running, _running(pot)], ANNOUNCED, 2)
    sink.pour(b"ab")
    assert pot.octets == b"ab"
