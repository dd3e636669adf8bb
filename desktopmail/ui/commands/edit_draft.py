"""Go on with a message that was kept before it was sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.ui.commands.verb import Menu, Needs, Verb

if TYPE_CHECKING:
    from desktopmail.door.rows import MessageRow
    from desktopmail.ui.commands.desk import Desk
    from desktopmail.ui.reading.content import Letter


async def do(desk: Desk) -> None:
    """Do it."""
    found = await desk.letter()
    if found is not None:
        edit(desk, *found)


def edit(desk: Desk, row: MessageRow, letter: Letter) -> None:
    """Go on with this one, which is here as a whole."""
    from desktopmail.mime import answers  # it composes: not needed at start
    from desktopmail.ui.composer.writing import Placed, Writing

    draft = answers.edit_as_new(letter.message)
    desk.compose(Writing(draft, Placed(account_id=row.account_id, replaces=row.id)))


VERB = Verb(
    name="edit_draft",
    do=do,
    menu=Menu.MESSAGE,
    icon="drafts",
    needs=Needs.DRAFT,
    context=True,
)
