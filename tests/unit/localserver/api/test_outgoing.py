"""Captured mail and the queue by the API."""

from __future__ import annotations

import socket

from localserver.config import Config
from localserver.queue.outbound import Outgoing, OutgoingRecipient
from tests.helpers.api import administered
from tests.helpers.imap_dialogue import mail


async def test_captured_mail_is_listed_shown_and_cleared() -> None:
    async with administered() as (server, client):
        await server.server.store.capture("a@localhost", ["x@else.test"], mail("Away"))
        async with client.get("/api/captured") as answer:
            (row,) = await answer.json()
        assert (row["recipients"], row["subject"]) == (["x@else.test"], "Away")
        async with client.get("/api/captured/1?raw=1") as answer:
            assert await answer.read() == mail("Away")
        async with client.get("/api/captured/1") as answer:
            shown = await answer.json()
        assert shown["from"] == ["Carol <carol@example.org>"]
        assert shown["recipients"] == ["x@else.test"]
        await server.server.store.capture("a@localhost", ["y@else.test"], mail("Second"))
        async with client.delete("/api/captured/2") as answer:
            assert answer.status == 200
        async with client.delete("/api/captured/2") as answer:
            assert answer.status == 404
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


async def test_a_waiting_message_is_shown_retried_and_dropped_with_a_report() -> None:
    # Nothing listens there: the message stays in the queue.
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        config = Config(relay=f"smarthost=127.0.0.1:{port}")
        async with administered(config) as (server, client):
            outbound = server.server.context.outbound
            assert outbound is not None
            to = (OutgoingRecipient("x@else.test"),)
            await outbound.submit(Outgoing("id1", "alice@localhost", to, mail("Waits"), hold=True))
            async with client.get("/api/queue") as answer:
                (row,) = await answer.json()
            assert (row["recipient"], row["held"]) == ("x@else.test", True)
            async with client.get("/api/queue/1") as answer:
                assert (await answer.json())["text"].strip() == "A body."
            async with client.get("/api/queue/1?raw=1") as answer:
                assert await answer.read() == mail("Waits")
            async with client.post("/api/queue/retry", json={"id": 1}) as answer:
                assert await answer.json() == {"recipients": 1}
            async with client.delete("/api/queue/1?bounce=1") as answer:
                assert await answer.json() == {"recipients": 1}
            for request in (client.get, client.delete):
                async with request("/api/queue/1") as answer:
                    assert answer.status == 404
            report = await server.wait_for_async(to="alice")
            assert "x@else.test" in report.text
