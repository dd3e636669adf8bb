"""Refusals as JSON."""

from __future__ import annotations

import json

from localserver.api.problem import ProblemError, problem


def test_status_and_sentence_are_in_the_body() -> None:
    response = problem(ProblemError(404, "There is nothing."))
    assert response.status == 404
    assert isinstance(response.body, bytes)
    assert json.loads(response.body) == {"status": 404, "detail": "There is nothing."}
