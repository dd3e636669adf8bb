"""POP3: what a maildrop holds is fetched once, and deleted only after it is durable here."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from desktopmail.door.changes import MailArrived, Progress
from desktopmail.door.interface import DoorError
from desktopmail.door.rows import Role
from desktopmail.engine.store import mailbox, placement, pop_seen
from desktopmail.engine.sync import incoming
from desktopmail.engine.sync.incoming import Incoming, Parsed
from desktopmail.engine.waiting import wait
from desktopmail.mime.header import digest_of
from desktopmail.net.errors import RefusedError

if TYPE_CHECKING:
    import asyncio

    from desktopmail.door.ids import MessageId
    from desktopmail.engine.connector import Connector
    from desktopmail.engine.store.account import Account
    from desktopmail.engine.store.pop_seen import Seen
    from desktopmail.engine.store.store import Store, Transaction
    from desktopmail.net.pop3 import Pop3Client

# A step is committed when so much has come; what is fetched but not committed is fetched again.
BATCH_OCTETS = 8 * 1024 * 1024
BATCH_MESSAGES = 200
_DAY_S = 24 * 3600


@dataclass(slots=True)
class Maildrop:
    """What a server lists.

    Attributes:
        sizes: Octets, by message number.
        uidls: Unique ids by number; only those that are not empty and stand there once.
        is_sound: Every message has a unique id of its own: what is missing is really gone.
    """

    sizes: dict[int, int]
    uidls: dict[int, str]
    is_sound: bool


class Pop3Sync:
    """Fetches the mail of one POP3 account, one session a cycle."""

    service = "pop3"

    def __init__(self, store: Store, connector: Connector) -> None:
        self._store = store
        self._connector = connector
        self._ports = connector.ports

    async def rest(self, wake: asyncio.Event, seconds: float) -> None:
        """Wait for the next session."""
        await wait(wake, self._ports.clock, seconds)

    async def leave(self) -> None:
        """Nothing is open between sessions."""

    async def run(self, account: Account, *, headers_only: bool = False) -> None:
        """One session: fetch what is new, then delete what may go.

        Args:
            account: Whose maildrop.
            headers_only: Of no meaning here: a message that stays at a POP3 server may be gone the
                next time.

        Raises:
            NetError: The server failed us; everything that was committed stays.
            DoorError: The store cannot be written, or there is no password.
        """
        del headers_only
        client = await self._connector.pop3(account)
        try:
            maildrop = await look(client)
            seen = await self._store.read(lambda tx: pop_seen.every(tx, account.id))
            seen = await self._rebind(client, account, maildrop, seen)
            fresh = [
                number
                for number in sorted(maildrop.sizes)
                if number not in maildrop.uidls or maildrop.uidls[number] not in seen
            ]
            fresh = await self._without_known(client, account, maildrop, fresh)
            fresh = await self._recognised(client, account, maildrop, fresh)
            await self._fetch(client, account, maildrop, fresh)
            deleted = await self._delete(client, account, maildrop)
            await client.quit()  # only now the server deletes what was marked
            if deleted:
                await self._store.write(lambda tx: pop_seen.forget(tx, account.id, deleted))
        finally:
            await client.aclose()

    async def _rebind(
        self, client: Pop3Client, account: Account, maildrop: Maildrop, seen: dict[str, Seen]
    ) -> dict[str, Seen]:
        """Recognise what a server has renumbered, by its header digests, without a download.

        Some servers give every message a new UIDL when a maildrop is moved or rebuilt.
        """
        listed = set(maildrop.uidls.values())
        gone = {one.header_digest: one for uidl, one in seen.items() if uidl not in listed}
        unknown = {n: uidl for n, uidl in maildrop.uidls.items() if uidl not in seen}
        if not gone or not unknown or "TOP" not in client.capabilities:
            return seen
        rebound: dict[str, Seen] = {}
        async for number, header in client.top_many(unknown, 0):
            one = gone.pop(bytes.fromhex(digest_of(header)), None)
            if one is not None:
                rebound[unknown[number]] = one
        if not rebound:
            return seen

        def step(tx: Transaction) -> dict[str, Seen]:
            for uidl, one in rebound.items():
                pop_seen.rename(tx, account.id, one.uidl, uidl)
            return pop_seen.every(tx, account.id)

        return await self._store.write(step)

    async def _without_known(
        self, client: Pop3Client, account: Account, maildrop: Maildrop, fresh: list[int]
    ) -> list[int]:
        """Leave out what is here although the server gives no id to know it by."""
        without_id = [number for number in fresh if number not in maildrop.uidls]
        if not without_id or "TOP" not in client.capabilities:
            return fresh
        here = await self._digests(account)
        known = set()
        async for number, header in client.top_many(without_id, 0):
            if _take(here, header):
                known.add(number)
        return [number for number in fresh if number not in known]

    async def _digests(self, account: Account) -> Counter[bytes]:
        """How often each header block has been seen in this maildrop."""
        return await self._store.read(
            lambda tx: Counter(one.header_digest for one in pop_seen.every(tx, account.id).values())
        )

    async def _recognised(
        self, client: Pop3Client, account: Account, maildrop: Maildrop, fresh: list[int]
    ) -> list[int]:
        """Leave out what is here from the other protocol; its UIDL is remembered from now on."""
        here = await self._store.read(lambda tx: pop_seen.unseen_here(tx, account.id))
        if not here or not fresh or "TOP" not in client.capabilities:
            return fresh
        met: dict[int, tuple[bytes, MessageId]] = {}
        async for number, header in client.top_many(fresh, 0):
            digest = bytes.fromhex(digest_of(header))
            if here.get(digest):
                met[number] = (digest, here[digest].pop())
        now_s = self._now_s()

        def step(tx: Transaction) -> None:
            for number, (digest, message_id) in met.items():
                name = maildrop.uidls.get(number) or nameless(digest, message_id)
                pop_seen.add(tx, account.id, name, message_id, digest, now_s)

        await self._store.write(step)
        return [number for number in fresh if number not in met]

    async def _fetch(
        self, client: Pop3Client, account: Account, maildrop: Maildrop, fresh: list[int]
    ) -> None:
        batch: list[tuple[str, Incoming]] = []
        octets = done = 0
        self._progress(account, 0, len(fresh))
        # Without UIDL and TOP everything has to be fetched each time, to see that it is known.
        here = Counter[bytes]() if "TOP" in client.capabilities else await self._digests(account)
        async for number, content in client.retr_many(fresh):
            if number not in maildrop.uidls and _take(here, content):
                continue
            one = Incoming(content, True, len(content), self._now_s())
            batch.append((maildrop.uidls.get(number, ""), one))
            octets += len(content)
            if octets >= BATCH_OCTETS or len(batch) >= BATCH_MESSAGES:
                await self._commit(account, batch)
                done += len(batch)
                self._progress(account, done, len(fresh), octets=octets)
                batch, octets = [], 0
        if batch:
            await self._commit(account, batch)
        self._progress(account, len(fresh), len(fresh), finished=True)

    async def _commit(self, account: Account, batch: list[tuple[str, Incoming]]) -> None:
        """Store messages and their UIDLs in one transaction."""
        parsed = await self._ports.executor.run(incoming.parse, [one for _, one in batch])
        uidls = [uidl for uidl, _ in batch]
        await self._store.write(lambda tx: self._keep(tx, account, uidls, parsed))

    def _keep(
        self, tx: Transaction, account: Account, uidls: list[str], parsed: list[Parsed]
    ) -> None:
        inbox = mailbox.find_role(tx, account.id, Role.INBOX)
        if inbox is None:
            raise DoorError(f"The account {account.name} has no Inbox.", code="no-mailbox")
        placed = incoming.place(tx, inbox.id, parsed)
        arrived = placement.get(tx, placed)
        messages = {one.id: one.message_id for one in arrived}
        for uidl, one, placement_id in zip(uidls, parsed, placed, strict=True):
            digest = one.summary.digest
            name = uidl or nameless(digest, placement_id)
            pop_seen.add(
                tx, account.id, name, messages[placement_id], digest, one.incoming.arrived_s
            )
        tx.touch_mailboxes(account.id)
        tx.tell(MailArrived(account_id=account.id, message_ids=tuple(messages.values())))

    async def _delete(self, client: Pop3Client, account: Account, maildrop: Maildrop) -> list[str]:
        """Mark at the server what is to be deleted; everything named here was committed before."""
        seen = await self._store.read(lambda tx: pop_seen.every(tx, account.id))
        days = account.learned.pop_deletes_after_days
        before = None if days is None else self._now_s() - days * _DAY_S
        wanted = {
            uidl
            for uidl, one in seen.items()
            if one.delete_wanted or (before is not None and one.first_seen_s <= before)
        }
        numbers = [n for n, uidl in sorted(maildrop.uidls.items()) if uidl in wanted]
        if not numbers:
            return []
        refused = await client.dele_many(numbers)
        return [maildrop.uidls[number] for number in numbers if number not in refused]

    def _now_s(self) -> int:
        return int(self._ports.clock.now().timestamp())

    def _progress(
        self, account: Account, done: int, total: int, *, octets: int = 0, finished: bool = False
    ) -> None:
        self._store.tell(
            Progress(
                account_id=account.id,
                work="fetch",
                label=account.name,
                done=done,
                total=total,
                octets=octets,
                finished=finished,
            )
        )


def _take(here: Counter[bytes], octets: bytes) -> bool:
    """Whether a message with this header block is here; each one counts once."""
    digest = bytes.fromhex(digest_of(octets))
    if here[digest] <= 0:
        return False
    here[digest] -= 1
    return True


async def look(client: Pop3Client) -> Maildrop:
    """List a maildrop; ids that are empty or stand there twice name nothing."""
    try:
        sizes, listed = await client.listing_and_uidl()
    except RefusedError:
        sizes, listed = await client.listing(), {}
    times = Counter(listed.values())
    uidls = {
        number: uidl
        for number, uidl in listed.items()
        if uidl and times[uidl] == 1 and number in sizes
    }
    return Maildrop(sizes, uidls, is_sound=len(uidls) == len(sizes))


def nameless(digest: bytes, local_id: int) -> str:
    """What stands for a UIDL that the server does not give; no server's own holds a NUL."""
    return f"\0{digest.hex()}:{local_id}"
