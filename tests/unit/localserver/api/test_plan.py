"""Fault plans by the API."""

from __future__ import annotations

from desktopmail.net.dial import TcpDialer
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


async def test_faults_are_added_counted_and_cleared() -> None:
    async with administered() as (server, client):
        added = {"faults": [{"protocol": "imap", "command": "NOOP", "reply": "NO one", "nth": 2}]}
        async with client.post("/api/faults", json=added) as answer:
            assert await answer.json() == {"faults": 1}
        async with connected(server) as dialogue:
            assert [(await dialogue.run("NOOP"))[-1][:2] for _ in range(3)] == ["OK", "NO", "OK"]
        async with client.get("/api/faults") as answer:
            (row,) = await answer.json()
        assert (row["seen"], row["hits"], row["spent"]) == (3, 1, True)
        async with client.delete("/api/faults") as answer:
            assert answer.status == 200
        async with client.get("/api/faults") as answer:
            assert await answer.json() == []


async def test_ready_made_faults_are_listed_and_added_by_name() -> None:
    async with administered() as (server, client):
        async with client.get("/api/faults/presets") as answer:
            presets = {each["name"]: each for each in await answer.json()}
        assert presets["lost-reply"]["faults"] == [
            {"protocol": "submission", "command": "END-OF-DATA", "cut": 0}
        ]
        async with client.post("/api/faults", json={"preset": "bye"}) as answer:
            assert answer.status == 200
        stream = await TcpDialer().dial("127.0.0.1", server.ports["imap"])
        assert (await stream.read()).startswith(b"* BYE")
        await stream.aclose()
        async with client.post("/api/faults", json={"preset": "none such"}) as answer:
            assert answer.status == 400
        # What the list tells can be sent back as it is.
        every = [fault for each in presets.values() for fault in each["faults"]]
        async with client.put("/api/faults", json={"faults": every}) as answer:
            assert await answer.json() == {"faults": len(every)}
