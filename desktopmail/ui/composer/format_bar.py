"""The bar of looks above a rich text: what is on at the cursor, and switches for it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QColor, QIcon, QKeySequence, QPixmap, QShortcut
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QToolButton, QWidget

from desktopmail.mime.rich_text import COLOURS, SIZES
from desktopmail.ui.language import tr

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktopmail.ui.composer.body import Body
    from desktopmail.ui.theme.theme import Theme

_LOOKS = (
    ("bold", "Ctrl+B"),
    ("italic", "Ctrl+I"),
    ("underline", "Ctrl+U"),
    ("strike", "Ctrl+Shift+X"),
)


class FormatBar(QFrame):
    """Buttons for the looks of an editor.

    Args:
        body: The editor.
        theme: Colours.
        parent: The window; its shortcuts serve the whole of it.

    Signals:
        link_wanted: A link is to be made, or changed.
        picture_wanted: A picture is to be put into the text.
    """

    link_wanted = Signal()
    picture_wanted = Signal()

    def __init__(self, body: Body, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._body = body
        self._theme = theme
        self.setObjectName("formatBar")
        self.setAccessibleName(tr("look.bar"))
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(12, 3, 12, 3)
        self._row.setSpacing(1)
        self.buttons: dict[str, QToolButton] = {}
        for name, keys in _LOOKS:
            self._add(name, name, keys, partial(self._toggle, name), checkable=True)
        self._menu("size", "size", self._size_menu())
        self._menu("colour", "colour", self._colour_menu())
        self._rule()
        self._add("list", "bullets", "Ctrl+Shift+8", partial(self._list, "ul"), checkable=True)
        self._add("numbers", "numbers", "Ctrl+Shift+7", partial(self._list, "ol"), checkable=True)
        self._add("quote", "quote", "Ctrl+Shift+9", self._quote, checkable=True)
        self._rule()
        self._add("link", "link", "Ctrl+K", self.link_wanted.emit)
        self._add("image", "picture", "", self.picture_wanted.emit)
        self._rule()
        self._add("clear-looks", "clear", "Ctrl+\\", self._clear)
        self._row.addStretch(1)
        body.currentCharFormatChanged.connect(lambda _format: self.refresh())
        body.cursorPositionChanged.connect(self.refresh)

    def refresh(self) -> None:
        """Show what is on at the cursor."""
        looks = self._body.looks
        look = looks.look()
        for name, _ in _LOOKS:
            self.buttons[name].setChecked(getattr(look, name))
        tag = looks.list_tag()
        self.buttons["bullets"].setChecked(tag == "ul")
        self.buttons["numbers"].setChecked(tag == "ol")
        self.buttons["quote"].setChecked(looks.quote_level > 0)
        for group, value in ((self._sizes, look.size), (self._colours, look.colour)):
            for action in group.actions():
                action.setChecked(action.data() == value)

    # ---- building

    def _add(
        self,
        icon: str,
        name: str,
        keys: str,
        act: Callable[[], object],
        *,
        checkable: bool = False,
    ) -> None:
        button = self._button(icon, name, keys)
        button.setCheckable(checkable)
        button.clicked.connect(lambda _checked=False: self._act(act))
        if keys:
            shortcut = QShortcut(QKeySequence(keys), self.window())
            shortcut.activated.connect(lambda: self._act(act))
        self._row.addWidget(button)

    def _button(self, icon: str, name: str, keys: str = "") -> QToolButton:
        button = QToolButton(self)
        title = tr(f"look.{name}")
        native = QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText)
        button.setToolTip(f"{title} ({native})" if keys else title)
        button.setAccessibleName(title)
        self._theme.grow(button, 18)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the cursor in the text
        self._theme.tint(button, icon)
        self.buttons[name] = button
        return button

    def _menu(self, icon: str, name: str, menu: QMenu) -> None:
        button = self._button(icon, name)
        button.setMenu(menu)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._row.addWidget(button)

    def _rule(self) -> None:
        rule = QFrame(self)
        rule.setProperty("kind", "divider")
        theme = self._theme
        theme.follow(rule, "size", lambda it: it.setFixedSize(1, theme.px(18)))
        self._row.addSpacing(5)
        self._row.addWidget(rule)
        self._row.addSpacing(5)

    def _size_menu(self) -> QMenu:
        menu = QMenu(self)
        self._sizes = QActionGroup(menu)
        for size in sorted({0, *SIZES}):
            key = {-1: "small", 0: "usual", 1: "large", 2: "larger"}[size]
            action = QAction(tr(f"letters.{key}"), menu, checkable=True)
            action.setData(size)
            font = action.font()
            font.setPointSizeF(self.font().pointSizeF() * {-1: 0.85, 0: 1, 1: 1.25, 2: 1.6}[size])
            action.setFont(font)
            action.triggered.connect(lambda _checked=False, it=size: self._set_size(it))
            self._sizes.addAction(action)
            menu.addAction(action)
        return menu

    def _colour_menu(self) -> QMenu:
        menu = QMenu(self)
        self._colours = QActionGroup(menu)
        for name, colour in {"usual": "", **COLOURS}.items():
            action = QAction(tr(f"ink.{name}"), menu, checkable=True)
            action.setData(colour)
            action.setIcon(_swatch(colour or self._theme.tokens.text))
            action.triggered.connect(lambda _checked=False, it=colour: self._set_colour(it))
            self._colours.addAction(action)
            menu.addAction(action)
        return menu

    # ---- acting

    def _act(self, act: Callable[[], object]) -> None:
        if self._body.is_rich:
            act()
            self.refresh()

    def _toggle(self, name: str) -> None:
        self._body.looks.toggle(name)
        self._body.setFocus()

    def _list(self, tag: str) -> None:
        self._body.looks.toggle_list(tag)
        self._body.setFocus()

    def _quote(self) -> None:
        self._body.looks.toggle_quote()
        self._body.setFocus()

    def _clear(self) -> None:
        self._body.looks.clear_looks()
        self._body.setFocus()

    def _set_size(self, size: int) -> None:
        self._act(lambda: self._body.looks.set_size(size))
        self._body.setFocus()

    def _set_colour(self, colour: str) -> None:
        self._act(lambda: self._body.looks.set_colour(colour))
        self._body.setFocus()


def _swatch(colour: str) -> QIcon:
    picture = QPixmap(14, 14)
    picture.fill(QColor(colour))
    return QIcon(picture)
