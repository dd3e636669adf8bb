"""SELECT, EXAMINE, CLOSE, UNSELECT."""

from __future__ import annotations

import pytest

from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.imap import flags
from desktopmail.wire.imap.flags import Flag
from desktopmail.wire.imap.select import (
    Close,
    ExistsResponse,
    FlagsResponse,
    QResync,
    RecentResponse,
    Select,
    Unselect,
)
from desktopmail.wire.imap.sequence import SeqSet, UidSet
from tests.helpers.imap import (
    command_both_ways,
    encoded,
    read_command,
    refused_command,
    response_both_ways,
)


@pytest.mark.parametrize(
    ("octets", "command"),
    [
        (b"SELECT INBOX", Select("INBOX")),
        (b"EXAMINE blurdybloop", Select("blurdybloop", readonly=True)),
        # RFC 7162 sections 3.1.8 and 3.2.5.
        (b"SELECT INBOX (CONDSTORE)", Select("INBOX", condstore=True)),
        (
            b"SELECT INBOX (QRESYNC (67890007 20050715194045000))",
            Select("INBOX", qresync=QResync(67890007, 20050715194045000)),
        ),
        (
            b"SELECT INBOX (QRESYNC (67890007 90060115194045000 41,43:211,214:541))",
            Select(
                "INBOX",
                qresync=QResync(67890007, 90060115194045000, UidSet.parse(b"41,43:211,214:541")),
            ),
        ),
        (
            (
                b"SELECT INBOX (QRESYNC (67890007 90060115194045000 1:29997 "
                b"(5000,7500,9000,9990:9999 "
                b"15000,22500,27000,29970,29973,29976,29979,29982,29985,29988,29991,29994,29997)))"
            ),
            Select(
                "INBOX",
                qresync=QResync(
                    67890007,
                    90060115194045000,
                    UidSet.parse(b"1:29997"),
                    (
                        SeqSet.parse(b"5000,7500,9000,9990:9999"),
                        UidSet.parse(
                            b"15000,22500,27000,29970,29973,29976,29979,29982,29985,29988,29991,29994,29997"
                        ),
                    ),
                ),
            ),
        ),
        (
            b"EXAMINE INBOX (CONDSTORE QRESYNC (1 2 (1 3)))",
            Select(
                "INBOX", True, True, QResync(1, 2, None, (SeqSet.parse(b"1"), UidSet.parse(b"3")))
            ),
        ),
        (b"CLOSE", Close()),
        (b"UNSELECT", Unselect()),
    ],
)
def test_commands_of_the_rfcs_both_ways(octets: bytes, command: Select | Close | Unselect) -> None:
    command_both_ways(octets, command)


@pytest.mark.parametrize(
    "octets",
    [
        b"SELECT",
        b"SELECT a b",
        b"SELECT a ()",
        b"SELECT a (FOO)",
        b"SELECT a (QRESYNC)",
        b"SELECT a (QRESYNC (0 1))",
        b"SELECT a (QRESYNC (1 2 1:*))",
        b"SELECT a (QRESYNC (1 2 1 (1 1:2)))",
        b"SELECT a (QRESYNC (1 2 1 (1:* 1)))",
        b"SELECT a (QRESYNC (1 2)",
        b"SELECT %",
        b"SELECT a\x7f",
    ],
)
def test_what_is_no_select_is_refused(octets: bytes) -> None:
    refused_command(octets)


def test_pairs_that_do_not_match_are_our_fault() -> None:
    match = (SeqSet.parse(b"1:2"), UidSet.parse(b"5"))
    with pytest.raises(LocalProtocolError):
        encoded(Select("INBOX", qresync=QResync(1, 2, None, match)))


def test_responses_of_rfc_9051_section_6_3_2() -> None:
    response_both_ways(b"172 EXISTS", ExistsResponse(172))
    response_both_ways(b"1 RECENT", RecentResponse(1))
    response_both_ways(b"0 EXISTS", ExistsResponse(0))
    response_both_ways(
        b"FLAGS (\\Answered \\Deleted \\Draft \\Flagged \\Seen keyword)",
        FlagsResponse(flags.SYSTEM | {Flag("keyword")}),
    )


def test_a_name_by_literal_is_read_like_any_other() -> None:
    assert read_command(b"SELECT {5+}\r\ninbox") == Select("INBOX")
