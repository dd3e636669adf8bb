"""How fast IMAP is read and written, against imapclient on the same octets in the same run."""

from __future__ import annotations

import asyncio
import hashlib
import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from imapclient import IMAPClient
from imapclient.response_parser import parse_fetch_response

from desktopmail.net.endpoint import Endpoint, Security
from desktopmail.net.imap import ImapClient
from desktopmail.net.ports import system_ports
from desktopmail.wire.imap import flags
from desktopmail.wire.imap.client import ClientConnection
from desktopmail.wire.imap.client_events import Untagged
from desktopmail.wire.imap.condition import Answer, Condition
from desktopmail.wire.imap.fetch_item import BodyItem
from desktopmail.wire.imap.fetch_response import FetchResponse
from desktopmail.wire.imap.sequence import Seq, Uid, UidSet
from desktopmail.wire.imap.server import ServerConnection
from desktopmail.wire.imap.state import State
from tests.benchmarks.ratio import Ratio, median_seconds, medians_by_turns

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktopmail.wire.imap.announced import Announced

ANSWERS = 20_000
MESSAGES = 300
MESSAGE_OCTETS = 1_000_000
_READ_OCTETS = 256 * 1024
_FLAGS = (b"", b"\\Seen", b"\\Seen \\Answered", b"\\Seen $Forwarded NonJunk")


def flag_answer(n: int) -> bytes:
    """What a sync of flags brings of one message."""
    return b"(UID %d FLAGS (%b) MODSEQ (%d))" % (n * 3 + 7, _FLAGS[n % 4], 10**6 + n)


def header_answer(n: int) -> bytes:
    """What a first sync brings of one message: a multipart with an attachment."""
    sender = b'((%b NIL "gray%d" "cac.washington.edu"))' % (b'"Terry Gray %d"' % (n % 50), n % 50)
    return (
        b'(UID %d ENVELOPE ("Mon, 7 Feb 1994 21:52:%02d -0800 (PST)" '
        b'"IMAP4rev1 WG mtg summary and minutes %d" %b %b %b '
        b'((NIL NIL "imap" "cac.washington.edu")) '
        b'((NIL NIL "minutes" "CNRI.Reston.VA.US")("John Klensin" NIL "KLENSIN" "MIT.EDU")) '
        b"NIL NIL "
        b'"<B27397-0100000-%d@cac.washington.edu>") BODYSTRUCTURE '
        b'(("TEXT" "PLAIN" ("CHARSET" "utf-8") NIL NIL "QUOTED-PRINTABLE" %d 42 NIL NIL NIL NIL)'
        b'("TEXT" "HTML" ("CHARSET" "utf-8") NIL NIL "QUOTED-PRINTABLE" %d 99 NIL NIL NIL NIL)'
        b'("APPLICATION" "PDF" ("NAME" "report%d.pdf") NIL NIL "BASE64" 46546 NIL '
        b'("ATTACHMENT" ("FILENAME" "report%d.pdf")) NIL NIL) "MIXED" '
        b'("BOUNDARY" "----=_Part_%d") NIL NIL NIL))'
    ) % (n + 1, n % 60, n, sender, sender, sender, n, n * 3, n * 7, n, n, n)


def wire(answer: Callable[[int], bytes], count: int) -> list[bytes]:
    """The answers as they are read from a socket."""
    octets = b"".join(b"* %d FETCH %b\r\n" % (n + 1, answer(n)) for n in range(count))
    return [octets[at : at + _READ_OCTETS] for at in range(0, len(octets), _READ_OCTETS)]


def read_all(pieces: list[bytes], *, keep: bool = True) -> int:
    """Read by our machine, into typed values, which are all kept or let go one by one."""
    client = ClientConnection()
    client.receive(b"* PREAUTH hello\r\n")
    client.next_event()
    client.state = State.SELECTED
    values = []
    count = 0
    for piece in pieces:
        client.receive(piece)
        while (event := client.next_event()) is not None:
            assert isinstance(event, Untagged)
            count += 1
            if keep:
                values.append(event.value)
    return count


def parsing(name: str, answer: Callable[[int], bytes], bound: float) -> Ratio:
    """Our machine from raw octets, against imapclient's parser on lines cut already."""
    pieces = wire(answer, ANSWERS)
    lines = [b"%d %b" % (n + 1, answer(n)) for n in range(ANSWERS)]
    assert read_all(pieces) == ANSWERS
    assert len(parse_fetch_response(lines)) == ANSWERS
    ours = median_seconds(lambda: read_all(pieces))
    theirs = median_seconds(lambda: parse_fetch_response(lines))
    return Ratio(name, ANSWERS / ours, ANSWERS / theirs, "imapclient", "answers/s", bound, True)


