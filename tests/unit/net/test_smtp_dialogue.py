import asyncio

import pytest

from desktopmail.net.errors import ClosedError, ProtocolViolationError, TimedOutError
from desktopmail.net.memory import stream_pair
from desktopmail.net.ports import SystemClock
from desktopmail.net.smtp_dialogue import Dialogue
from desktopmail.net.stream import Stream
from desktopmail.net.transcript import MemoryRecorder
from desktopmail.wire.smtp.control import Noop
from desktopmail.wire.smtp.events import Greeting
from desktopmail.wire.smtp.hello import Hello


def pair() -> tuple[Dialogue, Stream, MemoryRecorder]:
    near, far = stream_pair(segment_octets=2)
    recorder = MemoryRecorder(SystemClock())
    return Dialogue(near, "mail.example.org:25", recorder), far, recorder


async def test_what_is_said_is_recorded_and_answered() -> None:
    dialogue, far, recorder = pair()
    far.write(b"220 ready\r\n")
    event = await dialogue.next_event(1, "the greeting")
    assert isinstance(event, Greeting)

    async def say_hello() -> None:
        await far.read()
        far.write(b"250 hello\r\n")

    answer, _ = await asyncio.gather(dialogue.ask(Hello("EHLO", "me.example")), say_hello())
    assert answer.reply.text == "hello"
    assert "C: EHLO me.example" in recorder.text()
    assert "S: 2" in recorder.text()
    await dialogue.stream.aclose()


async def test_a_reply_that_trickles_is_not_waited_for_longer() -> None:
    dialogue, far, _ = pair()
    far.write(b"220")
    with pytest.raises(TimedOutError, match="did not answer to the greeting"):
        await dialogue.next_event(0.05, "the greeting")
    assert dialogue.stream.is_closed


async def test_a_goodbye_out_of_turn_closes_the_connection() -> None:
    dialogue, far, _ = pair()
    far.write(b"220 ready\r\n421 4.3.2 going down\r\n")
    await dialogue.next_event(1, "the greeting")
    with pytest.raises(ClosedError, match=r"said 421 4\.3\.2 going down"):
        await dialogue.answer(1, "nothing")


async def test_a_second_greeting_is_the_servers_fault() -> None:
    dialogue, far, _ = pair()
    far.write(b"220 ready\r\n250 what?\r\n")
    await dialogue.next_event(1, "the greeting")
    with pytest.raises(ProtocolViolationError, match="reply to nothing"):
        await dialogue.next_event(1, "nothing")


async def test_the_end_of_the_connection_is_named() -> None:
    dialogue, far, _ = pair()
    far.write(b"220 ready\r\n")
    await dialogue.next_event(1, "the greeting")
    await far.aclose()
    with pytest.raises(ClosedError, match=r"mail\.example\.org:25"):
        await dialogue.ask(Noop())
