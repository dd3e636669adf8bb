"""What happens, by the API."""

from __future__ import annotations

import asyncio
import json

from tests.helpers.api import administered
from tests.helpers.imap_dialogue import connected, mail


async def test_arrivals_are_told_as_they_happen() -> None:
    async with administered() as (server, client), client.get("/api/events") as answer:
        assert answer.content_type == "text/event-stream"
        assert await answer.content.readuntil(b"\n\n") == b": connected\n\n"
        await server.deliver_async("alice", mail("Now"))
        async with asyncio.timeout(5):
            event = await answer.content.readuntil(b"\n\n")
        name, data = event.decode().strip().split("\n")
        assert name == "event: arrival"
        assert json.loads(data.removeprefix("data: "))["user"] == "alice"


async def test_the_transcript_is_told_from_a_record_on() -> None:
    async with administered() as (server, client):
        async with connected(server) as dialogue:
            await dialogue.run("LOGIN alice secret")
        async with client.get("/api/transcript?protocol=imap") as answer:
            records = await answer.json()
        assert any("LOGIN alice <password>" in each["text"] for each in records)
        last = records[-1]["number"]
        async with client.get(f"/api/transcript?after={last}") as answer:
            assert await answer.json() == []
        async with client.get("/api/transcript?after=x") as answer:
            assert answer.status == 400


async def test_waiting_ends_when_the_message_comes_or_the_time_is_over() -> None:
    async with administered() as (server, client):
        wanted = {"to": "alice@localhost", "subject": "soon", "timeout_s": 5}

        async def wait() -> dict[str, object]:
            async with client.post("/api/wait", json=wanted) as answer:
                found: dict[str, object] = await answer.json()
                return found

        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(wait())
            await asyncio.sleep(0.05)
            await server.deliver_async("alice", mail("it comes soon"))
        assert waiting.result() == {"user": "alice", "mailbox": "INBOX", "uid": 1}
        async with client.post("/api/wait", json={"subject": "never", "timeout_s": 0.05}) as answer:
            assert answer.status == 408
        async with client.post("/api/wait", json={"timeout_s": 1e9}) as answer:
            assert answer.status == 400


async def test_reset_makes_the_server_as_new() -> None:
    async with administered() as (server, client):
        await server.deliver_async("alice", mail("old"))
        async with client.post("/api/reset") as answer:
            assert answer.status == 200
        assert await server.messages_async("alice") == []
