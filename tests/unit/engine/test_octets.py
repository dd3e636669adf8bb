"""What is at a server only is fetched when it is needed, and offline that is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktopmail.door.commands import (
    CopyMessages,
    FetchOctets,
    SetMailboxPolicy,
    SetOffline,
)
from desktopmail.door.interface import DoorError
from localserver.local import LocalServer
from tests.helpers.engine import PASSWORDS, Bench, running_engine
from tests.helpers.store import mail

if TYPE_CHECKING:
    from pathlib import Path


async def with_headers_only(bench: Bench, server: LocalServer) -> int:
    """Alice's account, whose one message is here without its body."""
    account_id = await bench.add(server)
    await bench.sync(account_id)
    await bench.engine.command(SetMailboxPolicy(account_id=account_id, policy="headers"))
    server.deliver("alice", mail(1))
    await bench.sync(account_id)
    (row,) = bench.rows()
    assert not row.has_octets
    return account_id


async def test_what_is_copied_to_another_account_is_fetched_first(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            await with_headers_only(bench, server)
            bob = await bench.add(server, "bob")
            await bench.sync(bob)
            (inbox,) = [
                box.id for box in bench.reader.mailboxes(bob) if box.path.upper() == "INBOX"
            ]
            await bench.engine.command(
                CopyMessages(placement_ids=(bench.placed("Subject 1"),), mailbox_id=inbox)
            )
            await bench.sync(bob)
            assert [one.octets for one in server.messages("bob")] == [mail(1)]


async def test_offline_it_is_said_that_a_message_is_at_the_server(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            await with_headers_only(bench, server)
            await bench.engine.command(SetOffline(offline=True))
            with pytest.raises(DoorError, match="at the server") as caught:
                await bench.engine.command(FetchOctets(placement_ids=(bench.placed("Subject 1"),)))
            assert caught.value.code == "offline"
