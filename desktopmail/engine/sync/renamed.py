"""Mailboxes that another device renamed: known again by their UIDs and by what stands at these.

A LIST tells names alone. A mailbox that it leaves out is one that it tells for the first time where
both have the same UIDVALIDITY, no UID was given back, and messages at known UIDs have the headers
that are known here (RFC 9051 sections 2.3.1.1 and 6.3.6). What is in doubt stays as it is: one
mailbox is gone, and there is a new one.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from desktopmail.door.rows import Role
from desktopmail.engine import mailboxes as changes
from desktopmail.engine.store import mailbox, operation
from desktopmail.engine.sync import mailboxes, proof
from desktopmail.net.errors import RefusedError
from desktopmail.wire.imap.sequence import Uid, UidSet
from desktopmail.wire.imap.status import StatusItem

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

    from desktopmail.door.ids import AccountId
    from desktopmail.engine.store.mailbox import Mailbox
    from desktopmail.engine.store.store import Store, Transaction
    from desktopmail.engine.sync.mailboxes import Listed
    from desktopmail.engine.sync.proof import Head
    from desktopmail.net.imap import ImapClient
    from desktopmail.net.imap_answers import Selected

# So many headers are asked for, and as many of messages that an operation waits for.
SAMPLES = 10


class Missed(NamedTuple):
    """A known mailbox that the server does not list.

    Attributes:
        digests: Of headers, by UID, spread over the mailbox.
        is_empty: It is known that nothing stands in it.
        is_awaited: An operation is about it, or brings something there.
        is_alone: No other mailbox here has its UIDVALIDITY.
    """

    box: Mailbox
    digests: dict[int, bytes]
    is_empty: bool
    is_awaited: bool
    is_alone: bool

    def may_be(self, one: Listed) -> bool:
        """Whether the numbers of a mailbox can be those that this one has by now."""
        told = one.numbers
        return (
            self.box.uidvalidity is not None
            and told.get(StatusItem.UIDVALIDITY) == self.box.uidvalidity
            and told.get(StatusItem.UIDNEXT, 0) >= (self.box.uidnext or 1)
        )

    def is_proved_by(self, heads: Mapping[int, Head]) -> bool:
        """Whether headers are those that are known: none is another, and most are there still."""
        told = [heads[uid].digest == digest for uid, digest in self.digests.items() if uid in heads]
        return bool(told) and all(told) and 2 * len(told) >= len(self.digests)


_Pairs = dict[str, "tuple[Missed, Listed]"]


@dataclass(frozen=True, slots=True)
class Recognition:
    """What a LIST lacks, held against what it has for the first time.

    Attributes:
        select: Opens a mailbox.
    """

    store: Store
    client: ImapClient
    account_id: AccountId
    select: Callable[[str], Awaitable[Selected]]

    async def run(self, listed: Sequence[Listed]) -> None:
        """Give mailboxes that were renamed at the server their new names.

        Nothing is asked where no mailbox is missing, or none is new.

        Raises:
            NetError: The connection failed; nothing has changed then.
        """
        missed, unknown = await self.store.read(lambda tx: _compare(tx, self.account_id, listed))
        if not missed or not unknown:
            return
        new = [await self._with_numbers(one) for one in unknown]
        found = await self._proved(missed, new)
        found |= _alone(missed, new, found)
        found |= _along(missed, new, found)
        if found:
            pairs = list(found.values())
            await self.store.write(lambda tx: _take(tx, self.account_id, pairs))

    async def _with_numbers(self, one: Listed) -> Listed:
        if one.numbers or not one.selectable:
            return one
        with suppress(RefusedError):  # it went away a moment ago
            answer = await self.client.status(one.path, mailboxes.status_items(self.client))
            return one.with_numbers(mailboxes.numbers_of(answer))
        return one

    async def _proved(self, missed: Sequence[Missed], new: Sequence[Listed]) -> _Pairs:
        """Those that what stands in them proves to be one, and no other one, by old path."""
        claims: list[tuple[Missed, Listed]] = []
        for one in new:
            likely = [it for it in missed if it.digests and it.may_be(one)]
            if likely:
                heads = await self._heads(one, likely)
                claims += [(it, one) for it in likely if it.is_proved_by(heads)]
        return _unambiguous(claims)

    async def _heads(self, one: Listed, likely: Sequence[Missed]) -> dict[int, Head]:
        try:
            selected = await self.select(one.path)
            if selected.uid_validity != one.numbers.get(StatusItem.UIDVALIDITY):
                return {}  # it is another one since
            uids = UidSet.of(Uid(uid) for it in likely for uid in it.digests)
            return await proof.heads_of(self.client, uids)
        except RefusedError:
            if not self.client.is_usable:
                raise
            return {}


def _compare(
    tx: Transaction, account_id: AccountId, listed: Sequence[Listed]
) -> tuple[list[Missed], list[Listed]]:
    """What is known and not listed, and what is listed and not known."""
    if not any(one.role is Role.INBOX for one in listed):
        return [], []  # that answer is not whole (`mailboxes.keep`)
    here = mailbox.of_account(tx, account_id)
    known = {one.path for one in here}
    unknown = [one for one in listed if one.path not in known]
    there = {one.path for one in listed}
    gone = [one for one in here if one.path not in there and not (one.local or one.hidden)]
    if not gone or not unknown:
        return [], []
    validities = [one.uidvalidity for one in here if one.uidvalidity is not None]
    if len(validities) > 1 and len(set(validities)) == 1:
        return [], []  # it says nothing at this server, which gives all the same
    return [_missed(tx, one, validities) for one in gone], unknown


def _missed(tx: Transaction, box: Mailbox, validities: Sequence[int]) -> Missed:
    rows: list[tuple[int, bytes]] = []
    if box.uidvalidity is not None:
        rows = [
            (uid, digest)
            for uid, digest in tx.fetch(
                "SELECT p.uid, m.header_digest FROM placement AS p"
                " JOIN message AS m ON m.id = p.message_id WHERE p.mailbox_id = ?"
                " AND p.uid IS NOT NULL AND p.gone_cycle IS NULL AND m.header_digest <> x''"
                " ORDER BY p.uid",
                (box.id,),
            )
        ]
    awaited = {
        row[0]
        for row in tx.fetch(
            "SELECT p.uid FROM placement AS p JOIN operation_target AS t ON t.placement_id = p.id"
            " JOIN operation AS o ON o.id = t.operation_id WHERE p.mailbox_id = ?"
            " AND t.done = 0 AND o.state <> 'done' AND p.uid IS NOT NULL",
            (box.id,),
        )
    }
    about = [row for row in rows if row[0] in awaited]
    return Missed(
        box,
        dict(_spread(rows) + _spread(about)),
        is_empty=box.complete and not _holds_anything(tx, box),
        is_awaited=bool(awaited) or operation.is_any_about(tx, box.id),
        is_alone=validities.count(box.uidvalidity or 0) == 1,
    )


def _holds_anything(tx: Transaction, box: Mailbox) -> bool:
    rows = tx.fetch("SELECT 1 FROM placement WHERE mailbox_id = ? LIMIT 1", (box.id,))
    return bool(rows)


def _spread(rows: list[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
    """Some of these rows, the first and the last among them."""
    if len(rows) <= SAMPLES:
        return rows
    return [rows[number * (len(rows) - 1) // (SAMPLES - 1)] for number in range(SAMPLES)]


def _unambiguous(claims: Iterable[tuple[Missed, Listed]]) -> _Pairs:
    """Those pairs of which each is in no other pair."""
    by_old: dict[str, list[tuple[Missed, Listed]]] = defaultdict(list)
    by_new: dict[str, list[tuple[Missed, Listed]]] = defaultdict(list)
    for claim in claims:
        by_old[claim[0].box.path].append(claim)
        by_new[claim[1].path].append(claim)
    return {
        path: pairs[0]
        for path, pairs in by_old.items()
        if len(pairs) == 1 and len(by_new[pairs[0][1].path]) == 1
    }


def _alone(missed: Sequence[Missed], new: Sequence[Listed], found: _Pairs) -> _Pairs:
    """Empty mailboxes whose UIDVALIDITY no other one has, and that nothing waits for.

    Were one of them another one after all, nothing could be told to the wrong mailbox by it.
    """
    taken = {one.path for _, one in found.values()}
    return _unambiguous(
        (it, one)
        for it in missed
        if it.is_empty and it.is_alone and not it.is_awaited and it.box.path not in found
        for one in new
        if it.may_be(one)
        and one.path not in taken
        and one.numbers.get(StatusItem.MESSAGES) == 0
        and one.numbers.get(StatusItem.UIDNEXT) == it.box.uidnext
    )


def _along(missed: Sequence[Missed], new: Sequence[Listed], found: _Pairs) -> _Pairs:
    """What is empty, or cannot be opened, and stands in or above one that was recognised."""
    names = {name for it, one in found.values() for name in _renamings(it.box, one)}
    taken = {one.path for _, one in found.values()}
    claims = []
    for it in missed:
        if it.box.path in found:
            continue
        paths = {
            after + it.box.path[len(before) :]
            for before, after in names
            if it.box.path == before or it.box.path.startswith(before + it.box.delimiter)
        }
        claims += [
            (it, one)
            for one in new
            if paths == {one.path}
            and one.path not in taken
            and it.box.delimiter == one.delimiter != ""
            and it.box.selectable == one.selectable
            and (not one.selectable or (it.is_empty and it.may_be(one)))
        ]
    return _unambiguous(claims)


def _renamings(box: Mailbox, one: Listed) -> list[tuple[str, str]]:
    """The renamings that bring one path to another: of the mailbox, and of those it stands in."""
    before, after, mark = box.path, one.path, box.delimiter
    if not mark or mark != one.delimiter:
        return []
    found = [(before, after)]
    while mark in before and mark in after:
        before, _, name = before.rpartition(mark)
        after, _, other = after.rpartition(mark)
        if name != other or before == after:
            break
        found.append((before, after))
    return found


def _take(tx: Transaction, account_id: AccountId, pairs: list[tuple[Missed, Listed]]) -> None:
    """Let mailboxes have the names that their server knows them by; what waits is told at once."""
    here = {one.id: one for one in mailbox.of_account(tx, account_id)}
    taken = {one.path for one in here.values()}
    for it, one in pairs:
        box = here.get(it.box.id)
        if (
            box is None
            or (box.path, box.uidvalidity, box.hidden) != (it.box.path, it.box.uidvalidity, False)
            or one.path in taken
        ):
            continue  # a person, or the journal, was faster
        mailbox.set_path(tx, box.id, one.path)
        # What is subscribed is a name (RFC 9051 section 6.3.7): the new one has to be.
        is_said = operation.of_mailbox(tx, box.id, "subscribe")
        if box.subscribed and not one.subscribed and not is_said:
            changes.subscribe(tx, box.id, subscribed=True)
    operation.try_now(tx, account_id)
