"""Pass a message on as an attachment, every octet of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.ui.commands.verb import Menu, Needs, Verb

if TYPE_CHECKING:
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    from desktopmail.ui.commands.answering import answer  # it composes: not needed at start

    await answer(desk, "forward_attached")


VERB = Verb(
    name="forward_attached",
    do=do,
    menu=Menu.MESSAGE,
    group=1,
    needs=Needs.MESSAGE,
)
