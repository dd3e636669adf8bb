"""The table as the program reads it; `tests/house/test_protocol_table.py` tests its contents."""

from __future__ import annotations

from desktopmail.ui.transcript.table import Reference, entries, find, knows


def test_a_keyword_is_found_in_any_case() -> None:
    entry = find("imap", "command", "uid fetch")
    assert entry is not None
    assert entry.keyword == "UID FETCH"
    assert entry.titles == {"en": "Command UID FETCH", "de": "Befehl UID FETCH"}
    assert entry.reference == Reference(9051, "6.4.9")


def test_one_word_may_be_several_kinds_of_keyword() -> None:
    meanings = {kind: find("imap", kind, "CAPABILITY") for kind in ("command", "response", "code")}
    assert all(meanings.values())
    assert len({entry.meanings["en"] for entry in meanings.values() if entry}) == 3


def test_a_part_of_the_grammar_has_a_name_in_each_language() -> None:
    entry = find("imap", "structure", "mailbox name")
    assert entry is not None
    assert entry.titles == {"en": "Mailbox name", "de": "Ordnername"}


def test_what_is_not_there_is_not_known() -> None:
    assert not knows("imap", "command", "XPIG-LATIN")
    assert find("smtp", "command", "SELECT") is None


def test_a_reference_reads_like_one() -> None:
    assert str(Reference(9051, "6.3.2")) == "RFC 9051, 6.3.2"
    assert str(Reference(9422, "")) == "RFC 9422"
    assert str(Reference(0, "", "Google")) == "Google"


def test_the_table_is_as_large_as_the_three_protocols() -> None:
    assert len(entries()) > 700
