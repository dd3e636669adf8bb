"""THREAD: what a search finds, as conversations: REFERENCES and ORDEREDSUBJECT (RFC 5256)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from desktopmail.mime.thread import Node, Threaded, tree
from desktopmail.wire.imap.condition import Condition, Tag
from desktopmail.wire.imap.thread import NO_PARENT, ThreadResponse
from localserver.imap.search import compiled, matching

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desktopmail.wire.imap.thread import Thread
    from localserver.imap.session import ImapSession

ALGORITHMS: Final = frozenset({"REFERENCES", "ORDEREDSUBJECT"})
_COLUMNS: Final = ", message_id, ancestors, base_subject, is_reply, coalesce(sent, arrived)"


@dataclass(frozen=True, slots=True)
class _Message:
    uid: int
    message_id: str
    ancestors: tuple[str, ...]
    subject: str
    is_reply: bool
    date_s: int


async def handle_thread(session: ImapSession, tag: Tag, command: Thread) -> None:
    """Search, thread, and tell."""
    view = session.selected
    if command.algorithm not in ALGORITHMS:
        session.finish(tag, Condition.BAD, "That algorithm is not known.", expunges=False)
        return
    condition = await compiled(session, tag, view, command.key, command.charset)
    if condition is None:
        return
    rows: list[tuple[Any, ...]] = await matching(session, view, condition, _COLUMNS)
    messages = [
        _Message(row[0], row[2], tuple(row[3].split()), row[4], bool(row[5]), row[6])
        for row in rows
    ]
    thread = by_references if command.algorithm == "REFERENCES" else by_subject
    roots = thread(messages)
    numbers, parents = _flat(roots)
    if not command.uid:
        numbers = [0 if not uid else view.seq(uid) or 0 for uid in numbers]
    session.send(ThreadResponse(tuple(numbers), tuple(parents)))
    session.finish(tag, Condition.OK, "Threaded.", expunges=False)


def by_subject(messages: Sequence[_Message]) -> list[Node]:
    """Return threads of equal base subjects: the oldest, and all others below it."""
    threads: dict[str, list[_Message]] = {}
    for message in sorted(messages, key=lambda each: (each.date_s, each.uid)):
        threads.setdefault(message.subject, []).append(message)
    return [
        Node(thread[0].uid, [Node(each.uid, []) for each in thread[1:]])
        for thread in threads.values()
    ]


def by_references(messages: Sequence[_Message]) -> list[Node]:
    """Return threads by references, those with equal subjects joined (section 3, step 5)."""
    known = {message.uid: message for message in messages}
    roots = tree(
        [
            Threaded(each.uid, each.message_id or None, each.ancestors, each.subject, each.date_s)
            for each in messages
        ]
    )
    # Step 5.B: for each subject the root that others are joined to.
    table: dict[str, Node] = {}
    for root in roots:
        first = _first(root, known)
        if first is None or not first.subject:
            continue
        chosen = table.get(first.subject)
        if chosen is None or _is_better(root, chosen, known):
            table[first.subject] = root
    joined = _join(roots, table, known)
    return sorted(joined, key=lambda root: _date(root, known))


def _first(root: Node, known: dict[int, _Message]) -> _Message | None:
    """Return the message whose subject is the thread's."""
    if root.key is not None:
        return known[root.key]
    child = root.children[0] if root.children else None
    return known[child.key] if child is not None and child.key is not None else None


def _is_better(root: Node, chosen: Node, known: dict[int, _Message]) -> bool:
    if root.key is None:
        return chosen.key is not None
    return chosen.key is not None and known[chosen.key].is_reply and not known[root.key].is_reply


def _join(roots: list[Node], table: dict[str, Node], known: dict[int, _Message]) -> list[Node]:
    """Step 5.C: join roots of equal subject."""
    done: list[Node] = []
    dummies: dict[int, Node] = {}
    for root in roots:
        first = _first(root, known)
        chosen = table.get(first.subject) if first is not None and first.subject else None
        if chosen is None or chosen is root:
            done.append(dummies.get(id(root), root))
            continue
        target = dummies.get(id(chosen), chosen)
        if root.key is None:
            target.children.extend(root.children) if target.key is None else done.append(root)
        elif target.key is None or (known[root.key].is_reply and not _replies(target, known)):
            target.children.append(root)
        else:
            dummy = Node(None, [chosen, root])
            dummies[id(chosen)] = dummy
            done = [dummy if each is chosen else each for each in done]
    return done


def _replies(root: Node, known: dict[int, _Message]) -> bool:
    return root.key is not None and known[root.key].is_reply


def _date(root: Node, known: dict[int, _Message]) -> tuple[int, int]:
    first = _first(root, known)
    return (first.date_s, first.uid) if first is not None else (0, 0)


def _flat(roots: Sequence[Node]) -> tuple[list[int], list[int]]:
    """Return the nodes in order with the places of their parents, without recursion."""
    numbers: list[int] = []
    parents: list[int] = []
    pending = [(root, NO_PARENT) for root in reversed(roots)]
    while pending:
        node, parent = pending.pop()
        place = len(numbers)
        numbers.append(node.key or 0)
        parents.append(parent)
        pending += [(child, place) for child in reversed(node.children)]
    return numbers, parents
