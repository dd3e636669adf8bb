"""Keys of SEARCH."""

from __future__ import annotations

import time
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.imap.limits import MAX_NESTING
from desktopmail.wire.imap.search import Search
from desktopmail.wire.imap.search_key import (
    EVERYTHING,
    WITH_DAY,
    WITH_NUMBER,
    WITH_STRING,
    WORDS,
    Among,
    And,
    Dated,
    Fuzzy,
    Has,
    HeaderHas,
    Is,
    ModSeq,
    Not,
    Or,
    SearchKey,
    Sized,
)
from desktopmail.wire.imap.sequence import SeqSet, UidSet
from tests.helpers.imap import (
    encoded,
    new_server,
    read_command,
    server_events,
)

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
