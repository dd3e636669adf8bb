"""What a person does at the engine; what that may cost is noted before it is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.door.commands import (
    ArchiveMessages,
    CopyMessages,
    CreateMailbox,
    DeleteMailbox,
    DeleteMessages,
    EmptyMailbox,
    ImportMessages,
    MoveMessages,
    RenameMailbox,
    SaveDraft,
    StoreFlags,
    SubscribeMailbox,
    Undo,
)
from desktopmail.door.rows import Flag, Role, View

if TYPE_CHECKING:
    import random
    from collections.abc import Callable
    from pathlib import Path

    from desktopmail.door.commands import AnyCommand, Outcome
    from desktopmail.door.reader import SqliteReader
    from desktopmail.door.rows import AccountRow, MailboxRow, MessageRow
    from tests.differential.ledger import Ledger

_NAMES = ("Arbeit", "Grüße", "日本語", "A", "B", "Q&A x", 'say "hi"', "back\\slash", "Theirs")
_TAGS = ("work", "grün", "$label1", "theirs")


class Person:
    """Thinks of commands.

    Args:
        folder: For files that are imported.
    """

    def __init__(self, ledger: Ledger, chance: random.Random, folder: Path) -> None:
        self._ledger = ledger
        self._chance = chance
        self._folder = folder
        self._tokens: list[tuple[str, set[str]]] = []
        self._made: set[str] = set()
        self._draft = ""

    def thinks(self, reader: SqliteReader) -> tuple[str, AnyCommand] | None:
        """A command, and what it is; None where there is nothing to do it with."""
        self._reader = reader
        self._account: AccountRow = reader.accounts()[0]
        self._boxes = [box for box in reader.mailboxes(self._account.id) if box.role != Role.OUTBOX]
        self._made = set()
        if not self._boxes:
            return None
        acts: list[Callable[[], tuple[str, AnyCommand] | None]] = [
            self._marks, self._marks, self._marks, self._moves, self._moves, self._moves,
            self._copies, self._archives, self._deletes, self._deletes_for_good, self._empties,
            self._creates, self._creates, self._renames, self._deletes_mailbox, self._subscribes,
            self._drafts, self._imports, self._undoes, self._undoes,
        ]  # fmt: skip
        return self._chance.choice(acts)()

    def was_told(self, outcome: Outcome) -> None:
        """The command was acknowledged."""
        self._ledger.born(*self._made)
        self._ledger.made_here |= self._made
        if outcome.undo:
            self._tokens.append((outcome.undo, self._made))

    def _some(self) -> tuple[MailboxRow, list[MessageRow]]:
        full = [box for box in self._boxes if box.total] or self._boxes
        box = self._chance.choice(full)
        rows = list(self._reader.window(View(mailbox_ids=(box.id,)), 0, 1000))
        return box, self._chance.sample(rows, min(len(rows), self._chance.randint(1, 5)))

    def _role(self, role: Role) -> list[MailboxRow]:
        return [box for box in self._boxes if box.role is role]

    def _ordinary(self) -> MailboxRow | None:
        boxes = self._role(Role.NONE)
        return self._chance.choice(boxes) if boxes else None

    def _goes(self, rows: list[MessageRow], box: MailboxRow) -> None:
        if box.role is Role.NONE:
            self._ledger.elsewhere.update(row.subject for row in rows)

    def _marks(self) -> tuple[str, AnyCommand] | None:
        box, rows = self._some()
        if not rows:
            return None
        ids = tuple(row.id for row in rows)
        about = f"in {box.path}: {[row.subject for row in rows]}"
        flag = self._chance.choice((Flag.SEEN, Flag.FLAGGED, Flag.ANSWERED, Flag.NONE))
        tags = () if flag else (self._chance.choice(_TAGS),)
        if self._chance.random() < 0.6:
            return f"+{flag!r}{tags} {about}", StoreFlags(
                placement_ids=ids, add=flag, add_tags=tags
            )
        return f"-{flag!r}{tags} {about}", StoreFlags(
            placement_ids=ids, remove=flag, remove_tags=tags
        )

    def _moves(self) -> tuple[str, AnyCommand] | None:
        box, rows = self._some()
        target = self._chance.choice(self._boxes)
        if not rows:
            return None
        names = [row.subject for row in rows]
        self._ledger.moved_here.update(names)
        self._goes(rows, target)
        return f"move {names} of {box.path} to {target.path}", MoveMessages(
            placement_ids=tuple(row.id for row in rows), mailbox_id=target.id
        )

    def _copies(self) -> tuple[str, AnyCommand] | None:
        box, rows = self._some()
        target = self._chance.choice(self._boxes)
        if not rows:
            return None
        names = [row.subject for row in rows]
        self._ledger.copies.update(names)
        self._goes(rows, target)
        return f"copy {names} of {box.path} to {target.path}", CopyMessages(
            placement_ids=tuple(row.id for row in rows), mailbox_id=target.id
        )

    def _archives(self) -> tuple[str, AnyCommand] | None:
        box, rows = self._some()
        if not rows:
            return None
        names = [row.subject for row in rows]
        self._ledger.moved_here.update(names)
        # At servers that know no such use it is a mailbox as any other.
        self._ledger.elsewhere.update(names)
        return f"archive {names} of {box.path}", ArchiveMessages(
            placement_ids=tuple(row.id for row in rows)
        )

    def _deletes(self) -> tuple[str, AnyCommand] | None:
        return self._delete(permanently=False)

    def _deletes_for_good(self) -> tuple[str, AnyCommand] | None:
        return self._delete(permanently=True)

    def _delete(self, *, permanently: bool) -> tuple[str, AnyCommand] | None:
        box, rows = self._some()
        if not rows:
            return None
        names = [row.subject for row in rows]
        self._ledger.moved_here.update(names)
        if permanently or box.role is Role.TRASH:
            self._ledger.mortal.update(names)
        what = "for good" if permanently else ""
        return f"delete {names} of {box.path} {what}", DeleteMessages(
            placement_ids=tuple(row.id for row in rows), permanently=permanently
        )

    def _empties(self) -> tuple[str, AnyCommand] | None:
        box = self._chance.choice([*self._role(Role.TRASH), *self._role(Role.TRASH), *self._boxes])
        rows = self._reader.window(View(mailbox_ids=(box.id,)), 0, 1000)
        names = [row.subject for row in rows]
        self._ledger.moved_here.update(names)
        if box.role is Role.TRASH or "Trash" in box.path:
            self._ledger.mortal.update(names)
        return f"empty {box.path}: {names}", EmptyMailbox(mailbox_id=box.id)

    def _creates(self) -> tuple[str, AnyCommand]:
        name = self._chance.choice(_NAMES)
        parent = self._ordinary() if self._chance.random() < 0.4 else None
        under = f" in {parent.path}" if parent else ""
        return f"create {name}{under}", CreateMailbox(
            account_id=self._account.id, name=name, parent_id=parent.id if parent else None
        )

    def _renames(self) -> tuple[str, AnyCommand] | None:
        box = self._ordinary()
        if box is None:
            return None
        above, mark, _ = box.path.rpartition(box.delimiter)
        if self._chance.random() < 0.2 and (other := self._ordinary()) is not None:
            above, mark = other.path, box.delimiter
        path = f"{above}{mark}{self._chance.choice(_NAMES)}{self._chance.randint(1, 9)}"
        return f"rename {box.path} to {path}", RenameMailbox(mailbox_id=box.id, path=path)

    def _deletes_mailbox(self) -> tuple[str, AnyCommand] | None:
        box = self._ordinary()
        if box is None or box.path.endswith("Fixed"):
            return None
        below = [
            one for one in self._boxes
            if one.id == box.id or one.path.startswith(box.path + box.delimiter)
        ]  # fmt: skip
        rows = self._reader.window(View(mailbox_ids=tuple(one.id for one in below)), 0, 1000)
        names = [row.subject for row in rows]
        self._ledger.moved_here.update(names)
        self._ledger.doomed.update(one.path for one in below)
        if "Trash" in box.path:
            self._ledger.mortal.update(names)
            self._ledger.mortal.update(self._ledger.elsewhere)
        return f"delete mailbox {box.path} with {names}", DeleteMailbox(mailbox_id=box.id)

    def _subscribes(self) -> tuple[str, AnyCommand]:
        box = self._chance.choice(self._boxes)
        return f"subscribe {box.path} {not box.subscribed}", SubscribeMailbox(
            mailbox_id=box.id, subscribed=not box.subscribed
        )

    def _drafts(self) -> tuple[str, AnyCommand]:
        subject, octets = self._ledger.new("v")
        before = None
        for box in self._role(Role.DRAFTS):
            rows = self._reader.window(View(mailbox_ids=(box.id,)), 0, 1000)
            before = next((row for row in rows if row.subject == self._draft), None)
        if before is not None:
            self._ledger.mortal.add(before.subject)
        self._made = {subject}
        self._draft = subject
        said = f" in place of {before.subject}" if before else ""
        return f"draft {subject}{said}", SaveDraft(
            account_id=self._account.id, octets=octets, replaces=before.id if before else None
        )

    def _imports(self) -> tuple[str, AnyCommand]:
        box = self._chance.choice(self._boxes)
        subject, octets = self._ledger.new("i")
        path = self._folder / f"{subject}.eml"
        path.write_bytes(octets)
        self._made = {subject}
        if box.role is Role.NONE:
            self._ledger.elsewhere.add(subject)
        return f"import {subject} to {box.path}", ImportMessages(path=str(path), mailbox_id=box.id)

    def _undoes(self) -> tuple[str, AnyCommand] | None:
        if not self._tokens:
            return None
        number = -1 if self._chance.random() < 0.7 else self._chance.randrange(len(self._tokens))
        token, made = self._tokens.pop(number)
        self._ledger.mortal |= made
        return f"undo {token}", Undo(token=token)
