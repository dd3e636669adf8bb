from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktopmail.net.endpoint import Endpoint, Security
from desktopmail.net.errors import RefusedError
from desktopmail.net.memory import MemoryNetwork
from desktopmail.net.ports import InlineExecutor, Ports, SystemClock, SystemEntropy
from desktopmail.net.smtp import SmtpClient
from desktopmail.net.smtp_delivery import SendOptions
from desktopmail.wire.smtp.bdat import Bdat
from desktopmail.wire.smtp.control import Data, Rset
from desktopmail.wire.smtp.mail import Body, Mail, Ret
from desktopmail.wire.smtp.path import Mailbox
from desktopmail.wire.smtp.rcpt import Notify, OriginalRecipient, Rcpt
from desktopmail.wire.smtp.reply import reply
from tests.helpers.smtp_server import BASIC, FULL, FakeServer, client_of

if TYPE_CHECKING:
    from desktopmail.net.stream import Stream

FROM, TO = "a@b.example", ["c@d.example"]


async def test_with_pipelining_the_envelope_is_one_round_trip() -> None:
    server = FakeServer()
    client = await client_of(server)
    before = server.reads
    await client.send(FROM, [f"r{i}@d.example" for i in range(50)], b"x\r\n")
    assert server.reads - before <= 3
    await client.quit()


async def test_a_failed_envelope_is_reset() -> None:
    server = FakeServer(answer=lambda e: reply(550, "no") if isinstance(e, Rcpt) else None)
    client = await client_of(server)
    report = await client.send(FROM, TO, b"x\r\n")
    assert not report.accepted
    assert server.count(Rset) == 1
    assert server.count(Bdat) + server.count(Data) == 0
    await client.quit()


async def test_recipients_beyond_rcptmax_are_put_off() -> None:
    server = FakeServer(keywords={**FULL, "LIMITS": ("RCPTMAX=2",)})
    client = await client_of(server)
    report = await client.send(FROM, ["a@d.example", "b@d.example", "c@d.example"], b"x\r\n")
    assert [each.accepted for each in report.recipients] == [True, True, False]
    assert str(report.recipients[2].reply.enhanced) == "4.5.3"
    await client.quit()


async def test_recipients_of_more_domains_than_rcptdomainmax_are_put_off() -> None:
    # RFC 9422: the limit is that of the session, and the domain is compared without case.
    server = FakeServer(keywords={**FULL, "LIMITS": ("RCPTDOMAINMAX=2",)})
    client = await client_of(server)
    report = await client.send(FROM, ["a@d.example", "b@e.example", "c@D.example"], b"x\r\n")
    assert report.accepted
    report = await client.send(
        FROM, ["a@f.example", "b@E.example", "c@g.example", "d@d.example"], b"x\r\n"
    )
    assert [each.accepted for each in report.recipients] == [False, True, False, True]
    assert {report.recipients[i].reply.code for i in (0, 2)} == {452}
    assert server.count(Rcpt) == 5
    await client.quit()


async def test_what_is_too_large_is_not_tried() -> None:
    server = FakeServer(keywords={**FULL, "SIZE": ("100",)})
    client = await client_of(server)
    with pytest.raises(RefusedError, match="101 octets") as caught:
        await client.send(FROM, TO, b"x" * 101)
    assert caught.value.code == "too-large"
    assert server.count(Mail) == 0
    assert (await client.noop()).positive  # the connection is as it was
    await client.quit()


@pytest.mark.parametrize("address", ["nobody", "a b@c.example", "a@b.example\r\nRSET", "", "a@"])
async def test_a_malformed_address_is_not_tried(address: str) -> None:
    server = FakeServer()
    client = await client_of(server)
    with pytest.raises(RefusedError) as caught:
        await client.send(FROM, [address], b"x\r\n")
    assert caught.value.code == "address"
    assert server.count(Mail) == 0
    await client.quit()


async def test_international_addresses_use_smtputf8_where_it_is_offered() -> None:
    server = FakeServer()
    client = await client_of(server)
    await client.send("jürgen@bücher.example", ["c@bücher.example"], b"x\r\n")
    received = server.messages[0]
    assert received.mail.smtputf8
    assert received.mail.sender == Mailbox("jürgen", "bücher.example")
    await client.quit()


