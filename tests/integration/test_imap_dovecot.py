"""Our IMAP client with Debian's Dovecot: TLS, mechanisms, every command, and resuming a mailbox."""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest

from desktopmail.net.endpoint import Endpoint, Security
from desktopmail.net.errors import AuthenticationError, RefusedError, TlsError
from desktopmail.net.imap import ImapClient
from desktopmail.net.ports import system_ports
from desktopmail.net.transcript import MemoryRecorder
from desktopmail.wire.imap import flags
from desktopmail.wire.imap.append import AppendMessage
from desktopmail.wire.imap.bodypart import MultiPart, SinglePart
from desktopmail.wire.imap.client_events import Malformed
from desktopmail.wire.imap.cursor import Streamed
from desktopmail.wire.imap.expunge import ExpungeResponse, VanishedResponse
from desktopmail.wire.imap.fetch_item import BinaryItem, BodyItem, Item
from desktopmail.wire.imap.fetch_response import FetchResponse
from desktopmail.wire.imap.list import SENT, TRASH
from desktopmail.wire.imap.search_key import EVERYTHING, And, Dated, Has, Is, Or
from desktopmail.wire.imap.section import HEADER, WHOLE, Partial, Section, SectionText
from desktopmail.wire.imap.select import ExistsResponse, QResync
from desktopmail.wire.imap.sequence import Uid, UidSet
from desktopmail.wire.imap.sort import SortBy, SortKey
from desktopmail.wire.imap.status import StatusItem
from desktopmail.wire.imap.store import StoreMode
from desktopmail.wire.secret import Secret
from tests.helpers.dovecot import running_dovecot

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from desktopmail.wire.imap.response import UntaggedResponse
    from tests.helpers.dovecot import Dovecot

pytestmark = [pytest.mark.peer("dovecot", "doveadm"), pytest.mark.xdist_group("dovecot-imap")]

PASSWORD = Secret('se"sa\\me ü')
MESSAGE = (
    b"From: =?utf-8?q?Ren=C3=A9?= <rene@example.org>\r\nTo: alice@example.org\r\nSubject: %b\r\n"
    b"Message-ID: <%b@example.org>\r\nDate: Mon, 5 Jan 2026 10:00:00 +0100\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n\r\nHello %b\r\n"
)
MULTIPART = (
    b"From: a@example.org\r\nSubject: parts\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n'
    b"Content-Type: text/plain\r\n\r\none\r\n"
    b"--b\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n"
    b'Content-Disposition: attachment; filename="a.bin"\r\n\r\nAAEC\r\n--b--\r\n'
)


def message(name: bytes) -> bytes:
    return MESSAGE % (name, name, name)


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    users = {name: PASSWORD.reveal() for name in ("alice", "bob", "carol", "dave", "erin", "frank")}
    with running_dovecot(users) as server:
        yield server


def endpoint_of(server: Dovecot, security: Security = Security.TLS) -> Endpoint:
    port = server.imaps if security is Security.TLS else server.imap
    return Endpoint("localhost", port, security, ca_file=server.ca_file)


@asynccontextmanager
async def connected(
    endpoint: Endpoint,
    user: str | None = None,
    *,
    auth: str = "auto",
    told: list[UntaggedResponse | Malformed] | None = None,
    recorder: MemoryRecorder | None = None,
) -> AsyncIterator[ImapClient]:
    client = await ImapClient.connect(
        endpoint,
        ports=system_ports(),
        told=told.append if told is not None else None,
        recorder=recorder,
    )
    try:
        if user is not None:
            await client.login(user, PASSWORD, auth)
        yield client
    finally:
        await client.logout()


async def all_of(client: ImapClient, uids: UidSet, *items: object) -> list[FetchResponse]:
    return [
        answer
        async for answer in client.uid_fetch(uids, items)  # type: ignore[arg-type]
        if isinstance(answer, FetchResponse)
    ]


# ---- TLS and mechanisms


