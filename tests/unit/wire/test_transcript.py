"""A record prints as RFCs print dialogues."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from desktopmail.wire.transcript import Record

AT = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("octets", "lines"),
    [
        (b"+OK\r\n", ["S: +OK"]),
        (b"a\r\nb\r\n", ["S: a", "S: b"]),
        (b"half", ["S: half"]),
        (b"\r\n", ["S: "]),
        (b"", []),
        ("grüße\r\n".encode(), ["S: grüße"]),
        (b"\xff\x00\x1b[2J\r\n", ["S: \\xff\\x00\\x1b[2J"]),
        (b"bare\nLF\r\n", ["S: bare\\nLF"]),
    ],
)
def test_octets_print_as_lines_and_never_as_control_characters(
    octets: bytes, lines: list[str]
) -> None:
    assert Record(AT, "S", octets).lines() == lines
