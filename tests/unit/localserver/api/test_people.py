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
        async with client.delete("/api/users/carol") as answer:
            assert answer.status == 200
        async with client.delete("/api/users/carol") as answer:
            assert answer.status == 409
        async with client.put("/api/users/a%2Fb", json={"password": "x"}) as answer:
            assert answer.status == 409


async def test_a_quota_counts_as_used_up_until_it_does_not() -> None:
    async with administered() as (server, client):
        for full, status in ((True, "NO [OVERQUOTA]"), (False, "OK")):
            async with client.put("/api/users/alice/full", json={"full": full}) as answer:
                assert await answer.json() == {"full": full}
            async with client.get("/api/users") as answer:
                assert (await answer.json())[0]["full"] is full
            async with connected(server) as dialogue:
                await dialogue.run("LOGIN alice secret")
                assert (await dialogue.run("APPEND INBOX {1+}\r\nx"))[-1].startswith(status)
        async with client.put("/api/users/alice/full", json={"full": "yes"}) as answer:
            assert answer.status == 400
        async with client.put("/api/users/nobody/full", json={"full": True}) as answer:
            assert answer.status == 404