def _work(pieces: list[bytes]) -> float:
    # Seconds of our own work: what else the machine does must not look like a lack of linearity.
    begin = time.process_time()
    # Not kept: Python's collector looks through all that is kept again and again.
    read_all(pieces, keep=False)
    return time.process_time() - begin


def linearity() -> Ratio:
    """Ten times the octets."""
    small, large = wire(header_answer, 2_000), wire(header_answer, 20_000)
    one, ten = medians_by_turns(lambda: _work(small), lambda: _work(large))
    return Ratio(
        "ten times the octets take at most eleven times as long", ten, one, "a tenth", "s", 11,
        at_least=False,
    )  # fmt: skip


class DigestingSink:
    """Takes literals and keeps their digest."""

    def __init__(self) -> None:
        self.digest = hashlib.sha256()
        self.size = 0

    def write(self, octets: bytes) -> None:
        """Take a piece."""
        self.digest.update(octets)
        self.size += len(octets)

    def close(self) -> None:
        """End."""


async def _stream(port: int) -> int:
    client = await ImapClient.connect(
        Endpoint("127.0.0.1", port, Security.NONE), ports=system_ports()
    )
    sinks: list[DigestingSink] = []

    def sink(_which: Announced, _size: int) -> DigestingSink:
        sinks.append(DigestingSink())
        return sinks[-1]

    await client.select("INBOX")
    count = 0
    async for _ in client.uid_fetch(UidSet.all(), (BodyItem(),), sink=sink):
        count += 1
    await client.logout()
    assert count == MESSAGES
    return sum(sink.size for sink in sinks)


def _imapclient(port: int) -> int:
    client = IMAPClient("127.0.0.1", port, ssl=False, use_uid=True)
    client.select_folder("INBOX")
    size = 0
    # In parts, as one has to with a client that holds everything: all at once is no faster.
    for first in range(1, MESSAGES + 1, 50):
        fetched = client.fetch(list(range(first, first + 50)), ["BODY.PEEK[]"])
        for values in fetched.values():
            octets = values[b"BODY[]"]
            hashlib.sha256(octets).digest()
            size += len(octets)
    client.logout()
    return size


def literals() -> Ratio:
    """300 MB of messages over loopback, digested."""
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.imap_canned", str(MESSAGES), str(MESSAGE_OCTETS)],
        stdout=subprocess.PIPE,
    )
    try:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        total = MESSAGES * MESSAGE_OCTETS
        times: dict[str, list[float]] = {"ours": [], "theirs": []}
        for _ in range(5):
            begin = time.perf_counter()
            assert asyncio.run(_stream(port)) == total
            middle = time.perf_counter()
            assert _imapclient(port) == total
            times["ours"].append(middle - begin)
            times["theirs"].append(time.perf_counter() - middle)
    finally:
        server.terminate()
        server.wait()
        if server.stdout is not None:
            server.stdout.close()
    ours, theirs = (total / 1e6 / statistics.median(times[who]) for who in ("ours", "theirs"))
    return Ratio("300 MB of literals into a digest", ours, theirs, "imapclient", "MB/s", 5, True)


def flags_of_ten_thousand() -> Ratio:
    """`FETCH 1:* FLAGS` of 10,000 messages, written by the server's machine."""
    values = [
        FetchResponse(Seq(n), Uid(n), frozenset({flags.SEEN} if n % 2 else ()))
        for n in range(1, 10_001)
    ]

    def write() -> None:
        server = ServerConnection()
        server.send(Answer(Condition.PREAUTH, None, "hello"))
        for value in values:
            server.send(value)
        server.take_output()

    return Ratio(
        "flags of 10,000 messages written by the server's machine",
        median_seconds(write) * 1000,
        1,
        "1 ms",
        "ms",
        50,
        False,
    )


def measure() -> list[Ratio]:
    """Measure everything."""
    return [
        parsing("20,000 answers of UID FLAGS MODSEQ", flag_answer, 6),
        parsing("20,000 answers of ENVELOPE BODYSTRUCTURE", header_answer, 2.5),
        literals(),
        linearity(),
        flags_of_ten_thousand(),
    ]
