"""Probing: only what speaks the protocol inside TLS, under its own name, counts."""

from __future__ import annotations

import pytest

from desktopmail.door.rows import Security
from desktopmail.engine.discovery import probe
from desktopmail.engine.discovery.probe import Place, places
from desktopmail.net.tls import _client_context
from localserver.local import LocalServer

SERVICES = ["imap", "pop3", "submission"]


@pytest.mark.parametrize("service", SERVICES)
def test_tls_from_the_first_octet_is_tried_before_starttls(service: str) -> None:
    found = places(service, "example.org")
    securities = [place.security for place in found]
    assert securities == sorted(securities, key=[Security.TLS, Security.STARTTLS].index)
    assert found[0].host.endswith(".example.org")
    assert found[-1].host == "example.org"
    assert Security.NONE not in securities


@pytest.mark.parametrize("service", SERVICES)
async def test_a_server_whose_certificate_is_nobodys_does_not_count(service: str) -> None:
    """It is said nothing either: no name, no password."""
    secured = {"imap": "imaps", "pop3": "pop3s", "submission": "submissions"}
    with LocalServer({"alice": "correct horse"}) as server:
        port = server.ports[secured[service]]
        assert not await probe.answers(Place(service, "localhost", port, Security.TLS))
        assert not await probe.answers(
            Place(service, "localhost", server.ports[service], Security.STARTTLS)
        )
        said = " ".join(server.transcript.commands()).upper()
        assert not any(word in said for word in ("AUTH", "LOGIN", "USER", "PASS"))


@pytest.mark.parametrize("service", SERVICES)
async def test_a_server_with_a_certificate_for_its_name_counts(
    service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    secured = {"imap": "imaps", "pop3": "pop3s", "submission": "submissions"}
    with LocalServer({"alice": "correct horse"}) as server:
        # As it is where the system trusts the authority of the server.
        monkeypatch.setenv("SSL_CERT_FILE", str(server.ca_file))
        _client_context.cache_clear()
        try:
            port = server.ports[secured[service]]
            assert await probe.answers(Place(service, "localhost", port, Security.TLS))
        finally:
            _client_context.cache_clear()


async def test_nobody_there_is_no_error() -> None:
    assert not await probe.answers(Place("imap", "127.0.0.1", 1, Security.TLS))


async def test_without_a_submission_server_there_is_no_account() -> None:
    async def ask(place: Place) -> bool:
        return place.service == "imap"

    assert await probe.accounts("example.org", "ann@example.org", ask) == []
