"""Lookups, against a name server of the test on loopback."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from desktopmail.net.dns import DnsResolver, MxRecord, SrvRecord, in_order
from desktopmail.net.errors import UnreachableError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ZONE = {
    ("example.org.", "MX"): ["20 backup.example.org.", "10 Mail.Example.org."],
    ("nullmx.example.", "MX"): ["0 ."],
    ("_pop3s._tcp.example.org.", "SRV"): ["1 5 995 b.example.org.", "0 1 995 a.example.org."],
    ("_pop3._tcp.example.org.", "SRV"): ["0 0 0 ."],
    ("example.org.", "TXT"): ['"v=spf1 " "-all"', '"other"'],
    ("mail.example.org.", "A"): ["192.0.2.1"],
    ("mail.example.org.", "AAAA"): ["2001:db8::1"],
    ("xn--bcher-kva.example.", "MX"): ["10 mail.xn--bcher-kva.example."],
}
NAMES = {name for name, _ in ZONE}


class NameServer(asyncio.DatagramProtocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        question = query.question[0]
        name = question.name.to_text().lower()
        if name == "silent.example.":
            return
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        kind = dns.rdatatype.to_text(question.rdtype)
        records = ZONE.get((name, kind), [])
        if name == "broken.example.":
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif name not in NAMES:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        elif records:
            answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *records))
        cast("asyncio.DatagramTransport", self.transport).sendto(answer.to_wire(), addr)


@pytest.fixture
async def resolver() -> AsyncIterator[DnsResolver]:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(NameServer, ("127.0.0.1", 0))
    port = transport.get_extra_info("sockname")[1]
    yield DnsResolver(["127.0.0.1"], port=port, timeout_s=1.0)
    transport.close()
    await asyncio.sleep(0)


async def test_mail_exchangers_come_by_preference(resolver: DnsResolver) -> None:
    assert await resolver.mx("example.org") == [
        MxRecord(10, "mail.example.org"),
        MxRecord(20, "backup.example.org"),
    ]


async def test_a_null_mx_has_no_host(resolver: DnsResolver) -> None:
    assert await resolver.mx("nullmx.example") == [MxRecord(0, "")]


async def test_services_come_by_priority(resolver: DnsResolver) -> None:
    assert await resolver.srv("_pop3s._tcp.example.org") == [
        SrvRecord(0, 1, 995, "a.example.org"),
        SrvRecord(1, 5, 995, "b.example.org"),
    ]


async def test_a_service_that_is_not_offered_has_no_target(resolver: DnsResolver) -> None:
    # RFC 6186 section 3.4.
    assert await resolver.srv("_pop3._tcp.example.org") == [SrvRecord(0, 0, 0, "")]


async def test_the_pieces_of_a_text_are_joined(resolver: DnsResolver) -> None:
    assert sorted(await resolver.txt("example.org")) == [b"other", b"v=spf1 -all"]


async def test_both_kinds_of_addresses_are_returned(resolver: DnsResolver) -> None:
    assert await resolver.addresses("mail.example.org") == ["2001:db8::1", "192.0.2.1"]


async def test_an_international_name_is_asked_for_in_a_labels(resolver: DnsResolver) -> None:
    assert await resolver.mx("bücher.example") == [MxRecord(10, "mail.xn--bcher-kva.example")]


async def test_a_name_without_such_records_has_an_empty_answer(resolver: DnsResolver) -> None:
    assert await resolver.mx("mail.example.org") == []


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("missing.example", "no-such-host"),
        ("a..b", "no-such-host"),
        ("silent.example", "timed-out"),
        ("broken.example", "no-network"),
    ],
)
async def test_every_failure_has_a_code_and_names_the_name(
    resolver: DnsResolver, name: str, code: str
) -> None:
    with pytest.raises(UnreachableError) as caught:
        await resolver.mx(name)
    assert caught.value.code == code
    assert name in caught.value.sentence


def test_servers_of_one_priority_are_ordered_by_weighted_chance() -> None:
    # RFC 2782: those of weight 0 first, then the running sum is compared with the number drawn.
    light, heavy = SrvRecord(0, 1, 1, "light"), SrvRecord(0, 9, 1, "heavy")
    none, last = SrvRecord(0, 0, 1, "none"), SrvRecord(1, 99, 1, "last")
    records = [last, heavy, light, none]
    assert in_order(records, lambda _most: 0) == [none, heavy, light, last]
    assert in_order(records, lambda most: most) == [light, heavy, none, last]
    for draw in (lambda _: 0, lambda most: most // 2, lambda most: most):
        assert in_order(records, draw)[-1] is last
        assert sorted(in_order(records, draw), key=str) == sorted(records, key=str)
