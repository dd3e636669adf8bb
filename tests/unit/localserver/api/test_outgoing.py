"""Captured mail and the queue by the API."""

from __future__ import annotations

from tests.helpers.api import administered
from tests.helpers.imap_dialogue import mail


async def test_captured_mail_is_listed_shown_and_cleared() -> None:
    async with administered() as (server, client):
        await server.server.store.capture("a@localhost", ["x@else.test"], mail("Away"))
        async with client.get("/api/captured") as answer:
            (row,) = await answer.json()
        assert row["recipients"] == ["x@else.test"]
        async with client.get("/api/captured/1?raw=1") as answer:
            assert await answer.read() == mail("Away")
        async with client.get("/api/captured/1") as answer:
            assert (await answer.json())["from"] == ["Carol <carol@example.org>"]
        async with client.delete("/api/captured") as answer:
            assert answer.status == 200
        async with client.get("/api/captured/1") as answer:
            assert answer.status == 404


async def test_a_capturing_server_has_an_empty_queue() -> None:
    async with administered() as (_, client):
        async with client.get("/api/queue") as answer:
            assert await answer.json() == []
        async with client.post("/api/queue/retry") as answer:
            assert await answer.json() == {"recipients": 0}
        async with client.post("/api/queue/retry", json={"id": "x"}) as answer:
            assert answer.status == 400
