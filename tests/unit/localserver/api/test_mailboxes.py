"""Mailboxes and messages by the API."""

from __future__ import annotations

from tests.helpers.api import administered
from tests.helpers.imap_dialogue import mail


async def test_messages_are_added_listed_shown_and_removed() -> None:
    octets = mail("Hello")
    async with administered() as (_, client):
        url = "/api/users/alice/messages"
        async with client.post(f"{url}?flags=%5CSeen", data=octets) as answer:
            assert (await answer.json())["uid"] == 1
        async with client.get(url) as answer:
            (row,) = await answer.json()
        assert (row["subject"], row["flags"]) == ("Hello", ["\\Seen"])
        async with client.get(f"{url}/1") as answer:
            shown = await answer.json()
        assert shown["text"].strip() == "A body."
        assert shown["to"] == ["alice@localhost"]
        async with client.get(f"{url}/1?raw=1") as answer:
            assert answer.content_type == "message/rfc822"
            assert await answer.read() == octets
        async with client.get("/api/users/alice/mailboxes") as answer:
            boxes = {each["name"]: each for each in await answer.json()}
        assert boxes["INBOX"]["messages"] == 1
        assert boxes["Sent"]["special_use"] == "\\Sent"
        async with client.delete(f"{url}/1") as answer:
            assert answer.status == 200
        async with client.get(f"{url}/1") as answer:
            assert answer.status == 404


async def test_what_does_not_exist_is_404() -> None:
    async with administered() as (_, client):
        for path in ("/api/users/nobody/mailboxes", "/api/users/alice/messages?mailbox=No",
                     "/api/users/alice/messages/x", "/api/nothing"):  # fmt: skip
            async with client.get(path) as answer:
                assert answer.status == 404, path
