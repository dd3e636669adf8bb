# ruff: noqa: E501, RUF001 - sample mail in several scripts
"""An engine in memory for widget tests: a Door and a StoreReader over one list of placements."""

from __future__ import annotations

import dataclasses
import itertools
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime, getaddresses
from typing import TYPE_CHECKING

import msgspec

from desktopmail.door.changes import (
    AccountsChanged,
    AnyChange,
    MailboxesChanged,
    MessagesChanged,
    OutboxChanged,
    TagsChanged,
)
from desktopmail.door.commands import (
    AddAccount,
    AnyCommand,
    ArchiveMessages,
    CancelSending,
    ChangeTag,
    CopyMessages,
    CreateMailbox,
    DeleteMailbox,
    DeleteMessages,
    EditAccount,
    EmptyMailbox,
    MoveMessages,
    Outcome,
    RemoveContact,
    RenameMailbox,
    SaveDraft,
    SendMessage,
    SetContact,
    SetOffline,
    StoreFlags,
    SubscribeMailbox,
    SwitchAccount,
    Undo,
)
from desktopmail.door.ids import (
    AccountId,
    ContactId,
    IdentityId,
    MailboxId,
    MessageId,
    PlacementId,
    SendingId,
)
from desktopmail.door.interface import DoorError
from desktopmail.door.queries import (
    AccountUse,
    AnyAnswer,
    AnyQuery,
    DiscoverAccount,
    Discovered,
    DiscoveredAccount,
    DiskUse,
    EngineStatus,
    FetchRemoteImage,
    OnlyHere,
    PasswordPlace,
    ReadDiskUse,
    ReadOnlyHere,
    ReadPasswordPlace,
    ReadSandbox,
    ReadTranscript,
    RemoteImage,
    SandboxState,
    SearchServers,
    ServerHits,
    Transcript,
)
from desktopmail.door.rows import (
    AccountRow,
    Auth,
    Column,
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
    Role,
    Security,
    SendingRow,
    SendingState,
    ServerRow,
    TagRow,
    View,
)
from desktopmail.door.tags import colour_of, label_of, name_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

NOW = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)

_ROLES = (
    ("INBOX", Role.INBOX),
    ("Drafts", Role.DRAFTS),
    ("Sent", Role.SENT),
    ("Archive", Role.ARCHIVE),
    ("Junk", Role.JUNK),
    ("Trash", Role.TRASH),
    ("Garden club", Role.NONE),
    ("Invoices", Role.NONE),
)

HTML = """<html><head><style>h1 {{ color: #234 }} .box {{ background: #eef4ff; padding: 12px }}</style></head>
<body><h1>Autumn at the market hall</h1><p>Dear Alice, this week we have <b>quinces</b>, late
apples and the first <i>chestnuts</i>. <a href="https://market.example/offers">All offers</a></p>
<div class="box">Saturday, 9 to 13 h · Mill Lane 3</div>
<img src="https://tracker.example/open.gif?id={n}" width="1" height="1">
<img src="https://market.example/quince.jpg" alt="A basket of quinces">
<table border="0" cellpadding="6"><tr><td>Quinces</td><td>3.20 a kilo</td></tr>
<tr><td>Apples</td><td>2.10 a kilo</td></tr></table></body></html>"""

