"""STORE: set, add, remove, silent, conditional, keywords and refusals."""

from __future__ import annotations

from tests.helpers.imap_dialogue import another, logged_in, mail


async def test_flags_are_added_removed_and_replaced() -> None:
    async with logged_in(messages=[mail("a")]) as dialogue:
        assert (await dialogue.run(r"STORE 1 +FLAGS (\Seen $Todo)"))[0] == (
            r"* 1 FETCH (FLAGS (\Seen $Todo \Recent))"
        )
        assert (await dialogue.run(r"STORE 1 -FLAGS \Seen"))[0] == (
            r"* 1 FETCH (FLAGS ($Todo \Recent))"
        )
        assert (await dialogue.run(r"UID STORE 1 FLAGS (\Draft)"))[0] == (
            r"* 1 FETCH (UID 1 FLAGS (\Draft \Recent))"
        )


async def test_silent_tells_nothing() -> None:
    async with logged_in(messages=[mail("a")]) as dialogue:
        assert await dialogue.run(r"STORE 1 +FLAGS.SILENT (\Seen)") == ["OK Stored."]


async def test_a_conditional_store_leaves_what_changed_meanwhile_alone() -> None:
    async with logged_in(messages=[mail("a"), mail("b")]) as first, another(first) as second:
        modseq = int((await first.run("FETCH 2 MODSEQ"))[0].partition("MODSEQ (")[2].rstrip(")"))
        await second.run(r"STORE 1 +FLAGS (\Flagged)")
        lines = await first.run(rf"UID STORE 1:2 (UNCHANGEDSINCE {modseq}) +FLAGS.SILENT (\Seen)")
        assert lines[-1].startswith("OK [MODIFIED 1]")
        assert r"\Seen" in (await first.run("FETCH 2 FLAGS"))[0]
        assert r"\Seen" not in (await first.run("FETCH 1 FLAGS"))[0]


async def test_a_flag_that_cannot_be_kept_is_refused() -> None:
    async with logged_in(messages=[mail("a")]) as dialogue:
        assert (await dialogue.run(r"STORE 1 +FLAGS (\Invented)"))[-1].startswith("NO [CANNOT]")


async def test_keywords_end_at_their_limit_and_permanentflags_says_so() -> None:
    async with logged_in(messages=[mail("a")]) as dialogue:
        for number in range(55):
            assert (await dialogue.run(f"STORE 1 +FLAGS.SILENT (k{number})"))[-1].startswith("OK")
        assert (await dialogue.run("STORE 1 +FLAGS (more)"))[-1].startswith("NO [LIMIT]")
        lines = await dialogue.run("SELECT INBOX")
        permanent = next(line for line in lines if "PERMANENTFLAGS" in line)
        assert r"\*" not in permanent
        assert " k54 " in permanent


async def test_keywords_are_the_same_in_any_case() -> None:
    async with logged_in(messages=[mail("a")]) as dialogue:
        await dialogue.run("STORE 1 FLAGS (Work)")
        assert (await dialogue.run("STORE 1 +FLAGS (WORK)"))[0].count("ork") == 1


async def test_a_store_past_the_end_is_bad() -> None:
    async with logged_in(messages=[mail("a")]) as dialogue:
        assert (await dialogue.run(r"STORE 5 +FLAGS (\Seen)"))[-1].startswith("BAD")


async def test_a_store_that_changes_nothing_hides_nothing_of_the_next_one() -> None:
    async with logged_in(messages=[mail("a"), mail("b")]) as first, another(first) as second:
        await first.run(r"STORE 1 +FLAGS (\Seen)")
        await first.run("NOOP")
        await first.run(r"STORE 1 +FLAGS (\Seen)")
        await second.run(r"STORE 2 +FLAGS (\Flagged)")
        told = await first.run("NOOP")
        assert told[0].startswith(r"* 2 FETCH (UID 2 FLAGS (\Flagged")
