"""What real servers send instead of what the RFCs say, as one table: who, what, and what we do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Quirk:
    """One deviation.

    Attributes:
        name: What tests call it.
        servers: Who was seen to do it.
        sends: What they send: a response line, with `{n}` literals spelt out.
        rule: What they should have sent, and where that is written.
        response: What we do with it.
    """

    name: str
    servers: str
    sends: bytes
    rule: str
    response: str


QUIRKS: Final = (
    Quirk(
        "spaces at the end of SEARCH",
        "Exchange, older Cyrus",
        b"* SEARCH 1 2 \r\n",
        "no space before CRLF (RFC 9051 section 9)",
        "the space is ignored",
    ),
    Quirk(
        "a space before the end of STATUS",
        "Exchange 2007 and later",
        b"* STATUS INBOX (MESSAGES 3 )\r\n",
        "no space before the parenthesis (RFC 9051 section 9)",
        "the space is ignored",
    ),
    Quirk(
        "an empty address list",
        "Lotus Domino",
        b'* 1 FETCH (ENVELOPE (NIL NIL () () () () NIL NIL NIL "<a@b.example>"))\r\n',
        "NIL where there is no address (RFC 9051 section 9, env-from)",
        "no addresses",
    ),
    Quirk(
        "brackets in keywords",
        "Gmail",
        b"* 1 FETCH (FLAGS (\\Seen [Imap]/Keyword))\r\n",
        "a keyword is an atom, which has no `]` (RFC 9051 section 9)",
        "the keyword is kept as it is; it cannot be sent back",
    ),
    Quirk(
        "an unquoted mailbox with 8-bit octets",
        "Courier, UW imapd",
        b'* LIST () "/" Entw\xfcrfe\r\n',
        "8-bit octets only in a literal, or quoted as UTF-8 (RFC 9051 section 9)",
        "the octets are carried and sent back as they came",
    ),
    Quirk(
        "a tagged answer without text",
        "several small servers, 163.com",
        b"* OK\r\n",
        "a space and a text (RFC 3501 section 9; optional in RFC 9051)",
        "the text is empty",
    ),
    Quirk(
        "a disposition that is a bare string",
        "Exchange 2003, some virus filters",
        b'* 1 FETCH (BODYSTRUCTURE ("TEXT" "PLAIN" NIL NIL NIL "7BIT" 1 1 NIL "inline" NIL))\r\n',
        "a string and parameters in parentheses (RFC 9051 section 9, body-fld-dsp)",
        "a disposition without parameters",
    ),
    Quirk(
        "NIL for the size of a part",
        "Exchange",
        b'* 1 FETCH (BODYSTRUCTURE ("IMAGE" "PNG" NIL NIL NIL "BASE64" NIL))\r\n',
        "a number (RFC 9051 section 9, body-fld-octets)",
        "the size is 0",
    ),
    Quirk(
        "NIL for an encoding",
        "Exchange, Yandex",
        b'* 1 FETCH (BODYSTRUCTURE ("TEXT" "HTML" NIL NIL NIL NIL 10 1))\r\n',
        "a string (RFC 9051 section 9, body-fld-enc)",
        "an empty encoding, which counts as 7bit",
    ),
    Quirk(
        "spaces between parts",
        "Lotus Domino",
        b'* 1 FETCH (BODYSTRUCTURE (("TEXT" "PLAIN" NIL NIL NIL "7BIT" 1 1) '
        b'("TEXT" "HTML" NIL NIL NIL "7BIT" 1 1) "ALTERNATIVE"))\r\n',
        "parts follow one another without a space (RFC 9051 section 9, body-type-mpart)",
        "the space is ignored",
    ),
    Quirk(
        "a date without its leading space",
        "hMailServer, Exchange",
        b'* 1 FETCH (INTERNALDATE "1-Jan-2026 10:00:00 +0000")\r\n',
        "two characters for the day (RFC 9051 section 9, date-day-fixed)",
        "read as it is meant",
    ),
    Quirk(
        "lines that end in LF",
        "home-made servers and filters in between",
        b"* 3 EXISTS\n",
        "CRLF (RFC 9051 section 2.2)",
        "read as CRLF by the client; the server refuses it",
    ),
    Quirk(
        "an empty delimiter",
        "some Gmail proxies",
        b'* LIST () "" INBOX\r\n',
        "one character or NIL (RFC 9051 section 9, mailbox-list)",
        "names are flat",
    ),
    Quirk(
        "a quota without its list",
        "Courier",
        b'* QUOTA "ROOT"\r\n',
        "a list, which may be empty (RFC 9208 section 7, quota-response)",
        "a quota root without resources",
    ),
    Quirk(
        "text where a literal seems to begin",
        "any",
        b"* OK your ticket is {42}\r\n",
        "a text may end so (RFC 9051 section 9)",
        "no literal is looked for in the text of a status response",
    ),
)