@pytest.mark.parametrize("security", list(Security))
async def test_every_kind_of_connection_leads_to_capabilities(
    dovecot: Dovecot, security: Security
) -> None:
    async with connected(endpoint_of(dovecot, security)) as client:
        assert client.offers("IMAP4rev1")
        assert (client.stream.tls is not None) is (security is not Security.NONE)


@pytest.mark.parametrize(
    "auth", ["auto", "scram", "scram-sha-256", "scram-sha-1", "cram-md5", "plain", "login"]
)
async def test_every_mechanism_logs_in_and_hides_the_password(dovecot: Dovecot, auth: str) -> None:
    ports = system_ports()
    recorder = MemoryRecorder(ports.clock)
    async with connected(
        endpoint_of(dovecot, Security.STARTTLS), "alice", auth=auth, recorder=recorder
    ) as client:
        assert client.offers("QRESYNC")
    assert PASSWORD.reveal() not in recorder.text()
    assert "AUTHENTICATE" in recorder.text()


async def test_a_wrong_password_is_refused_and_another_try_is_possible(dovecot: Dovecot) -> None:
    async with connected(endpoint_of(dovecot)) as client:
        with pytest.raises(AuthenticationError) as caught:
            await client.login("alice", Secret("wrong"))
        assert caught.value.code == "credentials"
        await client.login("alice", PASSWORD)


async def test_a_certificate_of_somebody_else_is_refused(dovecot: Dovecot) -> None:
    for security in (Security.TLS, Security.STARTTLS):
        with pytest.raises(TlsError):
            async with connected(replace(endpoint_of(dovecot, security), ca_file=None)):
                pass


async def test_login_disabled_before_tls_is_obeyed() -> None:
    # Dovecot takes a connection from its own address for a safe one, so it listens on another.
    extra = "ssl = required\nlisten = 127.0.0.1, 127.0.0.2"
    with running_dovecot({"alice": "x"}, mechanisms="plain", extra=extra) as server:
        async with connected(Endpoint("127.0.0.2", server.imap, Security.NONE)) as client:
            assert client.offers("LOGINDISABLED")
            with pytest.raises(AuthenticationError) as caught:
                await client.login("alice", Secret("x"))
            assert caught.value.code == "no-mechanism"
        async with connected(endpoint_of(server, Security.STARTTLS)) as client:
            assert not client.offers("LOGINDISABLED")
            assert await client.login("alice", Secret("x"))


# ---- mailboxes


async def test_mailboxes_are_made_listed_renamed_and_removed(dovecot: Dovecot) -> None:
    async with connected(endpoint_of(dovecot), "bob") as client:
        for name in ("Entwürfe & mehr", "a/b c", 'quo"te', "日本語"):
            await client.create(name)
            await client.subscribe(name)
        listed = await client.list(returns=("SPECIAL-USE", "SUBSCRIBED", "CHILDREN"))
        names = {found.mailbox: found for found, _ in listed}
        assert {"INBOX", "Entwürfe & mehr", "a/b c", 'quo"te', "日本語"} <= set(names)
        assert SENT in names["Sent"].attributes
        assert TRASH in names["Trash"].attributes
        assert names["INBOX"].delimiter == "/"
        await client.rename("日本語", "台北")
        await client.append("台北", message(b"one"))
        ((found, numbers),) = await client.list(
            pattern="台北", status=(StatusItem.MESSAGES, StatusItem.UIDNEXT, StatusItem.SIZE)
        )
        assert found.mailbox == "台北"
        assert numbers is not None
        assert numbers[StatusItem.MESSAGES] == 1
        assert (await client.status("台北", (StatusItem.UNSEEN,)))[StatusItem.UNSEEN] == 1
        await client.unsubscribe("台北")
        await client.delete("台北")
        with pytest.raises(RefusedError, match="exist"):
            await client.select("台北")
        assert (await client.namespace()).personal[0].delimiter == "/"
        assert (await client.id((("name", "desktopmail"),)))["name"] == "Dovecot"
        (quota,) = await client.quota("INBOX")
        assert quota.resources[0].name == "STORAGE"


