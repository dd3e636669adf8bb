"""Frames come out as they went in, however they are cut on the way."""

from __future__ import annotations

import msgspec
import pytest

from desktopmail import __version__
from desktopmail.door.changes import EverythingChanged
from desktopmail.door.commands import Outcome, StartSandbox
from desktopmail.door.frames import (
    ChangeFrame,
    CommandFrame,
    ErrorFrame,
    FrameError,
    Hello,
    OutcomeFrame,
    client_decoder,
    encode,
    engine_decoder,
)

ENGINE = [
    Hello(pid=7),
    OutcomeFrame(number=1, outcome=Outcome(ids=(1, 2), undo="x", label="done")),
    ErrorFrame(number=2, sentence="No.", remedy="Yes.", code="no"),
    ChangeFrame(change=EverythingChanged()),
]


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_frames_survive_any_cut(size: int) -> None:
    octets = b"".join(map(encode, ENGINE))
    decoder = engine_decoder()
    found = []
    for start in range(0, len(octets), size):
        found += decoder.receive(octets[start : start + size])
    assert found == ENGINE


def test_a_greeting_tells_the_version_of_the_program_in_a_form_that_every_version_reads() -> None:
    plain = msgspec.msgpack.decode(encode(Hello(pid=7))[4:])
    assert plain == {"type": "Hello", "version": __version__, "pid": 7}


def test_a_command_crosses_to_the_engine() -> None:
    frame = CommandFrame(number=3, command=StartSandbox())
    assert list(client_decoder().receive(encode(frame))) == [frame]


@pytest.mark.parametrize(
    "octets", [b"\xff\xff\xff\xff", b"\0\0\0\1\xc1", b"\0\0\0\2{}", encode(ENGINE[1])]
)
def test_what_is_no_frame_of_a_client_is_an_error(octets: bytes) -> None:
    with pytest.raises(FrameError):
        list(client_decoder().receive(octets))