async def test_without_smtputf8_a_domain_goes_as_a_label_and_a_local_part_does_not_go() -> None:
    server = FakeServer(keywords=BASIC)
    client = await client_of(server)
    await client.send(FROM, ["c@bücher.example"], b"x\r\n")
    assert server.messages[0].recipients[0].recipient == Mailbox("c", "xn--bcher-kva.example")
    with pytest.raises(RefusedError) as caught:
        await client.send(FROM, ["jürgen@d.example"], b"x\r\n")
    assert caught.value.code == "smtputf8"
    await client.quit()


async def test_a_header_in_utf_8_asks_for_smtputf8() -> None:
    server = FakeServer()
    client = await client_of(server)
    await client.send(FROM, TO, "Subject: grüße\r\n\r\nx\r\n".encode())
    await client.send(FROM, TO, "Subject: x\r\n\r\ngrüße\r\n".encode())
    first, second = server.messages
    assert (first.mail.smtputf8, first.mail.body) == (True, Body.EIGHT_BIT)
    assert (second.mail.smtputf8, second.mail.body) == (False, Body.EIGHT_BIT)
    await client.quit()


async def test_dsn_options_go_out_where_dsn_is_offered() -> None:
    options = SendOptions(
        ret=Ret.HEADERS,
        envid="QQ314159",
        notify=frozenset({Notify.FAILURE}),
        notify_each={"b@d.example": frozenset({Notify.NEVER})},
        original={"b@d.example": OriginalRecipient("rfc822", "bob@x.example")},
    )
    people = ["a@d.example", "b@d.example"]
    server = FakeServer()
    client = await client_of(server)
    await client.send(FROM, people, b"x\r\n", options=options)
    received = server.messages[0]
    assert (received.mail.ret, received.mail.envid) == (Ret.HEADERS, "QQ314159")
    assert [each.notify for each in received.recipients] == [
        frozenset({Notify.FAILURE}),
        frozenset({Notify.NEVER}),
    ]
    assert received.recipients[1].orcpt == OriginalRecipient("rfc822", "bob@x.example")
    await client.quit()
    plain = FakeServer(keywords=BASIC)
    client = await client_of(plain)
    await client.send(FROM, people, b"x\r\n", options=options)
    assert plain.messages[0].mail.envid is None
    assert plain.messages[0].recipients[0].notify is None
    await client.quit()


async def test_a_message_needs_a_recipient() -> None:
    client = await client_of(FakeServer())
    with pytest.raises(RefusedError, match="no recipients"):
        await client.send(FROM, [], b"x\r\n")
    await client.quit()


async def test_a_lone_dot_ends_a_message_for_nobody() -> None:
    # RFC 2920 section 3.1: a server may say 354 although every RCPT failed.
    network = MemoryNetwork()
    heard: list[bytes] = []

    async def serve(stream: Stream) -> None:
        stream.write(b"220 x\r\n")
        text = b""
        while b"QUIT" not in text:
            octets = await stream.read()
            text += octets
            for line in octets.split(b"\r\n")[:-1]:
                verb = line[:4]
                answers = {
                    b"EHLO": b"250-x\r\n250 PIPELINING",
                    b"RCPT": b"550 no",
                    b"DATA": b"354 go",
                    b".": b"554 nobody",
                }
                stream.write(answers.get(verb, b"250 ok") + b"\r\n")
        heard.append(text)

    await network.listen("localhost", 25, serve)
    ports = Ports(SystemClock(), SystemEntropy(), network, InlineExecutor(), network.listen)
    client = await SmtpClient.connect(
        Endpoint("localhost", 25, Security.NONE), ports=ports, local_name="me.example"
    )
    report = await client.send(FROM, TO, b"secret\r\n")
    assert report.reply.code == 550
    await client.quit()
    assert b"DATA\r\n.\r\nRSET\r\n" in heard[-1]


async def test_tls_cannot_be_required_and_optional() -> None:
    client = await client_of(FakeServer())
    options = SendOptions(requiretls=True, tls_optional=True)
    with pytest.raises(RefusedError, match="both required and optional"):
        await client.send(FROM, TO, b"Subject: x\r\n\r\n", options=options)
    await client.aclose()
