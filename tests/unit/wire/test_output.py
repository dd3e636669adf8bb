"""What a machine wants sent, and what a transcript may show of it."""

from __future__ import annotations

from desktopmail.wire.output import Output, Segment


def test_neighbouring_plain_octets_leave_as_one_segment() -> None:
    output = Output()
    output.write(b"MAIL FROM:<a@example.org>\r\n")
    output.write(b"RCPT TO:<b@example.org>\r\n")
    assert output.take() == [Segment(b"MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\n")]


def test_a_secret_keeps_its_place_and_its_mask() -> None:
    output = Output()
    output.write(b"PASS ")
    output.write_secret(b"tanstaaf", "<password>")
    output.write(b"\r\n")
    segments = output.take()
    assert b"".join(segment.octets for segment in segments) == b"PASS tanstaaf\r\n"
    assert b"".join(segment.redacted for segment in segments) == b"PASS <password>\r\n"


def test_what_was_taken_is_gone() -> None:
    output = Output()
    output.write(b"QUIT\r\n")
    assert output
    output.take()
    assert not output
    assert output.take() == []


def test_nothing_makes_no_segment() -> None:
    output = Output()
    output.write(b"")
    assert output.take() == []
