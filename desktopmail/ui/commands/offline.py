"""Stay away from the network, or come back to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.door.commands import SetOffline
from desktopmail.door.rows import ConnectionState
from desktopmail.ui.commands.verb import Menu, Needs, Verb
from desktopmail.ui.language import tr

if TYPE_CHECKING:
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    offline = not checked(desk)
    await desk.door.command(SetOffline(offline=offline))
    desk.say(tr("say.offline" if offline else "say.online"))


def checked(desk: Desk) -> bool:
    """Whether it is on."""
    return bool(desk.accounts()) and all(
        account.state is ConnectionState.OFFLINE for account in desk.accounts()
    )


VERB = Verb(
    name="offline",
    do=do,
    menu=Menu.FILE,
    icon="offline",
    needs=Needs.ACCOUNT,
    checked=checked,
)
