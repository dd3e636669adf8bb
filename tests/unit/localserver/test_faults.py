"""Fault plans: matched, counted, read."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

import pytest

from desktopmail.net.errors import ClosedError
from desktopmail.net.memory import stream_pair
from desktopmail.net.ports import SystemClock
from localserver.faults import Fault, Faults, PlanError, from_table, read_plan, to_table
from tests.helpers.imap_dialogue import logged_in, mail

if TYPE_CHECKING:
    from pathlib import Path


def faults(*plan: Fault) -> Faults:
    made = Faults(SystemClock())
    made.set_plan(plan)
    return made


@pytest.mark.parametrize(
    ("fault", "hits"),
    [
        (Fault(), [1]),
        (Fault(nth=2), [2]),
        (Fault(nth=2, times=2), [2, 3]),
        (Fault(nth=3, times=None), [3, 4, 5]),
        (Fault(protocol="pop3"), []),
        (Fault(command="noop", times=None), [1, 2, 3, 4, 5]),
        (Fault(command="FETCH"), []),
        (Fault(argument="b+", times=None), [2, 4]),
        (Fault(session=2), []),
        (Fault(user="Alice"), [1]),
        (Fault(user="bob"), []),
    ],
)
def test_a_fault_hits_its_moments_and_no_others(fault: Fault, hits: list[int]) -> None:
    plan = faults(fault)
    arguments = ["", "ABBA", "x", "b", "y"]
    hit = [
        number
        for number, argument in enumerate(arguments, 1)
        if plan.due("imap", 1, "NOOP", argument, "alice")
    ]
    assert hit == hits


async def test_replies_get_their_protocols_form() -> None:
    plan = faults(Fault(command="NOOP", reply="NO later", times=None))
    ours, _theirs = stream_pair()
    assert await plan.session("imap", ours).command("NOOP", "", tag="a1") == b"a1 NO later\r\n"
    assert await plan.session("pop3", ours).command("noop", "") == b"NO later\r\n"
    assert await plan.session("smtp", ours).command("DATA", "") is None


async def test_drop_and_bye_end_the_session() -> None:
    plan = faults(Fault(command="EHLO", drop=True), Fault(command="MAIL", bye=True))
    ours, theirs = stream_pair()
    with pytest.raises(ClosedError):
        await plan.session("smtp", ours).command("EHLO", "")
    assert await theirs.read() == b""
    ours, theirs = stream_pair()
    with pytest.raises(ClosedError):
        await plan.session("smtp", ours).command("MAIL", "")
    assert (await theirs.read()).startswith(b"421 ")


async def test_expunge_by_another_client_is_seen_by_the_session() -> None:
    plan = [Fault(protocol="imap", command="NOOP", expunge=(1,))]
    async with logged_in(plan=plan, messages=[mail("a"), mail("b")]) as dialogue:
        assert "* 1 EXPUNGE" in await dialogue.run("NOOP")


async def test_injected_octets_come_before_the_answer() -> None:
    plan = [Fault(protocol="imap", command="NOOP", inject=b"* 77 EXISTS\r\n")]
    async with logged_in(plan=plan) as dialogue:
        assert (await dialogue.run("NOOP"))[0] == "* 77 EXISTS"


async def test_a_stalled_session_answers_nothing_until_the_client_goes() -> None:
    plan = [Fault(protocol="imap", command="NOOP", stall=True)]
    async with logged_in(plan=plan) as dialogue:
        await dialogue.send(b"x NOOP\r\n")
        await dialogue.send(b"y NOOP\r\n")
        await dialogue.stream.aclose()


def test_a_plan_is_read_from_toml(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(
        '[[fault]]\nprotocol = "smtp"\ncommand = "RCPT"\nreply = "451 4.3.0 later"\n'
        '[[fault]]\ncut = 5\nhide = ["STARTTLS"]\nexpunge = [0]\ndelay_s = 1\n'
    )
    one, two = read_plan(path)
    assert one == Fault(protocol="smtp", command="RCPT", reply="451 4.3.0 later")
    assert two == Fault(cut=5, hide=("STARTTLS",), expunge=(0,), delay_s=1.0)


@pytest.mark.parametrize(
    "table",
    [
        {"protocol": "http"}, {"nonsense": 1}, {"nth": 0}, {"times": -1}, {"argument": "("},
        {"cut": "x"}, {"drop": 1}, {"hide": "STARTTLS"}, {"certificate": "expired"},
        {"expunge": ["x"]}, {"delay_s": True}, {"delay_s": -1}, {"cut": -1}, {"inject": [256]},
    ],
)  # fmt: skip
def test_a_mistake_in_a_plan_is_named(table: dict[str, object]) -> None:
    with pytest.raises(PlanError, match=next(iter(table))):
        from_table(table)


def test_a_mistake_in_python_is_named_where_it_is_made() -> None:
    with pytest.raises(PlanError, match="'FETHC' is no command of imap"):
        Fault(protocol="imap", command="FETHC")
    with pytest.raises(PlanError, match="hide: 'IDLE' is no list of capabilities"):
        Fault(hide="IDLE")  # type: ignore[arg-type]


def test_a_fault_is_the_same_after_it_was_written_as_a_table() -> None:
    always = Fault(command="FETCH", times=None, inject=b"* 1 EXPUNGE\r\n", hide=("IDLE",))
    table = to_table(always)
    assert table == {
        "command": "FETCH", "times": None, "inject": "* 1 EXPUNGE\r\n", "hide": ["IDLE"],
    }  # fmt: skip
    assert from_table(table) == always
    assert from_table({**table, "times": 0}) == always  # TOML has no null
    with pytest.raises(PlanError, match="times"):
        from_table({"times": False})


async def test_what_is_switched_off_is_hidden_from_every_session() -> None:
    made = faults()
    made.switch_off({"idle"})
    assert made.without == {"IDLE"}
    session = made.session("imap", stream_pair()[0])
    assert session.hides("Idle")
    assert not session.hides("MOVE")


def test_octets_that_are_no_text_are_numbers_in_a_table() -> None:
    fault = Fault(command="NOOP", inject=b"\xff\0\r\n")
    assert to_table(fault)["inject"] == [255, 0, 13, 10]
    assert from_table(to_table(fault)) == fault


EVERYTHING = """
[[fault]]
protocol = "imap"
command = "UID FETCH"
argument = 'BODY\\.PEEK\\[\\]'
nth = 2
times = 3
session = 4
user = "alice"
reply = "NO later"
delay_s = 0.5
inject = "* 7 EXISTS\\r\\n"
cut = 100
dribble = true
stall = true
drop = true
reset = true
certificate = "wrong"
hide = ["STARTTLS", "IDLE"]
uidvalidity = true
expunge = [1, 5]
bye = true
quota_full = true
"""


def test_all_that_a_fault_can_be_is_the_same_in_toml_and_python(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(EVERYTHING)
    (fault,) = read_plan(path)
    assert fault == Fault(
        protocol="imap", command="UID FETCH", argument=r"BODY\.PEEK\[\]", nth=2, times=3,
        session=4, user="alice", reply="NO later", delay_s=0.5, inject=b"* 7 EXISTS\r\n", cut=100,
        dribble=True, stall=True, drop=True, reset=True, certificate="wrong", hide=("STARTTLS",
        "IDLE"), uidvalidity=True, expunge=(1, 5), bye=True, quota_full=True,
    )  # fmt: skip
    assert set(to_table(fault)) == {each.name for each in fields(Fault)}  # none is forgotten here


def test_a_plan_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    with pytest.raises(PlanError, match=r"plan\.toml"):
        read_plan(path)
    path.write_text("[[fault]]\nnth = 1\n[[fault]]\nnth = 0\n")
    with pytest.raises(PlanError, match="fault 2 from line 3 on: nth"):
        read_plan(path)
    for other in ("other = 1\n", "fault = [3]\n", "fault = 3\n"):
        path.write_text(other)
        with pytest.raises(PlanError, match="something else"):
            read_plan(path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('command = "FECTH"', "command: 'FECTH' is no command of any protocol."),
        ('protocol = "pop3"\ncommand = "FETCH"', "command: 'FETCH' is no command of pop3."),
        ('nth = "x"', "nth: 'x' is not a whole number."),
        ('times = "all"', "times: 'all' is not a whole number."),
        ("inject = [300]", "inject: [300] is not text or a list of octets."),
        ('hide = "X"', "hide: 'X' is not a list of texts."),
        ("drop = 1", "drop: 1 is not true or false."),
        ("delay_s = nan", "delay_s and cut: not less than 0."),
    ],
)
def test_a_mistake_in_a_plan_is_said_in_words(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(f"[[fault]]\n{text}\n")
    with pytest.raises(PlanError) as caught:
        read_plan(path)
    assert str(caught.value) == f"The fault plan {path}, fault 1 from line 1 on: {said}"
