"""Always load the remote images of the sender of the message shown, or no longer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.ui.commands.verb import Menu, Needs, Verb

if TYPE_CHECKING:
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    desk.reading.allow_sender(not checked(desk))


def checked(desk: Desk) -> bool:
    """Whether it is on."""
    return desk.reading.sender_is_allowed


VERB = Verb(
    name="always_images",
    do=do,
    menu=Menu.MESSAGE,
    group=4,
    needs=Needs.MESSAGE,
    checked=checked,
)
