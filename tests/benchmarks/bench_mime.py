"""The index step (headers, text, attachment list) against the standard library's compat32.

2,000 messages like real mail, made from a seed: plain answers, newsletters in HTML, attachments of
some ten to some hundred KB, German and Japanese, encoded words, lists, receipts. Both sides decode
the same fields, choose the same text and list the same attachments; that the results are equal is
part of the measurement.
"""

from __future__ import annotations

import base64
import email
import email.header
import email.utils
import hashlib
import quopri
import random
import re
from typing import TYPE_CHECKING

from desktopmail.mime import text, thread
from desktopmail.mime.message import Message
from tests.benchmarks.ratio import Ratio, median_seconds

if TYPE_CHECKING:
    from email.message import Message as Compat32Message

COUNT = 2_000
_IDENTIFIER = re.compile(r"<([^<>\s]+)>")
_TEXT = (
    "der Garten am Kanal ist heute offen und wir treffen uns um acht an der Pumpe bitte bring die"
    " Liste mit the meeting moved to Thursday please find attached our notes on water paths light"
    " and the old bridge schöne Grüße über Änderungen Straße müssen dürfen natürlich"
)
_WORDS = _TEXT.split()
_NAMES = [
    ("Anna Weber", "anna@sandbox.test"),
    ("Jörg Müller", "joerg@example.org"),
    ("Ben Okafor", "ben@sandbox.test"),
    ("田中 由紀", "yuki@example.org"),
    ("O'Neill, Pat", "pat@example.net"),
]


def messages(count: int = COUNT, seed: int = 5322) -> list[bytes]:
    """Return messages like those of a real mailbox, the same for the same seed."""
    chance = random.Random(seed)
    return [_message(chance, number) for number in range(count)]


def _message(chance: random.Random, number: int) -> bytes:
    kind = chance.random()
    sender, recipient = chance.choice(_NAMES), chance.choice(_NAMES)
    subject = " ".join(chance.choices(_WORDS, k=chance.randint(3, 9)))
    lines = [
        f"Received: from mail{chance.randint(1, 99)}.example.org"
        f" (192.0.2.{chance.randint(1, 250)})\r\n"
        f"\tby mx.sandbox.test with ESMTPS id {number:08x}\r\n\tfor <{recipient[1]}>;"
        f" Mon, 23 Nov 2026 07:{number % 60:02}:11 +0100"
        for _ in range(chance.randint(1, 6))
    ]
    lines += [
        "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org; s=k1;\r\n"
        " h=from:to:subject:date:message-id; bh="
        + base64.b64encode(chance.randbytes(32)).decode()
        + ";\r\n b="
        + "\r\n  ".join(base64.b64encode(chance.randbytes(48)).decode() for _ in range(4)),
        f"From: {_phrase(sender[0])} <{sender[1]}>",
        f"To: {_phrase(recipient[0])} <{recipient[1]}>",
        f"Subject: {_phrase(('Re: ' if number % 3 else '') + subject, quoted=False)}",
        f"Date: Mon, {1 + number % 28:02} Nov 2026 {number % 24:02}:{number % 60:02}:00 +0100",
        f"Message-ID: <{number:08x}.{chance.randrange(10**9)}@example.org>",
        "MIME-Version: 1.0",
    ]
    if kind >= 0.2:  # what the large providers and list servers add on the way
        lines += [
            f"{name}: i=1; a=rsa-sha256; d=example.org; s=arc; t={chance.randrange(10**10)};"
            "\r\n        b="
            + "\r\n         ".join(
                base64.b64encode(chance.randbytes(54)).decode() for _ in range(5)
            )
            for name in ("ARC-Seal", "ARC-Message-Signature", "X-Forwarded-Encrypted")
        ]
        lines += [
            "Authentication-Results: mx.sandbox.test; dkim=pass header.d=example.org;\r\n"
            "       spf=pass smtp.mailfrom=example.org; dmarc=pass header.from=example.org",
            "Return-Path: <bounce-17@example.org>",
            f"Feedback-ID: {chance.randrange(10**8)}:example",
            "X-Mailer: Postmeister 16.0",
        ]
    if number % 3:
        parents = [f"<{chance.randrange(number + 1):08x}.x@example.org>" for _ in range(number % 5)]
        lines.append("References: " + "\r\n ".join(parents or ["<0.x@example.org>"]))
    words = "\r\n".join(
        " ".join(chance.choices(_WORDS, k=10)) for _ in range(chance.randint(3, 80))
    )
    if kind < 0.3:
        body = _text(words, "plain", chance)
    elif kind < 0.8:
        body = _multipart(
            "alternative", [_text(words, "plain", chance), _html(words, chance)], number
        )
    else:
        octets = chance.randbytes(int(chance.paretovariate(1.2) * 15_000) % 500_000)
        file = (
            f'Content-Type: application/pdf; name="Bericht {number}.pdf"\r\n'
            f'Content-Disposition: attachment; filename="Bericht {number}.pdf"\r\n'
            "Content-Transfer-Encoding: base64\r\n\r\n"
        ).encode() + base64.encodebytes(octets).replace(b"\n", b"\r\n")
        alternative = _multipart(
            "alternative", [_text(words, "plain", chance), _html(words, chance)], number
        )
        body = _multipart("mixed", [alternative, file], number)
    return "\r\n".join(lines).encode() + b"\r\n" + body


