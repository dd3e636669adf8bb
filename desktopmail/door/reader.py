"""The reader of the store: one read-only connection, and no query that outlives its call.

A cursor that is read half keeps the write-ahead log from being folded back, and it grows without
end; so every statement here is read to its end at once.
"""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

import apsw
import msgspec

from desktopmail.door import lost, people, scope
from desktopmail.door.commands import ServerSettings
from desktopmail.door.ids import (
    AccountId,
    ContactId,
    IdentityId,
    MailboxId,
    MessageId,
    OperationId,
    PlacementId,
    QuestionId,
    SendingId,
)
from desktopmail.door.interface import DoorError
from desktopmail.door.octets import OctetReader, OctetsLostError
from desktopmail.door.places import Places
from desktopmail.door.policy import Policy
from desktopmail.door.proxy import without_password
from desktopmail.door.rows import (
    AccountRow,
    ConnectionState,
    ContactRow,
    Flag,
    IdentityRow,
    Kind,
    MailboxRow,
    MessageRow,
    OperationRow,
    Person,
    ProblemRow,
    QuestionRow,
    Quota,
    RecipientRow,
    Role,
    SendingRow,
    SendingState,
    ServerRow,
    TagRow,
    View,
)
from desktopmail.door.sqlite import DAMAGE, Fields, Value, damaged, fetch, open_read_only
from desktopmail.door.tags import colour_of, label_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from desktopmail.door.landmarks import Landmarks, Stood
    from desktopmail.door.profile import Profile

_MAX_CONTACTS = 10_000
_SHOWN_AFTER_DONE_S = 24 * 3600
_ROLE_ORDER = {
    role: place
    for place, role in enumerate(
        (Role.INBOX, Role.DRAFTS, Role.SENT, Role.ARCHIVE, Role.JUNK, Role.TRASH, Role.ALL)
    )
}

_MAILBOX = (
    "SELECT m.id, m.account_id, coalesce(m.renamed_to, m.path) AS shown, m.delimiter, m.role,"
    " m.selectable, m.subscribed,"
    " t.total, t.unread, m.policy, iif(m.local, NULL, m.keywords) FROM mailbox AS m"
    " JOIN mailbox_total AS t ON t.mailbox_id = m.id"
)
_MESSAGE = (
    "SELECT p.id, p.message_id, b.account_id, p.mailbox_id, m.subject, m.sender_name,"
    " m.sender_address, m.recipients, p.date_s, p.size, p.flags, p.attachment, m.preview,"
    " m.blob_id IS NOT NULL, p.thread_id FROM placement AS p"
    " JOIN message AS m ON m.id = p.message_id JOIN mailbox AS b ON b.id = p.mailbox_id"
)


