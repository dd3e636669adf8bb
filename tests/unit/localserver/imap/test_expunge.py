"""EXPUNGE and UID EXPUNGE."""

from __future__ import annotations

from tests.helpers.imap_dialogue import logged_in, mail


async def test_the_highest_number_is_told_first() -> None:
    async with logged_in(messages=[mail("a"), mail("b"), mail("c")]) as dialogue:
        await dialogue.run(r"STORE 1,3 +FLAGS.SILENT (\Deleted)")
        assert (await dialogue.run("EXPUNGE"))[:-1] == ["* 3 EXPUNGE", "* 1 EXPUNGE"]
        assert (await dialogue.run("FETCH 1 UID"))[0] == "* 1 FETCH (UID 2)"


async def test_uid_expunge_takes_only_those_named_and_deleted() -> None:
    async with logged_in(messages=[mail("a"), mail("b"), mail("c")]) as dialogue:
        await dialogue.run(r"STORE 1:2 +FLAGS.SILENT (\Deleted)")
        assert (await dialogue.run("UID EXPUNGE 2:3"))[:-1] == ["* 2 EXPUNGE"]
        assert await dialogue.run("UID EXPUNGE 77") == ["OK Expunged."]
