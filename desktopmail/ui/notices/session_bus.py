"""A connection to the session bus of a Linux desktop, on the loop of the window.

Not by QtDBus: PySide6 6.11 has no way to send an unsigned number of 32 bits, which `Notify` asks
for (a Python int goes as `i`, through QDBusArgument as `q`), and libdbus aborts the whole process
where an argument is put together wrongly. jeepney is there anyway: the keyring speaks by it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktopmail.tasks import TaskScope

_BUS = "org.freedesktop.DBus"
_GONE = "The session bus is gone."
_CONNECT_S = 5.0
_ANSWER_S = 10.0  # a service may have to be started first


class BusError(Exception):
    """There is no session bus, or who was asked there does not answer as it should."""


class SessionBus:
    """Calls methods and hears signals.

    Attributes:
        is_open: Whether the bus is still there.

    Args:
        connection: An open connection of jeepney's.
    """

    def __init__(self, connection: Any) -> None:  # noqa: ANN401 - jeepney has no types
        self._connection = connection
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._listeners: dict[tuple[str, str], Callable[[str, tuple[Any, ...]], None]] = {}
        self._hearing: asyncio.Task[None] | None = None
        self.is_open = True

    @classmethod
    async def connect(cls, scope: TaskScope) -> Self:
        """Connect to the bus of this session, and hear it as long as `scope` is open.

        Raises:
            BusError: There is none.
        """
        from jeepney.io.asyncio import (  # type: ignore[import-untyped] # it ships no types
            open_dbus_connection,
        )
        from jeepney.io.common import RouterClosed  # type: ignore[import-untyped]

        try:
            async with asyncio.timeout(_CONNECT_S):
                connection = await open_dbus_connection(_address())
        # A ValueError: it is an address of another kind, or it does not let us in.
        except (OSError, EOFError, ValueError, RuntimeError, RouterClosed) as error:
            raise BusError(f"The session bus cannot be used: {error}") from error
        bus = cls(connection)
        bus._hearing = scope.spawn(bus._hear(), name="session bus")
        return bus

    async def call(
        self,
        at: tuple[str, str, str],
        method: str,
        signature: str = "",
        arguments: tuple[object, ...] = (),
        *,
        start: bool = True,
    ) -> tuple[str, tuple[Any, ...]]:
        """Call a method and return who answered (its unique name), and what.

        Args:
            at: The service, its object and its interface.
            method: What to call.
            signature: The types of the arguments, as D-Bus writes them.
            arguments: As many as the signature has.
            start: Whether the bus may start a service that does not run.

        Raises:
            BusError: Nobody answers, or with an error.
        """
        from jeepney import (  # type: ignore[import-untyped]
            DBusAddress,
            HeaderFields,
            MessageFlag,
            MessageType,
            new_method_call,
        )

        if not self.is_open:
            raise BusError(_GONE)
        service, path, interface = at
        address = DBusAddress(path, bus_name=service, interface=interface)
        message = new_method_call(address, method, signature or None, arguments)
        if not start:
            message.header.flags |= MessageFlag.no_auto_start
        serial = next(self._connection.outgoing_serial)
        answer = self._answers[serial] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(_ANSWER_S):
                await self._connection.send(message, serial=serial)
                reply = await answer
        except TimeoutError as error:
            raise BusError(f"{service} does not answer.") from error
        except OSError as error:
            self.is_open = False
            raise BusError(_GONE) from error
        finally:
            del self._answers[serial]
        fields = reply.header.fields
        if reply.header.message_type is MessageType.error:
            name = fields.get(HeaderFields.error_name, "")
            raise BusError(f"{service} refuses {method}: {name} {reply.body}")
        return str(fields.get(HeaderFields.sender, "")), tuple(reply.body)

    async def listen(
        self,
        sender: str,
        interface: str,
        member: str,
        listener: Callable[[str, tuple[Any, ...]], None],
        **narrower: str,
    ) -> None:
        """Hear a signal from now on.

        Args:
            sender: The service it comes from.
            interface: The interface of the signal.
            member: Its name.
            listener: Gets the unique name of who sent it, and its arguments.
            **narrower: Further conditions of the match rule, `arg0` for one.

        Raises:
            BusError: The bus does not let us.
        """
        wanted = {"type": "signal", "sender": sender, "interface": interface, "member": member}
        rule = ",".join(f"{key}='{value}'" for key, value in (wanted | narrower).items())
        self._listeners[interface, member] = listener
        await self.call((_BUS, "/org/freedesktop/DBus", _BUS), "AddMatch", "s", (rule,))

    async def aclose(self) -> None:
        """Leave the bus."""
        if self._hearing is not None:
            self._hearing.cancel()
            await asyncio.wait([self._hearing])
        with contextlib.suppress(OSError):  # the bus was gone before us
            await self._connection.close()

    async def _hear(self) -> None:
        try:
            while True:
                self._take(await self._connection.receive())
        except (EOFError, OSError):
            pass  # the session ends: whoever waits is told below
        finally:
            self.is_open = False
            for answer in self._answers.values():
                if not answer.done():
                    answer.set_exception(BusError(_GONE))

    def _take(self, message: Any) -> None:  # noqa: ANN401 - jeepney has no types
        from jeepney import HeaderFields

        fields = message.header.fields
        answer = self._answers.get(fields.get(HeaderFields.reply_serial, 0))
        if answer is not None:
            if not answer.done():
                answer.set_result(message)
            return
        name = (fields.get(HeaderFields.interface, ""), fields.get(HeaderFields.member, ""))
        listener = self._listeners.get(name)
        if listener is not None:
            # Behind whoever waited for what came before it: an answer that is there wakes them no
            # sooner than this.
            asyncio.get_running_loop().call_soon(
                listener, str(fields.get(HeaderFields.sender, "")), tuple(message.body)
            )


def _address() -> str:
    """Where the bus is: the session says it, else where systemd puts it.

    Raises:
        FileNotFoundError: Neither.
    """
    told = os.environ.get("DBUS_SESSION_BUS_ADDRESS", "")
    if told:
        return told
    socket = Path(os.environ.get("XDG_RUNTIME_DIR", ""), "bus")
    if not socket.is_absolute() or not socket.exists():
        raise FileNotFoundError("this session has none")
    return f"unix:path={socket}"
