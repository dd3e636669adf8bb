"""Batches are stored in order while the next ones come, and an error loses none that was taken."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

import pytest

from desktopmail.door.interface import DoorError
from desktopmail.door.profile import Profile
from desktopmail.engine.store.store import Store
from desktopmail.engine.sync import pipeline
from desktopmail.engine.sync.pipeline import Pipeline
from desktopmail.net.ports import InlineExecutor, ThreadExecutor

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from desktopmail.engine.store.store import Transaction


@pytest.fixture(autouse=True)
def batches_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "BATCH_MESSAGES", 2)


@contextmanager
def threads() -> Iterator[ThreadExecutor]:
    with ThreadPoolExecutor(2) as pool:
        yield ThreadExecutor(pool)


def doubled(batch: Sequence[int]) -> list[int]:
    return [2 * one for one in batch]


async def test_batches_are_kept_in_the_order_in_which_they_came(tmp_path: Path) -> None:
    kept: list[list[int]] = []
    slow = iter([0.02, 0.0, 0.01])

    def parse(batch: Sequence[int]) -> list[int]:
        time.sleep(next(slow))  # the first one takes the longest, and is kept first nevertheless
        return doubled(batch)

    store = Store(Profile.at(tmp_path), InlineExecutor())
    with threads() as executor:
        async with Pipeline(
            store, partial(executor.run, parse), lambda _tx, batch: kept.append(batch)
        ) as line:
            for number in range(5):
                await line.put(number, 10)
    await store.aclose()
    assert kept == [[0, 2], [4, 6], [8]]


async def kept_of(folder: Path, coming: Iterable[tuple[int, int]]) -> list[list[int]]:
    """Put numbers in, each with its octets; returns the batches that were kept."""
    kept: list[list[int]] = []
    store = Store(Profile.at(folder), InlineExecutor())
    parse = partial(InlineExecutor().run, doubled)
    async with Pipeline(store, parse, lambda _tx, batch: kept.append(batch)) as line:
        for number, octets in coming:
            await line.put(number, octets)
    await store.aclose()
    return kept


async def test_a_batch_ends_by_its_octets_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "READ_OCTETS", 100)
    assert await kept_of(tmp_path, [(1, 100), (2, 1)]) == [[2], [4]]


async def test_a_message_as_large_as_a_batch_is_one_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Put to others it would make two of them, held in memory at once."""
    monkeypatch.setattr(pipeline, "BATCH_MESSAGES", 500)
    monkeypatch.setattr(pipeline, "BATCH_OCTETS", 100)
    monkeypatch.setattr(pipeline, "READ_OCTETS", 100)
    coming = enumerate((10, 89, 100, 10, 99))
    assert await kept_of(tmp_path, coming) == [[0, 2], [4], [6, 8]]


def test_a_batch_of_large_messages_is_a_larger_one() -> None:
    assert pipeline.is_enough(pipeline.READ_OCTETS, messages=500)
    assert not pipeline.is_enough(pipeline.READ_OCTETS, messages=50)
    assert pipeline.is_enough(pipeline.BATCH_OCTETS, messages=50)


async def test_what_was_taken_before_a_cut_is_kept(tmp_path: Path) -> None:
    kept: list[int] = []
    store = Store(Profile.at(tmp_path), InlineExecutor())

    async def fetch() -> None:
        line = Pipeline(
            store, partial(InlineExecutor().run, doubled), lambda _tx, batch: kept.extend(batch)
        )
        async with line:
            for number in range(3):
                await line.put(number, 10)
            raise ConnectionError("cut")

    with pytest.raises(ConnectionError, match="cut"):
        await fetch()
    await store.aclose()
    assert kept == [0, 2, 4]


@pytest.mark.parametrize(
    ("octets", "taken_at_once"),
    [
        (10, 7),  # the eighth would begin a fourth batch
        (pipeline.ON_THE_WAY_OCTETS // 5, 5),  # three batches would be more than is borne
    ],
)
async def test_who_puts_waits_while_enough_is_on_its_way(
    octets: int, taken_at_once: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "BATCH_OCTETS", pipeline.ON_THE_WAY_OCTETS)
    store = Store(Profile.at(tmp_path), InlineExecutor())
    opened = asyncio.Event()

    class Held(InlineExecutor):
        async def run(self, function: object, *args: object) -> object:  # type: ignore[override]
            await opened.wait()
            assert callable(function)
            return function(*args)

    taken: list[int] = []

    async def feed(line: Pipeline[int, list[int]]) -> None:
        for number in range(12):
            await line.put(number, octets)
            taken.append(number)

    line = Pipeline(store, partial(Held().run, doubled), lambda _tx, _batch: None)
    async with line, asyncio.TaskGroup() as group:
        group.create_task(feed(line))
        for _ in range(20):
            await asyncio.sleep(0)
        assert taken == list(range(taken_at_once))
        opened.set()
    await store.aclose()
    assert len(taken) == 12


async def test_a_store_that_cannot_be_written_ends_it_with_its_own_sentence(tmp_path: Path) -> None:
    store = Store(Profile.at(tmp_path), InlineExecutor())

    def refuse(_tx: Transaction, _batch: list[int]) -> None:
        raise DoorError("The disk is full.", code="disk-full")

    async def fetch() -> None:
        async with Pipeline(store, partial(InlineExecutor().run, doubled), refuse) as line:
            for number in range(9):
                await line.put(number, 10)
                await asyncio.sleep(0)

    with pytest.raises(DoorError, match="The disk is full"):
        await fetch()
    await store.aclose()


@pytest.mark.parametrize(
    ("octets", "waits_s", "glanced"), [(5000, 0.0, True), (5000, 0.02, False), (200, 0.0, False)]
)
async def test_large_messages_that_come_fast_are_only_glanced_at(
    octets: int, waits_s: float, glanced: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "BATCH_OCTETS", 2 * octets)
    monkeypatch.setattr(pipeline, "GLANCED_OCTETS", 1000)
    monkeypatch.setattr(pipeline, "GLANCED_WITHIN_S", 0.01)
    kept: list[list[str]] = []

    async def parse(batch: Sequence[int]) -> list[str]:
        return ["read"] * len(batch)

    async def glance(batch: Sequence[int]) -> list[str]:
        return ["glanced"] * len(batch)

    store = Store(Profile.at(tmp_path), InlineExecutor())
    async with Pipeline(store, parse, lambda _tx, batch: kept.append(batch), glance=glance) as line:
        for number in range(3):
            await line.put(number, octets)
            await asyncio.sleep(waits_s)
    await store.aclose()
    # What is left at the end is little, and read at once.
    assert kept == [["glanced" if glanced else "read"] * 2, ["read"]]
