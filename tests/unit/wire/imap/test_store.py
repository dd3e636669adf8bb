"""STORE."""

from __future__ import annotations

import pytest

from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.imap import flags
from desktopmail.wire.imap.flags import Flag
from desktopmail.wire.imap.sequence import SeqSet, UidSet
from desktopmail.wire.imap.store import Store, StoreMode
from tests.helpers.imap import command_both_ways, encoded, read_command, refused_command

DELETED = frozenset({flags.DELETED})


@pytest.mark.parametrize(
    ("octets", "command"),
    [
        # RFC 9051 section 6.4.6, RFC 7162 section 3.1.3.
        (b"STORE 2:4 +FLAGS (\\Deleted)", Store(SeqSet.parse(b"2:4"), StoreMode.ADD, DELETED)),
        (
            b"UID STORE 1:* -FLAGS.SILENT (\\Deleted)",
            Store(UidSet.all(), StoreMode.REMOVE, DELETED, silent=True),
        ),
        (b"STORE 1 FLAGS ()", Store(SeqSet.parse(b"1"), StoreMode.REPLACE, frozenset())),
        (
            b"UID STORE 6,4,8 (UNCHANGEDSINCE 12121230045) +FLAGS.SILENT (\\Deleted)".replace(
                b"6,4,8", b"4,6,8"
            ),
            Store(UidSet.parse(b"4,6,8"), StoreMode.ADD, DELETED, True, 12121230045),
        ),
    ],
)
def test_commands_of_the_rfcs_both_ways(octets: bytes, command: Store) -> None:
    command_both_ways(octets, command)


def test_words_are_read_in_any_case() -> None:
    expected = Store(UidSet.parse(b"1"), StoreMode.ADD, DELETED, silent=True, unchanged_since=0)
    assert read_command(b"uid store 1 (unchangedsince 0) +flags.silent \\deleted") == expected


@pytest.mark.parametrize(
    "octets",
    [
        b"STORE 1",
        b"STORE 1 FLAGS",
        b"STORE 1 FLAGS ",
        b"STORE 1 *FLAGS (a)",
        b"STORE 1 FLAGS (a",
        b"STORE 1 FLAGS.LOUD (a)",
        b"STORE 1 () FLAGS (a)",
        b"STORE 1 (UNCHANGEDSINCE x) FLAGS (a)",
        b"STORE 1 (UNCHANGEDSINCE 9223372036854775808) FLAGS (a)",  # no number of 63 bits
        b"STORE 1 (UNCHANGEDSINCE 5)FLAGS (a)",
        b"STORE 1 FLAGS (a) b",
        b"STORE x FLAGS (a)",
        b"STORE 1 +FLAGS (\\Seen  \\Draft)",
    ],
)
def test_what_is_no_store_is_refused(octets: bytes) -> None:
    refused_command(octets)


def test_a_flag_that_would_break_the_line_is_our_fault() -> None:
    with pytest.raises(LocalProtocolError):
        encoded(Store(UidSet.all(), StoreMode.ADD, frozenset({Flag("a)\r\nA2 LOGOUT")})))
