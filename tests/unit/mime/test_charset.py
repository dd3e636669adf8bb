from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.mime import charset


@pytest.mark.parametrize(
    ("label", "text"),
    [
        ("utf-8", "Grüße 日本"),
        ("UTF8", "Grüße"),
        ('"utf-8"', "ü"),
        ("iso-8859-1", "Grüße"),
        ("latin1", "Grüße"),
        ("iso-8859-15", "10 €"),
        ("windows-1252", "„Grüße“ – 10 €"),
        ("cp-1252", "Grüße"),
        ("koi8-r", "Привет"),
        ("windows-1251", "Привет"),
        ("iso-8859-2", "Dobrý večer"),
        ("iso-8859-8-i", "שלום"),
        ("windows-1256", "سلام"),
        ("iso-2022-jp", "日本語"),
        ("shift_jis", "日本語①"),
        ("euc-jp", "日本語"),
        ("gb2312", "你好"),
        ("gbk", "你好"),
        ("gb18030", "你好𠀀"),
        ("big5", "你好"),
        ("ks_c_5601-1987", "안녕하세요 뷁"),
        ("iso-2022-kr", "안녕하세요"),
        ("hz-gb-2312", "你好"),
        ("utf-7", "Grüße"),
        ("utf-16", "Grüße"),
        ("macintosh", "Grüße"),
        ("ibm850", "Grüße"),
        ("x-sjis", "日本語"),
        ("unicode-1-1-utf-8", "ü"),
    ],
)
def test_labels_of_real_mail_name_their_charset(label: str, text: str) -> None:
    codec = charset.codec_of(label)
    assert codec is not None
    decoded = charset.decode(text.encode(codec), label)
    assert decoded.text == text
    assert decoded.known
    assert decoded.fitting


@pytest.mark.parametrize(
    "label", ["idna", "punycode", "rot13", "rot_13", "zlib", "zip", "hex", "base64"]
)
def test_a_codec_that_is_no_charset_is_never_used(label: str) -> None:
    assert charset.codec_of(label) is None
    assert charset.decode(b"abc", label).text == "abc"


@pytest.mark.parametrize(
    "label", ["unicode_escape", "raw_unicode_escape", "mbcs", "undefined", "klingon", "\x00"]
)
def test_an_unknown_label_is_detected_and_said(label: str) -> None:
    decoded = charset.decode("Grüße".encode(), label)
    assert (decoded.text, decoded.known) == ("Grüße", False)


def test_iso_8859_1_means_windows_1252_as_on_the_web() -> None:
    assert charset.decode(b"\x80 \x96 \x93x\x94", "iso-8859-1").text == "€ – “x”"
    assert charset.decode(b"\x81\x8d", "iso-8859-1").text == "\x81\x8d"


def test_no_label_is_utf_8_where_it_can_be_and_else_detected() -> None:
    assert charset.decode("Grüße".encode()).charset == "utf-8"
    german = "Viele Grüße aus München, wir hören uns nächste Woche wieder. Schöne Tage!" * 2
    assert charset.decode(german.encode("cp1252")).text == german
    russian = "Привет, как дела? Давно не виделись, напиши мне, когда будет время. " * 3
    assert charset.decode(russian.encode("koi8-r")).text == russian
    japanese = "京都の紅葉と庭の本のこと"
    assert charset.decode(japanese.encode("iso2022_jp")).text == japanese


def test_ascii_with_eight_bits_is_not_ascii() -> None:
    decoded = charset.decode("Grüße".encode(), "us-ascii")
    assert (decoded.text, decoded.known) == ("Grüße", True)


def test_iso_2022_jp_of_windows_holds_more_than_the_standard() -> None:
    octets = b"\x1b$B-!\x1b(B and \x1b(I\x31\x1b(B"  # a circled 1, and half-width katakana
    assert charset.decode(octets, "iso-2022-jp").text == "① and ｱ"


def test_damaged_utf_8_stays_utf_8_and_mislabelled_text_is_detected() -> None:
    damaged = "Grüße aus München, schöne Grüße".encode()[:-3] + b"\xc3"
    decoded = charset.decode(damaged, "utf-8")
    assert decoded.text.startswith("Grüße aus München")
    assert not decoded.fitting
    latin = "Viele Grüße aus München, schöne Wünsche für alle Mädchen".encode("cp1252")
    assert charset.decode(latin, "utf-8").text == latin.decode("cp1252")


def test_a_byte_order_mark_is_not_text() -> None:
    assert charset.decode(codecs.BOM_UTF8 + b"x", "utf-8").text == "x"
    assert charset.decode(codecs.BOM_UTF16_LE + "xy".encode("utf-16-le")).text == "xy"


@given(
    st.binary(max_size=200),
    st.sampled_from([None, "utf-8", "iso-2022-jp", "gbk", "utf-7", "hz", "x"]),
)
def test_no_octets_make_it_raise(octets: bytes, label: str | None) -> None:
    assert isinstance(charset.decode(octets, label).text, str)
    assert isinstance(charset.detect(octets).text, str)
