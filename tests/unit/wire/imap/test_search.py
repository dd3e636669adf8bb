"""SEARCH."""

from __future__ import annotations

from datetime import date

import pytest

from desktopmail.wire.imap import flags
from desktopmail.wire.imap.flags import Flag
from desktopmail.wire.imap.search import Search
from desktopmail.wire.imap.search_key import (
    Among,
    And,
    Dated,
    Fuzzy,
    Has,
    HeaderHas,
    Is,
    Keyword,
    ModSeq,
    Not,
    Or,
    Sized,
)
from desktopmail.wire.imap.sequence import SeqSet, UidSet
from tests.helpers.imap import (
    command_both_ways,
    refused_command,
)


@pytest.mark.parametrize(
    ("octets", "command"),
    [
        # RFC 9051 section 6.4.4.
        (
            b"SEARCH RETURN (COUNT MIN) FLAGGED SINCE 1-Feb-1994 NOT FROM Smith",
            Search(
                And((Is("FLAGGED"), Dated("SINCE", date(1994, 2, 1)), Not(Has("FROM", b"Smith")))),
                False,
                frozenset({"MIN", "COUNT"}),
            ),
        ),
        (
            b'SEARCH TEXT "string not in mailbox"',
            Search(Has("TEXT", b"string not in mailbox"), uid=False),
        ),
        (
            b"SEARCH CHARSET UTF-8 TEXT {12+}\r\n\xd0\x92\xd0\xbe\xd0\xb9\xd0\xbd\xd0\xb0\xd0\xb8",
            Search(Has("TEXT", "Войнаи".encode()), uid=False, charset="UTF-8"),
        ),
        (
            b"SEARCH RETURN (SAVE) SINCE 1-Feb-1994",
            Search(Dated("SINCE", date(1994, 2, 1)), False, frozenset({"SAVE"})),
        ),
        (
            b"UID SEARCH RETURN () UID $ SMALLER 4096",
            Search(And((Among(UidSet.last_search()), Sized("SMALLER", 4096))), True, frozenset()),
        ),
        (
            b"SEARCH OR $ 1,3000:3021 TEXT Sam",
            Search(
                And(
                    (
                        Or(Among(SeqSet.last_search()), Among(SeqSet.parse(b"1,3000:3021"))),
                        Has("TEXT", b"Sam"),
                    )
                ),
                uid=False,
            ),
        ),
        # RFC 5032, RFC 7162 section 3.1.5, RFC 8474 section 4.3, RFC 8514, RFC 6203.
        (
            b"UID SEARCH UNSEEN YOUNGER 259200",
            Search(And((Is("UNSEEN"), Sized("YOUNGER", 259200)))),
        ),
        (
            b'UID SEARCH MODSEQ "/flags/\\\\draft" all 620162338',
            Search(ModSeq(620162338, b"/flags/\\draft")),
        ),
        (
            b"UID SEARCH OR NOT MODSEQ 720162338 LARGER 50000",
            Search(Or(Not(ModSeq(720162338)), Sized("LARGER", 50000))),
        ),
        (b"UID SEARCH EMAILID M6d99ac3275bb4e", Search(Has("EMAILID", b"M6d99ac3275bb4e"))),
        (b"UID SEARCH SAVEDSINCE 1-Jan-2026", Search(Dated("SAVEDSINCE", date(2026, 1, 1)))),
        (
            b"UID SEARCH FUZZY (SUBJECT a FROM b)",
            Search(Fuzzy(And((Has("SUBJECT", b"a"), Has("FROM", b"b"))))),
        ),
        (
            b'UID SEARCH HEADER Message-ID <a@b> HEADER X ""',
            Search(And((HeaderHas(b"Message-ID", b"<a@b>"), HeaderHas(b"X", b"")))),
        ),
        (
            b"UID SEARCH KEYWORD todo UNKEYWORD $Forwarded",
            Search(And((Keyword(Flag("todo")), Keyword(flags.FORWARDED, present=False)))),
        ),
        (b"UID SEARCH NOT (DELETED SEEN)", Search(Not(And((Is("DELETED"), Is("SEEN")))))),
    ],
)
def test_commands_of_the_rfcs_both_ways(octets: bytes, command: Search) -> None:
    command_both_ways(octets, command)


@pytest.mark.parametrize(
    "octets",
    [
        b"SEARCH",
        b"SEARCH ",
        b"SEARCH FOO",
        b"SEARCH ()",
        b"SEARCH (ALL",
        b"SEARCH ALL)",
        b"SEARCH NOT",
        b"SEARCH OR ALL",
        b"SEARCH ALL  SEEN",
        b"SEARCH FROM",
        b"SEARCH SINCE x",
        b"SEARCH LARGER x",
        b"SEARCH UID x",
        b"SEARCH RETURN (FOO) ALL",
        b"SEARCH CHARSET UTF-8",
        b"SEARCH HEADER a",
        b'SEARCH MODSEQ "x" some 1',
        b"SEARCH KEYWORD (a)",
        b"SEARCH 0",
        b"SEARCH ALL(SEEN)",
        b"SEARCH RETURN ALL",
    ],
)
def test_what_is_no_search_is_refused(octets: bytes) -> None:
    refused_command(octets)
