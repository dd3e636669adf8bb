"""Conversations: which message stands below which, by references and by subjects (RFC 5256).

A forest of a hundred thousand messages is some lists of numbers: nodes are places in them, and
nothing recurses, because how deep mail nests is its senders' choice. All is done in steps.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from localserver.steps import STEP, ordered, runs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from localserver.steps import Steps

    # UIDs in the order they are told (0: one that is missing), and of each the place of its parent
    # among them, or -1.
    Told: TypeAlias = tuple[list[int], list[int]]

_NONE: Final = -1
# So many ancestors are looked at in one step.
_LOOKED_AT: Final = 20 * STEP


@dataclass(slots=True)
class Members:
    """What is known of the messages that become conversations, in columns.

    Attributes:
        uids: UIDs.
        message_ids: Without brackets, "" for none.
        ancestors: Message-IDs of each, the oldest first, divided by spaces.
        subjects: Base subjects, folded.
        replies: Whether the subject says that it answers or forwards.
        dates: When they were sent, seconds since 1970.
    """

    uids: list[int] = field(default_factory=list)
    message_ids: list[str] = field(default_factory=list)
    ancestors: list[str] = field(default_factory=list)
    subjects: list[str] = field(default_factory=list)
    replies: list[int] = field(default_factory=list)
    dates: list[int] = field(default_factory=list)

    def add(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Take in messages, each as (UID, MODSEQ, Message-ID, ancestors, subject, reply, date)."""
        uids, _, message_ids, ancestors, subjects, replies, dates = zip(*rows, strict=True)
        self.uids += uids
        self.message_ids += message_ids
        self.ancestors += ancestors
        self.subjects += subjects
        self.replies += replies
        self.dates += dates

    def by_date(self) -> Steps[list[int]]:
        """Return the places of the messages by date, those of one second by UID."""
        places = range(len(self.uids))
        return ordered(places, lambda place: (self.dates[place], self.uids[place]))


def by_subject(members: Members) -> Steps[Told]:
    """Return threads of equal base subjects: the oldest, and all others below it."""
    forest = _Forest(members, (yield from members.by_date()))
    oldest: dict[str, int] = {}
    for run in runs(forest.by_date):
        for node in run:
            first = oldest.setdefault(members.subjects[node], node)
            if first != node:
                forest.parents[node] = first
        yield
    return (yield from forest.told())


def by_references(members: Members) -> Steps[Told]:
    """Return threads by references, those with equal subjects joined."""
    forest = _Forest(members, (yield from members.by_date()))
    yield from forest.refer()
    roots = yield from forest.roots()
    yield from forest.join(roots)
    return (yield from forest.told())


