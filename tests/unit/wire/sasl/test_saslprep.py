import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from desktopmail.wire.sasl.saslprep import saslprep


@pytest.mark.parametrize(
    ("typed", "prepared"),
    [
        ("I\u00adX", "IX"),  # SOFT HYPHEN mapped to nothing
        ("user", "user"),  # no transformation
        ("USER", "USER"),  # case preserved, will not match #2
        ("\u00aa", "a"),  # output is NFKC, input in ISO 8859-1
        ("\u2168", "IX"),  # output is NFKC, will match #1
        ("a\u00a0b", "a b"),
    ],
)
def test_the_examples_of_rfc_4013_section_3(typed: str, prepared: str) -> None:
    assert saslprep(typed) == prepared


@pytest.mark.parametrize(
    ("typed", "word"),
    [("\u0007", "U+0007"), ("\u0627\u0031", "right-to-left"), ("\u0627a\u0627", "mixed")],
)
def test_the_refusals_of_rfc_4013_section_3(typed: str, word: str) -> None:
    with pytest.raises(ValueError, match=word.replace("+", r"\+")):
        saslprep(typed)


def test_unassigned_code_points_are_refused_only_in_what_a_server_keeps() -> None:
    assert saslprep("pass\U0001f511") == "pass\U0001f511"
    with pytest.raises(ValueError, match="unassigned"):
        saslprep("pass\U0001f511", stored=True)


@given(st.text())
def test_preparing_twice_changes_nothing_more(typed: str) -> None:
    try:
        once = saslprep(typed)
    except ValueError:
        assume(condition=False)
        return
    assert saslprep(once) == once


@given(st.text(min_size=3))
def test_a_refusal_never_shows_the_text(typed: str) -> None:
    secret = typed + "\x07"
    with pytest.raises(ValueError, match=r"U\+[0-9A-F]{4}") as caught:
        saslprep(secret)
    assert secret not in str(caught.value)
