"""Users by the API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.helpers.api import administered
from tests.helpers.imap_dialogue import connected

if TYPE_CHECKING:
    from pathlib import Path


async def test_users_are_added_listed_and_removed() -> None:
    async with administered() as (server, client):
        async with client.put("/api/users/carol", json={"password": "new"}) as answer:
            assert await answer.json() == {
                "name": "carol", "address": "carol@localhost", "kept": False,
            }  # fmt: skip
        async with client.put("/api/users/carol", json={"password": "x", "new": True}) as answer:
            assert answer.status == 409
            assert (await answer.json())["detail"] == "There is a user 'carol' already."
        async with client.put("/api/users/carol", json={"password": "x", "new": 1}) as answer:
            assert answer.status == 400
        async with client.get("/api/users") as answer:
            assert [each["name"] for each in await answer.json()] == ["alice", "bob", "carol"]
        async with connected(server) as dialogue:
            assert (await dialogue.run("LOGIN carol new"))[-1].startswith("OK")
        async with client.delete("/api/users/carol") as answer:
            assert answer.status == 200
        async with client.delete("/api/users/carol") as answer:
            assert answer.status == 404
        async with client.put("/api/users/a%2Fb", json={"password": "x"}) as answer:
            assert answer.status == 409


async def test_a_user_is_given_a_quota_and_a_secret_at_rest(tmp_path: Path) -> None:
    async with administered(data=tmp_path) as (server, client):
        async with client.put("/api/users/carol", json={"password": "new"}) as answer:
            assert (await answer.json())["kept"] is True
        for quota, status in ((10, "NO [OVERQUOTA]"), (None, "OK")):
            where, body = "/api/users/carol/quota", {"quota_octets": quota}
            async with client.put(where, json=body) as answer:
                assert await answer.json() == body
            async with connected(server) as dialogue:
                await dialogue.run("LOGIN carol new")
                answered = await dialogue.run("APPEND INBOX {11+}\r\n" + "x" * 11)
                assert answered[-1].startswith(status)
        for wrong, expected in ((0, 409), (1 << 63, 409), ("1", 400), (True, 400)):
            async with client.put(where, json={"quota_octets": wrong}) as answer:
                assert answer.status == expected
        async with client.post("/api/users/carol/application") as answer:
            secret = (await answer.json())["application"]
        assert server.server.context.users.secret("carol") == secret.encode()
        async with client.delete("/api/users/carol/application") as answer:
            assert answer.status == 200
        assert server.server.context.users.secret("carol") is None
        async with client.post("/api/users/alice/application") as answer:
            assert answer.status == 409
        async with client.get("/api/users") as answer:
            told = {each["name"]: (each["apop"], each["kept"]) for each in await answer.json()}
        assert told == {"alice": (True, False), "bob": (True, False), "carol": (False, True)}


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
