"""What a server has, and what is shown of it, once the journal was told."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
