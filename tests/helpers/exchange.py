"""Messages that formats have trouble with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from localserver.exchange.value import ExchangedMessage

DATE = datetime(2020, 2, 29, 12, 30, 15, tzinfo=timezone(timedelta(hours=5, minutes=30)))

DIFFICULT = [
    ExchangedMessage(b"Subject: plain\r\n\r\nbody\r\n", frozenset({"\\Seen"}), DATE),
    ExchangedMessage(b"Subject: none at the end\r\n\r\nFrom here\nFrom there", frozenset(), DATE),
    ExchangedMessage(b"From the first line\r\n>From quoted\r\n>>From twice\r\n", frozenset(), DATE),
    ExchangedMessage(b"\0\xff\r\n\n\n\r", frozenset({"\\Flagged", "$Work", "\\Draft"}), DATE),
    ExchangedMessage(
        b"\n", frozenset({"\\Deleted", "\\Answered"}), datetime(1970, 1, 1, tzinfo=UTC)
    ),
    ExchangedMessage(b"Status: RO\nX-Status: A\n\nnot ours\n\n\n", frozenset({"k1", "k2"}), DATE),
]
