"""How a row of the message list is drawn: as a card of two or three lines, or as a table row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QAbstractItemView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from desktopmail.door.rows import Flag, MessageRow, TagRow
from desktopmail.ui.language import tr
from desktopmail.ui.models.messages import ListColumn, MessageListModel
from desktopmail.ui.models.standing import BETWEEN, Standing
from desktopmail.ui.panes.reading_order import draw_text, end_box, place, trim
from desktopmail.ui.theme import icons

if TYPE_CHECKING:
    from collections.abc import Iterable

    from desktopmail.ui.theme.theme import Theme

_DOT_AT, _DOT = 13, 4  # the middle of the unread dot in the margin, and its radius
_RIGHT = 14
_ICON = 15
_TAG = 9
_TAGS_SHOWN = 5
_EDGE_BEYOND = 8  # the edge of a row in a table ends out of sight
_GAP = 8  # beside the text of a cell
_UNREAD = QFont.Weight.DemiBold
_MOST_OF_A_LINE = 0.45  # that the names of a mailbox and its account take
_MOST_FOR_A_MAILBOX = 0.5  # alone
_LEAST_OF_AN_OWNER = 4  # letters, with the ellipsis
_DOT_BETWEEN = "  ·  "


class CardDelegate(QStyledItemDelegate):
    """Draws messages as cards: who and when, what about, how it begins.

    Args:
        view: The list it draws for.
        theme: Colours.
        compact: Two lines in place of three.
    """

    def __init__(self, view: QAbstractItemView, theme: Theme, *, compact: bool = False) -> None:
        super().__init__(view)
        self._view = view
        self._theme = theme
        self.compact = compact

    def height(self) -> int:
        """The height of every card."""
        line = QFontMetrics(self._view.font()).height()
        return line * 2 + 18 if self.compact else line * 3 + 26

    @property
    def text_left(self) -> int:
        """Where the text begins, behind the unread dot."""
        return _DOT_AT + 2 * self._theme.px(_DOT) + 5

    def star_rect(self, card: QRect) -> QRect:
        """Where the star is, for clicks."""
        line = QFontMetrics(self._view.font()).height()
        top = card.top() + (9 if self.compact else 11) + line
        right = card.right() - _RIGHT
        side = self._theme.px(_ICON)
        if self._view.isRightToLeft():
            return QRect(card.left() + _RIGHT - 4, top, side + 8, line + 4)
        return QRect(right - side - 4, top, side + 8, line + 4)

    def sizeHint(  # noqa: N802 - Qt's name
        self,
        option: QStyleOptionViewItem,  # noqa: ARG002 - Qt's signature
        index: QModelIndex | QPersistentModelIndex,  # noqa: ARG002 - Qt's signature
    ) -> QSize:
        """See QAbstractItemDelegate."""
        return QSize(200, self.height())

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """See QAbstractItemDelegate."""
        message: MessageRow | None = index.data(MessageListModel.RowRole)
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        font: QFont = option.font
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_ground(painter, rect, state)
        if message is not None:
            self._paint_message(painter, rect, font, message, state)
        painter.restore()

    def _paint_ground(self, painter: QPainter, rect: QRect, state: QStyle.StateFlag) -> None:
        if state & QStyle.StateFlag.State_Selected:
            token = "accent_soft" if self._view.hasFocus() else "selected"
            painter.fillRect(rect, self._theme.colour(token))
            self._theme.paint_edge(painter, rect, focused=self._view.hasFocus())
        else:
            if state & QStyle.StateFlag.State_MouseOver:
                painter.fillRect(rect, self._theme.colour("sunken"))
            painter.setPen(self._theme.colour("border"))
            left = self.text_left
            rule = QRect(rect.left() + left, rect.top(), rect.width() - left - _RIGHT, 1)
            rule = place(rule, rect, mirrored=self._view.isRightToLeft())
            painter.drawLine(rule.left(), rect.bottom(), rule.right(), rect.bottom())

    def _paint_message(
        self,
        painter: QPainter,
        rect: QRect,
        font: QFont,
        message: MessageRow,
        state: QStyle.StateFlag,
    ) -> None:
        model = self._view.model()
        if not isinstance(model, MessageListModel):
            return
        unread = message.is_unread
        line = QFontMetrics(font).height()
        top = rect.top() + (9 if self.compact else 11)
        gap = 0 if self.compact else 2
        mirrored = self._view.isRightToLeft()
        left = self.text_left
        text_column = QRect(rect.left() + left, top, rect.width() - left - _RIGHT, line)
        column = place(text_column, rect, mirrored=mirrored)
        selected = bool(state & QStyle.StateFlag.State_Selected)
        quiet = self._theme.colour("text" if selected else "muted")
        if unread:
            self._dot(painter, rect, column)

        # Line 1: who, where, and when.
        small = QFont(font)
        small.setPointSizeF(font.pointSizeF() * 0.92)
        date = model.date(message)
        width = QFontMetrics(small).horizontalAdvance(date)
        painter.setFont(small)
        painter.setPen(self._theme.colour("accent") if unread and not selected else quiet)
        draw_text(painter, column, date, mirrored=mirrored, at_end=True)
        if where := model.where(message):
            painter.setPen(quiet)
            between = trim(column, width, mirrored=mirrored)
            draw_text(painter, between, _DOT_BETWEEN, mirrored=mirrored, at_end=True)
            width += QFontMetrics(small).horizontalAdvance(_DOT_BETWEEN)
            width += paint_where(painter, column, width, where, mirrored=mirrored)
        bold = QFont(font)
        bold.setWeight(QFont.Weight.Bold if unread else QFont.Weight.Medium)
        painter.setFont(bold)
        painter.setPen(self._theme.colour("text"))
        who, room = model.who_shown(message), trim(column, width + 12, mirrored=mirrored)
        draw_text(painter, room, who, mirrored=mirrored)

        # Line 2: what about, and its signs.
        second = column.translated(0, line + gap)
        used = self._signs(painter, second, message)
        subject = message.subject or tr("list.no_subject")
        font2 = QFont(font)
        if unread:
            font2.setWeight(QFont.Weight.DemiBold)
        painter.setFont(font2)
        painter.setPen(self._theme.colour("text"))
        draw_text(painter, trim(second, used, mirrored=mirrored), subject, mirrored=mirrored)

        # Line 3: how it begins.
        if not self.compact:
            third = column.translated(0, 2 * (line + gap))
            painter.setFont(font)
            painter.setPen(quiet)
            draw_text(painter, third, message.preview, mirrored=mirrored)

    def _dot(self, painter: QPainter, rect: QRect, column: QRect) -> None:
        x = rect.right() - _DOT_AT if self._view.isRightToLeft() else rect.left() + _DOT_AT
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.colour("accent"))
        radius = self._theme.px(_DOT)
        painter.drawEllipse(QPoint(x, column.center().y() + 1), radius, radius)

    def _signs(self, painter: QPainter, line: QRect, message: MessageRow) -> int:
        """Draw star, clip and arrows at the end of a line; returns the width they take."""
        tokens = self._theme.tokens
        signs: list[tuple[str, str]] = []
        if message.flags & Flag.FLAGGED:
            signs.append(("star-filled", tokens.star))
        if message.has_attachment:
            signs.append(("paperclip", tokens.faint))
        if message.flags & Flag.FORWARDED:
            signs.append(("forward", tokens.faint))
        if message.flags & Flag.ANSWERED:
            signs.append(("answered", tokens.faint))
        if message.pending:
            signs.append(("clock", tokens.faint))
        ratio = painter.device().devicePixelRatioF()
        right_to_left = self._view.isRightToLeft()
        dots = self._tag_dots(painter, line, message)
        line = trim(line, dots, mirrored=right_to_left)
        side = self._theme.px(_ICON)
        x = line.left() if right_to_left else line.right() - side + 1
        for name, colour in signs:
            box = QRect(x, line.center().y() - side // 2, side, side)
            painter.drawPixmap(box, icons.pixmap(name, colour, side, ratio))
            x += (side + 4) * (1 if right_to_left else -1)
        return len(signs) * (side + 4) + dots + (6 if signs or dots else 0)

    def _tag_dots(self, painter: QPainter, line: QRect, message: MessageRow) -> int:
        """Draw a dot for each tag at the end of a line; returns the width they take."""
        model = self._view.model()
        if not isinstance(model, MessageListModel) or not (labels := model.labels(message)):
            return 0
        side = self._theme.px(_TAG)
        return paint_tags(painter, line, labels, side, mirrored=self._view.isRightToLeft())


def paint_tags(
    painter: QPainter, line: QRect, tags: list[TagRow], side: int, *, mirrored: bool
) -> int:
    """Draw a dot, `side` pixels wide, for each tag at the end of a line, the first one outermost.

    Returns:
        The width they take, in pixels.
    """
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    step = side + 4
    for number, tag in enumerate(tags[:_TAGS_SHOWN]):
        x = line.left() + number * step if mirrored else line.right() - side + 1 - number * step
        painter.setBrush(QColor(tag.colour))
        painter.drawEllipse(QRect(x, line.center().y() - side // 2 + 1, side, side))
    painter.restore()
    return min(len(tags), _TAGS_SHOWN) * step


def paint_where(
    painter: QPainter, line: QRect, used: int, where: Standing, *, mirrored: bool
) -> int:
    """Write where a message stands at the end of a line, of which so many pixels are used there.

    Returns:
        The width it takes, in pixels.
    """
    room = trim(line, used, mirrored=mirrored)
    shown, width = shortened(where, painter.fontMetrics(), max(room.width(), 0))
    before = room.width() - width
    room = room.adjusted(0, 0, -before, 0) if mirrored else room.adjusted(before, 0, 0, 0)
    draw_text(painter, room, shown, mirrored=mirrored, at_end=True)
    return width


def shortened(where: Standing, metrics: QFontMetrics, room: int) -> tuple[str, int]:
    """Where a message stands, in a part of so many pixels, and how many it takes.

    The account gives way first; then the mailbox, which gets more of the line than both, and of
    which beginning and end are kept: paths end with what tells them apart.
    """
    whole, mailbox = (metrics.horizontalAdvance(it) + 2 for it in (where.text, where.mailbox))
    most = round(room * _MOST_OF_A_LINE)
    if whole <= most:
        return where.text, whole
    left = most - metrics.horizontalAdvance(f"{where.mailbox}{BETWEEN}") - 2
    if where.owner and left >= metrics.averageCharWidth() * _LEAST_OF_AN_OWNER:
        owner = metrics.elidedText(where.owner, Qt.TextElideMode.ElideRight, left)
        return f"{where.mailbox}{BETWEEN}{owner}", most
    width = min(mailbox, round(room * _MOST_FOR_A_MAILBOX))
    return metrics.elidedText(where.mailbox, Qt.TextElideMode.ElideMiddle, width), width


class TableDelegate(QStyledItemDelegate):
    """Draws one cell of the list as a table."""

    def __init__(self, view: QAbstractItemView, theme: Theme) -> None:
        super().__init__(view)
        self._view = view
        self._theme = theme

    def height(self) -> int:
        """The height of every row."""
        return QFontMetrics(self._view.font()).height() + 12

    def width(self, texts: Iterable[str]) -> int:
        """The width of a column that has room for each of the texts, in a row that is unread."""
        font = QFont(self._view.font())
        font.setWeight(_UNREAD)
        metrics = QFontMetrics(font)
        return max(metrics.horizontalAdvance(text) for text in texts) + 2 * _GAP + 2

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """See QAbstractItemDelegate."""
        message: MessageRow | None = index.data(MessageListModel.RowRole)
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        painter.save()
        if state & QStyle.StateFlag.State_Selected:
            token = "accent_soft" if self._view.hasFocus() else "selected"
            painter.fillRect(rect, self._theme.colour(token))
            row = QRect(-_EDGE_BEYOND, rect.top(), self._view.width() + 2 * _EDGE_BEYOND, 0)
            row.setHeight(rect.height())
            self._theme.paint_edge(painter, row, focused=self._view.hasFocus())
        if message is not None:
            self._paint_cell(painter, option, index, message)
        painter.restore()

    def _paint_cell(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
        message: MessageRow,
    ) -> None:
        rect: QRect = option.rect
        font = QFont(option.font)
        unread = message.is_unread
        ratio = painter.device().devicePixelRatioF()
        tokens, side = self._theme.tokens, self._theme.px(_ICON)
        column = ListColumn(index.column())
        if column is ListColumn.STAR:
            starred = bool(message.flags & Flag.FLAGGED)
            name, colour = (
                ("star-filled", tokens.star) if starred else ("star", tokens.border_strong)
            )
            box = QRect(0, 0, side, side)
            box.moveCenter(rect.center())
            painter.drawPixmap(box, icons.pixmap(name, colour, side, ratio))
            return
        if unread:
            font.setWeight(_UNREAD)
        painter.setFont(font)
        quiet = column in {ListColumn.DATE, ListColumn.SIZE} and not unread
        painter.setPen(self._theme.colour("muted" if quiet else "text"))
        mirrored = self._view.isRightToLeft()
        cell = rect.adjusted(_GAP, 0, -_GAP, 0)
        if column is ListColumn.SUBJECT and message.has_attachment:
            box = end_box(cell, side, side, mirrored=mirrored)
            painter.drawPixmap(box, icons.pixmap("paperclip", tokens.faint, side, ratio))
            cell = trim(cell, side + 6, mirrored=mirrored)
        model, text = self._view.model(), str(index.data())
        if column is ListColumn.SENDER and isinstance(model, MessageListModel):
            text = model.who_shown(message)
        elif column is ListColumn.SUBJECT and isinstance(model, MessageListModel):
            dot = self._theme.px(_TAG)
            used = paint_tags(painter, cell, model.labels(message), dot, mirrored=mirrored)
            cell = trim(cell, used + 4 if used else 0, mirrored=mirrored)
            if where := model.where(message):
                painter.setPen(self._theme.colour("muted"))
                used = paint_where(painter, cell, 0, where, mirrored=mirrored)
                painter.setPen(self._theme.colour("text"))
                cell = trim(cell, used + _GAP, mirrored=mirrored)
        at_end = column is ListColumn.SIZE
        draw_text(painter, cell, text, mirrored=mirrored, at_end=at_end)
