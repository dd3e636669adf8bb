"""New mail is told outside of the window, and answered from there: a real bus, a real window."""

from __future__ import annotations

import asyncio
from email.message import EmailMessage
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication, QCheckBox, QMenu, QSystemTrayIcon, QWidget

from desktopmail.door.changes import (
    EverythingChanged,
    MailArrived,
    MailboxesChanged,
    MessagesChanged,
)
from desktopmail.door.commands import ArchiveMessages, DeleteMessages, StoreFlags, Undo
from desktopmail.door.rows import Flag, Kind, Role
from desktopmail.ui.notices import tray
from desktopmail.ui.panels.settings import SettingsDialog
from tests.gui.test_window import Scene, play
from tests.helpers.fake_door import FakeStore, full_store
from tests.helpers.notice_server import NoticeServer, notice_server, session_bus
from tests.helpers.qt_loop import SLOT_LIMIT_S, Watchdog, until

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

    from PySide6.QtGui import QIcon

    from desktopmail.door.rows import MessageRow
    from desktopmail.ui.theme.theme import Theme
    from desktopmail.ui.window import MainWindow

needs_bus = pytest.mark.peer("dbus-daemon")
DESKTOP = "org.freedesktop.Notifications"


@pytest.fixture
def bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with session_bus(tmp_path, monkeypatch) as address:
        yield address


def letter(subject: str = "News", sender: str = "Dora <dora@example.org>") -> bytes:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = sender, "alice@example.org", subject
    made.set_content(f"About {subject.lower()}.")
    return made.as_bytes()


def arrive(store: FakeStore, *subjects: str, account: int = 1) -> list[MessageRow]:
    """Have mail come, as the engine tells it."""
    inbox = store.box(Role.INBOX, account)
    rows = [
        store.add_message(letter(subject), inbox.id, date_s=2_000_000_000 + number)
        for number, subject in enumerate(subjects)
    ]
    store.tell(MessagesChanged(mailbox_ids=(inbox.id,)))
    store.tell(MailboxesChanged(account_id=inbox.account_id))
    ids = tuple(row.message_id for row in rows)
    store.tell(MailArrived(account_id=inbox.account_id, message_ids=ids))
    return rows


def away(window: MainWindow) -> None:
    """The person looks at another program."""
    window.hide()


def with_desktop(
    bus: str, scene: Callable[[MainWindow, FakeStore, NoticeServer], Awaitable[None]]
) -> Scene:
    async def whole(window: MainWindow, store: FakeStore) -> None:
        async with notice_server(bus) as server:
            away(window)
            await scene(window, store, server)
            await window.notifications.aclose()

    return whole


@needs_bus
def test_new_mail_is_told_by_the_desktop_and_a_click_opens_it(theme: Theme, bus: str) -> None:
    async def scene(window: MainWindow, store: FakeStore, server: NoticeServer) -> None:
        (row,) = arrive(store, "Tea & cake")
        await until(lambda: server.shown)
        (notice,) = server.shown.values()
        assert notice.title == "Dora"
        assert notice.body.startswith("Tea &amp; cake\nAbout tea &amp; cake.")
        assert notice.names == ["default", "mark_read", "archive", "delete"]
        await server.act(notice.number, "default")
        await until(window.isVisible)
        await until(lambda: window.reading.row is not None and window.reading.row.id == row.id)

    play(theme, with_desktop(bus, scene))


@needs_bus
def test_more_mail_takes_the_place_of_what_is_still_shown(theme: Theme, bus: str) -> None:
    async def scene(_window: MainWindow, store: FakeStore, server: NoticeServer) -> None:
        arrive(store, "One")
        await until(lambda: server.shown)
        arrive(store, "Two", "Three")
        await until(lambda: len(server.calls) == 2)
        (notice,) = server.shown.values()
        assert notice.title == "3 new messages"
        assert notice.body.count("Dora") == 3
        await server.close(notice.number)
        arrive(store, "Four")
        await until(lambda: server.shown)
        assert next(iter(server.shown.values())).body.startswith("Four")

    play(theme, with_desktop(bus, scene))


@needs_bus
def test_each_account_has_a_notice_of_its_own_and_a_silent_one_has_none(
    theme: Theme, bus: str
) -> None:
    async def scene(window: MainWindow, store: FakeStore, server: NoticeServer) -> None:
        arrive(store, "At work", account=1)
        arrive(store, "At home", account=2)
        await until(lambda: len(server.shown) == 2)
        bodies = sorted(it.body.splitlines()[0] for it in server.shown.values())
        assert bodies == ["At home", "At work"]
        names = {it.body.splitlines()[-1] for it in server.shown.values()}
        assert len(names) == 2  # each says whose it is
        window.settings.set("silent_accounts", [store.account_rows[1].name])
        arrive(store, "Not told", account=2)
        arrive(store, "Told", account=1)
        await until(lambda: len(server.calls) == 3)
        assert server.calls[-1][1].title == "2 new messages"
        assert not any("Not told" in shown.body for _types, shown in server.calls)

    play(theme, with_desktop(bus, scene))


