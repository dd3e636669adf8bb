"""Octets that are no text, carried through text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from desktopmail.wire.imap.octets import escape, escaped_octets, escaped_text, is_escape, shown_text


@given(st.binary(max_size=40))
def test_octets_survive_the_way_through_text(octets: bytes) -> None:
    assert escaped_octets(escaped_text(octets)) == octets


@given(st.binary(max_size=40))
def test_the_text_can_be_stored(octets: bytes) -> None:
    escaped_text(octets).encode("utf-8")


def test_utf_8_is_read_as_it_is() -> None:
    assert escaped_text("Entwürfe".encode()) == "Entwürfe"
    assert not any(map(is_escape, "Entwürfe"))


def test_a_character_of_the_escape_block_is_escaped_itself() -> None:
    octets = "a\uef41b".encode()
    assert escaped_text(octets) == "a" + escape("\uef41".encode()) + "b"


def test_a_lone_surrogate_becomes_a_question_mark() -> None:
    assert escaped_octets("a\ud800b") == b"a?b"


def test_people_see_carried_utf_8_as_text() -> None:
    assert shown_text(escape("ü".encode())) == "ü"
    assert shown_text(escape(b"\xff")) == "\ufffd"
    assert shown_text("plain") == "plain"
