"""Ids that tell UIDVALIDITY and UID are believed after samples; one that disagrees ends that."""

from __future__ import annotations

import itertools
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from desktopmail.door.commands import Password, ServerSettings, SwitchAccount
from desktopmail.door.interface import DoorError
from desktopmail.door.rows import Kind, Security
from desktopmail.engine.switch import Switching
from desktopmail.engine.sync import uidl
from desktopmail.net.errors import RefusedError
from desktopmail.net.imap import ImapClient
from desktopmail.wire.imap.fetch_item import BodyItem
from desktopmail.wire.imap.section import HEADER
from localserver.faults import Fault
from localserver.local import LocalServer
from tests.helpers.engine import PASSWORDS, Bench, running_engine
from tests.helpers.store import mail

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from pathlib import Path

    from desktopmail.door.ids import AccountId
    from desktopmail.engine.store.store import Transaction
    from desktopmail.wire.imap.sequence import UidSet

MANY = 50
ALL = set(range(1, MANY + 1))
VALIDITY = 1_265_581_102


@pytest.mark.parametrize("form", uidl.forms(), ids=lambda form: form.name)
def test_each_form_of_the_table_reads_its_example_and_names_its_source(form: uidl.Form) -> None:
    assert form.read(form.example) == (VALIDITY, 10)
    assert uidl.told([form.example], VALIDITY) == {form.example: 10}
    assert form.servers
    assert form.source
    for other in ("", "x", form.example + " ", f"{form.example}\n", "0", "UID4-1201512345"):
        assert form.read(other) is None


@pytest.mark.parametrize(
    ("uidl_format", "told"),
    [
        ("cyrus", f"{VALIDITY}.10"),
        ("dovecot", f"{10:08x}{VALIDITY:08x}"),
        ("courier", f"{VALIDITY}-10"),
        ("uidonly", "10"),
    ],
)
def test_each_uidl_format_of_cyrus_tells_what_is_in_it(uidl_format: str, told: str) -> None:
    known = {} if uidl_format == "uidonly" else {told: 10}
    assert uidl.told([told], VALIDITY) == known
    named = [name for form in uidl.forms() for name in form.servers if f": {uidl_format}" in name]
    assert len(named) == len(known)


def test_ids_tell_nothing_under_another_uidvalidity_or_where_two_tell_the_same() -> None:
    assert uidl.told(["1265581102.7"], VALIDITY + 1) == {}
    assert uidl.told(["7", "8", "GmailId16a1b2c3d4e5f607"], VALIDITY) == {}
    # Of two forms at once that counts which reads more.
    ids = ["1265581102.1", "1265581102-1", "1265581102-2", "a.eml"]
    assert uidl.told(ids, VALIDITY) == {"1265581102-1": 1, "1265581102-2": 2}


@pytest.mark.parametrize("count", [uidl.SAMPLES + 1, 57, 10_000])
def test_samples_are_spread_from_the_first_to_the_last(count: int) -> None:
    found = uidl.spread(range(count))
    assert len(set(found)) == uidl.SAMPLES
    assert (found[0], found[-1]) == (0, count - 1)
    gaps = [after - before for before, after in itertools.pairwise(found)]
    assert max(gaps) - min(gaps) <= 1


def bare(number: int) -> bytes:
    """Without a Message-ID: its header tells nothing for sure."""
    return b"From: cron@example.org\r\nSubject: done\r\n\r\n%d\r\n" % number


def settings(server: LocalServer, kind: Kind) -> ServerSettings:
    return ServerSettings(
        host="127.0.0.1", port=server.ports[kind.value], security=Security.NONE, user="alice"
    )


@asynccontextmanager
async def filled(
    tmp_path: Path, kind: Kind, make: Callable[[int], bytes], count: int = MANY
) -> AsyncIterator[tuple[LocalServer, Bench, AccountId]]:
    with LocalServer(PASSWORDS) as server:
        for number in range(count):
            server.deliver("alice", make(number))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server, kind=kind)
            await bench.sync(account_id)
            yield server, bench, account_id


