"""Tasks that may not fail, for what speaks on a session bus."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktopmail.tasks import TaskScope

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def scope() -> AsyncIterator[TaskScope]:
    failed: list[Exception] = []
    async with TaskScope(lambda _name, error: failed.append(error)) as made:
        yield made
    assert failed == []
