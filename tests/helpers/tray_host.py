"""A desktop with a tray, as KDE's has one: it hears of icons, and clicks on them."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from jeepney import (
    DBusAddress,
    HeaderFields,
    MessageType,
    new_error,
    new_method_call,
    new_method_return,
)
from jeepney.io.asyncio import open_dbus_connection

from desktopmail.tasks import TaskScope

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_WATCHER = "org.kde.StatusNotifierWatcher"
_ITEM = "org.kde.StatusNotifierItem"
_MENU = "com.canonical.dbusmenu"


class TrayHost:
    """Knows the last icon that came, and speaks to it.

    Attributes:
        came: Set when there is one.
    """

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._item = ""
        self.came = asyncio.Event()

    async def own(self) -> None:
        """Be who icons are told to."""
        bus = DBusAddress("/org/freedesktop/DBus", "org.freedesktop.DBus", "org.freedesktop.DBus")
        await self._connection.send(new_method_call(bus, "RequestName", "su", (_WATCHER, 0)))

    async def serve(self) -> None:
        while True:
            message = await self._connection.receive()
            fields = message.header.fields
            answer = self._answers.pop(fields.get(HeaderFields.reply_serial, 0), None)
            if answer is not None:
                answer.set_result(message)
            elif message.header.message_type is MessageType.method_call:
                await self._connection.send(self._answer(message, fields[HeaderFields.member]))

    def _answer(self, message: Any, member: str) -> Any:
        match member:
            case "Get":  # IsStatusNotifierHostRegistered
                return new_method_return(message, "v", (("b", True),))
            case "RegisterStatusNotifierItem":
                self._item = message.header.fields[HeaderFields.sender]
                self.came.set()
                return new_method_return(message)
        return new_error(message, "org.freedesktop.DBus.Error.UnknownMethod")

    async def _ask(
        self, path: str, interface: str, method: str, types: str = "", *arguments: object
    ) -> tuple[Any, ...]:
        at = DBusAddress(path, bus_name=self._item, interface=interface)
        serial = next(self._connection.outgoing_serial)
        answer = self._answers[serial] = asyncio.get_running_loop().create_future()
        message = new_method_call(at, method, types or None, arguments)
        await self._connection.send(message, serial=serial)
        reply = await asyncio.wait_for(answer, 20)
        assert reply.header.message_type is MessageType.method_return, reply.body
        return tuple(reply.body)

    async def tip(self) -> str:
        """What stands beside the icon when the pointer rests on it."""
        (value,) = await self._ask(
            "/StatusNotifierItem", "org.freedesktop.DBus.Properties", "Get", "ss", _ITEM, "ToolTip"
        )
        _type, (_icon, _pixmaps, title, text) = value
        return f"{title}{text}"

    async def click(self) -> None:
        """Click on the icon."""
        await self._ask("/StatusNotifierItem", _ITEM, "Activate", "ii", 0, 0)

    async def menu(self) -> dict[str, int]:
        """The lines of its menu: what they say, and their numbers."""
        _, (_number, _own, children) = await self._ask(
            "/MenuBar", _MENU, "GetLayout", "iias", 0, -1, []
        )
        lines = (child for _type, child in children)
        found = {}
        for number, own, _below in lines:
            if "label" in own:
                found[own["label"][1].replace("_", "")] = number
        return found

    async def choose(self, line: str) -> None:
        """Choose a line of its menu."""
        number = (await self.menu())[line]
        await self._ask("/MenuBar", _MENU, "Event", "isvu", number, "clicked", ("i", 0), 0)


@asynccontextmanager
async def tray_host(address: str) -> AsyncIterator[TrayHost]:
    """Be the tray on the bus at an address."""
    failed: list[Exception] = []
    async with TaskScope(lambda _name, error: failed.append(error)) as scope:
        connection = await open_dbus_connection(address)
        host = TrayHost(connection)
        await host.own()
        scope.spawn(host.serve(), name="tray")
        try:
            yield host
        finally:
            connection.writer.close()
    assert [error for error in failed if not isinstance(error, EOFError | OSError)] == []