async def test_names_are_utf_8_once_that_is_enabled_where_the_server_can(dovecot: Dovecot) -> None:
    async with connected(endpoint_of(dovecot), "bob") as client:
        if not client.offers("UTF8=ACCEPT"):
            assert await client.enable("UTF8=ACCEPT") == frozenset()
            assert "UTF8=ACCEPT" not in client.enabled


# ---- messages


@pytest.mark.parametrize("compressed", [False, True])
async def test_what_is_appended_comes_back_octet_for_octet(
    dovecot: Dovecot, compressed: bool
) -> None:
    messages = [
        message(b"a"),
        MULTIPART,
        b"Subject: no body\r\n\r\n",
        b"\r\n" + bytes(range(14, 256)) * 9 + b"\r\n",
    ]
    async with connected(endpoint_of(dovecot), "carol") as client:
        if compressed:
            assert await client.compress()
        when = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
        box = f"back{compressed}"
        await client.create(box)
        uids: list[Uid] = []
        for octets in messages:
            code = await client.append(box, octets, [flags.SEEN, flags.flag("todo")], when)
            assert code is not None
            uids += code.uids
        code = await client.append_many(
            box, [AppendMessage(message(b"m1")), AppendMessage(message(b"m2"))]
        )
        assert code is not None
        assert len(code.uids) == 2
        selected = await client.select(box)
        assert selected.exists == 6
        answers = await all_of(
            client, UidSet.of(uids), Item.FLAGS, Item.INTERNALDATE, Item.SIZE, BodyItem()
        )
        assert [answer.section(WHOLE) for answer in answers] == messages
        assert [answer.size for answer in answers] == [len(octets) for octets in messages]
        assert all(answer.internal_date == when for answer in answers)
        assert all(
            answer.flags == {flags.SEEN, flags.flag("todo"), flags.RECENT} for answer in answers
        )


async def test_structures_parts_and_ranges_are_typed(dovecot: Dovecot) -> None:
    async with connected(endpoint_of(dovecot), "carol") as client:
        await client.create("parts")
        await client.append("parts", MULTIPART)
        await client.append("parts", message(b"x"))
        await client.select("parts")
        fields = Section((), SectionText.HEADER_FIELDS, (b"Subject",))
        multi, single = await all_of(
            client,
            UidSet.all(),
            Item.ENVELOPE,
            Item.BODY_STRUCTURE,
            BodyItem(fields),
            BodyItem(HEADER),
            BodyItem(Section((1,)), Partial(1, 2)),
        )
        body = multi.body_structure
        assert isinstance(body, MultiPart)
        assert [part.content_type for part in body.parts] == [
            "text/plain",
            "application/octet-stream",
        ]
        assert body.parts[1].disposition == (b"attachment", ((b"filename", b"a.bin"),))
        assert isinstance(single.body_structure, SinglePart)
        assert single.envelope is not None
        assert single.envelope.message_id == b"<x@example.org>"
        assert single.envelope.from_[0].name == b"=?utf-8?q?Ren=C3=A9?="
        assert single.section(fields) == b"Subject: x\r\n\r\n"
        assert [data.octets for data in multi.sections if data.origin == 1] == [b"ne"]
        (decoded,) = await all_of(client, UidSet.parse(b"1"), BinaryItem((2,)))
        assert decoded.binary[0].octets == b"\x00\x01\x02"


async def test_a_large_message_goes_to_a_sink(dovecot: Dovecot) -> None:
    octets = message(b"large") + b"0123456789abcdef\r\n" * 200_000
    async with connected(endpoint_of(dovecot), "carol") as client:
        await client.create("large")
        await client.append("large", octets)
        await client.append("large", message(b"small"))
        await client.select("large")
        digest = hashlib.sha256()
        uids: list[Uid | None] = []

        class Sink:
            def write(self, piece: bytes) -> None:
                digest.update(piece)

            def close(self) -> None:
                uids.append(Uid(0))

        def sink(which: object, size: int) -> Sink:
            assert size == len(octets)
            uids.append(which.uid)  # type: ignore[attr-defined]
            return Sink()

        answers = [a async for a in client.uid_fetch(UidSet.all(), (BodyItem(),), sink=sink)]
        assert digest.digest() == hashlib.sha256(octets).digest()
        assert uids == [1, 0]
        assert [type(a.sections[0].octets) for a in answers if isinstance(a, FetchResponse)] == [
            Streamed,
            bytes,
        ]


