"""Seeded corpora: messages with sizes like those of real mail, the same in every run."""

from __future__ import annotations

import base64
import functools
import itertools
import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

WORDS = [
    "the",
    "of",
    "and",
    "to",
    "in",
    "a",
    "is",
    "that",
    "for",
    "it",
    "as",
    "was",
    "with",
    "be",
    "by",
    "on",
    "not",
    "he",
    "his",
    "but",
    "at",
    "are",
    "this",
    "have",
    "from",
    "or",
    "had",
    "an",
    "they",
    "which",
    "one",
    "you",
    "were",
    "all",
    "her",
    "she",
    "there",
    "would",
    "their",
    "we",
    "him",
    "been",
    "has",
    "when",
    "who",
    "will",
    "garden",
    "invoice",
    "meeting",
    "station",
    "weather",
    "window",
    "letter",
    "report",
    "summer",
    "winter",
    "market",
    "bridge",
    "Straße",
    "Köln",
    "Grüße",
    "Übung",
    "café",
    "naïve",
    "résumé",
    "señor",
]
_SYLLABLES = tuple(first + second for first in "bcdfghjklmnpqrstvwxz" for second in "aeiou")
_MADE_UP = 20_000
_SECONDS = 1_700_000_000


@functools.cache
def vocabulary() -> tuple[tuple[str, ...], tuple[float, ...]]:
    """All words of the texts, and how often each comes, added up: Zipf's law, as in real texts."""
    chance = random.Random(0)
    made_up = ["".join(chance.choices(_SYLLABLES, k=chance.randint(2, 4))) for _ in range(_MADE_UP)]
    words = (*WORDS, *dict.fromkeys(made_up))
    return words, tuple(itertools.accumulate(1 / rank for rank in range(3, len(words) + 3)))


def messages(count: int, *, mean_octets: int, seed: int = 1) -> Iterator[bytes]:
    """Make messages; sizes spread log-normally about a small median, as in real mailboxes.

    Args:
        count: How many.
        mean_octets: What they come to on the average.
        seed: The same seed makes the same messages.
    """
    chance = random.Random(seed)
    for number in range(count):
        yield _message(number, chance, mean_octets)


def chinese(count: int, *, seed: int = 3) -> Iterator[bytes]:
    """Make messages in Chinese: of a meeting and its time, or of a station, never of both."""
    chance = random.Random(seed)
    signs = [chr(code) for code in range(0x4E00, 0x4E00 + 1_000)]
    often = tuple(itertools.accumulate(1 / rank for rank in range(3, len(signs) + 3)))
    for number in range(count):
        text = "".join(chance.choices(signs, cum_weights=often, k=200))
        about = "会议的时间" if number % 2 else "站车"
        yield (
            f"From: 王 <wang{number % 40}@bench.example>\r\nTo: Alice <alice@localhost>\r\n"
            f"Subject: {about}\r\nMessage-ID: <chinese.{number}@bench.example>\r\n"
            f"Date: Thu, 16 Nov 2023 {number // 60 % 24:02}:{number % 60:02}:30 +0000\r\n"
            "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
            f"{text[:100]}{about}{text[100:]}\r\n"
        ).encode()


def _message(number: int, chance: random.Random, mean_octets: int) -> bytes:
    sender = f"person{chance.randrange(400)}"
    subject = " ".join(chance.choices(WORDS, k=5))
    references = f"References: <{number - chance.randrange(1, 9)}@bench.example>\r\n"
    head = (
        f"Received: from mx{number % 7}.example by mail.example with ESMTPS id {number:08x};\r\n"
        f"\tThu, 16 Nov 2023 {number // 60 % 24:02}:{number % 60:02}:00 +0000\r\n"
        f"From: {sender.title()} Example <{sender}@bench.example>\r\n"
        f"To: Alice <alice@localhost>, Team <team{number % 30}@bench.example>\r\n"
        f"Subject: {subject.encode('ascii', 'ignore').decode()}\r\n"
        f"Date: Thu, 16 Nov 2023 {number // 60 % 24:02}:{number % 60:02}:00 +0000\r\n"
        f"Message-ID: <{number}@bench.example>\r\n"
        f"{references if number % 3 else ''}"
        "MIME-Version: 1.0\r\n"
    )
    words, often = vocabulary()
    text = " ".join(
        chance.choices(words, cum_weights=often, k=int(chance.lognormvariate(5.0, 0.8)))
    )
    lines = "\r\n".join(text[at : at + 72] for at in range(0, len(text), 72))
    size = int(mean_octets * chance.lognormvariate(-1.4, 1.7))
    if size < mean_octets // 2:
        return (head + "Content-Type: text/plain; charset=utf-8\r\n\r\n" + lines + "\r\n").encode()
    return _with_file(head, lines, chance, min(size, 20_000_000))


def _with_file(head: str, lines: str, chance: random.Random, size: int) -> bytes:
    encoded = base64.encodebytes(chance.randbytes(size * 3 // 4)).replace(b"\n", b"\r\n")
    return b"".join(
        (
            head.encode(),
            b'Content-Type: multipart/mixed; boundary="=_bench"\r\n\r\n--=_bench\r\n',
            b"Content-Type: text/plain; charset=utf-8\r\n\r\n",
            lines.encode(),
            b'\r\n--=_bench\r\nContent-Type: application/pdf; name="report.pdf"\r\n',
            b"Content-Transfer-Encoding: base64\r\n\r\n",
            encoded,
            b"\r\n--=_bench--\r\n",
        )
    )
