"""Qt actions made of the verbs: one for each, shared by menus, tool bar, shortcuts and palette."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from desktopmail.ui.commands.registry import VERBS
from desktopmail.ui.commands.tag import NUMBERS
from desktopmail.ui.commands.verb import Menu, Needs, Verb
from desktopmail.ui.language import tr

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from desktopmail.ui.commands.desk import Desk
    from desktopmail.ui.theme.theme import Theme


class Actions(QObject):
    """Holds the action of each verb and keeps it enabled and checked as it should be.

    Args:
        window: The window the shortcuts belong to.
        theme: Tints the icons.
        desk: What the verbs act upon.
        run: Runs a verb (in the window's task scope).
        keys: Shortcuts a person changed, by the name of the verb.
    """

    def __init__(
        self,
        window: QWidget,
        theme: Theme,
        desk: Desk,
        run: Callable[[Verb], None],
        keys: dict[str, tuple[str, ...]],
    ) -> None:
        super().__init__(window)
        self._desk = desk
        self._actions: dict[str, QAction] = {}
        for verb in VERBS:
            action = QAction(verb.title, window)
            action.setObjectName(f"verb-{verb.name}")
            if verb.icon:
                theme.tint(action, verb.icon)
            shortcuts = [QKeySequence(key) for key in keys.get(verb.name, verb.keys)]
            action.setShortcuts(shortcuts)
            action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
            action.setCheckable(verb.checked is not None)
            action.setIconVisibleInMenu(verb.checked is None)
            action.setAutoRepeat(verb.menu is Menu.GO or verb.name.startswith("zoom"))
            tip = verb.title.rstrip("…")
            if shortcuts:
                tip += f"  ({shortcuts[0].toString(QKeySequence.SequenceFormat.NativeText)})"
            action.setToolTip(tip)
            action.triggered.connect(lambda _checked=False, verb=verb: run(verb))
            window.addAction(action)
            self._actions[verb.name] = action

    def __getitem__(self, name: str) -> QAction:
        return self._actions[name]

    def update(
        self, *, selected: int, draft: bool, accounts: int, mailbox: bool, undo: str
    ) -> None:
        """Enable what makes sense now.

        Args:
            selected: How many messages are selected.
            draft: Whether it is one, and a draft.
            accounts: How many accounts there are.
            mailbox: Whether one mailbox is open.
            undo: What would be taken back, or empty.
        """
        possible = {
            Needs.NOTHING: True,
            Needs.ACCOUNT: accounts > 0,
            Needs.MAILBOX: mailbox,
            Needs.SELECTION: selected > 0,
            Needs.MESSAGE: selected == 1,
            Needs.DRAFT: draft,
            Needs.UNDO: bool(undo),
        }
        for verb in VERBS:
            action = self._actions[verb.name]
            action.setEnabled(possible[verb.needs])
            if verb.needs is Needs.DRAFT:
                action.setVisible(draft)
            if verb.checked is not None:
                action.setChecked(verb.checked(self._desk))
        text = tr("verb.undo_what", what=undo) if undo else tr("verb.undo")
        self._actions["undo"].setText(text)

    def name_tags(self, labels: Sequence[str]) -> None:
        """Say in the verbs of the numbers which tags they set."""
        for number, verb in enumerate(NUMBERS, 1):
            action = self._actions[verb.name]
            is_used = number <= len(labels)
            label = labels[number - 1] if is_used else ""
            action.setText(
                tr("tag.numbered", number=number, label=label) if is_used else verb.title
            )
            action.setVisible(is_used)

    def menu(self, which: Menu, parent: QWidget) -> QMenu:
        """Build a menu."""
        menu = QMenu(tr(which.value), parent)
        self.fill(menu, which)
        return menu

    def fill(self, menu: QMenu, which: Menu) -> None:
        """Add the verbs of a menu to one, group by group."""
        group: int | None = None
        for verb in VERBS:
            if verb.menu is which and verb.in_menu:
                if group not in (None, verb.group):
                    menu.addSeparator()
                group = verb.group
                menu.addAction(self._actions[verb.name])

    def context_menu(self, parent: QWidget) -> QMenu:
        """Build the context menu of messages."""
        menu = QMenu(parent)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        group: tuple[Menu, int] | None = None
        order = [verb for verb in VERBS if verb.context]
        order.sort(key=lambda verb: verb.menu is not Menu.MESSAGE)
        for verb in order:
            if group not in (None, (verb.menu, verb.group)):
                menu.addSeparator()
            group = (verb.menu, verb.group)
            menu.addAction(self._actions[verb.name])
        return menu


def changed_keys(lines: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Read shortcuts a person changed, kept as "archive=A,E"."""
    keys: dict[str, tuple[str, ...]] = {}
    known = {verb.name for verb in VERBS}
    for line in lines:
        name, _, values = line.partition("=")
        if name in known:
            keys[name] = tuple(value for value in values.split(" ") if value)
    return keys
