"""EXPUNGE and VANISHED."""

from __future__ import annotations

import pytest

from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.imap.expunge import Expunge, ExpungeResponse, VanishedResponse
from desktopmail.wire.imap.sequence import Seq, UidSet
from tests.helpers.imap import (
    command_both_ways,
    encoded,
    malformed,
    read_response,
    refused_command,
    response_both_ways,
)


def test_commands_of_rfc_9051_section_6_4_3_and_rfc_4315_section_2_1() -> None:
    command_both_ways(b"EXPUNGE", Expunge())
    command_both_ways(b"UID EXPUNGE 3000:3002", Expunge(UidSet.parse(b"3000:3002")))


def test_responses_of_rfc_9051_section_7_5_1_and_rfc_7162_section_3_2_10() -> None:
    response_both_ways(b"44 EXPUNGE", ExpungeResponse(Seq(44)))
    response_both_ways(
        b"VANISHED 405,407,410,425", VanishedResponse(UidSet.parse(b"405,407,410,425"))
    )
    response_both_ways(
        b"VANISHED (EARLIER) 300:310,405,411",
        VanishedResponse(UidSet.parse(b"300:310,405,411"), earlier=True),
    )
    assert read_response(b"VANISHED (earlier) 1") == VanishedResponse(
        UidSet.parse(b"1"), earlier=True
    )


@pytest.mark.parametrize(
    "octets",
    [
        b"0 EXPUNGE",
        b"VANISHED",
        b"VANISHED 1:*",
        b"VANISHED (LATER) 1",
        b"VANISHED $",
        b"1 EXPUNGE x",
    ],
)
def test_what_is_no_expunge_is_malformed(octets: bytes) -> None:
    assert malformed(octets)


def test_what_cannot_be_expunged_is_refused() -> None:
    refused_command(b"UID EXPUNGE")
    refused_command(b"UID EXPUNGE x")
    refused_command(b"EXPUNGE 1")
    with pytest.raises(LocalProtocolError):
        encoded(Expunge(UidSet()))
