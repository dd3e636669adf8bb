"""Show the plain text of messages that have HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.ui.commands.verb import Menu, Verb

if TYPE_CHECKING:
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    desk.settings.set("prefer_text", not checked(desk))
    desk.apply_look()


def checked(desk: Desk) -> bool:
    """Whether it is on."""
    return bool(desk.settings.get("prefer_text"))


VERB = Verb(
    name="plain_text",
    do=do,
    menu=Menu.VIEW,
    group=2,
    icon="quote",
    keys=("Ctrl+Shift+P",),
    checked=checked,
)
