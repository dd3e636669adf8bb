"""Answer the mailing list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.ui.commands.verb import Menu, Needs, Verb

if TYPE_CHECKING:
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    from desktopmail.ui.commands.answering import answer  # it composes: not needed at start

    await answer(desk, "reply_list")


VERB = Verb(
    name="reply_list",
    do=do,
    menu=Menu.MESSAGE,
    group=1,
    keys=("Ctrl+Shift+L",),
    needs=Needs.MESSAGE,
)
