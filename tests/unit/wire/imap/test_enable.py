"""ENABLE."""

from __future__ import annotations

import pytest

from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.imap.client_events import Malformed, Untagged
from desktopmail.wire.imap.condition import Tagged
from desktopmail.wire.imap.enable import Enable, EnabledResponse
from tests.helpers.imap import (
    answered,
    client_events,
    command_both_ways,
    encoded,
    new_client,
    refused_command,
)


def test_the_command_of_rfc_5161_section_3_1() -> None:
    command_both_ways(
        b"ENABLE CONDSTORE X-GOOD-IDEA", Enable(frozenset({"CONDSTORE", "X-GOOD-IDEA"}))
    )


def test_only_what_was_asked_for_is_enabled() -> None:
    client = new_client()
    client.send(Enable(frozenset({"CONDSTORE"})))
    events = client_events(client, [b"* ENABLED CONDSTORE UTF8=ACCEPT\r\nA1 OK done\r\n"])
    assert events[0] == Untagged(EnabledResponse(frozenset({"CONDSTORE", "UTF8=ACCEPT"})))
    assert isinstance(events[1], Tagged)
    assert client.enabled == {"CONDSTORE"}
    assert not client.utf8


def test_enabled_without_enable_is_malformed() -> None:
    client = new_client()
    assert isinstance(client_events(client, [b"* ENABLED IMAP4rev2\r\n"])[0], Malformed)
    assert not client.utf8


def test_utf8_accept_and_imap4rev2_make_names_utf_8() -> None:
    for name in ("UTF8=ACCEPT", "IMAP4rev2"):
        client = new_client()
        client.send(Enable(frozenset({name})))
        client_events(client, [b"* ENABLED " + name.encode() + b"\r\n"])
        assert client.utf8


def test_enabling_nothing_is_refused_on_both_sides() -> None:
    refused_command(b"ENABLE")
    with pytest.raises(LocalProtocolError):
        encoded(Enable(frozenset()))
    assert answered(EnabledResponse(frozenset())) == b"ENABLED"
