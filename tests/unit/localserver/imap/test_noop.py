"""NOOP and CHECK."""

from __future__ import annotations

from tests.helpers.imap_dialogue import logged_in, mail


async def test_both_tell_what_is_new() -> None:
    async with logged_in() as dialogue:
        await dialogue.server.deliver_async("alice", mail("a"))
        assert "* 1 EXISTS" in await dialogue.run("NOOP")
        await dialogue.server.deliver_async("alice", mail("b"))
        assert "* 2 EXISTS" in await dialogue.run("CHECK")