_LETTERS = (
    (
        "Bob Ferreira <bob@example.org>",
        "Walk on Sunday?",
        "Hi Alice,\n\nthe forecast is good for Sunday. Shall we take the river path and have\ncoffee at the mill afterwards? I can bring the dog.\n\nBob\n-- \nBob Ferreira\nhttps://bob.example.org",
    ),
    (
        "Dr. Käthe Müller <kaethe@example.org>",
        "Termine für das Gartenfest im Frühjahr",
        "Liebe Alice,\n\nanbei die Termine. Der Saal ist am 12. und am 26. frei.\n\nHerzliche Grüße\nKäthe",
    ),
    ("Market Hall <news@market.example>", "Quinces, late apples and the first chestnuts", "HTML"),
    (
        "佐藤 花子 <hanako@example.jp>",
        "写真をお送りします",
        "こんにちは、\n\n先週の写真をお送りします。\n\n花子",
    ),
    (
        "Bob Ferreira <bob@example.org>",
        "Re: Walk on Sunday?",
        "> Shall we say ten at the bridge?\n>> I would rather sleep in.\n\nTen it is. See you there: https://maps.example.org/bridge\n\nBob",
    ),
    (
        "Build <ci@example.org>",
        "[desktopmail] Build 1,204 passed",
        "All 3,214 tests passed in 4 min 12 s.\n\nhttps://ci.example.org/builds/1204",
    ),
    (
        "Carla Rossi <carla@example.it>",
        "Invoice 2026-0117 for October",
        "Dear Alice,\n\nplease find the invoice attached. It is due in thirty days.\n\nKind regards\nCarla Rossi",
    ),
    (
        "דנה לוי <dana@example.org>",
        "פגישה ביום חמישי",
        "שלום אליס,\n\nהפגישה ביום חמישי בשעה עשר.\n\nדנה",
    ),
    (
        "Garden club <list@gardenclub.example>",
        "[garden] Who has spare tulip bulbs?",
        "Hello all,\n\nI have about thirty tulip bulbs to give away. First come, first served.\n\nMaren",
    ),
    (
        "Energy Co <service@energy.example>",
        "Your statement for October is ready",
        "Your statement is ready to be seen in your account.",
    ),
)


def _octets(number: int, sender: str, subject: str, body: str, when: datetime) -> bytes:
    letter = EmailMessage(policy=policy.SMTP)
    letter["From"] = sender
    letter["To"] = "Alice Example <alice@example.org>"
    if number % 4 == 0:
        letter["Cc"] = "Team <team@example.org>, Maren Holt <maren@example.org>"
    letter["Subject"] = subject
    letter["Date"] = format_datetime(when)
    letter["Message-ID"] = f"<{number}.{int(when.timestamp())}@example.org>"
    if sender.startswith(("Market", "Garden")):
        domain = sender.rpartition("@")[2].rstrip(">")
        letter["List-Id"] = f"News <news.{domain}>"
        letter["List-Unsubscribe"] = f"<https://{domain}/leave>" + (
            f", <mailto:leave@{domain}?subject=leave%20{number}>" if "Market" in sender else ""
        )
    if body == "HTML":
        letter.set_content("Quinces 3.20 a kilo. https://market.example/offers")
        letter.add_alternative(HTML.format(n=number), subtype="html")
    else:
        letter.set_content(body)
    if "Invoice" in subject or "写真" in subject:
        kind = ("application", "pdf") if "Invoice" in subject else ("image", "png")
        letter.add_attachment(
            b"%PDF-1.4 not really" * 900,
            maintype=kind[0],
            subtype=kind[1],
            filename="invoice-2026-0117.pdf" if kind[1] == "pdf" else "写真.png",
        )
    return letter.as_bytes()


def _gathered(rows: Iterable[MessageRow], thread_id: int) -> MessageRow:
    """The newest of the messages of a thread, with how many there are, and unread."""
    mine = [row for row in rows if row.thread_id == thread_id]
    unread = sum(not row.flags & Flag.SEEN for row in mine)
    newest = max(mine, key=lambda row: (row.date_s, row.id))
    return msgspec.structs.replace(newest, thread_size=len(mine), thread_unread=unread)


