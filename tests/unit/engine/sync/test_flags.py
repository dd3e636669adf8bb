"""Flags between the wire and the store: nothing invented, nothing lost on the way and back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from desktopmail.door.rows import Flag
from desktopmail.engine.sync.flags import keyword_of, stored_flags, wire_flags
from desktopmail.wire.imap.flags import DELETED, FORWARDED, MDN_SENT, RECENT, SEEN, flag

MASKS = st.integers(0, 63).map(Flag)
TAGS = st.sets(st.text(st.sampled_from("abcxyz-_$0123"), min_size=1, max_size=8))
SYSTEM = {"$forwarded", "$mdnsent"}


@given(MASKS, TAGS)
def test_what_goes_out_comes_back(mask: Flag, tags: set[str]) -> None:
    tags = {tag for tag in tags if tag.lower() not in SYSTEM}
    stored, kept = stored_flags(wire_flags(mask, tags))
    assert stored == mask
    assert {tag.lower() for tag in kept} == {tag.lower() for tag in tags}


def test_what_servers_keep_for_themselves_is_no_tag() -> None:
    told = {RECENT, MDN_SENT, SEEN, FORWARDED, flag("work"), flag("\\X-Own")}
    mask = Flag.SEEN | Flag.FORWARDED | Flag.RECEIPT_SENT
    assert stored_flags(frozenset(told)) == (mask, ("work",))


@given(st.text(max_size=12))
def test_a_tag_becomes_a_keyword_or_stays_here(tag: str) -> None:
    """No tag whatever can bring octets into a command that are none of a keyword."""
    keyword = keyword_of(tag)
    if keyword is not None:
        assert not set(keyword) & set(' (){%*"\\]\r\n\0')


def test_a_tag_with_spaces_is_kept_with_underscores() -> None:
    assert wire_flags(Flag.DELETED, ("to do",)) == {DELETED, flag("to_do")}
