import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.wire.smtp.parameters import (
    CommandError,
    decode_xtext,
    encode_parameters,
    encode_xtext,
    flag,
    parse_parameters,
)


def test_parameters_are_read() -> None:
    assert parse_parameters("SIZE=1000 body=8BITMIME  SMTPUTF8") == {
        "SIZE": "1000",
        "BODY": "8BITMIME",
        "SMTPUTF8": None,
    }


@pytest.mark.parametrize("text", ["=x", "SIZE=", "A=b=c", "A=b c\x01", "-A=b", "A=1 a=2"])
def test_malformed_and_repeated_parameters_are_refused(text: str) -> None:
    with pytest.raises(CommandError) as caught:
        parse_parameters(text)
    assert caught.value.reply.code == 501
    assert str(caught.value.reply.enhanced) == "5.5.4"


def test_xtext_of_rfc_3461_section_4() -> None:
    assert encode_xtext("QQ314159") == "QQ314159"
    assert encode_xtext("Bob+Smith=x y") == "Bob+2BSmith+3Dx+20y"
    assert decode_xtext("Bob+2BSmith+3Dx+20y") == "Bob+Smith=x y"


@pytest.mark.parametrize("xtext", ["a+", "a+2", "a+2b", "a=b", "a b", "+0D+0A", "+00", "+FF", "ä"])
def test_what_is_no_xtext_or_smuggles_a_line_end_is_refused(xtext: str) -> None:
    with pytest.raises(ValueError, match="xtext"):
        decode_xtext(xtext)


def test_xtext_carries_ascii_only() -> None:
    with pytest.raises(ValueError, match="ASCII"):
        encode_xtext("ä")


def test_a_flag_takes_no_value() -> None:
    assert flag("SMTPUTF8", None)
    with pytest.raises(CommandError):
        flag("SMTPUTF8", "1")


@given(st.text(st.characters(min_codepoint=1, max_codepoint=126, exclude_characters="\r\n")))
def test_xtext_comes_back(text: str) -> None:
    xtext = encode_xtext(text)
    assert decode_xtext(xtext) == text
    assert all("!" <= char <= "~" for char in xtext)


@given(
    st.dictionaries(
        st.from_regex(r"[A-Z0-9][A-Z0-9-]{0,8}", fullmatch=True),
        st.none() | st.from_regex(r"[!-<>-~]{1,10}", fullmatch=True),
    )
)
def test_parameters_come_back(parameters: dict[str, str | None]) -> None:
    assert parse_parameters(encode_parameters(parameters)) == parameters


@given(st.text(max_size=60))
def test_any_text_raises_nothing_but_command_errors(text: str) -> None:
    try:
        found = parse_parameters(text)
    except CommandError as error:
        refusal = error.reply
    else:
        refusal = None
        assert isinstance(found, dict)
    assert refusal is None or refusal.code == 501
