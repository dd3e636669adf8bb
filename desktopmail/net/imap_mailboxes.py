"""Calls of an IMAP client that need no open mailbox: names, numbers, quotas, new messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.net.imap_answers import Gathering
from desktopmail.net.imap_running import Running
from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.imap.append import Append, AppendMessage
from desktopmail.wire.imap.codes import AppendUid
from desktopmail.wire.imap.create import Create
from desktopmail.wire.imap.cursor import Streamed
from desktopmail.wire.imap.delete import Delete
from desktopmail.wire.imap.list import List, ListResponse, Lsub
from desktopmail.wire.imap.namespace import Namespace, NamespaceResponse
from desktopmail.wire.imap.quota import (
    GetQuotaRoot,
    QuotaResponse,
    QuotaRootResponse,
)
from desktopmail.wire.imap.rename import Rename
from desktopmail.wire.imap.status import Status, StatusItem, StatusResponse
from desktopmail.wire.imap.subscribe import Subscribe, Unsubscribe

if TYPE_CHECKING:
    import builtins
    from collections.abc import AsyncIterable, Callable, Iterable
    from datetime import datetime

    from desktopmail.wire.imap.condition import Tag, Tagged
    from desktopmail.wire.imap.flags import Flag
    from desktopmail.wire.imap.list import Attribute
    from desktopmail.wire.imap.response import UntaggedResponse

from desktopmail.net.imap_calls import Calls


def no_progress(_done: int) -> None:
    """Do nothing."""


class MailboxCalls(Calls):
    """What can be asked of mailboxes once somebody is logged in (RFC 9051 section 6.3)."""

    async def namespace(self) -> NamespaceResponse:
        """Return the namespaces; without the extension, one that is empty."""
        found = await self._gather(Namespace(), NamespaceResponse)
        return found[-1] if found else NamespaceResponse()

    async def list(
        self,
        reference: str = "",
        pattern: str | tuple[str, ...] = "*",
        *,
        selection: Iterable[str] = (),
        returns: Iterable[str] = (),
        status: tuple[StatusItem, ...] = (),
    ) -> builtins.list[tuple[ListResponse, StatusResponse | None]]:
        """Return mailboxes, each with its numbers when `status` asks for them (LIST-STATUS)."""
        patterns = (pattern,) if isinstance(pattern, str) else pattern
        command = List(reference, patterns, frozenset(selection), frozenset(returns), status)
        wanted = (ListResponse, StatusResponse) if status else (ListResponse,)
        gathering = Gathering(wanted, _answers_list)
        await self._run(command, gathering.claim)
        numbers = {
            value.mailbox: value for value in gathering.found if isinstance(value, StatusResponse)
        }
        return [
            (value, numbers.get(value.mailbox))
            for value in gathering.found
            if isinstance(value, ListResponse)
        ]

    async def lsub(self, reference: str = "", pattern: str = "*") -> builtins.list[ListResponse]:
        """Return subscribed mailboxes, the way of IMAP4rev1."""
        return await self._gather(
            Lsub(reference, pattern), ListResponse, lambda value, _tag: value.lsub
        )

    async def status(self, mailbox: str, items: tuple[StatusItem, ...]) -> StatusResponse:
        """Return numbers of a mailbox."""
        found = await self._gather(
            Status(mailbox, items), StatusResponse, lambda value, _tag: value.mailbox == mailbox
        )
        return found[-1] if found else StatusResponse(mailbox)

    async def create(self, mailbox: str, special_use: Iterable[Attribute] = ()) -> Tagged:
        """Make a mailbox."""
        return await self._run(Create(mailbox, frozenset(special_use)))

    async def delete(self, mailbox: str) -> Tagged:
        """Remove a mailbox."""
        return await self._run(Delete(mailbox))

    async def rename(self, mailbox: str, new: str) -> Tagged:
        """Rename a mailbox."""
        return await self._run(Rename(mailbox, new))

    async def subscribe(self, mailbox: str) -> Tagged:
        """Subscribe to a mailbox."""
        return await self._run(Subscribe(mailbox))

    async def unsubscribe(self, mailbox: str) -> Tagged:
        """Unsubscribe from a mailbox."""
        return await self._run(Unsubscribe(mailbox))

    async def quota(self, mailbox: str) -> builtins.list[QuotaResponse]:
        """Return the quotas that a mailbox falls under."""
        command = GetQuotaRoot(mailbox)
        gathering = Gathering((QuotaResponse, QuotaRootResponse))
        await self._run(command, gathering.claim)
        return [value for value in gathering.found if isinstance(value, QuotaResponse)]

    async def append(
        self,
        mailbox: str,
        octets: bytes,
        flags: Iterable[Flag] = (),
        date: datetime | None = None,
    ) -> AppendUid | None:
        """Put a message into a mailbox; return its UID when the server tells (UIDPLUS)."""
        return await self.append_many(mailbox, [AppendMessage(octets, frozenset(flags), date)])

    async def append_stream(
        self,
        mailbox: str,
        source: AsyncIterable[bytes],
        size: int,
        flags: Iterable[Flag] = (),
        date: datetime | None = None,
        *,
        on_progress: Callable[[int], None] = no_progress,
    ) -> AppendUid | None:
        """Put a message of any size into a mailbox without holding it.

        Args:
            mailbox: Its name.
            source: The message in pieces; no NUL may be in it.
            size: How many octets that are.
            flags: Its flags.
            date: Its INTERNALDATE.
            on_progress: Told how many octets went out so far.

        Raises:
            RefusedError: The server said no, before the message or behind it.
            LocalProtocolError: The source does not hold `size` octets; the connection is ended.
            NetError: The connection failed.
        """
        if size < 1:
            raise LocalProtocolError("a message of no octets cannot be appended")
        message = AppendMessage(Streamed(size), frozenset(flags), date)
        running = self._dialogue.ask(Running(Append(mailbox, (message,)), pours=True))
        await self._dialogue.pour(running, source, on_progress)
        tagged = await self._dialogue.answer(running)
        return tagged.code if isinstance(tagged.code, AppendUid) else None

    async def append_many(
        self, mailbox: str, messages: Iterable[AppendMessage]
    ) -> AppendUid | None:
        """Put several messages into a mailbox, all or none; needs MULTIAPPEND for more than one."""
        tagged = await self._run(Append(mailbox, tuple(messages)))
        return tagged.code if isinstance(tagged.code, AppendUid) else None


def _answers_list(value: UntaggedResponse, _tag: Tag) -> bool:
    return not isinstance(value, ListResponse) or not value.lsub
