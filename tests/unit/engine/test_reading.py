"""What is worked out of octets is the same wherever it is worked out."""

from __future__ import annotations

import pickle
from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from desktopmail.engine import plain_rows, reading, summary
from desktopmail.engine.in_hand import message_key
from desktopmail.net.ports import InlineExecutor, WorkerAwayError, system_ports
from tests.helpers.store import Nobody, mail

if TYPE_CHECKING:
    from contextlib import AbstractContextManager


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
        assert one.content is None or one.content.octets is octets


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
