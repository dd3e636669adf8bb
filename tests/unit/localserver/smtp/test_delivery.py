import email
import re

import pytest

from localserver.queue.capture import CapturingOutbound
from localserver.store.errors import DiskFullError
from tests.helpers.smtp_talk import MESSAGE, Post, Talk, post_office


async def send(talk: Talk, mail: str, *rcpts: str, octets: bytes = MESSAGE) -> str:
    assert (await talk.say(f"MAIL FROM:{mail}")).code == 250
    for rcpt in rcpts:
        answer = await talk.say(f"RCPT TO:{rcpt}")
        assert answer.code == 250, answer
    return str(await talk.message(octets))


async def test_the_fields_that_the_server_adds_and_nothing_else() -> None:
    async with post_office() as post:
        await send(await post.talk(), "<x@example.org>", "<bob@localhost>")
        (received,) = await post.inbox("bob")
        pattern = (
            rb"Return-Path: <x@example\.org>\r\n"
            rb"Received: from me\.example \(\[127\.0\.0\.1\]\)\r\n"
            rb"\tby localhost with ESMTP id [0-9a-f]{18}\r\n"
            rb"\tfor <bob@localhost>;\r\n"
            rb"\t[A-Z][a-z]{2}, [^\r\n]+\r\n"
        )
        assert re.fullmatch(pattern + re.escape(MESSAGE), received)


async def test_several_recipients_are_not_told_of_one_another() -> None:
    async with post_office() as post:
        await send(await post.talk(), "<>", "<alice@localhost>", "<bob@localhost>")
        for user in ("alice", "bob"):
            (received,) = await post.inbox(user)
            assert b"for <" not in received


async def test_one_copy_for_each_user_however_many_addresses_lead_there() -> None:
    async with post_office(aliases={"both": ("alice", "bob")}) as post:
        rcpts = ("<bob@localhost>", "<bob+x@localhost>", "<both@localhost>")
        await send(await post.talk(), "<>", *rcpts)
        assert len(await post.inbox("bob")) == 1
        assert len(await post.inbox("alice")) == 1


async def test_mail_for_elsewhere_is_captured() -> None:
    async with post_office() as post:
        talk = await post.logged_in()
        await send(talk, "<alice@localhost>", "<x@example.org>", "<bob@localhost>")
        (captured,) = post.server.store.captured()
        assert captured.sender == "alice@localhost"
        assert captured.recipients == ("x@example.org",)
        assert captured.octets.endswith(MESSAGE)
        assert not captured.octets.startswith(b"Return-Path")
        assert len(await post.inbox("bob")) == 1


async def test_nobody_has_it_when_the_queue_cannot_take_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def full(*_: object) -> None:
        raise DiskFullError("no space left on device")

    async with post_office() as post:
        monkeypatch.setattr(CapturingOutbound, "submit", full)
        talk = await post.logged_in()
        answer = await send(talk, "<alice@localhost>", "<bob@localhost>", "<x@example.org>")
        assert answer.startswith("452")
        assert await post.inbox("bob") == []  # it comes again, and then once


async def fill(post: Post, user: str) -> None:
    effects = post.server.context.faults.effects
    assert effects is not None
    effects.set_full(user, full=True)


async def test_a_full_mailbox_is_452() -> None:
    async with post_office() as post:
        await fill(post, "bob")
        answer = await send(await post.talk(), "<x@example.org>", "<bob@localhost>")
        assert answer == "452 4.2.2 The mailbox is full"


@pytest.mark.parametrize("notify", ["", " NOTIFY=FAILURE", " NOTIFY=NEVER"])
async def test_when_some_mailboxes_are_full_the_sender_is_told_of_those(notify: str) -> None:
    async with post_office() as post:
        await fill(post, "bob")
        talk = await post.logged_in()
        answer = await send(
            talk, "<alice@localhost>", "<alice@localhost>", f"<bob@localhost>{notify}"
        )
        assert answer.startswith("250")
        inbox = await post.inbox("alice")
        assert len(inbox) == (1 if "NEVER" in notify else 2)
        if "NEVER" not in notify:
            report = email.message_from_bytes(inbox[1])
            assert report.get_content_type() == "multipart/report"
            status = report.get_payload()[1].get_payload()[1]
            assert status["Final-Recipient"] == "rfc822; bob@localhost"
            assert (status["Action"], status["Status"]) == ("failed", "5.2.2")


@pytest.mark.parametrize("ret", ["FULL", "HDRS"])
async def test_a_large_message_that_a_mailbox_did_not_take_comes_back_whole(ret: str) -> None:
    octets = MESSAGE + b"a line of many\r\n" * 200_000
    async with post_office() as post:
        await fill(post, "bob")
        talk = await post.logged_in()
        mail = f"<alice@localhost> RET={ret}"
        answer = await send(talk, mail, "<alice@localhost>", "<bob@localhost>", octets=octets)
        assert answer.startswith("250")
        returned = (await post.inbox("alice"))[1].partition(b"Content-Type: message/rfc822\r\n")[2]
        assert (octets in returned) is (ret == "FULL")


async def test_a_success_report_is_sent_when_asked_for() -> None:
    async with post_office() as post:
        talk = await post.logged_in()
        await send(
            talk,
            "<alice@localhost> RET=HDRS ENVID=QQ314159",
            "<bob@localhost> NOTIFY=SUCCESS ORCPT=rfc822;Bob@localhost",
        )
        (octets,) = await post.inbox("alice")
        report = email.message_from_bytes(octets)
        message, status = report.get_payload()[1].get_payload()
        assert message["Original-Envelope-Id"] == "QQ314159"
        assert status["Original-Recipient"] == "rfc822; Bob@localhost"
        assert (status["Action"], status["Status"]) == ("delivered", "2.0.0")
        assert report.get_payload()[2].get_content_type() == "text/rfc822-headers"


async def test_a_report_about_a_report_is_never_made() -> None:
    async with post_office() as post:
        await fill(post, "bob")
        await send(await post.talk(), "<>", "<alice@localhost>", "<bob@localhost>")
        assert len(await post.inbox("alice")) == 1
        assert post.server.store.captured() == []


async def test_a_report_to_a_sender_elsewhere_is_captured() -> None:
    async with post_office() as post:
        await fill(post, "bob")
        await send(await post.talk(), "<x@example.org>", "<alice@localhost>", "<bob@localhost>")
        (captured,) = post.server.store.captured()
        assert (captured.sender, captured.recipients) == ("", ("x@example.org",))
