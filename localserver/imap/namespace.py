"""NAMESPACE: every mailbox is the user's own (RFC 2342)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.wire.imap.condition import Condition, Tag
from desktopmail.wire.imap.namespace import Namespace, NamespaceEntry, NamespaceResponse
from localserver.store.names import DELIMITER

if TYPE_CHECKING:
    from localserver.imap.session import ImapSession


async def handle_namespace(session: ImapSession, tag: Tag, _command: Namespace) -> None:
    """Tell the one namespace there is."""
    session.send(NamespaceResponse((NamespaceEntry("", DELIMITER),)))
    session.finish(tag, Condition.OK, "There is one namespace.")
