"""Never EXPUNGE more than we marked."""

from __future__ import annotations

import pytest

from desktopmail.engine.sync import expunge
from desktopmail.wire.imap.flags import DELETED
from desktopmail.wire.imap.sequence import Uid, UidSet
from desktopmail.wire.imap.store import StoreMode
from localserver.local import LocalServer
from tests.helpers.engine import PASSWORDS, other_device
from tests.helpers.store import mail

WITHOUT_UIDPLUS = ("UIDPLUS", "IMAP4REV2")


def subjects(server: LocalServer) -> list[str]:
    return [one.subject for one in server.messages("alice")]


@pytest.mark.parametrize("without", [(), WITHOUT_UIDPLUS])
async def test_what_we_marked_is_removed_and_nothing_else(without: tuple[str, ...]) -> None:
    with LocalServer(PASSWORDS, without=without) as server:
        for number in range(4):
            server.deliver("alice", mail(number))
        async with other_device(server) as client:
            await client.select("INBOX")
            assert await expunge.remove(client, [2, 3])
        assert subjects(server) == ["Subject 0", "Subject 3"]


async def test_what_another_client_marked_is_never_removed_with_ours() -> None:
    with LocalServer(PASSWORDS, without=WITHOUT_UIDPLUS) as server:
        for number in range(4):
            server.deliver("alice", mail(number))
        async with other_device(server) as other, other_device(server) as client:
            await other.select("INBOX")
            await other.uid_store(UidSet.of([Uid(1)]), StoreMode.ADD, [DELETED])
            await client.select("INBOX")
            assert not await expunge.remove(client, [2])
        assert subjects(server) == [f"Subject {n}" for n in range(4)]
        assert "\\Deleted" in server.messages("alice")[1].flags  # hidden by whoever looks
        said = [line.split()[0].upper() for line in server.transcript.commands() if line.strip()]
        assert "EXPUNGE" not in said
        assert "CLOSE" not in said


async def test_with_uidplus_what_others_marked_does_not_matter() -> None:
    with LocalServer(PASSWORDS) as server:
        for number in range(3):
            server.deliver("alice", mail(number))
        async with other_device(server) as client:
            await client.select("INBOX")
            await client.uid_store(UidSet.of([Uid(1)]), StoreMode.ADD, [DELETED])
            assert await expunge.remove(client, [2])
        assert subjects(server) == ["Subject 0", "Subject 2"]


@pytest.mark.parametrize("without", [(), WITHOUT_UIDPLUS])
async def test_what_is_gone_already_is_no_error(without: tuple[str, ...]) -> None:
    with LocalServer(PASSWORDS, without=without) as server:
        server.deliver("alice", mail(0))
        async with other_device(server) as client:
            await client.select("INBOX")
            assert await expunge.remove(client, [77])
        assert subjects(server) == ["Subject 0"]