class _Forest:
    """Nodes with their parents: the messages, and behind them missing ones that others name.

    Args:
        members: The messages.
        by_date: Their places in the order of their dates.

    Attributes:
        parents: Of each node the one above, or -1.
    """

    def __init__(self, members: Members, by_date: list[int]) -> None:
        self.by_date = by_date
        self.parents = [_NONE] * len(by_date)
        self._members = members
        self._present = len(by_date)

    def refer(self) -> Steps[None]:
        """Steps 1 and 2: set parents by what messages say of themselves and of one another."""
        parents = self.parents
        nodes: dict[str, int] = {}
        for run in runs(range(self._present)):
            for node in run:
                name = self._members.message_ids[node]
                if name:  # used twice, it makes the second message a thread of its own
                    nodes.setdefault(name, node)
            yield
        looked_at = 0
        for node, ancestors in enumerate(self._members.ancestors):
            above = _NONE
            for name in ancestors.split():
                below = nodes.get(name, _NONE)
                if below == _NONE:
                    below = nodes[name] = self._missing()
                if above != _NONE and parents[below] == _NONE:
                    looked_at += self._adopt(below, above)
                above = below
            if above != _NONE:
                parents[node] = _NONE  # its own word beats what others said of it
                looked_at += self._adopt(node, above)
            looked_at += 1 + len(ancestors) // 20
            if looked_at >= _LOOKED_AT:
                looked_at = 0
                yield

    def roots(self) -> Steps[list[tuple[int, int]]]:
        """Steps 3 and 4: drop missing messages that join nothing.

        Returns:
            Each root, and the message whose subject and date are the thread's; by date.
        """
        parents = self.parents
        roots: list[tuple[int, int]] = []
        first: dict[int, int] = {}  # of a missing root, the place in `roots`
        joined: set[int] = set()
        for run in runs(self.by_date):
            for node in run:
                above = self._above(node)
                if above == _NONE:
                    roots.append((node, node))
                elif above >= self._present:
                    if above in first:
                        joined.add(above)
                    else:
                        first[above] = len(roots)
                        roots.append((above, node))
            yield
        for root in first.keys() - joined:
            _, node = roots[first[root]]
            roots[first[root]] = (node, node)
            parents[node] = _NONE
        yield
        return roots

    def join(self, roots: Sequence[tuple[int, int]]) -> Steps[None]:
        """Step 5: join threads of equal subjects."""
        subjects = self._members.subjects
        # Step 5.B: for each subject the root that others are joined to.
        table: dict[str, int] = {}
        for run in runs(roots):
            for root, first in run:
                subject = subjects[first]
                if subject and (subject not in table or self._is_better(root, table[subject])):
                    table[subject] = root
            yield
        # Step 5.C
        chosen = dict(table)
        for run in runs(roots):
            for root, first in run:
                subject = subjects[first]
                if not subject or root == chosen[subject]:
                    continue
                target = table[subject]
                if target < self._present and (not self._answers(root) or self._answers(target)):
                    dummy = self._missing()
                    self.parents[target] = table[subject] = dummy
                    target = dummy
                self.parents[root] = target
            yield

    def told(self) -> Steps[Told]:
        """Step 6: return all with siblings by date, and flat."""
        root = len(self.parents)  # stands above the roots
        below = [_NONE] * (root + 1)  # of each node its first child
        last = [_NONE] * (root + 1)  # and its last one
        after = [_NONE] * root  # of each node the next of its siblings
        above = [root] * root
        yield

        def put(node: int, parent: int) -> None:
            above[node] = parent
            if below[parent] == _NONE:
                below[parent] = node
            else:
                after[last[parent]] = node
            last[parent] = node

        for run in runs(self.by_date):
            for node in run:
                parent = self._above(node)
                if parent >= self._present and below[parent] == _NONE:
                    put(parent, root)
                put(node, root if parent == _NONE else parent)
            yield
        uids = self._members.uids
        places = [_NONE] * (root + 1)  # of each node among those that were told
        numbers: list[int] = []
        parents: list[int] = []
        pending = [below[root]]
        while pending:
            node = pending.pop()
            if node == _NONE:
                continue
            places[node] = len(numbers)
            numbers.append(uids[node] if node < self._present else 0)
            parents.append(places[above[node]])
            pending += (after[node], below[node])
            if not len(numbers) % STEP:
                yield
        return numbers, parents

    def _above(self, node: int) -> int:
        """Return the next message above a node, else the topmost missing one, else -1.

        What is missing on the way is shortened for those who come after.
        """
        parents = self.parents
        found = parents[node]
        while found >= self._present and parents[found] != _NONE:
            found = parents[found]
        way = parents[node]
        while way != found:
            parents[way], way = found, parents[way]
        return found

    def _adopt(self, child: int, parent: int) -> int:
        """Set a parent unless that would close a circle; returns how many were looked at."""
        parents = self.parents
        above, count = parent, 1
        while above != _NONE:
            if above == child:
                return count
            above = parents[above]
            count += 1
        parents[child] = parent
        return count

    def _missing(self) -> int:
        self.parents.append(_NONE)
        return len(self.parents) - 1

    def _answers(self, root: int) -> bool:
        return root < self._present and bool(self._members.replies[root])

    def _is_better(self, root: int, chosen: int) -> bool:
        """Whether others are joined to this root rather than to the one of the same subject."""
        if chosen >= self._present:
            return False
        return root >= self._present or (self._answers(chosen) and not self._answers(root))