@needs_bus
@pytest.mark.parametrize(
    ("name", "command"),
    [("archive", ArchiveMessages), ("delete", DeleteMessages), ("mark_read", StoreFlags)],
)
def test_a_button_does_what_the_verb_does_and_it_can_be_taken_back(
    theme: Theme, bus: str, name: str, command: type
) -> None:
    async def scene(window: MainWindow, store: FakeStore, server: NoticeServer) -> None:
        (row,) = arrive(store, "Old news")
        await until(lambda: server.shown)
        await server.act(next(iter(server.shown)), name)
        await until(lambda: store.commands)
        done = store.commands[-1]
        assert isinstance(done, command)
        assert done.placement_ids == (row.id,)
        if isinstance(done, StoreFlags):
            assert done.add is Flag.SEEN
        assert window.history.what
        await until(lambda: server.shown)  # nobody sees the window: it is said here, too
        (said,) = server.shown.values()
        assert said.title == window.history.what
        assert said.names == ["undo"]
        assert said.hints["transient"] == ("b", True)
        await server.act(said.number, "undo")
        await until(lambda: isinstance(store.commands[-1], Undo))
        assert store.messages[row.id] == row

    play(theme, with_desktop(bus, scene))


@needs_bus
def test_what_a_button_did_is_done_though_nobody_shows_that_it_is(theme: Theme, bus: str) -> None:
    async def scene(window: MainWindow, store: FakeStore, server: NoticeServer) -> None:
        arrive(store, "Old news")
        await until(lambda: server.shown)
        server.refuses = True
        await server.act(next(iter(server.shown)), "archive")
        await until(lambda: server.refused)
        assert window.history.what
        assert [type(it) for it in store.commands] == [ArchiveMessages]
        server.refuses = False
        arrive(store, "More news")
        await until(lambda: server.shown)  # the desktop is asked again
        assert [it.title for _, it in server.calls[1:]] == ["Dora"]

    play(theme, with_desktop(bus, scene))


@needs_bus
def test_nothing_is_done_to_what_was_read_meanwhile(theme: Theme, bus: str) -> None:
    async def scene(window: MainWindow, store: FakeStore, server: NoticeServer) -> None:
        first, second = arrive(store, "One", "Two")
        await until(lambda: server.shown)
        await store.command(StoreFlags(placement_ids=(first.id,), add=Flag.SEEN))
        await server.act(next(iter(server.shown)), "mark_read")
        await until(lambda: len(store.commands) == 2)
        done = store.commands[-1]
        assert isinstance(done, StoreFlags)
        assert done.placement_ids == (second.id,)
        assert window.history.what

    play(theme, with_desktop(bus, scene))


@needs_bus
def test_a_button_that_is_pressed_as_soon_as_it_is_there_does_what_it_says(
    theme: Theme, bus: str
) -> None:
    async def scene(_window: MainWindow, store: FakeStore, server: NoticeServer) -> None:
        server.pressed = "delete"
        (row,) = arrive(store, "Old news")
        await until(lambda: store.commands)
        assert isinstance(store.commands[-1], DeleteMessages)
        assert store.commands[-1].placement_ids == (row.id,)

    play(theme, with_desktop(bus, scene))


@needs_bus
def test_a_notice_goes_when_its_messages_are_read_elsewhere(theme: Theme, bus: str) -> None:
    async def scene(window: MainWindow, store: FakeStore, server: NoticeServer) -> None:
        (row,) = arrive(store, "Read on the phone")
        await until(lambda: server.shown)
        await store.command(StoreFlags(placement_ids=(row.id,), add=Flag.SEEN))
        await until(lambda: not server.shown)
        assert window.notifications._told == {}

    play(theme, with_desktop(bus, scene))


@needs_bus
@pytest.mark.parametrize("slow_s", [0.0, 0.1], ids=["shown", "being shown"])
def test_notices_go_with_the_program(theme: Theme, bus: str, slow_s: float) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        async with notice_server(bus) as server:
            server.slow_s = slow_s
            away(window)
            arrive(store, "Hello")
            await until(lambda: server.shown)
            await window.notifications.aclose()
            assert server.shown == {}

    play(theme, scene)


@needs_bus
def test_nothing_is_told_by_a_program_that_ends(theme: Theme, bus: str) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        async with notice_server(bus) as server:
            away(window)
            arrive(store, "Hello")
            await until(lambda: server.shown)
            ending = window.scope.spawn(window.notifications.aclose(), name="ending")
            arrive(store, "And once more")
            await ending
            await asyncio.sleep(0.1)
            assert server.shown == {}

    play(theme, scene)


