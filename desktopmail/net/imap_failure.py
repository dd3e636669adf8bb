"""How a connection to an IMAP server fails, as errors for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.net.errors import ClosedError, NetError, ProtocolViolationError, RefusedError
from desktopmail.wire.imap.codes import Code
from desktopmail.wire.imap.condition import Condition

if TYPE_CHECKING:
    from desktopmail.wire.errors import RemoteProtocolError
    from desktopmail.wire.imap.command import Command
    from desktopmail.wire.imap.condition import Answer, Tagged


def closed(where: str, bye: Answer | None) -> ClosedError:
    """The server closed the connection, with a BYE or without."""
    said = f": {bye.text}" if bye is not None and bye.text else ""
    code = "temporary" if bye is not None and bye.code is Code.UNAVAILABLE else "closed"
    return ClosedError(
        f"{where} closed the connection{said.rstrip('.')}.", remedy="Try again later.", code=code
    )


def broken(where: str, error: RemoteProtocolError) -> ProtocolViolationError:
    """The server broke the protocol."""
    return ProtocolViolationError(
        f"{where} does not speak IMAP as it should: {error}.",
        remedy="Check host and port; otherwise tell the provider.",
        code="protocol",
    )


def impossible(where: str, error: Exception) -> NetError:
    """A command could not be sent any more when its turn came."""
    return NetError(f"The command could not be sent to {where}: {error}.", code="local")


def refused(where: str, command: Command, tagged: Tagged) -> RefusedError:
    """A command was answered with NO or BAD."""
    name = command.name.decode("ascii")
    code = tagged.code.value.decode().lower() if isinstance(tagged.code, Code) else "refused"
    return RefusedError(
        f"{where} refused {name}: {tagged.text or tagged.condition.name}",
        reply=tagged,
        code="bad-command" if tagged.condition is Condition.BAD else code,
    )
