"""Our client and our server joined in memory: octet by octet, and cut at every octet."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from desktopmail.net.endpoint import Endpoint, Security
from desktopmail.net.errors import NetError
from desktopmail.net.memory import MemoryNetwork
from desktopmail.net.pop3 import Pop3Client
from desktopmail.net.ports import InlineExecutor, Ports, SystemClock, SystemEntropy
from desktopmail.wire.pop3.data import normalise
from desktopmail.wire.secret import Secret
from localserver.config import Config
from localserver.faults import Fault
from localserver.server import Server, start_server
from localserver.store.interface import Delivery
from tests.helpers.corpora import messages, needed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

MAILS = [
    b"Subject: one\r\n\r\n.dotted\r\n..\r\n\r\n",
    b"Subject: two\n\nbare LF\n.\nno end",
    b"Subject: three\r\n",
    b"",
    b"\0\xff\r\r\n\n.",
]


@asynccontextmanager
async def stack(
    mails: list[bytes], *, segment_octets: int = 65536
) -> AsyncIterator[tuple[Server, Ports]]:
    """Run a server in memory; alice has the mails."""
    network = MemoryNetwork(segment_octets=segment_octets)
    ports = Ports(SystemClock(), SystemEntropy(), network, InlineExecutor(), network.listen)
    server = await start_server(
        Config(host="localhost", listen={"pop3": 110, "pop3s": 995}, plaintext_login=True),
        ports,
        users=[("alice", "wonderland")],
        failure_delay_s=0,
    )
    try:
        await server.context.store.deliver([Delivery("alice", mail) for mail in mails])
        yield server, ports
    finally:
        await server.aclose(grace_s=0.1)


async def connect(server: Server, ports: Ports, security: Security) -> Pop3Client:
    port = 995 if security is Security.TLS else 110
    return await Pop3Client.connect(
        Endpoint("localhost", port, security, ca_file=server.ca_file), ports=ports, timeout_s=20
    )


@pytest.mark.parametrize("security", list(Security))
@pytest.mark.parametrize("segment_octets", [1, 7, 1400])
async def test_everything_goes_round_however_it_is_split(
    security: Security, segment_octets: int
) -> None:
    async with stack(MAILS, segment_octets=segment_octets) as (server, ports):
        client = await connect(server, ports, security)
        await client.login("alice", Secret("wonderland"))
        sizes, uidls = await client.listing_and_uidl()
        assert sizes == {number: len(normalise(mail)) for number, mail in enumerate(MAILS, 1)}
        assert len(set(uidls.values())) == len(MAILS)
        fetched = dict([each async for each in client.retr_many(sizes)])
        assert fetched == {number: normalise(mail) for number, mail in enumerate(MAILS, 1)}
        assert await client.dele_many([1, 3]) == {}
        await client.quit()
        client = await connect(server, ports, security)
        await client.login("alice", Secret("wonderland"))
        left = set((await client.uidl()).values())
        assert left == {uidl for number, uidl in uidls.items() if number not in {1, 3}}
        await client.quit()


@needed
async def test_the_corpora_come_octet_for_octet() -> None:
    mails = [each.octets for each in messages()]
    async with stack(mails) as (server, ports):
        client = await connect(server, ports, Security.TLS)
        await client.login("alice", Secret("wonderland"))
        sizes = await client.listing()
        async for number, octets in client.retr_many(sizes):
            assert octets == normalise(mails[number - 1]), number
            assert sizes[number] == len(octets)
        await client.quit()


async def read_and_delete(server: Server, ports: Ports, fetched: dict[int, bytes]) -> None:
    """Fetch and delete everything; what came whole is in `fetched`, even when we were cut."""
    client = None
    try:
        client = await connect(server, ports, Security.NONE)
        await client.login("alice", Secret("wonderland"), "apop")
        sizes = await client.listing()
        fetching = client.retr_many(sizes)
        while (message := await anext(fetching, None)) is not None:
            fetched[message[0]] = message[1]
        await client.dele_many(fetched)
        await client.quit()
    finally:
        if client is not None:
            await client.aclose()


async def test_cut_at_every_octet_no_message_is_short_and_none_is_lost() -> None:
    mails = MAILS[:3]
    whole = {number: normalise(mail) for number, mail in enumerate(mails, 1)}
    async with stack(mails) as (server, ports):
        cut, undisturbed = 0, False
        while not undisturbed:
            plan = [Fault(protocol="pop3", command="GREETING", cut=cut)]
            server.context.faults.set_plan(plan)
            fetched: dict[int, bytes] = {}
            undisturbed = True
            try:
                await read_and_delete(server, ports, fetched)
            except NetError:
                undisturbed = False
            assert fetched.items() <= whole.items(), f"cut at {cut}: a message is short"
            maildrop = await server.context.store.lock_maildrop("alice")
            left = len(maildrop.messages)
            maildrop.release()
            # All are there until QUIT is answered; the cut may take that answer's last octets.
            assert left in {0, 3}
            if left == 0:
                assert fetched == whole, f"cut at {cut}: a message is lost"
                await server.context.store.deliver([Delivery("alice", each) for each in mails])
            cut += 1
        assert cut > 300
