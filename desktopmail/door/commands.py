"""What one may ask of the engine: each command is journaled before it is acknowledged."""

from __future__ import annotations

import msgspec

from desktopmail.door.ids import (
    AccountId,
    ContactId,
    IdentityId,
    MailboxId,
    OperationId,
    PlacementId,
    QuestionId,
    SendingId,
)
from desktopmail.door.rows import Auth, Flag, Kind, Security


class Command(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The base of all commands; the class name is the tag on the pipe."""


class Password(msgspec.Struct, frozen=True):
    """A password on its way to the keyring; it does not print itself."""

    text: str

    def __repr__(self) -> str:
        return "Password(***)"


class ServerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where and how one server is to be spoken to.

    Attributes:
        host: A name or an address, without brackets.
        port: 1 to 65535.
        user: The login name; empty means the address of the account.
        ca_file: A PEM file of further authorities to trust, or None for the system's alone.
        password_file: A file whose first line is the password, read again at each login, or None.
        pins: SHA-256 digests (hex) of certificates that were accepted for this host and port by
            hand, in place of a valid chain.
        proxy: `socks5://[USER@]HOST:PORT` for this server, "none" for no proxy, empty for that of
            the profile. Its password is not here.
    """

    host: str
    port: int
    security: Security
    auth: Auth = Auth.AUTO
    user: str = ""
    ca_file: str | None = None
    password_file: str | None = None
    pins: tuple[str, ...] = ()
    proxy: str = ""


class AddAccount(Command, frozen=True, kw_only=True):
    """Add an account; answers with its id. Refused when the name is taken.

    Attributes:
        check: Log in to both servers first, and save nothing when that fails.
        allow_cleartext: The remembered consent to send a password unprotected beyond loopback.
        policy: How much of its mailboxes is kept here, as `door.policy.Policy` reads it (IMAP).
    """

    name: str
    address: str
    display_name: str = ""
    kind: Kind
    incoming: ServerSettings
    outgoing: ServerSettings
    password: Password | None = None
    outgoing_password: Password | None = None  # None: the same as the incoming one
    check: bool = True
    allow_cleartext: bool = False
    policy: str = ""


class ServerChange(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be another one of `ServerSettings`; None leaves it as it is.

    Attributes:
        ca_file: Empty: none any more, the authorities of the system are trusted.
        password_file: Empty: none any more, the password is where those of accounts are.
        pins: Certificates that are accepted besides those of before.
    """

    host: str | None = None
    port: int | None = None
    security: Security | None = None
    auth: Auth | None = None
    user: str | None = None
    ca_file: str | None = None
    password_file: str | None = None
    pins: tuple[str, ...] | None = None
    proxy: str | None = None


class EditAccount(Command, frozen=True, kw_only=True):
    """Speak to the servers of an account in another way, or call it something else.

    Refused, and nothing is changed, where a server that is spoken to in another way does not let
    us in. A certificate that was accepted by hand counts for the host and port it was accepted for.

    Attributes:
        check: Log in to what is changed first.
        allow_cleartext: None leaves the consent as it is.
        password, outgoing_password: None: the one it has. The outgoing one empty: from now on the
            incoming one serves both sides.
    """

    account_id: AccountId
    name: str | None = None
    display_name: str | None = None
    incoming: ServerChange = ServerChange()
    outgoing: ServerChange = ServerChange()
    password: Password | None = None
    outgoing_password: Password | None = None
    check: bool = True
    allow_cleartext: bool | None = None


class RemoveAccount(Command, frozen=True, kw_only=True):
    """Remove an account and its local mail; the server keeps what it has.

    Refused with the code "only-here", and nothing is changed, where mail would be gone with it.

    Attributes:
        with_its_mail: What exists only here may go, too (`ReadOnlyHere`).
    """

    account_id: AccountId
    with_its_mail: bool = False


class SwitchAccount(Command, frozen=True, kw_only=True):
    """Have an account fetch its mail by the other protocol; what is here is not fetched again.

    Refused, and nothing is changed, where the new server does not let us in. Answers when the first
    look is done; the label says what exists only here.

    Attributes:
        password: None: the one it has.
    """

    account_id: AccountId
    kind: Kind
    incoming: ServerSettings
    password: Password | None = None


class SyncAccounts(Command, frozen=True, kw_only=True):
    """Fetch what is new now. Answers when the accounts are up to date, or with what failed.

    Attributes:
        account_ids: Empty for all.
        headers_only: Leave the bodies at the server (IMAP).
        wait: Answer only when done; else as soon as it was begun.
    """

    account_ids: tuple[AccountId, ...] = ()
    headers_only: bool = False
    wait: bool = True


class SetMailboxPolicy(Command, frozen=True, kw_only=True):
    """Say how much of mailboxes is kept here; fetching goes on by it at once.

    Attributes:
        mailbox_ids: Of IMAP accounts.
        account_id: In their place: every mailbox that this IMAP account has and will have.
        policy: As `door.policy.Policy` reads it: everything, headers, days:N.
    """

    mailbox_ids: tuple[MailboxId, ...] = ()
    account_id: AccountId | None = None
    policy: str


class StoreFlags(Command, frozen=True, kw_only=True):
    """Set and clear flags and tags; seen at once, told to the server in order."""

    placement_ids: tuple[PlacementId, ...]
    add: Flag = Flag.NONE
    remove: Flag = Flag.NONE
    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()


class ChangeTag(Command, frozen=True, kw_only=True):
    """Give a tag of this profile another label or colour, or make it; servers keep its name only.

    Answers with its name as the label.

    Attributes:
        tag: Its name or label.
        label: What a person calls it; None leaves it.
        colour: "#rrggbb", empty for the one of its name; None leaves it.
    """

    tag: str
    label: str | None = None
    colour: str | None = None


class ForgetTag(Command, frozen=True, kw_only=True):
    """Take a tag from every message that has it, and from the list of tags."""

    tag: str


class CreateMailbox(Command, frozen=True, kw_only=True):
    """Make a mailbox; answers with its id.

    Attributes:
        name: The whole name, or what stands behind that of the parent.
        parent_id: The mailbox it is made in, or None.
    """

    account_id: AccountId
    name: str
    parent_id: MailboxId | None = None


class RenameMailbox(Command, frozen=True, kw_only=True):
    """Give a mailbox another name, with those in it.

    Attributes:
        path: The whole new name: another one in front of the delimiter moves the mailbox.
    """

    mailbox_id: MailboxId
    path: str


class DeleteMailbox(Command, frozen=True, kw_only=True):
    """Delete a mailbox with those in it; the messages go to the Trash.

    What is deleted out of the Trash is deleted for good. Refused for the Inbox, Drafts, Sent and
    Trash.
    """

    mailbox_id: MailboxId


class SubscribeMailbox(Command, frozen=True, kw_only=True):
    """Have a mailbox shown in programs that show subscribed ones only, or not."""

    mailbox_id: MailboxId
    subscribed: bool


class EmptyMailbox(Command, frozen=True, kw_only=True):
    """Remove every message of a mailbox: out of the Trash and Junk for good, else to the Trash."""

    mailbox_id: MailboxId


class SetIdentity(Command, frozen=True, kw_only=True):
    """Add an identity of an account, or change one; answers with its id.

    Attributes:
        identity_id: None for a new one.
        signature_html: Shown in place of `signature_text` where the message is HTML; may be empty.
        default: Have it be the one that the composer begins with; False leaves the order as it is.
    """

    account_id: AccountId
    identity_id: IdentityId | None = None
    name: str = ""
    address: str
    reply_to: str = ""
    signature_text: str = ""
    signature_html: str = ""
    default: bool = False


class RemoveIdentity(Command, frozen=True, kw_only=True):
    """Remove an identity; refused for the last one of an account."""

    identity_id: IdentityId


class SetContact(Command, frozen=True, kw_only=True):
    """Add a contact to the address book, or change one; answers with its id."""

    contact_id: ContactId | None = None
    name: str
    addresses: tuple[str, ...] = ()
    organisation: str = ""
    phones: tuple[str, ...] = ()
    note: str = ""


class RemoveContact(Command, frozen=True, kw_only=True):
    """Take a contact out of the address book."""

    contact_id: ContactId


class ForgetPerson(Command, frozen=True, kw_only=True):
    """Do not offer an address any more that was collected from mail."""

    address: str


class ImportContacts(Command, frozen=True, kw_only=True):
    """Take the vCards of a file into the address book; nobody is doubled. The label says how many.

    Attributes:
        path: As the engine's process sees it: absolute.
    """

    path: str


class ExportContacts(Command, frozen=True, kw_only=True):
    """Write the address book to a file of vCards (4.0), which is replaced."""

    path: str


class LeaveOnServer(Command, frozen=True, kw_only=True):
    """How long messages stay at a POP3 server after they were fetched.

    Attributes:
        policy: "forever", "days:N" or "until-deleted" (here, out of the Trash).
    """

    account_id: AccountId
    policy: str


class MoveMessages(Command, frozen=True, kw_only=True):
    """Move messages to a mailbox, of the same account or of another one."""

    placement_ids: tuple[PlacementId, ...]
    mailbox_id: MailboxId


class CopyMessages(Command, frozen=True, kw_only=True):
    """Copy messages to a mailbox."""

    placement_ids: tuple[PlacementId, ...]
    mailbox_id: MailboxId


class ArchiveMessages(Command, frozen=True, kw_only=True):
    """Move messages to the Archive of their account."""

    placement_ids: tuple[PlacementId, ...]


class DeleteMessages(Command, frozen=True, kw_only=True):
    """Move messages to the Trash of their account, or remove those that are in it already.

    Attributes:
        permanently: Remove them at once, Trash or not.
    """

    placement_ids: tuple[PlacementId, ...]
    permanently: bool = False


class Undo(Command, frozen=True, kw_only=True):
    """Take back the command whose outcome carried this token, before or after the server heard."""

    token: str


class ReportWish(msgspec.Struct, frozen=True, kw_only=True):
    """What a sender wants to be told of a message by mail servers (RFC 3461).

    Attributes:
        notify: Of "success", "failure" and "delay"; or "never" alone; empty leaves it to them.
        whole: Have a report of failure return the whole message, or its headers; None leaves it.
    """

    notify: tuple[str, ...] = ()
    whole: bool | None = None


class SendMessage(Command, frozen=True, kw_only=True):
    """Put a finished message into the outbox; answers with the sending's id.

    Attributes:
        octets: The whole message, CRLF line ends, Bcc already taken out.
        recipients: The envelope: To, Cc and Bcc, each once.
        delay_s: How long it can be taken back.
        draft: The placement of the draft it was, removed once the message is accepted.
        answers: The placement it answers or forwards, flagged so once it is accepted.
        forwards: Whether `answers` is a forward.
        report: What mail servers are to tell of it; reports are matched to `SendingRow.results`.
        again: The engine ended before it answered to the same command: what is in the outbox, or
            was sent, with these octets is that message.
    """

    account_id: AccountId
    sender: str
    recipients: tuple[str, ...]
    octets: bytes
    delay_s: float = 0.0
    draft: PlacementId | None = None
    answers: PlacementId | None = None
    forwards: bool = False
    report: ReportWish = ReportWish()
    again: bool = False


class AnswerReceipt(Command, frozen=True, kw_only=True):
    """Answer the wish for a read receipt: send it, or never. Nothing is ever sent unasked.

    Answers with the sending's id where one is sent. Refused when nobody asked, or it was answered.
    """

    placement_id: PlacementId
    send: bool


class Unsubscribe(Command, frozen=True, kw_only=True):
    """Leave a mailing list by its one-click way (RFC 8058): a POST, without cookies, by HTTPS.

    Refused with the code "unconfirmed" where no signature that our server verified covers the
    fields, until a person has confirmed it; with "no-one-click" where the list has no such way.

    Attributes:
        confirmed: A person was shown the host, and agreed.
    """

    placement_id: PlacementId
    confirmed: bool = False


class CompactStore(Command, frozen=True, kw_only=True):
    """Give the room that removed mail left back to the disk; answers when it is done."""


class RetrySending(Command, frozen=True, kw_only=True):
    """Try a failed message again now."""

    sending_id: SendingId


class CancelSending(Command, frozen=True, kw_only=True):
    """Take a message back from the outbox; refused once its octets may have been accepted."""

    sending_id: SendingId


class SaveDraft(Command, frozen=True, kw_only=True):
    """Keep a draft as a new version in Drafts; answers with its placement.

    Attributes:
        replaces: The version before, removed when this one is safe.
    """

    account_id: AccountId
    octets: bytes
    replaces: PlacementId | None = None


class FetchOctets(Command, frozen=True, kw_only=True):
    """Fetch the whole of messages of which only the headers are here; answers when done."""

    placement_ids: tuple[PlacementId, ...]


class RetryOperation(Command, frozen=True, kw_only=True):
    """Try a failed operation again now."""

    operation_id: OperationId


class DiscardOperation(Command, frozen=True, kw_only=True):
    """Give a failed operation up; the local view goes back to what the server says."""

    operation_id: OperationId


class AnswerQuestion(Command, frozen=True, kw_only=True):
    """Answer a stored question with the key of one of its choices."""

    question_id: QuestionId
    choice: str


class SetOffline(Command, frozen=True, kw_only=True):
    """Close all connections and stay away from the network, or come back."""

    offline: bool


class OpenVault(Command, frozen=True, kw_only=True):
    """Open the file that keeps the passwords where there is no keyring, or make it.

    Refused when the pass phrase is wrong; needed once each time the engine was started.

    Attributes:
        pass_phrase: By which it is opened.
        stays_s: For how long the engine goes on without a client, so that the next finds it open.
    """

    pass_phrase: Password
    stays_s: float = 0.0


class SetPassword(Command, frozen=True, kw_only=True):
    """Give an account another password, and try again what waited for it."""

    account_id: AccountId
    password: Password
    outgoing: bool = False


class SetProxy(Command, frozen=True, kw_only=True):
    """Reach all servers beyond this machine through a SOCKS5 proxy, also by name; or straight.

    Attributes:
        proxy: `socks5://[USER@]HOST:PORT`, or empty for none.
        password: For the user of the proxy; None leaves the one that is kept.
    """

    proxy: str
    password: Password | None = None


class ExportMessages(Command, frozen=True, kw_only=True):
    """Write messages to files, exact and with their flags; answers when they are written.

    Attributes:
        placement_ids: Which; empty for all of `mailbox_id`, or of all mailboxes of `account_id`.
        form: "mbox" (a file, replaced), "maildir" or "eml" (a folder, added to).
        path: Where, as the engine's process sees it: absolute. Of an account it is a folder, with a
            place in it for each mailbox (`engine.files.layout`).
    """

    placement_ids: tuple[PlacementId, ...] = ()
    mailbox_id: MailboxId | None = None
    account_id: AccountId | None = None
    form: str
    path: str


class ImportMessages(Command, frozen=True, kw_only=True):
    """Put the messages of an mbox, a Maildir, an .eml file or a folder of those into a mailbox.

    What is there already, octet for octet, is not added again. The label says how many were.
    """

    path: str
    mailbox_id: MailboxId


class CheckStore(Command, frozen=True, kw_only=True):
    """Look whether the store is sound; the label says what was found.

    Attributes:
        repair: Put right what can be: counts, the word index, octets that nothing names.
    """

    repair: bool = False


class BackUp(Command, frozen=True, kw_only=True):
    """Write a copy of the whole store, consistent while it is in use, into a new folder."""

    path: str


class StartSandbox(Command, frozen=True, kw_only=True):
    """Start the bundled server with sample mail, add an IMAP and a POP3 account on it, and sync.

    Answers with the ids of the two accounts when both are up to date. The server ends with the
    engine; one that was stopped before is started again, with its ports, users and mail.
    """


AnyCommand = (
    AddAccount
    | EditAccount
    | RemoveAccount
    | SyncAccounts
    | SetMailboxPolicy
    | StoreFlags
    | MoveMessages
    | CopyMessages
    | ArchiveMessages
    | DeleteMessages
    | Undo
    | SendMessage
    | RetrySending
    | CancelSending
    | SaveDraft
    | FetchOctets
    | RetryOperation
    | DiscardOperation
    | AnswerQuestion
    | SetOffline
    | StartSandbox
    | OpenVault
    | SetPassword
    | SetProxy
    | SwitchAccount
    | ExportMessages
    | ImportMessages
    | CheckStore
    | BackUp
    | ChangeTag
    | ForgetTag
    | CreateMailbox
    | RenameMailbox
    | DeleteMailbox
    | SubscribeMailbox
    | EmptyMailbox
    | LeaveOnServer
    | SetIdentity
    | RemoveIdentity
    | SetContact
    | RemoveContact
    | ForgetPerson
    | ImportContacts
    | ExportContacts
    | AnswerReceipt
    | Unsubscribe
    | CompactStore
)


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a command.

    Attributes:
        ids: Ids of what was made (account, sending, placement), in order.
        undo: A token for `Undo`, or None where there is nothing to take back.
        label: What was done, as a person would say it: "3 messages moved to Archive".
        left: Of `SwitchAccount`: how many messages exist only here (IMAP), or are here by their
            headers alone (POP3). Of `CheckStore`: in how many ways the store is damaged still.
    """

    ids: tuple[int, ...] = ()
    undo: str | None = None
    label: str = ""
    left: int = 0
