from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from localserver.config import Limits
from tests.helpers.corpora import messages, needed
from tests.helpers.smtp_talk import MESSAGE, Talk, post_office

if TYPE_CHECKING:
    from pathlib import Path


async def send(talk: Talk, octets: bytes, *rcpts: str) -> str:
    assert (await talk.say("MAIL FROM:<alice@localhost>")).code == 250
    for rcpt in rcpts or ("bob@localhost",):
        assert (await talk.say(f"RCPT TO:<{rcpt}>")).code == 250
    return str(await talk.message(octets))


async def test_lenient_mode_mends_and_reports() -> None:
    async with post_office() as post:
        answer = await send(await post.logged_in(), b"From: eve@example.org\r\n\r\nbody\r\n")
        assert answer.startswith("250")
        (received,) = await post.inbox("bob")
        top, _, rest = received.partition(b"From: eve@example.org\r\n")
        assert rest == b"\r\nbody\r\n"
        assert re.search(rb"\r\nSender: <alice@localhost>\r\nDate: .*\r\nMessage-ID: <", top)
        assert b"X-Submission-Report: added Sender: From is not alice@localhost;\r\n" in top


async def test_strict_mode_refuses() -> None:
    async with post_office(strict=True) as post:
        talk = await post.logged_in()
        answer = await send(talk, b"From: eve@example.org\r\n\r\nbody\r\n")
        assert answer == "550 5.7.1 eve@example.org is not your address"
        assert (await send(talk, MESSAGE)).startswith("250")


async def test_port_25_mends_nothing() -> None:
    async with post_office(strict=True) as post:
        talk = await post.talk()
        await send(talk, b"From: eve@example.org\r\nBcc: x@y.example\r\n\r\nbody\r\n")
        (received,) = await post.inbox("bob")
        assert received.endswith(b"From: eve@example.org\r\nBcc: x@y.example\r\n\r\nbody\r\n")
        assert b"X-Submission-Report" not in received


async def test_bcc_reaches_nobody() -> None:
    async with post_office() as post:
        octets = MESSAGE.replace(b"Subject", b"Bcc: bob@localhost,\r\n x@example.org\r\nSubject")
        await send(await post.logged_in(), octets, "bob@localhost", "x@example.org")
        (received,) = await post.inbox("bob")
        assert received.endswith(MESSAGE)
        assert post.server.store.captured()[0].octets.endswith(MESSAGE)


async def test_a_header_too_large_to_be_seen_whole_is_refused_for_its_bcc_would_leak(
    tmp_path: Path,
) -> None:
    async with post_office(data=tmp_path, limits=Limits(spool_octets=10_000)) as post:
        talk = await post.logged_in()
        field = b"X-Long: " + b"x" * 900 + b"\r\n"
        octets = MESSAGE.replace(b"Subject", field * 3000 + b"Bcc: hidden@example.org\r\nSubject")
        answer = await send(talk, octets)
        assert answer.startswith("552 5.3.4 The header is larger than")
        assert await post.inbox("bob") == []
        assert (await send(talk, MESSAGE + b"long body\r\n" * 90_000)).startswith("250")


LARGE = (
    b"From: alice@localhost\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
    b"--b\r\n\r\n" + b"long text\r\n" * 20_000 + b"--b\r\n"
    b'Content-Disposition: attachment; filename="game.exe"\r\n\r\nMZ\r\n--b--\r\n'
)


@pytest.mark.parametrize("on_disk", [True, False])
@pytest.mark.parametrize(
    "rule",
    [{"kind": "attachment"}, {"kind": "command", "command": ["/bin/sh", "-c", "! grep -q MZ"]}],
)
async def test_filters_see_all_of_a_large_message(
    tmp_path: Path, on_disk: bool, rule: dict[str, object]
) -> None:
    filters = ({**rule, "action": "reject"},)
    limits = Limits(spool_octets=10_000)
    async with post_office(
        data=tmp_path if on_disk else None, limits=limits, filters=filters
    ) as post:
        talk = await post.talk()
        assert (await send(talk, LARGE)).startswith("550 5.7.1 Refused")
        assert (await send(talk, LARGE.replace(b"exe", b"txt").replace(b"MZ", b""))).startswith("2")


