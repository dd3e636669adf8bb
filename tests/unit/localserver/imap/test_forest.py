"""Conversations of RFC 5256, and how much work they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from localserver.imap.forest import Members, by_references, by_subject
from localserver.steps import Work

if TYPE_CHECKING:
    from localserver.imap.forest import Told
    from localserver.steps import Steps


Row = tuple[str, str, str, int]


def members(*rows: Row) -> Members:
    """Messages 1, 2, … of (Message-ID, ancestors, base subject, is a reply), a second apart."""
    made = Members()
    for uid, row in enumerate(rows, 1):
        made.add([(uid, 1, *row, uid)])
    return made


def one(
    message_id: str = "", ancestors: str = "", subject: str = "", *, reply: bool = False
) -> Row:
    return (message_id, ancestors, subject, int(reply))


def told(work: Steps[Told]) -> str:
    """Conversations as they are told: `(1 (2)(3))`."""
    done = Work(work)
    while not done.go_on():
        pass
    numbers, parents = done.result
    below: dict[int, list[int]] = {}
    for place, parent in enumerate(parents):
        below.setdefault(parent, []).append(place)

    def shown(place: int) -> str:
        return f"({numbers[place]}{''.join(shown(child) for child in below.get(place, []))})"

    return "".join(shown(root) for root in below.get(-1, []))


def test_trees_are_those_of_rfc_5256() -> None:
    found = by_references(
        members(
            one("a", ""), one("b", "a"), one("c", "a b"), one("d", "a"),
            one("x", "gone"), one("y", "gone"), one("z", "lost"),
        )
    )  # fmt: skip
    assert told(found) == "(1(2(3))(4))(0(5)(6))(7)"


def test_what_is_missing_in_the_midst_is_left_out() -> None:
    found = by_references(members(one("a", ""), one("b", "a gone lost"), one("c", "a gone")))
    assert told(found) == "(1(2)(3))"


def test_the_own_word_of_a_message_beats_what_others_said_of_it() -> None:
    found = by_references(members(one("a", ""), one("z", ""), one("x", "z b"), one("b", "a")))
    assert told(found) == "(1(4(3)))(2)"


def test_circles_and_twins_do_no_harm() -> None:
    assert told(by_references(members(one("a", "b"), one("b", "a"), one("a", "")))) == "(2(1))(3)"


def test_a_reply_without_references_joins_the_thread_of_its_subject() -> None:
    found = by_references(
        members(
            one("a", "", "plan"),
            one("b", "", "plan", reply=True),
            one("c", "a", "plan", reply=True),
        )
    )
    assert told(found) == "(1(2)(3))"


def test_the_answers_of_a_thread_that_was_joined_are_in_the_order_of_their_dates() -> None:
    rows = members(
        one("a", "", "plan"), one("b", "", "plan", reply=True), one("c", "a", "plan", reply=True)
    )
    rows.dates = [1, 9, 5]  # RFC 5256 section 3, step 6
    assert told(by_references(rows)) == "(1(3)(2))"


def test_two_threads_of_one_subject_become_siblings() -> None:
    rows = (
        one("a", "", "plan"),
        one("b", "", "plan"),
        one("c", "", "plan", reply=True),
        one("d", "b", "other"),
    )
    assert told(by_references(members(*rows))) == "(0(1)(2(4))(3))"


def test_a_thread_whose_first_message_is_missing_takes_others_in() -> None:
    rows = (
        one("a", "", "plan"),
        one("b", "gone", "plan"),
        one("c", "gone", "plan"),
        one("d", "", "plan", reply=True),
    )
    assert told(by_references(members(*rows))) == "(0(1)(2)(3)(4))"
    two = (
        one("b", "x", "plan"),
        one("c", "x", "plan"),
        one("d", "y", "plan"),
        one("e", "y", "plan"),
    )
    assert told(by_references(members(*two))) == "(0(1)(2)(3)(4))"


def test_ordered_subject_knows_subjects_alone() -> None:
    rows = members(
        one("a", "", "one"), one("b", "", "two"), one("c", "", "one"), one("d", "b", "one")
    )
    assert told(by_subject(rows)) == "(1(3)(4))(2)"


NAMES = st.sampled_from(["", "a", "b", "c", "d", "e"])


@given(
    st.lists(
        st.tuples(
            NAMES,
            st.lists(st.sampled_from("abcdefg"), max_size=4).map(" ".join),
            st.sampled_from(["", "plan", "other"]),
            st.integers(0, 1),
        ),
        max_size=12,
    )
)
def test_every_message_is_told_once_behind_the_one_above_it(
    rows: list[Row],
) -> None:
    for algorithm in (by_references, by_subject):
        done = Work(algorithm(members(*rows)))
        while not done.go_on():
            pass
        numbers, parents = done.result
        assert sorted(number for number in numbers if number) == list(range(1, len(rows) + 1))
        assert all(parent < place for place, parent in enumerate(parents))
        missing = [place for place, number in enumerate(numbers) if not number]
        assert all(parents[place] == -1 for place in missing)
        assert all(parents.count(place) > 1 for place in missing)


def steps_of(work: Steps[Told]) -> int:
    return sum(1 for _ in work)


def test_the_work_grows_with_the_messages_and_not_with_their_square() -> None:
    alike = [one("", "", "plan")] * 20_000
    pairs = [one("", "", f"subject {n // 2}") for n in range(20_000)]
    chain = [one(f"m{n}", f"m{n - 1}" if n % 100 else "") for n in range(20_000)]
    for rows in (alike, pairs, chain):
        assert 100 < steps_of(by_references(members(*rows))) < 1000
