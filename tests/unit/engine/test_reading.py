"""What is worked out of octets is the same wherever it is worked out."""

from __future__ import annotations

import pickle
from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from desktopmail.engine import plain_rows, reading, summary
from desktopmail.engine.content import Content
from desktopmail.engine.in_hand import MESSAGE, Item, message_key
from desktopmail.net.ports import InlineExecutor, WorkerAwayError, system_ports
from tests.helpers.store import Nobody, mail, open_store

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path


@given(st.lists(st.tuples(st.binary(max_size=300), st.booleans()), max_size=5))
async def test_it_comes_through_another_process_as_it_was(
    contents: list[tuple[bytes, bool]],
) -> None:
    contents.append((mail(1, body="x" * 2000), True))
    there = pickle.loads(pickle.dumps(plain_rows.of(contents)))  # noqa: S301 - our own
    found = reading.joined(contents, there)
    for (octets, is_whole), one in zip(contents, found, strict=True):
        wanted = summary.of_message(octets) if is_whole else summary.of_header(octets)
        assert one.summary == wanted
        assert (one.content is not None) == is_whole
        assert one.content is None or one.content.octets == octets


class Told(InlineExecutor):
    """A worker that counts what it is asked, and is away where it is told so."""

    def __init__(self, *, away: bool = False) -> None:
        self.asked: list[int] = []
        self._away = away

    async def run(self, function: object, *args: object) -> object:  # type: ignore[override]
        self.asked.append(len(args[0]))  # type: ignore[arg-type]
        if self._away:
            raise WorkerAwayError
        return await super().run(function, *args)  # type: ignore[arg-type]


class Noting(Nobody):
    """A guard that remembers what was held."""

    def __init__(self) -> None:
        super().__init__()
        self.held: list[object] = []

    def hold(self, kind: str, key: object) -> AbstractContextManager[None]:
        self.held.append(key)
        return super().hold(kind, key)


async def test_many_go_to_the_worker_and_few_do_not() -> None:
    worker, guard = Told(), Noting()
    ports = replace(system_ports(), worker=worker)
    await reading.read(guard, ports, [(mail(1), True)])
    assert (worker.asked, guard.held) == ([], [message_key(mail(1))])
    await reading.read(guard, ports, [(mail(1), True)] * 100)
    assert (worker.asked, len(guard.held)) == ([100], 1)


async def test_what_the_worker_dies_of_is_in_hand_when_it_is_read_here() -> None:
    guard = Noting()
    ports = replace(system_ports(), worker=Told(away=True))
    found = await reading.read(guard, ports, [(mail(n), True) for n in range(100)])
    assert [one.summary.message_id for one in found][:2] == ["0@example.org", "1@example.org"]
    assert guard.held == [message_key(mail(n)) for n in range(100)]


@given(st.lists(st.binary(max_size=300), max_size=3), st.sampled_from([b"\r\n", b"\n"]))
async def test_a_glance_finds_in_whole_messages_what_their_headers_say(
    bodies: list[bytes], line_end: bytes
) -> None:
    ports = replace(system_ports(), worker=InlineExecutor())
    contents = [mail(n, body="x" * 3000).replace(b"\r\n", line_end) for n in range(30)]
    contents += [b"Subject: one" + line_end + body for body in bodies] + bodies
    found = await reading.glance(Nobody(), ports, [(one, True) for one in contents])
    for octets, one in zip(contents, found, strict=True):
        wanted = summary.of_message(octets)
        assert one.content == Content.of(octets)
        assert one.summary.header == b""
        assert one.summary.is_whole == (b"\n" not in octets)
        if one.summary.is_whole:
            continue  # where its header ends cannot be told without looking at all of it
        only_octets_tell = {"has_attachment", "preview", "is_whole", "report", "words"}
        for name in set(wanted._fields) - only_octets_tell:
            assert getattr(one.summary, name) == getattr(wanted, name), name


async def test_a_glance_at_few_or_without_a_worker_reads_them_whole() -> None:
    few, many = [(mail(1), True)], [(mail(n), True) for n in range(100)]
    for worker, contents in ((Told(), few), (Told(away=True), many), (None, many)):
        ports = replace(system_ports(), worker=worker)
        found = await reading.glance(Nobody(), ports, contents)
        assert all(one.summary.is_whole for one in found)


async def test_stored_messages_are_read_where_they_are(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        stored = await store.write(
            lambda tx: tx.segments.write([Content.of(mail(n, body="zebra")) for n in range(30)])
        )
        places = [(one.segment, one.position) for one in stored]
        for worker in (Told(), Told(away=True), None):
            ports, guard = replace(system_ports(), worker=worker), Noting()
            found = await reading.read_stored(
                guard, ports, store.profile, [*places, (1, 77)], total=31
            )
            assert [one is None for one in found] == [False] * 30 + [True]
            assert all(one is None or one.preview == "zebra" for one in found)
            is_here = worker is None or worker._away
            assert len(guard.held) == (30 if is_here else 0)


async def test_a_piece_of_few_large_messages_of_many_is_read_by_the_worker(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        (stored,) = await store.write(lambda tx: tx.segments.write([Content.of(mail(1))]))
        for total, asked in ((100, [1]), (1, [])):
            worker = Told()
            ports = replace(system_ports(), worker=worker)
            places = [(stored.segment, stored.position)]
            await reading.read_stored(Nobody(), ports, store.profile, places, total=total)
            assert worker.asked == asked
            await reading.read_stored(Nobody(), ports, store.profile, [], total=total)
            assert worker.asked == asked


async def test_a_stored_message_that_is_set_aside_is_not_read(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        (stored,) = await store.write(lambda tx: tx.segments.write([Content.of(mail(1))]))
        store.guard.aside = frozenset({Item(MESSAGE, message_key(mail(1)))})
        place = (stored.segment, stored.position)
        assert await reading.read_stored(
            store.guard, system_ports(), store.profile, [place], total=1
        ) == [None]
