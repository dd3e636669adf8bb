"""The scenarios that are killed: each is about one kind of work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.door.rows import Flag, Kind
from localserver.faults import Fault
from tests.simulation import steps
from tests.simulation.scenario import Scenario
from tests.simulation.steps import mail, names

if TYPE_CHECKING:
    from pathlib import Path

    from localserver.local import LocalServer
    from tests.simulation.desk import Desk

# Fetching by IMAP and by POP3


def _fill_inbox(server: LocalServer, _folder: Path) -> None:
    for number, name in enumerate(names("m", 90)):
        size = 90_000 if number % 9 == 0 else 600
        flags = ("\\Seen",) if number % 2 else ("\\Flagged", "blue")
        server.deliver("alice", mail(name, size), flags=flags)


IMAP_SYNC = Scenario(
    "sync", _fill_inbox, (steps.account("alice", Kind.IMAP), steps.fetched(alice=names("m", 90)))
)
# The same in a mailbox that is listed by its envelopes: octets come after, by and by.
LISTING = Scenario(
    "list",
    _fill_inbox,
    (steps.account("alice", Kind.IMAP), steps.fetched(alice=names("m", 90))),
    bounds={
        "fetch.FIRST_SCREEN": 5, "fetch.MAX_WHOLE_AT_ONCE": 20, "fetch.HEADER_BATCH": 10,
        "fetch.MOST_LISTED_BATCH": 10, "fetch.MOST_WHOLE_BATCH": 10, "fetch.LISTED_AT_ONCE": 25,
        "pipeline.WORDS_AT_ONCE": 3,
    },
)  # fmt: skip
POP3_FETCH = Scenario(
    "pop3",
    _fill_inbox,
    (
        steps.account("alice", Kind.POP3),
        steps.leave_on_server("days:0"),
        steps.fetched(alice=names("m", 90)),
    ),
)

# Changes of messages


def _fill_for_changes(server: LocalServer, _folder: Path) -> None:
    for name in names("m", 40):
        server.deliver("alice", mail(name))
    for name in names("b", 3):
        server.deliver("bob", mail(name))
    server.add_fault(
        Fault(
            protocol="imap", command="UID MOVE", argument="Drafts", times=None,
            reply="NO [CANNOT] Drafts takes nothing",
        )
    )  # fmt: skip


_STAY = [*names("m", 6), *names("m", 8, 32)]
CHANGES = Scenario(
    "changes",
    _fill_for_changes,
    (
        steps.account("alice", Kind.IMAP),
        steps.account("bob", Kind.IMAP),
        steps.fetched(alice=names("m", 40), bob=names("b", 3)),
        steps.mark(names("m", 6), Flag.FLAGGED | Flag.SEEN),
        steps.mark(names("m", 4, 3), Flag.SEEN, "green"),
        steps.move(names("m", 3, 7), "Trash"),
        steps.copy(names("m", 3, 10), "Archive"),
        steps.archive(names("m", 3, 13)),
        steps.delete(names("m", 3, 16), permanently=False, stay=_STAY),
        steps.delete(names("m", 3, 19), permanently=True, stay=_STAY),
        steps.move(names("m", 3, 22), "INBOX", to="bob"),
        steps.move(names("m", 2, 25), "Drafts"),  # refused at every try
        steps.move(names("m", 5, 27), "Sent"),
    ),
)

# Changes of mailboxes


def _fill_for_mailboxes(server: LocalServer, _folder: Path) -> None:
    for name in names("m", 20):
        server.deliver("alice", mail(name))


MAILBOXES = Scenario(
    "mailboxes",
    _fill_for_mailboxes,
    (
        steps.account("alice", Kind.IMAP),
        steps.fetched(alice=names("m", 20)),
        steps.create("Work", passing=True),
        steps.move(names("m", 3), "Work", passing=True),
        steps.rename("Work", "Jobs", passing=True),
        steps.create("Doomed", passing=True),
        steps.move(names("m", 3, 3), "Doomed", passing=True),
        steps.subscribe("Archive", subscribed=False),
        steps.delete_mailbox("Doomed", "m3"),
        steps.rename("Jobs", "Tasks"),
        steps.subscribe("Tasks", subscribed=False),
        steps.move(names("m", 4, 6), "Junk", passing=True),
        steps.empty("Junk"),
        steps.policy("Archive", "headers"),
        steps.archive(names("m", 2, 10)),
    ),
)

# Taking back


def _undone(desk: Desk, subjects: list[str]) -> bool:
    return desk.has("alice", subjects) and all(
        desk.lacks("alice", subjects, path) for path in ("Trash", "Archive")
    )


def _unmarked(desk: Desk, subjects: list[str], tag: str) -> bool:
    rows = [row for row in desk.rows("alice") if row.subject in subjects]
    return len(rows) == len(subjects) and not any(
        row.flags & Flag.FLAGGED or tag in row.tags for row in rows
    )


_MOVED = steps.move(names("m", 3), "Archive", passing=True)
_FILED = steps.move(names("m", 3, 3), "Archive", passing=True)
_MARKED = steps.mark(names("m", 3, 6), Flag.FLAGGED, "red", passing=True)
_TAGGED = steps.mark(names("m", 3, 9), Flag.FLAGGED, "blue", passing=True)
_DELETED = steps.delete(names("m", 2, 12), permanently=False, stay=["m0"], passing=True)
_COPIED = steps.copy(names("m", 2, 14), "Archive", passing=True)
_MADE = steps.create("Passing", passing=True)
UNDO = Scenario(
    "undo",
    _fill_for_mailboxes,
    (
        steps.account("alice", Kind.IMAP),
        steps.fetched(alice=names("m", 20)),
        _MOVED,
        steps.undone(_MOVED, heard=False, back=lambda d: _undone(d, names("m", 3))),
        _FILED,
        steps.undone(
            _FILED, heard=True, back=lambda d: _undone(d, names("m", 3, 3))
        ),
        _MARKED,
        steps.undone(
            _MARKED, heard=True,
            back=lambda d: _unmarked(d, names("m", 3, 6), "red"),
        ),
        _TAGGED,
        steps.undone(
            _TAGGED, heard=False,
            back=lambda d: _unmarked(d, names("m", 3, 9), "blue"),
        ),
        _DELETED,
        steps.undone(
            _DELETED, heard=True, back=lambda d: _undone(d, names("m", 2, 12))
        ),
        steps.move(names("m", 2, 18), "Sent", passing=True),
        steps.mark(names("m", 2, 18), Flag.FLAGGED, "pink", path="Sent", passing=True),
        steps.move(["m18"], "Trash", source="Sent"),
        steps.move_back(["m19"], "Sent"),
        _COPIED,
        steps.undone(
            _COPIED, heard=True, back=lambda d: _undone(d, names("m", 2, 14))
        ),
        _MADE,
        steps.undone(_MADE, heard=True, back=lambda d: d.box("alice", "Passing") is None),
        steps.mark(names("m", 2, 16), Flag.SEEN, "green", passing=True),
        steps.forget_tag("green", names("m", 2, 16)),
    ),
)  # fmt: skip

# Drafts and a password that is refused


def _fill_for_writing(server: LocalServer, _folder: Path) -> None:
    server.deliver("alice", mail("m0"))


DRAFTS = Scenario(
    "drafts",
    _fill_for_writing,
    (
        steps.account("alice", Kind.IMAP),
        steps.fetched(alice=["m0"]),
        *(steps.draft("letter", number) for number in range(4)),
        steps.wrong_password(),
        steps.draft("letter", 4),
        steps.right_password(),
        steps.draft("letter", 5),
    ),
)

# Sending

SENT = {
    **{f"s{number}": ("bob@localhost",) for number in range(5)},
    "s5": ("alice@localhost",),
    "s6": ("bob@localhost", "nobody@localhost"),
    "s7": ("nobody@localhost",),
}
SENDING = Scenario(
    "send",
    _fill_for_writing,
    (
        steps.account("alice", Kind.IMAP),
        steps.fetched(alice=["m0"]),
        *(steps.send(name, recipients) for name, recipients in SENT.items()),
    ),
)

# Switching


def _fill_for_switching(server: LocalServer, _folder: Path) -> None:
    for number, name in enumerate(names("m", 30)):
        server.deliver("alice", mail(name), flags=("\\Flagged",) if number % 5 == 0 else ())


def _marked_there_and_back(desk: Desk) -> bool:
    is_marked = desk.marked("alice", ["m7"], Flag.ANSWERED)
    filed, left = names("m", 4, 9), names("m", 9) + names("m", 17, 13)
    is_filed = desk.has("alice", filed, "Archive") and desk.has("alice", left)
    return desk.kind("alice") is Kind.IMAP and is_marked and is_filed


SWITCHING = Scenario(
    "switch",
    _fill_for_switching,
    (
        steps.account("alice", Kind.IMAP),
        steps.fetched(alice=names("m", 30)),
        steps.mark(names("m", 3), Flag.SEEN, "red"),
        steps.switched(Kind.POP3, "switch to POP3"),
        steps.mark(names("m", 4, 7), Flag.ANSWERED, "late"),
        steps.move(names("m", 4, 9), "Archive"),
        steps.switched(Kind.IMAP, "switch back", _marked_there_and_back),
    ),
)

# Import

IMPORTING = Scenario(
    "import",
    _fill_for_writing,
    (steps.account("alice", Kind.IMAP), steps.fetched(alice=["m0"]), steps.import_(60)),
)

# POP3 that deletes at the server what is deleted here


def _fill_maildrop(server: LocalServer, _folder: Path) -> None:
    for name in names("m", 20):
        server.deliver("alice", mail(name))


LEAVING = Scenario(
    "leave",
    _fill_maildrop,
    (
        steps.account("alice", Kind.POP3),
        steps.fetched(alice=names("m", 20)),
        steps.leave_on_server("until-deleted"),
        steps.delete(names("m", 5), permanently=True, stay=names("m", 10, 10)),
        steps.delete(names("m", 5, 5), permanently=False, stay=names("m", 10, 10)),
    ),
)

SCENARIOS = {
    one.name: one
    for one in (
        IMAP_SYNC, LISTING, POP3_FETCH, CHANGES, MAILBOXES, UNDO, DRAFTS, SENDING, SWITCHING,
        IMPORTING, LEAVING,
    )
}  # fmt: skip
