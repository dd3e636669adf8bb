"""Our query in the words of IMAP: what a server is asked, and what it need not be asked."""

from __future__ import annotations

import pytest

from desktopmail.door.search import tree
from desktopmail.engine.sync.search import Place, charset_of, key_of, uids
from desktopmail.net.endpoint import Endpoint, Security
from desktopmail.net.imap import ImapClient
from desktopmail.net.ports import system_ports
from desktopmail.wire.imap.search import Search
from desktopmail.wire.imap.search_key import EVERYTHING, encode_keys
from desktopmail.wire.imap.sequence import Uid, UidSet
from desktopmail.wire.imap.writer import octets_of
from desktopmail.wire.secret import Secret
from localserver.local import LocalServer
from tests.helpers.engine import PASSWORDS
from tests.helpers.store import mail

PLACE = Place(
    frozenset({"lists/python", "archive"}),
    frozenset({"work", "ann@example.org"}),
    {"Work": "work"}.get,
)


def asked(query: str) -> str | None:
    key = key_of(tree(query), PLACE)
    if key is None:
        return None
    return octets_of(lambda writer: encode_keys(writer, key)).decode()


@pytest.mark.parametrize(
    ("query", "key"),
    [
        ("", "ALL"),
        ("party", "TEXT party"),
        ("party lake", "TEXT party TEXT lake"),
        ("invo*", "TEXT invo"),
        ('"summer party"', 'TEXT "summer party"'),
        ("Re: party", "TEXT Re: TEXT party"),
        ("from:ben", "FROM ben"),
        ("to:zoe", "OR TO zoe OR CC zoe BCC zoe"),
        ("subject:invoice body:pay", "SUBJECT invoice BODY pay"),
        ("filename:plan.pdf", "TEXT plan.pdf"),
        ("has:attachment", "HEADER Content-Type multipart/mixed"),
        ("is:unread is:flagged", "UNSEEN FLAGGED"),
        ("is:read is:draft is:answered", "SEEN DRAFT ANSWERED"),
        ("is:forwarded", "KEYWORD $Forwarded"),
        ("before:2026-01-31 after:2025-12-01", "SENTBEFORE 31-Jan-2026 SENTSINCE 1-Dec-2025"),
        ("larger:10k smaller:1M", "LARGER 10240 SMALLER 1048576"),
        ("a OR b OR c", "OR TEXT a OR TEXT b TEXT c"),
        ("a (b OR c)", "TEXT a OR TEXT b TEXT c"),
        ("-party", "NOT TEXT party"),
        ("-(a b)", "NOT (TEXT a TEXT b)"),
        ("tag:Work", "KEYWORD work"),
        ("tag:nobody", None),
        ("party in:archive", "TEXT party"),
        ("party in:Lists/Python account:work", "TEXT party"),
        ("party in:inbox", None),
        ("party account:home", None),
        ("party -in:inbox", "TEXT party"),
        ("party -in:archive", None),
        ("a OR in:inbox", "TEXT a"),
        ("a OR in:archive", "ALL"),
        ("in:inbox OR in:sent", None),
    ],
)
def test_a_query_becomes_a_key(query: str, key: str | None) -> None:
    assert asked(query) == key


def test_a_string_that_is_not_ascii_is_told_with_its_charset() -> None:
    for query, charset in (
        ("party", None),
        ("Grüße", "UTF-8"),
        ("a OR -(b from:Köln)", "UTF-8"),
        ("has:attachment is:unread", None),
    ):
        key = key_of(tree(query), PLACE)
        assert key is not None
        assert charset_of(key) == charset


def test_no_query_can_put_a_line_end_or_a_nul_on_the_wire() -> None:
    key = key_of(tree('"a\r\nX LOGOUT" from:b\0c'), PLACE)
    assert key is not None
    said = octets_of(Search(key).encode)
    assert said == b'UID SEARCH TEXT "a X LOGOUT" (FROM b FROM c)'


@pytest.mark.parametrize("without", [(), ("ESEARCH",)], ids=["esearch", "plain"])
async def test_the_answer_is_the_same_by_either_form(without: tuple[str, ...]) -> None:
    with LocalServer(PASSWORDS, without=without) as server:
        for number in range(4):
            server.deliver("alice", mail(number, body="zebra" if number % 2 else "horse"))
        endpoint = Endpoint("127.0.0.1", server.ports["imap"], Security.NONE)
        client = await ImapClient.connect(endpoint, ports=system_ports())
        await client.login("alice", Secret(PASSWORDS["alice"]))
        await client.select("INBOX")
        key = key_of(tree("zebra"), PLACE)
        assert key is not None
        assert await uids(client, key) == UidSet.of([Uid(2), Uid(4)])
        assert len(await uids(client, EVERYTHING)) == 4
        await client.aclose()
