"""Ten times the octets of a header cost about ten times the time, whatever its sender chose."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from desktopmail.engine import summary
from desktopmail.mime import html, report, seven_bit, structure
from desktopmail.mime import text as plain
from desktopmail.mime.message import Message

if TYPE_CHECKING:
    from collections.abc import Callable

# Ten times the octets in ten times the time, more than twice that for a busy machine; what is
# quadratic takes a hundred times as long.
MOST = 25.0
# Below this nothing is measured: no shape is harmful that costs so little.
HARMLESS_S = 0.2
SIZE = 30_000

BEGINNINGS = [
    "Subject: ", "From: ", "To: ", "Date: ", "Message-ID: ", "References: ", "Received: ",
    "Content-Type: text/plain; x=", "Content-Type: multipart/mixed; boundary=",
    "Content-Disposition: attachment; filename=", "Content-Transfer-Encoding: ", "Content-ID: ",
    "Authentication-Results: a; ", "List-Unsubscribe: ", "List-Id: ", "Content-Language: ",
    "Disposition-Notification-To: ", "Reply-To: x <a@b> ",
]  # fmt: skip
UNITS = [
    b" ", b"\t", b"\r\n ", b"(", b")", b"(a)", b'"', b'\\"', b"<", b">", b"<>", b"<a@b>", b"a@b,",
    b"a,", b";", b":", b"@", b"a@", b"=", b"=?", b"=?utf-8?q?a?= ", b"=?utf-8?b?", b"?=", b"=20",
    b"%41", b"''", b"a*0=b;", b"a*0*=b;", b".", b"-", b"\xc3", b"\\", b"a ", b"a", b"1", b"12:",
    b"[", b"]", b"/", b"http://a ", b"https://a.b/", b"&", b"&#1;", b"a:a,;", b"re: ", b"{", b"\n",
    b"\r", b"> ", b"-- \r\n", b"www.", b"mailto:",
]  # fmt: skip


def read(octets: bytes) -> None:
    summary.of_message(octets)
    report.of(Message.parse(octets))
    seven_bit.convert(octets)
    for part in structure.parse(octets).walk():
        assert part.file_name is not None
        assert part.content_id is not None
        assert part.languages is not None


def body(octets: bytes) -> None:
    text = octets.decode("latin-1")
    html.sanitise(text)
    plain.flow(text)


def cost(take: Callable[[bytes], None], octets: bytes) -> float:
    begin = time.process_time()
    take(octets)
    return time.process_time() - begin


def is_linear(take: Callable[[bytes], None], shape: Callable[[int], bytes]) -> bool:
    large = shape(SIZE)
    seconds = cost(take, large)
    if seconds < HARMLESS_S:
        return True
    small = cost(take, shape(SIZE // 10))
    again = cost(take, shape(SIZE + 100))  # not the same: what was read last may be remembered
    return min(seconds, again) <= MOST * max(small, HARMLESS_S / 10)


@pytest.mark.parametrize("beginning", BEGINNINGS)
def test_a_header_field_of_any_shape_is_read_in_linear_time(beginning: str) -> None:
    harmful = []
    for unit in UNITS:

        def shape(size: int, unit: bytes = unit) -> bytes:
            field = beginning.encode() + unit * (size // len(unit))
            return field + b"x\r\nSubject: y\r\n\r\nbody\r\n"

        if not is_linear(read, shape):
            harmful.append(unit)
    assert harmful == []


def test_a_body_of_any_shape_is_shown_in_linear_time() -> None:
    harmful = []
    for unit in UNITS:

        def shape(size: int, unit: bytes = unit) -> bytes:
            return unit * (size // len(unit)) + b"x"

        if not is_linear(body, shape):
            harmful.append(unit)
    assert harmful == []
