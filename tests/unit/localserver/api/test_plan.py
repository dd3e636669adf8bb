"""Fault plans by the API."""

from __future__ import annotations

from tests.helpers.api import administered
from tests.helpers.imap_dialogue import connected


async def test_a_plan_is_replaced_while_the_server_runs() -> None:
    async with administered() as (server, client):
        plan = {"faults": [{"protocol": "imap", "command": "NOOP", "reply": "NO later"}]}
        async with client.put("/api/faults", json=plan) as answer:
            assert await answer.json() == {"faults": 1}
        async with connected(server) as dialogue:
            assert await dialogue.run("NOOP") == ["NO later"]
        async with client.get("/api/faults") as answer:
            (row,) = await answer.json()
        assert row["reply"] == "NO later"
        async with client.put("/api/faults", json={"faults": [{"nonsense": 1}]}) as answer:
            assert answer.status == 400
            assert "nonsense" in (await answer.json())["detail"]


async def test_capabilities_name_ports_and_what_is_off() -> None:
    async with administered() as (server, client), client.get("/api/capabilities") as answer:
        shown = await answer.json()
        assert shown["ports"]["imap"] == server.ports["imap"]
        assert shown["without"] == []
