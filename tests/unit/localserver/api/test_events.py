"""What happens, by the API."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from localserver.changes import KINDS
from localserver.faults import Fault
from tests.helpers.api import administered
from tests.helpers.imap_dialogue import connected, mail

if TYPE_CHECKING:
    from aiohttp import ClientSession


async def test_arrivals_are_told_as_they_happen() -> None:
    async with (
        administered() as (server, client),
        client.get("/api/events?kinds=arrival") as answer,
    ):
        assert answer.content_type == "text/event-stream"
        assert await answer.content.readuntil(b"\n\n") == b": connected\n\n"
        await server.deliver_async("alice", mail("Now"))
        async with asyncio.timeout(5):
            event = await answer.content.readuntil(b"\n\n")
        name, data = event.decode().strip().split("\n")
        assert name == "event: arrival"
        assert json.loads(data.removeprefix("data: "))["user"] == "alice"


async def test_every_kind_of_change_is_told() -> None:
    async with administered() as (server, client):
        kinds = ",".join(sorted(KINDS))
        async with client.get(f"/api/events?kinds={kinds}") as stream:
            assert await stream.content.readuntil(b"\n\n") == b": connected\n\n"
            async with connected(server) as dialogue:
                await dialogue.run("LOGIN alice secret")
                await dialogue.run("CREATE Lists")
                await server.deliver_async("alice", mail("Now"), mailbox="Lists")
                await server.server.store.capture("a@localhost", ["x@else.test"], mail("Away"))
                async with client.put("/api/users/carol", json={"password": "new"}):
                    pass
                fault = {"faults": [{"command": "NOOP", "reply": "NO"}]}
                async with client.post("/api/faults", json=fault):
                    pass
                await dialogue.run("NOOP")
                async with client.put("/api/capabilities", json={"without": ["IDLE"]}):
                    pass
            async with client.post("/api/reset"):
                pass
            told: dict[str, list[dict[str, object]]] = {}
            async with asyncio.timeout(5):
                while "reset" not in told:
                    name, data = (await stream.content.readuntil(b"\n\n")).decode().split("\n")[:2]
                    kind = name.removeprefix("event: ")
                    told.setdefault(kind, []).append(json.loads(data.removeprefix("data: ")))
        assert told.keys() == KINDS.keys() - {"queue"}  # this server captures
        assert [each["state"] for each in told["session"]] == ["connected", "logged in", "gone"]
        assert {"user": "alice", "mailbox": "Lists"} in told["mailbox"]
        assert told["captured"][0] == {"number": 1}
        assert told["user"][0] == {"name": "carol"}
        assert told["fault"][0]["command"] == "NOOP"
        assert told["capabilities"][0] == {"without": ["IDLE"]}


async def test_only_the_kinds_that_were_asked_for_are_told() -> None:
    async with administered() as (server, client):
        async with client.get("/api/events?kinds=arrival") as stream:
            await stream.content.readuntil(b"\n\n")
            await server.deliver_async("alice", mail("Now"))
            async with asyncio.timeout(5):
                assert (await stream.content.readuntil(b"\n")) == b"event: arrival\n"
        async with client.get("/api/events?kinds=nonsense") as stream:
            assert stream.status == 400


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
        async with client.delete("/api/transcript") as answer:
            assert answer.status == 200
        async with client.get("/api/transcript") as answer:
            assert await answer.json() == []
        for query in ("after=x", "after=1.5", "protocol=", "protocol=IMAP"):
            async with client.get(f"/api/transcript?{query}") as answer:
                assert answer.status == 400
        async with client.get("/api/transcript?protocol=zz") as answer:
            assert answer.status == 400
            told = (await answer.json())["detail"]
        assert told == "'zz' is none of the protocols: smtp, submission, pop3, imap."


async def waited_for(client: ClientSession, wanted: dict[str, object]) -> dict[str, object]:
    async with client.post("/api/wait", json=wanted) as answer:
        found: dict[str, object] = await answer.json()
        return found


async def test_waiting_ends_when_the_message_comes_or_the_time_is_over() -> None:
    async with administered() as (server, client):
        wanted = {"to": "alice@localhost", "subject": "soon", "timeout_s": 5}

        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(waited_for(client, wanted))
            await asyncio.sleep(0.05)
            await server.deliver_async("alice", mail("it comes soon"))
        assert waiting.result() == {"user": "alice", "mailbox": "INBOX", "uid": 1}
        async with client.post("/api/wait", json={"subject": "never", "timeout_s": 0.05}) as answer:
            assert answer.status == 408
            there = (await answer.json())["detail"]
            assert there == "No such message came in 0.05 s; there is: 'it comes soon'."
        wanted = {"to": "bob", "timeout_s": 0}
        async with client.post("/api/wait", json=wanted) as answer:
            assert (await answer.json())["detail"].endswith("there is: nothing at all.")
        async with client.post("/api/wait", json={"timeout_s": 1e9}) as answer:
            assert answer.status == 400


async def test_captured_mail_is_waited_for_by_its_address_elsewhere() -> None:
    async with administered() as (server, client):
        wanted = {"to": "x@else.test", "subject": "Away", "timeout_s": 5}

        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(waited_for(client, wanted))
            await asyncio.sleep(0.05)
            await server.server.store.capture("a@localhost", ["y@else.test"], mail("Away"))
            await server.server.store.capture("a@localhost", ["x@else.test"], mail("Away"))
        assert waiting.result() == {"captured": 2}
        assert await waited_for(client, wanted) == {"captured": 2}


async def test_a_message_that_is_there_already_is_found_in_any_mailbox() -> None:
    async with administered() as (server, client):
        for number in range(130):
            await server.deliver_async("bob", mail(f"Number {number}."), mailbox="Archive")
        async with client.post("/api/wait", json={"subject": "Number 3."}) as answer:
            assert await answer.json() == {"user": "bob", "mailbox": "Archive", "uid": 4}
        wanted = {"to": "alice", "subject": "Number 3.", "timeout_s": 0}
        async with client.post("/api/wait", json=wanted) as answer:
            assert answer.status == 408


async def test_reset_makes_the_server_as_new() -> None:
    async with administered() as (server, client):
        await server.deliver_async("alice", mail("old"))
        await server.deliver_async("alice", mail("old"), mailbox="Lists/Python")
        await server.server.store.capture("a@localhost", ["x@else.test"], mail("Away"))
        server.server.store.set_full("alice", full=True)
        server.add_fault(Fault(command="NOOP", drop=True))
        server.server.context.faults.switch_off({"IDLE"})
        async with client.post("/api/reset") as answer:
            assert answer.status == 200
        assert await server.messages_async("alice") == []
        account = await server.server.store.account("alice")
        assert "Lists/Python" not in {box.name for box in account.mailboxes()}
        assert server.server.store.captured() == []
        assert not server.server.store.is_full("alice")
        assert server.server.context.faults.plan == []
        assert not server.server.context.faults.without
