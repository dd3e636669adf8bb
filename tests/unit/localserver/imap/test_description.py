"""Commands as the transcript shows them, and as fault plans match them."""

from __future__ import annotations

import pytest

from desktopmail.wire.imap.append import Append
from desktopmail.wire.imap.command import decode_command
from desktopmail.wire.imap.condition import Tag
from desktopmail.wire.imap.cutter import Unit
from localserver.imap.description import MATCHED_OCTETS, matched, shown


@pytest.mark.parametrize(
    ("line", "verb", "argument"),
    [
        (b"a UID FETCH 1:5 (FLAGS BODY.PEEK[])", "UID FETCH", "1:5 (FLAGS BODY.PEEK[])"),
        (b"a uid fetch 1:5 BODY[]<0.10>", "UID FETCH", "1:5 BODY[]<0.10>"),
        (b"a FETCH 2 FLAGS", "FETCH", "2 FLAGS"),
        (b"a EXAMINE Box", "EXAMINE", "Box"),
        (b'a SELECT "Box"', "SELECT", '"Box"'),
        (b"a UID SEARCH FROM carol", "UID SEARCH", "FROM carol"),
        (b"a UID EXPUNGE 3", "UID EXPUNGE", "3"),
        (b"a STORE 1 +FLAGS (\\Seen)", "STORE", "1 +FLAGS (\\Seen)"),
        (b"a NOOP", "NOOP", ""),
    ],
)
def test_what_is_matched_is_the_line_of_the_client(line: bytes, verb: str, argument: str) -> None:
    assert matched(line + b"\r\n") == (verb, argument)


def test_a_command_that_is_written_again_is_matched_alike() -> None:
    tag, command = decode_command(Unit(b"a uid fetch 1:5 (flags body.peek[header])", ()))
    assert matched(shown(tag, command)) == ("UID FETCH", "1:5 (FLAGS BODY.PEEK[HEADER])")


def test_secrets_are_masked() -> None:
    tag, command = decode_command(Unit(b"a LOGIN alice s3cret", ()))
    octets = shown(tag, command)
    assert b"s3cret" not in octets
    assert matched(octets)[0] == "LOGIN"
    assert matched(octets)[1].startswith("alice ")


def test_the_end_of_a_long_command_is_not_searched() -> None:
    verb, argument = matched(b"a UID FETCH " + b"1," * MATCHED_OCTETS + b"1 FLAGS\r\n")
    assert verb == "UID FETCH"
    assert len(argument) < MATCHED_OCTETS


def test_what_cannot_be_written_again_is_named_by_its_verb() -> None:
    empty = Append("INBOX", ())  # nobody could have sent it
    assert shown(Tag("a"), empty) == b"a APPEND <not shown>\r\n"
