"""Search keys as SQL conditions."""

from __future__ import annotations

from array import array
from datetime import UTC, date, datetime
from functools import partial
from types import SimpleNamespace

import pytest

from desktopmail.wire.imap.search_key import Among, And, Dated, Has, Is, Keyword, Not, Or, Sized
from desktopmail.wire.imap.sequence import SeqSet
from localserver.imap.search_charset import UnknownCharsetError
from localserver.imap.search_sql import Compiler
from localserver.imap.view import View
from localserver.store.errors import LimitError
from localserver.store.flags import FlagTable
from localserver.store.folding import folded

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def compiler(charset: str | None = None) -> Compiler:
    view = SimpleNamespace(uids=array("I", [1, 2, 5]), recent=set())
    return Compiler(view, FlagTable({8: "$Todo"}), charset, NOW)  # type: ignore[arg-type]


def over(uids: range) -> Compiler:
    """A compiler for a mailbox with these UIDs."""
    view = SimpleNamespace(uids=array("I", uids), recent=set())
    view.ranges = partial(View.ranges, view)  # type: ignore[arg-type]
    return Compiler(view, FlagTable({}), None, NOW)  # type: ignore[arg-type]


def test_cheap_keys_come_before_those_that_read_contents() -> None:
    condition = compiler().compile(And((Has("TEXT", b"x"), Has("FROM", b"y"), Is("SEEN"))))
    places = [condition.sql.index(piece) for piece in ("flags & 1", "from_text", "body_text")]
    assert places == sorted(places)
    assert condition.bindings == ("y", "x", "x", "x", "x")  # subject, header, parts, body
    assert condition.cost == 2


def test_strings_are_bound_and_never_part_of_the_statement() -> None:
    condition = compiler().compile(Has("SUBJECT", b"') OR 1=1 --"))
    assert "1=1" not in condition.sql
    assert condition.bindings == ("') or 1=1 --",)


def test_a_keyword_nobody_has_matches_nothing() -> None:
    assert compiler().compile(Keyword("nothing")).sql == "0"  # type: ignore[arg-type]
    assert compiler().compile(Keyword("$todo")).sql == "flags & 256"  # type: ignore[arg-type]


def test_many_keys_make_a_shallow_tree() -> None:
    condition = compiler().compile(Or(And(tuple([Is("SEEN")] * 990)), Not(Is("DRAFT"))))
    depth = most = 0
    for character in condition.sql:
        depth += (character == "(") - (character == ")")
        most = max(most, depth)
    assert most < 30


def test_dates_are_compared_by_day_in_the_zone_of_the_message() -> None:
    condition = compiler().compile(Dated("ON", date(1970, 1, 2)))
    assert condition.bindings == (719_164,)
    assert "zone" in condition.sql


def test_older_and_younger_count_from_now() -> None:
    assert compiler().compile(Sized("YOUNGER", 60)).bindings == (int(NOW.timestamp()) - 60,)


def test_strings_are_compared_as_their_charset_says() -> None:
    condition = compiler("ISO-8859-1").compile(Has("SUBJECT", b"\xdcBER"))
    assert condition.bindings == (folded("\u00fcber"),)


@pytest.mark.parametrize(
    ("charset", "octets"),
    [("UTF-8", b"\xff"), ("US-ASCII", b"\xff"), ("EUC-JP", b"\xff"), ("ISO-8859-7", b"\xff")],
)
def test_octets_that_are_not_in_the_charset_are_refused(charset: str, octets: bytes) -> None:
    with pytest.raises(UnknownCharsetError):
        compiler(charset).compile(Has("TEXT", octets))


def test_a_search_of_more_keys_than_any_client_has_is_refused() -> None:
    with pytest.raises(LimitError, match="1000 keys"):
        compiler().compile(And(tuple([Is("SEEN")] * 1000)))


def test_sets_are_told_by_their_ends_and_not_message_by_message() -> None:
    few = over(range(10, 100_000, 10)).compile(Among(SeqSet.parse(b"2:4,9:*")))
    assert few.bindings == (20, 40, 90, 99_990)


def test_sets_that_list_more_messages_than_there_can_be_are_refused() -> None:
    uids = range(2, 200_000, 2)
    holes = Among(SeqSet.parse(b"1,3,5,7,9,11,13,15,17:*"))
    assert over(uids).compile(And((holes, holes))).cost == 0
    with pytest.raises(LimitError, match="2000000 messages"):
        over(uids).compile(And((holes,) * 25))
