"""The journal told to an IMAP server: in order, merged, and verified where a try was cut short.

An operation is `running` from before its first command until it is proved. Found running, it may
have been done in part or whole: then the server is asked before anything is said again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.engine.backoff import delay_s
from desktopmail.engine.in_hand import OPERATION
from desktopmail.engine.store import operation, problem
from desktopmail.engine.sync.append import Appends
from desktopmail.engine.sync.expunge import Removals
from desktopmail.engine.sync.mailbox_changes import MailboxChanges
from desktopmail.engine.sync.move import Moves
from desktopmail.engine.sync.plan import Plan, due
from desktopmail.engine.sync.store import FlagChanges
from desktopmail.engine.sync.telling import Telling
from desktopmail.net.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from desktopmail.engine.store.account import Account
    from desktopmail.engine.store.operation import Operation
    from desktopmail.engine.store.store import Store, Transaction
    from desktopmail.net.imap import ImapClient
    from desktopmail.net.ports import Ports

MAX_TRIES = 5
# A mailbox that is in use, or a server that is busy: all tries together take about a minute.
_FIRST_WAIT_S = 5.0
# When so many were refused in one pass, groups are not taken apart any more to find the culprit.
_REFUSALS = 3
_OF_MAILBOXES = frozenset({"create", "rename", "delete-mailbox", "subscribe"})


class Replay:
    """One pass through the journal of an account.

    Args:
        store: Where the journal is.
        ports: The clock.
        client: Logged in.
        account: Whose journal.
        select: Opens a mailbox for changing, unless it is open already.
    """

    def __init__(
        self,
        store: Store,
        ports: Ports,
        client: ImapClient,
        account: Account,
        select: Callable[[str], Awaitable[None]],
    ) -> None:
        self._at = at = Telling(store, ports, client, account, select)
        # Whether an earlier list of the server's mailboxes may not hold any more.
        self.changes_mailboxes = False
        self._flags = FlagChanges(at)
        self._moves = Moves(at)
        self._appends = Appends(at)
        self._removals = Removals(at)
        self._mailboxes = MailboxChanges(at)
        self._refusals = 0

    async def run(self) -> None:
        """Tell the server everything that it can hear of now.

        Raises:
            NetError: The connection failed; what was on its way is verified the next time.
        """
        seen = 0
        while (pending := await self._pending()) and pending[-1].id > seen:
            touched = await self._at.store.read(
                lambda tx: operation.touched(tx, self._at.account.id)
            )
            now_s = self._at.ports.clock.now().timestamp()
            plan = Plan((one for one in due(pending, touched, now_s) if one.id > seen), touched)
            seen = pending[-1].id
            while group := plan.next():
                await self._tell(group)

    async def _tell(self, group: Sequence[Operation]) -> None:
        """Tell operations of one kind together; those that have to wait are left for later."""
        ready = list(group)
        try:
            ready = await self._ready(group)
            if not ready:
                return
            with self._at.store.guard.hold(OPERATION, f"{ready[0].id}-{ready[-1].id}"):
                await self._group(ready)
        except RefusedError as error:
            if not self._at.client.is_usable:
                raise
            if len(ready) == 1 or self._refusals >= _REFUSALS:
                await self._refused(ready, error)
                return
            # One that is refused need not take the others with it.
            middle = len(ready) // 2
            await self._tell(ready[:middle])
            await self._tell(ready[middle:])

    async def _ready(self, group: Sequence[Operation]) -> list[Operation]:
        """Those of a group that are still to be told, and need not wait for a look, or another.

        The mailbox is opened first: if its UIDVALIDITY has changed, the UIDs here are void from
        that moment, and would name other messages.
        """
        ids = [one.id for one in group]
        # Since this was planned a mailbox may have turned out to be another one (`mailboxes.name`).
        group = await self._at.store.read(lambda tx: operation.waiting(tx, ids))
        if not group:
            return []
        source = await self._at.box(group[0].arguments.source)
        if source is not None and not source.local and group[0].kind not in _OF_MAILBOXES:
            await self._at.select(source.path)
            lacking = await self._at.store.read(lambda tx: operation.lacking_uids(tx, ids))
            ids = [one for one in ids if one not in lacking]
        # A person may have taken some back meanwhile.
        return await self._at.store.read(lambda tx: operation.waiting(tx, ids))

    async def _pending(self) -> list[Operation]:
        return await self._at.store.read(lambda tx: operation.pending(tx, self._at.account.id))

    async def _group(self, group: Sequence[Operation]) -> None:
        first = group[0]
        match first.kind:
            case "flags":
                await self._flags.store(group)
            case "move":
                await self._moves.move(group)
            case "copy":
                await self._moves.copy(group)
            case "append":
                await self._appends.append(first)
            case "expunge":
                await self._removals.tell(group)
            case "create" | "rename" | "delete-mailbox" | "subscribe":
                self.changes_mailboxes = True
                await self._mailboxes.tell(first)
            case _:
                await self._at.fail(group, f"This program does not know how to {first.kind}.")

    async def _refused(self, group: Sequence[Operation], error: RefusedError) -> None:
        """The server said no: told again after a while, at last shown with Retry and Discard."""
        self._refusals += 1
        now_s = self._at.ports.clock.now().timestamp()
        tries = 1 + max(one.tries for one in group)
        later_s = now_s + delay_s(tries, self._at.ports.entropy, first_s=_FIRST_WAIT_S)

        def step(tx: Transaction) -> None:
            for one in group:
                has_failed = one.tries + 1 >= MAX_TRIES
                operation.set_state(
                    tx,
                    one.id,
                    "failed" if has_failed else "pending",
                    problem=error.sentence,
                    tried=True,
                    not_before_s=0.0 if has_failed else later_s,
                )
                if has_failed:
                    problem.report(
                        tx, self._at.account.id, "journal", f"{one.label}: {error.sentence}",
                        "Try it again or give it up, under Operations.", now_s,
                    )  # fmt: skip

        await self._at.store.write(step)
