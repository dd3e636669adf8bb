"""SELECT and EXAMINE, CLOSE and UNSELECT, CONDSTORE and QRESYNC."""

from __future__ import annotations

import re

from tests.helpers.imap_dialogue import another, logged_in, mail


async def test_select_of_an_empty_mailbox_tells_everything_a_client_needs() -> None:
    async with logged_in(select=None) as dialogue:
        lines = await dialogue.run("SELECT INBOX")
        text = "\n".join(lines)
        assert "* 0 EXISTS" in lines
        assert "* 0 RECENT" in lines
        assert r"* FLAGS (\Answered \Deleted \Draft \Flagged \Seen)" in lines
        assert "[UNSEEN" not in text
        for code in ("UIDVALIDITY", "UIDNEXT 1", "PERMANENTFLAGS (\\*", "HIGHESTMODSEQ"):
            assert f"[{code}" in text
        assert lines[-1].startswith("OK [READ-WRITE]")


async def test_the_first_unseen_message_is_told() -> None:
    async with logged_in(messages=[mail("a"), mail("b")]) as dialogue:
        await dialogue.run(r"STORE 1 +FLAGS (\Seen)")
        assert "* OK [UNSEEN 2] The first unseen one." in await dialogue.run("SELECT INBOX")


async def test_recent_is_shown_to_one_session_only() -> None:
    async with logged_in(messages=[mail("a")]) as first:
        assert r"\Recent" in (await first.run("FETCH 1 FLAGS"))[0]
        async with another(first) as second:
            assert r"\Recent" not in (await second.run("FETCH 1 FLAGS"))[0]


async def test_examine_changes_nothing() -> None:
    async with logged_in(select=None, messages=[mail("a")]) as dialogue:
        assert (await dialogue.run("EXAMINE INBOX"))[-1].startswith("OK [READ-ONLY]")
        assert (await dialogue.run(r"STORE 1 +FLAGS (\Seen)"))[-1].startswith("NO [READ-ONLY]")
        assert (await dialogue.run("EXPUNGE"))[-1].startswith("NO [READ-ONLY]")
        await dialogue.run("FETCH 1 BODY[]")
        assert r"\Seen" not in (await dialogue.run("FETCH 1 FLAGS"))[0]


async def test_a_mailbox_that_does_not_exist_leaves_none_selected() -> None:
    async with logged_in() as dialogue:
        assert (await dialogue.run("SELECT Nothing"))[-1].startswith("NO [NONEXISTENT]")
        assert (await dialogue.run("FETCH 1 UID"))[-1].startswith("BAD")


async def test_close_expunges_silently_and_unselect_does_not() -> None:
    async with logged_in(messages=[mail("a"), mail("b")]) as dialogue:
        await dialogue.run(r"STORE 1 +FLAGS (\Deleted)")
        await dialogue.run("UNSELECT")
        assert "* 2 EXISTS" in await dialogue.run("SELECT INBOX")
        assert await dialogue.run("CLOSE") == ["OK The mailbox is closed."]
        assert "* 1 EXISTS" in await dialogue.run("SELECT INBOX")


def _highest(lines: list[str]) -> int:
    found = re.search(r"HIGHESTMODSEQ (\d+)", "\n".join(lines))
    assert found is not None
    return int(found[1])


def _validity(lines: list[str]) -> int:
    found = re.search(r"UIDVALIDITY (\d+)", "\n".join(lines))
    assert found is not None
    return int(found[1])


async def test_qresync_tells_what_vanished_and_what_changed() -> None:
    async with logged_in(select=None, messages=[mail(str(n)) for n in range(5)]) as dialogue:
        opened = await dialogue.run("SELECT INBOX")
        validity, modseq = _validity(opened), _highest(opened)
        async with another(dialogue) as second:
            await second.run(r"STORE 2 +FLAGS.SILENT (\Deleted)")
            await second.run("EXPUNGE")
            await second.run(r"UID STORE 4 +FLAGS (\Flagged)")
        await dialogue.run("UNSELECT")
        assert "* ENABLED CONDSTORE QRESYNC" in await dialogue.run("ENABLE QRESYNC CONDSTORE")
        lines = await dialogue.run(f"SELECT INBOX (QRESYNC ({validity} {modseq}))")
        assert "* VANISHED (EARLIER) 2" in lines
        fetched = [line for line in lines if " FETCH " in line]
        assert len(fetched) == 1
        assert fetched[0].startswith(r"* 3 FETCH (UID 4 FLAGS (\Flagged")
        assert "MODSEQ" in fetched[0]


async def test_qresync_with_another_uidvalidity_tells_nothing() -> None:
    async with logged_in(select=None, messages=[mail("a")]) as dialogue:
        await dialogue.run("ENABLE QRESYNC")
        lines = await dialogue.run("SELECT INBOX (QRESYNC (1 1))")
        assert not [line for line in lines if "VANISHED" in line or " FETCH " in line]


async def test_qresync_that_was_not_enabled_is_bad() -> None:
    async with logged_in() as dialogue:
        assert (await dialogue.run("SELECT INBOX (QRESYNC (1 1))"))[-1].startswith("BAD")


async def test_a_session_with_qresync_is_told_vanished_instead_of_expunge() -> None:
    async with logged_in(select=None, messages=[mail("a"), mail("b")]) as dialogue:
        await dialogue.run("ENABLE QRESYNC")
        await dialogue.run("SELECT INBOX")
        await dialogue.run(r"STORE 1:2 +FLAGS.SILENT (\Deleted)")
        lines = await dialogue.run("EXPUNGE")
        assert "* VANISHED 1:2" in lines
        assert lines[-1].startswith("OK [HIGHESTMODSEQ ")


async def test_imap4rev2_hears_of_no_recent_and_of_the_closed_mailbox() -> None:
    async with logged_in() as dialogue:
        assert "* ENABLED IMAP4rev2" in await dialogue.run("ENABLE IMAP4rev2")
        lines = await dialogue.run("SELECT Sent")
        assert lines[0].startswith("* OK [CLOSED]")
        assert not [line for line in lines if "RECENT" in line or "UNSEEN" in line]
        assert '* LIST () "/" Sent' in lines


async def test_no_highest_modseq_is_told_when_a_mailbox_is_left() -> None:
    async with logged_in(select=None, messages=[mail("a")]) as dialogue:
        await dialogue.run("ENABLE QRESYNC")
        for leave in ("CLOSE", "UNSELECT"):
            await dialogue.run("SELECT INBOX")
            await dialogue.run(r"STORE 1 +FLAGS.SILENT (\Deleted)")
            assert await dialogue.run(leave) == ["OK The mailbox is closed."]
