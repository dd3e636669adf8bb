"""The table of routes."""

from __future__ import annotations

import re

from localserver.api.routes import ROUTES


def test_every_route_has_one_handler_that_says_what_it_does() -> None:
    for route in ROUTES:
        assert re.fullmatch(r"[A-Z].*[.,]", route.summary), route
        assert set(route.needed) <= set(route.body or {}), route
    handlers = [route.handler for route in ROUTES]
    assert len(handlers) == len(set(handlers))
    named = [(route.method, route.path) for route in ROUTES]
    assert len(named) == len(set(named))
