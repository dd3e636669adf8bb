"""The window's look, brought in line with the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from desktopmail.ui.theme.theme import Scheme

if TYPE_CHECKING:
    from desktopmail.ui.window import MainWindow


def apply_to_list(window: MainWindow) -> None:
    """Bring the tree and the list in line: what a start waits for."""
    settings, list_pane = window.settings, window.list_pane
    cards = settings.text("list_style") == "cards"
    list_pane.list.show_as(
        cards=cards,
        compact=settings.text("density") == "compact",
    )
    stacked = settings.text("layout") == "stacked"
    window.side.setVisible(settings.flag("sidebar"))
    layout = Qt.Orientation.Vertical if stacked else Qt.Orientation.Horizontal
    window.place.lay_out(layout, table=not cards)
    window.menuBar().setVisible(settings.flag("menu_bar"))
    if list_pane.threads != settings.flag("threads"):
        list_pane.set_threads(settings.flag("threads"))


def apply(window: MainWindow) -> None:
    """Bring the whole window in line with its settings."""
    settings, reading = window.settings, window.reading
    scheme = Scheme(settings.text("theme"))
    if scheme is not window.theme.scheme:
        window.theme.choose(scheme)
    apply_to_list(window)
    reading.prefer_text(settings.flag("prefer_text"))
    reading.use_original_colours(settings.flag("original_colours"))
    reading.fold_quotes(settings.flag("fold_quotes"))
    window.notifications.apply()
    window.update_actions()
