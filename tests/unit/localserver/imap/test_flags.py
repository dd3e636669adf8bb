"""Flags told unasked."""

from __future__ import annotations

from tests.helpers.imap_dialogue import another, logged_in, mail


async def test_modseq_is_told_with_the_flags_once_condstore_is_on() -> None:
    async with logged_in(messages=[mail("a")]) as first, another(first) as second:
        await first.run("FETCH 1 MODSEQ")
        await second.run(r"STORE 1 +FLAGS (\Seen)")
        assert (await first.run("NOOP"))[0] == (
            r"* 1 FETCH (UID 1 FLAGS (\Seen \Recent) MODSEQ (3))"
        )
