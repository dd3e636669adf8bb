"""Items compiled into columns."""

from __future__ import annotations

import pytest

from tests.helpers.imap_dialogue import logged_in, mail


@pytest.mark.parametrize(
    ("items", "names"),
    [
        ("FAST", ["FLAGS", "INTERNALDATE", "RFC822.SIZE"]),
        ("ALL", ["FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE"]),
        ("FULL", ["FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE", "BODY"]),
        ("(SAVEDATE UID)", ["SAVEDATE", "UID"]),
    ],
)
async def test_macros_and_lists_tell_their_items_in_order(items: str, names: list[str]) -> None:
    async with logged_in(messages=[mail("a")]) as dialogue:
        line = (await dialogue.run(f"FETCH 1 {items}"))[0]
        places = [line.index(f"{name} ") for name in names]
        assert places == sorted(places)


async def test_an_item_named_twice_is_told_once() -> None:
    async with logged_in(messages=[mail("a")]) as dialogue:
        assert (await dialogue.run("UID FETCH 1 (UID UID FLAGS)"))[0].count("UID") == 1


async def test_internaldate_keeps_the_zone_it_was_appended_with() -> None:
    async with logged_in() as dialogue:
        await dialogue.append(mail("a"), options='"17-Jul-1996 02:44:25 -0700"')
        line = (await dialogue.run("FETCH 1 INTERNALDATE"))[0]
        assert line == '* 1 FETCH (INTERNALDATE "17-Jul-1996 02:44:25 -0700")'


async def test_rfc822_items_are_told_under_their_own_names() -> None:
    async with logged_in(messages=[b"A: b\r\n\r\nc"]) as dialogue:
        line = (await dialogue.run("FETCH 1 (RFC822.HEADER RFC822.TEXT)"))[0]
        assert "RFC822.HEADER {8}\r\nA: b\r\n\r\n RFC822.TEXT {1}\r\nc" in line
        assert "RFC822 {9}\r\nA: b" in (await dialogue.run("FETCH 1 RFC822"))[0]
