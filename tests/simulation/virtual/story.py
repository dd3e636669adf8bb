"""A story: what people do in some hours or days, and in which order; worked out from its seed.

What a person does here and what another device does there is never about the same message: their
order would change the end, and the end of a story has to be the same in any weather.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from desktopmail.door.rows import Flag, Kind
from tests.simulation import steps
from tests.simulation.steps import names

if TYPE_CHECKING:
    from tests.simulation.scenario import Step

# Without these the engine goes other ways through its decision tree.
_WITHOUT: tuple[tuple[str, ...], ...] = (
    (),
    ("QRESYNC",),
    ("QRESYNC", "CONDSTORE"),
    ("QRESYNC", "CONDSTORE", "ESEARCH", "IDLE", "LIST-STATUS", "IMAP4REV2"),
    ("UIDPLUS", "IMAP4REV2"),
    ("MOVE", "IMAP4REV2"),  # which is part of the other
    ("MOVE", "UIDPLUS", "IMAP4REV2"),
)
MESSAGES = 24


@dataclass(frozen=True, slots=True)
class Story:
    """Steps, and how long after the one before each begins.

    Attributes:
        without: What the server does not have.
        pauses_s: For each step.
        steps: In order.
    """

    without: tuple[str, ...]
    pauses_s: tuple[float, ...]
    steps: tuple[Step, ...]


def story_of(seed: int) -> Story:
    """The story of a seed."""
    chance = random.Random(f"story {seed}")
    kind = Kind.POP3 if chance.random() < 0.2 else Kind.IMAP
    told = [steps.account("alice", kind), steps.fetched(alice=names("m", MESSAGES))]
    told += _pop3(chance) if kind is Kind.POP3 else _imap(chance)
    return Story(
        without=("TLS", *chance.choice(_WITHOUT)),
        pauses_s=tuple(_pause_s(chance) for _ in told),
        steps=tuple(told),
    )


def _pause_s(chance: random.Random) -> float:
    """Mostly at once, sometimes after minutes or hours."""
    return chance.choice((0.0, 0.0, 0.0, 0.2, 3.0, 40.0, 90.0, 900.0))


def _imap(chance: random.Random) -> list[Step]:
    """Some of what can be done, each about messages of its own."""
    groups = [names("m", 2, start) for start in range(0, MESSAGES, 2)]
    chance.shuffle(groups)
    one = iter(groups)
    acts: list[list[Step]] = [
        [steps.mark(next(one), Flag.FLAGGED, "red")],
        [steps.mark(next(one), Flag.SEEN)],
        [steps.move(next(one), "Trash")],
        [steps.copy(next(one), "Archive")],
        [steps.archive(next(one))],
        [steps.delete(next(one), permanently=True, stay=["kept"])],
        [steps.device_marks(next(one), "theirs")],
        [steps.device_removes(next(one))],
        [steps.device_moves(next(one), "Archive")],
        [steps.device_appends("d0")],
        [steps.send("s0", ("bob@localhost",)), steps.send("s1", ("alice@localhost",))],
        [steps.send("s2", ("bob@localhost", "nobody@localhost"), delay_s=10.0)],
        [steps.draft("letter", number) for number in range(3)],
        [steps.import_(8)],
        _moved_on(*next(one)),
        _mailbox_kept(next(one)),
        _mailbox_deleted(next(one)),
        [steps.subscribe("Archive", subscribed=False)],
    ]
    chance.shuffle(acts)
    return _interleaved(chance, acts[: chance.randint(4, 10)])


def _moved_on(on: str, back: str) -> list[Step]:
    return [
        steps.move([on, back], "Sent", passing=True),
        steps.mark([on, back], Flag.FLAGGED, "pink", path="Sent", passing=True),
        steps.move([on], "Trash", source="Sent"),
        steps.move_back([back], "Sent"),
    ]


def _mailbox_kept(subjects: list[str]) -> list[Step]:
    return [
        steps.create("Work", passing=True),
        steps.move(subjects, "Work", passing=True),
        steps.rename("Work", "Tasks"),
    ]


def _mailbox_deleted(subjects: list[str]) -> list[Step]:
    return [
        steps.create("Doomed", passing=True),
        steps.move(subjects, "Doomed", passing=True),
        steps.delete_mailbox("Doomed", subjects[0]),
    ]


def _pop3(chance: random.Random) -> list[Step]:
    acts = [
        [steps.leave_on_server("until-deleted"),
         steps.delete(names("m", 3), permanently=True, stay=["kept"])],
        [steps.mark(names("m", 2, 5), Flag.FLAGGED, "red")],
        [steps.device_appends("d0")],
        [steps.send("s0", ("bob@localhost",)), steps.send("s1", ("alice@localhost",))],
        [steps.archive(names("m", 2, 8))],
    ]  # fmt: skip
    chance.shuffle(acts)
    return _interleaved(chance, acts[: chance.randint(2, 5)])


def _interleaved(chance: random.Random, acts: list[list[Step]]) -> list[Step]:
    """One act beside another; the steps of each in their order."""
    left = [list(act) for act in acts]
    told = []
    while left:
        act = chance.choice(left)
        told.append(act.pop(0))
        if not act:
            left.remove(act)
    return told
