"""Errors of the store."""

from __future__ import annotations

import inspect

from localserver.store import errors


def test_every_error_is_one_of_the_store_and_says_what_a_session_answers() -> None:
    kinds = [kind for _, kind in inspect.getmembers(errors, inspect.isclass)]
    assert len(kinds) > 8
    for kind in kinds:
        assert issubclass(kind, errors.StoreError)
        assert kind.__doc__
