from __future__ import annotations

import time

import pytest

from desktopmail.mime import thread
from desktopmail.mime.thread import Threaded


@pytest.mark.parametrize(
    "subject",
    [
        "Plan",
        "Re: Plan",
        "RE: plan",
        "AW: Re: Plan",
        "Re[2]: Plan",
        "Re(3): Plan",
        "[list] Re: Plan",
        "Re: [list] Plan",
        "Fwd: Plan",
        "WG: AW: Plan",
        "Plan (fwd)",
        "[Fwd: Plan]",
        "回复\uff1aPlan",
        "Re: [a] [b] Plan",
        "  Plan ",
        "SV: VS: Plan",
        "Re : Plan",
    ],
)
def test_base_subjects_are_those_of_rfc_5256_and_of_other_languages(subject: str) -> None:
    assert thread.base_subject(subject) == "plan"


@pytest.mark.parametrize(
    ("subject", "base"), [("[list]", "[list]"), ("", ""), ("Re:", ""), ("Reise", "reise")]
)
def test_what_is_all_there_is_stays(subject: str, base: str) -> None:
    assert thread.base_subject(subject) == base


def test_marks_are_taken_off_for_the_next_answer() -> None:
    assert thread.without_reply_marks("AW: Re: RE[2]: Plan: B") == "Plan: B"
    assert thread.without_reply_marks("Fwd: Plan") == "Fwd: Plan"
    assert thread.without_forward_marks("WG: Fwd: Plan") == "Plan"
    assert thread.is_reply("AW: x")
    assert not thread.is_reply("Fwd: x")
    assert thread.is_reply_or_forward("Fwd: x")


def one(key: int, identifier: str, *references: str, subject: str = "", date: int = 0) -> Threaded:
    return Threaded(key, identifier, references, subject, date or key)


def test_a_thread_is_held_together_by_references_even_to_a_missing_message() -> None:
    messages = [
        one(1, "a"), one(2, "b", "a"), one(3, "c", "gone"), one(4, "d", "gone", "c"), one(5, "e"),
    ]  # fmt: skip
    assert thread.group(messages) == [[1, 2], [3, 4], [5]]


def test_a_later_message_joins_two_threads() -> None:
    assert thread.group([one(1, "a"), one(2, "b"), one(3, "c", "a", "b")]) == [[1, 2, 3]]


def test_an_answer_without_references_joins_by_subject_and_a_new_message_does_not() -> None:
    messages = [
        one(1, "a", subject="Plan"),
        one(2, "b", subject="AW: Plan"),
        one(3, "c", subject="Plan"),
    ]
    assert thread.group(messages) == [[1, 2], [3]]
    assert thread.group(messages, by_subject=False) == [[1], [2], [3]]


def test_messages_without_an_identifier_stand_alone() -> None:
    assert thread.group([Threaded(1, None), Threaded(2, None)]) == [[1], [2]]


def test_a_hundred_thousand_messages_are_grouped_quickly() -> None:
    messages = [one(n, f"m{n}", *([f"m{n - 1}"] if n % 50 else [])) for n in range(100_000)]
    begin = time.process_time()
    assert len(thread.group(messages)) == 2_000
    assert time.process_time() - begin < 5


def test_circles_do_no_harm() -> None:
    assert thread.group([one(1, "a", "b"), one(2, "b", "a")]) == [[1, 2]]
