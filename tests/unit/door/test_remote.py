"""The remote door against an engine that a test plays."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from desktopmail.door.certificate import ShownCertificate
from desktopmail.door.changes import EverythingChanged
from desktopmail.door.commands import Outcome, SetOffline
from desktopmail.door.frames import (
    ChangeFrame,
    ErrorFrame,
    Hello,
    OutcomeFrame,
    encode,
)
from desktopmail.door.interface import DoorError, EngineGoneError
from desktopmail.door.remote import connect

if TYPE_CHECKING:
    from pathlib import Path


class Played(asyncio.Protocol):
    """Says what the test says, as soon as it is asked anything."""

    def __init__(self, greeting: bytes, answer: bytes | None) -> None:
        self._greeting = greeting
        self._answer = answer
        self._asked = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._greeting)

    def data_received(self, _data: bytes) -> None:
        self._asked += 1
        if self._asked == 2:
            if self._answer is None:
                self._transport.abort()
            else:
                self._transport.write(self._answer)


async def play(
    folder: Path, answer: bytes | None, greeting: bytes = encode(Hello(pid=1))
) -> tuple[Path, asyncio.Server]:
    path = folder / "s"
    loop = asyncio.get_running_loop()
    server = await loop.create_unix_server(lambda: Played(greeting, answer), str(path))
    return path, server


async def ask(folder: Path, answer: bytes | None) -> Outcome:
    path, server = await play(folder, answer)
    door = await connect(path)
    try:
        return await door.command(SetOffline(offline=True))
    finally:
        await door.aclose()
        server.close()


async def test_an_outcome_comes_back_under_its_number(tmp_path: Path) -> None:
    outcome = Outcome(label="Offline")
    assert await ask(tmp_path, encode(OutcomeFrame(number=1, outcome=outcome))) == outcome


async def test_a_refusal_comes_back_as_it_was_raised(tmp_path: Path) -> None:
    shown = ShownCertificate(
        side="incoming", host="h", port=993, text="subject: CN=mail", fingerprint="a" * 64
    )
    frame = ErrorFrame(number=1, sentence="No.", remedy="Try yes.", code="no", certificate=shown)
    with pytest.raises(DoorError) as caught:
        await ask(tmp_path, encode(frame))
    assert (caught.value.sentence, caught.value.remedy, caught.value.code) == (
        "No.",
        "Try yes.",
        "no",
    )
    assert caught.value.certificate == shown


@pytest.mark.parametrize("answer", [None, b"\xff\xff\xff\xff", b"\0\0\0\1\xc1"])
async def test_an_engine_that_goes_or_talks_nonsense_fails_what_waits(
    answer: bytes | None, tmp_path: Path
) -> None:
    with pytest.raises(EngineGoneError):
        await ask(tmp_path, answer)


async def test_changes_are_told_until_one_stops_listening(tmp_path: Path) -> None:
    changes = encode(ChangeFrame(change=EverythingChanged())) * 2
    path, server = await play(
        tmp_path, changes + encode(OutcomeFrame(number=1, outcome=Outcome())) + changes
    )
    door = await connect(path)
    told: list[object] = []
    stop = door.subscribe(told.append)
    await door.command(SetOffline(offline=True))
    stop()
    assert told[:2] == [EverythingChanged(), EverythingChanged()]
    await door.aclose()
    server.close()


async def test_an_engine_of_another_version_is_said(tmp_path: Path) -> None:
    path, server = await play(tmp_path, None, encode(Hello(version=99, pid=1)))
    with pytest.raises(DoorError, match="version 99") as caught:
        await connect(path)
    assert caught.value.code == "other-version"
    server.close()
