"""Messages of an IMAP mailbox that its server does not give: they keep no others from coming.

A server that cannot read one of its messages refuses the whole command that asks for it among
others, before or behind those that it can read. What is left is asked for in halves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.net.errors import RefusedError
from desktopmail.wire.imap.condition import Tagged
from desktopmail.wire.imap.fetch_item import BodyItem
from desktopmail.wire.imap.fetch_response import FetchResponse
from desktopmail.wire.imap.sequence import Uid, UidSet

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from desktopmail.net.imap import ImapClient
    from desktopmail.wire.imap.fetch_item import Item

#: A server that refuses so many refuses something else.
MOST = 10
# With other codes a server says that something else is wrong than a message (RFC 5530 section 3).
_OF_A_MESSAGE = frozenset({"refused", "serverbug", "corruption", "bad-command"})


class Refusals:
    """What was refused of one mailbox.

    Attributes:
        errors: By UID.
    """

    def __init__(self) -> None:
        self.errors: dict[Uid, RefusedError] = {}

    async def answers(
        self, client: ImapClient, uids: Sequence[Uid], items: tuple[Item | BodyItem, ...]
    ) -> AsyncIterator[FetchResponse]:
        """Fetch messages of the open mailbox; those that are refused are noted and left out.

        Raises:
            RefusedError: What was refused is more than some messages.
            NetError: The connection failed.
        """
        sections = [item.section for item in items if isinstance(item, BodyItem)]
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
        else:
            return
        for part in filter(None, (left[:middle], left[middle:])):
            async for answer in self.answers(client, part, items):
                yield answer

    def may_be_of_a_message(self, client: ImapClient, error: RefusedError) -> bool:
        """Whether something was refused for some of the messages that were asked for."""
        return client.is_usable and error.code in _OF_A_MESSAGE and len(self.errors) < MOST

    def take(self) -> dict[Uid, str]:
        """What was refused, and what the server said; it is forgotten here."""
        errors, self.errors = self.errors, {}
        return {uid: _said(error) for uid, error in errors.items()}


def _said(error: RefusedError) -> str:
    said = error.reply.text if isinstance(error.reply, Tagged) else ""
    return said or error.sentence
