"""QUOTA: how much a user may keep, and how much of it is used (RFC 9208, RFC 2087)."""

# getquota       = "GETQUOTA" SP quota-root-name                     ; RFC 9208 section 7
# getquotaroot   = "GETQUOTAROOT" SP mailbox
# setquota       = "SETQUOTA" SP quota-root-name SP setquota-list
# setquota-list  = "(" [setquota-resource *(SP setquota-resource)] ")"
# quota-response = "QUOTA" SP quota-root-name SP quota-list
# quota-list     = "(" [quota-resource *(SP quota-resource)] ")"
# quota-resource = resource-name SP resource-usage SP resource-limit
# quotaroot-response = "QUOTAROOT" SP mailbox *(SP quota-root-name)

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from desktopmail.wire.imap.mailbox import read_mailbox, write_mailbox
from desktopmail.wire.imap.mailboxed import Mailboxed
from desktopmail.wire.imap.octets import escaped_octets, escaped_text

if TYPE_CHECKING:
    from desktopmail.wire.imap.cursor import Cursor
    from desktopmail.wire.imap.writer import Writer


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of a quota.

    Attributes:
        name: STORAGE (units of 1,024 octets), MESSAGE, MAILBOX, ANNOTATION-STORAGE.
        usage: How much is used.
        limit: How much is allowed.
    """

    name: str
    usage: int
    limit: int


@dataclass(frozen=True, slots=True)
class GetQuota:
    """Ask for the resources of one quota root."""

    root: str

    name: ClassVar[bytes] = b"GETQUOTA"

    @classmethod
    def decode(cls, cursor: Cursor) -> Self:
        """Read what follows the name of the command."""
        cursor.sp()
        return cls(escaped_text(cursor.astring()))

    def encode(self, writer: Writer) -> None:
        """Write the command behind its tag."""
        writer.raw(b"GETQUOTA ")
        writer.astring(escaped_octets(self.root))


class GetQuotaRoot(Mailboxed):
    """Ask which quota roots a mailbox has, and for their resources."""

    __slots__ = ()

    name: ClassVar[bytes] = b"GETQUOTAROOT"


@dataclass(frozen=True, slots=True)
class SetQuota:
    """Set the limits of a quota root; what is not named has none."""

    root: str
    limits: tuple[tuple[str, int], ...]

    name: ClassVar[bytes] = b"SETQUOTA"

    @classmethod
    def decode(cls, cursor: Cursor) -> Self:
        """Read what follows the name of the command."""
        cursor.sp()
        root = escaped_text(cursor.astring())
        cursor.sp()
        return cls(root, tuple(cursor.parenthesised(_decode_limit)))

    def encode(self, writer: Writer) -> None:
        """Write the command behind its tag."""
        writer.raw(b"SETQUOTA ")
        writer.astring(escaped_octets(self.root))
        writer.raw(b" (")
        for place, (name, limit) in enumerate(self.limits):
            if place:
                writer.sp()
            writer.atom(name.encode("ascii", "replace"))
            writer.sp()
            writer.number(limit)
        writer.raw(b")")


def _decode_limit(cursor: Cursor) -> tuple[str, int]:
    name = cursor.word().decode("ascii")
    cursor.sp()
    return name, cursor.number64()


@dataclass(frozen=True, slots=True)
class QuotaResponse:
    """The resources of one quota root."""

    root: str
    resources: tuple[Resource, ...] = ()

    def encode(self, writer: Writer) -> None:
        """Write the response behind its `* `."""
        writer.raw(b"QUOTA ")
        writer.astring(escaped_octets(self.root))
        writer.raw(b" (")
        for place, resource in enumerate(self.resources):
            if place:
                writer.sp()
            writer.atom(resource.name.encode("ascii", "replace"))
            writer.raw(b" %d %d" % (resource.usage, resource.limit))
        writer.raw(b")")


@dataclass(frozen=True, slots=True)
class QuotaRootResponse:
    """The quota roots of a mailbox."""

    mailbox: str
    roots: tuple[str, ...] = ()

    def encode(self, writer: Writer) -> None:
        """Write the response behind its `* `."""
        writer.raw(b"QUOTAROOT ")
        write_mailbox(writer, self.mailbox)
        for root in self.roots:
            writer.sp()
            writer.astring(escaped_octets(root))


def _decode_resource(cursor: Cursor) -> Resource:
    name = cursor.word().decode("ascii")
    cursor.sp()
    usage = cursor.number64()
    cursor.sp()
    return Resource(name, usage, cursor.number64())


def decode_quota(cursor: Cursor) -> QuotaResponse:
    """Read a response behind its name."""
    cursor.sp()
    root = escaped_text(cursor.astring())
    # Courier leaves the list out when there is nothing in it.
    if cursor.at_end:
        return QuotaResponse(root)
    cursor.sp()
    return QuotaResponse(root, tuple(cursor.parenthesised(_decode_resource)))


def decode_quota_root(cursor: Cursor) -> QuotaRootResponse:
    """Read a response behind its name."""
    cursor.sp()
    mailbox = read_mailbox(cursor)
    roots: list[str] = []
    while cursor.skip_sp() and not cursor.at_end:
        cursor.count()
        roots.append(escaped_text(cursor.astring()))
    return QuotaRootResponse(mailbox, tuple(roots))
