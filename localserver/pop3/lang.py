"""LANG: this server speaks one language, and says so (RFC 6856 section 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.wire.pop3.lang import Language, encode_languages, matches
from desktopmail.wire.pop3.reply import error, ok

if TYPE_CHECKING:
    from desktopmail.wire.pop3.lang import Lang
    from localserver.pop3.session import Session

_LANGUAGES = (Language("en", "English"),)


def execute(session: Session, command: Lang) -> None:
    """List the languages, or choose one."""
    if command.wanted is None:
        session.machine.send_listing(ok("Language listing follows."), encode_languages(_LANGUAGES))
        return
    for language in _LANGUAGES:
        if matches(command.wanted, language.tag):
            session.machine.send(ok(f"{language.tag} Language changed."))
            return
    session.machine.send(error("This language is not spoken here."))
