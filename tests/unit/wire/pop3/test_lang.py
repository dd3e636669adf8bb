"""LANG: RFC 6856 section 3."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.wire.errors import LocalProtocolError, RemoteProtocolError
from desktopmail.wire.output import Output
from desktopmail.wire.pop3.command import CommandSyntaxError, Follows
from desktopmail.wire.pop3.lang import Lang, Language, encode_languages, matches
from desktopmail.wire.pop3.reply import ok
from tests.helpers.pop3 import answer_of

# RFC 6856 section 3.3.
RFC_LISTING = (
    b"+OK Language listing follows:\r\n"
    b"en English\r\n"
    b"en-boont English Boontling dialect\r\n"
    b"de Deutsch\r\n"
    b"it Italiano\r\n"
    b"es Espanol\r\n"
    b"sv Svenska\r\n"
    b".\r\n"
)


def test_the_listing_of_rfc_6856_section_3_3() -> None:
    assert answer_of(Lang(), RFC_LISTING) == (
        Language("en", "English"),
        Language("en-boont", "English Boontling dialect"),
        Language("de", "Deutsch"),
        Language("it", "Italiano"),
        Language("es", "Espanol"),
        Language("sv", "Svenska"),
    )


def test_the_choice_of_rfc_6856_section_3_3() -> None:
    assert answer_of(Lang("es"), b"+OK es Idioma cambiado\r\n") == (Language("es"),)
    assert answer_of(Lang("*"), b"+OK es Idioma cambiado\r\n") == (Language("es"),)
    assert answer_of(Lang("uga"), b"-ERR es Idioma <<UGA>> no es conocido\r\n") is None


def test_a_listing_follows_only_when_nothing_was_chosen() -> None:
    assert Lang().follows is Follows.LISTING
    assert Lang("de").follows is Follows.NOTHING


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        (b"", Lang()),
        (b"  ", Lang()),
        (b"de", Lang("de")),
        (b"*", Lang("*")),
        (b"en-GB", Lang("en-GB")),
    ],
)
def test_the_range_is_read_and_written(arguments: bytes, command: Lang) -> None:
    assert Lang.parse(arguments) == command
    assert command.arguments == arguments.strip()


@pytest.mark.parametrize(
    "wanted", ["de en", "de_DE", "toolongsubtag", "*-de", "d\u00e9", "de\r\nQUIT"]
)
def test_what_is_no_range_is_refused(wanted: str) -> None:
    with pytest.raises(CommandSyntaxError):
        Lang.parse(wanted.encode())
    with pytest.raises(LocalProtocolError):
        Lang(wanted).write(Output())


@pytest.mark.parametrize(
    "language",
    [Language(""), Language("a b"), Language("de", "a\r\n.\r\nb"), Language("de", "a\nb")],
)
def test_what_cannot_be_listed_is_our_fault(language: Language) -> None:
    with pytest.raises(LocalProtocolError):
        encode_languages([language])


def test_a_line_that_is_no_language_is_the_peers_fault() -> None:
    for lines in (b" English\r\n", b"\r\n", b"e n\0\xff\r\n\r\n", b"half"):
        with pytest.raises(RemoteProtocolError):
            Lang().read(ok(), lines)


@pytest.mark.parametrize(
    ("wanted", "tag", "expected"),
    [
        # RFC 4647 section 3.3.1: "de-de" matches "de-DE-1996" and not "de-Deva".
        ("de-de", "de-DE-1996", True),
        ("de-de", "de-Deva", False),
        ("*", "en", True),
        ("en", "en-GB", True),
        ("en-GB", "en", False),
        ("EN", "en", True),
    ],
)
def test_ranges_match_as_rfc_4647_says(wanted: str, tag: str, expected: bool) -> None:
    assert matches(wanted, tag) is expected


_DESCRIPTION = st.text(st.characters(codec="utf-8")).filter(str.isprintable).map(str.strip)


@given(st.lists(st.builds(Language, st.from_regex(r"[a-z]{2,8}", fullmatch=True), _DESCRIPTION)))
def test_a_listing_reads_back_the_same(languages: list[Language]) -> None:
    assert Lang().read(ok(), encode_languages(languages)) == tuple(languages)
