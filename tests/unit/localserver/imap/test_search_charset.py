"""The charsets that the server searches in."""

from __future__ import annotations

import codecs

import pytest

from localserver.imap.search_charset import KNOWN, UnknownCharsetError, codec_of


@pytest.mark.parametrize("label", KNOWN)
def test_every_charset_that_is_named_has_a_codec(label: str) -> None:
    codecs.lookup(codec_of(label))


@pytest.mark.parametrize(
    ("label", "codec"),
    [
        (None, "utf_8"), ("US-ASCII", "utf_8"), ("ASCII", "utf_8"), ("UTF8", "utf_8"),
        ("LATIN1", "latin_1"), ("CP1252", "cp1252"), ("iso-8859-1", "latin_1"),
    ],
)  # fmt: skip
def test_a_charset_has_many_names(label: str | None, codec: str) -> None:
    assert codec_of(label) == codec


@pytest.mark.parametrize("label", ["", "UTF-7", "UTF-16", "IDNA", "ROT13", "X-UNKNOWN", "../x"])
def test_what_is_no_charset_to_search_in_is_refused(label: str) -> None:
    with pytest.raises(UnknownCharsetError):
        codec_of(label)
