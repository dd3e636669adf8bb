"""How a command begins, and which noun reads it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.wire.errors import RemoteProtocolError
from desktopmail.wire.imap import state
from desktopmail.wire.imap.command import READERS, decode_command, read_head
from desktopmail.wire.imap.condition import Tag
from desktopmail.wire.imap.cutter import Unit
from desktopmail.wire.imap.noop import Noop
from tests.helpers.imap import refused_command


def test_every_command_has_its_states() -> None:
    names = {name.removeprefix(b"UID ") for name in READERS} - {b"EXAMINE"}
    assert names == set(state.COMMANDS)


@pytest.mark.parametrize(
    ("octets", "head"),
    [
        (b"a1 noop", ("a1", b"NOOP")),
        (b"a1 uid fetch 1 x", ("a1", b"UID FETCH")),
        (b"a1 UID", ("a1", b"UID")),
        (b"a1  NOOP", ("a1", b"")),
        (b"a1", ("a1", b"")),
        (b"+ NOOP", (None, b"")),
        (b"", (None, b"")),
        (b" NOOP", (None, b"")),
        (b"x" * 65 + b" NOOP", (None, b"")),
        (b"a\xff NOOP", (None, b"")),
    ],
)
def test_tag_and_name_are_read_as_far_as_they_can_be(
    octets: bytes, head: tuple[str | None, bytes]
) -> None:
    assert read_head(octets) == head


@pytest.mark.parametrize(
    "octets",
    [b"FOO", b"UID NOOP", b"UID", b"NOOP2", b"XYZZY a", b"UID  FETCH 1 UID", b"UID LIST", b""],
)
def test_what_is_no_command_is_refused_with_its_tag(octets: bytes) -> None:
    assert refused_command(octets).tag == "a1"


def test_a_command_is_decoded() -> None:
    assert decode_command(Unit(b"x] NOOP")) == (Tag("x]"), Noop())


@given(
    st.sampled_from(sorted(READERS)),
    st.lists(
        st.sampled_from(
            [
                b" ",
                b"(",
                b")",
                b'"',
                b"a",
                b"1",
                b"*",
                b"{1}\r\n",
                b"{2+}\r\n",
                b"[",
                b"]",
                b"\\",
                b"NIL",
                b"\0",
                b"\xff",
                b"\r",
                b"BODY[",
                b"FLAGS",
                b"1:*",
                b"$",
                b"OR",
                b"NOT",
                b"<",
                b".",
            ]
        ),
        max_size=12,
    ),
)
def test_decoding_raises_nothing_but_the_peers_fault(name: bytes, pieces: list[bytes]) -> None:
    octets = b"a " + name + b"".join(pieces)
    for utf8 in (False, True):
        try:
            decode_command(Unit(octets), utf8=utf8)
        except RemoteProtocolError:
            continue


@given(st.binary(max_size=60))
def test_any_octets_are_a_command_or_the_peers_fault(octets: bytes) -> None:
    try:
        decode_command(Unit(octets))
    except RemoteProtocolError:
        return
