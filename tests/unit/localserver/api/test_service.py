"""Who is let in."""

from __future__ import annotations

import socket

import pytest

from desktopmail.net.errors import ListenError
from localserver.config import Config
from localserver.local import LocalServer
from tests.helpers.api import administered


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Authorization": ""}, 401),
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Authorization": "Basic x"}, 401),
        ({"Host": "evil.example"}, 421),
        ({"Host": "evil.example:80"}, 421),
        ({"Host": "localhost:1"}, 200),
        ({"Origin": "http://localhost:1"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
async def test_token_host_and_origin_are_checked(headers: dict[str, str], status: int) -> None:
    async with (
        administered() as (_, client),
        client.get("/api/users", headers=headers) as answer,
    ):
        assert answer.status == status
        if status != 200:
            assert answer.content_type == "application/problem+json"
            assert (await answer.json())["detail"]


async def test_a_body_that_is_too_large_or_of_unknown_size_is_refused() -> None:
    async with administered() as (_, client):
        async with client.put("/api/users/carol", data=b"x" * 300_000) as answer:
            assert answer.status == 413

        async def endless() -> object:
            yield b"{}"

        async with client.put("/api/users/carol", data=endless()) as answer:
            assert answer.status == 411
        async with client.put("/api/users/carol", data=b"no json") as answer:
            assert answer.status == 400


@pytest.mark.parametrize(
    ("method", "path", "body", "detail"),
    [
        ("GET", "/api/users/alice/messages?mailbx=Sent", None,
         "'mailbx' is not known here, where mailbox, limit, before can be given."),
        ("GET", "/api/users?limit=1", None,
         "'limit' is not known here, where nothing can be given."),
        ("POST", "/api/wait", {"subjct": "Welcome"},
         "'subjct' is not known here, where to, subject, timeout_s can be given."),
        ("PUT", "/api/users/alice/quota", {}, "'quota_octets' is missing."),
    ],
)  # fmt: skip
async def test_a_value_that_is_not_known_or_missing_is_named(
    method: str, path: str, body: object, detail: str
) -> None:
    async with administered() as (_, client), client.request(method, path, json=body) as answer:
        assert answer.status == 400
        assert (await answer.json())["detail"] == detail


async def test_a_port_in_use_is_one_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        config = Config(listen={"api": port})
        with pytest.raises(ListenError, match=f"Port {port} on 127.0.0.1 is in use"):
            async with LocalServer({"alice": "s"}, config=config):
                pass


async def test_unknown_paths_and_methods_are_refused_in_json_too() -> None:
    async with administered() as (_, client):
        async with client.get("/api/nothing") as answer:
            assert answer.status == 404
            assert "no such path" in (await answer.json(content_type=None))["detail"]
        async with client.patch("/api/users") as answer:
            assert (answer.status, answer.headers["Allow"]) == (405, "GET")
            assert "GET" in (await answer.json(content_type=None))["detail"]
