"""The notifications of a Linux desktop: org.freedesktop.Notifications, version 1.2 of its text."""

from __future__ import annotations

import contextlib
import html
from typing import TYPE_CHECKING, Any, Self

from desktopmail import resources
from desktopmail.ui.notices.session_bus import BusError, SessionBus

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktopmail.tasks import TaskScope
    from desktopmail.ui.notices.news import Notice

_NAME = "org.freedesktop.Notifications"
_AT = (_NAME, "/org/freedesktop/Notifications", _NAME)
_AS_IT_LIKES_MS = -1
_URGENCY_NORMAL = 1
# Who locks the screen, in the order of their spread; the first is what KDE and others share.
_LOCKS = (
    ("org.freedesktop.ScreenSaver", "/org/freedesktop/ScreenSaver"),
    ("org.gnome.ScreenSaver", "/org/gnome/ScreenSaver"),
    ("org.cinnamon.ScreenSaver", "/org/cinnamon/ScreenSaver"),
    ("org.mate.ScreenSaver", "/org/mate/ScreenSaver"),
    ("org.xfce.ScreenSaver", "/org/xfce/ScreenSaver"),
)


class NoticeService:
    """Shows notices, takes them back, and tells what a person does with them.

    Attributes:
        can: What the service can do, in its own words: "actions", "body-markup", "sound", ….
        on_action: Called with the number of a notice and the name of the action.
        on_closed: Called with the number of a notice that is gone.
        on_token: Called with the token that lets a window come forward (Wayland).
    """

    def __init__(self, bus: SessionBus) -> None:
        self._bus = bus
        self._owner = ""
        self.can: frozenset[str] = frozenset()
        self.on_action: Callable[[int, str], None] = lambda _number, _name: None
        self.on_closed: Callable[[int], None] = lambda _number: None
        self.on_token: Callable[[str], None] = lambda _token: None

    @classmethod
    async def open(cls, scope: TaskScope) -> Self:
        """Find the service of this session, which may start it.

        Raises:
            BusError: There is none.
        """
        bus = await SessionBus.connect(scope)
        service = cls(bus)
        try:
            service._owner, (can,) = await bus.call(_AT, "GetCapabilities")
            service.can = frozenset(str(it) for it in can)
            for member in ("ActionInvoked", "NotificationClosed", "ActivationToken"):
                await bus.listen(_NAME, _NAME, member, getattr(service, f"_hear_{member}"))
        except BaseException:
            await bus.aclose()
            raise
        return service

    @property
    def is_open(self) -> bool:
        """Whether the bus is still there."""
        return self._bus.is_open

    async def show(self, notice: Notice, *, replaces: int = 0, sound: bool = False) -> int:
        """Show a notice and return its number.

        Args:
            notice: What to show.
            replaces: The number of one that it takes the place of; 0: none.
            sound: Whether it may be heard, where the desktop has sounds.

        Raises:
            BusError: The service does not answer; `open` finds another one.
        """
        title, body = self._written(notice)
        actions = [word for pair in notice.actions for word in pair]
        hints: dict[str, tuple[str, object]] = {
            "urgency": ("y", _URGENCY_NORMAL),
            "category": ("s", "email.arrived"),
            "desktop-entry": ("s", "desktopmail"),
            "suppress-sound": ("b", not sound),
        }
        if sound:
            hints["sound-name"] = ("s", "message-new-email")
        if not notice.stays:
            hints["transient"] = ("b", True)
        arguments = (
            "desktopmail",
            replaces,
            resources.path("icons", "desktopmail.svg").as_uri(),
            title,
            body,
            actions if "actions" in self.can else [],
            hints,
            _AS_IT_LIKES_MS,
        )
        owner, (number,) = await self._bus.call(_AT, "Notify", "susssasa{sv}i", arguments)
        self._owner = owner  # another one than before, where the service was started anew
        return int(number)

    async def withdraw(self, number: int) -> None:
        """Take a notice back; one that is gone already, with its bus perhaps, is no error."""
        with contextlib.suppress(BusError):
            await self._bus.call(_AT, "CloseNotification", "u", (number,), start=False)

    async def is_locked(self) -> bool:
        """Whether the screen is locked, as far as somebody can say."""
        for name, path in _LOCKS:
            try:
                _who, (locked,) = await self._bus.call((name, path, name), "GetActive", start=False)
            except BusError:
                continue  # another desktop's
            return bool(locked)
        return False

    async def aclose(self) -> None:
        """Leave the bus; what is shown stays."""
        await self._bus.aclose()

    def _written(self, notice: Notice) -> tuple[str, str]:
        """Title and body, in the markup that the service reads in bodies alone."""
        if "body" not in self.can:
            return " · ".join((notice.title, *notice.lines)), ""
        body = "\n".join(notice.lines)
        return notice.title, html.escape(body, quote=False) if "body-markup" in self.can else body

    def _hear_ActionInvoked(self, sender: str, told: tuple[Any, ...]) -> None:  # noqa: N802 - D-Bus's name
        if sender == self._owner:
            self.on_action(int(told[0]), str(told[1]))

    def _hear_NotificationClosed(self, sender: str, told: tuple[Any, ...]) -> None:  # noqa: N802 - D-Bus's name
        if sender == self._owner:
            self.on_closed(int(told[0]))

    def _hear_ActivationToken(self, sender: str, told: tuple[Any, ...]) -> None:  # noqa: N802 - D-Bus's name
        if sender == self._owner:
            self.on_token(str(told[1]))
