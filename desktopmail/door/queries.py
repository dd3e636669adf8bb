"""What one may ask the engine that the store alone cannot tell: the network has to be seen."""

from __future__ import annotations

import msgspec

from desktopmail.door.certificate import ShownCertificate
from desktopmail.door.commands import Password, ServerSettings
from desktopmail.door.ids import AccountId, MailboxId, PlacementId
from desktopmail.door.rows import Kind


class Query(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The base of all queries."""


class CheckAccount(Query, frozen=True, kw_only=True):
    """Go through an account's servers step by step; answers with a `CheckReport`."""

    account_id: AccountId


class ReadTranscript(Query, frozen=True, kw_only=True):
    """The records of an account's connections; answers with a `Transcript`.

    Attributes:
        account_id: None for all accounts.
        since: Records with a greater number only.
    """

    account_id: AccountId | None = None
    since: int = 0


class ReadStatus(Query, frozen=True, kw_only=True):
    """Version, process id and uptime of the engine; answers with `EngineStatus`."""


class DiscoverAccount(Query, frozen=True, kw_only=True):
    """Find the servers of an address; answers with `Discovered`, the best first.

    Refused with the code "nothing-found" where servers have to be typed in.
    """

    address: str


class FetchRemoteImage(Query, frozen=True, kw_only=True):
    """Fetch an image that a message names, when its reader asks for it; answers `RemoteImage`."""

    url: str


class ReadSandbox(Query, frozen=True, kw_only=True):
    """Whether the sandbox's server runs, and where it is administered; answers `SandboxState`."""


class ReadDiskUse(Query, frozen=True, kw_only=True):
    """How much room the mail takes; answers with `DiskUse`."""


class ReadOnlyHere(Query, frozen=True, kw_only=True):
    """What would be gone with an account: its server does not have it; answers `OnlyHere`."""

    account_id: AccountId


class ReadPasswordPlace(Query, frozen=True, kw_only=True):
    """Where a password that is given now would be kept; answers with `PasswordPlace`.

    Attributes:
        account_id: Whose passwords are asked for; None for nobody's.
    """

    account_id: AccountId | None = None


class SearchServers(Query, frozen=True, kw_only=True):
    """Search at the servers where not all of a mailbox is here; answers with `ServerHits`.

    What is found and was not here at all is fetched first, its headers at least.

    Attributes:
        query: In the search language.
        mailbox_ids: Where to look; empty for everywhere.
    """

    query: str
    mailbox_ids: tuple[MailboxId, ...] = ()


AnyQuery = (
    CheckAccount
    | ReadTranscript
    | ReadStatus
    | DiscoverAccount
    | FetchRemoteImage
    | ReadSandbox
    | ReadDiskUse
    | ReadOnlyHere
    | ReadPasswordPlace
    | SearchServers
)


class Answer(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The base of all answers."""


class AccountUse(msgspec.Struct, frozen=True, kw_only=True):
    """How much of the mail of one account is here."""

    account_id: AccountId
    messages: int
    octets: int  # of the messages as they came, each mailbox counted


class DiskUse(Answer, frozen=True, kw_only=True):
    """How much room the mail takes.

    Attributes:
        database_octets: Of lists, flags and the word index, on the disk.
        contents_octets: Of the messages themselves, on the disk: each once, small ones deflated.
        free_octets: What compacting gives back to the disk, at the least.
    """

    accounts: tuple[AccountUse, ...]
    database_octets: int
    contents_octets: int
    free_octets: int


class OnlyHere(Answer, frozen=True, kw_only=True):
    """What of an account is nowhere but here.

    Attributes:
        messages: How many, drafts and those in the outbox among them.
        unsent: How many of them are in the outbox.
    """

    messages: int
    unsent: int


class PasswordPlace(Answer, frozen=True, kw_only=True):
    """Where a password that is given now would be kept.

    Attributes:
        in_vault: In the file under a pass phrase, open or not; else in the keyring.
        has_vault: Whether that file is there, so that one pass phrase opens it; else any makes it.
        has_own_outgoing: Whether the account has another password for sending, as far as that can
            be told: nobody can where the passwords are locked.
    """

    in_vault: bool
    has_vault: bool
    has_own_outgoing: bool = False


class CheckStep(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a check: what was tried, how it went, and what to do where it failed."""

    server: str  # incoming, outgoing
    step: str  # dns, tcp, tls, capabilities, auth, login, listing
    ok: bool
    detail: str
    remedy: str = ""
    code: str = ""  # of a step that failed, as `DoorError.code`
    certificate: ShownCertificate | None = None  # the same


class CheckReport(Answer, frozen=True, kw_only=True):
    """The steps of `CheckAccount`, in order."""

    steps: tuple[CheckStep, ...]


class TranscriptRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One redacted stretch of a conversation with a server.

    Attributes:
        number: Counts up over all connections of the engine.
        sender: "C" for us, "S" for the server, "*" for events such as a TLS handshake.
    """

    number: int
    account_id: AccountId
    connection: str  # "imap 1", "smtp 3"
    at_s: float
    sender: str
    octets: bytes


class Transcript(Answer, frozen=True, kw_only=True):
    """Records in the order of their numbers.

    Attributes:
        lost: How many older ones, of the account that was asked for, are not kept any more.
    """

    records: tuple[TranscriptRecord, ...]
    lost: int = 0


class EngineStatus(Answer, frozen=True, kw_only=True):
    """What the engine says of itself."""

    version: str
    pid: int
    uptime_s: float
    offline: bool


class DiscoveredAccount(msgspec.Struct, frozen=True, kw_only=True):
    """One way to set an account up.

    Attributes:
        source: Where it comes from, as it stands in a sentence: "the domain's SRV records".
        note: What its owner has to know: an app password is needed, and where to make it.
        browser_only: The provider takes no password from mail programs at all.
    """

    kind: Kind
    incoming: ServerSettings
    outgoing: ServerSettings
    source: str
    note: str = ""
    browser_only: bool = False


class Discovered(Answer, frozen=True, kw_only=True):
    """What was found for an address; `notes` say what was not used, and why."""

    accounts: tuple[DiscoveredAccount, ...]
    notes: tuple[str, ...] = ()


class RemoteImage(Answer, frozen=True, kw_only=True):
    """An image, and the media type that its server gave it: "image/png"."""

    octets: bytes
    media_type: str


class SandboxState(Answer, frozen=True, kw_only=True):
    """The bundled server of the sandbox.

    Attributes:
        running: Whether its process is there; the rest says something only then.
        api_port: Of its administration API, on 127.0.0.1.
        token: Lets one in there.
    """

    running: bool
    api_port: int = 0
    token: Password | None = None


class ServerHits(Answer, frozen=True, kw_only=True):
    """What the servers found beside what is found here.

    Attributes:
        placement_ids: What the words of the query do not find here: for `View.also`.
        asked: The mailboxes that were searched at their server.
        fetched: How many of the hits were not here at all before.
        notes: A sentence for each server that was not asked, or did not answer.
    """

    placement_ids: tuple[PlacementId, ...] = ()
    asked: tuple[MailboxId, ...] = ()
    fetched: int = 0
    notes: tuple[str, ...] = ()


AnyAnswer = (
    CheckReport
    | Transcript
    | EngineStatus
    | Discovered
    | RemoteImage
    | SandboxState
    | DiskUse
    | OnlyHere
    | PasswordPlace
    | ServerHits
)
