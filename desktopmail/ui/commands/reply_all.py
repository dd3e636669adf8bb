"""Answer the sender and everybody else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.ui.commands.verb import Menu, Needs, Verb

if TYPE_CHECKING:
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    from desktopmail.ui.commands.answering import answer  # it composes: not needed at start

    await answer(desk, "reply_all")


VERB = Verb(
    name="reply_all",
    do=do,
    menu=Menu.MESSAGE,
    group=1,
    icon="reply-all",
    keys=(
        "Ctrl+Shift+R",
        "Shift+R",
    ),
    needs=Needs.MESSAGE,
    context=True,
)
