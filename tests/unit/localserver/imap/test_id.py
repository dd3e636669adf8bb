"""ID."""

from __future__ import annotations

from tests.helpers.imap_dialogue import logged_in


async def test_the_server_says_its_name() -> None:
    async with logged_in() as dialogue:
        assert (await dialogue.run('ID ("name" "test")'))[0] == '* ID ("name" "localserver")'
