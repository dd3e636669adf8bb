import errno
import os

import pytest

from localserver.config import Limits
from localserver.spool import Spool
from tests.helpers.smtp_talk import MESSAGE, Talk, post_office


async def envelope(talk: Talk, *recipients: str) -> None:
    assert (await talk.say("MAIL FROM:<alice@localhost>")).code == 250
    for recipient in recipients or ("bob@localhost",):
        assert (await talk.say(f"RCPT TO:<{recipient}>")).code == 250


@pytest.mark.parametrize(
    ("octets", "reply"),
    [
        (b"a\nb\r\n", "550 5.6.0 The message holds a bare CR or LF"),
        (b"a\rb\r\n", "550 5.6.0 The message holds a bare CR or LF"),
        (b"a\0b\r\n", "550 5.6.0 The message holds a NUL"),
        (b"x" * 999 + b"\r\n", "550 5.6.0 The message has a line of more than 998 octets"),
        (b"x\r\n" * 500, "552 5.3.4 The message is larger than this server takes"),
    ],
)
async def test_a_flawed_message_is_refused_after_its_end_and_the_session_goes_on(
    octets: bytes, reply: str
) -> None:
    async with post_office(max_message_octets=1400) as post:
        talk = await post.talk()
        await envelope(talk)
        assert str(await talk.message(octets)) == reply
        await envelope(talk)
        assert (await talk.say(b"BDAT %d LAST\r\n" % len(octets) + octets)).code in {550, 552}
        await envelope(talk)
        assert (await talk.message(MESSAGE)).code == 250
        assert len(await post.inbox("bob")) == 1


async def test_chunks_are_put_together() -> None:
    async with post_office() as post:
        talk = await post.talk()
        await envelope(talk)
        half = len(MESSAGE) // 2
        first = await talk.say(b"BDAT %d\r\n" % half + MESSAGE[:half])
        assert str(first) == f"250 2.0.0 {half} octets so far"
        rest = MESSAGE[half:]
        assert (await talk.say(b"BDAT %d LAST\r\n" % len(rest) + rest)).code == 250
        (received,) = await post.inbox("bob")
        assert received.endswith(MESSAGE)


async def test_a_binary_message_is_kept_as_it_is() -> None:
    async with post_office() as post:
        talk = await post.talk()
        octets = b"Subject: x\r\n\r\n\0\n\r.\r\n" + bytes(range(256)) * 20
        await talk.say("MAIL FROM:<> BODY=BINARYMIME")
        await talk.say("RCPT TO:<bob@localhost>")
        assert (await talk.say(b"BDAT %d LAST\r\n" % len(octets) + octets)).code == 250
        (received,) = await post.inbox("bob")
        assert received.endswith(octets)


async def test_large_messages_go_through_the_disk(tmp_path: object) -> None:
    async with post_office(data=tmp_path, limits=Limits(spool_octets=1000), users=()) as post:
        await post.server.context.users.put("bob", "builder")
        talk = await post.talk()
        body = MESSAGE + b"line of a large message\r\n" * 20_000
        await talk.say("MAIL FROM:<x@example.org>")
        await talk.say("RCPT TO:<bob@localhost>")
        assert (await talk.message(body)).code == 250
        (received,) = await post.inbox("bob")
        assert received.endswith(body)
        assert list((post.server.context.data / "spool").iterdir()) == []  # type: ignore[operator] # it has data


@pytest.mark.logs("No space left on device")
async def test_a_full_disk_is_452_and_nothing_is_lost(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    async with post_office(data=tmp_path, limits=Limits(spool_octets=10), users=()) as post:
        await post.server.context.users.put("bob", "builder")
        talk = await post.talk()

        def full(_self: Spool) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        await talk.say("MAIL FROM:<x@example.org>")
        await talk.say("RCPT TO:<bob@localhost>")
        with monkeypatch.context() as patched:
            patched.setattr(Spool, "_put_down", full)
            assert str(await talk.message(MESSAGE * 10)).startswith("452 4.3.1")
        await talk.say("MAIL FROM:<x@example.org>")
        await talk.say("RCPT TO:<bob@localhost>")
        assert (await talk.message(MESSAGE)).code == 250
        assert len(await post.inbox("bob")) == 1
