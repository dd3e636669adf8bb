"""Values of a filter's table."""

from __future__ import annotations

import math

import pytest

from localserver.submission.filter_table import ValueOfKeyError, choice, number, text, texts


def test_what_is_not_there_has_its_default() -> None:
    assert text({}, "a", "x") == "x"
    assert choice({}, "a", "x", ("x", "y")) == "x"
    assert number({}, "a", 2) == 2
    assert texts({}, "a", ("x",)) == ["x"]


@pytest.mark.parametrize("value", [True, "5", math.nan, math.inf, 0, -1])
def test_a_number_is_above_nothing_and_finite(value: object) -> None:
    with pytest.raises(ValueOfKeyError, match=r"^most ") as caught:
        number({"most": value}, "most", 1)
    assert caught.value.key == "most"


def test_other_values_are_named_by_their_key() -> None:
    with pytest.raises(ValueOfKeyError, match="on 'moon' is none of smtp, both"):
        choice({"on": "moon"}, "on", "both", ("smtp", "both"))
    with pytest.raises(ValueOfKeyError, match="field takes text"):
        text({"field": 3}, "field", "")
    with pytest.raises(ValueOfKeyError, match="names takes a list of texts"):
        texts({"names": "*.exe"}, "names", ())
    with pytest.raises(ValueOfKeyError, match="names takes a list of texts"):
        texts({"names": [1]}, "names", ())
