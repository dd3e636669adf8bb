import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.wire.errors import RemoteProtocolError
from desktopmail.wire.smtp.reply import (
    EnhancedCode,
    Reply,
    ReplyReader,
    reply,
)
from tests.helpers.splits import at, every_way


def read(pieces: list[bytes]) -> list[Reply]:
    reader = ReplyReader()
    replies = []
    for piece in pieces:
        reader.receive(piece)
        while (found := reader.next_reply()) is not None:
            replies.append(found)
    return replies


def test_the_multiline_reply_of_rfc_5321_section_4_2_1() -> None:
    octets = (
        b"250-First line\r\n250-Second line\r\n"
        b"250-234 Text beginning with numbers\r\n250 The last line\r\n"
    )
    wanted = Reply(
        250, ("First line", "Second line", "234 Text beginning with numbers", "The last line")
    )
    for pieces in every_way(octets):
        assert read(pieces) == [wanted]


def test_the_enhanced_codes_of_rfc_2034_section_6() -> None:
    octets = (
        b'550-5.1.1 Mailbox "nosuchuser" does not exist\r\n550 5.1.1 at all\r\n250 2.1.5 ok\r\n'
    )
    for pieces in every_way(octets):
        first, second = read(pieces)
        assert first.enhanced == EnhancedCode(5, 1, 1)
        assert first.lines == ('Mailbox "nosuchuser" does not exist', "at all")
        assert second == reply(250, "ok", "2.1.5")


def test_a_code_of_another_class_is_text() -> None:
    (answer,) = read([b"250 5.1.1 is not what it says\r\n"])
    assert answer.enhanced is None
    assert answer.text == "5.1.1 is not what it says"


def test_a_bare_code_and_a_bare_lf_are_read() -> None:
    assert read([b"250\r\n354 go\n"]) == [reply(250, ""), reply(354, "go")]


@pytest.mark.parametrize(
    "octets",
    [
        b"hello\r\n",
        b"25 ok\r\n",
        b"150 no\r\n",
        b"650 no\r\n",
        b"250x ok\r\n",
        b"250-a\r\n251 b\r\n",
        b"\r\n",
    ],
)
def test_what_is_no_reply_is_the_servers_fault(octets: bytes) -> None:
    for pieces in every_way(octets):
        with pytest.raises(RemoteProtocolError):
            read(pieces)


def test_an_endless_reply_line_ends_the_connection_in_bounded_memory() -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        read([b"2" * 1000] * 100)
    assert caught.value.limit == "MAX_REPLY_LINE_OCTETS"


def test_a_reply_of_endless_lines_ends_the_connection() -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        read([b"250-more\r\n"] * 1000)
    assert caught.value.limit == "MAX_REPLY_LINES"


def test_cr_lf_and_nul_in_a_text_never_end_a_line() -> None:
    octets = reply(550, "bad\r\n250 ok\r\nMAIL\0", "5.1.1").encode()
    assert octets == b"550 5.1.1 bad  250 ok  MAIL \r\n"


def test_long_texts_go_on_further_lines_of_at_most_512_octets() -> None:
    octets = reply(550, "wörd " * 400, "5.0.0").encode()
    assert all(len(line) <= 512 for line in octets.splitlines(keepends=True))
    (answer,) = read([octets])
    assert " ".join(answer.lines).split() == ["wörd"] * 400


def test_enhanced_codes_can_be_left_out() -> None:
    assert reply(250, "ok", "2.0.0").encode(enhanced=False) == b"250 ok\r\n"


def test_a_reply_knows_its_class() -> None:
    assert reply(250, "").positive
    assert reply(354, "").intermediate
    assert reply(451, "").temporary
    assert reply(550, "").permanent
    assert str(reply(550, "no", "5.1.1")) == "550 5.1.1 no"


def test_a_malformed_enhanced_code_is_refused() -> None:
    with pytest.raises(ValueError, match="enhanced"):
        EnhancedCode.parse("3.1.1")


LINES = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60).filter(
    lambda text: not text[:1].isdigit()
)


@given(
    code=st.integers(200, 599),
    lines=st.lists(LINES, min_size=1, max_size=5),
    detail=st.integers(0, 999),
    enhanced=st.booleans(),
    cuts=st.lists(st.integers(0, 1000)),
)
def test_reading_what_was_written_gives_the_same(
    code: int, lines: list[str], detail: int, enhanced: bool, cuts: list[int]
) -> None:
    has_code = enhanced and code // 100 in {2, 4, 5}
    written = Reply(code, tuple(lines), EnhancedCode(code // 100, 1, detail) if has_code else None)
    lines_read = tuple(line.lstrip(" ") if has_code else line for line in lines)
    (answer,) = read(at(written.encode(), cuts))
    assert answer == Reply(code, lines_read, written.enhanced)


@given(st.lists(st.binary(max_size=80)))
def test_octets_of_any_kind_raise_nothing_else(pieces: list[bytes]) -> None:
    try:
        replies = read(pieces)
    except RemoteProtocolError:
        return
    assert all(200 <= each.code < 600 for each in replies)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (reply(452, "too many"), True),
        (reply(452, "too many", "4.5.3"), True),
        (reply(552, "too many recipients", "5.5.3"), True),  # "SHOULD treat a 552 … as temporary"
        (reply(552, "too many recipients"), True),
        (reply(452, "mailbox full", "4.2.2"), False),
        (reply(552, "mailbox full", "5.2.2"), False),
        (reply(451, "try later", "4.5.3"), False),
    ],
)
def test_too_many_recipients_is_told_from_other_refusals(answer: Reply, expected: bool) -> None:
    # RFC 5321 section 4.5.3.1.10
    assert answer.too_many_recipients is expected


@pytest.mark.parametrize(
    ("line", "enhanced"),
    [
        (b"521 5.3.2 This host never accepts mail\r\n", EnhancedCode(5, 3, 2)),
        (b"556 5.1.10 Recipient address has null MX\r\n", EnhancedCode(5, 1, 10)),
    ],
)
def test_the_codes_of_rfc_7504_and_rfc_7505_are_for_good(
    line: bytes, enhanced: EnhancedCode
) -> None:
    for pieces in every_way(line):
        (found,) = read(pieces)
        assert found.permanent
        assert found.enhanced == enhanced
        assert found.encode() == line
