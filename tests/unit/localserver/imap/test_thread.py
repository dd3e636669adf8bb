"""THREAD=REFERENCES and THREAD=ORDEREDSUBJECT."""

from __future__ import annotations

from tests.helpers.imap_dialogue import logged_in


def message(name: str, subject: str, day: int, references: str = "") -> bytes:
    extra = f"References: {references}\r\n" if references else ""
    return (
        f"From: a@x.test\r\nSubject: {subject}\r\nMessage-ID: <{name}@x>\r\n{extra}"
        f"Date: {day} Jan 2020 12:00:00 +0000\r\n\r\nx\r\n"
    ).encode()


MESSAGES = [
    message("a", "plan", 1),
    message("b", "Re: plan", 2, "<a@x>"),
    message("c", "other", 3),
    message("d", "Re: plan", 4, "<a@x> <b@x>"),
    message("e", "Re: plan", 5, "<a@x>"),
    message("f", "Re: other", 6),
]


async def test_references_make_trees_and_subjects_join_them() -> None:
    async with logged_in(messages=MESSAGES) as dialogue:
        lines = await dialogue.run("THREAD REFERENCES UTF-8 ALL")
        assert lines[0] == "* THREAD (1 (2 4)(5))(3 6)"


async def test_ordered_subject_puts_all_below_the_oldest() -> None:
    async with logged_in(messages=MESSAGES) as dialogue:
        lines = await dialogue.run("UID THREAD ORDEREDSUBJECT UTF-8 ALL")
        assert lines[0] == "* THREAD (1 (2)(4)(5))(3 6)"


async def test_siblings_whose_parent_is_missing() -> None:
    async with logged_in(
        messages=[message("x", "one", 1, "<gone@x>"), message("y", "two", 2, "<gone@x>")]
    ) as dialogue:
        assert (await dialogue.run("THREAD REFERENCES UTF-8 ALL"))[0] == "* THREAD ((1)(2))"


async def test_two_new_messages_of_one_subject_are_siblings() -> None:
    async with logged_in(messages=[message("x", "same", 1), message("y", "same", 2)]) as dialogue:
        assert (await dialogue.run("THREAD REFERENCES UTF-8 ALL"))[0] == "* THREAD ((1)(2))"


async def test_an_unknown_algorithm_is_bad_and_an_empty_mailbox_an_empty_answer() -> None:
    async with logged_in() as dialogue:
        assert (await dialogue.run("THREAD MAGIC UTF-8 ALL"))[-1].startswith("BAD")
        assert (await dialogue.run("THREAD REFERENCES UTF-8 ALL"))[0] == "* THREAD"
