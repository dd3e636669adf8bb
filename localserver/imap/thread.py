"""THREAD: what a search finds, as conversations: REFERENCES and ORDEREDSUBJECT (RFC 5256)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from desktopmail.wire.imap.condition import Condition, Tag
from desktopmail.wire.imap.thread import ThreadResponse
from localserver.imap.forest import Members, by_references, by_subject
from localserver.imap.meanwhile import Meanwhile
from localserver.imap.search import compiled, encoded, matching
from localserver.steps import STEP, in_turns, runs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from desktopmail.wire.imap.thread import Thread
    from localserver.imap.forest import Told
    from localserver.imap.session import ImapSession
    from localserver.imap.view import View
    from localserver.steps import Steps

ALGORITHMS: Final[dict[str, Callable[[Members], Steps[Told]]]] = {
    "REFERENCES": by_references,
    "ORDEREDSUBJECT": by_subject,
}
_COLUMNS: Final = ", message_id, ancestors, base_subject, is_reply, coalesce(sent, arrived)"


async def handle_thread(session: ImapSession, tag: Tag, command: Thread) -> None:
    """Search, thread, and tell."""
    view = session.selected
    algorithm = ALGORITHMS.get(command.algorithm)
    if algorithm is None:
        session.finish(tag, Condition.BAD, "That algorithm is not known.", expunges=False)
        return
    condition = await compiled(session, tag, view, command.key, command.charset)
    if condition is None:
        return
    rows = await matching(session, view, condition, _COLUMNS)
    answer = _answer(rows, algorithm, None if command.uid else view)
    session.send_encoded(await in_turns(answer, Meanwhile(session)))
    session.finish(tag, Condition.OK, "Threaded.", expunges=False)


def _answer(
    rows: Sequence[tuple[Any, ...]],
    algorithm: Callable[[Members], Steps[Told]],
    view: View | None,
) -> Steps[bytes]:
    """Return the encoded response.

    Args:
        rows: UID, MODSEQ and the columns of the messages.
        algorithm: Makes conversations of them.
        view: Knows the sequence numbers that are told; None for UIDs.
    """
    members = Members()
    for run in runs(rows):
        members.add(run)
        yield
    numbers, parents = yield from algorithm(members)
    if view is not None:
        for start in range(0, len(numbers), STEP):
            uids = numbers[start : start + STEP]
            numbers[start : start + STEP] = [uid and (view.seq(uid) or 0) for uid in uids]
            yield
    return (yield from encoded(ThreadResponse(tuple(numbers), tuple(parents))))
