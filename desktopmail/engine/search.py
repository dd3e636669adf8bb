"""Searching at the servers for what is not wholly here: each account at once, each failure said."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from desktopmail.door import scope
from desktopmail.door.ids import PlacementId
from desktopmail.door.interface import DoorError
from desktopmail.door.queries import ServerHits
from desktopmail.door.rows import Kind, View
from desktopmail.door.search import tree
from desktopmail.door.view import ViewSql
from desktopmail.engine.store import account as accounts
from desktopmail.engine.store import mailbox, tag
from desktopmail.engine.sync.search import Place, key_of
from desktopmail.tasks import TaskScope

if TYPE_CHECKING:
    from desktopmail.door.ids import MailboxId
    from desktopmail.door.queries import SearchServers
    from desktopmail.door.terms import Node
    from desktopmail.engine.store.account import Account
    from desktopmail.engine.store.mailbox import Mailbox
    from desktopmail.engine.store.store import Store, Transaction
    from desktopmail.engine.working import Working
    from desktopmail.wire.imap.search_key import SearchKey

# More hits than this are too many to look through, and a list shows the newest first.
MAX_HITS = 5_000


@dataclass(slots=True)
class _Plan:
    """What is to be asked of one account."""

    account: Account
    boxes: dict[MailboxId, Mailbox] = field(default_factory=dict)
    keys: dict[MailboxId, SearchKey] = field(default_factory=dict)


@dataclass(slots=True)
class _Result:
    placement_ids: list[PlacementId] = field(default_factory=list)
    asked: list[MailboxId] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    fetched: int = 0


class ServerSearch:
    """Asks the servers.

    Args:
        store: What is here, and where what is found goes.
        working: Whose connections ask.
    """

    def __init__(self, store: Store, working: Working) -> None:
        self._store = store
        self._working = working

    async def answer(self, query: SearchServers) -> ServerHits:
        """Search where not all of a mailbox is here.

        Raises:
            DoorError: The query cannot be understood.
        """
        node = tree(query.query)
        plans = await self._store.read(partial(_plan, query, node))
        result = _Result()
        errors: list[Exception] = []
        tasks = TaskScope(lambda _name, error: errors.append(error))
        for plan in plans:
            if plan.account.kind is Kind.POP3:
                result.notes.append(
                    f"{plan.account.name} fetches by POP3, which cannot search: what was fetched "
                    "is searched here."
                )
            elif plan.keys:
                tasks.spawn(self._ask(plan, result), name=f"search {plan.account.name}")
        await tasks.settled()
        if errors:
            raise errors[0]
        hits = await self._store.read(partial(_unfound, query, result.placement_ids))
        if len(hits) > MAX_HITS:
            result.notes.append(
                f"The servers found {len(hits)} messages more; the newest {MAX_HITS} are shown."
            )
        return ServerHits(
            placement_ids=tuple(hits[:MAX_HITS]),
            asked=tuple(sorted(result.asked)),
            fetched=result.fetched,
            notes=tuple(result.notes),
        )

    async def _ask(self, plan: _Plan, result: _Result) -> None:
        name = plan.account.name
        if self._working.is_offline:
            result.notes.append(f"The server of {name} was not asked while you work offline.")
            return
        try:
            at_work = await self._working.need(plan.account.id)
            if at_work.imap is None:  # switched meanwhile
                return
            answers = await at_work.imap.search(plan.keys, at_work.worker)
        except DoorError as error:
            result.notes.append(f"{name} was not searched at its server: {error.sentence}")
            return
        for mailbox_id, found in answers.items():
            path = plan.boxes[mailbox_id].path
            if isinstance(found, DoorError):
                result.notes.append(
                    f"{path} of {name} was not searched at its server: {found.sentence}"
                )
                continue
            result.asked.append(mailbox_id)
            result.placement_ids += found.placement_ids
            result.fetched += found.fetched
            if found.left:
                result.notes.append(
                    f"{path} of {name} has 1 older hit that was never fetched;"
                    " narrow the search to see it."
                    if found.left == 1
                    else f"{path} of {name} has {found.left} older hits that were never fetched;"
                    " narrow the search to see them."
                )


def _plan(query: SearchServers, node: Node, tx: Transaction) -> list[_Plan]:
    wanted = set(query.mailbox_ids)
    partly = {row[0] for row in tx.fetch(scope.partly_here(query.mailbox_ids))}
    plans = []
    for account in accounts.every(tx):
        boxes = [
            box for box in mailbox.of_account(tx, account.id) if not wanted or box.id in wanted
        ]
        if not boxes:
            continue
        plan = _Plan(account)
        for box in boxes:
            key = key_of(node, _place(tx, account, box)) if box.id in partly else None
            if key is not None:
                plan.boxes[box.id] = box
                plan.keys[box.id] = key
        plans.append(plan)
    return plans


def _place(tx: Transaction, account: Account, box: Mailbox) -> Place:
    return Place(
        names=frozenset({box.shown_path.lower(), box.role.value.lower()}),
        accounts=frozenset({account.name.lower(), account.address.lower()}),
        keyword=partial(tag.find, tx),
    )


def _unfound(
    query: SearchServers, placement_ids: list[PlacementId], tx: Transaction
) -> list[PlacementId]:
    """Those that the words here do not find, the newest first."""
    if not placement_ids:
        return []
    rows = tx.fetch("SELECT id FROM mailbox WHERE hidden = 0")
    within = query.mailbox_ids or tuple(row[0] for row in rows)
    sql = ViewSql(View(query=query.query), tuple(within)).unfound(placement_ids)
    return [PlacementId(row[0]) for row in tx.fetch(sql.text, sql.parameters)]
