"""NAMESPACE."""

from __future__ import annotations

from tests.helpers.imap_dialogue import logged_in


async def test_there_is_one_personal_namespace() -> None:
    async with logged_in() as dialogue:
        assert (await dialogue.run("NAMESPACE"))[0] == '* NAMESPACE (("" "/")) NIL NIL'