class SqliteReader:
    """A `StoreReader` over the files of a profile.

    Args:
        profile: Whose store it is.
        now_s: The date, as the engine has it.

    Raises:
        DoorError: There is no store in this profile yet, or it cannot be read.
    """

    def __init__(self, profile: Profile, *, now_s: Callable[[], float] = time.time) -> None:
        self._now_s = now_s
        try:
            self._connection = open_read_only(profile.database)
            self._connection.execute("PRAGMA cache_size = -16000; PRAGMA temp_store = MEMORY")
        except apsw.CantOpenError as error:
            raise DoorError(
                f"There is no mail in {profile.folder} yet.",
                remedy="Add an account first.",
                code="no-store",
            ) from error
        except DAMAGE as error:
            raise damaged(profile, error) from error
        self._octets = OctetReader(profile)
        self._all = partial(_read, self._connection, profile)
        self._places = Places(self._connection, self._all)

    def version(self) -> int:
        """The version of the store; a search may need what one of before has not."""
        return int(self._all("PRAGMA user_version")[0][0])

    # Accounts and mailboxes

    def accounts(self) -> list[AccountRow]:
        """All accounts in the order of the user."""
        return [
            AccountRow(
                id=AccountId(account_id),
                name=name,
                address=address,
                display_name=display_name,
                kind=Kind(kind),
                incoming=_server(incoming, address),
                outgoing=_server(outgoing, address),
                state=ConnectionState(state),
                problem=problem,
                last_alive_s=last_alive_s,
                quota=msgspec.json.decode(quota, type=tuple[Quota, ...]),
                leave=leave_policy(learned) if kind == Kind.POP3 else "",
                submission=msgspec.json.decode(learned, type=_Learned).submission,
            )
            for (
                account_id, name, address, display_name, kind, incoming, outgoing, state, problem,
                last_alive_s, quota, learned,
            ) in self._all(
                "SELECT id, name, address, display_name, kind, incoming, outgoing, state, problem,"
                " last_alive_s, quota, learned FROM account ORDER BY position, id"
            )
        ]  # fmt: skip

    def mailboxes(self, account_id: AccountId | None = None) -> list[MailboxRow]:
        """The mailboxes of one account or of all, parents before children, Inbox first."""
        if account_id is None:
            rows = self._all(f"{_MAILBOX} JOIN account AS a ON a.id = m.account_id"
                             " WHERE m.hidden = 0 ORDER BY a.position, a.id, shown")  # fmt: skip
        else:
            rows = self._all(
                f"{_MAILBOX} WHERE m.account_id = ? AND m.hidden = 0 ORDER BY shown", (account_id,)
            )
        return _in_tree_order(rows)

    def mailbox(self, mailbox_id: MailboxId) -> MailboxRow | None:
        """One mailbox, or None when it is gone."""
        rows = self._all("SELECT account_id FROM mailbox WHERE id = ?", (mailbox_id,))
        if not rows:
            return None
        found = [row for row in self.mailboxes(AccountId(rows[0][0])) if row.id == mailbox_id]
        return found[0] if found else None

    def partly_here(self, mailbox_ids: Sequence[MailboxId] = ()) -> list[MailboxId]:
        """Those of these mailboxes, or of all, of which a server has more than is here."""
        return [MailboxId(row[0]) for row in self._all(scope.partly_here(mailbox_ids))]

    def unindexed(self) -> int:
        """How many messages no words find yet: they wait for the word index."""
        return int(self._all("SELECT count(*) FROM word_queue")[0][0])

    # Message lists

    def count(self, view: View, most: int | None = None) -> int:
        """How many rows a view has; where totals do not tell it, counted up to so many."""
        return self._places.count(view, most)

    def window(
        self, view: View, offset: int, limit: int, places: Landmarks | None = None
    ) -> list[MessageRow]:
        """Rows `offset` to `offset + limit` of a view, in its order.

        Args:
            view: Which rows.
            offset: The first of them.
            limit: How many.
            places: The places of rows as the caller was told of them, to count from there; they
                are held to the view alone. None: as the store is now.
        """
        rows = self._messages(self._places.ids(view, offset, limit, places))
        if view.threads and not view.query.strip():
            sizes = self._places.thread_sizes(view, {row.thread_id for row in rows})
            rows = [_gathered(row, *sizes.get(row.thread_id, (1, 0))) for row in rows]
        return rows

    def position(
        self,
        view: View,
        placement_id: PlacementId,
        places: Landmarks | None = None,
        was: tuple[Stood, int] | None = None,
    ) -> int | None:
        """The row of a placement in a view, or None when it is not in it.

        Args:
            view: Which rows.
            placement_id: The placement.
            places: Where to note it, for a `window` beside it.
            was: In which row it was, and how much there was then.
        """
        return self._places.position(view, placement_id, places, was)

    def placements(self, message_id: MessageId) -> list[MessageRow]:
        """A message in each mailbox it stands in."""
        return self._messages(
            [
                row[0]
                for row in self._all(
                    "SELECT id FROM placement WHERE message_id = ? AND shown = 1 ORDER BY id",
                    (message_id,),
                )
            ]
        )

    def of_threads(self, view: View, thread_ids: Iterable[int]) -> list[MessageRow]:
        """All messages of threads that a view without words has, the newest of each first."""
        return self._messages(self._places.of_threads(view, thread_ids))

    # Octets

    def octets(self, message_id: MessageId) -> bytes | None:
        """The exact octets of a message, or None when only a server has them.

        Raises:
            DoorError: They are lost; where they can come from is said. Or their file is being
                written for so long that it cannot be waited for ("busy").
        """
        rows = self._all(
            "SELECT b.segment, b.position FROM message AS m JOIN blob AS b ON b.id = m.blob_id"
            " WHERE m.id = ?",
            (message_id,),
        )
        if not rows:
            gone = lost.for_good(self._all, message_id)
            if gone is not None:
                raise gone
            return None
        try:
            return self._octets.read(*rows[0])
        except OctetsLostError as error:
            raise lost.said(self._all, message_id, str(error)) from error
        except apsw.BusyError as error:
            raise DoorError(
                f"The octets of message {message_id} cannot be read while their file is written.",
                remedy="Try again in a minute.",
                code="busy",
            ) from error

    def header_octets(self, message_id: MessageId) -> bytes:
        """The header block of a message, exact, with the empty line.

        Empty while a server has told the envelope alone.
        """
        rows = self._all("SELECT header FROM message WHERE id = ?", (message_id,))
        if not rows:
            raise DoorError(f"There is no message {message_id}.", code="no-message")
        if rows[0][0] is not None:
            return bytes(rows[0][0])
        from desktopmail.mime.header import header_end  # a list does without any parser

        octets = self.octets(message_id) or b""
        return octets[: header_end(octets)]

    # What is going on

    def sendings(self) -> list[SendingRow]:
        """The outbox, oldest first, with those done within the last day."""
        return [
            SendingRow(
                id=SendingId(sending_id),
                account_id=AccountId(account_id),
                state=SendingState(state),
                subject=subject,
                recipients=tuple(msgspec.json.decode(recipients, type=list[str])),
                queued_s=queued_s,
                not_before_s=not_before_s,
                tries=tries,
                problem=problem,
                results=_results(state, recipients, waiting, refused, told),
                retry_s=retry_s or None,
            )
            for (
                sending_id, account_id, state, subject, recipients, queued_s, not_before_s, tries,
                problem, waiting, refused, told, retry_s,
            ) in self._all(
                "SELECT id, account_id, state, subject, everybody, queued_s, not_before_s, tries,"
                " problem, recipients, refused, results, retry_s FROM sending"
                " WHERE state <> 'done' OR changed_s > ? ORDER BY id",
                (self._now_s() - _SHOWN_AFTER_DONE_S,),
            )
        ]  # fmt: skip

    def operations(self) -> list[OperationRow]:
        """The journal, oldest first: what is pending or failed."""
        return [
            OperationRow(
                id=OperationId(operation_id),
                account_id=AccountId(account_id),
                kind=kind,
                label=label,
                state=state,
                tries=tries,
                problem=problem,
            )
            for operation_id, account_id, kind, label, state, tries, problem in self._all(
                "SELECT id, account_id, kind, label, state, tries, problem FROM operation"
                " WHERE state <> 'done' ORDER BY id"
            )
        ]

    def questions(self) -> list[QuestionRow]:
        """The questions not answered yet."""
        return [
            QuestionRow(
                id=QuestionId(question_id),
                kind=kind,
                account_id=account_id,
                text=text,
                choices=tuple(msgspec.json.decode(choices, type=list[tuple[str, str]])),
                subject_id=subject_id,
            )
            for question_id, kind, account_id, text, choices, subject_id in self._all(
                "SELECT id, kind, account_id, text, choices, subject_id FROM question ORDER BY id"
            )
        ]

    def problems(self) -> list[ProblemRow]:
        """What is wrong now."""
        return [
            ProblemRow(
                account_id=account_id,
                service=service,
                what=what,
                remedy=remedy,
                at_s=at_s,
                code=code,
            )
            for account_id, service, what, remedy, at_s, code in self._all(
                "SELECT account_id, service, what, remedy, at_s, code FROM problem"
                " ORDER BY at_s, id"
            )
        ]

    def people(self, prefix: str, limit: int) -> list[Person]:
        """Whom one wrote to or heard from, whose name or address begins so; the frequent first."""
        return [
            Person(name=name, address=address)
            for name, address, *_ in people.find(self._connection, prefix, limit)
        ]

    def identities(self, account_id: AccountId | None = None) -> list[IdentityRow]:
        """The identities of one account or of all, the default one of each first."""
        seen: set[int] = set()
        rows = []
        for row in self._all(
            "SELECT i.id, i.account_id, i.name, i.address, reply_to, signature_text,"
            " signature_html FROM identity AS i JOIN account AS a ON a.id = i.account_id"
            " WHERE ?1 IS NULL OR a.id = ?1 ORDER BY a.position, a.id, i.position, i.id",
            (account_id,),
        ):
            rows.append(
                IdentityRow(
                    id=IdentityId(row[0]),
                    account_id=AccountId(row[1]),
                    name=row[2],
                    address=row[3],
                    reply_to=row[4],
                    signature_text=row[5],
                    signature_html=row[6],
                    default=row[1] not in seen,
                )
            )
            seen.add(row[1])
        return rows

    def contacts(self, words: str = "") -> list[ContactRow]:
        """The address book, by name; only those with words of a name or address that begin so."""
        among = None
        if words.strip():
            found = people.find(self._connection, words, _MAX_CONTACTS)
            among = {row[2] for row in found if row[2] is not None}
        addresses: dict[int, tuple[str, ...]] = {}
        for contact_id, address in self._all(
            "SELECT contact_id, address FROM person WHERE contact_id IS NOT NULL"
            " ORDER BY contact_id, place"
        ):
            addresses[contact_id] = (*addresses.get(contact_id, ()), address)
        rows = [
            ContactRow(
                id=ContactId(contact_id),
                name=name,
                addresses=addresses.get(contact_id, ()),
                organisation=organisation,
                phones=tuple(msgspec.json.decode(phones, type=list[str])),
                note=note,
            )
            for contact_id, name, organisation, phones, note in self._all(
                "SELECT id, name, organisation, phones, note FROM contact"
            )
            if among is None or contact_id in among
        ]
        return sorted(rows, key=lambda row: (row.name.casefold(), row.id))

    def tags(self) -> list[TagRow]:
        """The tags of the profile, by label."""
        rows = [
            TagRow(
                name=name, label=label or label_of(name), colour=colour or colour_of(name),
                total=total,
            )
            for name, label, colour, total in self._all(
                "SELECT name, label, colour,"
                " (SELECT count(*) FROM placement_tag WHERE tag_id = tag.id) FROM tag"
            )
        ]  # fmt: skip
        return sorted(rows, key=lambda row: (row.label.casefold(), row.name))

    def close(self) -> None:
        """Close the connection."""
        self._octets.close()
        self._connection.close()

    def _messages(self, ids: Sequence[int]) -> list[MessageRow]:
        if not ids:
            return []
        listed = _list(ids)
        tags = self._tags(listed)
        pending = {
            row[0]
            for row in self._all(
                "SELECT placement_id FROM operation_target AS t JOIN operation AS o"
                f" ON o.id = t.operation_id WHERE placement_id IN ({listed})"
                " AND o.state <> 'done'"
            )
        }
        found = {
            row[0]: MessageRow(
                id=PlacementId(row[0]),
                message_id=MessageId(row[1]),
                account_id=AccountId(row[2]),
                mailbox_id=MailboxId(row[3]),
                subject=row[4],
                sender=Person(name=row[5], address=row[6]),
                recipients=row[7],
                date_s=row[8],
                size_octets=row[9],
                flags=Flag(row[10]),
                tags=tags.get(row[0], ()),
                has_attachment=bool(row[11]),
                preview=row[12],
                has_octets=bool(row[13]),
                thread_id=row[14],
                pending=row[0] in pending,
            )
            for row in self._all(f"{_MESSAGE} WHERE p.id IN ({listed}) AND b.hidden = 0")
        }
        return [found[placement_id] for placement_id in ids if placement_id in found]

    def _tags(self, listed: str) -> dict[int, tuple[str, ...]]:
        tags: dict[int, tuple[str, ...]] = {}
        for placement_id, name in self._all(
            "SELECT pt.placement_id, t.name FROM placement_tag AS pt JOIN tag AS t"
            f" ON t.id = pt.tag_id WHERE pt.placement_id IN ({listed})"
            " ORDER BY pt.placement_id, t.name"
        ):
            tags[placement_id] = (*tags.get(placement_id, ()), name)
        return tags


