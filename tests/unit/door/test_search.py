"""The search language finds what it says, in any script, and says what it cannot read."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.door.reader import SqliteReader
from desktopmail.door.rows import View
from desktopmail.door.search import SearchError, parse, size_of, tree
from desktopmail.door.terms import All, Any, Leaf, Not, Term
from desktopmail.door.words import EVERY
from tests.helpers.store import add_account, inbox_of, mail, open_store, put

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

MAILS = {
    1: {"subject": "Summer party", "body": "We meet at the lake, bring salad."},
    2: {"subject": "Invoice 2026-17", "sender": "Billing <billing@shop.example>", "body": "Pay."},
    3: {"subject": "Re: Summer party", "body": "I bring cake. Grüße aus Köln"},
    4: {"subject": "会議のお知らせ", "body": "明日の会議は東京駅で行います。"},
    5: {"subject": "party invoice", "to": "Zoë <zoe@example.org>", "body": "x" * 4000},
}


@pytest.fixture
async def reader(tmp_path: Path) -> AsyncIterator[SqliteReader]:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        mails = [mail(number, hour=number, **fields) for number, fields in MAILS.items()]
        await store.write(lambda tx: put(tx, inbox_of(tx, account_id), mails))
        opened = SqliteReader(store.profile)
        yield opened
        opened.close()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("party", [5, 3, 1]),
        ("PARTY summer", [3, 1]),
        ('"summer party"', [3, 1]),
        ('"party summer"', []),
        ("invo*", [5, 2]),
        ("party -cake", [5, 1]),
        ("party -cake -salad", [5]),
        ("party -(cake salad)", [5, 3, 1]),
        ("party -is:unread", []),
        ("(party -cake) OR from:billing", [5, 2, 1]),
        ("-party", [4, 2]),
        ("-party -会", [2]),
        ("-(party is:unread)", [4, 2]),
        ("-(party OR is:read) -invoice", [4]),
        ("-is:read from:billing", [2]),
        ("is:read", []),
        ("p*", [5, 3, 2, 1]),
        ("PA*", [5, 3, 2, 1]),
        ("part*", [5, 3, 1]),
        ("party*", [5, 3, 1]),
        ("subject:p* -subject:s*", [5]),
        ("subject:pa*", [5, 3, 1]),
        ("from:b*", [2]),
        ("to:zo* i*", [5]),
        ("in*", [5, 2]),
        ("kö*", [3]),
        ("i*", [5, 3, 2]),
        ("summer-p*", [3, 1]),
        ("会*", [4]),
        ("会議*", [4]),
        ("-b* -subject:会*", [5]),
        ("q*", []),
        ("cake OR salad", [3, 1]),
        ("(cake OR salad) re", [3]),
        ("-(cake OR salad) party", [5]),
        ("subject:invoice", [5, 2]),
        ("from:billing", [2]),
        ("from:billing@shop.example", [2]),
        ("to:zoe", [5]),
        ("body:party", []),
        ("grusse koln", [3]),
        ("会議", [4]),
        ("東京駅", [4]),
        ("京東", []),
        ("larger:2K", [5]),
        ("smaller:2k party", [3, 1]),
        ("after:2026-11-01 before:2026-11-04 invoice", [5, 2]),
        ("after:2027-01-01", []),
        ("in:inbox from:billing", [2]),
        ("in:Sent", []),
        ("account:work is:unread cake", [3]),
        ("account:home", []),
        ("has:attachment", []),
        ("cake OR is:flagged", [3]),
        ("cake OR larger:2K", [5, 3]),
        ("nosuchfield:cake", []),
        ("Re: party", [3]),
        ('"unclosed summer', []),
        ('"summer par', []),
        ("...", [5, 4, 3, 2, 1]),
        ("__ from:_* -()", [5, 4, 3, 2, 1]),
        ("after:0001-01-01 before:9999-12-31", [5, 4, 3, 2, 1]),
        ("before:0001-01-01", []),
        (f"smaller:{'9' * 5000}", [5, 4, 3, 2, 1]),
        ("-larger:9999999999G", [5, 4, 3, 2, 1]),
        ("larger:9999999999G", []),
        ("tag:\ud800", []),
    ],
)
def test_a_query_finds(reader: SqliteReader, query: str, expected: list[int]) -> None:
    view = View(query=query)
    rows = reader.window(view, 0, 100)
    assert [row.message_id for row in rows] == expected
    assert reader.count(view) == len(expected)
    assert [reader.position(view, row.id) for row in rows] == list(range(len(expected)))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("filename:tulpen", ["2"]),
        ("filename:plan", ["1", "2"]),
        ("filename:pl*", ["1", "2"]),
        ("filename:PLAN has:attachment -filename:tulpen", ["1"]),
        ("tulpen", ["2"]),
        ("has:attachment", ["1", "2"]),
        ("subject:tulpen", []),
        ("filename:hello", []),
    ],
)
async def test_attachments_are_found_by_their_names(
    query: str, found: list[str], tmp_path: Path
) -> None:
    names = ["Plan 2026.pdf", "Tulpen-Plan.png", ""]
    mails = [
        mail(number, subject=str(number), body=f"Hello.{file_part(name) if name else ''}").replace(
            b"text/plain; charset=utf-8",
            b"multipart/mixed; boundary=cut" if name else b"text/plain",
        )
        for number, name in enumerate(names, 1)
    ]
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        await store.write(lambda tx: put(tx, inbox_of(tx, account_id), mails))
        opened = SqliteReader(store.profile)
        assert sorted(row.subject for row in opened.window(View(query=query), 0, 9)) == found
        opened.close()


def file_part(name: str) -> str:
    """The parts of a message with one file."""
    return (
        "\r\n--cut\r\nContent-Type: text/plain\r\n\r\nHello.\r\n--cut\r\n"
        f'Content-Type: application/octet-stream; name="{name}"\r\n'
        f'Content-Disposition: attachment; filename="{name}"\r\n\r\nx\r\n--cut--\r\n'
    )


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("before:yesterday", "before:yesterday is not a date; write it as before:2026-01-31."),
        ("larger:huge", "larger:huge is not a size; write it as larger:10M."),
        ("is:nice", "is:nice is not known"),
        ("From:", "from: has no value; write it without a space, as in from:ben."),
        ("from: ben", "from: has no value"),
        ("tulips -is:", "is: has no value"),
        ('subject:""', "subject: has no value"),
        ("(in: )", "in: has no value; write it without a space, as in in:archive."),
        ("has:cat", "has:cat is not known"),
        ("(a b", "never closes"),
        ("a) b", "never opened"),
        ("a " * 2000, "The query is too long; leave out some of its words."),
        ("(" * 2000, "The query is too long"),
        ("(" * 17 + "a" + ")" * 17, "too many parentheses in one another"),
    ],
)
def test_what_cannot_be_read_is_said(query: str, sentence: str) -> None:
    with pytest.raises(SearchError) as caught:
        parse(query)
    assert sentence in caught.value.sentence
    assert caught.value.code == "bad-query"


@given(st.text(alphabet='ab"*:-() ORfromis.会é\0\n', max_size=30))
def test_whatever_is_typed_is_a_query_or_a_sentence(query: str) -> None:
    try:
        condition = parse(query)
    except SearchError:
        return
    assert condition.where.count("?") == len(condition.parameters)


@pytest.mark.parametrize("one", ["-a", "tag:a", "larger:1", "a*", "(a OR is:read)", "-(a is:read)"])
@pytest.mark.parametrize("between", [" ", " OR ", " OR (", " -("])
def test_a_query_that_is_as_long_as_it_may_be_is_looked_for(
    reader: SqliteReader, one: str, between: str
) -> None:
    parts = [one.replace("a", f"a{number}", 1) for number in range(200)]
    for many in range(200, 0, -1):
        query = between.join(parts[:many]) + ")" * ("(" in between) * (many - 1)
        try:
            parse(query)
        except SearchError:
            continue
        reader.window(View(query=query), 0, 10)
        reader.count(View(query=query))
        break


def test_a_query_is_a_tree_of_terms_as_they_were_typed() -> None:
    def terms(node: object) -> object:
        if isinstance(node, Leaf):
            return node.term
        if isinstance(node, Not):
            return ("not", terms(node.inner))
        assert isinstance(node, All | Any)
        return (type(node).__name__.lower(), *map(terms, node.parts))

    assert terms(tree('From:ben "a phrase" invo* -is:unread (in:Archive OR re:x)')) == (
        "all",
        Term("from", "ben"),
        Term("", "a phrase", is_phrase=True),
        Term("", "invo"),
        ("not", Term("is", "unread")),
        ("any", Term("in", "Archive"), Term("", "re x")),
    )


def test_a_size_is_in_octets() -> None:
    assert [size_of("larger", text) for text in ("7", "2k", "3MB", "1G")] == [
        7,
        2 * 1024,
        3 * 1024**2,
        1024**3,
    ]
    with pytest.raises(SearchError, match="smaller:big is not a size"):
        size_of("smaller", "big")


def test_words_are_kept_off_by_the_index_and_not_by_a_list_of_all_they_stand_in() -> None:
    found = parse("party -cake -is:unread")
    assert found.match == '(("party")) NOT ("cake")'
    assert "words" not in found.where


def test_what_only_lacks_words_is_looked_for_among_all_that_the_index_has() -> None:
    found = parse("-cake -(salad OR is:unread)")
    assert found.match == f'(("{EVERY}")) NOT ("cake") NOT ("salad")'
    assert found.where == "(p.flags & 1 <> 0)"


def test_mailboxes_and_dates_that_every_hit_has_are_known_before_it_is_looked_for() -> None:
    found = parse("cake in:Archive after:2026-01-01 after:2026-03-01 before:2026-05-01 (a OR in:b)")
    assert [one.parameters for one in found.within] == [("Archive", "Archive")]
    days = [dt.date(2026, month, 1) for month in (3, 5)]
    midnights = [dt.datetime(day.year, day.month, day.day).astimezone().timestamp() for day in days]
    assert [found.since_s, found.until_s] == midnights
    assert parse("-in:b OR after:2026-01-01").since_s is None
