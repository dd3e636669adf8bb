"""Questions and answers on one stream: the transcript, and the ends that go wrong."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from desktopmail.engine.transcripts import MAX_RECORD_OCTETS
from desktopmail.net.errors import ClosedError, ProtocolViolationError
from desktopmail.net.memory import stream_pair
from desktopmail.net.pop3_dialogue import Dialogue
from desktopmail.net.ports import SystemClock
from desktopmail.net.transcript import MemoryRecorder
from desktopmail.wire.pop3.capability import Capa
from desktopmail.wire.pop3.events import Data, Greeted
from desktopmail.wire.pop3.login import Pass, User
from desktopmail.wire.pop3.message import Retr
from desktopmail.wire.secret import Secret

if TYPE_CHECKING:
    from desktopmail.net.stream import Stream


async def open_dialogue(*, segment_octets: int = 65536) -> tuple[Dialogue, Stream, MemoryRecorder]:
    client, server = stream_pair(segment_octets=segment_octets)
    recorder = MemoryRecorder(SystemClock())
    dialogue = Dialogue(client, "mail.test:110", recorder=recorder, timeout_s=5)
    server.write(b"+OK\r\n")
    assert isinstance(await dialogue.next_event("the greeting"), Greeted)
    return dialogue, server, recorder


async def log_in(dialogue: Dialogue, server: Stream) -> None:
    server.write(b"+OK\r\n")
    await dialogue.ask(User("mrose"))
    server.write(b"+OK\r\n")
    await dialogue.ask(Pass(Secret("tanstaaf")))


async def close(dialogue: Dialogue, server: Stream) -> None:
    await dialogue.stream.aclose()
    await server.aclose()


@pytest.mark.parametrize("segment_octets", [4096, 65536])
async def test_of_a_message_the_transcript_shows_the_beginning_and_every_status_line(
    segment_octets: int,
) -> None:
    dialogue, server, recorder = await open_dialogue(segment_octets=segment_octets)
    await log_in(dialogue, server)
    recorder.records.clear()
    long = b"Subject: long\r\n\r\n" + b".x\r\n" * 1500
    stuffed = long.replace(b"\r\n.", b"\r\n..")
    for number in (1, 2, 3):
        dialogue.send(Retr(number))
    server.write(b"+OK one\r\n" + stuffed + b".\r\n-ERR [SYS/TEMP] two\r\n+OK\r\nshort\r\n.\r\n")
    message, ended = b"", 0
    while ended < 2:
        event = await dialogue.next_event("RETR")
        if isinstance(event, Data):
            message += event.octets
            ended += event.is_last
    assert message == long + b"short\r\n"
    text = recorder.text()
    assert text.startswith("C: RETR 1\nC: RETR 2\nC: RETR 3\nS: +OK one\nS: Subject: long\n")
    left_out = len(long) - 2048
    tail = (
        f"*: {left_out} more octets are not shown\nS: .\nS: -ERR [SYS/TEMP] two\nS: +OK\n"
        "S: short\nS: ."
    )
    assert text.endswith(tail)
    assert sum(len(record.octets) for record in recorder.records) < 4000
    await close(dialogue, server)


async def test_what_is_said_in_a_row_is_one_record_and_none_is_so_long_that_it_is_cut() -> None:
    dialogue, server, recorder = await open_dialogue()
    await log_in(dialogue, server)
    recorder.records.clear()
    for number in range(1, 21):
        dialogue.send(Retr(number))
    server.write(b"".join(b"+OK %d\r\n%b.\r\n" % (n, b"x\r\n" * 100) for n in range(1, 21)))
    ended = 0
    while ended < 20:
        event = await dialogue.next_event("RETR")
        ended += isinstance(event, Data) and event.is_last
    said = [record.octets for record in recorder.records if record.sender == "S"]
    assert [line for line in b"".join(said).split(b"\r\n") if line not in {b"x", b".", b""}] == [
        b"+OK %d" % number for number in range(1, 21)
    ]
    assert len(said) < 5
    assert max(map(len, said)) < MAX_RECORD_OCTETS
    await close(dialogue, server)


async def test_what_came_before_the_connection_broke_is_in_the_transcript() -> None:
    dialogue, server, recorder = await open_dialogue()
    await log_in(dialogue, server)
    dialogue.send(Retr(1))
    dialogue.send(Retr(2))
    server.write(b"+OK\r\nwhole\r\n.\r\n+OK\r\nhalf\r\n")
    await server.aclose()
    with pytest.raises(ClosedError):
        await dialogue.drain_answers()
    assert recorder.text().endswith("S: +OK\nS: whole\nS: .\nS: +OK\nS: half")
    await dialogue.stream.aclose()


async def test_of_a_long_listing_the_transcript_shows_the_beginning_and_the_end() -> None:
    dialogue, server, recorder = await open_dialogue()
    server.write(b"+OK\r\n" + b"X-LONG\r\n" * 1000 + b".\r\n")
    await dialogue.ask(Capa())
    assert recorder.text().endswith("more octets are not shown\nS: .")
    await close(dialogue, server)


async def test_an_answer_that_nobody_asked_for_ends_the_session() -> None:
    dialogue, server, _ = await open_dialogue()
    server.write(b"-ERR Disconnected for inactivity.\r\n")
    with pytest.raises(ProtocolViolationError) as caught:
        await dialogue.next_event("nothing")
    assert "Disconnected for inactivity" in caught.value.sentence
    assert dialogue.stream.is_closed
    with pytest.raises(ClosedError):
        dialogue.send(Capa())
    await close(dialogue, server)


async def test_answers_that_nobody_waits_for_are_dropped() -> None:
    dialogue, server, _ = await open_dialogue()
    dialogue.send(Capa())
    dialogue.send(Capa())
    server.write(b"+OK\r\nA\r\n.\r\n+OK\r\nB\r\n.\r\n")
    await dialogue.drain_answers()
    server.write(b"+OK\r\nC\r\n.\r\n")
    assert "C" in await dialogue.ask(Capa())
    await close(dialogue, server)


async def test_many_commands_leave_in_one_write() -> None:
    dialogue, server, _ = await open_dialogue()
    await log_in(dialogue, server)
    await server.read()
    for number in range(1, 11):
        dialogue.send(Retr(number))
    waiting = asyncio.get_running_loop().create_task(dialogue.next_event("RETR"))
    assert await server.read() == b"".join(b"RETR %d\r\n" % number for number in range(1, 11))
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await close(dialogue, server)
