"""Transcripts never hold a secret and never grow without end."""

from __future__ import annotations

from desktopmail.net.ports import SystemClock
from desktopmail.net.transcript import MemoryRecorder, record_output
from desktopmail.wire.output import Segment

SEGMENTS = [Segment(b"PASS "), Segment(b"tanstaaf", "<password>"), Segment(b"\r\n")]


def test_output_is_recorded_redacted_and_returned_whole() -> None:
    recorder = MemoryRecorder(SystemClock())
    assert record_output(recorder, "C", SEGMENTS) == b"PASS tanstaaf\r\n"
    assert recorder.text() == "C: PASS <password>"
    assert [record.octets for record in recorder.records] == [b"PASS <password>\r\n"]


def test_without_a_recorder_nothing_else_happens() -> None:
    assert record_output(None, "C", SEGMENTS) == b"PASS tanstaaf\r\n"


def test_no_output_is_no_record() -> None:
    recorder = MemoryRecorder(SystemClock())
    assert record_output(recorder, "C", []) == b""
    assert recorder.records == []


def test_the_oldest_records_go_first() -> None:
    recorder = MemoryRecorder(SystemClock(), max_octets=10)
    for number in range(100):
        recorder.record("S", b"%04d" % number)
    assert [record.octets for record in recorder.records] == [b"0098", b"0099"]


def test_one_record_larger_than_the_bound_is_kept_alone() -> None:
    recorder = MemoryRecorder(SystemClock(), max_octets=10)
    recorder.record("S", b"x")
    recorder.record("S", b"y" * 100)
    assert [len(record.octets) for record in recorder.records] == [100]
