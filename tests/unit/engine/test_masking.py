"""A password that a server repeats is not kept, in whatever form it stands there."""

from __future__ import annotations

import base64

import pytest

from desktopmail.engine.masking import HIDDEN, forms, hide, hide_text
from desktopmail.wire.secret import Secret

PASSWORD = "tanstaaf über"
MASKS = forms("alice", Secret(PASSWORD))


@pytest.mark.parametrize(
    "said",
    [
        PASSWORD.encode(),
        base64.b64encode(PASSWORD.encode()),
        base64.b64encode(f"\0alice\0{PASSWORD}".encode()),
        base64.b64encode(f"alice\0alice\0{PASSWORD}".encode()),
    ],
)
def test_each_form_is_hidden(said: bytes) -> None:
    answer = b"* BAD what is " + said + b"?\r\n"
    hidden = hide(answer, MASKS)
    assert said not in hidden
    assert HIDDEN.encode() in hidden


def test_text_is_treated_like_octets() -> None:
    assert hide_text(f"refused: PASS {PASSWORD}", MASKS) == f"refused: PASS {HIDDEN}"
    assert hide_text("nothing to hide", MASKS) == "nothing to hide"


def test_one_that_is_too_short_hides_nothing() -> None:
    assert forms("alice", Secret("a")) == ()


def test_a_quoted_one_is_hidden_too() -> None:
    masks = forms("alice", Secret('pa"ss\\word'))
    assert hide(b'* BAD LOGIN alice "pa\\"ss\\\\word"', masks) == b'* BAD LOGIN alice "<password>"'
