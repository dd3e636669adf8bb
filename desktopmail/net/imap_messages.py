"""Calls of an IMAP client on the messages of the open mailbox, and how it is opened and left."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from desktopmail.net.errors import RefusedError
from desktopmail.net.imap_answers import Fetching, Gathering, Selected, Selecting
from desktopmail.wire.imap import limits
from desktopmail.wire.imap.codes import CopyUid, Modified
from desktopmail.wire.imap.condition import Answer, Tagged
from desktopmail.wire.imap.copy import Copy
from desktopmail.wire.imap.expunge import Expunge, VanishedResponse
from desktopmail.wire.imap.fetch import Fetch
from desktopmail.wire.imap.fetch_response import FetchResponse
from desktopmail.wire.imap.move import Move
from desktopmail.wire.imap.search import Search
from desktopmail.wire.imap.search_response import ESearchResponse, SearchResponse
from desktopmail.wire.imap.select import Close, QResync, Select, Unselect
from desktopmail.wire.imap.sequence import Uid, UidSet
from desktopmail.wire.imap.sort import Sort, SortBy, SortResponse
from desktopmail.wire.imap.state import State
from desktopmail.wire.imap.store import Store, StoreMode
from desktopmail.wire.imap.thread import Thread, ThreadResponse

if TYPE_CHECKING:
    import builtins
    from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable

    from desktopmail.net.imap_sink import Sink
    from desktopmail.wire.imap.announced import Announced
    from desktopmail.wire.imap.condition import Tag
    from desktopmail.wire.imap.fetch_item import FetchItem
    from desktopmail.wire.imap.fetch_rows import FetchRows
    from desktopmail.wire.imap.flags import Flag
    from desktopmail.wire.imap.response import UntaggedResponse
    from desktopmail.wire.imap.search_key import SearchKey

from desktopmail.net.imap_calls import Calls


@dataclass(frozen=True, slots=True)
class Stored:
    """What a STORE brought.

    Attributes:
        changed: New flags and mod-sequences, as the server told them.
        modified: Messages it left alone because they had changed since (CONDSTORE).
    """

    changed: tuple[FetchResponse, ...]
    modified: UidSet


class MessageCalls(Calls):
    """What can be asked of messages, always by UID (RFC 9051 section 6.4)."""

    async def select(
        self,
        mailbox: str,
        *,
        readonly: bool = False,
        condstore: bool = False,
        qresync: QResync | None = None,
    ) -> Selected:
        """Open a mailbox.

        Args:
            mailbox: Its name.
            readonly: EXAMINE it.
            condstore: Have mod-sequences told.
            qresync: Bring what we know up to date; needs `enable("QRESYNC")` before.

        Raises:
            RefusedError: None is open now (RFC 9051 section 6.3.2).
        """
        leaves = self.state is State.SELECTED

        def begin() -> None:
            self._dialogue.mailbox = mailbox

        command = Select(mailbox, readonly, condstore, qresync)
        selecting = Selecting(command, leaves=leaves, begin=begin)
        if not leaves:
            begin()
        try:
            tagged = await self._run(command, selecting.claim, most=limits.MAX_ANSWERS_OF_MESSAGES)
        except RefusedError:
            self._dialogue.mailbox = None
            raise
        begin()  # it may have told nothing of it
        return selecting.result(tagged)

    async def unselect(self) -> None:
        """Leave the mailbox and change nothing in it.

        Without UNSELECT it is examined first, and then closed: a CLOSE of a mailbox that was opened
        for reading expunges nothing (RFC 9051 section 6.4.1).
        """
        if self.offers("UNSELECT"):
            await self._run(Unselect())
        else:
            await self.select("INBOX", readonly=True)
            await self._run(Close())
        self._dialogue.mailbox = None

    async def uid_fetch(
        self,
        uids: UidSet,
        items: tuple[FetchItem, ...],
        *,
        changed_since: int | None = None,
        vanished: bool = False,
        sink: Callable[[Announced, int], Sink] | None = None,
    ) -> AsyncIterator[FetchResponse | VanishedResponse]:
        """Iterate over items of messages as they come.

        Args:
            uids: Which messages.
            items: What of each. UID is always told.
            changed_since: Only messages that changed since (CONDSTORE).
            vanished: Tell what vanished since, too (QRESYNC): a `VanishedResponse` (EARLIER).
            sink: Called with what is known of a literal above 64 KiB and its size; returns where
                its octets go as they come. `Streamed` stands for them in the answer.
        """
        if not uids:
            return
        fetching = Fetching(Fetch(uids, items, changed_since, vanished), sink)
        async with aclosing(self._arrivals(fetching)) as arrivals:
            async for _ in arrivals:
                while fetching.answers:
                    yield fetching.take()

    async def uid_fetch_rows(
        self, uids: UidSet, items: tuple[FetchItem, ...]
    ) -> AsyncIterator[FetchRows | FetchResponse]:
        """Iterate over items of messages, ENVELOPE among them, as they come.

        Most answers come unread, many at once: whoever takes them reads them where there is time
        (`wire.imap.fetch_rows.read_row`), and looks whether they were asked for. What has a literal
        comes read.
        """
        if not uids:
            return
        fetching = Fetching(Fetch(uids, items), rows=True)
        async with aclosing(self._arrivals(fetching)) as arrivals:
            async for _ in arrivals:
                while fetching.rows:
                    yield fetching.take_rows()
                while fetching.answers:
                    answer = fetching.take()
                    if isinstance(answer, FetchResponse):
                        yield answer

    async def _arrivals(self, fetching: Fetching) -> AsyncGenerator[None, None]:
        """Ask a FETCH, and come back each time something of it may wait to be taken."""
        self._dialogue.ask(fetching)
        try:
            while True:
                yield
                self._dialogue.make_room()
                if fetching.ended.done():
                    break
                await fetching.changed()
            await self._dialogue.answer(fetching)
        finally:
            # Whoever stops early leaves the rest to be read and dropped.
            fetching.abandon()
            self._dialogue.forget(fetching)

    async def uid_store(
        self,
        uids: UidSet,
        mode: StoreMode,
        flags: Iterable[Flag],
        *,
        silent: bool = True,
        unchanged_since: int | None = None,
    ) -> Stored:
        """Change flags of messages."""
        command = Store(uids, mode, frozenset(flags), silent, unchanged_since)
        gathering = Gathering(
            FetchResponse,
            lambda value, _tag: isinstance(value, FetchResponse) and value.uid in uids,
        )
        # `UNCHANGEDSINCE` that fails for all is a NO with MODIFIED (RFC 7162 section 3.1.3).
        try:
            tagged = await self._run(command, gathering.claim, most=limits.MAX_ANSWERS_OF_MESSAGES)
        except RefusedError as refused:
            if not isinstance(refused.reply, Tagged) or not isinstance(
                refused.reply.code, Modified
            ):
                raise
            tagged = refused.reply
        changed = tuple(value for value in gathering.found if isinstance(value, FetchResponse))
        return Stored(changed, _uids_of(tagged.code))

    async def uid_copy(self, uids: UidSet, mailbox: str) -> CopyUid | None:
        """Copy messages; return which became which when the server tells (UIDPLUS)."""
        tagged = await self._run(Copy(uids, mailbox))
        return tagged.code if isinstance(tagged.code, CopyUid) else None

    async def uid_move(self, uids: UidSet, mailbox: str) -> CopyUid | None:
        """Move messages; return which became which when the server tells (UIDPLUS)."""
        gathering = Gathering(
            Answer,
            lambda value, _tag: isinstance(value, Answer) and isinstance(value.code, CopyUid),
        )
        tagged = await self._run(Move(uids, mailbox), gathering.claim)
        if isinstance(tagged.code, CopyUid):
            return tagged.code
        told = [value.code for value in gathering.found if isinstance(value, Answer)]
        return told[-1] if told and isinstance(told[-1], CopyUid) else None

    async def uid_expunge(self, uids: UidSet) -> Tagged:
        """Remove those of the messages that are marked deleted; `told` hears what is gone."""
        return await self._run(Expunge(uids))

    async def expunge(self) -> Tagged:
        """Remove all messages that are marked deleted, whoever marked them."""
        return await self._run(Expunge())

    async def uid_search(
        self,
        key: SearchKey,
        *,
        returns: Iterable[str] | None = None,
        charset: str | None = None,
    ) -> ESearchResponse:
        """Look for messages; the answer is in the form of ESEARCH whatever the server speaks.

        Args:
            key: What they match.
            returns: MIN, MAX, ALL, COUNT, SAVE; None asks the old way.
            charset: Of strings in the key that are not ASCII.
        """
        options = None if returns is None else frozenset(returns)
        command = Search(key, uid=True, returns=options, charset=charset)
        gathering = Gathering((SearchResponse, ESearchResponse), _bears_tag)
        await self._run(command, gathering.claim)
        for value in reversed(gathering.found):
            if isinstance(value, ESearchResponse):
                return value
        numbers: set[Uid] = set()
        modseq: int | None = None
        for value in gathering.found:
            if isinstance(value, SearchResponse):
                numbers.update(Uid(number) for number in value.numbers if number)
                modseq = value.modseq or modseq
        found = UidSet.of(numbers)
        return ESearchResponse(
            None, True, count=len(numbers), all=found or None, modseq=modseq
        )  # fmt: skip

    async def uid_sort(
        self, order: tuple[SortBy, ...], key: SearchKey, *, charset: str = "UTF-8"
    ) -> builtins.list[Uid]:
        """Look for messages and return them in an order."""
        found = await self._gather(Sort(order, key, uid=True, charset=charset), SortResponse)
        return [Uid(number) for response in found for number in response.numbers]

    async def uid_thread(
        self, algorithm: str, key: SearchKey, *, charset: str = "UTF-8"
    ) -> ThreadResponse:
        """Look for messages and return them as conversations."""
        command = Thread(algorithm, key, uid=True, charset=charset)
        found = await self._gather(command, ThreadResponse)
        return found[-1] if found else ThreadResponse()


def _bears_tag(value: UntaggedResponse, tag: Tag) -> bool:
    return not isinstance(value, ESearchResponse) or value.tag in {None, tag}


def _uids_of(code: object) -> UidSet:
    if isinstance(code, Modified):
        return UidSet(code.numbers.ranges)
    return UidSet()
