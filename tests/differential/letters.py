"""What a person of a trial writes, what the program said of it, and what has come of it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from desktopmail.door.rows import UNSURE_SENDING, SendingState
from desktopmail.mime import address, compose

if TYPE_CHECKING:
    import random
    from collections import Counter
    from collections.abc import Iterator, Sequence

    from desktopmail.door.ids import SendingId
    from desktopmail.door.rows import QuestionRow, SendingRow

DOMAIN = "postfix.test"
ALICE = f"alice@{DOMAIN}"
_OTHERS = ("bob", "carol", "dave", "erin", "nobody", "frank", "grace", "alice")
_TEXTS = (
    "A few words.\n", "Grüße aus Köln, und 日本語.\n", ".\n..\n.hidden\n.\n",
    "From here on.\n" * 40, "a" * 990 + "\n", "",
)  # fmt: skip
_OUT = frozenset({"accepted", "delivered", "relayed", "expanded", "delayed", "read"})


@dataclass(slots=True)
class Paper:
    """What is written, as drafts at first.

    Attributes:
        versions: Subjects of drafts that may be the newest one.
        is_saved: A draft was acknowledged, or seen.
        letters: Those that were made of it, each behind the one before that did not go.
    """

    name: str
    versions: list[str] = field(default_factory=list)
    is_saved: bool = False
    letters: list[Letter] = field(default_factory=list)


@dataclass(slots=True)
class Letter:
    """A message that was handed over to be sent.

    Attributes:
        recipients: Of the envelope.
        hidden: Those of Bcc alone.
        sending_id: None: the engine was gone before it answered.
        fate: "": what the outbox says; or "taken back", "dropped" or "filed" by a person.
        again: How often a person had it sent again though it may have arrived.
        had: What the outbox said of recipients when it was taken back.
    """

    subject: str
    composed: compose.Composed
    recipients: tuple[str, ...]
    hidden: frozenset[str]
    sending_id: SendingId | None = None
    fate: str = ""
    again: int = 0
    had: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Held:
    """What there is in the end.

    Attributes:
        delivered: By recipient and subject, how often.
        sent, drafts: By subject, how often it is in these mailboxes at the server.
        taken: By subject, how often Postfix said that it took it.
        files_sent: The server files what is sent by itself.
    """

    delivered: Counter[tuple[str, str]]
    sent: Counter[str]
    drafts: Counter[str]
    taken: Counter[str]
    files_sent: bool


class Desk:
    """A person's desk: the papers on it.

    Args:
        chance: Decides what is written.
    """

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self.papers: list[Paper] = []
        self.letters: list[Letter] = []
        self._versions = 0

    def paper(self) -> Paper:
        """A new one."""
        made = Paper(f"d{len(self.papers)}")
        self.papers.append(made)
        return made

    def version(self, paper: Paper) -> tuple[str, bytes]:
        """The paper as another draft: subject and octets."""
        self._versions += 1
        subject = f"{paper.name}v{self._versions}"
        return subject, self._write(subject, keep_bcc=True).octets

    def letter(self, paper: Paper) -> Letter:
        """The paper as a message to be sent."""
        subject = f"s{len(self.letters)}"
        composed = self._write(subject, keep_bcc=False)
        shown = {one.address for one in self._to}
        made = Letter(
            subject, composed, composed.recipients, frozenset({*composed.recipients} - shown)
        )
        self.letters.append(made)
        paper.letters.append(made)
        return made

    def _write(self, subject: str, *, keep_bcc: bool) -> compose.Composed:
        chance = self._chance
        people = [
            address.Mailbox(name.title(), f"{name}@{DOMAIN}")
            for name in chance.sample(_OTHERS, chance.choice((1, 1, 2, 3, 5)))
        ]
        cut = chance.randint(0, len(people))
        self._to = people[:cut]
        files = ()
        if chance.random() < 0.25:
            octets = chance.randbytes(chance.choice((10, 5_000, 1_200_000)))
            files = (compose.File("Anhang ü.bin", "application/octet-stream", octets),)
        return compose.build(
            compose.Draft(
                sender=address.Mailbox("Alice", ALICE),
                to=tuple(people[:cut]),
                bcc=tuple(people[cut:]),
                subject=subject,
                text=chance.choice(_TEXTS),
                html="<p>Grüße</p>" if chance.random() < 0.2 else None,
                files=files,
            ),
            date=dt.datetime.now(tz=dt.UTC),
            message_id=f"<{subject}.{chance.getrandbits(64):x}@{DOMAIN}>",
            boundary=f"{chance.getrandbits(64):x}",
            eight_bit=chance.random() < 0.5,
            keep_bcc=keep_bcc,
            unfinished=keep_bcc,
        )

    # What has come of it

    def faults(
        self, rows: Sequence[SendingRow], questions: Sequence[QuestionRow], held: Held
    ) -> Iterator[str]:
        """What must not be, of all that was handed over and drafted."""
        for letter in self.letters:
            of_it = [row for row in rows if row.subject == letter.subject]
            yield from _of_letter(letter, of_it, questions, held)
        known = {letter.subject for letter in self.letters}
        known |= {version for paper in self.papers for version in paper.versions}
        for subject in sorted({*held.sent, *held.drafts} - known):
            yield f"{subject} comes from nowhere"
        for paper in self.papers:
            gone = any(_was_sent(letter, rows) for letter in paper.letters)
            there = [one for one in paper.versions if held.drafts[one]]
            count = sum(held.drafts[one] for one in paper.versions)
            if gone and count:
                yield f"{paper.name} was sent, and its draft is there: {there}"
            if not gone and (count > 1 or count < paper.is_saved):
                yield f"{paper.name} was not sent, and has {count} drafts: {there}"


def _was_sent(letter: Letter, rows: Sequence[SendingRow]) -> bool:
    """Whether the outbox says of anybody that the server took it for them."""
    out = _OUT & {one.state for row in rows if row.subject == letter.subject for one in row.results}
    return bool(letter.had or out)


def _of_letter(
    letter: Letter, rows: Sequence[SendingRow], questions: Sequence[QuestionRow], held: Held
) -> Iterator[str]:
    subject = letter.subject
    got = {who: held.delivered[who, subject] for who in letter.recipients}
    others = {who for who, what in held.delivered if what == subject} - {*letter.recipients}
    if others:
        yield f"{subject} came to {others}, who were not meant"
    wanted = 0 if letter.fate in {"taken back", "dropped"} else 1
    if letter.sending_id is None:
        wanted = min(1, len(rows))
    if len(rows) != wanted:
        yield f"{subject} ({letter.fate}) is {len(rows)} times in the outbox"
    if not rows:
        most = letter.again + (letter.fate == "dropped")
        for who, count in got.items():
            most_of = 1 if who in letter.had else most
            if count > most_of:
                yield f"{subject} was {letter.fate or 'lost'}, and came to {who} {count} times"
        return
    (row,) = rows
    asked = [one for one in questions if one.kind == UNSURE_SENDING and one.subject_id == row.id]
    if len(asked) != (row.state is SendingState.UNSURE):
        yield f"{subject} is {row.state}, and asked about {len(asked)} times"
    if row.state not in {SendingState.UNSURE, SendingState.DONE, SendingState.FAILED}:
        yield f"{subject} is still {row.state}: {row.problem}"
    is_sure = row.state is not SendingState.UNSURE
    for one in row.results:
        count = got[one.address]
        least = int(is_sure and one.state in _OUT and letter.fate != "filed")
        most = letter.again + (one.state in _OUT or not is_sure)
        if not least <= count <= most:
            yield (
                f"{subject} is {row.state} and {one.state} for {one.address}, and came {count}"
                f" times ({letter.fate} {letter.again} again)"
            )
    copies = held.sent[subject]
    is_out = is_sure and any(one.state in _OUT for one in row.results)
    if held.files_sent:
        if copies < is_out or copies > max(1, held.taken[subject]):
            yield f"{subject} is {row.state}, {copies} times in Sent, taken {held.taken[subject]}"
    elif copies != is_out and (is_sure or copies > 1):
        yield f"{subject} is {row.state} and {copies} times in Sent"