@dataclasses.dataclass
class FakeStore:
    """What stands in for the engine's store.

    Attributes:
        commands: Every command in the order given, for tests to look at.
        refuse: When set, the next command is refused with this error.
    """

    account_rows: list[AccountRow] = dataclasses.field(default_factory=list)
    mailbox_rows: list[MailboxRow] = dataclasses.field(default_factory=list)
    messages: dict[int, MessageRow] = dataclasses.field(default_factory=dict)
    blobs: dict[int, bytes] = dataclasses.field(default_factory=dict)
    sending_rows: list[SendingRow] = dataclasses.field(default_factory=list)
    problem_rows: list[ProblemRow] = dataclasses.field(default_factory=list)
    question_rows: list[QuestionRow] = dataclasses.field(default_factory=list)
    identity_rows: list[IdentityRow] = dataclasses.field(default_factory=list)
    commands: list[AnyCommand] = dataclasses.field(default_factory=list)
    refuse: DoorError | None = None
    discovered: tuple[DiscoveredAccount, ...] = ()
    images: dict[str, RemoteImage] = dataclasses.field(default_factory=dict)
    asked_images: list[str] = dataclasses.field(default_factory=list)
    offline: bool = False
    contact_rows: list[ContactRow] = dataclasses.field(default_factory=list)
    partly: list[MailboxId] = dataclasses.field(default_factory=list)
    waiting: int = 0
    searched: list[SearchServers] = dataclasses.field(default_factory=list)
    hits: ServerHits | DoorError = dataclasses.field(default_factory=ServerHits)
    tag_rows: dict[str, TagRow] = dataclasses.field(default_factory=dict)
    only_here: OnlyHere = dataclasses.field(default_factory=lambda: OnlyHere(messages=0, unsent=0))
    password_place: PasswordPlace = dataclasses.field(
        default_factory=lambda: PasswordPlace(in_vault=False, has_vault=True)
    )
    sandbox: SandboxState = dataclasses.field(default_factory=lambda: SandboxState(running=False))

    def __post_init__(self) -> None:
        self._listeners: list[Callable[[AnyChange], None]] = []
        self._numbers = itertools.count(1)
        self._undo: dict[str, dict[int, MessageRow]] = {}

    # ---- building

    def add_account(self, name: str, address: str, kind: Kind, display_name: str = "") -> AccountId:
        account_id = AccountId(len(self.account_rows) + 1)
        server = ServerRow(
            host="localhost", port=993, security=Security.TLS, auth=Auth.AUTO, user=address
        )
        self.account_rows.append(
            AccountRow(
                id=account_id, name=name, address=address, display_name=display_name, kind=kind,
                incoming=server, outgoing=server, state=ConnectionState.READY,
                last_alive_s=NOW.timestamp(),
            )
        )  # fmt: skip
        for path, role in _ROLES if kind is Kind.IMAP else _ROLES[:6]:
            self.mailbox_rows.append(
                MailboxRow(
                    id=MailboxId(len(self.mailbox_rows) + 1), account_id=account_id,
                    name=path, path=path, parent_id=None, role=role, selectable=True,
                    subscribed=True, total=0, unread=0,
                )
            )  # fmt: skip
        return account_id

    def box(self, role: Role, account: int = 1) -> MailboxRow:
        return next(
            box for box in self.mailboxes() if box.role is role and box.account_id == account
        )

    def add_message(
        self, octets: bytes, mailbox_id: MailboxId, *, flags: Flag = Flag.NONE, date_s: int = 0
    ) -> MessageRow:
        number = next(self._numbers)
        parsed = message_from_bytes(octets, policy=policy.compat32)
        decoded = message_from_bytes(octets, policy=policy.default)
        try:
            pairs = getaddresses([str(decoded.get("From", ""))])
            subject = str(decoded.get("Subject", ""))
            to = ", ".join(n or a for n, a in getaddresses([str(decoded.get("To", ""))]))
            body = decoded.get_body(("plain",))
            preview = " ".join(body.get_content().split())[:160] if body else ""
        except Exception:  # noqa: BLE001 - mangled corpora; the fake shows what it can
            pairs, subject, to, preview = [("", "")], str(parsed.get("Subject", "")), "", ""
        name, address = pairs[0] if pairs else ("", "")
        box = next(box for box in self.mailbox_rows if box.id == mailbox_id)
        row = MessageRow(
            id=PlacementId(number), message_id=MessageId(number), account_id=box.account_id,
            mailbox_id=mailbox_id, subject=subject, sender=Person(name=name, address=address),
            recipients=to, date_s=date_s, size_octets=len(octets), flags=flags, tags=(),
            has_attachment=b"attachment" in octets, preview=preview, has_octets=True,
            thread_id=number,
        )  # fmt: skip
        self.messages[number] = row
        self.blobs[number] = octets
        return row

    # ---- StoreReader

    def accounts(self) -> list[AccountRow]:
        return list(self.account_rows)

    def mailboxes(self, account_id: AccountId | None = None) -> list[MailboxRow]:
        result = []
        for box in self.mailbox_rows:
            if account_id in (None, box.account_id):
                rows = [row for row in self.messages.values() if row.mailbox_id == box.id]
                unread = sum(not row.flags & Flag.SEEN for row in rows)
                result.append(msgspec.structs.replace(box, total=len(rows), unread=unread))
        return result

    def partly_here(self, mailbox_ids: Sequence[MailboxId] = ()) -> list[MailboxId]:
        return [one for one in self.partly if not mailbox_ids or one in mailbox_ids]

    def unindexed(self) -> int:
        return self.waiting

    def mailbox(self, mailbox_id: MailboxId) -> MailboxRow | None:
        return next((box for box in self.mailboxes() if box.id == mailbox_id), None)

    def _rows(self, view: View) -> list[MessageRow]:
        rows = [
            row
            for row in self.messages.values()
            if (not view.mailbox_ids or row.mailbox_id in view.mailbox_ids)
            and view.thread_id in {None, row.thread_id}
            and (not view.unread_only or not row.flags & Flag.SEEN)
            and (not view.flagged_only or row.flags & Flag.FLAGGED)
            and (not view.with_attachment or row.has_attachment)
            and (
                row.id in view.also
                or view.query.casefold()
                in f"{row.subject} {row.sender.name} {row.preview}".casefold()
            )
        ]
        keys: dict[Column, Callable[[MessageRow], object]] = {
            Column.DATE: lambda row: (row.date_s, row.id),
            Column.SENDER: lambda row: (row.sender.name.casefold(), row.id),
            Column.SUBJECT: lambda row: (row.subject.casefold(), row.id),
            Column.SIZE: lambda row: (row.size_octets, row.id),
        }
        if view.threads and not view.query:
            rows = [_gathered(rows, thread) for thread in {row.thread_id for row in rows}]
        return sorted(rows, key=keys[view.column], reverse=view.descending)  # type: ignore[arg-type]

    def count(self, view: View, most: int | None = None) -> int:
        count = len(self._rows(view))
        return count if most is None or view.is_plain else min(count, most)

    def window(
        self, view: View, offset: int, limit: int, places: object = None
    ) -> list[MessageRow]:
        del places
        return self._rows(view)[offset : offset + limit]

    def position(
        self, view: View, placement_id: PlacementId, places: object = None, was: object = None
    ) -> int | None:
        del places, was
        ids = [row.id for row in self._rows(view)]
        return ids.index(placement_id) if placement_id in ids else None

    def of_threads(self, view: View, thread_ids: Iterable[int]) -> list[MessageRow]:
        wanted = set(thread_ids)
        newest_first = msgspec.structs.replace(
            view, threads=False, column=Column.DATE, descending=True
        )
        return [row for row in self._rows(newest_first) if row.thread_id in wanted]

    def placements(self, message_id: MessageId) -> list[MessageRow]:
        return [row for row in self.messages.values() if row.message_id == message_id]

    def octets(self, message_id: MessageId) -> bytes | None:
        return self.blobs.get(message_id)

    def header_octets(self, message_id: MessageId) -> bytes:
        return self.blobs[message_id].partition(b"\r\n\r\n")[0] + b"\r\n\r\n"

    def sendings(self) -> list[SendingRow]:
        return list(self.sending_rows)

    def operations(self) -> list[OperationRow]:
        return []

    def questions(self) -> list[QuestionRow]:
        return list(self.question_rows)

    def problems(self) -> list[ProblemRow]:
        return list(self.problem_rows)

    def identities(self, account_id: AccountId | None = None) -> list[IdentityRow]:
        own = {row.account_id for row in self.identity_rows}
        rows = self.identity_rows + [
            IdentityRow(
                id=IdentityId(row.id), account_id=row.id, name=row.display_name,
                address=row.address, reply_to="", signature_text="", signature_html="",
                default=True,
            )
            for row in self.account_rows
            if row.id not in own
        ]  # fmt: skip
        return [row for row in rows if account_id in {None, row.account_id}]

    def contacts(self, words: str = "") -> list[ContactRow]:
        wanted = words.casefold()
        rows = [row for row in self.contact_rows if wanted in row.name.casefold()]
        return sorted(rows, key=lambda row: row.name.casefold())

    def people(self, prefix: str, limit: int) -> list[Person]:
        seen = {row.sender.address: row.sender for row in self.messages.values()}
        wanted = prefix.casefold()
        return [
            person
            for person in seen.values()
            if wanted in person.name.casefold() or person.address.startswith(wanted)
        ][:limit]

    def close(self) -> None:
        pass

    # ---- Door

    async def command(self, command: AnyCommand) -> Outcome:
        self.commands.append(command)
        if self.refuse is not None:
            error, self.refuse = self.refuse, None
            raise error
        match command:
            case StoreFlags():
                return self._change(
                    command.placement_ids,
                    lambda row: {
                        "flags": (row.flags | command.add) & ~command.remove,
                        "tags": tuple(
                            sorted({*row.tags, *command.add_tags} - set(command.remove_tags))
                        ),
                    },
                )
            case MoveMessages():
                return self._move(command.placement_ids, lambda _row: command.mailbox_id)
            case CopyMessages():
                for number in command.placement_ids:
                    row = self.messages[number]
                    self.add_message(self.blobs[row.message_id], command.mailbox_id)
                self._tell()
                return Outcome(undo="copy", label="copied")
            case ArchiveMessages():
                return self._move(
                    command.placement_ids, lambda row: self.box(Role.ARCHIVE, row.account_id).id
                )
            case DeleteMessages():
                return self._move(
                    command.placement_ids, lambda row: self.box(Role.TRASH, row.account_id).id
                )
            case Undo():
                self.messages |= self._undo.pop(command.token, {})
                self._tell()
                return Outcome(label="undone")
            case SendMessage():
                return self._send(command)
            case CancelSending():
                self.sending_rows = [
                    row for row in self.sending_rows if row.id != command.sending_id
                ]
                self.tell(OutboxChanged())
                return Outcome()
            case SaveDraft():
                if command.replaces is not None:
                    self.messages.pop(command.replaces, None)
                box = self.box(Role.DRAFTS, command.account_id).id
                row = self.add_message(
                    command.octets, box, flags=Flag.SEEN | Flag.DRAFT, date_s=int(NOW.timestamp())
                )
                self._tell()
                return Outcome(ids=(row.id,))
            case AddAccount():
                if any(row.name == command.name for row in self.account_rows):
                    raise DoorError(f"The name {command.name} is taken.", remedy="Choose another.")
                account_id = self.add_account(command.name, command.address, command.kind)
                self.tell(AccountsChanged())
                return Outcome(ids=(account_id,))
            case EditAccount():
                return Outcome(label="changed")
            case SwitchAccount():
                self.account_rows = [
                    msgspec.structs.replace(row, kind=command.kind)
                    if row.id == command.account_id
                    else row
                    for row in self.account_rows
                ]
                self.tell(AccountsChanged())
                return Outcome(label="switched", left=2 if command.kind is Kind.IMAP else 0)
            case ChangeTag():
                name = name_of(command.tag)
                old = self.tag_rows.get(command.tag) or TagRow(
                    name=name, label=label_of(name), colour=colour_of(name), total=0
                )
                self.tag_rows[old.name] = msgspec.structs.replace(
                    old, label=command.label or old.label, colour=command.colour or old.colour
                )
                self.tell(TagsChanged())
                return Outcome(label=old.name)
            case CreateMailbox():
                number = MailboxId(len(self.mailbox_rows) + 1)
                self.mailbox_rows.append(
                    MailboxRow(
                        id=number, account_id=command.account_id, name=command.name,
                        path=command.name, parent_id=command.parent_id, role=Role.NONE,
                        selectable=True, subscribed=True, total=0, unread=0,
                    )
                )  # fmt: skip
                self.tell(MailboxesChanged(account_id=command.account_id))
                return Outcome(ids=(number,))
            case RenameMailbox() | SubscribeMailbox():
                changed = (
                    {"name": command.path, "path": command.path}
                    if isinstance(command, RenameMailbox)
                    else {"subscribed": command.subscribed}
                )
                self.mailbox_rows = [
                    msgspec.structs.replace(row, **changed) if row.id == command.mailbox_id else row
                    for row in self.mailbox_rows
                ]
                self._tell()
                return Outcome()
            case DeleteMailbox():
                self.mailbox_rows = [
                    row for row in self.mailbox_rows if row.id != command.mailbox_id
                ]
                self._tell()
                return Outcome()
            case EmptyMailbox():
                inside = [
                    row.id for row in self.messages.values() if row.mailbox_id == command.mailbox_id
                ]
                return self._move(inside, lambda row: self.box(Role.TRASH, row.account_id).id)
            case SetContact():
                number = command.contact_id or ContactId(len(self.contact_rows) + 1)
                row = ContactRow(
                    id=number, name=command.name, addresses=command.addresses,
                    organisation=command.organisation, phones=command.phones, note=command.note,
                )  # fmt: skip
                self.contact_rows = [it for it in self.contact_rows if it.id != number] + [row]
                return Outcome(ids=(number,))
            case RemoveContact():
                self.contact_rows = [it for it in self.contact_rows if it.id != command.contact_id]
                return Outcome()
            case SetOffline():
                self.offline = command.offline
                state = ConnectionState.OFFLINE if command.offline else ConnectionState.READY
                self.account_rows = [
                    msgspec.structs.replace(row, state=state) for row in self.account_rows
                ]
                self.tell(AccountsChanged())
                return Outcome()
            case _:
                return Outcome()

    async def query(self, query: AnyQuery) -> AnyAnswer:
        if isinstance(query, DiscoverAccount):
            if not self.discovered:
                raise DoorError("No servers were found.", code="nothing-found")
            return Discovered(accounts=self.discovered)
        if isinstance(query, FetchRemoteImage):
            self.asked_images.append(query.url)
            if query.url not in self.images:
                raise DoorError(f"The image at {query.url} is not shown.", code="no-image")
            return self.images[query.url]
        if isinstance(query, ReadTranscript):
            return Transcript(records=())
        if isinstance(query, ReadDiskUse):
            uses = tuple(
                AccountUse(account_id=row.id, messages=12, octets=48_000)
                for row in self.account_rows
            )
            return DiskUse(
                accounts=uses, database_octets=1_000_000, contents_octets=96_000, free_octets=5_000
            )
        if isinstance(query, ReadOnlyHere):
            return self.only_here
        if isinstance(query, ReadPasswordPlace):
            return self.password_place
        if isinstance(query, SearchServers):
            self.searched.append(query)
            if isinstance(self.hits, DoorError):
                raise self.hits
            return self.hits
        if isinstance(query, ReadSandbox):
            return self.sandbox
        return EngineStatus(version="0", pid=1, uptime_s=1.0, offline=self.offline)

    def tags(self) -> list[TagRow]:
        used = [name for row in self.messages.values() for name in row.tags]
        rows = [
            msgspec.structs.replace(
                self.tag_rows.get(name)
                or TagRow(name=name, label=label_of(name), colour=colour_of(name), total=0),
                total=used.count(name),
            )
            for name in {*used, *self.tag_rows}
        ]
        return sorted(rows, key=lambda row: (row.label.casefold(), row.name))

    def subscribe(self, listener: Callable[[AnyChange], None]) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def aclose(self) -> None:
        self._listeners.clear()

    # ---- changing

    def tell(self, change: AnyChange) -> None:
        for listener in list(self._listeners):
            listener(change)

    def _tell(self) -> None:
        ids = tuple(box.id for box in self.mailbox_rows)
        self.tell(MessagesChanged(mailbox_ids=ids))
        for account in self.account_rows:
            self.tell(MailboxesChanged(account_id=account.id))

    def _change(
        self, ids: Iterable[PlacementId], values: Callable[[MessageRow], dict[str, object]]
    ) -> Outcome:
        before = {number: self.messages[number] for number in ids if number in self.messages}
        token = f"undo-{next(self._numbers)}"
        self._undo[token] = before
        for number, row in before.items():
            self.messages[number] = msgspec.structs.replace(row, **values(row))
        self._tell()
        return Outcome(undo=token, label=f"{len(before)} messages")

    def _move(
        self, ids: Iterable[PlacementId], target: Callable[[MessageRow], MailboxId]
    ) -> Outcome:
        return self._change(ids, lambda row: {"mailbox_id": target(row)})

    def _send(self, command: SendMessage) -> Outcome:
        number = SendingId(next(self._numbers))
        now = NOW.timestamp()
        self.sending_rows.append(
            SendingRow(
                id=number, account_id=command.account_id, state=SendingState.QUEUED, subject="",
                recipients=command.recipients, queued_s=now, not_before_s=now + command.delay_s,
                tries=0,
            )
        )  # fmt: skip
        for account in self.account_rows:
            if account.address in command.recipients:
                self.add_message(
                    command.octets, self.box(Role.INBOX, account.id).id, date_s=int(now)
                )
        self.tell(OutboxChanged())
        self._tell()
        return Outcome(ids=(number,))


