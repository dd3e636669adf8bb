"""Following a link: addresses open a window to write in, web pages the browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from desktopmail.ui.language import tr

if TYPE_CHECKING:
    from desktopmail.ui.commands.desk import Desk

_OF_THE_BROWSER = {"http", "https", "ftp"}


def follow(desk: Desk, target: str) -> None:
    """Follow a link, or say that it is of a kind that is not followed."""
    url = QUrl(target)
    if url.scheme() == "mailto":
        from desktopmail.mime import mailto
        from desktopmail.ui.composer.writing import Writing

        draft = mailto.parse(target)
        desk.compose(Writing(draft) if draft is not None else Writing())
    elif url.scheme() in _OF_THE_BROWSER:
        QDesktopServices.openUrl(url)
    else:
        desk.say(tr("say.link_refused", scheme=url.scheme()))