def _gathered(row: MessageRow, size: int, unread: int) -> MessageRow:
    """The newest message of a thread, as the row that stands for it."""
    return msgspec.structs.replace(row, thread_size=size, thread_unread=unread)


def _read(
    connection: apsw.Connection, profile: Profile, sql: str, parameters: tuple[Value, ...] = ()
) -> list[Fields]:
    try:
        return fetch(connection, sql, parameters)
    except DAMAGE as error:
        raise damaged(profile, error) from error


def _results(
    state: str, everybody: str, waiting: str, refused: str, told: str
) -> tuple[RecipientRow, ...]:
    """What became of a message for each of its recipients: reports know more than our server."""
    left = set(msgspec.json.decode(waiting, type=list[str]))
    said = msgspec.json.decode(refused, type=dict[str, str])
    reports = msgspec.json.decode(told, type=dict[str, _Told])
    is_out = state in {SendingState.ACCEPTED, SendingState.FILING, SendingState.DONE}
    rows = []
    for address in msgspec.json.decode(everybody, type=list[str]):
        report = reports.get(address.lower())
        if report is not None:
            rows.append(RecipientRow(address=address, state=report.state, detail=report.detail))
        elif address in said and address not in left:
            rows.append(RecipientRow(address=address, state="refused", detail=said[address]))
        else:
            known = "accepted" if is_out or address not in left else "waiting"
            rows.append(RecipientRow(address=address, state=known))
    return tuple(rows)


