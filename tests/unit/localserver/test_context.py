"""What every session is given."""

from __future__ import annotations

import dataclasses

import pytest

from localserver.local import LocalServer


async def test_a_session_cannot_change_what_it_is_given() -> None:
    async with LocalServer({"alice": "s"}) as server:
        context = server.server.context
        assert context.data is None
        with pytest.raises(dataclasses.FrozenInstanceError):
            context.config = None  # type: ignore[misc, assignment]
