"""The best source wins and is named; what a source says wrongly is a note."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from desktopmail.door.interface import DoorError
from desktopmail.door.rows import Kind, Security
from desktopmail.engine.discovery.discover import OFFLINE, Sources, discover
from desktopmail.engine.discovery.srv import SERVICES
from desktopmail.net.dns import SrvRecord
from tests.unit.engine.discovery.test_autoconfig import CONFIG

if TYPE_CHECKING:
    from desktopmail.engine.discovery.probe import Place

ADDRESS = "ann@example.org"
SRV = {
    "_imaps": [SrvRecord(0, 0, 993, "srv.example.org")],
    "_submissions": [SrvRecord(0, 0, 465, "srv.example.org")],
}


def sources(
    *,
    web: str | None = None,
    srv: bool = False,
    mx: str | None = None,
    asked: list[str] | None = None,
    there: tuple[tuple[str, int], ...] = (),
) -> Sources:
    async def fetch(url: str, _cap: int) -> bytes | None:
        if asked is not None:
            asked.append(url)
        return web.encode() if web is not None and "autoconfig." in url else None

    async def ask_srv(service: str, _domain: str) -> list[SrvRecord]:
        return SRV.get(service, []) if srv else []

    async def ask_mx(_domain: str) -> list[str]:
        return [mx] if mx else []

    async def probe(place: Place) -> bool:
        if asked is not None:
            asked.append(f"{place.host}:{place.port}")
        return (place.host, place.port) in there

    return Sources(fetch, ask_srv, ask_mx, probe)


async def test_a_large_provider_is_found_without_the_network() -> None:
    asked: list[str] = []
    found = await discover("a@gmx.de", sources(asked=asked))
    assert found.accounts[0].source == "the table of providers"
    assert asked == []


async def test_the_domains_own_configuration_comes_before_its_records() -> None:
    found = await discover(ADDRESS, sources(web=CONFIG, srv=True))
    assert found.accounts[0].source == "the configuration at autoconfig.example.org"


async def test_all_sources_are_asked_side_by_side() -> None:
    """One after the other they would wait for one another for ever here."""
    all_asked = asyncio.Barrier(2 + len(SERVICES) + 1)

    async def fetch(_url: str, _cap: int) -> None:
        await all_asked.wait()

    async def ask_srv(service: str, _domain: str) -> list[SrvRecord]:
        await all_asked.wait()
        return SRV.get(service, [])

    async def ask_mx(_domain: str) -> list[str]:
        await all_asked.wait()
        return []

    async def probe(_place: Place) -> bool:
        raise AssertionError("the domain has said what it has")

    async with asyncio.timeout(10):
        found = await discover(ADDRESS, Sources(fetch, ask_srv, ask_mx, probe))
    assert found.accounts[0].source == "the domain's SRV records"


async def test_only_https_is_asked() -> None:
    asked: list[str] = []
    await discover(ADDRESS, sources(srv=True, asked=asked))
    assert len(asked) == 2
    assert all(url.startswith("https://") for url in asked)


async def test_nonsense_from_the_web_is_a_note_and_the_next_source_serves() -> None:
    found = await discover(ADDRESS, sources(web="<!DOCTYPE html>", srv=True))
    assert found.accounts[0].incoming.host == "srv.example.org"
    assert "was not used: it declares a document type" in found.notes[0]


async def test_the_mail_exchanger_is_believed_where_the_domain_says_nothing() -> None:
    asked: list[str] = []
    found = await discover(ADDRESS, sources(mx="mx1.posteo.de.", asked=asked))
    assert found.accounts[0].source == "the mail exchanger mx1.posteo.de"
    assert all(place.startswith("https://") for place in asked)  # nobody was probed


async def test_what_answers_under_a_usual_name_is_the_last_resort() -> None:
    there = (("mail.example.org", 993), ("example.org", 995), ("smtp.example.org", 587))
    imap, pop3 = (await discover(ADDRESS, sources(there=there))).accounts
    assert (imap.kind, imap.incoming.host, imap.incoming.port) == (
        Kind.IMAP, "mail.example.org", 993,
    )  # fmt: skip
    assert (pop3.kind, pop3.incoming.host) == (Kind.POP3, "example.org")
    assert imap.source == "a server that answers at mail.example.org"
    assert (imap.outgoing.host, imap.outgoing.security) == ("smtp.example.org", Security.STARTTLS)
    assert imap.incoming.user == ADDRESS


async def test_without_a_network_nobody_is_asked_and_nothing_is_found() -> None:
    with pytest.raises(DoorError) as caught:
        await discover(ADDRESS, OFFLINE)
    assert caught.value.code == "nothing-found"


async def test_nothing_found_says_what_to_do() -> None:
    with pytest.raises(DoorError, match="Type in the servers") as caught:
        await discover(ADDRESS, sources())
    assert caught.value.code == "nothing-found"


async def test_of_a_domain_of_one_house_nobody_outside_is_asked() -> None:
    with pytest.raises(DoorError, match="No servers are known for localhost") as caught:
        await discover("ann@localhost", sources(srv=True))
    assert caught.value.code == "nothing-found"


@pytest.mark.parametrize("address", ["", "ann", "ann@", "@example.org", "a b@c.d"])
async def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(DoorError) as caught:
        await discover(address, sources(srv=True))
    assert caught.value.code == "bad-address"
