"""Opens each dialogue and panel by its name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu, QMessageBox, QPushButton

import desktopmail
from desktopmail.door.commands import RemoveAccount, StartSandbox
from desktopmail.door.interface import DoorError
from desktopmail.door.queries import OnlyHere, ReadOnlyHere
from desktopmail.mime.attachment import safe_name
from desktopmail.ui.chooser import Choice, choose
from desktopmail.ui.commands.registry import VERBS
from desktopmail.ui.language import tr, trn
from desktopmail.ui.models.mailboxes import account_title
from desktopmail.ui.reading.saving import free_name, write_new

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktopmail.door.rows import AccountRow
    from desktopmail.ui.panels.account_edit import AccountEditDialog
    from desktopmail.ui.window import MainWindow


def show(window: MainWindow, name: str) -> None:
    """Open a dialogue or panel."""
    _OPENERS[name](window)


def _palette(window: MainWindow) -> None:
    window.scope.spawn(_choose_verb(window), name=tr("verb.palette"))


async def _choose_verb(window: MainWindow) -> None:
    choices = []
    for verb in VERBS:
        if verb.name == "palette":
            continue
        action = window.actions_by_name[verb.name]
        keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        choices.append(
            Choice(action.text().rstrip("…"), keys, verb.icon, verb, enabled=action.isEnabled())
        )
    chosen = await choose(window.desk_top, window.theme, tr("choose.command"), choices)
    if chosen is not None:
        window.run(chosen.value)  # type: ignore[arg-type] # a Verb by the list above


def _account(window: MainWindow) -> None:
    from desktopmail.ui.panels.account import AccountDialog

    _open(AccountDialog(window))


def _switch(window: MainWindow) -> None:
    account = window.account_in_view()
    if account is not None:
        switch_account(window, account)


def switch_account(window: MainWindow, account: AccountRow) -> None:
    """Offer to fetch an account's mail by the other protocol."""
    from desktopmail.ui.panels.switch import SwitchDialog

    _open(SwitchDialog(window, account))


def _edit(window: MainWindow) -> None:
    account = window.account_in_view()
    if account is not None:
        edit_account(window, account)


def edit_account(window: MainWindow, account: AccountRow) -> AccountEditDialog:
    """Show the servers of an account, and change them."""
    from desktopmail.ui.panels.account_edit import AccountEditDialog

    dialog = AccountEditDialog(window, account)
    _open(dialog)
    return dialog


def _settings(window: MainWindow) -> None:
    from desktopmail.ui.panels.settings import SettingsDialog

    _open(SettingsDialog(window))


def _open(dialog: object) -> None:
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)  # type: ignore[attr-defined] # a QDialog
    dialog.open()  # type: ignore[attr-defined] # a QDialog


def _activity(window: MainWindow) -> None:
    from desktopmail.ui.panels.activity import ActivityWindow

    _show_once(window, ActivityWindow)


def _transcript(window: MainWindow) -> None:
    from desktopmail.ui.panels.transcript import TranscriptWindow

    _show_once(window, TranscriptWindow)


def _tags(window: MainWindow) -> None:
    from desktopmail.ui.panels.tags import TagsDialog

    _open(TagsDialog(window))


def _address_book(window: MainWindow) -> None:
    from desktopmail.ui.panels.address_book import AddressBookWindow

    _show_once(window, AddressBookWindow)


def _identities(window: MainWindow) -> None:
    from desktopmail.ui.panels.identities import IdentitiesDialog

    _open(IdentitiesDialog(window))


def _disk_use(window: MainWindow) -> None:
    from desktopmail.ui.panels.disk_use import DiskUseDialog

    _open(DiskUseDialog(window))


def _proxy(window: MainWindow) -> None:
    from desktopmail.ui.panels.proxy import ProxyDialog

    _open(ProxyDialog(window))


def _server_room(window: MainWindow) -> None:
    from desktopmail.ui.server_room.window import ServerRoomWindow

    _show_once(window, ServerRoomWindow)


def _show_once(window: MainWindow, kind: type) -> None:
    for extra in window.extra_windows:
        if isinstance(extra, kind):
            extra.show()
            extra.raise_()
            extra.activateWindow()
            return
    extra = kind(window)
    window.add_window(extra)
    extra.show()


def _message(window: MainWindow) -> None:
    window.scope.spawn(_open_message(window), name=tr("verb.open_window"))


async def _open_message(window: MainWindow) -> None:
    from desktopmail.ui.panels.message import MessageWindow

    found = await window.letter()
    if found is not None:
        extra = MessageWindow(window, *found)
        window.add_window(extra)
        extra.show()


def _source(window: MainWindow) -> None:
    window.scope.spawn(_open_source(window), name=tr("verb.source"))


async def _open_source(window: MainWindow) -> None:
    from desktopmail.ui.panels.source import SourceWindow

    found = await window.letter()
    if found is not None:
        extra = SourceWindow(window.theme, found[1])
        window.add_window(extra)
        extra.show()


def _shortcuts(window: MainWindow) -> None:
    from desktopmail.ui.panels.shortcuts import ShortcutsDialog

    _open(ShortcutsDialog(window))


def _find(window: MainWindow) -> None:
    window.reading.find_bar.open()


def _print(window: MainWindow) -> None:
    from desktopmail.ui.reading.printing import print_message

    window.scope.spawn(print_message(window), name=tr("verb.print_message"))


def _save_pdf(window: MainWindow) -> None:
    from desktopmail.ui.reading.printing import save_pdf

    window.scope.spawn(save_pdf(window), name=tr("verb.save_pdf"))


