"""The mailboxes that were made, renamed or deleted here, told to an IMAP server.

Each is verified before it is said: what a try that was cut short did already is not said again, and
a mailbox is not deleted before the messages in it, also those not seen here yet, are in the Trash.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from desktopmail.engine.store import mailbox, operation
from desktopmail.engine.sync import expunge, mailboxes, proof
from desktopmail.net.errors import RefusedError
from desktopmail.wire.imap.search_key import Is
from desktopmail.wire.imap.sequence import Uid, UidSet
from desktopmail.wire.imap.status import StatusItem

if TYPE_CHECKING:
    from desktopmail.engine.store.mailbox import Mailbox
    from desktopmail.engine.store.operation import Operation
    from desktopmail.engine.store.store import Transaction
    from desktopmail.engine.sync.telling import Telling

# How often a doomed mailbox is emptied into which others put messages all the while.
_ROUNDS = 3
_NOT_EMPTY = "Messages are still in it at the server that could not be put into the Trash."


class MailboxChanges:
    """Tells the operations on mailboxes of one account."""

    def __init__(self, at: Telling) -> None:
        self._at = at

    async def tell(self, one: Operation) -> bool:
        """Tell one operation; returns whether it is settled (else it waits for another).

        Raises:
            RefusedError: The server said no.
            NetError: The connection failed.
        """
        arguments = one.arguments
        box = await self._at.box(arguments.target if one.kind == "create" else arguments.source)
        if box is None:
            await self._at.store.write(lambda tx: operation.finish(tx, one.id))
            return True
        match one.kind:
            case "create":
                await self._create(one, box)
            case "rename":
                return await self._rename(one, box)
            case "delete-mailbox":
                return await self._delete(one, box)
            case _:
                await self._subscribe(one, box)
        return True

    async def _exists(self, path: str) -> bool:
        return bool(await self._at.client.list("", path))

    async def _create(self, one: Operation, box: Mailbox) -> None:
        path = one.arguments.path
        try:
            await self._at.client.create(path)
        except RefusedError:
            # It is there already, made by a try that was cut short or by another device.
            if not await self._exists(path):
                within = await self._within(path)
                if within is None:
                    raise
                path = within
                if not await self._exists(path):
                    await self._at.client.create(path)
        await self._show(path)

        def step(tx: Transaction) -> None:
            tx.execute("UPDATE mailbox SET local = 0 WHERE id = ?", (box.id,))
            mailboxes.name(tx, box.id, path)
            operation.finish(tx, one.id)

        await self._at.store.write(step)

    async def _show(self, path: str, *, shown: bool = True) -> None:
        """Subscribe to a name, or not, where that follows from something else that is done."""
        client = self._at.client
        try:
            await (client.subscribe(path) if shown else client.unsubscribe(path))
        except RefusedError:
            if not client.is_usable:
                raise
            # Some servers have no subscriptions, or let them follow a mailbox by themselves.

    async def _within(self, path: str) -> str | None:
        """A name where the server has everything of a person within one mailbox; None: it has not.

        Courier and Cyrus have: "INBOX.". So has Dovecot where it is set up in their place.
        """
        if not self._at.client.offers("NAMESPACE"):
            return None
        personal = (await self._at.client.namespace()).personal
        prefix = personal[0].prefix if personal else ""
        return prefix + path if prefix and not path.startswith(prefix) else None

    async def _rename(self, one: Operation, box: Mailbox) -> bool:
        new = one.arguments.path
        if await self._exists(box.path):
            if box.path != new:  # else another device gave it that name
                new = await self._say_rename(box.path, new)
        elif not await self._exists(new):  # a try that was cut short may have done it
            within = await self._within(new)
            if within is None or not await self._exists(within):
                return False  # another device renamed or deleted it: the next LIST tells
            new = within
        # What is subscribed is a name (RFC 9051 section 6.3.7): the new one has to be.
        if box.subscribed:
            await self._show(box.path, shown=False)
            await self._show(new)

        def step(tx: Transaction) -> None:
            for other in mailbox.of_account(tx, self._at.account.id):
                is_below = bool(box.delimiter) and other.path.startswith(box.path + box.delimiter)
                if other.id == box.id or (is_below and not other.local):
                    rest = other.path[len(box.path) :]
                    named = mailboxes.name(tx, other.id, new + rest)
                    if mailbox.get(tx, named).renamed_to == one.arguments.path + rest:
                        mailbox.set_renamed(tx, named, None)
            operation.finish(tx, one.id)

        await self._at.store.write(step)
        return True

    async def _say_rename(self, path: str, new: str) -> str:
        """Rename a mailbox; returns what it is called then."""
        try:
            await self._at.client.rename(path, new)
        except RefusedError:
            within = await self._within(new)
            if within is None:
                raise
            await self._at.client.rename(path, within)
            return within
        return new

    async def _delete(self, one: Operation, box: Mailbox) -> bool:
        if await self._at.store.read(lambda tx: operation.leaves_mailbox(tx, box.id)):
            return False
        if await self._exists(box.path):
            if not await self._bring_away(one, box):
                await self._at.store.write(
                    lambda tx: operation.set_state(tx, one.id, "failed", problem=_NOT_EMPTY)
                )
                return True
            await self._at.select("INBOX")
            await self._at.client.delete(box.path)
            await self._show(box.path, shown=False)

        def step(tx: Transaction) -> None:
            operation.finish(tx, one.id)
            if one.arguments.target is None:
                mailbox.remove(tx, box.id)
            else:  # kept, so that it can be made anew
                mailbox.forget_state(tx, box.id)

        await self._at.store.write(step)
        return True

    async def _bring_away(self, one: Operation, box: Mailbox) -> bool:
        """Put into the Trash what is in a doomed mailbox and was never seen here.

        Returns:
            Whether nothing is in it any more, or nothing of it is to be kept.
        """
        target = await self._at.box(one.arguments.target)
        if target is None or not box.selectable:
            return True
        for _ in range(_ROUNDS):
            if await self._is_empty(box):
                return True
            await self._at.select(box.path)
            found = (await self._at.client.uid_search(Is("ALL"))).all
            uids = UidSet.of(Uid(int(uid)) for uid in found or ())
            if uids and self._at.client.offers("MOVE"):
                await self._at.client.uid_move(uids, target.path)
            elif uids:
                await expunge.remove(self._at.client, await self._copy(uids, box, target))
        return await self._is_empty(box)

    async def _is_empty(self, box: Mailbox) -> bool:
        """Whether nothing is in a mailbox, asked so that nothing has to be said before it goes."""
        await self._at.select("INBOX")
        return not await self._count(box)

    async def _copy(self, uids: UidSet, box: Mailbox, target: Mailbox) -> list[int]:
        """Copy messages of the open mailbox; returns those whose copies are proved to be there."""
        since = (await proof.end_of(self._at.client, target.path)).uidnext
        code = await self._at.client.uid_copy(uids, target.path)
        copied = set(proof.from_code(code, None, uids, since=since))
        unproved = UidSet.of(uid for uid in uids if uid not in copied)
        if unproved:  # a server without UIDPLUS tells no COPYUID
            heads = await proof.heads_of(self._at.client, unproved)
            hashes = await proof.hashes_of(self._at.client, heads)

            async def tell(uids: list[int], octets: bytes) -> int | None:
                name = sha256(octets).digest()
                return next((uid for uid in uids if hashes.get(uid) == name), None)

            await self._at.select(target.path)
            digests = {uid: head.digest for uid, head in heads.items()}
            copied |= set(await proof.by_digest(self._at.client, digests, tell, since=since))
            await self._at.select(box.path)
        return sorted(copied)

    async def _count(self, box: Mailbox) -> int:
        answer = await self._at.client.status(box.path, (StatusItem.MESSAGES,))
        return dict(answer.values).get(StatusItem.MESSAGES, 0)

    async def _subscribe(self, one: Operation, box: Mailbox) -> None:
        if one.arguments.add:
            await self._at.client.subscribe(box.path)
        else:
            await self._at.client.unsubscribe(box.path)
        await self._at.store.write(lambda tx: operation.finish(tx, one.id))
