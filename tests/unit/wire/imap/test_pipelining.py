"""The client's machine."""

from __future__ import annotations

import pytest

from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.imap.condition import Tagged
from desktopmail.wire.imap.copy import Copy
from desktopmail.wire.imap.enable import Enable
from desktopmail.wire.imap.expunge import Expunge
from desktopmail.wire.imap.fetch import Fetch
from desktopmail.wire.imap.fetch_item import Item
from desktopmail.wire.imap.logout import Logout
from desktopmail.wire.imap.noop import Noop
from desktopmail.wire.imap.search import Search
from desktopmail.wire.imap.search_key import EVERYTHING, Among, Not
from desktopmail.wire.imap.select import Close, Select, Unselect
from desktopmail.wire.imap.sequence import SeqSet, UidSet
from desktopmail.wire.imap.sort import Sort, SortBy, SortKey
from desktopmail.wire.imap.state import State
from desktopmail.wire.imap.status import Status, StatusItem
from desktopmail.wire.imap.store import Store, StoreMode
from desktopmail.wire.imap.thread import Thread
from tests.helpers.imap import client_events, new_client, octets_of

UIDS = Fetch(UidSet.all(), (Item.FLAGS,))

SEQS = Fetch(SeqSet.all(), (Item.FLAGS,))

STORE = Store(SeqSet.all(), StoreMode.ADD, frozenset())


def test_a_pipeline_is_answered_in_any_order() -> None:
    client = new_client()
    tags = [client.send(UIDS), client.send(Noop()), client.send(Status("a", (StatusItem.SIZE,)))]
    events = client_events(client, [b"A3 OK\r\nA1 OK\r\n* 3 EXISTS\r\nA2 OK\r\n"])
    assert [event.tag for event in events if isinstance(event, Tagged)] == [
        tags[2],
        tags[0],
        tags[1],
    ]


def test_a_fetch_may_follow_a_select_at_once() -> None:
    client = new_client(State.AUTHENTICATED)
    client.send(Select("INBOX"))
    client.send(UIDS)
    assert octets_of(client.take_output()) == b"A1 SELECT INBOX\r\nA2 UID FETCH 1:* (FLAGS)\r\n"
    client_events(client, [b"A1 NO no such mailbox\r\nA2 BAD nothing selected\r\n"])
    assert client.state is State.AUTHENTICATED


@pytest.mark.parametrize(
    ("sent", "following", "allowed"),
    [
        (SEQS, SEQS, True),
        (SEQS, STORE, True),
        (STORE, SEQS, True),
        (Noop(), SEQS, False),
        (Noop(), UIDS, True),
        (UIDS, SEQS, False),
        (UIDS, UIDS, True),
        (Expunge(), STORE, False),
        (Expunge(), UIDS, True),
        (Noop(), Search(Not(Among(SeqSet.parse(b"1")))), False),
        (Noop(), Search(EVERYTHING), True),
        (Search(EVERYTHING), Search(EVERYTHING), False),
        (Status("a", (StatusItem.SIZE,)), Status("b", (StatusItem.SIZE,)), False),
        (Logout(), Noop(), False),
        (Noop(), Logout(), False),
        (Select("a"), UIDS, True),
        (Select("a"), Expunge(UidSet.parse(b"1")), False),
        (Select("a"), Close(), False),
        (Select("a"), Copy(UidSet.all(), "b"), False),
        (Select("a"), SEQS, False),
        (Select("a"), Select("b"), False),
        (Close(), Close(), False),
        (Close(), UIDS, False),
        (Unselect(), Expunge(), False),
        (Close(), Select("b"), True),
        (Close(), Noop(), True),
        (Enable(frozenset({"QRESYNC"})), Select("ä"), True),
        # How the name of a mailbox is written depends on its answer.
        (Enable(frozenset({"UTF8=ACCEPT"})), Select("ä"), False),
        (Enable(frozenset({"IMAP4REV2"})), Status("ä", (StatusItem.SIZE,)), False),
        (Sort((SortBy(SortKey.DATE),), EVERYTHING, uid=False), SEQS, True),
        (Sort((SortBy(SortKey.DATE),), EVERYTHING, uid=True), SEQS, False),
        (Thread("REFERENCES", EVERYTHING, uid=False), STORE, True),
    ],
)
def test_pipelining_follows_rfc_9051_section_5_5(
    sent: Noop, following: Noop, allowed: bool
) -> None:
    client = new_client()
    client.send(sent)
    assert client.may_send(following) is allowed
    if not allowed:
        with pytest.raises(LocalProtocolError, match=r"wait|ended"):
            client.send(following)
    client_events(client, [b"A1 OK x\r\n"])
    if client.state is State.SELECTED:
        assert client.may_send(following)
