"""`desktopmail vault`: open the file that keeps passwords where there is no keyring."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.cli import password
from desktopmail.door.commands import OpenVault
from desktopmail.door.queries import PasswordPlace, ReadPasswordPlace

if TYPE_CHECKING:
    import argparse

    from desktopmail.cli.context import Context
    from desktopmail.cli.declaration import Commands

# A person types one command after the other, and not the pass phrase before each.
_STAYS_MINUTES = 10


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Declare the command."""
    vault = commands.add_parser(
        "vault",
        parents=[common],
        help="open or make the file of passwords; the pass phrase comes on standard input",
    )
    vault.set_defaults(run=_vault)


async def _vault(context: Context, _arguments: argparse.Namespace) -> int:
    door = await context.door()
    place = await door.query(ReadPasswordPlace())
    if isinstance(place, PasswordPlace) and not place.has_vault:
        if password.is_typed():
            context.output.note(
                "A file of passwords is made. Nobody can read them without its pass phrase: where"
                " that is forgotten, they have to be given again."
            )
        pass_phrase = password.new_secret("pass phrase")
    else:
        pass_phrase = password.secret("pass phrase")
    await door.command(OpenVault(pass_phrase=pass_phrase, stays_s=_STAYS_MINUTES * 60))
    context.output.line(
        f"The vault is open until {_STAYS_MINUTES} minutes after the last command or window."
    )
    context.output.value({"open": True})
    return 0
