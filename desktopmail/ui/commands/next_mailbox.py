"""Go to the next mailbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.ui.commands.verb import Menu, Verb

if TYPE_CHECKING:
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    desk.sidebar.step(1)


VERB = Verb(
    name="next_mailbox",
    do=do,
    menu=Menu.GO,
    group=1,
    keys=(
        "Ctrl+PgDown",
        "Alt+Down",
    ),
)