async def switch(server: LocalServer, bench: Bench, account_id: AccountId, kind: Kind) -> list[str]:
    """Switch, with nothing doubled; returns what was asked for by messages."""
    before = {row.id: row.message_id for row in bench.rows()}
    said = len(server.transcript.commands())
    await bench.engine.command(
        SwitchAccount(
            account_id=account_id,
            kind=kind,
            incoming=settings(server, kind),
            password=Password(PASSWORDS["alice"]),
        )
    )
    assert {row.id: row.message_id for row in bench.rows()} == before
    assert bench.reader.problems() == []
    asked = ("TOP", "RETR", "UID FETCH")
    return [line for line in server.transcript.commands()[said:] if line.startswith(asked)]


async def uids(bench: Bench) -> dict[str, int]:
    rows = await bench.engine.store.read(
        lambda tx: tx.fetch(
            "SELECT m.subject, p.uid FROM placement AS p JOIN message AS m ON m.id = p.message_id"
            " JOIN mailbox AS b ON b.id = p.mailbox_id WHERE b.role = 'inbox'"
        )
    )
    return dict(rows)


@pytest.mark.parametrize("make", [mail, bare])
async def test_from_pop3_to_imap_twenty_headers_are_looked_at(
    tmp_path: Path, make: Callable[[int], bytes]
) -> None:
    async with filled(tmp_path, Kind.POP3, make) as (server, bench, account_id):
        samples, rest = await switch(server, bench, account_id, Kind.IMAP)
        assert samples.endswith("(UID BODY.PEEK[HEADER])")
        assert samples.split()[2].count(",") == uidl.SAMPLES - 1
        assert rest.startswith(f"UID FETCH 1:{MANY} (UID FLAGS INTERNALDATE")
        if make is mail:
            told = {one.subject: number for number, one in enumerate(server.messages("alice"), 1)}
            assert await uids(bench) == told
        assert await switch(server, bench, account_id, Kind.POP3) == []


@pytest.mark.parametrize("make", [mail, bare])
async def test_from_imap_to_pop3_twenty_headers_are_looked_at(
    tmp_path: Path, make: Callable[[int], bytes]
) -> None:
    async with filled(tmp_path, Kind.IMAP, make) as (server, bench, account_id):
        asked = await switch(server, bench, account_id, Kind.POP3)
        assert len(asked) == uidl.SAMPLES
        assert all(line.startswith("TOP") for line in asked)
        assert (asked[0], asked[-1]) == ("TOP 1 0", f"TOP {MANY} 0")
        # From now on the server's own ids are known.
        server.deliver("alice", mail(900))
        said = len(server.transcript.commands())
        await bench.sync(account_id)
        assert len(bench.rows()) == MANY + 1
        retrieved = [line for line in server.transcript.commands()[said:] if "RETR" in line]
        assert retrieved == [f"RETR {MANY + 1}"]


async def test_what_came_meanwhile_is_fetched_beside_what_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with filled(tmp_path, Kind.POP3, mail) as (server, bench, account_id):

        async def arrives(*_arguments: object) -> None:
            server.deliver("alice", mail(900))

        monkeypatch.setattr(Switching, "_tell_what_waits", arrives)
        await bench.engine.command(
            SwitchAccount(
                account_id=account_id,
                kind=Kind.IMAP,
                incoming=settings(server, Kind.IMAP),
                password=Password(PASSWORDS["alice"]),
            )
        )
        assert len(bench.rows()) == MANY + 1
        fetched = [line for line in server.transcript.commands() if "BODY.PEEK[]" in line]
        assert fetched == [f"UID FETCH {MANY + 1} (UID BODY.PEEK[])"]