@needs_bus
def test_a_locked_screen_shows_nothing_of_a_message(theme: Theme, bus: str) -> None:
    async def scene(_window: MainWindow, store: FakeStore, server: NoticeServer) -> None:
        async with notice_server(bus, name="org.gnome.ScreenSaver") as lock:
            lock.locked = True
            arrive(store, "The diagnosis")
            await until(lambda: server.shown)
        (notice,) = server.shown.values()
        assert notice.title == "1 new message"
        assert "diagnosis" not in notice.body
        assert "Dora" not in notice.body

    play(theme, with_desktop(bus, scene))


@needs_bus
def test_nothing_is_told_while_the_window_is_looked_at_or_when_nothing_is_wanted(
    theme: Theme, bus: str
) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        async with notice_server(bus) as server:
            await until(window.isActiveWindow)
            arrive(store, "Seen at once")
            window.bridge.flush()
            away(window)
            window.settings.set("notify", value=False)
            arrive(store, "Not wanted")
            window.bridge.flush()
            window.settings.set("notify", value=True)
            arrive(store, "Wanted")
            await until(lambda: server.shown)
            assert len(server.calls) == 1
            assert server.calls[0][1].body.startswith("Wanted")
            await window.notifications.aclose()

    play(theme, scene)


@needs_bus
def test_notices_go_when_the_person_looks_at_the_window(theme: Theme, bus: str) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        async with notice_server(bus) as server:
            other = QWidget()
            other.show()
            other.activateWindow()
            await until(other.isActiveWindow)
            arrive(store, "Hello")
            await until(lambda: server.shown)
            window.come_forward()
            await until(lambda: not server.shown)
            other.close()
            await window.notifications.aclose()

    play(theme, scene)


@needs_bus
def test_a_desktop_that_is_started_anew_is_found_again(theme: Theme, bus: str) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        away(window)
        async with notice_server(bus) as server:
            arrive(store, "One")
            await until(lambda: server.shown)
        async with notice_server(bus) as server:
            arrive(store, "Two")
            await until(lambda: server.shown)
            await server.act(next(iter(server.shown)), "archive")
            await until(lambda: any(isinstance(it, ArchiveMessages) for it in store.commands))
            await window.notifications.aclose()

    play(theme, scene)


@needs_bus
def test_fifty_messages_at_once_keep_no_slot_long(theme: Theme, bus: str) -> None:
    async def scene(_window: MainWindow, store: FakeStore, server: NoticeServer) -> None:
        arrive(store, "First")  # loads what D-Bus needs
        await until(lambda: server.shown)
        inbox = store.box(Role.INBOX)
        more = [store.add_message(letter(f"Number {it}"), inbox.id) for it in range(50)]
        watchdog = Watchdog()
        ids = tuple(row.message_id for row in more)
        store.tell(MailArrived(account_id=inbox.account_id, message_ids=ids))
        await until(lambda: len(server.calls) == 2)
        watchdog.stop()
        assert watchdog.longest_s < SLOT_LIMIT_S
        assert server.calls[1][1].title == "51 new messages"

    play(theme, with_desktop(bus, scene))


# ---- the tray


class FakeIcon(QObject):
    """Stands in for the icon: Qt has no tray offscreen."""

    activated = Signal(QSystemTrayIcon.ActivationReason)
    messageClicked = Signal()  # noqa: N815 - Qt's name
    ActivationReason = QSystemTrayIcon.ActivationReason
    made: list[FakeIcon] = []  # noqa: RUF012 - one list for all, emptied by the fixture

    def __init__(self, icon: QIcon, parent: QObject) -> None:
        super().__init__(parent)
        self.icons, self.tips, self.told = [icon], [""], []
        self.menu: QMenu | None = None
        self.is_visible = False
        self.made.append(self)

    @staticmethod
    def isSystemTrayAvailable() -> bool:  # noqa: N802 - Qt's name
        return True

    def setIcon(self, icon: QIcon) -> None:  # noqa: N802 - Qt's name
        self.icons.append(icon)

    def setToolTip(self, tip: str) -> None:  # noqa: N802 - Qt's name
        self.tips.append(tip)

    def setContextMenu(self, menu: QMenu) -> None:  # noqa: N802 - Qt's name
        self.menu = menu

    def setVisible(self, shown: bool) -> None:  # noqa: N802 - Qt's name
        self.is_visible = shown

    def isVisible(self) -> bool:  # noqa: N802 - Qt's name
        return self.is_visible

    def showMessage(self, title: str, text: str, _icon: QIcon) -> None:  # noqa: N802 - Qt's name
        self.told.append((title, text))


