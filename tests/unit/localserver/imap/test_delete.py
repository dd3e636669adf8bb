"""DELETE."""

from __future__ import annotations

from tests.helpers.imap_dialogue import logged_in, mail


async def test_a_mailbox_that_comes_again_has_another_uidvalidity() -> None:
    async with logged_in() as dialogue:
        await dialogue.run("CREATE Box")
        await dialogue.append(mail("a"), "Box")
        before = (await dialogue.run("STATUS Box (UIDVALIDITY)"))[0]
        assert (await dialogue.run("DELETE Box"))[-1].startswith("OK")
        await dialogue.run("CREATE Box")
        assert (await dialogue.run("STATUS Box (UIDVALIDITY)"))[0] != before
        assert (await dialogue.run("STATUS Box (MESSAGES)"))[0] == "* STATUS Box (MESSAGES 0)"


async def test_inbox_and_what_does_not_exist_are_refused() -> None:
    async with logged_in() as dialogue:
        assert (await dialogue.run("DELETE INBOX"))[-1].startswith("NO [CANNOT]")
        assert (await dialogue.run("DELETE Nothing"))[-1].startswith("NO [NONEXISTENT]")
