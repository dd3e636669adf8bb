from __future__ import annotations

import email.header

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.mime import encoded_word


@pytest.mark.parametrize(
    ("encoded", "shown"),
    [
        # The table of RFC 2047 section 8.
        ("(=?ISO-8859-1?Q?a?=)", "(a)"),
        ("(=?ISO-8859-1?Q?a?= b)", "(a b)"),
        ("(=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=)", "(ab)"),
        ("(=?ISO-8859-1?Q?a?=  =?ISO-8859-1?Q?b?=)", "(ab)"),
        ("(=?ISO-8859-1?Q?a?=\r\n  =?ISO-8859-1?Q?b?=)", "(ab)"),
        ("(=?ISO-8859-1?Q?a_b?=)", "(a b)"),
        ("(=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=)", "(a b)"),
        ("=?US-ASCII?Q?Keith_Moore?= <moore@cs.utk.edu>", "Keith Moore <moore@cs.utk.edu>"),
        ("=?ISO-8859-1?Q?Keld_J=F8rn_Simonsen?=", "Keld Jørn Simonsen"),
        (
            "=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?="
            " =?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?=",
            "If you can read this you understand the example.",
        ),
        # RFC 2231 section 5: a language.
        ("=?US-ASCII*EN?Q?Keith_Moore?=", "Keith Moore"),
    ],
)
def test_the_examples_of_the_rfcs(encoded: str, shown: str) -> None:
    assert encoded_word.decode(encoded) == shown


@pytest.mark.parametrize(
    ("encoded", "shown"),
    [
        ("=?utf-8?Q?=C3?= =?utf-8?Q?=BC?=", "ü"),  # a character cut in two
        ("=?utf-8?Q?Hello world?=", "Hello world"),  # spaces inside
        ("=?utf-8?Q?What??=", "What?"),
        ("=?utf-8?B?R3LDvMOfZQ?=", "Grüße"),  # padding left out
        ("=?utf-8?Q?Gr=FC=DFe?=", "Grüße"),  # not in the charset it names
        ('"=?utf-8?Q?J=C3=B6rg?="', '"Jörg"'),  # inside quotes
        ("Re:=?utf-8?Q?J=C3=B6rg?=:x", "Re:Jörg:x"),  # no space around
        ("=?x-unknown?Q?J=C3=B6rg?=", "Jörg"),
        ("=?utf-8?X?abc?=", "=?utf-8?X?abc?="),  # no such encoding
        ("=?utf-8?B?!!!?=", "=?utf-8?B?!!!?="),  # no Base64 at all
        ("=?utf-8?Q?never closed", "=?utf-8?Q?never closed"),
        ("=?ISO-2022-JP?B?GyRCRnxLXDhsGyhC?=", "日本語"),
        ("=?gb2312?B?xOO6w6OstPO80g==?=", "你好\uff0c大家"),
        ("=?ks_c_5601-1987?B?vsiz58fPvLy/5A==?=", "안녕하세요"),
        ("=?utf-8?Q?a=0D=0ABcc:_x@y?=", "a Bcc: x@y"),  # no line break comes out
    ],
)
def test_what_real_clients_send(encoded: str, shown: str) -> None:
    assert encoded_word.decode(encoded) == shown


def test_many_words_that_are_never_closed_take_no_time() -> None:
    text = "=?a?Q?x " * 20_000
    assert encoded_word.decode(text) == text


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=120)
)
def test_encoded_words_are_short_ascii_and_come_back_by_us_and_by_email(text: str) -> None:
    words = encoded_word.encode(text)
    assert all(len(word) <= 75 and word.isascii() and " " not in word for word in words)
    joined = " ".join(words)
    by_email = str(email.header.make_header(email.header.decode_header(joined)))
    assert by_email == text
    if "\ufeff" not in text:
        assert encoded_word.decode(joined) == encoded_word.clean(text)


def test_the_shorter_of_q_and_b_is_taken() -> None:
    assert encoded_word.encode("Grüße")[0].startswith("=?utf-8?q?")
    assert encoded_word.encode("日本語のお知らせ")[0].startswith("=?utf-8?b?")


@given(st.text(max_size=200))
def test_no_text_makes_it_raise(text: str) -> None:
    assert "\n" not in encoded_word.decode(text)
