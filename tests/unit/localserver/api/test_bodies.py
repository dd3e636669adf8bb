"""Values of requests."""

from __future__ import annotations

import pytest

from localserver.api.bodies import text
from localserver.api.problem import ProblemError


def test_a_text_that_is_missing_or_none_is_named() -> None:
    assert text({"a": "b"}, "a") == "b"
    assert text({}, "a", default="") == ""
    with pytest.raises(ProblemError, match="'a'"):
        text({}, "a")
    with pytest.raises(ProblemError, match="'a'"):
        text({"a": 1}, "a")
