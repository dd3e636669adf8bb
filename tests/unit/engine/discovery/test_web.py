"""Where a password goes is never asked in the clear, and a server that is not there is no error."""

from __future__ import annotations

import pytest

from desktopmail.engine.discovery import web


@pytest.mark.parametrize("url", ["http://example.org/x", "ftp://example.org", "file:///etc/passwd"])
async def test_only_https_is_fetched(url: str) -> None:
    with pytest.raises(ValueError, match="in the clear"):
        await web.fetch(url, 10)


async def test_what_is_not_there_is_none() -> None:
    assert await web.fetch("https://127.0.0.1:1/x", 10) is None
