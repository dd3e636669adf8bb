"""DELETE: remove a mailbox with everything in it (RFC 9051 section 6.3.5)."""

from __future__ import annotations

from typing import ClassVar

from desktopmail.wire.imap.mailboxed import Mailboxed


class Delete(Mailboxed):
    """Remove a mailbox."""

    __slots__ = ()

    name: ClassVar[bytes] = b"DELETE"
