"""Why the store refused: few errors, each named by what a session can answer."""

from __future__ import annotations


class StoreError(Exception):
    """The store refused; `str(error)` is one sentence for the client."""


class NoSuchUserError(StoreError):
    """There is no such user."""


class NoSuchMailboxError(StoreError):
    """There is no mailbox of that name: [NONEXISTENT], or [TRYCREATE] for a target."""


class MailboxExistsError(StoreError):
    """There is a mailbox of that name already: [ALREADYEXISTS]."""


class InvalidNameError(StoreError):
    """The name of the mailbox is refused: [CANNOT]."""


class CannotError(StoreError):
    """This is never possible, as deleting INBOX: [CANNOT]."""


class OverQuotaError(StoreError):
    """The user's quota would be passed: 452 4.2.2, [OVERQUOTA], -ERR [SYS/TEMP]."""


class DiskFullError(StoreError):
    """No room on the disk; nothing was stored, nothing was lost: 452 4.3.1, [OVERQUOTA]."""


class InUseError(StoreError):
    """Another session holds the maildrop: -ERR [IN-USE]."""


class LimitError(StoreError):
    """More than the server keeps for one user (mailboxes, keywords): [LIMIT]."""


class DamagedError(StoreError):
    """The database is damaged; the sentence says how to recover."""


class LockedError(StoreError):
    """Another server works on the same folder."""
