"""The pane on the left: accounts and mailboxes with their unread counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import (
    QLocale,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFocusEvent, QFont, QKeyEvent, QMouseEvent, QPainter, QPalette
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
    QWidget,
)

from desktopmail.door.rows import ConnectionState
from desktopmail.ui.language import tr
from desktopmail.ui.models.mailboxes import MailboxTreeModel, Node, NodeKind
from desktopmail.ui.panes.reading_order import draw_text, place, trim
from desktopmail.ui.theme import icons

if TYPE_CHECKING:
    from desktopmail.ui.theme.theme import Theme

_INSET = 6
_ICON = 18
_CHEVRON = 14
# The focus comes back by itself.
_STAYING = {Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason}


class Sidebar(QTreeView):
    """The mailbox tree.

    Signals:
        chosen: A line was chosen (Node).
        chosen_again: The line that is chosen already was clicked (Node).
        entered: Enter was pressed: what the chosen line holds is to be gone through.
        menu_wanted: The context menu of a line is wanted (Node, global position).
    """

    chosen = Signal(object)
    chosen_again = Signal(object)
    entered = Signal()
    menu_wanted = Signal(object, object)

    def __init__(
        self, model: MailboxTreeModel, theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("mailboxTree")
        self.setAccessibleName(tr("tree.name"))
        self.setModel(model)
        self._model = model
        self._theme = theme
        self.setHeaderHidden(True)
        self.setRootIsDecorated(False)
        self.setIndentation(14)
        self.setUniformRowHeights(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.setAcceptDrops(True)
        self.setDropIndicatorShown(False)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragDrop)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setAutoExpandDelay(600)
        self.setExpandsOnDoubleClick(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._menu)
        self.setItemDelegate(_SidebarDelegate(self, theme))
        colours = self.palette()  # the style would paint the indent of the chosen line on its own
        colours.setColor(QPalette.ColorRole.Highlight, Qt.GlobalColor.transparent)
        self.setPalette(colours)
        self.expandAll()
        model.modelAboutToBeReset.connect(self._remember)
        model.modelReset.connect(self._restore)
        self.selectionModel().currentChanged.connect(self._current_changed)
        theme.changed.connect(self.scheduleDelayedItemsLayout)  # lines may be higher
        theme.changed.connect(self.viewport().update)
        self._kept: tuple[str, int] | None = None
        self._shown = ("", 0)  # the key of the line that was chosen last
        self._closed: set[tuple[str, int]] = set()

    def choose(self, key: tuple[str, int]) -> bool:
        """Choose the line with this key; False when there is none."""
        index = self._model.find(key)
        if index.isValid():
            self.setCurrentIndex(index)
        return index.isValid()

    def current(self) -> Node | None:
        """The chosen line."""
        return self._model.node(self.currentIndex())

    def step(self, step: int) -> None:
        """Go to the next (1) or previous (-1) line that holds messages."""
        index = self.currentIndex()
        while True:
            index = self.indexBelow(index) if step > 0 else self.indexAbove(index)
            node = self._model.node(index)
            if node is None:
                return
            if node.kind is not NodeKind.ACCOUNT:
                self.setCurrentIndex(index)
                return

    def drawBranches(  # noqa: N802 - Qt's name
        self, painter: QPainter, rect: QRect, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Draw nothing: the delegate draws whole lines."""

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Fold or unfold an account by a click on its name."""
        index = self.indexAt(event.position().toPoint())
        node = self._model.node(index)
        left = event.button() == Qt.MouseButton.LeftButton
        if left and node is not None and node.children:
            x, edge = event.position().x(), self._theme.px(_CHEVRON) + 14
            near_chevron = x < edge if self.isRightToLeft() else x > self.viewport().width() - edge
            if node.kind is NodeKind.ACCOUNT or near_chevron:
                self.setExpanded(index, not self.isExpanded(index))
                return
        is_chosen = left and index.isValid() and index == self.currentIndex()
        super().mousePressEvent(event)
        if is_chosen and node is not None:
            self.chosen_again.emit(node)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Enter goes on into the list; on an account it folds and unfolds."""
        if event.key() not in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            super().keyPressEvent(event)
            return
        node = self.current()
        if node is not None and node.kind is NodeKind.ACCOUNT:
            self.setExpanded(self.currentIndex(), not self.isExpanded(self.currentIndex()))
        elif node is not None:
            self.entered.emit()

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802 - Qt's name
        """Mark the line again that is shown, where the cursor stands on an account."""
        super().focusOutEvent(event)
        node, shown = self.current(), self._model.find(self._shown)
        on_account = node is not None and node.kind is NodeKind.ACCOUNT
        is_folded = shown.parent().isValid() and not self.isExpanded(shown.parent())
        if on_account and event.reason() not in _STAYING and not is_folded:
            self._mark(shown)

    def _mark(self, index: QModelIndex) -> None:
        """Have the cursor at a line that is shown already: nothing is chosen by it."""
        selection = self.selectionModel()
        selection.blockSignals(True)
        selection.setCurrentIndex(index, selection.SelectionFlag.ClearAndSelect)
        selection.blockSignals(False)
        self.viewport().update()

    def _current_changed(self, index: QModelIndex) -> None:
        node = self._model.node(index)
        if node is not None and node.kind is not NodeKind.ACCOUNT:
            self._shown = node.key
            self.chosen.emit(node)

    def _menu(self, position: QPoint) -> None:
        index = self.indexAt(position)
        node = self._model.node(index)
        if node is not None:
            self.menu_wanted.emit(node, self.viewport().mapToGlobal(position))

    def _remember(self) -> None:
        node = self.current()
        self._kept = node.key if node is not None else None
        self._closed = {key for key, expanded in self._folding() if not expanded}

    def _restore(self) -> None:
        self.expandAll()
        for key in self._closed:
            self.setExpanded(self._model.find(key), False)
        if self._kept is not None:
            self._mark(self._model.find(self._kept))

    def _folding(self) -> list[tuple[tuple[str, int], bool]]:
        found: list[tuple[tuple[str, int], bool]] = []

        def walk(parent: QModelIndex) -> None:
            for row in range(self._model.rowCount(parent)):
                index = self._model.index(row, 0, parent)
                node = self._model.node(index)
                if node is not None and node.children:
                    found.append((node.key, self.isExpanded(index)))
                    walk(index)

        walk(QModelIndex())
        return found


