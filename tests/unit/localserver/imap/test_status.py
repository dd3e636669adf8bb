"""STATUS of every item."""

from __future__ import annotations

from tests.helpers.imap_dialogue import logged_in, mail


async def test_every_number_is_right() -> None:
    octets = mail("a")
    async with logged_in(select=None, messages=[octets, octets]) as dialogue:
        line = (await dialogue.run(
            "STATUS INBOX (MESSAGES RECENT UIDNEXT UNSEEN DELETED SIZE APPENDLIMIT DELETED-STORAGE)"
        ))[0]  # fmt: skip
        assert line == (
            f"* STATUS INBOX (MESSAGES 2 RECENT 2 UIDNEXT 3 UNSEEN 2 DELETED 0 "
            f"SIZE {2 * len(octets)} APPENDLIMIT 52428800 DELETED-STORAGE 0)"
        )
        await dialogue.run("SELECT INBOX")
        await dialogue.run(r"STORE 1 +FLAGS (\Seen \Deleted)")
        line = (await dialogue.run("STATUS INBOX (RECENT UNSEEN DELETED DELETED-STORAGE)"))[0]
        assert line == (
            f"* STATUS INBOX (RECENT 0 UNSEEN 1 DELETED 1 DELETED-STORAGE {len(octets)})"
        )


async def test_the_mailbox_id_stays_after_a_rename() -> None:
    async with logged_in() as dialogue:
        await dialogue.run("CREATE One")
        before = (await dialogue.run("STATUS One (MAILBOXID)"))[0]
        await dialogue.run("RENAME One Two")
        after = (await dialogue.run("STATUS Two (MAILBOXID)"))[0]
        assert before.partition("(")[2] == after.partition("(")[2]


async def test_a_mailbox_that_does_not_exist() -> None:
    async with logged_in() as dialogue:
        assert (await dialogue.run("STATUS No (MESSAGES)"))[-1].startswith("NO [NONEXISTENT]")
