from __future__ import annotations

from dataclasses import replace

import pytest

from desktopmail.mime import structure
from desktopmail.net.memory import MemoryNetwork
from desktopmail.net.ports import InlineExecutor, Ports, SystemClock, SystemEntropy
from desktopmail.wire.smtp.mail import Mail
from desktopmail.wire.smtp.rcpt import Notify, Rcpt
from desktopmail.wire.smtp.reply import Reply, reply
from localserver.queue.attempt import Attempts, Outcome
from localserver.queue.outbound import Outgoing, OutgoingRecipient
from localserver.queue.route import Hop
from localserver.queue.table import Queued
from tests.helpers.smtp_server import FULL, FakeServer

ONE, TWO = Hop("one.example"), Hop("two.example")


def queued(*addresses: str, notify: frozenset[Notify] | None = None) -> list[Queued]:
    return [
        Queued(position, OutgoingRecipient(address, notify), 0, warned=False)
        for position, address in enumerate(addresses)
    ]


def message(**options: bool) -> Outgoing:
    return Outgoing("id", "a@b.example", (), b"Subject: x\r\n\r\n", **options)  # type: ignore[arg-type] # flags


async def attempts(**servers: FakeServer) -> Attempts:
    network = MemoryNetwork()
    for name, server in servers.items():
        await network.listen(f"{name}.example", 25, server.serve)
    ports = Ports(SystemClock(), SystemEntropy(), network, InlineExecutor(), network.listen)
    return Attempts(ports, "mail.test")


async def test_a_message_is_handed_over() -> None:
    server = FakeServer()
    trying = await attempts(one=server)
    outcomes = await trying.send(message(), queued("x@c.example", "y@c.example"), [ONE])
    assert {each.delivered for each in outcomes.values()} == {True}
    assert outcomes[0].host == "one.example"
    assert outcomes[0].reports
    assert len(server.messages[0].recipients) == 2


async def test_the_next_server_is_tried_when_one_is_down_or_busy() -> None:
    busy = FakeServer(greeting=reply(421, "busy", "4.3.2"))
    fine = FakeServer()
    for servers in ({"two": fine}, {"one": busy, "two": fine}):
        trying = await attempts(**servers)
        outcomes = await trying.send(message(), queued("x@c.example"), [ONE, TWO])
        assert outcomes[0].host == "two.example"
        assert outcomes[0].delivered


async def test_a_refusal_for_good_is_not_asked_again_elsewhere() -> None:
    def answer(event: object) -> Reply | None:
        bad = isinstance(event, Rcpt) and event.recipient.local == "bad"
        return reply(550, "no such user", "5.1.1") if bad else None

    first, second = FakeServer(answer=answer), FakeServer()
    trying = await attempts(one=first, two=second)
    outcomes = await trying.send(message(), queued("bad@c.example", "good@c.example"), [ONE, TWO])
    assert outcomes[0] == Outcome("5.1.1", "550 5.1.1 no such user", "one.example", reports=True)
    assert outcomes[0].hopeless
    assert outcomes[1].delivered
    assert second.events == []


async def test_when_all_are_down_it_is_temporary() -> None:
    trying = await attempts()
    outcomes = await trying.send(message(), queued("x@c.example"), [ONE, TWO])
    assert outcomes[0].status == "4.4.1"
    assert not outcomes[0].hopeless
    assert "two.example:25" in outcomes[0].text


@pytest.mark.parametrize(
    ("option", "status"), [("requiretls", "4.7.10"), ("binary", "5.6.1"), ("smtputf8", "5.6.7")]
)
async def test_what_the_next_server_cannot_do_is_not_sent(option: str, status: str) -> None:
    server = FakeServer(keywords={"PIPELINING": ()})
    trying = await attempts(one=server)
    outcomes = await trying.send(message(**{option: True}), queued("x@c.example"), [ONE])
    assert outcomes[0].status == status
    assert server.count(Mail) == 0


@pytest.mark.parametrize("keywords", [{"PIPELINING": ()}, dict(FULL)])
async def test_eight_bits_are_encoded_for_a_next_server_that_takes_seven(
    keywords: dict[str, tuple[str, ...]],
) -> None:
    """RFC 6152 section 3."""
    octets = "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nöl\r\n".encode()
    server = FakeServer(keywords=keywords)
    trying = await attempts(one=server)
    eight_bit = replace(message(), octets=octets)
    assert (await trying.send(eight_bit, queued("x@c.example"), [ONE]))[0].delivered
    sent = server.messages[0].octets
    assert (sent == octets) is ("8BITMIME" in keywords)
    assert sent.isascii() is ("8BITMIME" not in keywords)
    assert structure.parse(sent).content.rstrip() == "öl".encode()


async def test_a_report_about_a_message_with_requiretls_is_rather_sent_without_than_lost() -> None:
    """RFC 8689 section 5."""
    server = FakeServer(keywords={"PIPELINING": ()})
    trying = await attempts(one=server)
    report = replace(message(requiretls=True), sender="")
    outcomes = await trying.send(report, queued("x@c.example"), [ONE])
    assert outcomes[0].delivered
    assert not server.messages[0].mail.requiretls


@pytest.mark.parametrize(("requiretls", "optional"), [(False, True), (True, False)])
def test_the_envelope_outdoes_the_tls_required_field(requiretls: bool, optional: bool) -> None:
    """RFC 8689 section 4.1."""
    octets = b"TLS-Required: No\r\nSubject: x\r\n\r\n"
    assert replace(message(requiretls=requiretls), octets=octets).tls_optional is optional


async def test_notify_is_passed_on() -> None:
    server = FakeServer(keywords=dict(FULL))
    trying = await attempts(one=server)
    await trying.send(message(), queued("x@c.example", notify=frozenset({Notify.NEVER})), [ONE])
    assert server.messages[0].recipients[0].notify == frozenset({Notify.NEVER})


async def test_a_reply_whose_code_and_enhanced_code_differ_goes_by_the_code() -> None:
    def answer(event: object) -> Reply | None:
        return reply(451, "busy", "4.7.1") if isinstance(event, Rcpt) else None

    trying = await attempts(one=FakeServer(answer=answer))
    outcomes = await trying.send(message(), queued("x@c.example"), [ONE])
    assert outcomes[0].status == "4.7.1"