async def test_the_messages_of_a_user_are_limited() -> None:
    async with post_office(limits=Limits(messages_per_minute=2)) as post:
        talk = await post.logged_in()
        answers = [await send(talk, MESSAGE) for _ in range(3)]
        assert [answer[:3] for answer in answers] == ["250", "250", "450"]


async def test_the_filter_chain() -> None:
    filters = (
        {"kind": "match", "pattern": "hello", "action": "tag", "text": "greeted"},
        {"kind": "match", "pattern": "junk", "action": "redirect"},
        {"kind": "match", "pattern": "bad", "action": "reject", "text": "Not that\r\n250 ok"},
        {"kind": "match", "pattern": "mine", "action": "reject", "on": "submission"},
    )
    async with post_office(filters=filters) as post:
        talk = await post.talk()
        for word in (b"hello", b"hello junk", b"bad", b"mine"):
            answer = await send(talk, MESSAGE.replace(b"Subject: x", b"Subject: " + word))
            if word == b"bad":
                assert answer == "550 5.7.1 Refused: Not that 250 ok"
            else:
                assert answer.startswith("250")
        inbox = await post.inbox("bob")
        assert len(inbox) == 2
        assert b"\r\nX-Filter: greeted\r\n" in inbox[0]
        account = await post.server.store.account("bob")
        assert len(account.all_uids(account.mailbox("Junk"))) == 1
        answer = await send(
            await post.logged_in(), MESSAGE.replace(b"Subject: x", b"Subject: mine")
        )
        assert answer.startswith("550 5.7.1")


@pytest.mark.logs("A filter failed")
async def test_a_broken_filter_does_not_stop_the_mail() -> None:
    filters = ({"kind": "command", "command": ["/bin/sh", "-c", "exit 3"], "action": "reject"},)
    async with post_office(filters=filters) as post:
        assert (await send(await post.talk(), MESSAGE)).startswith("250")


@needed
async def test_every_message_of_the_corpora_arrives_as_it_was_sent() -> None:
    """Below the fields that the server added, and but for Bcc, octet for octet."""
    added = rb"Return-Path|Received|X-Submission-Report|Sender|Date|Message-ID"
    top = re.compile(rb"(?:(?:%b):[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*)+(?:\r\n)?" % added)
    refused = {"550 5.6.0 The message holds a NUL": 0, "long": 0}
    count = 0
    async with post_office(limits=Limits(messages_per_minute=10_000)) as post:
        talk = await post.logged_in()
        for message in messages():
            lines = re.split(rb"\r\n|\r|\n", message.octets)
            if lines[-1] == b"":
                lines.pop()
            octets = b"".join(line + b"\r\n" for line in lines)
            stuffed = b"".join(
                (b"." if line[:1] == b"." else b"") + line + b"\r\n" for line in lines
            )
            answer = await send(talk, stuffed)
            if b"\0" in octets:
                assert answer == "550 5.6.0 The message holds a NUL"
                refused[answer] += 1
                continue
            if any(len(line) > 998 for line in lines):
                assert answer == "550 5.6.0 The message has a line of more than 998 octets"
                refused["long"] += 1
                continue
            assert answer.startswith("250"), (message.name, answer)
            received = (await post.inbox("bob"))[count]
            count += 1
            if re.search(rb"^(?:Resent-)?Bcc[ \t]*:", octets, re.MULTILINE | re.IGNORECASE):
                continue
            assert received.endswith(octets), message.name
            found = top.fullmatch(received[: len(received) - len(octets)])
            assert found is not None, message.name
    assert count > 100
