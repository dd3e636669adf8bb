"""STAT, LIST, UIDL, RETR, TOP, DELE and RSET on a maildrop that is locked for one session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.wire.pop3.data import normalise
from desktopmail.wire.pop3.listing import (
    List,
    Stat,
    Uidl,
    encode_scan,
    encode_scans,
    encode_unique_id,
    encode_unique_ids,
)
from desktopmail.wire.pop3.message import Dele, Retr, Top, top
from desktopmail.wire.pop3.reply import IN_USE, SYS_PERM, SYS_TEMP, UTF8, Reply, error, ok
from desktopmail.wire.pop3.utf8 import needs_utf8
from localserver.store.content import is_large
from localserver.store.errors import InUseError, NoSuchUserError

if TYPE_CHECKING:
    from desktopmail.net.ports import Executor
    from desktopmail.wire.pop3.table import AnyCommand
    from localserver.pop3.session import Session
    from localserver.store.errors import StoreError
    from localserver.store.interface import Maildrop, MaildropMessage


class MarkedMaildrop:
    """A locked maildrop with the marks of its session.

    Args:
        locked: What the store gave.
    """

    def __init__(self, locked: Maildrop) -> None:
        self._locked = locked
        self._by_number = {message.number: message for message in locked.messages}
        self._marked: set[int] = set()

    @property
    def messages(self) -> list[MaildropMessage]:
        """Those that are not marked as deleted."""
        if not self._marked:
            return list(self._by_number.values())
        return [each for each in self._by_number.values() if each.number not in self._marked]

    @property
    def count(self) -> int:
        """How many are not marked."""
        return len(self._by_number) - len(self._marked)

    @property
    def size(self) -> int:
        """Octets of those that are not marked."""
        return sum(message.size for message in self.messages)

    def find(self, number: int) -> MaildropMessage | None:
        """Return a message that is there and not marked, or None."""
        return None if number in self._marked else self._by_number.get(number)

    async def octets(self, message: MaildropMessage, executor: Executor) -> bytes | None:
        """Return a message as POP3 sends it, or None when it vanished meanwhile.

        Args:
            message: Which.
            executor: Where large ones are normalised.
        """
        if not is_large(message.size):
            octets = self._locked.octets(message.number)
            return None if octets is None else normalise(octets)
        octets = await self._locked.octets_in_turns(message.number)
        return None if octets is None else await executor.run(normalise, octets)

    def mark(self, number: int) -> None:
        """Mark a message as deleted."""
        self._marked.add(number)

    def unmark_all(self) -> None:
        """Forget all marks."""
        self._marked.clear()

    async def commit(self) -> None:
        """Remove what is marked, durably.

        Raises:
            StoreError: Nothing was removed.
        """
        if self._marked:
            await self._locked.commit(sorted(self._marked))

    def release(self) -> None:
        """Give the lock back."""
        self._locked.release()


_NO_SUCH_MESSAGE = error("There is no such message.")
_NEEDS_UTF8 = error("Its header is UTF-8: say UTF8 before the login.", UTF8)


async def execute(session: Session, command: AnyCommand) -> None:
    """Answer one of the commands of the TRANSACTION state."""
    maildrop = session.maildrop
    machine = session.machine
    if maildrop is None:
        machine.send(error("Nobody is logged in."))
        return
    match command:
        case Retr(number) | Top(number):
            await _send_message(session, maildrop, command, number)
        case Dele(number):
            if maildrop.find(number) is None:
                machine.send(_NO_SUCH_MESSAGE)
            else:
                maildrop.mark(number)
                machine.send(ok(f"Message {number} is marked as deleted."))
        case Stat():
            machine.send(ok(f"{maildrop.count} {maildrop.size}"))
        case List(None):
            sizes = {message.number: message.size for message in maildrop.messages}
            machine.send_listing(ok(f"{maildrop.count} messages."), encode_scans(sizes))
        case Uidl(None):
            ids = [(message.number, message.uidl) for message in maildrop.messages]
            machine.send_listing(ok(f"{maildrop.count} messages."), encode_unique_ids(ids))
        case List(number) | Uidl(number) if number is not None:
            machine.send(_listed(maildrop, command, number))
        case _:  # RSET
            maildrop.unmark_all()
            machine.send(ok(f"{maildrop.count} messages ({maildrop.size} octets)."))


def _listed(maildrop: MarkedMaildrop, command: AnyCommand, number: int) -> Reply:
    message = maildrop.find(number)
    if message is None:
        return _NO_SUCH_MESSAGE
    if isinstance(command, Uidl):
        return ok(encode_unique_id(number, message.uidl).decode())
    return ok(encode_scan(number, message.size).decode())


async def _send_message(
    session: Session, maildrop: MarkedMaildrop, command: AnyCommand, number: int
) -> None:
    message = maildrop.find(number)
    executor = session.context.ports.executor
    octets = None if message is None else await maildrop.octets(message, executor)
    if octets is None:
        # Marked, never there, or expunged by an IMAP session since.
        session.machine.send(_NO_SUCH_MESSAGE)
    elif (
        # RFC 6856 section 2.1 leaves no third way, but mail with 8-bit headers is older than it,
        # and a client that cannot say UTF8 would never get it: only the strict mode keeps it back.
        session.context.config.strict
        and not session.machine.utf8
        and not session.faults.hides("UTF8")
        and needs_utf8(octets)
    ):
        session.machine.send(_NEEDS_UTF8)
    elif isinstance(command, Top):
        if is_large(len(octets)):
            begun = await executor.run(top, octets, command.lines)
        else:
            begun = top(octets, command.lines)
        await _answer(session, ok("Top of message follows."), begun)
    else:
        await _answer(session, ok(f"{len(octets)} octets follow."), octets)


async def _answer(session: Session, reply: Reply, octets: bytes) -> None:
    if is_large(len(octets)):
        await session.send_pieces(session.machine.send_message_in_pieces(reply, octets))
    else:
        session.machine.send_message(reply, octets)


def refusal(refused: StoreError) -> Reply:
    """Make the answer of a login whose maildrop cannot be opened."""
    if isinstance(refused, InUseError):
        return error("Another session has this maildrop open.", IN_USE)
    if isinstance(refused, NoSuchUserError):
        return error("This account has no maildrop.", SYS_PERM)
    return error("The maildrop cannot be opened now.", SYS_TEMP)
