"""MOVE: COPYUID comes first, then the EXPUNGEs."""

from __future__ import annotations

from tests.helpers.imap_dialogue import another, logged_in, mail


async def test_a_move_tells_copyuid_before_the_expunge() -> None:
    async with logged_in(messages=[mail("a"), mail("b")]) as dialogue:
        lines = await dialogue.run("UID MOVE 1 Trash")
        assert lines[0].startswith("* OK [COPYUID ")
        assert lines[1] == "* 1 EXPUNGE"
        assert lines[-1].startswith("OK")
        assert "* 1 EXISTS" in await dialogue.run("SELECT Trash")


async def test_another_session_sees_both_ends_of_a_move() -> None:
    async with logged_in(messages=[mail("a")]) as first, another(first, select="Trash") as second:
        await first.run("MOVE 1 Trash")
        assert "* 1 EXISTS" in await second.run("NOOP")


async def test_a_mailbox_open_for_reading_only_keeps_its_messages() -> None:
    async with logged_in(select=None, messages=[mail("a")]) as dialogue:
        await dialogue.run("EXAMINE INBOX")
        assert (await dialogue.run("MOVE 1 Trash"))[-1].startswith("NO [READ-ONLY]")
