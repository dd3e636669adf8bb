"""Each test begins and ends in English, whatever another one spoke."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktopmail.ui import language

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    language.choose_language("en")
    yield
    language.choose_language("en")
