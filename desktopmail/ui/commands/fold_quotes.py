"""Fold long quotes and signatures away until they are wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.ui.commands.verb import Menu, Verb

if TYPE_CHECKING:
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    desk.settings.set("fold_quotes", not checked(desk))
    desk.apply_look()


def checked(desk: Desk) -> bool:
    """Whether it is on."""
    return desk.settings.flag("fold_quotes")


VERB = Verb(
    name="fold_quotes",
    do=do,
    menu=Menu.VIEW,
    group=2,
    icon="quote",
    keys=("Ctrl+Shift+Q",),
    checked=checked,
)
