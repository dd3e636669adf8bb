"""ENABLE."""

from __future__ import annotations

from tests.helpers.imap_dialogue import logged_in


async def test_what_is_not_known_is_left_out() -> None:
    async with logged_in() as dialogue:
        assert (await dialogue.run("ENABLE X-NONSENSE IDLE"))[0] == "* ENABLED"
        assert (await dialogue.run("ENABLE QRESYNC"))[0] == "* ENABLED QRESYNC"
        assert (await dialogue.run("ENABLE QRESYNC CONDSTORE"))[0] == "* ENABLED"
