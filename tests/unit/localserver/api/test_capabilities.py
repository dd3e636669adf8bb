"""Capabilities switched at run time."""

from __future__ import annotations

from tests.helpers.api import administered
from tests.helpers.imap_dialogue import connected


async def test_capabilities_go_and_come_back_while_a_session_is_open() -> None:
    async with administered() as (server, client), connected(server) as dialogue:
        await dialogue.run("LOGIN alice secret")
        for without, offered in ((["idle", "MOVE"], False), ([], True)):
            async with client.put("/api/capabilities", json={"without": without}) as answer:
                assert answer.status == 200
            (line, _) = await dialogue.run("CAPABILITY")
            assert ("IDLE" in line.split(), "MOVE" in line.split()) == (offered, offered)
        async with client.get("/api/capabilities") as answer:
            shown = await answer.json()
        assert shown["without"] == []
        assert "IDLE" in shown["known"]["imap"]
        assert "CHUNKING" in shown["known"]["smtp"]
        assert "APOP" in shown["known"]["pop3"]


async def test_what_cannot_be_switched_is_refused() -> None:
    async with administered() as (_, client):
        for without, status in ((["NONSENSE"], 400), ("IDLE", 400), (["tls"], 409)):
            async with client.put("/api/capabilities", json={"without": without}) as answer:
                assert answer.status == status, without