class _Told(msgspec.Struct, frozen=True):
    """What a report said of one recipient, as the engine keeps it."""

    state: str
    detail: str


def _server(settings: str, address: str) -> ServerRow:
    server = msgspec.json.decode(settings, type=ServerSettings)
    return ServerRow(
        host=server.host,
        port=server.port,
        security=server.security,
        auth=server.auth,
        user=server.user or address,
        password_file=server.password_file,
        ca_file=server.ca_file,
        proxy=without_password(server.proxy),
    )


def _list(ids: Sequence[int] | set[int]) -> str:
    return ",".join(str(int(number)) for number in ids)


def _in_tree_order(rows: list[Fields]) -> list[MailboxRow]:
    """Accounts as they come; in each, roles before names, and every parent before its children."""
    known = {(row[1], row[2]): row[0] for row in rows}
    roles = {(row[1], row[2]): Role(row[4]) for row in rows}
    accounts = {
        account_id: place for place, account_id in enumerate(dict.fromkeys(r[1] for r in rows))
    }

    def place(row: Fields) -> tuple[object, ...]:
        account_id, path, delimiter = row[1], row[2], row[3]
        parts = path.split(delimiter) if delimiter else [path]
        steps: list[tuple[int, str, str]] = []
        for depth in range(1, len(parts) + 1):
            role = roles.get((account_id, delimiter.join(parts[:depth])), Role.NONE)
            steps.append(
                (
                    _ROLE_ORDER.get(role, len(_ROLE_ORDER)),
                    parts[depth - 1].casefold(),
                    parts[depth - 1],
                )
            )
        return (accounts[account_id], *steps)

    result = []
    for row in sorted(rows, key=place):
        (
            mailbox_id, account_id, path, delimiter, role, selectable, subscribed, total, unread,
            policy, kept_tags,
        ) = row  # fmt: skip
        above, _, name = path.rpartition(delimiter) if delimiter else ("", "", path)
        result.append(
            MailboxRow(
                id=MailboxId(mailbox_id),
                account_id=AccountId(account_id),
                name=name,
                path=path,
                parent_id=known.get((account_id, above)) if above else None,
                role=Role(role),
                selectable=bool(selectable),
                subscribed=bool(subscribed),
                total=total,
                unread=unread,
                policy=str(Policy.parse(policy)),
                delimiter=delimiter,
                kept_tags=_words(kept_tags) if kept_tags is not None else None,
            )
        )
    return result


_words = msgspec.json.Decoder(tuple[str, ...]).decode


class _Learned(msgspec.Struct, frozen=True):
    """Of what is learned about an account, how long its messages stay at a POP3 server."""

    pop_deletes_after_days: float | None = None
    pop_deletes_with_local: bool = False
    submission: tuple[str, ...] = ()


def leave_policy(learned: str) -> str:
    """How long messages stay at a POP3 server: "forever", "days:N" or "until-deleted"."""
    found = msgspec.json.decode(learned, type=_Learned)
    if found.pop_deletes_after_days is not None:
        return f"days:{found.pop_deletes_after_days:g}"
    return "until-deleted" if found.pop_deletes_with_local else "forever"