def _charset(window: MainWindow) -> None:
    from desktopmail.ui.reading.charsets import choose_charset

    window.scope.spawn(choose_charset(window), name=tr("verb.charset"))


def _save(window: MainWindow) -> None:
    window.scope.spawn(_ask_where_to_save(window), name=tr("verb.save_as"))


async def _ask_where_to_save(window: MainWindow) -> None:
    found = await window.letter()
    if found is None:
        return
    letter = found[1]
    name = (safe_name(letter.subject)[:80] or "message") + ".eml"
    dialog = QFileDialog(window, tr("verb.save_as"), str(Path.home()))
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.selectFile(free_name(Path.home(), name).name)

    def save(path: str) -> None:
        try:
            write_new(Path(path), letter.message.octets, replace=True)
        except OSError as error:
            window.say(tr("compose.not_readable", name=path, error=error.strerror or str(error)))
        else:
            window.say(tr("attachment.saved", name=Path(path).name))

    dialog.fileSelected.connect(save)
    dialog.open()


def _sandbox(window: MainWindow) -> None:
    window.scope.spawn(_open_sandbox(window), name=tr("task.sandbox"))


async def _open_sandbox(window: MainWindow) -> None:
    window.snack.show_text(tr("first.sandbox_starting"), shown_ms=60_000)
    window.sandbox_starts()
    try:
        await window.door.command(StartSandbox())
    except DoorError as problem:
        window.snack.hide()
        window.sandbox_started(problem)
        if window.accounts():  # the page that says it is not shown
            raise
        return
    window.sandbox_started()
    window.bridge.flush()
    window.in_view.choose_first()
    window.snack.show_text(tr("first.sandbox_ready"))


def _about(window: MainWindow) -> None:
    box = QMessageBox(window)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setWindowTitle(tr("verb.about"))
    box.setIconPixmap(window.windowIcon().pixmap(window.theme.side(64)))
    box.setText(f"desktopmail {desktopmail.__version__}")
    box.setInformativeText(tr("about.text"))
    box.open()


def _remove(window: MainWindow) -> None:
    window.scope.spawn(_choose_to_remove(window), name=tr("task.remove_account"))


async def _choose_to_remove(window: MainWindow) -> None:
    """Ask which account is meant where several could be, then whether it is to go."""
    account, accounts = window.account_in_view(), window.accounts()
    if len(accounts) > 1:
        choices = [Choice(account_title(one), one.address, "user", one) for one in accounts]
        chosen = await choose(window.desk_top, window.theme, tr("choose.remove_account"), choices)
        account = chosen.value if chosen is not None else None  # type: ignore[assignment] # a row
    if account is not None:
        await _ask_to_remove(window, account)


def ask_to_remove(window: MainWindow, account: AccountRow) -> None:
    """Ask before an account and its local mail are removed; this cannot be undone."""
    window.scope.spawn(_ask_to_remove(window, account), name=tr("task.remove_account"))


async def _ask_to_remove(window: MainWindow, account: AccountRow) -> None:
    found = await window.door.query(ReadOnlyHere(account_id=account.id))
    if not isinstance(found, OnlyHere):
        raise TypeError(f"ReadOnlyHere was answered with {type(found).__name__}")
    box = QMessageBox(
        QMessageBox.Icon.Warning,
        tr("verb.remove_account"),
        tr("remove.question", name=account_title(account)),
        QMessageBox.StandardButton.Cancel,
        window,
    )
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setInformativeText(_what_goes(found))
    remove: QPushButton = box.addButton(tr("remove.do"), QMessageBox.ButtonRole.AcceptRole)
    box.setDefaultButton(QMessageBox.StandardButton.Cancel)
    command = RemoveAccount(account_id=account.id, with_its_mail=found.messages > 0)

    async def do() -> None:
        await window.door.command(command)

    remove.clicked.connect(lambda: window.scope.spawn(do(), name=tr("task.remove_account")))
    box.open()


def _what_goes(found: OnlyHere) -> str:
    text = tr("remove.text")
    if found.messages:
        text += "\n\n" + trn("remove.only_here", found.messages)
    if found.unsent:
        text += " " + tr("remove.unsent", n=found.unsent)
    return text


def add_link_actions(window: MainWindow, menu: QMenu, link: str) -> None:
    """Put what one can do with a link, or a selection, on top of a context menu."""
    before = menu.actions()[0] if menu.actions() else None
    entries: list[tuple[str, Callable[[], object]]] = []
    if link:
        entries.append((tr("link.open"), lambda: window.open_link(link)))
        entries.append((tr("link.copy"), lambda: QApplication.clipboard().setText(link)))
    selected = window.reading.selected_text()
    if selected:
        entries.append((tr("reading.copy"), lambda: QApplication.clipboard().setText(selected)))
    for title, act in entries:
        action = menu.addAction(title, act)
        menu.removeAction(action)
        if before is not None:
            menu.insertAction(before, action)
        else:
            menu.addAction(action)
    if entries and before is not None:
        menu.insertSeparator(before)


_OPENERS: dict[str, Callable[[MainWindow], None]] = {
    "palette": _palette,
    "account": _account,
    "switch": _switch,
    "edit_account": _edit,
    "remove_account": _remove,
    "settings": _settings,
    "activity": _activity,
    "transcript": _transcript,
    "server_room": _server_room,
    "tags": _tags,
    "address_book": _address_book,
    "identities": _identities,
    "disk_use": _disk_use,
    "proxy": _proxy,
    "message": _message,
    "source": _source,
    "shortcuts": _shortcuts,
    "find": _find,
    "print": _print,
    "save_pdf": _save_pdf,
    "charset": _charset,
    "save": _save,
    "sandbox": _sandbox,
    "about": _about,
}
