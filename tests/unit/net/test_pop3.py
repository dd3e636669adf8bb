"""The POP3 client against servers that say what the tests wrote down."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from desktopmail.net.endpoint import Endpoint, Security
from desktopmail.net.errors import (
    ClosedError,
    ProtocolViolationError,
    RefusedError,
    TimedOutError,
    TlsError,
    UnreachableError,
)
from desktopmail.net.pop3 import Pop3Client
from desktopmail.net.tls import ServerTls
from desktopmail.wire.pop3.lang import Lang, Language
from desktopmail.wire.pop3.listing import DropListing
from desktopmail.wire.secret import Secret
from tests.helpers.certificates import make_certificates
from tests.helpers.pop3_script import CAPA, GREETING, START_TLS, Script

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.wire.pop3.reply import Reply

LOGIN = ((b"CAPA", CAPA), (b"USER mrose", b"+OK\r\n"), (b"PASS tanstaaf", b"+OK\r\n"))
SLOW = CAPA.replace(b"PIPELINING\r\n", b"")


async def log_in(client: Pop3Client) -> None:
    await client.login("mrose", Secret("tanstaaf"), "user")


@pytest.mark.parametrize("segment_octets", [1, 7, 65536])
async def test_a_whole_session(segment_octets: int) -> None:
    script = Script(
        *LOGIN,
        (b"STAT", b"+OK 2 320\r\n"),
        (b"LIST", b"+OK\r\n1 120\r\n2 200\r\n.\r\n"),
        (b"UIDL", b"+OK\r\n1 a\r\n2 b\r\n.\r\n"),
        (b"RETR 1", b"+OK\r\none\r\n..\r\n.\r\n"),
        (b"RETR 2", b"+OK\r\ntwo\r\n.\r\n"),
        (b"TOP 1 0", b"+OK\r\nA: b\r\n\r\n.\r\n"),
        (b"DELE 1", b"+OK\r\n"),
        (b"DELE 2", b"-ERR gone\r\n"),
        (b"RSET", b"+OK\r\n"),
        (b"NOOP", b"+OK\r\n"),
        (b"LANG", b"+OK\r\nen English\r\n.\r\n"),
        (b"QUIT", b"+OK\r\n"),
        segment_octets=segment_octets,
    )
    async with script.client() as client:
        assert client.greeting is not None
        assert "PIPELINING" in client.capabilities
        await log_in(client)
        assert await client.stat() == DropListing(2, 320)
        assert await client.listing() == {1: 120, 2: 200}
        assert await client.uidl() == {1: "a", 2: "b"}
        fetched = [message async for message in client.retr_many([1, 2])]
        assert fetched == [(1, b"one\r\n.\r\n"), (2, b"two\r\n")]
        assert await client.top(1) == b"A: b\r\n\r\n"
        refused = await client.dele_many([1, 2])
        assert {number: reply.text for number, reply in refused.items()} == {2: "gone"}
        await client.rset()
        await client.noop()
        assert await client.ask(Lang()) == (Language("en", "English"),)
        await client.quit()
    assert script.heard[-1] == b"QUIT"


async def test_sizes_and_unique_ids_come_in_one_round_trip() -> None:
    for capa in (CAPA, SLOW):
        script = Script(
            (b"CAPA", capa),
            *LOGIN[1:],
            (b"LIST", b"+OK\r\n1 120\r\n.\r\n"),
            (b"UIDL", b"+OK\r\n1 a\r\n.\r\n"),
        )
        async with script.client() as client:
            await log_in(client)
            assert await client.listing_and_uidl() == ({1: 120}, {1: "a"})


@pytest.mark.parametrize(("capa", "ahead"), [(CAPA, 32), (SLOW, 1)])
async def test_retr_goes_ahead_within_a_window_where_the_server_pipelines(
    capa: bytes, ahead: int
) -> None:
    script = Script((b"CAPA", capa), *LOGIN[1:], hang=True)
    async with script.client(timeout_s=0.1) as client:
        await log_in(client)
        with pytest.raises(TimedOutError):
            await anext(aiter(client.retr_many(range(1, 1000))))
    # The server of this test stops answering, so that what was sent is all that went ahead.
    assert script.recorder.text().count("C: RETR") == ahead


async def test_a_thousand_messages_come_in_order() -> None:
    steps = [(b"RETR %d" % n, b"+OK\r\n%d\r\n.\r\n" % n) for n in range(1, 1001)]
    async with Script(*LOGIN, *steps).client() as client:
        await log_in(client)
        fetched = [message async for message in client.retr_many(range(1, 1001))]
    assert fetched == [(n, b"%d\r\n" % n) for n in range(1, 1001)]


async def test_a_message_that_is_refused_raises_or_is_told() -> None:
    steps = (
        (b"RETR 1", b"-ERR gone\r\n"),
        (b"RETR 2", b"+OK\r\ntwo\r\n.\r\n"),
        (b"NOOP", b"+OK\r\n"),
    )
    told: list[tuple[int, Reply]] = []
    async with Script(*LOGIN, *steps).client() as client:
        await log_in(client)
        fetched = [
            message
            async for message in client.retr_many(
                [1, 2], on_refused=lambda number, reply: told.append((number, reply))
            )
        ]
        assert fetched == [(2, b"two\r\n")]
        assert [(number, reply.text) for number, reply in told] == [(1, "gone")]
    async with Script(*LOGIN, *steps).client() as client:
        await log_in(client)
        with pytest.raises(RefusedError) as caught:
            await anext(aiter(client.retr_many([1, 2])))
        assert "mail.test:110 refused RETR: gone" in caught.value.sentence
        await client.noop()  # what was under way is dropped, and the session goes on


async def test_leaving_early_drops_what_is_under_way_and_the_session_goes_on() -> None:
    steps = [(b"RETR %d" % n, b"+OK\r\n%d\r\n.\r\n" % n) for n in range(1, 4)]
    async with Script(*LOGIN, *steps, (b"STAT", b"+OK 3 9\r\n")).client() as client:
        await log_in(client)
        async for number, _ in client.retr_many([1, 2, 3]):
            assert number == 1
            break
        assert await client.stat() == DropListing(3, 9)


async def test_a_large_message_comes_in_pieces() -> None:
    body = b"x" * 77 + b"\r\n"
    steps = ((b"RETR 1", b"+OK\r\n" + body * 20_000 + b".\r\n"),)
    async with Script(*LOGIN, *steps).client() as client:
        await log_in(client)
        pieces = [piece async for piece in client.retr(1)]
    assert len(pieces) > 5
    assert b"".join(pieces) == body * 20_000


async def test_headers_of_many_messages() -> None:
    steps = [(b"TOP %d 0" % n, b"+OK\r\nA: %d\r\n\r\n.\r\n" % n) for n in (1, 2)]
    async with Script(*LOGIN, *steps).client() as client:
        await log_in(client)
        found = [each async for each in client.top_many([1, 2])]
    assert found == [(1, b"A: 1\r\n\r\n"), (2, b"A: 2\r\n\r\n")]


# --- servers that say no, or nothing, or nonsense ------------------------------------------------


async def test_a_server_without_capa_is_used_as_it_is() -> None:
    async with Script((b"CAPA", b"-ERR what?\r\n"), *LOGIN[1:]).client() as client:
        assert not client.capabilities
        await log_in(client)


async def test_a_server_that_is_busy_says_so() -> None:
    with pytest.raises(RefusedError) as caught:
        async with Script(greeting=b"-ERR [SYS/TEMP] too busy\r\n").client():
            pytest.fail("connected")
    assert "too busy" in caught.value.sentence
    assert caught.value.code == "temporary"


async def test_another_protocol_is_named() -> None:
    with pytest.raises(ProtocolViolationError) as caught:
        async with Script(greeting=b"220 mail.test ESMTP\r\n", hang=True).client():
            pytest.fail("connected")
    assert "mail.test:110 does not keep to the protocol" in caught.value.sentence


async def test_a_server_that_does_not_answer_times_out_and_the_session_is_over() -> None:
    async with Script(*LOGIN, hang=True).client(timeout_s=0.05) as client:
        await log_in(client)
        with pytest.raises(TimedOutError) as caught:
            await client.stat()
        assert caught.value.sentence == "mail.test:110 did not answer STAT within 0.05 s."
        with pytest.raises(ClosedError):
            await client.stat()


async def test_a_server_that_hangs_up_is_named() -> None:
    async with Script(*LOGIN).client() as client:
        await log_in(client)
        with pytest.raises(ClosedError) as caught:
            await client.stat()
        assert caught.value.sentence.startswith("mail.test:110 closed the connection")


async def test_a_cut_in_the_middle_of_a_message_is_an_error_and_no_short_message() -> None:
    async with Script(*LOGIN, (b"RETR 1", b"+OK\r\nhalf a mess")).client() as client:
        await log_in(client)
        with pytest.raises(ClosedError):
            await anext(aiter(client.retr_many([1])))


async def test_a_refused_quit_is_told_and_closes_all_the_same() -> None:
    answer = b"-ERR [SYS/TEMP] some deleted messages not removed\r\n"
    async with Script(*LOGIN, (b"QUIT", answer)).client() as client:
        await log_in(client)
        with pytest.raises(RefusedError) as caught:
            await client.quit()
        assert "not removed" in caught.value.sentence
        assert client.stream.is_closed


async def test_a_cancelled_question_closes_the_session() -> None:
    async with Script(*LOGIN, hang=True).client() as client:
        await log_in(client)
        asking = asyncio.get_running_loop().create_task(client.stat())
        await asyncio.sleep(0.01)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        with pytest.raises(ClosedError):
            await client.stat()


async def test_a_server_that_is_not_there_is_named() -> None:
    script = Script()
    with pytest.raises(UnreachableError) as caught:
        await Pop3Client.connect(Endpoint("gone.test", 995), ports=script.ports)
    assert caught.value.sentence == "gone.test:995 refuses the connection."


# --- TLS -----------------------------------------------------------------------------------------


async def test_stls_and_what_was_known_before_is_asked_again(tmp_path: Path) -> None:
    files = make_certificates(tmp_path, "mail.test")
    script = Script(
        (b"CAPA", b"+OK\r\nSTLS\r\nPIPELINING\r\n.\r\n"),
        (b"STLS", b"+OK begin\r\n" + START_TLS),
        *LOGIN,
        tls=ServerTls(files.certificate, files.key),
    )
    async with script.client(Security.STARTTLS, ca_file=files.ca_file) as client:
        assert client.stream.tls is not None
        assert "STLS" not in client.capabilities
        await log_in(client)
    assert "*: TLSv1.3" in script.recorder.text()


async def test_tls_from_the_first_octet(tmp_path: Path) -> None:
    files = make_certificates(tmp_path, "mail.test")
    script = Script(*LOGIN, tls=ServerTls(files.certificate, files.key))
    async with script.client(Security.TLS, ca_file=files.ca_file) as client:
        await log_in(client)


@pytest.mark.parametrize(
    "steps",
    [
        ((b"CAPA", CAPA),),
        ((b"CAPA", b"-ERR\r\n"), (b"STLS", b"-ERR unknown\r\n")),
        ((b"CAPA", b"+OK\r\nSTLS\r\n.\r\n"), (b"STLS", b"-ERR not now\r\n")),
    ],
)
async def test_without_stls_nothing_is_said_in_the_clear(
    steps: tuple[tuple[bytes, bytes], ...],
) -> None:
    script = Script(*steps, hang=True)
    with pytest.raises(TlsError) as caught:
        async with script.client(Security.STARTTLS):
            pytest.fail("connected in the clear")
    assert caught.value.code == "tls-not-offered"
    assert set(script.heard) <= {b"CAPA", b"STLS"}


@pytest.mark.parametrize("segment_octets", [1, 65536])
async def test_octets_behind_the_answer_to_stls_are_an_attack(
    tmp_path: Path, segment_octets: int
) -> None:
    files = make_certificates(tmp_path, "mail.test")
    script = Script(
        (b"CAPA", b"+OK\r\nSTLS\r\n.\r\n"),
        (b"STLS", b"+OK begin\r\n+OK\r\nUSER\r\n.\r\n" + START_TLS),
        tls=ServerTls(files.certificate, files.key),
        segment_octets=segment_octets,
    )
    with pytest.raises(TlsError):
        async with script.client(Security.STARTTLS, ca_file=files.ca_file):
            pytest.fail("went on with injected octets")
    assert b"USER mrose" not in script.heard


async def test_the_greeting_is_kept_by_stls(tmp_path: Path) -> None:
    files = make_certificates(tmp_path, "mail.test")
    script = Script(
        (b"CAPA", b"+OK\r\nSTLS\r\n.\r\n"),
        (b"STLS", b"+OK begin\r\n" + START_TLS),
        (b"CAPA", CAPA),
        (b"APOP mrose c4c9334bac560ecc979e58001b3e22fb", b"+OK\r\n"),
        tls=ServerTls(files.certificate, files.key),
    )
    assert b"1896.697170952" in GREETING
    async with script.client(Security.STARTTLS, ca_file=files.ca_file) as client:
        choice = await client.login("mrose", Secret("tanstaaf"), "apop")
    assert choice.mechanism == "APOP"
