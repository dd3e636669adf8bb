"""Items of FETCH."""

from __future__ import annotations

import pytest

from desktopmail.wire.imap.fetch import Fetch
from desktopmail.wire.imap.fetch_item import (
    MACROS,
    BinaryItem,
    BinarySizeItem,
    Item,
    PreviewItem,
)
from desktopmail.wire.imap.sequence import SeqSet, UidSet
from tests.helpers.imap import (
    command_both_ways,
    read_command,
    refused_command,
)


def test_every_item_both_ways() -> None:
    command_both_ways(
        b"UID FETCH 1:* (UID FLAGS MODSEQ INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE BODY "
        b"EMAILID THREADID SAVEDATE RFC822 RFC822.HEADER RFC822.TEXT BINARY.PEEK[1] "
        b"BINARY.SIZE[1.2] PREVIEW PREVIEW (LAZY))",
        Fetch(
            UidSet.all(),
            (
                *Item,
                BinaryItem((1,)),
                BinarySizeItem((1, 2)),
                PreviewItem(),
                PreviewItem(lazy=True),
            ),
        ),
    )


@pytest.mark.parametrize("macro", [b"ALL", b"FULL", b"FAST"])
def test_a_macro_stands_for_its_items(macro: bytes) -> None:
    assert read_command(b"FETCH 1 " + macro) == Fetch(SeqSet.parse(b"1"), MACROS[macro])
    refused_command(b"FETCH 1 (" + macro + b")")
