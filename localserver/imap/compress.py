"""COMPRESS: both directions are deflated from here on (RFC 4978)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.wire.imap.codes import Code
from desktopmail.wire.imap.compress import Deflater, Inflater
from desktopmail.wire.imap.condition import Condition, Tag
from localserver.imap import capability

if TYPE_CHECKING:
    from desktopmail.wire.imap.compress import Compress
    from localserver.imap.session import ImapSession


async def handle_compress(session: ImapSession, tag: Tag, command: Compress) -> None:
    """Begin to compress behind the answer."""
    if command.algorithm != "DEFLATE" or not capability.offers(session, "COMPRESS=DEFLATE"):
        session.answer(tag, Condition.BAD, "Only DEFLATE is known.")
        return
    if session.deflater is not None:
        session.answer(tag, Condition.NO, "It is on already.", Code.COMPRESSIONACTIVE)
        return
    session.answer(tag, Condition.OK, "DEFLATE is on.")
    await session.flush()
    session.deflater, session.inflater = Deflater(), Inflater()
    behind = session.connection.compression_started()
    if behind:
        session.receive(behind)