def _phrase(words: str, *, quoted: bool = True) -> str:
    if not words.isascii():
        return email.header.Header(words, "utf-8", maxlinelen=70).encode(linesep="\r\n")
    return f'"{words}"' if quoted and "," in words else words


def _text(words: str, subtype: str, chance: random.Random) -> bytes:
    octets = words.encode()
    head = f"Content-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: "
    if chance.random() < 0.5:
        encoded = quopri.encodestring(octets.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")
        return head.encode() + b"quoted-printable\r\n\r\n" + encoded + b"\r\n"
    if chance.random() < 0.5:
        encoded = base64.encodebytes(octets).replace(b"\n", b"\r\n")
        return head.encode() + b"base64\r\n\r\n" + encoded
    return head.encode() + b"8bit\r\n\r\n" + octets + b"\r\n"


def _html(words: str, chance: random.Random) -> bytes:
    rows = "".join(
        f'<tr><td class="row" width="600" valign="top" style="padding:4px 12px;font-family:Arial,'
        f'Helvetica,sans-serif;font-size:15px;line-height:22px;color:#26332b">{line}</td>'
        f'<td><a href="https://example.org/{chance.randrange(10**6)}">mehr</a></td></tr>\r\n'
        for line in words.split("\r\n") * chance.randint(1, 5)  # newsletters are long
    )
    return _text(f"<html><body><table>{rows}</table></body></html>", "html", chance)


def _multipart(kind: str, parts: list[bytes], number: int) -> bytes:
    boundary = f"=_{kind}_{number:08x}"
    head = f'Content-Type: multipart/{kind}; boundary="{boundary}"\r\n\r\n'.encode()
    delimiter = f"--{boundary}\r\n".encode()
    return head + b"".join(delimiter + part for part in parts) + f"--{boundary}--\r\n".encode()


Step = dict[str, object]


def ours(octets: bytes) -> Step:
    """The index step by `desktopmail.mime`."""
    message = Message.parse(octets)
    row = message.index_row()
    return {
        "subject": row.subject,
        "base_subject": thread.base_subject(row.subject),
        "from": [(box.name, box.address) for box in row.senders],
        "to": [(box.name, box.address) for box in row.to],
        "cc": [(box.name, box.address) for box in row.cc],
        "reply_to": [(box.name, box.address) for box in message.reply_to],
        "message_id": row.message_id,
        "references": list(row.references),
        "date_s": row.date_s,
        "text": row.text.strip(),
        "preview": row.preview,
        "attachments": [attachment.name for attachment in row.attachments],
        "list_id": message.list_id,
        "digest": row.header_digest,
    }


def compat32(octets: bytes) -> Step:
    """The same step by the standard library, as short as it gets; previews by our function."""
    message = email.message_from_bytes(octets)
    plain, html, names = None, None, []
    for part in message.walk():
        if part.is_multipart():
            continue
        if part.get_content_disposition() == "attachment" or part.get_filename():
            names.append(_decoded(part.get_filename() or ""))
        elif part.get_content_type() == "text/plain" and plain is None:
            plain = part
        elif part.get_content_type() == "text/html" and html is None:
            html = part
    words = _content(plain) if plain else text.from_html_fast(_content(html)) if html else ""
    subject = _decoded(message.get("Subject", ""))
    return {
        "subject": subject,
        "base_subject": thread.base_subject(subject),
        "from": _addresses(message, "From"),
        "to": _addresses(message, "To"),
        "cc": _addresses(message, "Cc"),
        "reply_to": _addresses(message, "Reply-To"),
        "message_id": str(message.get("Message-ID", "")).strip(" <>"),
        "references": list(dict.fromkeys(_IDENTIFIER.findall(message.get("References", "")))),
        "date_s": int(email.utils.parsedate_to_datetime(message["Date"]).timestamp()),
        "text": words.strip(),
        "preview": text.preview(words),
        "attachments": names,
        "list_id": message.get("List-Id"),
        "digest": hashlib.sha256(octets.partition(b"\r\n\r\n")[0] + b"\r\n").hexdigest(),
    }


def _decoded(value: object) -> str:
    joined = str(value).replace("\r\n", "").replace("\n", "")
    return str(email.header.make_header(email.header.decode_header(joined)))


def _addresses(message: Compat32Message, name: str) -> list[tuple[str, str]]:
    values = [str(value).replace("\r\n", "") for value in message.get_all(name, [])]
    return [(_decoded(shown), address) for shown, address in email.utils.getaddresses(values)]


def _content(part: Compat32Message) -> str:
    octets = part.get_payload(decode=True)
    assert isinstance(octets, bytes)
    return octets.decode(part.get_content_charset("utf-8"), "replace").replace("\r\n", "\n")


def measure() -> list[Ratio]:
    """Time both on the same messages and compare every result."""
    corpus = messages()
    for octets in corpus:
        mine, theirs = ours(octets), compat32(octets)
        different = {key: (mine[key], theirs[key]) for key in mine if mine[key] != theirs[key]}
        if different:
            raise AssertionError(f"the results differ: {different}")
    fast = median_seconds(lambda: [ours(octets) for octets in corpus], 3)
    slow = median_seconds(lambda: [compat32(octets) for octets in corpus], 3)
    return [
        Ratio(
            name="index step of 2,000 messages, results equal",
            ours=len(corpus) / fast,
            peer=len(corpus) / slow,
            peer_name="email compat32",
            unit="messages/s",
            bound=4.0,
            at_least=True,
        )
    ]