def full_store(repeat: int = 4) -> FakeStore:
    """A store with an IMAP and a POP3 account and some dozens of messages."""
    store = FakeStore()
    alice = store.add_account("Alice", "alice@example.org", Kind.IMAP, "Alice Example")
    store.add_account("Bob (POP3)", "bob@example.org", Kind.POP3, "Bob Ferreira")
    inbox = store.box(Role.INBOX, alice).id
    number = 0
    for turn in range(repeat):
        for sender, subject, body in _LETTERS:
            when = NOW - timedelta(hours=number * 7 * (1 + turn * 4), minutes=number * 13 % 60)
            flags = Flag.SEEN if number % 3 else Flag.NONE
            if number % 7 == 4:
                flags |= Flag.FLAGGED
            if number % 5 == 3:
                flags |= Flag.ANSWERED
            store.add_message(
                _octets(number, sender, subject, body, when), inbox, flags=flags,
                date_s=int(when.timestamp()),
            )  # fmt: skip
            number += 1
    for index, (sender, subject, body) in enumerate(_LETTERS[:3]):
        when = NOW - timedelta(days=index + 1)
        store.add_message(
            _octets(100 + index, sender, subject, body, when),
            store.box(Role.INBOX, 2).id,
            date_s=int(when.timestamp()),
        )
    return store
