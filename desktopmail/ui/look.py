"""The window's look, brought in line with the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from desktopmail.ui.theme.theme import Scheme

if TYPE_CHECKING:
    from desktopmail.ui.window import MainWindow


def apply(window: MainWindow) -> None:
    """Bring the window in line with its settings."""
    settings = window.settings
    scheme = Scheme(settings.text("theme"))
    if scheme is not window.theme.scheme:
        window.theme.choose(scheme)
    list_pane, reading = window.list_pane, window.reading
    list_pane.list.show_as(
        cards=settings.text("list_style") == "cards",
        compact=settings.text("density") == "compact",
    )
    stacked = settings.text("layout") == "stacked"
    window.place.lay_out(Qt.Orientation.Vertical if stacked else Qt.Orientation.Horizontal)
    window.side.setVisible(settings.flag("sidebar"))
    window.menuBar().setVisible(settings.flag("menu_bar"))
    reading.prefer_text(settings.flag("prefer_text"))
    reading.use_original_colours(settings.flag("original_colours"))
    reading.fold_quotes(settings.flag("fold_quotes"))
    if list_pane.threads != settings.flag("threads"):
        list_pane.set_threads(settings.flag("threads"))
    window.notifications.apply()
    window.update_actions()
