"""Remote images: fetched by the engine, and what is said of those that did not come."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from desktopmail.door.interface import DoorError
from desktopmail.ui.reading.remote import RemoteImages

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


async def refuse(url: str) -> tuple[bytes, str]:
    raise DoorError(f"The image at {url} is not shown.", code="no-image")


def test_images_that_did_not_come_are_told_once_with_their_hosts(qtbot: QtBot) -> None:
    images = RemoteImages(refuse)

    async def fetch() -> None:
        for host in ("a", "b", "c"):
            with pytest.raises(DoorError):
                await images.fetch(f"https://{host}.example/i.gif")

    with qtbot.waitSignal(images.failed, timeout=2_000):
        asyncio.run(fetch())
    assert "a.example, b.example, …" in images.sentence
    assert len(images.reasons.splitlines()) == 3
    images.begin()
    assert images.sentence == images.reasons == ""


def test_what_failed_for_a_message_that_was_left_is_not_said_of_the_next(qtbot: QtBot) -> None:
    del qtbot
    asked = asyncio.Event()
    go_on = asyncio.Event()

    async def slow(url: str) -> tuple[bytes, str]:
        asked.set()
        await go_on.wait()
        return await refuse(url)

    images = RemoteImages(slow)

    async def scene() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(fetch())
            await asked.wait()
            images.begin()
            go_on.set()

    async def fetch() -> None:
        with pytest.raises(DoorError):
            await images.fetch("https://a.example/i.gif")

    asyncio.run(scene())
    assert images.sentence == ""


def test_no_more_than_some_are_asked_for_at_once(qtbot: QtBot) -> None:
    del qtbot
    running: list[int] = []
    most: list[int] = []

    async def count(_url: str) -> tuple[bytes, str]:
        running.append(1)
        most.append(len(running))
        await asyncio.sleep(0)
        running.pop()
        return b"", "image/png"

    images = RemoteImages(count)

    async def scene() -> None:
        await asyncio.gather(*(images.fetch(f"https://a.example/{n}") for n in range(40)))

    asyncio.run(scene())
    assert max(most) == 6
