"""The worker reads stored messages by their places, and still loads no network."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

from desktopmail.engine import stored_rows, summary
from desktopmail.engine.content import Content
from tests.helpers.imports import NETWORK, imported_with
from tests.helpers.store import mail, open_store

if TYPE_CHECKING:
    from pathlib import Path


async def test_it_tells_what_only_the_octets_say_and_what_is_missing(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        octets = mail(1, body="zebra " * 900)  # which is kept deflated
        (stored,) = await store.write(lambda tx: tx.segments.write([Content.of(octets)]))
        places = [(stored.segment, stored.position), (stored.segment, 77), (9, 1)]
        there = pickle.loads(pickle.dumps(stored_rows.of(places, store.profile)))  # noqa: S301 - our own
    whole = summary.of_message(octets)
    assert there == [
        ((whole.has_attachment, whole.preview, whole.report), tuple(whole.words)), None, None,
    ]  # fmt: skip


def test_a_worker_that_reads_the_store_loads_no_network() -> None:
    loaded = imported_with("desktopmail.net.worker_process", "desktopmail.engine.stored_rows")
    assert "desktopmail.engine.stored_rows" in loaded
    assert loaded.isdisjoint(NETWORK)
