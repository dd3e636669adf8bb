"""SEARCH."""

from __future__ import annotations

import time
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.imap import flags
from desktopmail.wire.imap.flags import Flag
from desktopmail.wire.imap.limits import MAX_NESTING
from desktopmail.wire.imap.search import (
    EVERYTHING,
    WITH_DAY,
    WITH_NUMBER,
    WITH_STRING,
    WORDS,
    Among,
    And,
    Dated,
    ESearchResponse,
    Fuzzy,
    Has,
    HeaderHas,
    Is,
    Keyword,
    ModSeq,
    Not,
    Or,
    Search,
    SearchKey,
    SearchResponse,
    Sized,
)
from desktopmail.wire.imap.sequence import SeqSet, UidSet
from tests.helpers.imap import (
    command_both_ways,
    encoded,
    malformed,
    new_server,
    read_command,
    read_response,
    refused_command,
    response_both_ways,
    server_events,
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


texts = st.binary(max_size=10).filter(lambda octets: not {0, 10, 13} & set(octets))
sets = st.frozensets(st.integers(1, 99), min_size=1, max_size=4)
leaves: st.SearchStrategy[SearchKey] = (
    st.sampled_from(sorted(WORDS)).map(Is)
    | st.tuples(st.sampled_from(sorted(WITH_STRING)), texts).map(lambda drawn: Has(*drawn))
    | st.tuples(texts, texts).map(lambda drawn: HeaderHas(*drawn))
    | st.tuples(st.sampled_from(sorted(WITH_DAY)), st.dates()).map(lambda drawn: Dated(*drawn))
    | st.tuples(st.sampled_from(sorted(WITH_NUMBER)), st.integers(0, 1 << 62)).map(
        lambda drawn: Sized(*drawn)
    )
    | st.integers(0, 1 << 62).map(ModSeq)
    | sets.map(lambda drawn: Among(UidSet.of(drawn)))  # type: ignore[arg-type]
    | sets.map(lambda drawn: Among(SeqSet.of(drawn)))  # type: ignore[arg-type]
)
keys = st.recursive(
    leaves,
    lambda inner: (
        inner.map(Not)
        | inner.map(Fuzzy)
        | st.tuples(inner, inner).map(lambda drawn: Or(*drawn))
        | st.lists(inner, min_size=2, max_size=3).map(lambda drawn: And(tuple(drawn)))
    ),
    max_leaves=10,
)


@given(keys)
def test_any_key_reaches_the_server_as_the_same_tree(key: SearchKey) -> None:
    octets = encoded(Search(key))
    (event,) = server_events(new_server(), [b"a1 " + octets + b"\r\n"])
    assert event.command == Search(key)  # type: ignore[union-attr]


def test_keys_are_read_in_any_case_and_a_single_one_in_parentheses_is_itself() -> None:
    assert read_command(b"uid search (seen)") == Search(Is("SEEN"))
    assert read_command(b"UID SEARCH ((all))") == Search(EVERYTHING)
    assert read_command(b'UID SEARCH since "1-Feb-1994"') == Search(
        Dated("SINCE", date(1994, 2, 1))
    )


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


@pytest.mark.parametrize("opening", [b"(", b"NOT ", b"OR ALL ", b"OR ", b"FUZZY ", b"(NOT "])
def test_keys_nested_too_deep_are_refused_at_once(opening: bytes) -> None:
    begin = time.process_time()
    octets = b"a1 SEARCH " + opening * (60_000 // len(opening)) + b"ALL\r\n"
    (event,) = server_events(new_server(), [octets])
    assert "nest" in event.reason or "expected" in event.reason  # type: ignore[union-attr]
    assert time.process_time() - begin < 1


def test_a_key_nested_too_deep_is_our_fault() -> None:
    key: SearchKey = EVERYTHING
    for _ in range(MAX_NESTING + 1):
        key = Not(key)
    with pytest.raises(LocalProtocolError):
        encoded(Search(key))


@pytest.mark.parametrize(
    "key",
    [
        Is("X"),
        Has("ALL", b"x"),
        Dated("X", date(2026, 1, 1)),
        Sized("X", 1),
        And(()),
        Not(And(())),
        Has("TO", b"a\r\nb"),
        Among(UidSet()),
        Sized("OLDER", -1),
    ],
)
def test_what_is_no_key_is_our_fault(key: SearchKey) -> None:
    with pytest.raises(LocalProtocolError):
        encoded(Search(key))
    with pytest.raises(LocalProtocolError):
        encoded(Search(EVERYTHING, returns=frozenset({"X"})))


@pytest.mark.parametrize(
    ("octets", "response"),
    [
        (b"SEARCH 2 84 882", SearchResponse((2, 84, 882))),
        (b"SEARCH", SearchResponse(())),
        (b"SEARCH 2 5 6 (MODSEQ 917162500)", SearchResponse((2, 5, 6), 917162500)),
        (b'ESEARCH (TAG "A282") MIN 2 COUNT 3', ESearchResponse("A282", minimum=2, count=3)),
        (
            b'ESEARCH (TAG "A283") ALL 2,10:11',
            ESearchResponse("A283", all=SeqSet.parse(b"2,10:11")),
        ),
        (
            b'ESEARCH (TAG "a") UID MAX 5 COUNT 17 ALL 4:18,21,28',
            ESearchResponse("a", True, None, 5, 17, UidSet.parse(b"4:18,21,28")),
        ),
        (b'ESEARCH (TAG "a567") UID COUNT 0', ESearchResponse("a567", True, count=0)),
        (
            b'ESEARCH (TAG "a") ALL 1:3,5 MODSEQ 1236',
            ESearchResponse("a", all=SeqSet.parse(b"1:3,5"), modseq=1236),
        ),
        (b"ESEARCH", ESearchResponse()),
        (
            b"ESEARCH UID PARTIAL (1:100 5)",
            ESearchResponse(uid=True, others=((b"PARTIAL", b"(1:100 5)"),)),
        ),
    ],
)
def test_responses_of_the_rfcs_both_ways(
    octets: bytes, response: SearchResponse | ESearchResponse
) -> None:
    response_both_ways(octets, response)


@pytest.mark.parametrize(
    "octets",
    [
        b"SEARCH x",
        b"SEARCH 1 x",
        b"SEARCH 1 (MODSEQ)",
        b"ESEARCH (TAG",
        b"ESEARCH COUNT x",
        b"ESEARCH ALL 0",
        b"ESEARCH (X 1)",
    ],
)
def test_what_is_no_search_response_is_malformed(octets: bytes) -> None:
    assert malformed(octets)


def test_a_million_numbers_in_one_line_are_read() -> None:
    from desktopmail.wire.imap.client import Untagged
    from tests.helpers.imap import client_events, new_client

    line = b"* SEARCH " + b" ".join(b"%d" % n for n in range(1, 1_000_001)) + b"\r\n"
    pieces = [line[at : at + 262144] for at in range(0, len(line), 262144)]
    (event,) = client_events(new_client(), pieces)
    assert isinstance(event, Untagged)
    assert len(event.value.numbers) == 1_000_000  # type: ignore[union-attr]
    assert read_response(b"SEARCH 1 ") == SearchResponse((1,))
