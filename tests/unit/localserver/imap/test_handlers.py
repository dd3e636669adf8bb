"""The table of handlers."""

from __future__ import annotations

from desktopmail.wire.imap.command import READERS
from localserver.imap.handlers import HANDLERS


def test_every_command_that_can_be_read_has_a_handler() -> None:
    read = set()
    for reader in READERS.values():
        function = getattr(reader, "func", reader)
        read.add(function.__self__)
    assert read == set(HANDLERS)
