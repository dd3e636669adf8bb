"""Decides what is told of new mail, how, and does what a person answers."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication

from desktopmail.door.rows import Flag
from desktopmail.ui.commands.given import given
from desktopmail.ui.commands.registry import find_verb
from desktopmail.ui.language import tr
from desktopmail.ui.models.mailboxes import account_title
from desktopmail.ui.notices.news import OPEN, HowMuch, done_notice, notice_of
from desktopmail.ui.notices.notice_service import NoticeService
from desktopmail.ui.notices.session_bus import BusError
from desktopmail.ui.notices.tray import Tray

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from desktopmail.door.ids import AccountId, MessageId
    from desktopmail.door.rows import MessageRow
    from desktopmail.ui.window import MainWindow

_MOST_AT_ONCE = 50  # messages; of more that come together the newest are told
_LEAVE_S = 1.0


@dataclass(slots=True)
class _Told:
    """A notice that is on the screen: its number there, and the messages it tells of."""

    number: int
    message_ids: list[MessageId]


class Notifications(QObject):
    """Tells of new mail, one notice for each account, and keeps the icon in the tray.

    A notice that is still there when more comes tells of all of it. One whose messages were read
    meanwhile, elsewhere or here, is taken back.

    Args:
        window: Whose mail it tells of.
    """

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.tray = Tray(window)
        self.tray.window_wanted.connect(window.come_forward)
        self.tray.notice_clicked.connect(self._open_newest)
        self._service: NoticeService | None = None
        self._has_service = sys.platform == "linux"  # until it is known that there is none
        self._told: dict[AccountId, _Told] = {}
        self._done = 0  # the notice of what was done last
        self._newest: MessageRow | None = None
        self._turn = asyncio.Lock()
        self._is_leaving = False
        application = QGuiApplication.instance()
        if isinstance(application, QGuiApplication):
            application.focusWindowChanged.connect(self._focus_changed)

    @property
    def keeps_running(self) -> bool:
        """Whether closing the window leaves the program in the tray."""
        return self._window.settings.flag("tray") and self.tray.is_available

    @property
    def _is_seen(self) -> bool:
        """Whether the person looks at the window; one that is hidden stays active for a while."""
        return self._window.isVisible() and self._window.isActiveWindow()

    def apply(self) -> None:
        """Show the icon where it is wanted and there is a tray."""
        settings = self._window.settings
        tells = settings.flag("notify") and not self._has_service
        self.tray.show(wanted=settings.flag("tray") or tells)

    def tell(self, message_ids: Sequence[MessageId]) -> None:
        """Tell of new mail, unless the person is looking at the window."""
        window = self._window
        if not window.settings.flag("notify") or self._is_seen:
            return
        rows = self._unread(message_ids[-_MOST_AT_ONCE:])
        if rows:
            window.scope.spawn(self._tell(rows), name=tr("section.notifications"))

    def store_changed(self) -> None:
        """Take back what tells of nothing new any more."""
        read = [it for it in self._told if not self._unread(self._told[it].message_ids)]
        if read:
            self._window.scope.spawn(self._withdraw(read), name=tr("section.notifications"))

    async def aclose(self) -> None:
        """Take the icon and all notices away: nobody is here to do what they offer."""
        self.tray.show(wanted=False)
        self._is_leaving = True
        # A desktop that hangs must not keep us from ending, a session that ends takes them along.
        with contextlib.suppress(TimeoutError):
            # In its turn: what is being shown has no number yet to take it back by.
            async with asyncio.timeout(_LEAVE_S), self._turn:
                await self._withdraw_all()
        service, self._service = self._service, None
        if service is not None:
            await service.aclose()

    # ---- telling

    def _unread(self, message_ids: Iterable[MessageId]) -> list[MessageRow]:
        """The messages of these that are unread in an Inbox whose news are wanted, newest first."""
        window = self._window
        silent = set(window.settings.texts("silent_accounts"))
        wanted = {it.id for it in window.accounts() if it.name not in silent}
        inboxes = set(window.tree_model.inboxes())
        rows: list[MessageRow] = []
        for message_id in message_ids:
            placed = window.reader.placements(message_id)
            unread = [it for it in placed if it.account_id in wanted and not it.flags & Flag.SEEN]
            rows += [it for it in unread if it.mailbox_id in inboxes][:1]
        return sorted(rows, key=lambda row: row.date_s, reverse=True)

    async def _tell(self, rows: list[MessageRow]) -> None:
        async with self._turn:
            if self._is_leaving:
                return
            self._newest = rows[0]
            try:
                service = await self._connected()
                if service is not None:
                    await self._show(service, rows)
                    return
            except BusError:
                self._forget_service()  # it went away between two messages: the tray tells
            self.apply()
            self._tell_by_tray(rows)

    def _tell_by_tray(self, rows: Sequence[MessageRow]) -> None:
        notice = notice_of(rows, HowMuch(self._window.settings.text("notify_text")))
        self.tray.tell(notice.title, "\n".join(notice.lines))

    async def _show(self, service: NoticeService, rows: Sequence[MessageRow]) -> None:
        settings = self._window.settings
        how_much = HowMuch(settings.text("notify_text"))
        if how_much is not HowMuch.COUNT and await service.is_locked():
            how_much = HowMuch.COUNT
        accounts = {it.id: it for it in self._window.accounts()}
        for account_id in dict.fromkeys(row.account_id for row in rows):
            told = self._told.get(account_id)
            ids = [row.message_id for row in rows if row.account_id == account_id]
            ids += told.message_ids if told is not None else []
            still_new = self._unread(dict.fromkeys(ids))
            title = account_title(accounts[account_id]) if len(accounts) > 1 else ""
            if not still_new:
                continue  # read in the meantime
            number = await service.show(
                notice_of(still_new, how_much, title),
                replaces=told.number if told is not None else 0,
                sound=settings.flag("notify_sound"),
            )
            self._told[account_id] = _Told(number, [row.message_id for row in still_new])

    async def _connected(self) -> NoticeService | None:
        """The service of the desktop; None where it has none."""
        if self._service is not None and not self._service.is_open:
            self._forget_service()
        if self._service is None and sys.platform == "linux":
            try:
                self._service = await NoticeService.open(self._window.scope)
            except BusError:
                self._has_service = False
                return None
            self._has_service = True
            self._service.on_action = self._act
            self._service.on_closed = self._closed
            self._service.on_token = _keep_token
        return self._service

    def _forget_service(self) -> None:
        service, self._service = self._service, None
        self._told.clear()
        self._done = 0
        if service is not None:
            self._window.scope.spawn(service.aclose(), name=tr("section.notifications"))

    # ---- taking back

    async def _withdraw_all(self) -> None:
        if self._service is not None:
            for number in (*(it.number for it in self._told.values()), self._done):
                if number:
                    await self._service.withdraw(number)

    async def _withdraw(self, account_ids: Iterable[AccountId]) -> None:
        async with self._turn:
            for account_id in account_ids:
                told = self._told.pop(account_id, None)
                if told is not None and self._service is not None:
                    await self._service.withdraw(told.number)

    def _focus_changed(self) -> None:
        if self._told and self._is_seen:
            work = self._withdraw(list(self._told))
            self._window.scope.spawn(work, name=tr("section.notifications"))

    # ---- answers

    def _act(self, number: int, name: str) -> None:
        window = self._window
        if number == self._done:
            self._done = 0
            self._take_away(number)
            if name == "undo":
                window.run(find_verb("undo"))
            return
        account_id = next((it for it, told in self._told.items() if told.number == number), None)
        if account_id is None:
            return  # another program's, or one of an earlier run of ours
        rows = self._unread(self._told.pop(account_id).message_ids)
        self._take_away(number)
        if name == OPEN:
            self._open(rows)
        elif rows:
            window.scope.spawn(self._do(name, rows), name=find_verb(name).title)

    def _take_away(self, number: int) -> None:
        """Most desktops do it themselves when a button was pressed; some leave it there."""
        if self._service is not None:
            work = self._service.withdraw(number)
            self._window.scope.spawn(work, name=tr("section.notifications"))

    def _open(self, rows: Sequence[MessageRow]) -> None:
        self._window.come_forward()
        if rows:
            self._window.go_to_message(rows[0])

    async def _do(self, name: str, rows: Sequence[MessageRow]) -> None:
        """Do what the verb of that name does with a selection; say so, with the way to undo it."""
        window = self._window
        await find_verb(name).do(given(window, rows))
        window.update_actions()
        service = self._service
        if service is not None and not self._is_seen and window.history.what:
            async with self._turn:
                if self._is_leaving:
                    return
                try:
                    self._done = await service.show(
                        done_notice(window.history.what), replaces=self._done
                    )
                except BusError:
                    self._forget_service()  # it was done all the same: the window can take it back

    def _closed(self, number: int) -> None:
        if number == self._done:
            self._done = 0
        for account_id, told in list(self._told.items()):
            if told.number == number:
                del self._told[account_id]

    def _open_newest(self) -> None:
        self._open([self._newest] if self._newest is not None else [])


def _keep_token(token: str) -> None:
    # Qt takes it from there when the window comes forward, and removes it.
    os.environ["XDG_ACTIVATION_TOKEN"] = token
