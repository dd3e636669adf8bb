"""The server itself, by the API."""

from __future__ import annotations

import asyncio

from tests.helpers.api import administered


async def test_the_server_tells_ports_certificate_and_what_it_was_told() -> None:
    async with administered() as (server, client), client.get("/api/server") as answer:
        shown = await answer.json()
        assert shown["ports"] == server.ports
        assert "localhost" in shown["certificate"]["names"]
        assert shown["certificate"]["not_after"] > shown["started"]
        assert len(shown["certificate"]["sha256"]) == 64
        assert shown["data"] is None
        assert shown["may_stop"] is False


async def test_a_server_is_stopped_where_somebody_waits_for_it() -> None:
    async with administered() as (server, client):
        async with client.post("/api/server/stop") as answer:
            assert answer.status == 409
        server.server.stopping = asyncio.Event()
        async with client.post("/api/server/stop") as answer:
            assert answer.status == 200
        assert server.server.stopping.is_set()