@pytest.fixture
def icons(monkeypatch: pytest.MonkeyPatch) -> list[FakeIcon]:
    """A desktop with a tray, and without a session bus."""
    FakeIcon.made = []
    monkeypatch.setattr(tray, "QSystemTrayIcon", FakeIcon)
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    return FakeIcon.made


def test_without_a_service_the_tray_tells_and_its_balloon_opens_the_newest(
    theme: Theme, icons: list[FakeIcon]
) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        away(window)
        _older, newer = arrive(store, "One", "Two")
        await until(lambda: icons and icons[0].told)
        ((title, text),) = icons[0].told
        assert title == "2 new messages"
        assert "Dora" in text
        icons[0].messageClicked.emit()
        await until(lambda: window.reading.row is not None and window.reading.row.id == newer.id)
        assert window.isVisible()

    play(theme, scene)


def test_no_icon_stands_in_the_tray_unless_it_is_wanted(
    theme: Theme, icons: list[FakeIcon]
) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        assert not any(icon.is_visible for icon in icons)
        window.settings.set("tray", value=True)
        window.apply_look()
        assert icons[0].is_visible
        assert not icons[0].icons[0].isNull()
        window.settings.set("tray", value=False)
        window.apply_look()
        assert not icons[0].is_visible

    play(theme, scene)


def test_closing_the_window_goes_on_in_the_tray_and_its_menu_ends_the_program(
    theme: Theme, icons: list[FakeIcon]
) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        ended: list[bool] = []
        window.on_quit = lambda: ended.append(True)
        window.close()
        assert ended == []
        assert not window.isVisible()
        icons[0].activated.emit(QSystemTrayIcon.ActivationReason.Trigger)
        assert window.isVisible()
        window.close()
        menu = icons[0].menu
        assert menu is not None
        titles = [action.text() for action in menu.actions() if not action.isSeparator()]
        assert titles == ["Show the Window", "Get Mail", "Write a Message", "Quit"]
        menu.actions()[-1].trigger()
        await until(lambda: ended)

    play(theme, scene, tray=True)


def test_closing_the_window_ends_the_program_where_it_does_not_stay(
    theme: Theme, icons: list[FakeIcon]
) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        ended: list[bool] = []
        window.on_quit = lambda: ended.append(True)
        window.close()
        assert ended == [True]

    play(theme, scene)
    assert icons == []


def test_the_number_of_unread_messages_stands_in_title_and_tray(
    theme: Theme, icons: list[FakeIcon]
) -> None:
    store = full_store()

    def unread() -> int:
        return sum(box.unread for box in store.mailboxes() if box.role is Role.INBOX)

    async def scene(window: MainWindow, store: FakeStore) -> None:
        before = unread()
        assert window.windowTitle() == f"({before}) All Inboxes – desktopmail"
        assert icons[0].tips[-1] == f"desktopmail – {before} unread messages"
        arrive(store, "One more")
        await until(lambda: window.windowTitle().startswith(f"({before + 1}) "))
        assert f"{before + 1} unread" in icons[0].tips[-1]
        inboxes = [box.id for box in store.mailboxes() if box.role is Role.INBOX]
        ids = tuple(row.id for row in store.messages.values() if row.mailbox_id in inboxes)
        await store.command(StoreFlags(placement_ids=ids, add=Flag.SEEN))
        store.tell(EverythingChanged())
        await until(lambda: window.windowTitle() == "All Inboxes – desktopmail")
        assert icons[0].tips[-1] == "desktopmail"

    play(theme, scene, store, tray=True)


def test_the_icon_wears_the_number(qapp: QApplication) -> None:
    assert qapp
    plain, seven, many = (tray.icon_with(n).pixmap(44, 44).toImage() for n in (0, 7, 1_000))
    assert plain != seven != many
    assert seven.pixelColor(43, 30).red() > 180
    assert plain.pixelColor(43, 30) != seven.pixelColor(43, 30)


def test_the_accounts_whose_mail_is_told_are_ticked_in_the_settings(theme: Theme) -> None:
    store = full_store()
    store.add_account("R&D", "rd@example.org", Kind.IMAP)

    async def scene(window: MainWindow, store: FakeStore) -> None:
        dialog = SettingsDialog(window)
        dialog.open()
        row = next(row for setting, row in dialog._rows if setting.name == "silent_accounts")
        ticks = row.findChildren(QCheckBox)
        assert [it.text() for it in ticks][-1] == "R&&D"
        assert all(it.isChecked() for it in ticks)
        ticks[-1].click()
        assert window.settings.texts("silent_accounts") == ["R&D"]
        ticks[-1].click()
        assert window.settings.texts("silent_accounts") == []
        assert len(ticks) == len(store.account_rows)
        dialog.close()

    play(theme, scene, store)
