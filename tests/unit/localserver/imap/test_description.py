"""Commands as fault plans match them."""

from __future__ import annotations

import pytest

from desktopmail.wire.imap.command import decode_command
from desktopmail.wire.imap.cutter import Unit
from localserver.imap.description import argument_of, verb_of


@pytest.mark.parametrize(
    ("line", "verb", "part"),
    [
        (b"a UID FETCH 1:5 (FLAGS UID)", "UID FETCH", "1:5"),
        (b"a FETCH 2 FLAGS", "FETCH", "2"),
        (b"a EXAMINE Box", "EXAMINE", "Box"),
        (b"a SELECT Box", "SELECT", "Box"),
        (b"a UID SEARCH FROM carol", "UID SEARCH", "carol"),
        (b"a UID EXPUNGE 3", "UID EXPUNGE", "3"),
        (b"a STORE 1 +FLAGS (\\Seen)", "STORE", "\\Seen"),
        (b"a LOGIN alice secret", "LOGIN", "alice"),
    ],
)
def test_verb_and_argument(line: bytes, verb: str, part: str) -> None:
    _, command = decode_command(Unit(line, ()))
    assert verb_of(command) == verb
    assert part in argument_of(command)


def test_secrets_are_left_out() -> None:
    _, command = decode_command(Unit(b"a LOGIN alice s3cret", ()))
    assert "s3cret" not in argument_of(command)
