import asyncio
import logging

import pytest

from desktopmail.net.tls import ClientTls
from localserver.config import Limits
from localserver.faults import Fault
from tests.helpers.smtp_talk import MESSAGE, Talk, post_office


async def test_a_whole_conversation_octet_by_octet_and_at_once() -> None:
    octets = (
        b"EHLO me.example\r\nMAIL FROM:<x@example.org>\r\nRCPT TO:<bob@localhost>\r\nDATA\r\n"
        + MESSAGE
        + b".\r\nQUIT\r\n"
    )
    async with post_office() as post:
        for size in (1, len(octets)):
            talk = await post.talk(hello=None)
            for begin in range(0, len(octets), size):
                talk.stream.write(octets[begin : begin + size])
                await talk.stream.drain()
            codes = [(await talk.reply()).code for _ in range(6)]
            assert codes == [250, 250, 250, 354, 250, 221]
            assert await talk.at_end()
        assert len(await post.inbox("bob")) == 2


async def test_starttls_forgets_the_login_and_offers_anew() -> None:
    async with post_office() as post:
        talk = await post.logged_in()
        assert (await talk.say("STARTTLS")).code == 220
        await talk.stream.start_tls(ClientTls("localhost", ca_file=post.server.ca_file))
        assert (await talk.say("MAIL FROM:<alice@localhost>")).code == 503
        answer = await talk.say("EHLO me.example")
        assert "REQUIRETLS" in answer.lines
        assert "STARTTLS" not in answer.lines
        assert (await talk.say("MAIL FROM:<alice@localhost>")).code == 530
        await talk.stream.aclose()


@pytest.mark.parametrize("injected", [b"MAIL FROM:<evil@example.org>\r\n", b"R", b"\r\n"])
async def test_octets_behind_starttls_end_the_connection(injected: bytes) -> None:
    async with post_office() as post:
        talk = await post.talk()
        assert (await talk.say(b"STARTTLS\r\n" + injected)).code == 501
        assert await talk.at_end()


async def test_who_never_shakes_hands_behind_starttls_is_sent_away(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "localserver")
    async with post_office(limits=Limits(command_s=0.2)) as post:
        talk = await post.talk()
        assert (await talk.say("STARTTLS")).code == 220
        async with asyncio.timeout(5):
            assert await talk.at_end()
    assert [record.getMessage().partition(" was ")[2] for record in caplog.records] == [
        "sent away: it did not shake hands."
    ]


async def test_the_mistakes_of_a_session_are_counted() -> None:
    async with post_office() as post:
        talk = await post.talk()
        codes = await talk.codes(*["XYZZY"] * 20)
        assert codes == [500] * 19 + [421]
        assert await talk.at_end()


async def test_a_bdat_that_cannot_be_read_ends_the_connection() -> None:
    async with post_office() as post:
        talk = await post.talk()
        assert (await talk.say("BDAT lots")).code == 501
        assert await talk.at_end()


async def test_who_says_nothing_is_dropped() -> None:
    async with post_office(limits=Limits(command_s=0.1, login_s=0.1)) as post:
        talk = await post.talk()
        assert str(await talk.reply()).startswith("421 4.4.2")
        assert await talk.at_end()


@pytest.mark.parametrize("octets", [b"N", b"x\r\n"])
async def test_who_dribbles_is_dropped(octets: bytes) -> None:
    # One octet at a time keeps neither a command nor a message alive.
    async with post_office(limits=Limits(command_s=0.2, login_s=0.2)) as post:
        talk = await post.talk()
        if octets != b"N":
            await talk.codes("MAIL FROM:<>", "RCPT TO:<bob@localhost>", "DATA")
        answer = asyncio.ensure_future(talk.reply())  # noqa: TID251 - to be awaited below
        async with asyncio.timeout(5):
            while not answer.done():
                if not talk.stream.is_closed:
                    talk.stream.write(octets)
                await asyncio.sleep(0.02)
        assert (await answer).code == 421
        assert await post.inbox("bob") == []


async def test_rset_noop_and_quit() -> None:
    async with post_office() as post:
        talk = await post.talk()
        assert await talk.codes("NOOP ignored", "MAIL FROM:<>", "RSET", "DATA", "QUIT") == [
            250, 250, 250, 503, 221,
        ]  # fmt: skip
        assert await talk.at_end()


async def test_without_enhanced_codes_none_are_sent() -> None:
    async with post_office(without=frozenset({"ENHANCEDSTATUSCODES"})) as post:
        assert (await (await post.talk()).say("NOOP")).enhanced is None


async def test_a_server_that_stops_says_so() -> None:
    async with post_office() as post:
        talk = await post.talk()
        closing = asyncio.ensure_future(post.server.aclose(grace_s=0.0))  # noqa: TID251 - awaited
        assert str(await talk.reply()) == "421 4.3.2 The server is stopping"
        assert await talk.at_end()
        await closing


# -- the fault plan


async def test_a_planned_reply_stands_in_for_the_command() -> None:
    plan = (
        Fault(protocol="smtp", command="RCPT", argument="bob", reply="451 4.7.1 Greylisted"),
        Fault(protocol="smtp", command="END-OF-DATA", reply="452 4.3.1 Disk full"),
    )
    async with post_office(plan=plan) as post:
        talk = await post.talk()
        await talk.say("MAIL FROM:<>")
        assert str(await talk.say("RCPT TO:<bob@localhost>")) == "451 4.7.1 Greylisted"
        assert (await talk.say("RCPT TO:<bob@localhost>")).code == 250
        assert (await talk.message(MESSAGE)).code == 452
        assert await post.inbox("bob") == []
        await talk.codes("MAIL FROM:<>", "RCPT TO:<bob@localhost>")
        assert (await talk.message(MESSAGE)).code == 250
        assert len(await post.inbox("bob")) == 1


async def test_a_planned_greeting_and_a_planned_end() -> None:
    plan = (
        Fault(protocol="smtp", command="GREETING", reply="421 4.3.2 Closed today"),
        Fault(protocol="smtp", command="NOOP", drop=True),
    )
    async with post_office(plan=plan) as post:
        stream = await post.ports.dialer.dial("127.0.0.1", post.server.ports["smtp"])
        assert (await Talk(stream).reply()).code == 421
        await stream.aclose()
        talk = await post.talk()
        talk.stream.write(b"NOOP\r\n")
        assert await talk.at_end()


async def test_starttls_can_be_stripped() -> None:
    plan = (Fault(protocol="smtp", command="GREETING", hide=("STARTTLS",)),)
    async with post_office(plan=plan) as post:
        talk = await post.talk(hello=None)
        assert "STARTTLS" not in (await talk.say("EHLO me.example")).lines
        assert (await talk.say("STARTTLS")).code == 502
