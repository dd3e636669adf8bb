"""The session bus, by a real dbus-daemon."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from desktopmail.ui.notices.session_bus import BusError, SessionBus
from tests.helpers.notice_server import NAME, notice_server, session_bus

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.tasks import TaskScope

pytestmark = pytest.mark.peer("dbus-daemon")
BUS = ("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus")
NOTICES = (NAME, "/org/freedesktop/Notifications", NAME)


async def test_a_method_is_called_and_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scope: TaskScope
) -> None:
    with session_bus(tmp_path, monkeypatch):
        bus = await SessionBus.connect(scope)
        who, (names,) = await bus.call(BUS, "ListNames")
        assert who == "org.freedesktop.DBus"
        assert "org.freedesktop.DBus" in names
        await bus.aclose()


async def test_a_bus_is_found_where_systemd_puts_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scope: TaskScope
) -> None:
    with session_bus(tmp_path, monkeypatch):
        monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS")
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
        bus = await SessionBus.connect(scope)
        assert bus.is_open
        await bus.aclose()


@pytest.mark.parametrize(
    "address", ["unix:path=/nowhere/bus", "tcp:host=localhost", "nonsense", ""]
)
async def test_where_no_bus_can_be_reached_that_is_said(
    address: str, monkeypatch: pytest.MonkeyPatch, scope: TaskScope
) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    with pytest.raises(BusError):
        await SessionBus.connect(scope)


async def test_who_does_not_know_a_method_answers_with_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scope: TaskScope
) -> None:
    with session_bus(tmp_path, monkeypatch):
        bus = await SessionBus.connect(scope)
        with pytest.raises(BusError, match="Dance"):
            await bus.call(BUS, "Dance")
        with pytest.raises(BusError, match="ServiceUnknown"):
            await bus.call(NOTICES, "GetCapabilities")
        await bus.aclose()


async def test_a_signal_is_heard_with_its_sender(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scope: TaskScope
) -> None:
    with session_bus(tmp_path, monkeypatch) as address:
        bus = await SessionBus.connect(scope)
        heard: list[tuple[str, tuple[Any, ...]]] = []
        async with notice_server(address):
            await bus.listen(
                NAME, NAME, "NotificationClosed", lambda who, told: heard.append((who, told))
            )
            who, (number,) = await bus.call(
                NOTICES, "Notify", "susssasa{sv}i", ("", 0, "", "t", "b", [], {}, -1)
            )
            await bus.call(NOTICES, "CloseNotification", "u", (number,))
        assert heard == [(who, (number, 3))]
        await bus.aclose()


async def test_whoever_waits_is_told_when_the_bus_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scope: TaskScope
) -> None:
    with session_bus(tmp_path, monkeypatch):
        bus = await SessionBus.connect(scope)
    with pytest.raises(BusError, match="gone"):
        await bus.call(BUS, "ListNames")
    assert not bus.is_open
    await bus.aclose()
