"""Pass a message on, its text in the new one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.ui.commands.verb import Menu, Needs, Verb

if TYPE_CHECKING:
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    from desktopmail.ui.commands.answering import answer  # it composes: not needed at start

    await answer(desk, "forward")


VERB = Verb(
    name="forward",
    do=do,
    menu=Menu.MESSAGE,
    group=1,
    icon="forward",
    keys=("Ctrl+L",),
    needs=Needs.MESSAGE,
    context=True,
)