async def test_flags_searches_orders_and_threads(dovecot: Dovecot) -> None:
    async with connected(endpoint_of(dovecot), "dave") as client:
        for name in (b"one", b"two", b"three"):
            await client.append("INBOX", message(name))
        await client.append(
            "INBOX", b"Subject: Re: one\r\nReferences: <one@example.org>\r\n\r\nyes\r\n"
        )
        await client.select("INBOX", condstore=True)
        stored = await client.uid_store(
            UidSet.parse(b"1:2"), StoreMode.ADD, [flags.FLAGGED, flags.flag("todo")], silent=False
        )
        assert [answer.uid for answer in stored.changed] == [1, 2]
        modseq = max(answer.modseq or 0 for answer in stored.changed)
        await client.uid_store(UidSet.parse(b"1"), StoreMode.REMOVE, [flags.FLAGGED])
        late = await client.uid_store(
            UidSet.parse(b"1:2"), StoreMode.ADD, [flags.SEEN], unchanged_since=modseq
        )
        assert late.modified == UidSet.parse(b"1")
        assert (await client.uid_search(Is("FLAGGED"))).all == UidSet.parse(b"2")
        key = And(
            (Or(Has("SUBJECT", b"one"), Has("BODY", b"three")), Dated("SINCE", date(2020, 1, 1)))
        )
        found = await client.uid_search(key, returns=("MIN", "MAX", "COUNT", "ALL"))
        assert (found.minimum, found.maximum, found.count) == (1, 4, 3)
        assert found.all == UidSet.parse(b"1,3:4")
        umlaut = Has("FROM", "René".encode())
        assert (await client.uid_search(umlaut, charset="UTF-8")).all == UidSet.parse(b"1:3")
        order = (SortBy(SortKey.SUBJECT, reverse=True), SortBy(SortKey.SIZE))
        assert await client.uid_sort(order, EVERYTHING) == [2, 3, 4, 1]
        thread = await client.uid_thread("REFERENCES", EVERYTHING)
        places = {number: place for place, number in enumerate(thread.numbers)}
        assert thread.parents[places[4]] == places[1]
        await client.uid_search(Is("SEEN"), returns=("SAVE",))
        (saved,) = await all_of(client, UidSet.last_search(), Item.FLAGS)
        assert saved.uid == 2


async def test_copies_and_moves_are_proved_and_expunges_told(dovecot: Dovecot) -> None:
    told: list[UntaggedResponse | Malformed] = []
    async with connected(endpoint_of(dovecot), "erin", told=told) as client:
        await client.create("other")
        for name in (b"one", b"two", b"three"):
            await client.append("INBOX", message(name))
        await client.select("INBOX")
        copied = await client.uid_copy(UidSet.parse(b"1:2"), "other")
        assert copied is not None
        assert list(copied.pairs()) == [(1, 1), (2, 2)]
        moved = await client.uid_move(UidSet.parse(b"3"), "other")
        assert moved is not None
        assert list(moved.pairs()) == [(3, 3)]
        assert ExpungeResponse(3) in told  # type: ignore[arg-type]
        await client.uid_store(UidSet.parse(b"1:2"), StoreMode.ADD, [flags.DELETED])
        await client.uid_expunge(UidSet.parse(b"1"))
        assert (await client.uid_search(EVERYTHING)).all == UidSet.parse(b"2")
        with pytest.raises(RefusedError) as caught:
            await client.uid_copy(UidSet.parse(b"2"), "nowhere")
        assert caught.value.code == "trycreate"
        await client.unselect()
        selected = await client.select("INBOX")
        assert selected.exists == 1
    assert not [value for value in told if isinstance(value, Malformed)]


