"""SUBSCRIBE and UNSUBSCRIBE: which mailboxes a user wants to see (RFC 9051 section 6.3.7)."""

from __future__ import annotations

from typing import ClassVar

from desktopmail.wire.imap.mailboxed import Mailboxed


class Subscribe(Mailboxed):
    """Add a mailbox to the subscribed ones."""

    __slots__ = ()

    name: ClassVar[bytes] = b"SUBSCRIBE"


class Unsubscribe(Mailboxed):
    """Take a mailbox from the subscribed ones."""

    __slots__ = ()

    name: ClassVar[bytes] = b"UNSUBSCRIBE"
