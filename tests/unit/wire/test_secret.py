"""A secret never prints itself."""

from __future__ import annotations

import pickle

import pytest

from desktopmail.wire.secret import Secret

TEXT = "tanstaaf"


@pytest.mark.parametrize(
    "show",
    [repr, str, "{}".format, "{!r}".format, "{:>20}".format, lambda secret: f"{secret}"],
)
def test_no_way_of_printing_shows_it(show: object) -> None:
    assert TEXT not in show(Secret(TEXT))  # type: ignore[operator]


def test_it_reveals_its_text_when_asked() -> None:
    assert Secret(TEXT).reveal() == TEXT


def test_it_is_not_pickled() -> None:
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(Secret(TEXT))


def test_equal_texts_are_equal_secrets() -> None:
    assert Secret(TEXT) == Secret(TEXT)
    assert Secret(TEXT) != Secret("other")
    assert Secret(TEXT) != TEXT
    assert len({Secret(TEXT), Secret(TEXT)}) == 1


def test_an_empty_secret_is_false() -> None:
    assert not Secret("")
    assert Secret(TEXT)
