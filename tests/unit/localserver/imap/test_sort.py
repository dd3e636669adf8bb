"""SORT by every key."""

from __future__ import annotations

import pytest

from tests.helpers.imap_dialogue import logged_in


def message(sender: str, to: str, subject: str, day: int, size: int) -> bytes:
    return (
        f"From: {sender}\r\nTo: {to}\r\nCc: c{day}@x.test\r\nSubject: {subject}\r\n"
        f"Date: {day} Jan 2020 12:00:00 +0000\r\n\r\n{'x' * size}\r\n"
    ).encode()


MESSAGES = [
    message("Zoe <anna@x.test>", "m@x.test", "Re: beta", 3, 10),
    message("Bea <zack@x.test>", "a@x.test", "alpha", 1, 300),
    message("<mike@x.test>", "z@x.test", "[list] Beta", 2, 20),
]


@pytest.mark.parametrize(
    ("order", "numbers"),
    [
        ("ARRIVAL", "1 2 3"), ("REVERSE ARRIVAL", "1 2 3"), ("DATE", "2 3 1"),
        ("REVERSE DATE", "1 3 2"), ("FROM", "1 3 2"), ("TO", "2 1 3"), ("CC", "2 3 1"),
        ("SUBJECT DATE", "2 3 1"), ("SUBJECT REVERSE DATE", "2 1 3"), ("SIZE", "1 3 2"),
        ("DISPLAYFROM", "2 3 1"), ("DISPLAYTO", "2 1 3"),
    ],
)  # fmt: skip
async def test_each_key_orders_as_it_should(order: str, numbers: str) -> None:
    async with logged_in(messages=MESSAGES) as dialogue:
        assert (await dialogue.run(f"SORT ({order}) UTF-8 ALL"))[0] == f"* SORT {numbers}"


async def test_uid_sort_with_return_options() -> None:
    async with logged_in(messages=MESSAGES) as dialogue:
        lines = await dialogue.run("UID SORT RETURN (COUNT) (DATE) UTF-8 FROM anna")
        assert lines[0] == '* ESEARCH (TAG "T3") UID COUNT 1'


@pytest.mark.parametrize(
    ("order", "numbers"),
    [("DATE", "2:3,1"), ("REVERSE DATE", "1,3,2"), ("SUBJECT REVERSE DATE", "2,1,3")],
)
async def test_all_that_a_sort_returns_is_in_its_order(order: str, numbers: str) -> None:
    async with logged_in(messages=MESSAGES) as dialogue:  # RFC 5267 section 3.1
        lines = await dialogue.run(f"SORT RETURN () ({order}) UTF-8 ALL")
        assert lines[0] == f'* ESEARCH (TAG "T3") ALL {numbers}'
        lines = await dialogue.run(f"UID SORT RETURN (ALL COUNT) ({order}) UTF-8 ALL")
        assert lines[0] == f'* ESEARCH (TAG "T4") UID COUNT 3 ALL {numbers}'
        lines = await dialogue.run(f"SORT RETURN (ALL) ({order}) UTF-8 FROM nobody")
        assert lines[0] == '* ESEARCH (TAG "T5")'


async def test_nothing_found_is_an_empty_answer() -> None:
    async with logged_in(messages=MESSAGES) as dialogue:
        assert (await dialogue.run("SORT (DATE) UTF-8 FROM nobody"))[0] == "* SORT"
