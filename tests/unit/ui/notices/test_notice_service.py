"""The desktop's service of notifications, by one of ours on a real bus."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from desktopmail.ui.notices.news import Notice
from desktopmail.ui.notices.notice_service import NoticeService
from desktopmail.ui.notices.session_bus import BusError
from tests.helpers.notice_server import NOTIFY, notice_server, session_bus
from tests.helpers.qt_loop import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from desktopmail.tasks import TaskScope

pytestmark = pytest.mark.peer("dbus-daemon")

NEWS = Notice(
    "Bob <bob@x>", ("Fish & <b>chips</b>", "Work"), (("default", "Open"), ("archive", "A"))
)


@pytest.fixture
def bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with session_bus(tmp_path, monkeypatch) as address:
        yield address


async def test_a_notice_is_shown_with_the_types_that_the_service_asks_for(
    bus: str, scope: TaskScope
) -> None:
    async with notice_server(bus) as server:
        service = await NoticeService.open(scope)
        number = await service.show(NEWS)
        ((signature, shown),) = server.calls
        assert signature == NOTIFY
        assert shown.number == number
        assert shown.actions == ["default", "Open", "archive", "A"]
        assert shown.hints["desktop-entry"] == ("s", "desktopmail")
        assert shown.hints["urgency"] == ("y", 1)
        assert shown.hints["suppress-sound"] == ("b", True)
        await service.aclose()


async def test_what_a_stranger_wrote_is_no_markup_in_a_body_that_has_markup(
    bus: str, scope: TaskScope
) -> None:
    async with notice_server(bus) as server:
        service = await NoticeService.open(scope)
        shown = server.shown[await service.show(NEWS)]
        assert shown.title == "Bob <bob@x>"  # titles have no markup
        assert shown.body == "Fish &amp; &lt;b&gt;chips&lt;/b&gt;\nWork"
        await service.aclose()


async def test_a_body_without_markup_is_written_as_it_is(bus: str, scope: TaskScope) -> None:
    async with notice_server(bus, can=("body",)) as server:
        service = await NoticeService.open(scope)
        shown = server.shown[await service.show(NEWS)]
        assert shown.body == "Fish & <b>chips</b>\nWork"
        assert shown.actions == []  # this one has no buttons
        await service.aclose()


async def test_where_there_is_no_body_all_is_said_in_the_title(bus: str, scope: TaskScope) -> None:
    async with notice_server(bus, can=()) as server:
        service = await NoticeService.open(scope)
        shown = server.shown[await service.show(NEWS)]
        assert (shown.title, shown.body) == ("Bob <bob@x> · Fish & <b>chips</b> · Work", "")
        await service.aclose()


async def test_a_notice_takes_the_place_of_another_and_is_heard_where_that_is_wanted(
    bus: str, scope: TaskScope
) -> None:
    async with notice_server(bus) as server:
        service = await NoticeService.open(scope)
        first = await service.show(NEWS)
        assert await service.show(NEWS, replaces=first, sound=True) == first
        assert len(server.shown) == 1
        assert server.shown[first].hints["sound-name"] == ("s", "message-new-email")
        await service.withdraw(first)
        assert server.shown == {}
        await service.withdraw(first)  # it is gone already
        await service.aclose()


async def test_what_a_person_does_is_told(bus: str, scope: TaskScope) -> None:
    told: list[tuple[object, ...]] = []
    async with notice_server(bus) as server:
        service = await NoticeService.open(scope)
        service.on_action = lambda number, name: told.append((number, name))
        service.on_closed = lambda number: told.append((number,))
        service.on_token = lambda token: told.append((token,))
        number = await service.show(NEWS)
        await server.act(number, "archive")
        await until(lambda: len(told) == 3)
        assert told == [("token",), (number, "archive"), (number,)]
        await service.aclose()


async def test_another_program_does_not_press_our_buttons(bus: str, scope: TaskScope) -> None:
    told: list[tuple[object, ...]] = []
    async with notice_server(bus) as server, notice_server(bus, name="org.example.Evil") as evil:
        service = await NoticeService.open(scope)
        service.on_action = lambda number, name: told.append((number, name))
        number = await service.show(NEWS)
        evil.shown[number] = server.shown[number]
        await evil.act(number, "archive")
        await server.act(number, "default")
        await until(lambda: told)
        assert told == [(number, "default")]
        await service.aclose()


async def test_a_notice_that_goes_with_its_bus_is_taken_back_without_an_error(
    bus: str, scope: TaskScope
) -> None:
    async with notice_server(bus) as server:
        service = await NoticeService.open(scope)
        number = await service.show(NEWS)
        scope.spawn(service.withdraw(number), name="withdraw")
        await asyncio.sleep(0)  # it is asked, and not answered
        await service.aclose()
        assert not service.is_open
        await service.withdraw(number)
        assert len(server.calls) == 1


async def test_where_nobody_shows_notices_that_is_said(bus: str, scope: TaskScope) -> None:
    assert bus
    with pytest.raises(BusError, match="ServiceUnknown"):
        await NoticeService.open(scope)


@pytest.mark.parametrize("name", ["org.freedesktop.ScreenSaver", "org.gnome.ScreenSaver"])
async def test_a_locked_screen_is_known(bus: str, scope: TaskScope, name: str) -> None:
    async with notice_server(bus), notice_server(bus, name=name) as lock:
        service = await NoticeService.open(scope)
        assert not await service.is_locked()  # nobody says so
        lock.locked = True
        assert await service.is_locked()
        lock.locked = False
        assert not await service.is_locked()
        await service.aclose()
