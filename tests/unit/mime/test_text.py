from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.mime import structure, text
from desktopmail.mime.defect import Defect
from desktopmail.mime.message import Message
from desktopmail.mime.text import Block, Kind

PLAIN = b"Content-Type: text/plain\n\nplain\n"
HTML = b"Content-Type: text/html\n\n<p>html</p>\n"
IMAGE = b"Content-Type: image/png\nContent-ID: <i@x>\n\npng\n"


def multipart(kind: str, *parts: bytes, more: str = "") -> bytes:
    boundary = f"{kind}{sum(map(len, parts))}"
    head = f"Content-Type: multipart/{kind}; boundary={boundary}{more}\n\n".encode()
    delimiter = f"--{boundary}".encode()
    return head + b"".join(delimiter + b"\n" + part for part in parts) + delimiter + b"--\n"


def chosen(octets: bytes) -> tuple[list[str], list[str], list[str]]:
    body = text.choose(structure.parse(octets))
    return (
        [part.media_type for part in body.plain],
        [part.media_type for part in body.html],
        [part.media_type for part in body.related],
    )


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (PLAIN, (["text/plain"], [], [])),
        (HTML, ([], ["text/html"], [])),
        (multipart("alternative", PLAIN, HTML), (["text/plain"], ["text/html"], [])),
        (multipart("alternative", HTML, PLAIN), (["text/plain"], ["text/html"], [])),
        (
            multipart("alternative", PLAIN, multipart("related", HTML, IMAGE)),
            (["text/plain"], ["text/html"], ["image/png"]),
        ),
        (
            multipart("related", multipart("alternative", PLAIN, HTML), IMAGE),
            (["text/plain"], ["text/html"], ["image/png"]),
        ),
        (
            multipart("related", IMAGE, HTML),  # the picture first
            ([], ["text/html"], ["image/png"]),
        ),
        (
            multipart("mixed", multipart("alternative", PLAIN, HTML), IMAGE),
            (["text/plain"], ["text/html"], []),
        ),
        (
            multipart("mixed", PLAIN, IMAGE, PLAIN),  # text, picture, text as some clients send
            (["text/plain", "text/plain"], [], []),
        ),
        (
            multipart("mixed", PLAIN, HTML),  # a list's footer in plain text
            (["text/plain"], ["text/plain", "text/html"], []),
        ),
        (
            multipart("signed", PLAIN, (b"Content-Type: application/pgp-signature\n\nx\n")),
            (["text/plain"], [], []),
        ),
        (
            multipart("mixed", b"Content-Type: text/plain\nContent-Disposition: attachment\n\nx\n"),
            ([], [], []),
        ),
        (
            multipart("mixed", PLAIN, b'Content-Type: text/plain; name="a.txt"\n\nx\n'),
            (["text/plain"], [], []),
        ),
        (
            multipart("mixed", PLAIN, (b"Content-Type: message/rfc822\n\nSubject: x\n\ninner\n")),
            (["text/plain"], [], []),
        ),
    ],
)
def test_the_right_parts_are_the_text(octets: bytes, expected: tuple[list[str], ...]) -> None:
    assert chosen(octets) == expected


def test_a_multipart_without_parts_is_shown_as_it_stands() -> None:
    octets = b"Content-Type: multipart/mixed; boundary=gone\n\nstill readable\n"
    assert Message.parse(octets).text == "still readable\n"


def test_the_charset_a_person_picks_beats_the_one_the_part_names() -> None:
    part = structure.parse(b"Content-Type: text/plain; charset=iso-8859-1\n\n\xd0\x9f\xd1\x80\n")
    assert text.of_part(part).text != "Пр\n"
    assert text.of_part(part, "utf-8").text == "Пр\n"


def test_html_names_its_charset_itself_where_the_header_does_not() -> None:
    octets = b'Content-Type: text/html\n\n<meta charset="windows-1251"><p>' + "Привет".encode(
        "cp1251"
    )
    assert "Привет" in text.of_part(structure.parse(octets)).text


def test_an_unknown_charset_is_a_defect_and_the_text_is_there() -> None:
    part = structure.parse(b"Content-Type: text/plain; charset=klingon\n\nGr\xc3\xbc\xc3\x9fe")
    read = text.of_part(part)
    assert (read.text, read.defects) == ("Grüße", (Defect.UNKNOWN_CHARSET,))


@pytest.mark.parametrize(
    ("flowed", "plain"),
    [
        # RFC 3676 sections 4.2 to 4.5 and 5.
        ("one \ntwo \nthree\nfour", "one two three\nfour"),
        (" From here\n  two spaces", "From here\n two spaces"),
        ("> quoted \n> goes on\n> new", "> quoted goes on\n> new"),
        (">> deep \n> not so deep", ">> deep \n> not so deep"),
        ("text \n> quote", "text \n> quote"),
        ("end. \n-- \nAnna", "end. \n-- \nAnna"),
        (">>quote without stuffing", ">> quote without stuffing"),
        ("> \n> a", "> \n> a"),
    ],
)
def test_format_flowed_is_undone(flowed: str, plain: str) -> None:
    assert text.unflow(flowed) == plain


