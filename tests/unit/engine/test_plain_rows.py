"""The worker is told values and tells values, and has to be ready soon."""

from __future__ import annotations

from desktopmail.engine import plain_rows
from desktopmail.engine.content import sha256
from tests.helpers.imports import NETWORK, imported_with
from tests.helpers.store import mail


def test_a_whole_message_comes_with_the_name_of_its_content_and_a_header_without() -> None:
    whole, header = plain_rows.of([(mail(1), True), (mail(1), False)])
    assert whole[2] == sha256(mail(1))
    assert header[2:] == (b"", None)
    assert whole[0][0] == header[0][0]  # the digest of the header block


def test_a_worker_that_begins_loads_no_network() -> None:
    """It did, by one import: that took half of its start, and half of its memory."""
    loaded = imported_with("desktopmail.net.worker_process", "desktopmail.engine.plain_rows")
    assert "desktopmail.engine.plain_rows" in loaded
    assert loaded.isdisjoint(NETWORK)
