"""Every command there is, by its keyword."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from desktopmail.wire.pop3.apop import Apop
from desktopmail.wire.pop3.auth import Auth, AuthList
from desktopmail.wire.pop3.capability import Capa
from desktopmail.wire.pop3.command import Command, CommandSyntaxError, Noop, Quit, Rset
from desktopmail.wire.pop3.lang import Lang
from desktopmail.wire.pop3.listing import List, Stat, Uidl
from desktopmail.wire.pop3.login import Pass, User
from desktopmail.wire.pop3.message import Dele, Retr, Top
from desktopmail.wire.pop3.stls import Stls
from desktopmail.wire.pop3.utf8 import Utf8

if TYPE_CHECKING:
    from typing import Final

AnyCommand = Command[Any]

COMMANDS: Final[dict[bytes, type[AnyCommand]]] = {
    command.keyword: command
    for command in (
        Apop, Auth, Capa, Dele, Lang, List, Noop, Pass, Quit, Retr, Rset, Stat, Stls, Top, Uidl,
        User, Utf8,
    )
}  # fmt: skip


class UnknownCommandError(CommandSyntaxError):
    """There is no such command."""


def parse_command(line: bytes) -> AnyCommand:
    """Read a command line without its CRLF; keywords are taken in any case.

    Raises:
        CommandSyntaxError: It is wrong; the text says how, and never repeats what was sent.
    """
    if b"\0" in line or b"\r" in line or b"\n" in line:
        raise CommandSyntaxError("CR, LF and NUL cannot stand in a command")
    keyword, _, arguments = line.partition(b" ")
    keyword = keyword.upper()
    if keyword == b"AUTH" and not arguments.strip():
        return AuthList()
    command = COMMANDS.get(keyword)
    if command is None:
        raise UnknownCommandError("there is no such command")
    return command.parse(arguments)
