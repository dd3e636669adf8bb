"""STATUS."""

from __future__ import annotations

import pytest

from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.imap.status import Status, StatusItem, StatusResponse
from tests.helpers.imap import (
    command_both_ways,
    encoded,
    malformed,
    read_response,
    refused_command,
    response_both_ways,
)


def test_the_exchange_of_rfc_9051_section_6_3_11() -> None:
    command_both_ways(
        b"STATUS blurdybloop (UIDNEXT MESSAGES)",
        Status("blurdybloop", (StatusItem.UIDNEXT, StatusItem.MESSAGES)),
    )
    response = StatusResponse(
        "blurdybloop", ((StatusItem.MESSAGES, 231), (StatusItem.UIDNEXT, 44292))
    )
    response_both_ways(b"STATUS blurdybloop (MESSAGES 231 UIDNEXT 44292)", response)
    assert response[StatusItem.MESSAGES] == 231
    assert response.get(StatusItem.SIZE) is None
    with pytest.raises(KeyError):
        response[StatusItem.SIZE]


def test_every_item_both_ways() -> None:
    octets = b" ".join(item.value for item in StatusItem)
    command_both_ways(b"STATUS a (" + octets + b")", Status("a", tuple(StatusItem)))


def test_items_of_extensions_are_read() -> None:
    response_both_ways(
        (
            b"STATUS a (HIGHESTMODSEQ 7011231777 SIZE 9223372036854775807 "
            b"APPENDLIMIT NIL MAILBOXID (F1))"
        ),
        StatusResponse(
            "a",
            (
                (StatusItem.HIGHESTMODSEQ, 7011231777),
                (StatusItem.SIZE, (1 << 63) - 1),
                (StatusItem.APPENDLIMIT, -1),
            ),
            "F1",
        ),
    )
    assert read_response(b"STATUS a (X-ODD (1 2) MESSAGES 3)") == StatusResponse(
        "a", ((StatusItem.MESSAGES, 3),)
    )
    assert read_response(b"STATUS a ()") == StatusResponse("a")


@pytest.mark.parametrize(
    "octets",
    [
        b"STATUS",
        b"STATUS a",
        b"STATUS a ()",
        b"STATUS a (X)",
        b"STATUS a MESSAGES",
        b"STATUS a (MESSAGES",
    ],
)
def test_what_is_no_status_is_refused(octets: bytes) -> None:
    refused_command(octets)


@pytest.mark.parametrize(
    "octets",
    [
        b"STATUS a",
        b"STATUS a (MESSAGES)",
        b"STATUS a (MESSAGES x)",
        b"STATUS a (MESSAGES 1",
        b"STATUS a (MESSAGES 9223372036854775808)",
    ],
)
def test_what_is_no_status_response_is_malformed(octets: bytes) -> None:
    assert malformed(octets)


def test_a_status_of_nothing_is_our_fault() -> None:
    with pytest.raises(LocalProtocolError):
        encoded(Status("a", ()))
