"""The IMAP client, against written dialogues."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from desktopmail.net.endpoint import Security
from desktopmail.net.errors import (
    AuthenticationError,
    ClosedError,
    NetError,
    ProtocolViolationError,
    RefusedError,
    TimedOutError,
    TlsError,
)
from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.imap import flags
from desktopmail.wire.imap.append import AppendMessage
from desktopmail.wire.imap.client import Malformed
from desktopmail.wire.imap.codes import AppendUid, Code
from desktopmail.wire.imap.condition import Answer, Condition
from desktopmail.wire.imap.cursor import Streamed
from desktopmail.wire.imap.expunge import ExpungeResponse, VanishedResponse
from desktopmail.wire.imap.fetch_item import BodyItem, Item
from desktopmail.wire.imap.fetch_response import FetchResponse
from desktopmail.wire.imap.search_key import EVERYTHING, Is
from desktopmail.wire.imap.select import ExistsResponse, QResync
from desktopmail.wire.imap.sequence import Seq, Uid, UidSet
from desktopmail.wire.imap.sort import SortBy, SortKey
from desktopmail.wire.imap.state import State
from desktopmail.wire.imap.status import StatusItem
from desktopmail.wire.imap.store import StoreMode
from desktopmail.wire.secret import Secret
from tests.helpers.certificates import make_certificates
from tests.helpers.imap_script import CAPABLE, scripted

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from desktopmail.net.imap import ImapClient
    from desktopmail.wire.imap.response import UntaggedResponse

SELECT = (
    "C: A1 SELECT INBOX\nS: * FLAGS (\\Seen)\nS: * 3 EXISTS\nS: * OK "
    "[UIDVALIDITY 7] x\nS: * OK [UIDNEXT 9] x\nS: A1 OK [READ-WRITE] x\n"
)
EARLY = "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hello\n"


async def fetched(client: ImapClient, *items: Item | BodyItem) -> list[object]:
    return [answer async for answer in client.uid_fetch(UidSet.all(), items)]


# ---- beginning


async def test_capabilities_are_asked_for_when_the_greeting_has_none() -> None:
    text = "S: * OK hello\nC: A1 CAPABILITY\nS: * CAPABILITY IMAP4rev1 IDLE\nS: A1 OK x\n"
    for segment in (1, 65536):
        async with scripted(text, segment_octets=segment) as client:
            assert client.capabilities == {"IMAP4REV1", "IDLE"}
            assert client.state is State.NOT_AUTHENTICATED


async def test_a_bye_for_a_greeting_is_a_refusal_for_now() -> None:
    with pytest.raises(RefusedError, match="overloaded") as caught:
        async with scripted("S: * BYE overloaded\n"):
            pass
    assert caught.value.code == "temporary"


async def test_another_protocol_is_named() -> None:
    with pytest.raises(ProtocolViolationError, match="does not speak IMAP"):
        async with scripted("S: 220 mail.example.test ESMTP\n"):
            pass


async def test_a_server_that_closes_at_once_is_told() -> None:
    with pytest.raises(ClosedError):
        async with scripted("*: close\n"):
            pass


async def test_a_silent_server_is_given_up() -> None:
    with pytest.raises(TimedOutError):
        async with scripted("*: wait\n", timeout_s=0.05):
            pass


# ---- STARTTLS


async def test_starttls_forgets_what_was_offered_in_the_clear(tmp_path: Path) -> None:
    certificates = make_certificates(tmp_path, "mail.example.test")
    text = (
        "S: * OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] hello\nC: A1 "
        "STARTTLS\nS: A1 OK begin\n"
        "*: tls\nC: A2 CAPABILITY\nS: * CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR\nS: A2 OK x\n"
    )
    async with scripted(text, security=Security.STARTTLS, certificates=certificates) as client:
        assert client.capabilities == {"IMAP4REV1", "AUTH=PLAIN", "SASL-IR"}
        assert client.stream.tls is not None


async def test_octets_in_the_clear_behind_starttls_end_the_connection(tmp_path: Path) -> None:
    certificates = make_certificates(tmp_path, "mail.example.test")
    text = (
        "S: * OK [CAPABILITY IMAP4rev1 STARTTLS] hello\nC: A1 STARTTLS\nS: A1 OK begin\n"
        "S: * CAPABILITY IMAP4rev1 AUTH=PLAIN\n*: wait\n"
    )
    with pytest.raises((ProtocolViolationError, TlsError), match="clear"):
        async with scripted(text, security=Security.STARTTLS, certificates=certificates):
            pass


@pytest.mark.parametrize(
    "text",
    [
        "S: * OK [CAPABILITY IMAP4rev1] hello\n*: wait\n",
        "S: * PREAUTH [CAPABILITY IMAP4rev1 STARTTLS] hello\n*: wait\n",
        (
            "S: * OK [CAPABILITY IMAP4rev1 STARTTLS] hello\nC: A1 STARTTLS\nS: A1 "
            "NO not now\n*: wait\n"
        ),
        "S: * OK [CAPABILITY IMAP4rev1 STARTTLS] hello\nC: A1 STARTTLS\nS: A1 BAD what\n*: wait\n",
    ],
)
async def test_without_starttls_nothing_is_sent(text: str, tmp_path: Path) -> None:
    certificates = make_certificates(tmp_path, "mail.example.test")
    with pytest.raises(TlsError) as caught:
        async with scripted(text, security=Security.STARTTLS, certificates=certificates):
            pass
    assert caught.value.code == "tls-not-offered"


# ---- login


async def test_preauth_needs_no_login() -> None:
    async with scripted(CAPABLE) as client:
        assert await client.login("alice", Secret("x")) is None


async def test_login_disabled_is_obeyed() -> None:
    text = "S: * OK [CAPABILITY IMAP4rev1 LOGINDISABLED] hello\n*: wait\n"
    async with scripted(text) as client:
        with pytest.raises(AuthenticationError) as caught:
            await client.login("alice", Secret("sesame"))
        assert caught.value.code == "no-mechanism"


async def test_the_command_login_is_what_is_left_without_sasl() -> None:
    text = (
        'S: * OK [CAPABILITY IMAP4rev1] hello\nC: A1 LOGIN alice "se same"\nS: A1 OK in\n'
        "C: A2 CAPABILITY\nS: * CAPABILITY IMAP4rev1 IDLE\nS: A2 OK x\n"
    )
    async with scripted(text) as client:
        choice = await client.login("alice", Secret("se same"))
        assert choice is not None
        assert client.capabilities == {"IMAP4REV1", "IDLE"}


async def test_plain_goes_with_its_initial_response() -> None:
    text = (
        EARLY
        + "C: A1 AUTHENTICATE PLAIN AGFsaWNlAHNlc2FtZQ==\nS: A1 OK [CAPABILITY IMAP4rev1] in\n"
    )
    async with scripted(text) as client:
        choice = await client.login("alice", Secret("sesame"))
        assert choice is not None
        assert choice.mechanism == "PLAIN"
        assert client.state is State.AUTHENTICATED


async def test_plain_waits_without_sasl_ir() -> None:
    text = (
        "S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hello\nC: A1 AUTHENTICATE PLAIN\nS: + \n"
        "C: AGFsaWNlAHNlc2FtZQ==\nS: A1 OK [CAPABILITY IMAP4rev1] in\n"
    )
    async with scripted(text) as client:
        assert await client.login("alice", Secret("sesame"))


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("NO [AUTHENTICATIONFAILED] wrong", "credentials"),
        ("NO [UNAVAILABLE] later", "temporary"),
        ("NO no", "credentials"),
    ],
)
async def test_a_refused_login_leaves_the_connection_usable(answer: str, code: str) -> None:
    for opening in (
        EARLY + "C: A1 AUTHENTICATE PLAIN AGFsaWNlAHNlc2FtZQ==\n",
        'S: * OK [CAPABILITY IMAP4rev1] hello\nC: A1 LOGIN alice "sesame"\n',
    ):
        async with scripted(opening + f"S: A1 {answer}\nC: A2 NOOP\nS: A2 OK x\n") as client:
            with pytest.raises(AuthenticationError) as caught:
                await client.login("alice", Secret("sesame"))
            assert caught.value.code == code
            await client.noop()


async def test_a_password_that_cannot_be_sent_is_said_so() -> None:
    async with scripted("S: * OK [CAPABILITY IMAP4rev1] hello\n*: wait\n") as client:
        with pytest.raises(AuthenticationError, match="cannot"):
            await client.login("alice", Secret("a\r\nb"))


# ---- mailboxes


async def test_select_returns_what_was_told() -> None:
    text = CAPABLE + (
        "C: A1 SELECT INBOX\nS: * FLAGS (\\Seen keep)\nS: * 172 EXISTS\nS: * 1 RECENT\n"
        "S: * OK [UNSEEN 12] x\nS: * OK [UIDVALIDITY 3857529045] x\nS: * OK [UIDNEXT 4392] x\n"
        "S: * OK [PERMANENTFLAGS (\\Deleted \\*)] x\nS: * OK [HIGHESTMODSEQ 715194045007] x\n"
        "S: * NO [UIDNOTSTICKY] x\nS: * OK [UIDNOTSTICKY] x\nS: A1 OK [READ-ONLY] x\n*: wait\n"
    )
    told: list[UntaggedResponse | Malformed] = []
    async with scripted(text, told=told, segment_octets=7) as client:
        selected = await client.select("INBOX")
        assert selected.exists == 172
        assert selected.uid_validity == 3857529045
        assert selected.uid_next == 4392
        assert selected.highest_modseq == 715194045007
        assert selected.first_unseen == 12
        assert selected.permanent_flags == {flags.DELETED, flags.ANY}
        assert selected.readonly
        assert not selected.sticky
        assert client.state is State.SELECTED
    assert told == [Answer(Condition.NO, Code.UIDNOTSTICKY, "x")]


async def test_qresync_brings_what_vanished_and_what_changed() -> None:
    text = CAPABLE + (
        "C: A1 ENABLE QRESYNC\nS: * ENABLED QRESYNC\nS: A1 OK x\n"
        "C: A2 SELECT INBOX (QRESYNC (67890007 20050715194045000 41,43:211))\n"
        "S: * OK [UIDVALIDITY 67890007] x\nS: * 100 EXISTS\nS: * VANISHED (EARLIER) 41,43:116\n"
        "S: * 49 FETCH (UID 117 FLAGS (\\Seen) MODSEQ (90060115194045001))\nS: "
        "A2 OK [READ-WRITE] x\n"
    )
    async with scripted(text) as client:
        assert await client.enable("QRESYNC") == {"QRESYNC"}
        selected = await client.select(
            "INBOX", qresync=QResync(67890007, 20050715194045000, UidSet.parse(b"41,43:211"))
        )
        assert selected.vanished == UidSet.parse(b"41,43:116")
        assert [answer.uid for answer in selected.changed] == [117]


async def test_news_of_the_mailbox_that_is_left_is_not_of_the_next() -> None:
    text = (
        CAPABLE
        + SELECT
        + ("C: A2 SELECT other\nS: * 2 EXPUNGE\nS: * OK [CLOSED] x\nS: * 5 EXISTS\nS: A2 OK x\n")
    )
    told: list[UntaggedResponse | Malformed] = []
    async with scripted(text, told=told) as client:
        await client.select("INBOX")
        assert (await client.select("other")).exists == 5
    assert told == [ExpungeResponse(Seq(2))]


async def test_select_and_fetch_go_out_in_one_round_trip() -> None:
    text = CAPABLE + (
        "C: A1 SELECT INBOX\nC: A2 UID FETCH 1:* (FLAGS)\nS: * 1 EXISTS\nS: A1 OK x\n"
        "S: * 1 FETCH (UID 4 FLAGS ())\nS: A2 OK x\n"
    )
    async with scripted(text) as client:
        selected, answers = await asyncio.gather(
            client.select("INBOX"), fetched(client, Item.FLAGS)
        )
        assert selected.exists == 1
        assert answers == [FetchResponse(Seq(1), Uid(4), frozenset())]


async def test_list_with_status_pairs_them() -> None:
    text = CAPABLE + (
        'C: A1 LIST "" * RETURN (STATUS (MESSAGES))\nS: * LIST () "/" INBOX\n'
        'S: * STATUS INBOX (MESSAGES 3)\nS: * LIST (\\Noselect) "/" a\nS: A1 OK x\n'
    )
    async with scripted(text) as client:
        (inbox, numbers), (parent, nothing) = await client.list(status=(StatusItem.MESSAGES,))
        assert inbox.mailbox == "INBOX"
        assert numbers is not None
        assert numbers[StatusItem.MESSAGES] == 3
        assert parent.mailbox == "a"
        assert nothing is None


async def test_commands_for_mailboxes_say_what_they_should() -> None:
    text = CAPABLE + (
        "C: A1 CREATE a\nS: A1 OK x\nC: A2 RENAME a b\nS: A2 OK x\nC: A3 SUBSCRIBE b\nS: A3 OK x\n"
        "C: A4 UNSUBSCRIBE b\nS: A4 OK x\nC: A5 DELETE b\nS: A5 OK x\n"
        "C: A6 STATUS c (MESSAGES)\nS: * STATUS c (MESSAGES 1)\nS: A6 OK x\n"
        'C: A7 NAMESPACE\nS: * NAMESPACE (("" "/")) NIL NIL\nS: A7 OK x\n'
        'C: A8 ID NIL\nS: * ID ("name" "x")\nS: A8 OK x\n'
        "C: A9 GETQUOTAROOT c\nS: * QUOTAROOT c q\nS: * QUOTA q (STORAGE 1 2)\nS: A9 OK x\n"
        'C: A10 LSUB "" *\nS: * LSUB () "/" c\nS: A10 OK x\n'
    )
    async with scripted(text) as client:
        await client.create("a")
        await client.rename("a", "b")
        await client.subscribe("b")
        await client.unsubscribe("b")
        await client.delete("b")
        assert (await client.status("c", (StatusItem.MESSAGES,)))[StatusItem.MESSAGES] == 1
        assert (await client.namespace()).personal[0].delimiter == "/"
        assert await client.id() == {"name": "x"}
        assert [quota.root for quota in await client.quota("c")] == ["q"]
        assert [found.mailbox for found in await client.lsub()] == ["c"]


async def test_a_refusal_carries_its_code_and_leaves_the_connection_usable() -> None:
    text = CAPABLE + "C: A1 SELECT a\nS: A1 NO [NONEXISTENT] no a\nC: A2 NOOP\nS: A2 OK x\n"
    async with scripted(text) as client:
        with pytest.raises(RefusedError, match="no a") as caught:
            await client.select("a")
        assert caught.value.code == "nonexistent"
        await client.noop()


async def test_append_tells_the_uid_and_sends_literals_at_once() -> None:
    text = CAPABLE + (
        'C: A1 APPEND INBOX (\\Seen) " 1-Jan-2026 00:00:00 +0000" {5+}\nC: '
        "hello\nS: A1 OK [APPENDUID 7 9] x\n"
        "C: A2 APPEND INBOX {1+}\nC: a {1+}\nC: b\nS: A2 OK x\n"
    )
    async with scripted(text) as client:
        when = datetime(2026, 1, 1, tzinfo=UTC)
        assert await client.append("INBOX", b"hello", [flags.SEEN], when) == AppendUid(
            7, UidSet.parse(b"9")
        )
        assert await client.append_many("INBOX", [AppendMessage(b"a"), AppendMessage(b"b")]) is None


async def pieces(*octets: bytes) -> AsyncIterator[bytes]:
    for piece in octets:
        yield piece
        await asyncio.sleep(0)


async def test_a_message_is_appended_from_a_stream_with_leave_and_without() -> None:
    text = (
        "S: * PREAUTH [CAPABILITY IMAP4rev1] hello\n"
        "C: A1 APPEND INBOX (\\Seen) {13}\nS: + go\nC: one\nC: two\nC: abc\n"
        "S: A1 OK [APPENDUID 7 9] x\nC: A2 NOOP\nS: A2 OK x\n"
    )
    told: list[int] = []
    async with scripted(text) as client:
        source = pieces(b"one\r\n", b"two\r", b"\nabc")
        uid = await client.append_stream("INBOX", source, 13, [flags.SEEN], on_progress=told.append)
        assert uid == AppendUid(7, UidSet.parse(b"9"))
        await client.noop()
    assert told == [5, 9, 13]
    text = CAPABLE + "C: A1 APPEND INBOX {3+}\nC: abc\nS: A1 OK x\n"
    async with scripted(text) as client:
        assert await client.append_stream("INBOX", pieces(b"ab", b"c"), 3) is None


async def test_a_stream_that_is_refused_is_not_asked_for_and_the_connection_lives() -> None:
    text = (
        "S: * PREAUTH [CAPABILITY IMAP4rev1] hello\n"
        "C: A1 APPEND INBOX {3}\nS: A1 NO [OVERQUOTA] full\nC: A2 NOOP\nS: A2 OK x\n"
    )
    asked: list[bytes] = []

    async def source() -> AsyncIterator[bytes]:
        asked.append(b"abc")
        yield b"abc"

    async with scripted(text) as client:
        with pytest.raises(RefusedError, match="full"):
            await client.append_stream("INBOX", source(), 3)
        await client.noop()
    assert asked == []


@pytest.mark.parametrize("octets", [b"ab", b"abcd", b"a\0b"])
async def test_a_stream_that_is_not_what_was_announced_ends_the_connection(octets: bytes) -> None:
    text = "S: * PREAUTH [CAPABILITY IMAP4rev1] hello\nC: A1 APPEND INBOX {3}\nS: + go\n*: wait\n"
    async with scripted(text) as client:
        with pytest.raises(LocalProtocolError):
            await client.append_stream("INBOX", pieces(octets), 3)
        with pytest.raises(NetError):
            await client.noop()


# ---- messages


async def test_answers_come_while_the_fetch_runs_and_news_is_told() -> None:
    text = (
        CAPABLE
        + SELECT
        + (
            "C: A2 UID FETCH 1:* (FLAGS RFC822.SIZE)\nS: * 1 FETCH (UID 4 FLAGS () RFC822.SIZE 5)\n"
            "S: * 2 FETCH (FLAGS (\\Seen))\nS: * 4 EXISTS\nS: * 3 FETCH (UID 8 "
            "FLAGS () RFC822.SIZE 6)\n"
            "S: * 1 FETCH (UID x)\nS: A2 OK x\n"
        )
    )
    told: list[UntaggedResponse | Malformed] = []
    async with scripted(text, told=told) as client:
        await client.select("INBOX")
        answers = await fetched(client, Item.FLAGS, Item.SIZE)
    assert [answer.uid for answer in answers] == [4, 8]  # type: ignore[attr-defined]
    assert told[0] == FetchResponse(Seq(2), flags=frozenset({flags.SEEN}))
    assert told[1] == ExistsResponse(4)
    assert isinstance(told[2], Malformed)


async def test_changes_and_what_vanished_since() -> None:
    text = (
        CAPABLE
        + SELECT
        + (
            "C: A2 UID FETCH 1:* (FLAGS) (CHANGEDSINCE 12 VANISHED)\nS: * VANISHED (EARLIER) 2,5\n"
            "S: * 1 FETCH (UID 4 FLAGS () MODSEQ (13))\nS: A2 OK x\n"
        )
    )
    async with scripted(text) as client:
        await client.select("INBOX")
        found = [
            answer
            async for answer in client.uid_fetch(
                UidSet.all(), (Item.FLAGS,), changed_since=12, vanished=True
            )
        ]
    assert found == [
        VanishedResponse(UidSet.parse(b"2,5"), earlier=True),
        FetchResponse(Seq(1), Uid(4), frozenset(), 13),
    ]


class Pot:
    """A sink that keeps what is poured into it."""

    def __init__(self, fails: bool = False) -> None:
        self.octets = b""
        self.closed = False
        self.fails = fails

    def write(self, octets: bytes) -> None:
        if self.fails:
            raise OSError("the disk is full")
        self.octets += octets

    def close(self) -> None:
        self.closed = True


BIG = "x" * 70_000
BIG_FETCH = (
    CAPABLE + SELECT + "C: A2 UID FETCH 1:* (BODY.PEEK[])\n"
    f"S: * 1 FETCH (UID 4 BODY[] {{70000}}\nS: {BIG})\n"
    "S: * 2 FETCH (UID 5 BODY[] {2}\nS: ab)\nS: A2 OK x\n"
)


@pytest.mark.parametrize("segment", [1000, 65536])
async def test_large_literals_go_to_a_sink_and_small_ones_stay(segment: int) -> None:
    pots: dict[Uid | None, Pot] = {}
    async with scripted(BIG_FETCH, segment_octets=segment) as client:
        await client.select("INBOX")
        answers = []
        async for answer in client.uid_fetch(
            UidSet.all(), (BodyItem(),), sink=lambda which, _size: pots.setdefault(which.uid, Pot())
        ):
            assert isinstance(answer, FetchResponse)
            answers.append(answer)
    assert [answer.sections[0].octets for answer in answers] == [Streamed(70_000), b"ab"]
    assert list(pots) == [4]
    assert pots[Uid(4)].octets == BIG.encode()
    assert pots[Uid(4)].closed


async def test_a_sink_that_fails_fails_the_fetch_and_nothing_else() -> None:
    async with scripted(BIG_FETCH + "C: A3 NOOP\nS: A3 OK x\n") as client:
        await client.select("INBOX")
        with pytest.raises(OSError, match="disk is full"):
            async for _ in client.uid_fetch(
                UidSet.all(), (BodyItem(),), sink=lambda *_: Pot(fails=True)
            ):
                pass
        await client.noop()


async def test_whoever_stops_early_leaves_the_connection_usable() -> None:
    answers = "".join(f"S: * {n} FETCH (UID {n} FLAGS ())\n" for n in range(1, 10_001))
    text = (
        CAPABLE
        + SELECT
        + f"C: A2 UID FETCH 1:* (FLAGS)\n{answers}S: A2 OK x\nC: A3 NOOP\nS: A3 OK x\n"
    )
    async with scripted(text) as client:
        await client.select("INBOX")
        async with aclosing(client.uid_fetch(UidSet.all(), (Item.FLAGS,))) as found:
            async for answer in found:
                assert answer.uid == 1  # type: ignore[union-attr]
                break
        await client.noop()


async def test_a_slow_reader_may_ask_other_things_meanwhile() -> None:
    answers = "".join(f"S: * {n} FETCH (UID {n} FLAGS ())\n" for n in range(1, 10_001))
    text = (
        CAPABLE
        + SELECT
        + f"C: A2 UID FETCH 1:* (FLAGS)\n{answers}S: A2 OK x\nC: A3 NOOP\nS: A3 OK x\n"
    )
    async with scripted(text) as client:
        await client.select("INBOX")
        count = 0
        async for _ in client.uid_fetch(UidSet.all(), (Item.FLAGS,)):
            if count == 0:
                await asyncio.sleep(0.05)
                await client.noop()
            count += 1
        assert count == 10_000


async def test_a_fetch_of_no_messages_says_nothing() -> None:
    async with scripted(CAPABLE + SELECT) as client:
        await client.select("INBOX")
        assert [answer async for answer in client.uid_fetch(UidSet(), (Item.FLAGS,))] == []


async def test_store_tells_what_changed_and_what_was_left_alone() -> None:
    text = (
        CAPABLE
        + SELECT
        + (
            "C: A2 UID STORE 4:6 (UNCHANGEDSINCE 5) +FLAGS.SILENT (\\Seen)\n"
            "S: * 1 FETCH (UID 4 MODSEQ (8))\nS: A2 OK [MODIFIED 5] x\n"
            "C: A3 UID STORE 4 (UNCHANGEDSINCE 1) -FLAGS (\\Seen)\nS: A3 NO [MODIFIED 4] x\n"
            "C: A4 UID STORE 4 FLAGS.SILENT ()\nS: A4 NO no\n"
        )
    )
    async with scripted(text) as client:
        await client.select("INBOX")
        stored = await client.uid_store(
            UidSet.parse(b"4:6"), StoreMode.ADD, [flags.SEEN], unchanged_since=5
        )
        assert stored.changed == (FetchResponse(Seq(1), Uid(4), modseq=8),)
        assert stored.modified == UidSet.parse(b"5")
        four = UidSet.parse(b"4")
        stored = await client.uid_store(
            four, StoreMode.REMOVE, [flags.SEEN], silent=False, unchanged_since=1
        )
        assert stored.modified == four
        with pytest.raises(RefusedError):
            await client.uid_store(four, StoreMode.REPLACE, [])


async def test_copy_and_move_tell_which_became_which() -> None:
    text = (
        CAPABLE
        + SELECT
        + (
            "C: A2 UID COPY 4:5 a\nS: A2 OK [COPYUID 7 4:5 10:11] x\n"
            "C: A3 UID MOVE 4 a\nS: * OK [COPYUID 7 4 12] x\nS: * VANISHED 4\nS: A3 OK x\n"
            "C: A4 UID COPY 5 a\nS: A4 OK nothing was said\nC: A5 UID EXPUNGE 5\n"
            "S: * 2 EXPUNGE\nS: A5 OK x\n"
        )
    )
    told: list[UntaggedResponse | Malformed] = []
    async with scripted(text, told=told) as client:
        await client.select("INBOX")
        copied = await client.uid_copy(UidSet.parse(b"4:5"), "a")
        assert copied is not None
        assert list(copied.pairs()) == [(4, 10), (5, 11)]
        moved = await client.uid_move(UidSet.parse(b"4"), "a")
        assert moved is not None
        assert list(moved.pairs()) == [(4, 12)]
        assert await client.uid_copy(UidSet.parse(b"5"), "a") is None
        await client.uid_expunge(UidSet.parse(b"5"))
    assert told == [VanishedResponse(UidSet.parse(b"4")), ExpungeResponse(Seq(2))]


async def test_searches_have_one_form_of_answer() -> None:
    text = (
        CAPABLE
        + SELECT
        + (
            "C: A2 UID SEARCH UNSEEN\nS: * SEARCH 5 3 4\nS: A2 OK x\n"
            "C: A3 UID SEARCH RETURN (ALL COUNT) ALL\n"
            'S: * ESEARCH (TAG "A9") UID COUNT 0\nS: * ESEARCH (TAG "A3") UID ALL '
            "3:5 COUNT 3\nS: A3 OK x\n"
            "C: A4 UID SEARCH ALL\nS: * SEARCH\nS: A4 OK x\n"
            "C: A5 UID SORT (REVERSE DATE) UTF-8 ALL\nS: * SORT 5 3\nS: A5 OK x\n"
            "C: A6 UID THREAD REFERENCES UTF-8 ALL\nS: * THREAD (3 4)(5)\nS: A6 OK x\n"
        )
    )
    async with scripted(text) as client:
        await client.select("INBOX")
        found = await client.uid_search(Is("UNSEEN"))
        assert found.all == UidSet.parse(b"3:5")
        assert found.count == 3
        found = await client.uid_search(EVERYTHING, returns=("ALL", "COUNT"))
        assert found.all == UidSet.parse(b"3:5")
        assert (await client.uid_search(EVERYTHING)).all is None
        order = (SortBy(SortKey.DATE, reverse=True),)
        assert await client.uid_sort(order, EVERYTHING) == [5, 3]
        assert (await client.uid_thread("REFERENCES", EVERYTHING)).numbers == (3, 4, 5)


async def test_two_searches_wait_for_one_another() -> None:
    text = (
        CAPABLE
        + SELECT
        + (
            "C: A2 UID SEARCH SEEN\nS: * SEARCH 1\nS: A2 OK x\nC: A3 UID SEARCH "
            "UNSEEN\nS: * SEARCH 2\nS: A3 OK x\n"
        )
    )
    async with scripted(text) as client:
        await client.select("INBOX")
        one, two = await asyncio.gather(
            client.uid_search(Is("SEEN")), client.uid_search(Is("UNSEEN"))
        )
        assert (one.all, two.all) == (UidSet.parse(b"1"), UidSet.parse(b"2"))


async def test_without_unselect_nothing_is_expunged_all_the_same() -> None:
    text = (
        "S: * PREAUTH [CAPABILITY IMAP4rev1] hello\n"
        + SELECT
        + (
            "C: A2 EXAMINE INBOX\nS: * 3 EXISTS\nS: A2 OK [READ-ONLY] x\nC: A3 "
            "CLOSE\nS: A3 OK x\n*: wait\n"
        )
    )
    async with scripted(text) as client:
        await client.select("INBOX")
        await client.unselect()
        assert client.state is State.AUTHENTICATED


# ---- IDLE


async def test_idle_tells_news_and_ends_with_done() -> None:
    text = (
        CAPABLE
        + SELECT
        + ("C: A2 IDLE\nS: + idling\nS: * 4 EXISTS\nC: DONE\nS: A2 OK x\nC: A3 NOOP\nS: A3 OK x\n")
    )
    heard = asyncio.Event()
    async with scripted(text) as client:
        await client.select("INBOX")
        client.told = lambda _value: heard.set()
        async with client.idle():
            await heard.wait()
        await client.noop()


async def test_an_idle_ends_by_itself_when_something_else_is_asked() -> None:
    text = (
        CAPABLE
        + SELECT
        + ("C: A2 IDLE\nS: + idling\nC: DONE\nS: A2 OK x\nC: A3 NOOP\nS: A3 OK x\n")
    )
    async with scripted(text) as client:
        await client.select("INBOX")
        async with client.idle() as idling:
            asked = asyncio.gather(client.noop(), idling.ended())
            await asked


@pytest.mark.parametrize("said", ["", "S: + idling\nC: DONE\n"], ids=["begin", "end"])
async def test_an_idle_that_is_not_answered_ends_the_connection_in_time(said: str) -> None:
    text = CAPABLE + f"C: A1 IDLE\n{said}*: wait\n"
    async with scripted(text, timeout_s=0.2) as client:
        with pytest.raises(TimedOutError, match="did not answer"):
            async with client.idle():
                pass
        assert not client.is_usable


async def test_an_idle_may_be_silent_for_longer_than_an_answer() -> None:
    text = CAPABLE + "C: A1 IDLE\nS: + idling\nC: DONE\nS: A1 OK x\n*: wait\n"
    async with scripted(text, timeout_s=0.1) as client:
        async with client.idle():
            await asyncio.sleep(0.3)
        assert client.is_usable


async def test_an_idle_that_is_refused_is_told() -> None:
    async with scripted(CAPABLE + "C: A1 IDLE\nS: A1 NO no\n") as client:
        with pytest.raises(RefusedError):
            async with client.idle():
                pytest.fail("it never began")


async def test_an_idle_may_be_silent_and_a_command_may_not() -> None:
    text = CAPABLE + "C: A1 IDLE\nS: + idling\nC: DONE\nS: A1 OK x\nC: A2 NOOP\n*: wait\n"
    async with scripted(text, timeout_s=0.1) as client:
        async with client.idle():
            await asyncio.sleep(0.3)
        with pytest.raises(TimedOutError):
            await client.noop()
        assert not client.is_usable


# ---- compression


async def test_compression_that_is_active_already_is_no_error() -> None:
    text = CAPABLE + "C: A1 COMPRESS DEFLATE\nS: A1 NO [COMPRESSIONACTIVE] x\n"
    async with scripted(text) as client:
        assert await client.compress() is False


async def test_a_stream_that_is_not_compressed_ends_the_connection() -> None:
    text = (
        CAPABLE + "C: A1 COMPRESS DEFLATE\nS: A1 OK x\nS: * 1 EXISTS this is no deflate\n*: wait\n"
    )
    async with scripted(text) as client:
        assert await client.compress()
        with pytest.raises((ProtocolViolationError, ClosedError)):
            await client.noop()


# ---- ends


async def test_bye_ends_every_command_with_its_text() -> None:
    text = CAPABLE + "C: A1 NOOP\nS: * BYE [UNAVAILABLE] maintenance\n*: close\n"
    ended = []
    async with scripted(text) as client:
        client.ended = ended.append
        with pytest.raises(ClosedError, match="maintenance") as caught:
            await client.noop()
        assert caught.value.code == "temporary"
        with pytest.raises(ClosedError):
            await client.noop()
        assert not client.is_usable
    assert len(ended) == 1


async def test_an_answer_to_nothing_ends_the_connection() -> None:
    async with scripted(CAPABLE + "C: A1 NOOP\nS: A7 OK x\n*: wait\n") as client:
        with pytest.raises(ProtocolViolationError, match="A7"):
            await client.noop()


async def test_logout_says_goodbye() -> None:
    async with scripted(CAPABLE + "C: A1 LOGOUT\nS: * BYE bye\nS: A1 OK x\n*: close\n") as client:
        await client.logout()
        assert not client.is_usable
        await client.logout()


async def test_closing_fails_whoever_waits() -> None:
    async with scripted(CAPABLE + "C: A1 NOOP\n*: wait\n") as client:
        waiting = asyncio.gather(client.noop(), return_exceptions=True)
        await asyncio.sleep(0.01)
        await client.aclose()
        (error,) = await waiting
        assert isinstance(error, ClosedError)


async def test_a_command_that_is_cancelled_leaves_the_rest_alone() -> None:
    text = (
        CAPABLE
        + "C: A1 NOOP\nC: A2 STATUS a (SIZE)\nS: A1 OK x\nS: * STATUS a (SIZE 5)\nS: A2 OK x\n"
    )
    async with scripted(text) as client:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02):
                await client.noop()
        assert (await client.status("a", (StatusItem.SIZE,)))[StatusItem.SIZE] == 5


async def test_a_command_in_the_wrong_state_is_our_fault() -> None:
    async with scripted(CAPABLE + "C: A1 NOOP\nS: A1 OK x\n") as client:
        with pytest.raises(LocalProtocolError):
            await client.uid_expunge(UidSet.all())
        await client.noop()
