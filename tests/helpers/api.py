"""A running server with its administration API, and a client with the token."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import aiohttp

from localserver.local import LocalServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from localserver.config import Config


@asynccontextmanager
async def administered(
    config: Config | None = None, *, data: Path | None = None
) -> AsyncIterator[tuple[LocalServer, aiohttp.ClientSession]]:
    users = {"alice": "secret", "bob": "other"}
    async with LocalServer(users, config=config, data=data, api=True) as server:
        headers = {"Authorization": f"Bearer {server.token}"}
        url = f"http://127.0.0.1:{server.ports['api']}"
        async with aiohttp.ClientSession(url, headers=headers) as client:
            yield server, client
