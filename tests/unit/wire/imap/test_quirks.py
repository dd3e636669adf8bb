"""What real servers send: every quirk of the table is read as the table says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktopmail.wire.imap.client_events import Untagged
from desktopmail.wire.imap.condition import Answer
from desktopmail.wire.imap.fetch_response import FetchResponse
from desktopmail.wire.imap.list import ListResponse
from desktopmail.wire.imap.mailbox import encode_mailbox
from desktopmail.wire.imap.quirks import QUIRKS, Quirk
from desktopmail.wire.imap.search_response import SearchResponse
from desktopmail.wire.imap.select import ExistsResponse
from desktopmail.wire.imap.status import StatusItem, StatusResponse
from tests.helpers.imap import client_events, cuts, new_client

if TYPE_CHECKING:
    from desktopmail.wire.imap.response import UntaggedResponse


def read(quirk: Quirk) -> UntaggedResponse:
    seen = []
    for pieces in cuts(quirk.sends):
        (event,) = client_events(new_client(), pieces)
        assert isinstance(event, Untagged), (quirk.name, event)
        seen.append(event.value)
    assert all(value == seen[0] for value in seen)
    return seen[0]


@pytest.mark.parametrize("quirk", QUIRKS, ids=lambda quirk: quirk.name)
def test_a_quirk_is_read_and_says_who_sends_it(quirk: Quirk) -> None:
    assert read(quirk)
    assert quirk.servers
    assert quirk.rule
    assert quirk.response


def named(name: str) -> UntaggedResponse:
    return read(next(quirk for quirk in QUIRKS if quirk.name == name))


def test_the_quirks_mean_what_they_say() -> None:
    assert named("spaces at the end of SEARCH") == SearchResponse((1, 2))
    assert named("a space before the end of STATUS") == StatusResponse(
        "INBOX", ((StatusItem.MESSAGES, 3),)
    )
    assert named("lines that end in LF") == ExistsResponse(3)
    text = named("text where a literal seems to begin")
    assert isinstance(text, Answer)
    assert text.text == "your ticket is {42}"
    listed = named("an unquoted mailbox with 8-bit octets")
    assert isinstance(listed, ListResponse)
    assert encode_mailbox(listed.mailbox, utf8=False) == b"Entw\xfcrfe"
    flat = named("an empty delimiter")
    assert isinstance(flat, ListResponse)
    assert flat.delimiter is None


def test_the_quirks_of_structures_mean_what_they_say() -> None:
    structures = {
        quirk.name: value.body_structure
        for quirk in QUIRKS
        if isinstance(value := read(quirk), FetchResponse) and value.body_structure
    }
    assert structures["NIL for the size of a part"].size == 0  # type: ignore[union-attr]
    assert structures["NIL for an encoding"].encoding == b""  # type: ignore[union-attr]
    assert structures["a disposition that is a bare string"].disposition == (b"inline", ())
    assert len(structures["spaces between parts"].parts) == 2  # type: ignore[union-attr]
