"""What a click on the header of a message does: take a tag off, keep an address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.door.commands import SetContact, StoreFlags
from desktopmail.ui.isolates import isolated
from desktopmail.ui.language import tr

if TYPE_CHECKING:
    from desktopmail.door.rows import MessageRow
    from desktopmail.mime.address import Mailbox
    from desktopmail.ui.reading.pane import ReadingPane
    from desktopmail.ui.window import MainWindow


def serve_marks(window: MainWindow, pane: ReadingPane) -> None:
    """Carry out what is wanted in a pane's header, and keep its marks as the store has them."""

    def keep(box: Mailbox) -> None:
        command = SetContact(name=box.name, addresses=(box.address,))
        done = tr("say.kept_person", name=isolated(box.shown))
        window.scope.spawn(window.carry_out(command, done), name=tr("person.keep"))

    def take_off(row: MessageRow | None, name: str) -> None:
        if row is None:
            return
        label = next((tag.label for tag in window.tags.shown((name,))), name)
        command = StoreFlags(placement_ids=(row.id,), remove_tags=(name,))
        done = tr("done.tag_off", name=label)
        window.scope.spawn(window.carry_out(command, done), name=tr("verb.tag"))

    pane.keep_wanted.connect(keep)
    pane.tag_unwanted.connect(take_off)
    window.bridge.changed.connect(pane.refresh_marks)
