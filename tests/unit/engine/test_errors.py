"""What the network says becomes a sentence of the door, and nothing goes in the clear unasked."""

from __future__ import annotations

import pytest

from desktopmail.door.commands import ServerSettings
from desktopmail.door.interface import DoorError
from desktopmail.door.rows import Security
from desktopmail.engine.errors import door_error, is_loopback, may_go_in_clear, refuse_cleartext
from desktopmail.net.errors import AuthenticationError, UnreachableError


def server(host: str, security: Security = Security.NONE) -> ServerSettings:
    return ServerSettings(host=host, port=143, security=security)


def test_the_sentence_the_remedy_and_the_code_stay() -> None:
    error = door_error(UnreachableError("No route.", remedy="Go outside.", code="unreachable"))
    assert (error.sentence, error.remedy, error.code) == ("No route.", "Go outside.", "unreachable")


def test_a_refused_password_has_the_code_that_programs_wait_for() -> None:
    assert door_error(AuthenticationError("Wrong.", code="credentials")).code == "auth-failed"


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST.", "a.localhost", "127.0.0.1", "127.9.9.9", "::1", "::1%lo"]
)
def test_this_machine_is_this_machine(host: str) -> None:
    assert is_loopback(host)
    refuse_cleartext(server(host), allowed=False)


@pytest.mark.parametrize(
    "host",
    ["mail.example.org", "localhost.example.org", "notlocalhost", "10.0.0.1", "0.0.0.0", "::",
     "127.0.0.1.example.org", "127.1", "[::1]", ""],
)  # fmt: skip
def test_nothing_else_is_this_machine(host: str) -> None:
    assert not is_loopback(host)
    with pytest.raises(DoorError) as caught:
        refuse_cleartext(server(host), allowed=False)
    assert caught.value.code == "cleartext"


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
def test_inside_tls_a_password_may_go(security: Security) -> None:
    assert may_go_in_clear(server("mail.example.org", security), allowed=False)


def test_consent_is_asked_for_and_enough() -> None:
    assert may_go_in_clear(server("mail.example.org"), allowed=True)
    refuse_cleartext(server("mail.example.org"), allowed=True)