def test_delsp_joins_without_a_space() -> None:
    assert text.unflow("日本 \n語", delete_space=True) == "日本語"


@given(
    st.lists(
        st.text("abc >-äFrom.", max_size=150).map(lambda line: line.rstrip(" ")), max_size=8
    ).map("\n".join)
)
def test_what_is_flowed_is_the_same_unflowed(plain: str) -> None:
    flowed = text.flow(plain)
    marks_spaced = "\n".join(_normal(line) for line in plain.split("\n"))
    assert "\n".join(_normal(line) for line in text.unflow(flowed).split("\n")) == marks_spaced


def _normal(line: str) -> str:
    """A line with its quote marks written as `unflow` writes them."""
    depth, content = text._quoted(line)
    return f"{'>' * depth} {content}".rstrip() if depth else line.rstrip()


def test_a_flowed_text_has_short_lines() -> None:
    flowed = text.flow("word " * 200 + "\n> " + "quoted " * 100)
    assert max(map(len, flowed.split("\n"))) <= 73
    assert all(line.startswith("> ") for line in flowed.split("\n") if "quoted" in line)


def test_quotes_and_the_signature_are_blocks() -> None:
    plain = "Hi,\n\n> one\n> two\n>> deep\nmine\n-- \nAnna\nStudio"
    assert text.blocks(plain) == [
        Block(Kind.TEXT, 0, "Hi,\n"),
        Block(Kind.QUOTE, 1, "one\ntwo"),
        Block(Kind.QUOTE, 2, "deep"),
        Block(Kind.TEXT, 0, "mine"),
        Block(Kind.SIGNATURE, 0, "Anna\nStudio"),
    ]


def test_a_message_copied_below_with_its_header_is_a_quote() -> None:
    plain = "Moin\n\nVon: Ben\nGesendet: Donnerstag\nAn: Mira\n\nOld text"
    found = text.blocks(plain)
    assert [(block.kind, block.depth) for block in found] == [(Kind.TEXT, 0), (Kind.QUOTE, 1)]
    assert found[1].text.startswith("Von: Ben")
    assert text.blocks("a\n-----Original Message-----\nb")[1].kind is Kind.QUOTE


def test_a_quoted_signature_and_an_escaped_from_are_neither() -> None:
    kinds = [block.kind for block in text.blocks("> -- \n> Anna\nmine\n>From here")]
    assert kinds == [Kind.QUOTE, Kind.TEXT]


def test_a_quote_leaves_the_signature_out_and_deepens_the_rest() -> None:
    assert text.quote("Hello\n\n> old\n-- \nAnna") == "> Hello\n>\n>> old"


@pytest.mark.parametrize(
    ("plain", "shown"),
    [
        ("Hello Anna,\n\nhow are you?", "Hello Anna, how are you?"),
        ("On Monday, Ben wrote:\n> old\n\nmy answer", "my answer"),
        ("Am 23.11.2026 um 08:00 schrieb Ben:\n> alt\nneu", "neu"),
        ("Ben <b@x> said:\n\n> old\nnew", "new"),
        ("short\n-- \nsignature", "short"),
        ("> only\n> a quote", "only a quote"),
        ("-----\n*****\ntext", "text"),
        ("日本\n語です", "日本語です"),
        ("a\u200b\u200cb \u00ad", "ab"),
        ("", ""),
    ],
)
def test_a_preview_is_the_writers_own_words(plain: str, shown: str) -> None:
    assert text.preview(plain) == shown


def test_a_preview_is_cut_at_a_word_and_finds_words_below_a_long_quote() -> None:
    long = text.preview("word " * 100)
    assert len(long) <= text.PREVIEW_CHARACTERS
    assert long.endswith("word…")
    assert text.preview("> quote\n" * 500 + "own words") == "own words"


@given(st.text(max_size=300))
def test_no_text_makes_it_raise(plain: str) -> None:
    assert "\n" not in text.preview(plain)
    assert len(text.preview(plain)) <= text.PREVIEW_CHARACTERS + 1
    text.blocks(plain)
    text.quote(plain)
    text.unflow(plain)
    text.from_html_fast(plain)


def test_html_for_the_index_is_its_words_alone() -> None:
    source = (
        "<title>t</title><style>p{}</style><p>One <b>two</b></p><div>three<br>four</div><sc"
        "ript>x</script>"
    )
    assert text.from_html_fast(source) == "One two\nthree\nfour"
