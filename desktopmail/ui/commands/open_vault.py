"""Open the file that keeps the passwords where there is no keyring."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.door.commands import OpenVault, Password
from desktopmail.door.interface import DoorError
from desktopmail.door.queries import PasswordPlace, ReadPasswordPlace
from desktopmail.door.rows import NO_KEYRING
from desktopmail.ui.commands.verb import Menu, Verb
from desktopmail.ui.language import tr

if TYPE_CHECKING:
    from desktopmail.door.commands import AnyCommand
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    if await open_vault(desk):
        desk.say(tr("say.vault_open"))


async def open_vault(desk: Desk) -> bool:
    """Ask for the pass phrase, and open the vault or make it; False when nobody gave one.

    Raises:
        DoorError: The pass phrase is wrong.
    """
    place = await desk.door.query(ReadPasswordPlace())
    if isinstance(place, PasswordPlace) and not place.has_vault:
        title, label, loss = map(tr, ("ask.make_vault", "ask.new_pass_phrase", "ask.forgotten"))
        phrase = await desk.ask_new_secret(title, label, loss)
    else:
        title = tr("verb.open_vault").rstrip("…")
        phrase = await desk.ask_text(title, tr("ask.pass_phrase"), secret=True)
    if phrase is None:
        return False
    await desk.door.command(OpenVault(pass_phrase=Password(phrase)))
    return True


async def command_with_vault(desk: Desk, command: AnyCommand) -> None:
    """Give a command with a password; where there is no keyring, open the vault for it first.

    Raises:
        DoorError: It was refused, or nobody gave the pass phrase.
    """
    try:
        await desk.door.command(command)
    except DoorError as error:
        if error.code not in NO_KEYRING:
            raise
        if not await open_vault(desk):
            remedy = tr("ask.no_pass_phrase")
            raise DoorError(error.sentence, remedy=remedy, code=error.code) from error
        await desk.door.command(command)


VERB = Verb(
    name="open_vault",
    do=do,
    menu=Menu.TOOLS,
    group=1,
    icon="unlock",
)
