"""Texts in messages, whether SQLite looks for them or they are read piece by piece."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from localserver.local import LocalServer
from localserver.steps import Work
from localserver.store import look
from localserver.store.folding import folded
from localserver.store.look import Look, Text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from localserver.store.account import Account

TABLES = (
    "entry JOIN message ON message.id=entry.message"
    " JOIN finding ON finding.message=entry.message"
    " JOIN content ON content.message=entry.message"
)
PLAIN = b"Subject: Plain\r\nX-Ticket: 4711\r\n\r\nThe Quick Brown Fox\r\n"
ENCODED = (
    b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\nRMOkdW1saW5nIHVuZCBGb3g=\r\n"
)


@pytest.fixture
async def account() -> AsyncIterator[Account]:
    async with LocalServer({"alice": "secret"}) as server:
        await server.deliver_async("alice", PLAIN)
        await server.deliver_async("alice", ENCODED)
        found = await server.server.context.store.account("alice")
        await found.summarise()
        yield found


def uids(account: Account, condition: str, *texts: Text) -> list[int]:
    """Messages that a condition is true of, in which the texts are {0}, {1}, …; small: never."""
    placed = [text.sql(number, "0") for number, text in enumerate(texts, 1)]
    number = account.mailbox("INBOX").number
    wanted = Look("uid", TABLES, condition.format(*placed), (), number, 9, texts)
    work = Work(wanted.steps(account._database.read))
    while not work.go_on():
        pass
    return [row[0] for row in work.result]


@pytest.mark.parametrize("octets", [1, 3, 1000])
@pytest.mark.parametrize(
    ("text", "found"),
    [
        (Text("quick brown", "BODY"), [1]),
        (Text("fox", "BODY"), [1, 2]),
        (Text("fox", "TEXT"), [1, 2]),
        (Text("plain", "BODY"), []),
        (Text("plain", "TEXT"), [1, 2]),
        (Text("x-ticket", "TEXT"), [1]),
        (Text(folded("D\xe4umling"), "TEXT"), [2]),
        (Text("", "BODY"), [1, 2]),
        (Text("471", ":X-TICKET"), [1]),
        (Text("", ":x-ticket"), [1]),
        (Text("", ":x-other"), []),
    ],
)
async def test_what_is_read_in_pieces_is_found_wherever_they_end(
    text: Text, found: list[int], octets: int, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(look, "_LARGE_OCTETS", 0)
    monkeypatch.setattr(look, "_PIECE_OCTETS", octets)
    assert uids(account, "{0}", text) == found
    assert uids(account, "NOT ({0})", text) == [uid for uid in (1, 2) if uid not in found]


async def test_only_messages_that_hang_on_it_are_read(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    real = look._found

    def seen(connection: object, message: int, texts: object) -> object:
        read.append(message)
        return real(connection, message, texts)  # type: ignore[arg-type]

    monkeypatch.setattr(look, "_LARGE_OCTETS", 0)
    monkeypatch.setattr(look, "_found", seen)
    fox = Text("fox", "BODY")
    assert uids(account, "uid=2 AND {0}", fox) == [2]
    assert uids(account, "uid=1 OR {0}", fox) == [1, 2]
    assert read == [2, 2]


async def test_small_messages_are_left_to_sqlite(account: Account) -> None:
    assert uids(account, "{0}", Text("fox", "BODY")) == []
