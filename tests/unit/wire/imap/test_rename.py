"""RENAME."""

from __future__ import annotations

import pytest

from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.imap.rename import Rename
from tests.helpers.imap import command_both_ways, encoded, refused_command


def test_the_command_of_rfc_9051_section_6_3_6() -> None:
    command_both_ways(b"RENAME blurdybloop sarasoop", Rename("blurdybloop", "sarasoop"))
    command_both_ways(b'RENAME "a b" Entw&APw-rfe', Rename("a b", "Entwürfe"))


@pytest.mark.parametrize("octets", [b"RENAME", b"RENAME a", b"RENAME a b c", b"RENAME  a b"])
def test_what_is_incomplete_is_refused(octets: bytes) -> None:
    refused_command(octets)


def test_cr_lf_and_nul_are_refused_in_both_names() -> None:
    for command in (Rename("a\r\nb", "c"), Rename("c", "a\0b")):
        with pytest.raises(LocalProtocolError):
            encoded(command)
