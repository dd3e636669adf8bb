"""The door itself, as Protocols: what the engine offers and the reader reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from desktopmail.door.certificate import ShownCertificate
    from desktopmail.door.changes import AnyChange
    from desktopmail.door.commands import AnyCommand, Outcome
    from desktopmail.door.ids import AccountId, MailboxId, MessageId, PlacementId
    from desktopmail.door.landmarks import Landmarks, Stood
    from desktopmail.door.queries import AnyAnswer, AnyQuery
    from desktopmail.door.rows import (
        AccountRow,
        ContactRow,
        IdentityRow,
        MailboxRow,
        MessageRow,
        OperationRow,
        Person,
        ProblemRow,
        QuestionRow,
        SendingRow,
        TagRow,
        View,
    )


class DoorError(Exception):
    """A command or query was refused or failed: one sentence that names the thing, one remedy.

    Attributes:
        sentence: What is wrong, ready to be shown.
        remedy: What to do about it, ready to be shown; may be empty.
        code: A stable word for programs: "auth-failed", "unreachable", "name-taken", ….
        certificate: What a server showed that was to be tried, where accepting it would help.
    """

    def __init__(
        self,
        sentence: str,
        *,
        remedy: str = "",
        code: str = "failed",
        certificate: ShownCertificate | None = None,
    ) -> None:
        super().__init__(f"{sentence} {remedy}".strip())
        self.sentence = sentence
        self.remedy = remedy
        self.code = code
        self.certificate = certificate


class EngineGoneError(DoorError):
    """The engine ended while it was spoken to; what it had acknowledged is safe."""


class Door(Protocol):
    """The engine, in this process or behind a socket."""

    async def command(self, command: AnyCommand) -> Outcome:
        """Have a command journaled and begun.

        Raises:
            DoorError: It was refused or failed; nothing was lost.
        """
        ...

    async def query(self, query: AnyQuery) -> AnyAnswer:
        """Ask something that needs the network or the engine's memory.

        Raises:
            DoorError: It could not be answered.
        """
        ...

    def subscribe(self, listener: Callable[[AnyChange], None]) -> Callable[[], None]:
        """Have each change told to `listener`, on the event loop; returns the way to stop that.

        What keeps the store from being written now is told at once (`StoreTrouble`).
        """
        ...

    async def aclose(self) -> None:
        """Leave; the engine goes on for its other clients."""
        ...


class StoreReader(Protocol):
    """The store, read only, on a connection of its own; every call is a short, indexed query."""

    def accounts(self) -> list[AccountRow]:
        """All accounts in the order of the user."""
        ...

    def mailboxes(self, account_id: AccountId | None = None) -> list[MailboxRow]:
        """The mailboxes of one account or of all, parents before children, Inbox first."""
        ...

    def count(self, view: View, most: int | None = None) -> int:
        """How many rows a view has; where totals do not tell it, counted up to so many."""
        ...

    def window(
        self, view: View, offset: int, limit: int, places: Landmarks | None = None
    ) -> list[MessageRow]:
        """Rows `offset` to `offset + limit` of a view, in its order.

        Who holds `places` reads beside the rows they know, as those were told of.
        """
        ...

    def position(
        self,
        view: View,
        placement_id: PlacementId,
        places: Landmarks | None = None,
        was: tuple[Stood, int] | None = None,
    ) -> int | None:
        """The row of a placement in a view, or None when it is not in it; noted in `places`.

        Who knows in which row it was, of how much there was then, has only counted what came.
        """
        ...

    def placements(self, message_id: MessageId) -> list[MessageRow]:
        """A message in each mailbox it stands in."""
        ...

    def octets(self, message_id: MessageId) -> bytes | None:
        """The exact octets of a message, or None when only a server has them.

        Raises:
            DoorError: They were here, and are lost.
        """
        ...

    def header_octets(self, message_id: MessageId) -> bytes:
        """The header block of a message, exact; it is always here."""
        ...

    def sendings(self) -> list[SendingRow]:
        """The outbox, oldest first, with those done within the last day."""
        ...

    def operations(self) -> list[OperationRow]:
        """The journal, oldest first: what is pending or failed."""
        ...

    def questions(self) -> list[QuestionRow]:
        """The questions not answered yet."""
        ...

    def problems(self) -> list[ProblemRow]:
        """What is wrong now."""
        ...

    def partly_here(self, mailbox_ids: Sequence[MailboxId] = ()) -> list[MailboxId]:
        """Those of these mailboxes, or of all, of which a server has more than is here."""
        ...

    def unindexed(self) -> int:
        """How many messages no words find yet: they wait for the word index."""
        ...

    def mailbox(self, mailbox_id: MailboxId) -> MailboxRow | None:
        """One mailbox, or None when it is gone."""
        ...

    def of_threads(self, view: View, thread_ids: Iterable[int]) -> list[MessageRow]:
        """All messages of threads that a view without words has, the newest of each first."""
        ...

    def people(self, prefix: str, limit: int) -> list[Person]:
        """Whom one wrote to or heard from, whose name or address begins so; the frequent first."""
        ...

    def identities(self, account_id: AccountId | None = None) -> list[IdentityRow]:
        """The identities of one account or of all, the default one of each first."""
        ...

    def contacts(self, words: str = "") -> list[ContactRow]:
        """The address book, by name; only those with words of a name or address that begin so."""
        ...

    def tags(self) -> list[TagRow]:
        """The tags of the profile, by label."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...
