"""Messages by the API."""

from __future__ import annotations

from tests.helpers.api import administered
from tests.helpers.imap_dialogue import connected, mail

URL = "/api/users/alice/messages"


async def test_messages_are_added_listed_shown_and_removed() -> None:
    octets = mail("Hello")
    async with administered() as (_, client):
        async with client.post(f"{URL}?flags=%5CSeen", data=octets) as answer:
            assert (await answer.json())["uid"] == 1
        async with client.get(URL) as answer:
            (row,) = await answer.json()
        assert (row["subject"], row["flags"]) == ("Hello", ["\\Seen"])
        async with client.get(f"{URL}/1") as answer:
            shown = await answer.json()
        assert shown["text"].strip() == "A body."
        assert shown["to"] == ["alice@localhost"]
        assert ["Subject", "Hello"] in shown["header"]
        async with client.get(f"{URL}/1?raw=1") as answer:
            assert answer.content_type == "message/rfc822"
            assert await answer.read() == octets
        async with client.delete(f"{URL}/1") as answer:
            assert answer.status == 200
        for request in (client.get, client.delete):
            async with request(f"{URL}/1") as answer:
                assert answer.status == 404


async def test_a_message_of_no_octets_is_refused_as_by_imap() -> None:
    async with administered() as (_, client), client.post(URL, data=b"") as answer:
        assert answer.status == 400
        assert (await answer.json())["detail"] == "A message of no octets is not stored."


async def test_a_long_mailbox_is_read_in_pages() -> None:
    async with administered() as (server, client):
        for number in range(5):
            await server.deliver_async("alice", mail(f"M{number}"))
        async with client.get(f"{URL}?limit=2") as answer:
            assert [each["uid"] for each in await answer.json()] == [4, 5]
        async with client.get(f"{URL}?limit=2&before=4") as answer:
            assert [each["uid"] for each in await answer.json()] == [2, 3]
        for wrong in ("limit=x", "before=-1", "before=99999999999999999999"):
            async with client.get(f"{URL}?{wrong}") as answer:
                assert answer.status == 400, wrong


async def test_flags_are_changed_and_messages_moved_as_by_another_device() -> None:
    async with administered() as (server, client):
        await server.deliver_async("alice", mail("One"))
        async with connected(server) as dialogue:
            await dialogue.run("LOGIN alice secret")
            await dialogue.run("SELECT INBOX")
            change = {"add": ["\\Flagged", "$Later"], "remove": ["\\Seen"]}
            async with client.patch(f"{URL}/1", json=change) as answer:
                assert (await answer.json())["flags"] == ["$Later", "\\Flagged"]
            lines = await dialogue.run("NOOP")
            assert any("FETCH" in line and "\\Flagged" in line for line in lines)
            async with client.post(f"{URL}/1/move", json={"mailbox": "Archive"}) as answer:
                assert await answer.json() == {"mailbox": "Archive", "uid": 1}
            assert "* 1 EXPUNGE" in await dialogue.run("NOOP")
        async with client.post(f"{URL}/1/move", json={"mailbox": "Archive"}) as answer:
            assert answer.status == 404
        async with client.patch(f"{URL}/1", json={"add": "x"}) as answer:
            assert answer.status == 404
        async with client.patch(f"{URL}/1?mailbox=Archive", json={"add": "x"}) as answer:
            assert answer.status == 400


async def test_a_second_device_empties_a_mailbox() -> None:
    async with administered() as (server, client):
        for number in range(3):
            await server.deliver_async("alice", mail(f"M{number}"))
        async with client.delete(URL) as answer:
            assert await answer.json() == {"messages": 3}
        assert await server.messages_async("alice") == []
