"""Users by the API."""

from __future__ import annotations

from tests.helpers.api import administered
from tests.helpers.imap_dialogue import connected


async def test_users_are_added_listed_and_removed() -> None:
    async with administered() as (server, client):
        async with client.put("/api/users/carol", json={"password": "new"}) as answer:
            assert await answer.json() == {"name": "carol", "address": "carol@localhost"}
        async with client.get("/api/users") as answer:
            assert [each["name"] for each in await answer.json()] == ["alice", "bob", "carol"]
        async with connected(server) as dialogue:
            assert (await dialogue.run("LOGIN carol new"))[-1].startswith("OK")
            async with client.get("/api/sessions") as answer:
                (session,) = await answer.json()
            assert (session["listener"], session["user"]) == ("imap", "carol")
        async with client.delete("/api/users/carol") as answer:
            assert answer.status == 200
        async with client.delete("/api/users/carol") as answer:
            assert answer.status == 409
        async with client.put("/api/users/a%2Fb", json={"password": "x"}) as answer:
            assert answer.status == 409
