"""Messages that came: octets first, then their rows, and the same message once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktopmail.door.rows import Flag
from desktopmail.engine.store import message, placement
from desktopmail.engine.store.segments import Segments
from desktopmail.engine.sync import incoming
from desktopmail.engine.sync.incoming import Incoming
from tests.helpers.store import add_account, inbox_of, mail, open_store, parsed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from desktopmail.engine.content import Content
    from desktopmail.engine.store.store import Transaction


def came(number: int, *, whole: bool = True, **more: object) -> Incoming:
    octets = mail(number)
    header = octets[: octets.index(b"\r\n\r\n") + 4]
    return Incoming(
        octets if whole else header, whole, len(octets), 1_000 + number, **more  # type: ignore[arg-type]
    )  # fmt: skip


async def test_octets_are_committed_before_any_row_that_names_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    write, keep = Segments.write, message.keep_all

    def write_first(self: Segments, contents: Sequence[Content]) -> object:
        order.append(f"octets {len(contents)}")
        return write(self, contents)

    def keep_after(*arguments: object, **more: object) -> object:
        order.append("rows")
        return keep(*arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Segments, "write", write_first)
    monkeypatch.setattr(message, "keep_all", keep_after)
    async with open_store(tmp_path) as store:
        await store.write(lambda tx: incoming.keep(tx, parsed([came(1), came(2)])))
    assert order == ["octets 2", "rows"]


async def test_a_batch_of_whole_messages_and_headers_is_kept_as_it_came(tmp_path: Path) -> None:
    batch = parsed([came(1), came(2, whole=False), came(1)])
    async with open_store(tmp_path) as store:
        first, header, again = await store.write(lambda tx: incoming.keep(tx, batch))
        assert (first.has_octets, header.has_octets) == (True, False)
        assert again.id == first.id
        assert header.size == len(mail(2))
        assert await store.read(lambda tx: message.octets(tx, first.id)) == mail(1)


async def test_what_a_server_said_of_them_stands_in_their_rows(tmp_path: Path) -> None:
    one = came(1, uid=7, flags=Flag.FLAGGED, tags=("work",), modseq=9, whole=False, wanted=True)

    def step(tx: Transaction) -> None:
        incoming.place(tx, inbox_of(tx, add_account(tx)), parsed([one]))

    async with open_store(tmp_path) as store:
        await store.write(step)
        (placed,) = await store.read(lambda tx: placement.get(tx, [1]))  # type: ignore[list-item]
        assert (placed.uid, placed.flags, placed.modseq) == (7, Flag.FLAGGED, 9)
        assert await store.read(lambda tx: placement.tags_of(tx, placed.id)) == {"work"}
        assert await store.read(lambda tx: tx.fetch("SELECT wanted FROM placement")) == [(1,)]


@pytest.mark.parametrize("whole", [True, False])
async def test_octets_that_are_here_are_not_wanted_again(tmp_path: Path, whole: bool) -> None:
    async with open_store(tmp_path) as store:
        inbox = await store.write(lambda tx: inbox_of(tx, add_account(tx)))
        await store.write(lambda tx: incoming.keep(tx, parsed([came(1)])))
        again = parsed([came(1, whole=whole, uid=1, wanted=True)])
        await store.write(lambda tx: incoming.place(tx, inbox, again))
        assert await store.read(lambda tx: tx.fetch("SELECT wanted FROM placement")) == [(0,)]
