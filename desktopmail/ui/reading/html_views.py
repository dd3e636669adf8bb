"""Which widget shows HTML: QtWebEngine's, or the text browser where that cannot be used."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from desktopmail.ui.reading.fallback_view import FallbackView
    from desktopmail.ui.reading.html_view import HtmlView
    from desktopmail.ui.reading.remote import FetchImage
    from desktopmail.ui.theme.theme import Theme

    AnyHtmlView = HtmlView | FallbackView


def make_html_view(
    theme: Theme, fetch_image: FetchImage | None, parent: QWidget, *, web: bool
) -> AnyHtmlView:
    """Make the widget that shows HTML.

    Args:
        theme: Colours.
        fetch_image: Fetches remote images through the engine; None: there are none.
        parent: Where it stands.
        web: Whether QtWebEngine may be used.
    """
    if web:
        # QtWebEngine costs 60 ms and 100 MB: only who opens an HTML message pays.
        from desktopmail.ui.reading.html_view import HtmlView

        return HtmlView(theme, fetch_image, parent)
    from desktopmail.ui.reading.fallback_view import FallbackView

    return FallbackView(theme, fetch_image, parent)
