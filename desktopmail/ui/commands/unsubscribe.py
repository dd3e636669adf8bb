"""Leave the mailing list or newsletter that a message came by.

With one click where the list has that way (RFC 8058): at once where our own server proved that the
fields are the sender's, after a question where it did not. Else by a message that is seen before it
is sent, or at the list's web page.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox

from desktopmail.door.commands import Unsubscribe
from desktopmail.door.interface import DoorError
from desktopmail.mime import link, mailing_list
from desktopmail.ui.commands.verb import Menu, Needs, Verb
from desktopmail.ui.language import tr

if TYPE_CHECKING:
    from desktopmail.door.rows import MessageRow
    from desktopmail.mime.mailing_list import MailingList
    from desktopmail.mime.message import Message
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    found = await desk.letter()
    if found is not None:
        row, letter = found
        await leave(desk, letter.message, row)


async def leave(desk: Desk, message: Message, row: MessageRow | None) -> None:
    """Leave the list by the best way it has, or say that it has none.

    Args:
        desk: The window.
        message: Came by the list.
        row: Where it is in the store; None for one that is enclosed in another.

    Raises:
        DoorError: The list did not let us go.
    """
    ways = mailing_list.of(message.header)
    if ways is None:
        desk.say(tr("say.cannot_leave"))
    elif ways.one_click and row is not None:
        await _by_one_click(desk, ways, row)
    else:
        _by_mail_or_page(desk, ways, row)


async def _by_one_click(desk: Desk, ways: MailingList, row: MessageRow) -> None:
    try:
        await desk.door.command(Unsubscribe(placement_id=row.id))
    except DoorError as error:
        if error.code != "unconfirmed":
            raise
        _ask(desk, ways, row)
        return
    _say_left(desk, ways)


def _ask(desk: Desk, ways: MailingList, row: MessageRow) -> None:
    """Ask before a web address is visited that nobody vouches for."""
    host = link.host_of(ways.one_click)
    box = QMessageBox(
        QMessageBox.Icon.Question,
        tr("leave.do"),
        tr("leave.unproved", host=host),
        QMessageBox.StandardButton.Cancel,
        desk.reading.window(),
    )
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setInformativeText(tr("leave.unproved_text", host=host))
    leave_button = box.addButton(tr("leave.do"), QMessageBox.ButtonRole.AcceptRole)

    async def confirmed() -> None:
        await desk.door.command(Unsubscribe(placement_id=row.id, confirmed=True))
        _say_left(desk, ways)

    leave_button.clicked.connect(
        lambda _on=False: desk.scope.spawn(confirmed(), name=tr("leave.do"))
    )
    box.open()


def _say_left(desk: Desk, ways: MailingList) -> None:
    desk.say(tr("say.left", name=ways.name or ways.id or link.host_of(ways.one_click)))


def _by_mail_or_page(desk: Desk, ways: MailingList, row: MessageRow | None) -> None:
    from desktopmail.mime import mailto
    from desktopmail.ui.commands.answering import identities  # it composes: not needed at start
    from desktopmail.ui.composer.writing import Placed, Writing

    account_id = row.account_id if row is not None else None
    sender = next(iter(identities(desk, account_id)), None)
    draft = mailto.parse(ways.leave_mail, sender) if ways.leave_mail else None
    if draft is not None and draft.to:
        if not draft.subject:
            draft = dataclasses.replace(draft, subject="unsubscribe")
        desk.compose(Writing(draft, Placed(account_id=account_id)))
        desk.say(tr("say.leave_by_mail"))
    elif ways.leave_page:
        desk.open_link(ways.leave_page)
        desk.say(tr("say.leave_at_page"))
    else:
        desk.say(tr("say.cannot_leave"))


VERB = Verb(
    name="unsubscribe",
    do=do,
    menu=Menu.MESSAGE,
    group=4,
    needs=Needs.MESSAGE,
)