@pytest.mark.parametrize("first", [Kind.POP3, Kind.IMAP])
async def test_one_sample_that_disagrees_has_every_header_looked_at(
    tmp_path: Path, first: Kind
) -> None:
    """Ids that seem to tell UIDs and tell others: the last two have changed places."""
    async with filled(tmp_path, first, mail) as (server, bench, account_id):
        other = Kind.IMAP if first is Kind.POP3 else Kind.POP3

        def swap(tx: Transaction) -> None:
            if first is Kind.POP3:
                (one, last) = tx.fetch("SELECT uidl FROM pop_seen ORDER BY uidl DESC LIMIT 2")
                for old, new in ((one, ("x",)), (last, one), (("x",), last)):
                    tx.execute("UPDATE pop_seen SET uidl = ? WHERE uidl = ?", (*new, *old))
            else:
                for old, new in ((MANY, 0), (MANY - 1, MANY), (0, MANY - 1)):
                    tx.execute("UPDATE placement SET uid = ? WHERE uid = ?", (new, old))

        await bench.engine.store.write(swap)
        asked = await switch(server, bench, account_id, other)
        if other is Kind.IMAP:
            assert not any("UID FLAGS INTERNALDATE)" in line for line in asked)
            assert f"UID FETCH 1:{MANY}" in asked[1]
            assert "BODY.PEEK[HEADER]" in asked[1]
            told = {one.subject: number for number, one in enumerate(server.messages("alice"), 1)}
            assert await uids(bench) == told
        else:
            assert sum(line.startswith("TOP") for line in asked) == uidl.SAMPLES + MANY
        assert not any("RETR" in line or "BODY.PEEK[]" in line for line in asked)


@pytest.mark.parametrize("refused", [1, 4, uidl.SAMPLES + 1])
async def test_where_the_header_of_a_sample_is_refused_by_imap_another_is_looked_at(
    refused: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch = ImapClient.uid_fetch
    damaged = set(uidl.spread(range(1, MANY + 1))[:refused]) if refused < uidl.SAMPLES else ALL
    asked: list[int] = []

    async def uid_fetch(client: ImapClient, uids: UidSet, items: Any, **more: Any) -> Any:
        if BodyItem(HEADER) in items:
            asked.append(len(uids))
            if damaged & set(uids):
                raise RefusedError("It is damaged.", reply=None, code="serverbug")
        async for answer in fetch(client, uids, items, **more):
            yield answer

    monkeypatch.setattr(ImapClient, "uid_fetch", uid_fetch)
    async with filled(tmp_path, Kind.POP3, mail) as (server, bench, account_id):
        if refused < uidl.SAMPLES:
            said = await switch(server, bench, account_id, Kind.IMAP)
            assert said[-1].startswith(f"UID FETCH 1:{MANY} (UID FLAGS INTERNALDATE")
            assert MANY not in asked
            told = {one.subject: number for number, one in enumerate(server.messages("alice"), 1)}
            assert await uids(bench) == told
        else:  # it is the server, and said so
            with pytest.raises(DoorError, match="It is damaged"):
                await switch(server, bench, account_id, Kind.IMAP)
            assert len(bench.rows()) == MANY


@pytest.mark.parametrize("refused", [1, 4])
async def test_where_the_header_of_a_sample_is_refused_by_pop3_another_is_looked_at(
    refused: int, tmp_path: Path
) -> None:
    async with filled(tmp_path, Kind.IMAP, mail) as (server, bench, account_id):
        for number in uidl.spread(range(1, MANY + 1))[:refused]:
            server.add_fault(
                Fault(protocol="pop3", command="TOP", argument=f"^{number} ", reply="-ERR no")
            )
        asked = await switch(server, bench, account_id, Kind.POP3)
        assert len(asked) == uidl.SAMPLES + refused


@pytest.mark.parametrize(
    ("told", "agree", "rounds"),
    [
        ([20], True, 1),
        ([19, 1], True, 2),
        ([19, 0, 1], True, 3),
        ([None], False, 1),
        ([19, None], False, 2),
        ([0], False, 1),  # none of them
        ([1, 1, 1, 1], False, 2),  # as many as were to agree at first were not shown
        ([18, 0, 0, 0, 0, 0, 0, 0, 0, 0], False, 10),
    ],
)
async def test_samples_are_looked_at_until_as_many_agree_as_have_to(
    told: list[int | None], agree: bool, rounds: int
) -> None:
    asked: list[int] = []

    async def look(some: Sequence[int]) -> int | None:
        assert not set(some) & set(asked)
        asked.extend(some)
        return told.pop(0)

    before = len(told)
    assert await uidl.agree(range(100), look) is agree
    assert before - len(told) == rounds


async def test_as_few_as_the_samples_are_looked_at_by_their_headers(tmp_path: Path) -> None:
    few = uidl.SAMPLES
    async with filled(tmp_path, Kind.IMAP, mail, few) as (server, bench, account_id):
        asked = await switch(server, bench, account_id, Kind.POP3)
        assert [line.split()[0] for line in asked] == ["TOP"] * few
