"""RENAME, of INBOX too."""

from __future__ import annotations

from tests.helpers.imap_dialogue import logged_in, mail


async def test_all_below_is_renamed_and_uidvalidity_stays() -> None:
    async with logged_in() as dialogue:
        await dialogue.run("CREATE old/deep")
        before = (await dialogue.run("STATUS old/deep (UIDVALIDITY)"))[0]
        assert (await dialogue.run("RENAME old new/place"))[-1].startswith("OK")
        after = (await dialogue.run("STATUS new/place/deep (UIDVALIDITY)"))[0]
        assert before.partition("(")[2] == after.partition("(")[2]
        assert len(await dialogue.run('LIST "" "old*"')) == 1


async def test_of_inbox_the_messages_move_and_inbox_stays() -> None:
    async with logged_in(select=None, messages=[mail("a")]) as dialogue:
        assert (await dialogue.run("RENAME INBOX Kept"))[-1].startswith("OK")
        assert (await dialogue.run("STATUS Kept (MESSAGES)"))[0] == "* STATUS Kept (MESSAGES 1)"
        assert (await dialogue.run("STATUS INBOX (MESSAGES)"))[0] == "* STATUS INBOX (MESSAGES 0)"


async def test_refusals() -> None:
    async with logged_in() as dialogue:
        assert (await dialogue.run("RENAME Sent Trash"))[-1].startswith("NO [ALREADYEXISTS]")
        assert (await dialogue.run("RENAME Sent Sent/Below"))[-1].startswith("NO [CANNOT]")
        assert (await dialogue.run("RENAME Nothing New"))[-1].startswith("NO [NONEXISTENT]")
