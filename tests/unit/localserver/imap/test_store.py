"""STORE: set, add, remove, silent, conditional, keywords and refusals."""

from __future__ import annotations

from tests.helpers.imap_dialogue import another, logged_in, mail


async def test_flags_are_added_removed_and_replaced() -> None:
    async with logged_in(messages=[mail("a")]) as dialogue:
        assert (await dialogue.run(r"STORE 1 +FLAGS (\Seen $Todo)"))[-2] == (
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


def permanent(lines: list[str]) -> list[str]:
    """The flags of the only PERMANENTFLAGS among responses, where that is told at all."""
    told = [line for line in lines if line.startswith("* OK [PERMANENTFLAGS (")]
    assert len(told) <= 1
    return told[0].partition("(")[2].partition(")")[0].split() if told else []


async def test_a_new_keyword_is_told_before_a_message_has_it() -> None:
    async with logged_in(messages=[mail("a"), mail("b")]) as dialogue:
        lines = await dialogue.run("STORE 1 +FLAGS (New)")
        assert lines[0].startswith("* FLAGS (")
        assert "(New " in lines[0]
        assert {"New", r"\*"} <= {*permanent(lines)}
        assert lines[2] == r"* 1 FETCH (FLAGS (New \Recent))"
        lines = await dialogue.run("STORE 1:2 +FLAGS (NEW)")
        assert not any("FLAGS (" in line for line in lines if "FETCH" not in line)


async def test_another_session_is_told_of_a_new_keyword_before_a_message_has_it() -> None:
    async with logged_in(messages=[mail("a")]) as first, another(first) as second:
        await first.run("STORE 1 +FLAGS (New)")
        lines = await second.run("FETCH 1 FLAGS")
        assert "(New " in lines[0]
        assert "New" in permanent(lines)
        assert "FETCH" in lines[2]
        await first.run("STORE 1 +FLAGS (Newer)")
        lines = await second.run("NOOP")
        assert "Newer" in permanent(lines)
        assert lines[2].startswith("* 1 FETCH (")


async def test_who_only_examines_is_told_that_no_flag_is_kept() -> None:
    async with logged_in(messages=[mail("a")]) as first, another(first, select=None) as second:
        await second.run("EXAMINE INBOX")
        await first.run("STORE 1 +FLAGS (New)")
        lines = await second.run("NOOP")
        assert lines[0].startswith("* FLAGS (")
        assert "* OK [PERMANENTFLAGS ()] Flags kept." in lines


async def test_keywords_end_at_their_limit_and_permanentflags_says_so() -> None:
    async with logged_in(messages=[mail("a")]) as dialogue:
        for number in range(54):
            lines = await dialogue.run(f"STORE 1 +FLAGS.SILENT (k{number})")
            assert r"\*" in permanent(lines)
        lines = await dialogue.run("STORE 1 +FLAGS.SILENT (k54)")
        assert r"\*" not in permanent(lines)
        assert "k54" in permanent(lines)
        assert (await dialogue.run("STORE 1 +FLAGS (more)"))[-1].startswith("NO [LIMIT]")
        lines = await dialogue.run("SELECT INBOX")
        assert r"\*" not in permanent(lines)
        assert "k54" in permanent(lines)


async def test_a_keyword_that_no_message_had_takes_the_last_room_when_a_message_has_it() -> None:
    keywords = [f"K{number}" for number in range(55)]
    async with logged_in(messages=[mail("a")]) as first:
        await first.run(f"STORE 1 +FLAGS ({' '.join(keywords)})")
        await first.run("STORE 1 -FLAGS (K7)")
        async with another(first, select=None) as second:
            assert r"\*" in permanent(await second.run("SELECT INBOX"))
            assert r"\*" in permanent(await first.run("SELECT INBOX"))
            for lines in (await first.run("STORE 1 +FLAGS (K7)"), await second.run("NOOP")):
                assert set(keywords) <= {*permanent(lines)}
                assert r"\*" not in permanent(lines)
                assert lines[2].startswith("* 1 FETCH (")
            assert permanent(await first.run(r"STORE 1 +FLAGS (\Seen)")) == []


async def test_a_refused_keyword_comes_with_what_can_be_kept_now() -> None:
    keywords = " ".join(f"k{number}" for number in range(55))
    async with logged_in(messages=[mail("a")]) as first:
        await first.run(f"STORE 1 FLAGS ({keywords})")
        await first.run("STORE 1 -FLAGS.SILENT (k9)")
        async with another(first) as second:  # is told that there is room
            await first.run("STORE 1 +FLAGS.SILENT (k9)")
            lines = await second.run("STORE 1 +FLAGS (more)")
            assert lines[-1].startswith("NO [LIMIT]")
            assert "k9" in permanent(lines)
            assert r"\*" not in permanent(lines)


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


async def test_with_a_mod_sequence_goes_the_uid() -> None:
    async with logged_in(messages=[mail("a")]) as dialogue:
        await dialogue.run("ENABLE CONDSTORE")
        assert (await dialogue.run(r"STORE 1 +FLAGS.SILENT (\Seen)"))[0] == (
            "* 1 FETCH (UID 1 MODSEQ (3))"
        )
