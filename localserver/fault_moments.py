"""The moments of a session that a fault can name: commands by their verbs, and what is none."""

from __future__ import annotations

from functools import cache
from typing import Final

_EVERYWHERE: Final = frozenset({"CONNECT", "GREETING"})
_OF_SMTP: Final = frozenset({"END-OF-DATA", "AUTH-RESPONSE"})


def is_moment(command: str, protocol: str | None) -> bool:
    """Whether sessions of a protocol, or with None of any, come to a moment of that name.

    What the server does not know never gets as far as a plan: a fault for it would never hit.
    """
    names = _names()
    wanted = names if protocol is None else {"smtp" if protocol == "submission" else protocol}
    return any(command.upper() in names[each] for each in wanted)


@cache
def _names() -> dict[str, frozenset[str]]:
    # The grammars of all protocols, which only a plan with commands pays for.
    from desktopmail.wire.imap.command import READERS
    from desktopmail.wire.pop3.table import COMMANDS
    from desktopmail.wire.smtp.command import PARSERS

    return {
        "imap": _EVERYWHERE.union(each.decode() for each in READERS),
        "pop3": _EVERYWHERE.union(each.decode() for each in COMMANDS),
        "smtp": _EVERYWHERE.union(PARSERS, _OF_SMTP),
    }
