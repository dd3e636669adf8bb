"""Messages of an IMAP mailbox that its server does not give: they keep no others from coming.

A server that cannot read one of its messages refuses the whole command that asks for it among
others, before or behind those that it can read: what is left is asked for in halves. Or it dies of
it: where the connection ended again and again, fewer and fewer are asked for together, so that one
is found at last, and left out. A network that fails anywhere is no worse for it.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from desktopmail.net.errors import NetError, RefusedError
from desktopmail.wire.imap.condition import Tagged
from desktopmail.wire.imap.fetch_item import BodyItem
from desktopmail.wire.imap.fetch_response import FetchResponse
from desktopmail.wire.imap.sequence import Uid, UidSet

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from desktopmail.door.ids import MailboxId
    from desktopmail.engine.sync.ended_at import EndedAt
    from desktopmail.net.imap import ImapClient
    from desktopmail.wire.imap.fetch_item import Item
    from desktopmail.wire.imap.section import Section

# How many are asked for together that the connection ended at so often; of more ends, one.
_TOGETHER = {0: 1_000_000, 1: 1_000_000, 2: 25, 3: 5}
#: So often it has to end at a message before that is left out: the last times at it alone.
ENDS = 6
_ENDED = "The connection ended each time."
#: A server that refuses so many refuses something else.
MOST = 10
# With other codes a server says that something else is wrong than a message (RFC 5530 section 3).
_OF_A_MESSAGE = frozenset({"refused", "serverbug", "corruption", "bad-command"})


class Refusals:
    """What was refused of one mailbox.

    Args:
        mailbox_id: The mailbox.
        uidvalidity: Under which its UIDs are told.
        ended_at: Before which parts of messages the connection ended; it is noted there where it
            ends now.

    Attributes:
        errors: By UID.
    """

    def __init__(self, mailbox_id: MailboxId, uidvalidity: int | None, ended_at: EndedAt) -> None:
        self._mailbox_id = mailbox_id
        self._uidvalidity = uidvalidity
        self._ended_at = ended_at
        self.errors: dict[Uid, RefusedError] = {}

    async def answers(
        self, client: ImapClient, uids: Sequence[Uid], items: tuple[Item | BodyItem, ...]
    ) -> AsyncIterator[FetchResponse]:
        """Fetch messages of the open mailbox; those that are refused are noted and left out.

        Raises:
            RefusedError: What was refused is more than some messages.
            NetError: The connection failed.
        """
        sections = tuple(item.section for item in items if isinstance(item, BodyItem))
        if not self._ended_at:
            async for answer in self._some(client, uids, items, sections):
                yield answer
            return
        groups: dict[int, list[Uid]] = defaultdict(list)
        for uid in uids:
            part = self._part(uid, sections)
            if self._ended_at.is_to_be_left_out(part):
                self._ended_at.left_out(part)
                self.errors[uid] = RefusedError(_ENDED, reply=None)
            else:
                groups[_TOGETHER.get(self._ended_at.times(part), 1)].append(uid)
        for size, members in groups.items():
            for start in range(0, len(members), size):
                some = members[start : start + size]
                async for answer in self._some(client, some, items, sections):
                    yield answer

    async def _some(
        self,
        client: ImapClient,
        uids: Sequence[Uid],
        items: tuple[Item | BodyItem, ...],
        sections: tuple[Section, ...],
    ) -> AsyncIterator[FetchResponse]:
        came: set[int] = set()
        try:
            async for answer in client.uid_fetch(UidSet.of(uids), items):
                if isinstance(answer, FetchResponse):
                    if answer.uid is not None and None not in map(answer.section, sections):
                        came.add(answer.uid)
                    yield answer
        except RefusedError as error:
            left = [uid for uid in uids if uid not in came]
            if not self.may_be_of_a_message(client, error):
                raise
            if len(left) == 1:
                self.errors[left[0]] = error
                return
            middle = len(left) // 2
        except NetError:
            self._ended_at.note(self._part(uid, sections) for uid in uids if uid not in came)
            raise
        else:
            if self._ended_at:
                self._ended_at.came(self._part(uid, sections) for uid in uids)
            return
        for part in filter(None, (left[:middle], left[middle:])):
            async for answer in self._some(client, part, items, sections):
                yield answer

    def may_be_of_a_message(self, client: ImapClient, error: RefusedError) -> bool:
        """Whether something was refused for some of the messages that were asked for."""
        return client.is_usable and error.code in _OF_A_MESSAGE and len(self.errors) < MOST

    def apart(self) -> Refusals:
        """What is refused of this mailbox where nothing has to come: it is noted apart."""
        return Refusals(self._mailbox_id, self._uidvalidity, self._ended_at)

    def _part(self, uid: Uid, sections: tuple[Section, ...]) -> str:
        """The name of a part of a message, as it is asked for: header, whole, or what is told."""
        what = ",".join(one.text.value.decode() if one.text else "" for one in sections)
        return f"{self._mailbox_id}/{self._uidvalidity}/{uid}[{what}]"

    def take(self) -> dict[Uid, str]:
        """What was refused, and what the server said; it is forgotten here."""
        errors, self.errors = self.errors, {}
        return {uid: _said(error) for uid, error in errors.items()}


def _said(error: RefusedError) -> str:
    said = error.reply.text if isinstance(error.reply, Tagged) else ""
    return said or error.sentence
