"""What was said, newest kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.net.ports import SystemClock
from localserver.transcript import SessionRecord, Transcript

if TYPE_CHECKING:
    from collections.abc import Callable


def test_the_oldest_goes_when_there_is_too_much() -> None:
    transcript = Transcript(SystemClock(), max_octets=100)
    session = transcript.session("imap", "peer")
    for number in range(30):
        session.record("C", b"%010d" % number)
    kept = transcript.records()
    assert len(kept) == 10
    assert kept[-1].number == 30
    assert [each.number for each in transcript.records(after=28)] == [29, 30]


def test_a_long_answer_is_kept_by_its_beginning() -> None:
    transcript = Transcript(SystemClock())
    transcript.session("pop3", "peer").record("S", b"x" * 10_000)
    (record,) = transcript.records()
    assert record.record.octets.endswith(b"[... 1808 octets more]\r\n")


def test_sessions_are_numbered_and_listeners_told_until_they_stop() -> None:
    transcript = Transcript(SystemClock())
    told: list[int] = []
    stop = transcript.on_record(lambda each: told.append(each.session))
    transcript.session("smtp", "a").record("C", b"EHLO x\r\n")
    transcript.session("smtp", "b").record("C", b"EHLO y\r\n")
    stop()
    transcript.session("smtp", "c").record("C", b"EHLO z\r\n")
    assert told == [1, 2]
    assert "smtp#2 C: EHLO y" in transcript.text()
    transcript.clear()
    assert transcript.records() == []


def test_the_newest_record_is_kept_however_long_it_is() -> None:
    transcript = Transcript(SystemClock(), max_octets=10)
    session = transcript.session("imap", "peer")
    session.record("S", b"x" * 50)
    session.record("S", b"y" * 50)
    assert [each.record.octets[:1] for each in transcript.records()] == [b"y"]


def test_numbers_go_on_after_everything_was_forgotten() -> None:
    transcript = Transcript(SystemClock())
    transcript.session("imap", "peer").record("C", b"a NOOP\r\n")
    transcript.clear()
    again = transcript.session("imap", "peer")
    again.record("C", b"a NOOP\r\n")
    assert [(each.number, each.session) for each in transcript.records(after=1)] == [(2, 2)]


def test_a_listener_may_stop_while_it_is_told() -> None:
    transcript = Transcript(SystemClock())
    told: list[str] = []
    stops: list[Callable[[], None]] = []

    def once(record: SessionRecord) -> None:
        told.append(f"once {record.number}")
        stops[0]()

    stops.append(transcript.on_record(once))
    transcript.on_record(lambda record: told.append(f"always {record.number}"))
    session = transcript.session("imap", "peer")
    session.record("C", b"a\r\n")
    session.record("C", b"b\r\n")
    assert told == ["once 1", "always 1", "always 2"]
