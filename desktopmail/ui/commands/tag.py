"""Give messages a tag chosen by typing, or one of nine by its number; take tags away."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from desktopmail.door.commands import StoreFlags
from desktopmail.ui.commands.verb import Menu, Needs, Verb
from desktopmail.ui.language import tr, trn
from desktopmail.ui.models.tags import NUMBERED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desktopmail.door.rows import MailboxRow, TagRow
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Let a person choose a tag, or make one, and switch it."""
    chosen = await desk.choose_tag(trn("choose.tag", len(desk.selected_ids())))
    if chosen is not None:
        await switch(desk, chosen)


async def do_number(number: int, desk: Desk) -> None:
    """Switch the tag of a number, counted from 1."""
    tags = desk.tags.numbered()
    if number <= len(tags):
        await switch(desk, tags[number - 1])


async def switch(desk: Desk, tag: TagRow) -> None:
    """Take a tag from the selected messages where all have it, else give it to all."""
    ids = desk.selected_ids()
    chosen = desk.selection()
    note = ""
    if chosen and all(tag.name in message.tags for message in chosen):
        command = StoreFlags(placement_ids=ids, remove_tags=(tag.name,))
        done = trn("done.untagged", len(ids), tag=tag.label)
    else:
        command = StoreFlags(placement_ids=ids, add_tags=(tag.name,))
        done = trn("done.tagged", len(ids), tag=tag.label)
        note = tr("tag.stays_here") if stays_here(homes(desk), tag.name) else ""
    await desk.carry_out(command, done, note)


def homes(desk: Desk) -> list[MailboxRow]:
    """The mailboxes of the selected messages."""
    found = (desk.reader.mailbox(it) for it in {row.mailbox_id for row in desk.selection()})
    return [box for box in found if box is not None]


def stays_here(boxes: Sequence[MailboxRow], name: str) -> bool:
    """Whether a server of these mailboxes does not keep a tag."""
    return not all(box.keeps(name) for box in boxes)


async def do_none(desk: Desk) -> None:
    """Take every tag from the selected messages."""
    ids = desk.selected_ids()
    shown = desk.tags.shown({name for message in desk.selection() for name in message.tags})
    if shown:
        await desk.carry_out(
            StoreFlags(placement_ids=ids, remove_tags=tuple(tag.name for tag in shown)),
            trn("done.no_tags", len(ids)),
        )
    else:
        desk.say(tr("say.no_tags"))


VERB = Verb(
    name="tag",
    do=do,
    menu=Menu.MESSAGE,
    group=3,
    icon="tag",
    keys=("T",),
    needs=Needs.SELECTION,
)
NUMBERS = tuple(
    Verb(
        name=f"tag_{number}",
        do=partial(do_number, number),
        menu=Menu.MESSAGE,
        group=3,
        icon="tag",
        keys=(str(number),),
        needs=Needs.SELECTION,
        in_menu=False,
    )
    for number in range(1, NUMBERED + 1)
)
NONE = Verb(
    name="no_tags",
    do=do_none,
    menu=Menu.MESSAGE,
    group=3,
    keys=("0",),
    needs=Needs.SELECTION,
    in_menu=False,
)