async def test_a_mailbox_is_resumed_by_qresync(dovecot: Dovecot) -> None:
    endpoint = endpoint_of(dovecot, Security.STARTTLS)
    async with connected(endpoint, "frank") as client:
        await client.create("resumed")
        for n in range(10):
            await client.append("resumed", message(b"m%d" % n))
        await client.enable("QRESYNC")
        before = await client.select("resumed")
    async with connected(endpoint, "frank") as other:
        await other.select("resumed")
        await other.uid_store(UidSet.parse(b"2,5"), StoreMode.ADD, [flags.DELETED])
        await other.uid_expunge(UidSet.parse(b"2,5"))
        await other.uid_store(UidSet.parse(b"7"), StoreMode.ADD, [flags.SEEN])
        await other.append("resumed", message(b"new"))
    told: list[UntaggedResponse | Malformed] = []
    async with connected(endpoint, "frank", told=told) as client:
        await client.enable("QRESYNC")
        assert before.uid_validity is not None
        assert before.highest_modseq is not None
        resync = QResync(before.uid_validity, before.highest_modseq)
        after = await client.select("resumed", qresync=resync)
        assert after.exists == 9
        assert after.vanished & UidSet.parse(b"1:10") == UidSet.parse(b"2,5")
        assert [answer.uid for answer in after.changed] == [7, 11]
        assert after.changed[0].flags == {flags.SEEN}
        assert after.highest_modseq is not None
        assert after.highest_modseq > before.highest_modseq
        since = [
            value
            async for value in client.uid_fetch(
                UidSet.all(), (Item.FLAGS,), changed_since=before.highest_modseq, vanished=True
            )
        ]
        gone = [value for value in since if isinstance(value, VanishedResponse)]
        assert gone
        assert [value.uid for value in since if isinstance(value, FetchResponse)] == [7, 11]
        await client.uid_store(UidSet.parse(b"1"), StoreMode.ADD, [flags.DELETED])
        await client.uid_expunge(UidSet.parse(b"1"))
        assert VanishedResponse(UidSet.parse(b"1")) in told


async def test_idle_hears_of_a_new_message_at_once(dovecot: Dovecot) -> None:
    told: list[UntaggedResponse | Malformed] = []
    heard = asyncio.Event()
    async with connected(endpoint_of(dovecot), "frank", told=told) as client:
        await client.create("idle")
        await client.select("idle")

        def hear(value: UntaggedResponse | Malformed) -> None:
            told.append(value)
            if isinstance(value, ExistsResponse):
                heard.set()

        client.told = hear
        async with connected(endpoint_of(dovecot), "frank") as other, client.idle() as idling:
            await other.append("idle", message(b"push"))
            async with asyncio.timeout(10):
                await heard.wait()
            assert ExistsResponse(1) in told
            # Something else to do ends the IDLE by itself.
            (answer,) = await all_of(client, UidSet.all(), Item.FLAGS)
            assert answer.uid == 1
            await idling.ended()


async def test_many_commands_side_by_side_are_told_apart(dovecot: Dovecot) -> None:
    async with connected(endpoint_of(dovecot), "frank") as client:
        await client.create("many")
        messages = [AppendMessage(message(b"n%d" % n)) for n in range(200)]
        await client.append_many("many", messages)
        await client.select("many")
        sets = [UidSet.span(first, first + 19) for first in range(1, 200, 20)]
        answers, found, numbers, *_ = await asyncio.gather(
            asyncio.gather(*(all_of(client, uids, Item.SIZE, BodyItem()) for uids in sets)),
            client.uid_search(EVERYTHING),
            client.status("INBOX", (StatusItem.MESSAGES,)),
            client.uid_store(UidSet.parse(b"5"), StoreMode.ADD, [flags.SEEN]),
            client.noop(),
        )
        assert [[answer.uid for answer in part] for part in answers] == [
            list(uids) for uids in sets
        ]
        assert all(
            answer.section(WHOLE) == messages[answer.uid - 1].octets  # type: ignore[operator]
            for part in answers
            for answer in part
        )
        assert found.all == UidSet.parse(b"1:200")
        assert numbers[StatusItem.MESSAGES] == 0
