"""COPY: flags, dates and EMAILID go along; COPYUID says where."""

from __future__ import annotations

import re

from tests.helpers.imap_dialogue import logged_in, mail


async def test_copyuid_pairs_source_and_target() -> None:
    async with logged_in(messages=[mail("a"), mail("b"), mail("c")]) as dialogue:
        await dialogue.run(r"STORE 3 FLAGS (\Seen $Label)")
        answer = (await dialogue.run("UID COPY 1,3 Archive"))[-1]
        assert re.fullmatch(r"OK \[COPYUID \d+ 1,3 1:2\] Copied\.", answer)
        await dialogue.run("SELECT Archive")
        lines = await dialogue.run("FETCH 1:2 (UID FLAGS EMAILID)")
        assert lines[1] == r"* 2 FETCH (UID 2 FLAGS (\Seen $Label \Recent) EMAILID (M3))"


async def test_a_target_that_is_missing_is_to_be_created_first() -> None:
    async with logged_in(messages=[mail("a")]) as dialogue:
        assert (await dialogue.run("COPY 1 Nowhere"))[-1].startswith("NO [TRYCREATE]")


async def test_uids_that_do_not_exist_are_no_error() -> None:
    async with logged_in(messages=[mail("a")]) as dialogue:
        assert (await dialogue.run("UID COPY 7:9 Archive"))[-1].startswith("OK")


async def test_a_copy_into_the_same_mailbox_makes_a_new_message() -> None:
    async with logged_in(messages=[mail("a")]) as dialogue:
        lines = await dialogue.run("COPY 1 INBOX")
        assert "* 2 EXISTS" in lines
        assert lines[-1].startswith("OK [COPYUID")
