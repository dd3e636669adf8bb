"""LOGOUT."""

from __future__ import annotations

from tests.helpers.imap_dialogue import logged_in


async def test_bye_comes_before_ok_and_then_the_connection_ends() -> None:
    async with logged_in() as dialogue:
        lines = await dialogue.run("LOGOUT")
        assert lines[0].startswith("* BYE")
        assert lines[1].startswith("OK")
        assert await dialogue.at_end()