class _SidebarDelegate(QStyledItemDelegate):
    """Draws one line: icon, name, count; accounts as headings with a dot for their state."""

    def __init__(self, tree: Sidebar, theme: Theme) -> None:
        super().__init__(tree)
        self._tree = tree
        self._theme = theme

    def sizeHint(  # noqa: N802 - Qt's name
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        """See QAbstractItemDelegate."""
        node: Node = index.data(MailboxTreeModel.NodeRole)
        line = option.fontMetrics.height()
        return QSize(80, line + (22 if node.kind is NodeKind.ACCOUNT else 13))

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """See QAbstractItemDelegate."""
        node: Node = index.data(MailboxTreeModel.NodeRole)
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        font: QFont = QFont(option.font)
        right_to_left = self._tree.isRightToLeft()
        whole = QRect(0, rect.top(), self._tree.viewport().width(), rect.height())
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        selected = bool(state & QStyle.StateFlag.State_Selected)
        if node.kind is NodeKind.ACCOUNT:
            if (
                selected and self._tree.hasFocus()
            ):  # no mailbox that is shown, but the cursor is here
                ground = self._paint_ground(painter, whole.adjusted(0, 8, 0, 0), "accent_soft")
                self._theme.paint_edge(painter, ground)
            self._paint_account(painter, node, whole, font, expanded=self._tree.isExpanded(index))
        else:
            hover = bool(state & QStyle.StateFlag.State_MouseOver)
            if selected or hover:
                focused = selected and self._tree.hasFocus()
                token = "accent_soft" if focused else "selected"
                ground = self._paint_ground(painter, whole, token if selected else "hover")
                if selected:
                    self._theme.paint_edge(painter, ground, focused=focused)
            depth = rect.left() if not right_to_left else whole.right() - rect.right()
            self._paint_line(painter, node, whole, depth, font, selected=selected)
            if node.children:
                self._paint_chevron(painter, whole, expanded=self._tree.isExpanded(index))
        painter.restore()

    def _paint_ground(self, painter: QPainter, line: QRect, token: str) -> QRect:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.colour(token))
        ground = line.adjusted(_INSET, 1, -_INSET, -1)
        painter.drawRoundedRect(ground, 6, 6)
        return ground

    def _paint_account(
        self, painter: QPainter, node: Node, rect: QRect, font: QFont, *, expanded: bool
    ) -> None:
        font.setWeight(QFont.Weight.DemiBold)
        font.setPointSizeF(font.pointSizeF() * 0.92)
        painter.setFont(font)
        painter.setPen(self._theme.colour("muted"))
        mirrored = self._tree.isRightToLeft()
        text = place(rect.adjusted(_INSET + 10, 8, -44, 0), rect, mirrored=mirrored)
        title = draw_text(painter, text, node.title, mirrored=mirrored)
        account = node.account
        if account is not None and account.state is not ConnectionState.READY:
            token = {
                ConnectionState.FAILED: "danger",
                ConnectionState.OFFLINE: "faint",
            }.get(account.state, "accent")
            width = painter.fontMetrics().horizontalAdvance(title)
            dot = QRect(rect.left() + _INSET + 18 + width, text.center().y() - 3, 7, 7)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.colour(token))
            painter.drawEllipse(place(dot, rect, mirrored=mirrored))
        self._paint_chevron(painter, rect.adjusted(0, 8, 0, 0), expanded=expanded)

    def _paint_line(
        self, painter: QPainter, node: Node, rect: QRect, depth: int, font: QFont, *, selected: bool
    ) -> None:
        left = max(depth - 14, 0) + _INSET + 10
        ratio = painter.device().devicePixelRatioF()
        colour = self._theme.tokens.accent if selected else self._theme.tokens.muted
        side = self._theme.px(_ICON)
        picture = icons.pixmap(node.icon, colour, side, ratio)
        mirrored = self._tree.isRightToLeft()
        box = QRect(rect.left() + left, rect.center().y() - side // 2 + 1, side, side)
        painter.drawPixmap(place(box, rect, mirrored=mirrored), picture)
        text = QRect(rect.left() + left + side + 9, rect.top(), 0, rect.height())
        text.setRight(rect.right() - _INSET - (self._theme.px(18) + 12 if node.children else 12))
        text = place(text, rect, mirrored=mirrored)
        count = QLocale().toString(node.unread) if node.unread else ""
        font.setWeight(QFont.Weight.DemiBold if count else QFont.Weight.Normal)
        painter.setFont(font)
        if count:
            painter.setPen(self._theme.colour("accent" if selected else "muted"))
            draw_text(painter, text, count, mirrored=mirrored, at_end=True)
            used = painter.fontMetrics().horizontalAdvance(count) + 10
            text = trim(text, used, mirrored=mirrored)
        painter.setPen(self._theme.colour("text"))
        draw_text(painter, text, node.title, mirrored=mirrored)

    def _paint_chevron(self, painter: QPainter, rect: QRect, *, expanded: bool) -> None:
        mirrored = self._tree.isRightToLeft()
        closed = "chevron-left" if mirrored else "chevron-right"
        name = "chevron-down" if expanded else closed
        ratio = painter.device().devicePixelRatioF()
        side = self._theme.px(_CHEVRON)
        picture = icons.pixmap(name, self._theme.tokens.faint, side, ratio)
        left = rect.right() - _INSET - side - 6
        box = QRect(left, rect.center().y() - side // 2 + 1, side, side)
        painter.drawPixmap(place(box, rect, mirrored=mirrored), picture)
