"""A password that a server repeats is not kept, in whatever form it stands there."""

from __future__ import annotations

import base64

import pytest

from desktopmail.engine.masking import HIDDEN, Masks, forms, hide, hide_text
from desktopmail.wire.secret import Secret

PASSWORD = "tanstaaf über"
MASKS = forms("alice", Secret(PASSWORD)).always


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
    assert forms("alice", Secret("a")) == Masks()


def test_a_quoted_one_is_hidden_too() -> None:
    masks = forms("alice", Secret('pa"ss\\word')).always
    assert hide(b'* BAD LOGIN alice "pa\\"ss\\\\word"', masks) == b'* BAD LOGIN alice "<password>"'


SAID = b"* OK The mail server of mailbox.example is ready, monkey; 12 Nov 2026\r\n"


@pytest.mark.parametrize("word", ["mail", "Mail", "server", "ready", "monkey", "2026"])
def test_a_word_of_ordinary_text_is_left_where_it_stands(word: str) -> None:
    """Blanked out it would tell what the password is, and nothing could be read any more."""
    assert hide(SAID, forms("alice", Secret(word)).always) == SAID


@pytest.mark.parametrize("word", ["mail", "server", "2026"])
def test_what_servers_say_by_themselves_is_not_blanked_out_at_a_login_either(word: str) -> None:
    assert hide(SAID, forms("alice", Secret(word)).every) == SAID


def test_a_word_that_servers_do_not_say_is_hidden_during_a_login() -> None:
    masks = forms("alice", Secret("tanstaaf"))
    assert hide(b"A1 NO what is tanstaaf?\r\n", masks.at_login) == b"A1 NO what is <password>?\r\n"
    assert masks.at_login[0] not in masks.always


@pytest.mark.parametrize(
    "said",
    [
        b"-ERR unknown: PASS mail",
        b"A1 BAD LOGIN alice mail",
        b'A1 BAD LOGIN "alice" "mail"',
        b'A1 BAD LOGIN alice "mail"',
        b"535 AUTH PLAIN " + base64.b64encode(b"\0alice\0mail"),
        b"334 " + base64.b64encode(b"mail"),
    ],
)
def test_a_login_that_is_repeated_is_hidden_though_the_password_is_a_word(said: bytes) -> None:
    hidden = hide(said, forms("alice", Secret("mail")).always)
    assert b"mail" not in hidden
    assert base64.b64encode(b"mail").rstrip(b"=") not in hidden
    assert hidden.rstrip(b"=").endswith(b"<password>")


@pytest.mark.parametrize("password", ["mail4", "correct horse", "26", "20261124", "a" * 17])
def test_what_is_no_word_is_hidden_everywhere_or_too_short_for_it(password: str) -> None:
    said = f"what is {password}?".encode()
    is_hidden = hide(said, forms("alice", Secret(password)).always) == b"what is <password>?"
    assert is_hidden is (len(password) >= 4)


@pytest.mark.parametrize("password", ["pass", "word", "password", "<pass"])
def test_what_stands_in_for_a_password_is_not_hidden_again(password: str) -> None:
    masks = forms("alice", Secret(password))
    said = b"-ERR what is PASS " + password.encode()
    assert hide(said, masks.every).endswith(b"<password>")
    assert b"<<" not in hide(said, masks.every)
