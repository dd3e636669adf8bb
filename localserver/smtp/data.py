"""DATA and BDAT: takes the message in, and answers its end when it is safe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.wire.smtp.data import Flaw
from desktopmail.wire.smtp.reply import Reply, reply
from localserver.smtp.delivery import deliver
from localserver.spool import Spool
from localserver.store.errors import DiskFullError, OverQuotaError, StoreError
from localserver.submission.submit import prepare

if TYPE_CHECKING:
    from typing import Final

    from desktopmail.wire.smtp.control import Data
    from desktopmail.wire.smtp.events import ChunkEnd, MessageEnd
    from localserver.smtp.state import Session

_FLAWS: Final = {
    Flaw.TOO_BIG: reply(552, "The message is larger than this server takes", "5.3.4"),
    Flaw.NUL: reply(550, "The message holds a NUL", "5.6.0"),
    Flaw.BARE_CR_OR_LF: reply(550, "The message holds a bare CR or LF", "5.6.0"),
    Flaw.LONG_LINE: reply(550, "The message has a line of more than 998 octets", "5.6.0"),
}
_GO_ON: Final = reply(354, "End with a dot on a line of its own")
DISK_FULL: Final = reply(452, "No room for it now; try again later", "4.3.1")


def data(_session: Session, _command: Data) -> Reply:
    """Ask for the message; order and recipients were checked by the machine."""
    return _GO_ON


def hold(session: Session, octets: bytes) -> bool:
    """Keep a piece of the message when that needs no disk; returns False when it does."""
    return session.spool_error is not None or _spool(session).hold(octets)


async def take(session: Session, octets: bytes) -> None:
    """Keep a piece of the message."""
    if session.spool_error is not None:
        return
    spool = _spool(session)
    try:
        await spool.write(octets)
    except OSError as error:
        session.spool_error = error
        spool.discard()


def _spool(session: Session) -> Spool:
    if session.spool is None:
        context = session.context
        session.faults.takes_message = True
        limit = context.config.limits.spool_octets
        session.spool = Spool(context.data, limit, context.ports.executor)
    return session.spool


def chunk(session: Session, event: ChunkEnd) -> Reply:
    """Answer a BDAT that is not the last one."""
    if event.flaw is not None:
        session.forget_message()
        return _FLAWS[event.flaw]
    if session.spool_error is not None:
        session.forget_message()
        return DISK_FULL
    return reply(250, f"{event.size} octets so far", "2.0.0")


async def end(session: Session, event: MessageEnd) -> Reply:
    """Deliver the message; whatever happens, it is forgotten here afterwards."""
    try:
        if event.flaw is not None:
            return _FLAWS[event.flaw]
        if session.spool_error is not None:
            session.context.log.warning("The spool failed: %s", session.spool_error)
            return DISK_FULL
        _spool(session)  # a message of no octets is one
        return await _accept(session)
    finally:
        session.forget_message()


async def _accept(session: Session) -> Reply:
    try:
        prepared = await prepare(session)
        if isinstance(prepared, Reply):
            return prepared
        return await deliver(session, prepared)
    except DiskFullError:
        return DISK_FULL
    except OverQuotaError:
        return reply(452, "The mailbox is full", "4.2.2")
    except StoreError as error:
        session.context.log.warning("Delivery failed: %s", error)
        return reply(451, "It could not be stored; try again later", "4.3.0")
    except OSError as error:
        session.context.log.warning("The spool failed: %s", error)
        return DISK_FULL
