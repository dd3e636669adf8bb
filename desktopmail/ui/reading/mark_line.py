"""The tags of a message and what was done with it, as small chips under its header."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QWidget

from desktopmail.door.rows import Flag
from desktopmail.ui.flow_layout import FlowLayout
from desktopmail.ui.label import Label
from desktopmail.ui.language import tr
from desktopmail.ui.margins import set_margins

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desktopmail.door.rows import MessageRow, TagRow
    from desktopmail.ui.theme.theme import Theme

_STATES = (
    (Flag.FLAGGED, "star-filled", "flagged"),
    (Flag.ANSWERED, "answered", "answered"),
    (Flag.FORWARDED, "forward", "forwarded"),
    (Flag.DRAFT, "drafts", "draft"),
)


class MarkLine(QWidget):
    """Chips for tags, which can be taken off, and for states, which cannot.

    Signals:
        tag_unwanted: A tag is to be taken off (its name).
    """

    tag_unwanted = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._shown: tuple[object, ...] = ()
        self._flow = FlowLayout(self, spacing=6)
        self.hide()

    def show_marks(
        self, row: MessageRow | None, tags: Sequence[TagRow], here: frozenset[str] = frozenset()
    ) -> None:
        """Show the marks of a message.

        Args:
            row: Where it is; None: nowhere in the store.
            tags: Its tags.
            here: The names of those that its server does not keep.
        """
        flags = row.flags if row is not None else Flag(0)
        states = [it for it in _STATES if flags & it[0]]
        shown = (*tags, here, *(name for _, _, name in states), self._theme.dark)
        if shown == self._shown:
            return
        self._shown = shown
        self._flow.clear()
        chips = [self._tag(tag, is_here=tag.name in here) for tag in tags]
        chips += [self._state(icon, name) for _, icon, name in states]
        for chip in chips:
            self._flow.addWidget(chip)
            chip.show()
        self.setVisible(bool(chips))
        self.updateGeometry()

    def _tag(self, tag: TagRow, *, is_here: bool) -> QWidget:
        chip = self._chip(tag.label, tr("marks.tag", name=tag.label))
        if is_here:
            chip.setToolTip(tr("tag.stays_here"))
            chip.setAccessibleDescription(tr("tag.stays_here"))
        dot, radius = QColor(tag.colour), self._theme.px(8)
        border = f"1px {'dashed' if is_here else 'solid'} {dot.name()}"
        chip.setStyleSheet(f"QWidget#markChip {{ border: {border}; border-radius: {radius}px; }}")
        remove = QToolButton(chip)
        remove.setObjectName("markRemove")
        remove.setToolTip(tr("marks.remove", name=tag.label))
        remove.setAccessibleName(remove.toolTip())
        theme = self._theme
        theme.follow(remove, "room", lambda it: it.setFixedSize(theme.side(16)))
        theme.grow(remove, 12)
        theme.tint(remove, "close")
        remove.clicked.connect(partial(self._take_off, tag.name))
        if (line := chip.layout()) is not None:
            line.addWidget(remove)
        return chip

    def _take_off(self, name: str, _checked: bool = False) -> None:
        self.tag_unwanted.emit(name)

    def _state(self, icon: str, name: str) -> QWidget:
        chip = self._chip(tr(f"marks.{name}"), tr(f"marks.{name}"))
        picture = QLabel(chip)
        token = "warning" if icon == "star-filled" else "muted"
        self._theme.depict(picture, icon, token, 13)
        if isinstance(line := chip.layout(), QHBoxLayout):
            line.insertWidget(0, picture)
        return chip

    def _chip(self, text: str, name: str) -> QWidget:
        chip = QWidget(self)
        chip.setObjectName("markChip")
        chip.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        chip.setAccessibleName(name)
        label = Label(text, chip)
        label.setProperty("kind", "small")
        line = QHBoxLayout(chip)
        set_margins(line, 8, 1, 4, 1)
        line.setSpacing(4)
        line.addWidget(label)
        return chip
