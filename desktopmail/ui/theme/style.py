"""The style sheet: only what the palette cannot say. Widgets opt in by an object name or `kind`."""

from __future__ import annotations

import dataclasses
import re
from string import Template
from typing import TYPE_CHECKING

from desktopmail import resources

if TYPE_CHECKING:
    from desktopmail.ui.theme.tokens import Tokens

_GROWING = re.compile(r"~(\d+)px")
# `~14px` grows with the letters; what has no `~` is a hairline, a gap or a rounding.
_SHEET = Template("""
QToolTip { background: $snack; color: $snack_text; border: 0; padding: 5px 8px; }
QMenu, QPushButton, QToolButton, QComboBox { icon-size: ~16px; }
QMenu { background: $raised; border: 1px solid $border_strong; padding: 5px; }
QMenu::item { padding: 5px 26px 5px 12px; border-radius: 5px; margin: 1px 0; }
QMenu::item:selected { background: $accent_soft; color: $text; }
QMenu::item:disabled { color: $faint; }
QMenu::icon { padding-left: 8px; }
QMenu::separator { height: 1px; background: $border; margin: 5px 6px; }
QMenuBar { background: $chrome; border-bottom: 1px solid $border; }
QMenuBar::item { padding: 4px 9px; background: transparent; border-radius: 5px; }
QMenuBar::item:selected { background: $hover; }

/* What is done stands last, as in dialogues of our own: 3 is Qt's GnomeLayout. */
QDialogButtonBox { button-layout: 3; }

QSplitter::handle { background: $border; }

QScrollBar { background: transparent; border: 0; margin: 0; }
QScrollBar:vertical { width: ~11px; }
QScrollBar:horizontal { height: ~11px; }
QScrollBar::handle { background: $border_strong; border-radius: 4px; margin: 2px; }
QScrollBar::handle:vertical { min-height: ~36px; }
QScrollBar::handle:horizontal { min-width: ~36px; }
QScrollBar::handle:hover { background: $faint; }
QAbstractScrollArea::corner { background: transparent; border: 0; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }

QLineEdit, QPlainTextEdit[kind="field"], QComboBox, QSpinBox {
    background: $surface; border: 1px solid $border_strong; border-radius: 6px;
    padding: 4px 8px; selection-background-color: $accent; selection-color: $accent_text;
}
QLineEdit:focus, QPlainTextEdit[kind="field"]:focus, QComboBox:focus, QSpinBox:focus {
    border-color: $accent;
}
QLineEdit:disabled, QComboBox:disabled, QSpinBox:disabled { background: $sunken; }
QLineEdit[invalid="true"] { border-color: $danger; }
QLineEdit[kind="bare"] { border: 0; border-radius: 0; background: transparent; padding: 4px 2px; }
QLineEdit[kind="bare"]:focus { border: 0; }
QSpinBox { padding: 2px 4px; min-height: ~20px; }
QSpinBox::up-button, QSpinBox::down-button { border: 0; width: ~18px; background: transparent; }
QSpinBox::up-button { subcontrol-position: top right; }
QSpinBox::down-button { subcontrol-position: bottom right; }
QSpinBox::up-arrow { image: url("$icon_up"); width: ~9px; height: ~9px; }
QSpinBox::down-arrow { image: url("$icon_chevron"); width: ~9px; height: ~9px; }
QSpinBox QLineEdit { border: 0; padding: 0 5px; background: transparent; }
QComboBox QLineEdit, QKeySequenceEdit QLineEdit { border: 0; padding: 0;
    background: transparent; }
QKeySequenceEdit { background: $surface; border: 1px solid $border_strong; border-radius: 6px;
    padding: 3px 8px; }
QKeySequenceEdit:focus { border-color: $accent; }
QCheckBox, QRadioButton { spacing: 8px; }
QCheckBox[kind="bare"] { spacing: 0; }
QCheckBox::indicator, QRadioButton::indicator { width: ~14px; height: ~14px;
    border: 1px solid $faint; background: $surface; border-radius: 4px; }
QRadioButton::indicator { border-radius: ${radio_radius}px; }
QCheckBox::indicator:focus, QRadioButton::indicator:focus { border: 2px solid $accent; }
QCheckBox::indicator:checked { background: $accent; border-color: $accent;
    image: url("$icon_check"); }
QRadioButton::indicator:checked { background: $accent; border-color: $accent;
    image: url("$icon_dot"); }
QComboBox { padding-right: ~22px; }
QComboBox::drop-down { border: 0; width: ~22px; }
QComboBox::down-arrow { image: url("$icon_chevron"); width: ~12px; height: ~12px; }
QComboBox[kind="bare"] { border-color: transparent; background: transparent; padding: 3px;
    padding-right: ~22px; }
QComboBox[kind="bare"]:focus { border-color: $accent; }
QComboBox QAbstractItemView { background: $raised; border: 1px solid $border_strong;
    selection-background-color: $accent_soft; selection-color: $text; outline: 0; }

QPushButton { background: $raised; border: 1px solid $border_strong; border-radius: 6px;
    padding: 5px 14px; min-height: ~18px; }
QPushButton:hover { background: $hover; }
QPushButton:pressed { background: $selected; }
QPushButton:focus { border-color: $accent; }
QPushButton:disabled { color: $faint; border-color: $border; background: $sunken; }
QPushButton[kind="primary"] { background: $accent; color: $accent_text; border-color: $accent;
    font-weight: 600; }
QPushButton[kind="primary"]:hover { border-color: $text; }
QPushButton[kind="primary"]:focus { border: 1px solid $text; }
QPushButton[kind="primary"]:disabled { background: $selected; color: $faint;
    border-color: $selected; }
QPushButton[kind="link"] { background: transparent; border: 1px solid transparent; color: $accent;
    padding: 4px 6px; font-weight: 600; }
QPushButton[kind="link"]:hover { text-decoration: underline; }
QPushButton[kind="link"]:focus { border-color: $accent; }
QPushButton[kind="danger"] { color: $danger; }
QPushButton[kind="person"] { background: transparent; border: 1px solid transparent;
    border-radius: 6px; padding: 1px 4px; text-align: left; }
QPushButton[kind="person"]:hover { background: $hover; }
QPushButton[kind="person"]:focus { border-color: $accent; }

QToolButton { background: transparent; border: 1px solid transparent; border-radius: 6px;
    padding: 5px; }
QToolButton:hover { background: $hover; }
QToolButton:pressed, QToolButton:checked { background: $accent_soft; }
QToolButton:focus { border-color: $accent; }
QToolButton:disabled { color: $faint; }
QToolButton[kind="chip"] { border: 1px solid $border_strong; border-radius: ${chip_radius}px;
    padding: 2px 10px; color: $muted; }
QToolButton[kind="chip"]:checked { background: $accent_soft; border-color: $accent; color: $text; }
QToolButton[kind="chip"]:focus { border-color: $accent; }
#markChip { background: $sunken; border: 1px solid $border; border-radius: ~8px; }
QToolButton#markRemove { padding: 0; border-radius: ~8px; }
#problemCards, #problemCardsHost,
#attachmentArea, #attachmentHost, #readingTop, #readingTopHost { background: transparent; }
QToolButton::menu-indicator { image: none; }

#toolbar { background: $chrome; border-bottom: 1px solid $border; }
#toolbar QToolButton { padding: 6px; }
#toolbar QToolButton:hover { background: $selected; }
#sidebar, #sidebar QTreeView { background: $sidebar; border: 0; }
#listPane, #listPane QTableView, #outboxPane { background: $surface; border: 0; }
#listHeader { background: $surface; border-bottom: 1px solid $border; }
#readingPane, #readingBody { background: $surface; border: 0; }
#statusLine { background: $chrome; border-top: 1px solid $border; }
#statusLine QLabel { color: $muted; }
#statusLine QToolButton { padding: 1px 6px; color: $muted; }
QTreeView, QTableView, QListView { outline: 0; }
QHeaderView { background: $surface; border: 0; }
QHeaderView::section { background: $surface; color: $muted; border: 0;
    border-bottom: 1px solid $border; border-right: 1px solid $border; padding: 4px 8px; }

QTableView[kind="facts"] { background: $surface; border: 1px solid $border; border-radius: 6px; }
QTableView[kind="facts"]::item { padding: 0 5px; border: 0; }
QTableView[kind="facts"]::item:selected { background: $accent_soft; color: $text; }

QProgressBar { background: $border; border: 0; border-radius: 2px; max-height: 4px;
    min-height: 4px; }
QProgressBar::chunk { background: $accent; border-radius: 2px; }

QLabel[kind="title"] { font-size: ${title_pt}pt; font-weight: 600; }
QLabel[kind="subject"] { font-size: ${subject_pt}pt; font-weight: 600; }
QLabel[kind="heading"] { font-weight: 600; }
QLabel[kind="muted"], QCheckBox[kind="muted"] { color: $muted; }
QLabel[kind="small"] { color: $muted; font-size: ${small_pt}pt; }
QLabel[kind="error"] { color: $danger; }
QFrame[kind="rule"] { background: $border; max-height: 1px; min-height: 1px; border: 0; }

QFrame[kind="card"] { background: $raised; border: 1px solid $border; border-radius: 9px; }
QFrame[kind="well"] { background: $sunken; border: 1px solid $border; border-radius: 9px; }
QFrame[kind="warning"] { background: $warning_soft; border: 0; border-radius: 8px; }
QFrame[kind="warning"] QLabel { color: $warning; }
QFrame[kind="danger"] { background: $danger_soft; border: 0; border-radius: 8px; }
QFrame[kind="danger"] QLabel { color: $danger; }
QFrame[kind="quiet"] { background: transparent; border: 0; }
QFrame[kind="quiet"] QLabel { color: $muted; font-size: ${small_pt}pt; }
QFrame[kind="quiet"] QPushButton { padding: 2px 5px; font-weight: 500; font-size: ${small_pt}pt; }
QFrame[kind="notice"] { background: $sunken; border: 0; border-radius: 8px; }
QAbstractButton[kind="attachment"] { background: $sunken; border: 1px solid $border;
    border-radius: 8px; }
QAbstractButton[kind="attachment"]:hover { border-color: $border_strong; }
QAbstractButton[kind="attachment"]:focus { border-color: $accent; }

QToolButton[kind="page"] { padding: 7px 12px; text-align: left; }
#roomSide { background: $sidebar; border-right: 1px solid $border; }
#roomFeed { background: $surface; }
#serverFeed { background: $surface; border: 0; padding: 0 10px; }

#snackBar { background: $snack; border-radius: 9px; }
#snackBar QLabel { color: $snack_text; }
#snackBar QPushButton { background: transparent; border: 1px solid transparent;
    color: $snack_accent; font-weight: 600; padding: 3px 8px; }
#snackBar QPushButton:hover { text-decoration: underline; }
#snackBar QPushButton:focus { border-color: $snack_accent; }

#palette { background: $raised; border: 1px solid $border_strong; border-radius: 10px; }
#palette QLineEdit { border: 0; border-bottom: 1px solid $border; border-radius: 0;
    padding: 9px 10px; background: transparent; font-size: ${subject_pt}pt; }
#palette QListView { background: transparent; border: 0; }
#composer { background: $surface; }
#composeHeader { background: $surface; border-bottom: 1px solid $border; }
#composeBody { background: $surface; border: 0; padding: 0; }
#formatBar { background: $surface; border-bottom: 1px solid $border; }
#formatBar QToolButton { padding: 4px; }
#fileStrip { background: $surface; border-top: 1px solid $border; }
QFrame[kind="divider"] { background: $border; border: 0; }
QScrollArea[kind="recipients"], #recipientsHost { background: transparent; border: 0; }
QScrollArea[kind="recipients"][dropping="true"] { background: $accent_soft; border-radius: 6px; }
""")


