"""Ten times the octets cost each machine about ten times the time, whatever shape they have."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.helpers.splits import in_pieces
from tests.helpers.wire_machines import situation

if TYPE_CHECKING:
    from collections.abc import Callable

    Shape = Callable[[int], bytes]

# Ten times the octets in ten times the time, more than twice that for a busy machine; what is
# quadratic takes a hundred times as long.
MOST = 25.0
# Below this nothing is measured: no shape is harmful that costs so little.
HARMLESS_S = 0.1


def fetch(octets: bytes) -> bytes:
    return b"* 1 FETCH (" + octets + b")\r\n"


def envelope(subject: bytes) -> bytes:
    return b'ENVELOPE ("d" "%b" NIL NIL NIL NIL NIL NIL NIL NIL)' % subject


def part(fields: bytes) -> bytes:
    return b'BODYSTRUCTURE ("TEXT" "PLAIN" ' + fields + b")"


def numbers(count: int) -> bytes:
    return b",".join([b"%d" % (2 * number + 1) for number in range(count)])


ENVELOPE = b"MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\n"
LEAF = b'("TEXT" "PLAIN" NIL NIL NIL "7BIT" 1 1)'

# By machine and situation: name, octets for a size, the size, and the octets of one read.
SHAPES: dict[str, list[tuple[str, Shape, int, int]]] = {
    "imap client: selected": [
        ("short lines", lambda n: b"* 3 EXISTS\r\n" * n, 2_000, 65_536),
        ("one long line", lambda n: b"* SEARCH" + b" 12345" * n + b"\r\n", 20_000, 65_536),
        ("a line in drops", lambda n: b"* SEARCH" + b" 12345" * n + b"\r\n", 2_000, 1),
        ("flags in drops", lambda n: fetch(b"UID 3 FLAGS (" + b" abc" * n + b")"), 3_000, 3),
        ("many flags", lambda n: b"* FLAGS (" + b"f " * n + b")\r\n", 20_000, 65_536),
        ("small literals", lambda n: fetch(b"BODY[1] {1}\r\nx " * n), 900, 65_536),
        ("items before a message", lambda n: fetch(b"UID 3 " * n + b"BODY[] {1}\r\nx"), 9_000, 3),
        ("a long name of a field", lambda n: fetch(b"BODY[HEADER.FIELDS (" + b"A" * n + b")] NIL"),
         100_000, 65_536),
        ("names of fields", lambda n: fetch(b"BODY[HEADER.FIELDS (" + b"AB " * n + b"C)] NIL"),
         5_000, 65_536),
        ("addresses", lambda n: fetch(b'ENVELOPE ("d" "s" (' + b'("n" NIL "m" "h")' * n + b") "
         + b"NIL " * 7 + b")"), 3_000, 65_536),
        ("quoted pairs", lambda n: fetch(envelope(b'\\"' * n + b"\\x")), 20_000, 65_536),
        ("a string that does not end", lambda n: b'* 1 FETCH (ENVELOPE ("' + b'\\"' * n + b"\r\n",
         30_000, 65_536),
        ("parts", lambda n: fetch(b"BODYSTRUCTURE (" + LEAF * n + b' "MIXED")'), 1_500, 65_536),
        ("parts that do not end", lambda n: fetch(b"BODYSTRUCTURE (" + LEAF * n), 1_500, 65_536),
        ("parameters", lambda n: fetch(part(b"(" + b'"a" "b" ' * n + b') NIL NIL "7BIT" x 1')),
         5_000, 65_536),
        ("parentheses", lambda n: fetch(b"X " + b"(" * n), 50_000, 65_536),
        ("unknown items", lambda n: fetch(b"X[1] (1 2) " * n), 5_000, 65_536),
        ("deep threads", lambda n: b"* THREAD " + b"(1 " * n + b")" * n + b"\r\n", 10_000, 65_536),
        ("names in UTF-7", lambda n: b'* LIST () "/" "' + b"&AOk-&" * n + b'"\r\n', 3_000, 65_536),
        ("options of LIST", lambda n: b'* LIST () "/" x (' + b"X (1) " * n + b")\r\n", 4_000,
         65_536),
        ("COPYUID", lambda n: b"* OK [COPYUID 1 %b %b] x\r\n" % (numbers(n), numbers(n)), 5_000,
         65_536),
        ("ESEARCH", lambda n: b'* ESEARCH (TAG "A2") UID ALL ' + numbers(n) + b"\r\n", 5_000,
         65_536),
        ("braces", lambda n: b"* X " + b"{1" * n + b"}\r\n", 20_000, 65_536),
        ("spaces", lambda n: b"* SEARCH 1" + b" " * n + b"x\r\n", 50_000, 65_536),
    ],
    "imap client: streaming": [
        ("a subject before a large literal", lambda n: fetch(
            envelope(b"A" * n + b"!") + b" BODY[] {20}\r\n" + b"x" * 20), 20_000, 65_536),
        ("brackets before a large literal", lambda n: fetch(
            envelope(b" A[" * n + b"]!") + b" BODY[] {20}\r\n" + b"x" * 20), 10_000, 65_536),
        ("flags before large literals", lambda n: fetch(
            b"FLAGS (" + b"a " * 20 * n + b") " + b"BODY[1] {9}\r\n123456789 " * n), 300, 65_536),
        ("a large literal in drops", lambda n: fetch(b"BODY[] {%d}\r\n%b" % (n, b"x" * n)), 10_000,
         1),
    ],
    "imap server: selected": [
        ("short lines", lambda n: b"a NOOP\r\n" * n, 2_000, 65_536),
        ("literals", lambda n: b"a SELECT {1+}\r\nx\r\n" * n, 1_000, 65_536),
        ("a literal in drops", lambda n: b"a APPEND x {%d+}\r\n%b\r\n" % (n, b"x" * n), 10_000, 1),
        ("a literal thrown away", lambda n: b"a SELECT {%d+}\r\n%b\r\n" % (n, b"x" * n), 100_000,
         100),
        ("keys", lambda n: b"a SEARCH " + b"(SEEN) " * n + b"SEEN\r\n", 800, 65_536),
        ("a set", lambda n: b"a FETCH " + numbers(n) + b", FLAGS\r\n", 900, 65_536),
        ("names of fields", lambda n: b"a FETCH 1 BODY[HEADER.FIELDS (" + b"A " * n + b"B)]\r\n",
         1_000, 65_536),
        ("a section", lambda n: b"a FETCH 1 BODY[" + b"1." * n + b"1]\r\n", 3_000, 65_536),
        ("a quoted name", lambda n: b'a SELECT "' + b'&\\"' * n + b"\r\n", 2_000, 65_536),
        ("patterns", lambda n: b'a LIST "" (' + b"%% " * n + b"*)\r\n", 1_000, 65_536),
    ],
    "smtp server: smtp": [
        ("short lines", lambda n: b"NOOP\r\n" * n, 5_000, 65_536),
        ("a line without end in drops", lambda n: b"x" * n, 10_000, 1),
        ("small messages", lambda n: (ENVELOPE + b"DATA\r\n..\r\n.\r\n") * n, 1_000, 1 << 30),
        ("small chunks", lambda n: ENVELOPE + b"BDAT 1\r\nx" * n, 2_000, 1 << 30),
        ("dots", lambda n: ENVELOPE + b"DATA\r\n" + b"..x\r\n" * n, 50_000, 65_536),
        ("dots in drops", lambda n: ENVELOPE + b"DATA\r\n" + b"\r\n.." * n, 3_000, 3),
        ("bare CR", lambda n: ENVELOPE + b"DATA\r\n" + b"\r" * n, 50_000, 65_536),
        ("one long line", lambda n: ENVELOPE + b"DATA\r\n" + b"x" * n, 100_000, 65_536),
    ],
    "smtp client: ehlo": [
        ("words", lambda n: b"".join(b"250-A %b\r\n" % numbers(700).replace(b",", b" %d-" % line)
         for line in range(n)) + b"250 x\r\n", 40, 65_536),
    ],
    "pop3 client: uidl": [
        ("identifiers", lambda n: b"+OK\r\n" + b"".join(b"%d u%d\r\n" % (i, i) for i in
         range(1, n)) + b".\r\n", 10_000, 65_536),
        ("spaces", lambda n: b"+OK\r\n1" + b" " * n + b"\0\r\n.\r\n", 1_800, 65_536),
        ("lines of spaces", lambda n: b"+OK\r\n" + b"1%b\r\n" % (b" " * 1000) * n + b".\r\n", 100,
         65_536),
        ("drops", lambda n: b"+OK\r\n" + b"1 x\r\n" * n + b".\r\n", 3_000, 1),
    ],
    "pop3 client: messages": [
        ("dots", lambda n: b"+OK\r\n" + b"..x\r\n" * n + b".\r\n", 50_000, 65_536),
        ("dots in drops", lambda n: b"+OK\r\n" + b"..x\r\n" * n + b".\r\n", 3_000, 3),
        ("a line in drops", lambda n: b"+OK\r\n" + b"x" * n + b"\r\n.\r\n", 10_000, 1),
    ],
    "pop3 server: transaction": [
        ("short lines", lambda n: b"NOOP\r\n" * n, 3_000, 65_536),
        ("drops", lambda n: b"NOOP\r\n" * n, 2_000, 1),
    ],
}  # fmt: skip


def seconds(name: str, octets: bytes, piece_octets: int, enough: float) -> float:
    """CPU time of the best of up to three runs; no further one when it is clearly enough."""
    best = float("inf")
    pieces = in_pieces(octets, piece_octets)
    for _ in range(3):
        begin = time.process_time()
        situation(name).count(pieces)
        best = min(best, time.process_time() - begin)
        if best < enough:
            break
    return best


@pytest.mark.parametrize(
    ("name", "shape", "size", "piece_octets"),
    [
        pytest.param(name, shape, size, piece_octets, id=f"{name}: {what}")
        for name, shapes in SHAPES.items()
        for what, shape, size, piece_octets in shapes
    ],
)
def test_the_cost_is_linear(name: str, shape: Shape, size: int, piece_octets: int) -> None:
    small, large = shape(size), shape(10 * size)
    once = seconds(name, small, piece_octets, 0.0)
    most = max(MOST * once * len(large) / len(small) / 10, HARMLESS_S)
    assert seconds(name, large, piece_octets, most) < most
