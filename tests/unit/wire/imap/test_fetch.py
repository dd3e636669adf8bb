"""FETCH and its answers."""

from __future__ import annotations

import pytest

from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.imap.fetch import Fetch
from desktopmail.wire.imap.fetch_item import (
    BodyItem,
    Item,
)
from desktopmail.wire.imap.section import Section, SectionText
from desktopmail.wire.imap.sequence import SeqSet, UidSet
from tests.helpers.imap import (
    command_both_ways,
    encoded,
    refused_command,
)

DATE = Section((), SectionText.HEADER_FIELDS, (b"DATE", b"FROM"))


def test_the_command_of_rfc_9051_section_6_4_5() -> None:
    command_both_ways(
        b"FETCH 2:4 (FLAGS BODY[HEADER.FIELDS (DATE FROM)])",
        Fetch(SeqSet.parse(b"2:4"), (Item.FLAGS, BodyItem(DATE, peek=False))),
    )


def test_the_command_of_rfc_7162_section_3_2_6() -> None:
    command_both_ways(
        b"UID FETCH 300:500 (FLAGS) (CHANGEDSINCE 12345 VANISHED)",
        Fetch(UidSet.parse(b"300:500"), (Item.FLAGS,), 12345, vanished=True),
    )


@pytest.mark.parametrize(
    "octets",
    [
        b"FETCH 1",
        b"FETCH 1 ()",
        b"FETCH 0 FLAGS",
        b"FETCH 1  FLAGS",
        b"FETCH 1 (FLAGS UID",
        b"FETCH 1 FOO",
        b"FETCH 1 (FLAGS) (VANISHED)",
        b"UID FETCH 1 (FLAGS) (VANISHED)",
        b"FETCH 1 (FLAGS) (CHANGEDSINCE 1 VANISHED)",
        b"FETCH 1 (FLAGS) ()",
        b"FETCH 1 (FLAGS) (CHANGEDSINCE x)",
        b"FETCH 1 FLAGS UID",
        b"FETCH 1 FLAGS ",
    ],
)
def test_what_is_no_fetch_is_refused(octets: bytes) -> None:
    assert refused_command(octets).tag == "a1"


def test_a_fetch_of_nothing_is_our_fault() -> None:
    for command in (
        Fetch(UidSet.all(), ()),
        Fetch(SeqSet.all(), (Item.UID,), 5, vanished=True),
        Fetch(UidSet.all(), (Item.UID,), vanished=True),
        Fetch(UidSet(), (Item.UID,)),
    ):
        with pytest.raises(LocalProtocolError):
            encoded(command)