# What is told apart by its ground elsewhere has an edge where there is high contrast.
_EDGES = Template("""
QLineEdit:focus, QPlainTextEdit[kind="field"]:focus, QComboBox:focus, QSpinBox:focus,
QKeySequenceEdit:focus, QPushButton:focus, QPushButton[kind="link"]:focus,
QPushButton[kind="person"]:focus, QToolButton:focus, QToolButton[kind="chip"]:focus,
QAbstractButton[kind="attachment"]:focus { border: 2px solid $accent; }
QMenu::item:selected, QMenuBar::item:selected, QToolButton:checked, QToolButton:pressed,
QTableView[kind="facts"]::item:selected { border: 1px solid $accent; }
QPushButton:hover, QToolButton:hover { border-color: $text; }
QCheckBox:focus, QRadioButton:focus { color: $accent; text-decoration: underline; }
QFrame[kind="warning"] { border: 1px solid $warning; }
QFrame[kind="danger"] { border: 1px solid $danger; }
QFrame[kind="notice"] { border: 1px solid $border; }
QProgressBar { border: 1px solid $text; }
#snackBar { border: 1px solid $surface; }
""")


def build_style_sheet(
    tokens: Tokens, *, base_pt: float, line_px: int, scale: float, is_contrast: bool = False
) -> str:
    """Return the style sheet of a theme.

    Args:
        tokens: Colours.
        base_pt: The size of the application's letters, in points.
        line_px: The height of a line of them, in pixels.
        scale: How large they are against usual ones.
        is_contrast: Have what is selected, pressed or in focus stand in edges.
    """
    dark = tokens.text > tokens.surface  # both are #rrggbb: the brighter one sorts later
    kind = "dark" if dark else "light"

    def drawing(name: str) -> str:  # a style sheet takes files of one colour only
        return resources.path("icons", f"{name}-{kind}.svg").as_posix()

    sheet = _SHEET.substitute(
        dataclasses.asdict(tokens),
        icon_chevron=drawing("indicator"),
        icon_up=drawing("indicator-up"),
        icon_check=drawing("checked"),
        icon_dot=drawing("chosen"),
        title_pt=round(base_pt * 1.6, 1),
        subject_pt=round(base_pt * 1.25, 1),
        small_pt=round(base_pt * 0.9, 1),
        # Half of the height, with its border: of more Qt makes corners.
        radio_radius=(round(14 * scale) + 2) // 2,
        chip_radius=line_px // 2 + 3,
    )
    if is_contrast:
        sheet += _EDGES.substitute(dataclasses.asdict(tokens))
    return _GROWING.sub(lambda length: f"{round(int(length[1]) * scale)}px", sheet)
