"""Mailboxes and messages by the API."""

from __future__ import annotations

from tests.helpers.api import administered
from tests.helpers.imap_dialogue import mail


async def test_mailboxes_are_made_renamed_and_deleted() -> None:
    url = "/api/users/alice/mailboxes"
    async with administered() as (server, client):
        await server.deliver_async("alice", mail("Hello"))
        async with client.get(url) as answer:
            boxes = {each["name"]: each for each in await answer.json()}
        assert boxes["INBOX"]["messages"] == 1
        assert boxes["Sent"]["special_use"] == "\\Sent"
        async with client.put(f"{url}/Work%2FBills") as answer:
            assert (await answer.json())["name"] == "Work/Bills"
        async with client.put(f"{url}/Work%2FBills") as answer:
            assert answer.status == 409
        async with client.put(f"{url}/Odd", json={"special_use": "\\Odd"}) as answer:
            assert answer.status == 400
        async with client.patch(f"{url}/Work", json={"name": "Office"}) as answer:
            assert (await answer.json())["name"] == "Office"
        async with client.delete(f"{url}/Office%2FBills") as answer:
            assert answer.status == 200
        async with client.get(url) as answer:
            names = {each["name"] for each in await answer.json()}
        assert "Office" in names
        assert not names & {"Work", "Work/Bills", "Office/Bills"}


async def test_a_mailbox_gets_another_uidvalidity() -> None:
    async with administered() as (server, client):
        await server.deliver_async("alice", mail("Hello"))
        account = await server.server.store.account("alice")
        before = account.mailbox("INBOX").uidvalidity
        async with client.post("/api/users/alice/mailboxes/INBOX/uidvalidity") as answer:
            assert (await answer.json())["uidvalidity"] > before


async def test_what_does_not_exist_is_404() -> None:
    async with administered() as (_, client):
        for path in ("/api/users/nobody/mailboxes", "/api/users/alice/messages?mailbox=No",
                     "/api/users/alice/messages/x", "/api/users/alice/messages/9999999999999999999",
                     "/api/nothing"):  # fmt: skip
            async with client.get(path) as answer:
                assert answer.status == 404, path
