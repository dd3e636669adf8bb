"""What a server has, and what is shown of it, once the journal was told."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from desktopmail.door.ids import MailboxId, MessageId
    from desktopmail.engine.store.store import Transaction
    from localserver.local import LocalServer
    from tests.helpers.engine import Bench


def there(server: LocalServer, path: str = "INBOX") -> list[str]:
    return sorted(one.subject for one in server.messages("alice", path))


def flags_there(server: LocalServer, subject: str, path: str = "INBOX") -> set[str]:
    (found,) = [one for one in server.messages("alice", path) if one.subject == subject]
    return set(found.flags) - {"\\Recent"}


async def settled(bench: Bench) -> None:
    """The journal is told, and what is shown is what the server has."""
    await bench.sync()
    assert bench.reader.operations() == []
    assert bench.reader.problems() == []


def shown_is_there(bench: Bench, server: LocalServer, *paths: str) -> None:
    for path in paths:
        assert bench.subjects(path) == there(server, path), path


async def octets_are_there(bench: Bench, server: LocalServer, *paths: str) -> None:
    """What is shown of mailboxes has the octets that the server has at the same UIDs."""
    for path in paths:
        rows = await bench.engine.store.read(partial(_shown, bench.mailbox(path)))
        here = {uid: bench.reader.octets(message_id) for uid, message_id in rows}
        assert here == {one.uid: one.octets for one in server.messages("alice", path)}, path


def _shown(mailbox_id: MailboxId, tx: Transaction) -> list[tuple[int, MessageId]]:
    return tx.fetch(
        "SELECT uid, message_id FROM placement WHERE mailbox_id = ? AND shown = 1", (mailbox_id,)
    )
