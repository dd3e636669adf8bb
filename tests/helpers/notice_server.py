"""A session bus of our own, and who shows notifications on it."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jeepney import (
    DBusAddress,
    HeaderFields,
    MessageType,
    new_error,
    new_method_call,
    new_method_return,
    new_signal,
)
from jeepney.io.asyncio import open_dbus_connection

from desktopmail.tasks import TaskScope

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    import pytest

NAME = "org.freedesktop.Notifications"
NOTIFY = "susssasa{sv}i"
_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={socket}</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>
  </policy>
</busconfig>
"""


@contextmanager
def session_bus(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Run a bus that knows no service, as this session's."""
    config = folder / "session.conf"
    config.write_text(_CONFIG.format(socket=folder / "bus"), encoding="utf-8")
    daemon = shutil.which("dbus-daemon")
    assert daemon is not None
    process = subprocess.Popen(
        [daemon, f"--config-file={config}", "--nofork", "--print-address=1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "DBUS_VERBOSE": "0"},
        text=True,
    )
    assert process.stdout is not None
    try:
        address = process.stdout.readline().strip()
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        yield address
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()


@dataclass
class Shown:
    """One notification on the screen."""

    number: int
    replaces: int
    title: str
    body: str
    actions: list[str]
    hints: dict[str, tuple[str, Any]]

    @property
    def names(self) -> list[str]:
        """The names of its actions, without their titles."""
        return self.actions[::2]


@dataclass
class NoticeServer:
    """Shows notifications, as far as a test can see.

    Attributes:
        can: What it says it can.
        shown: What is on the screen, by number.
        calls: Every call of `Notify`, with the types of its arguments.
        locked: Whether the screen is locked; None: nobody knows.
        refuses: Whether it shows nothing more.
        refused: How often it has refused to show something.
        pressed: The button of the next one that is pressed as soon as it is there.
        slow_s: How long after it showed one it says so.
    """

    connection: Any
    can: tuple[str, ...] = ("actions", "body", "body-markup")
    shown: dict[int, Shown] = field(default_factory=dict)
    calls: list[tuple[str, Shown]] = field(default_factory=list)
    locked: bool | None = None
    refuses: bool = False
    refused: int = 0
    slow_s: float = 0.0
    pressed: str = ""
    last: int = 0

    async def act(self, number: int, name: str) -> None:
        """Have the person press a button of a notification, which then is gone."""
        await self._tell("ActivationToken", "us", (number, "token"))
        await self._tell("ActionInvoked", "us", (number, name))
        await self.close(number, 2)

    async def close(self, number: int, reason: int = 2) -> None:
        """Have a notification end."""
        if self.shown.pop(number, None) is not None:
            await self._tell("NotificationClosed", "uu", (number, reason))

    async def own(self, name: str) -> None:
        """Take a name on the bus."""
        bus = DBusAddress("/org/freedesktop/DBus", "org.freedesktop.DBus", "org.freedesktop.DBus")
        await self.connection.send(new_method_call(bus, "RequestName", "su", (name, 0)))

    async def serve(self) -> None:
        while True:
            message = await self.connection.receive()
            if message.header.message_type is MessageType.method_call:
                before = self.last
                await self.connection.send(await self._answer(message))
                if self.pressed and self.last > before:
                    pressed, self.pressed = self.pressed, ""
                    await self.act(self.last, pressed)

    async def _answer(self, message: Any) -> Any:
        fields = message.header.fields
        match fields[HeaderFields.member]:
            case "GetCapabilities":
                return new_method_return(message, "as", (list(self.can),))
            case "Notify" if self.refuses:
                self.refused += 1
            case "Notify":
                number = self._show(message)
                await asyncio.sleep(self.slow_s)
                return new_method_return(message, "u", (number,))
            case "CloseNotification":
                await self.close(message.body[0], 3)
                return new_method_return(message)
            case "GetActive" if self.locked is not None:
                return new_method_return(message, "b", (self.locked,))
        return new_error(message, "org.freedesktop.DBus.Error.UnknownMethod")

    def _show(self, message: Any) -> int:
        _name, replaces, _icon, title, body, actions, hints, _expires = message.body
        if replaces not in self.shown:
            self.last += 1
        number = replaces if replaces in self.shown else self.last
        shown = Shown(number, replaces, title, body, actions, dict(hints))
        self.shown[number] = shown
        self.calls.append((message.header.fields[HeaderFields.signature], shown))
        return number

    async def _tell(self, member: str, signature: str, arguments: tuple[object, ...]) -> None:
        emitter = DBusAddress("/org/freedesktop/Notifications", interface=NAME)
        await self.connection.send(new_signal(emitter, member, signature, arguments))


@asynccontextmanager
async def notice_server(
    address: str, *, can: tuple[str, ...] = ("actions", "body", "body-markup"), name: str = NAME
) -> AsyncIterator[NoticeServer]:
    """Show notifications on the bus at an address."""
    failed: list[Exception] = []
    async with TaskScope(lambda _name, error: failed.append(error)) as scope:
        server = NoticeServer(await open_dbus_connection(address), can)
        await server.own(name)
        scope.spawn(server.serve(), name="notifications")
        try:
            yield server
        finally:
            server.connection.writer.close()
    assert [error for error in failed if not isinstance(error, EOFError | OSError)] == []
