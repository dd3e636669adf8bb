"""What a person, or another device, does: the steps that scenarios are made of."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from desktopmail.door.commands import (
    AnswerQuestion,
    ArchiveMessages,
    CopyMessages,
    CreateMailbox,
    DeleteMailbox,
    DeleteMessages,
    EmptyMailbox,
    ForgetTag,
    ImportMessages,
    LeaveOnServer,
    MoveMessages,
    RenameMailbox,
    SaveDraft,
    SendMessage,
    SetMailboxPolicy,
    SetOffline,
    StoreFlags,
    SubscribeMailbox,
    SwitchAccount,
    Undo,
)
from desktopmail.door.interface import DoorError
from desktopmail.engine.errors import NEEDS_A_PERSON
from desktopmail.net.endpoint import Endpoint
from desktopmail.net.endpoint import Security as NetSecurity
from desktopmail.net.imap import ImapClient
from desktopmail.wire.imap.flags import DELETED
from desktopmail.wire.imap.flags import flag as wire_flag
from desktopmail.wire.imap.search_key import HeaderHas
from desktopmail.wire.imap.sequence import Uid, UidSet
from desktopmail.wire.imap.store import StoreMode
from desktopmail.wire.secret import Secret
from tests.simulation.desk import Desk
from tests.simulation.scenario import Step

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from desktopmail.door.rows import Flag, Kind

USERS = {"alice": "correct horse", "bob": "battery staple"}


def mail(subject: str, octets: int = 600) -> bytes:
    """A message of about that size; no two subjects are the same in these tests."""
    line = f"The text of {subject}, and some more of it.\r\n"
    return (
        f"From: Carol <carol@example.org>\r\nTo: alice@localhost\r\nSubject: {subject}\r\n"
        f"Message-ID: <{subject}@example.org>\r\nDate: Mon, 23 Nov 2026 10:00:00 +0000\r\n\r\n"
        + line
        * (octets // len(line) + 1)
    ).encode()


def names(letter: str, count: int, start: int = 0) -> list[str]:
    """So many subjects."""
    return [f"{letter}{number}" for number in range(start, start + count)]


# Accounts


def account(user: str, kind: Kind) -> Step:
    """Add one."""
    return Step(
        f"add {user}", lambda desk: desk.add(user, kind), lambda d: d.account(user) is not None
    )


def fetched(**subjects: list[str]) -> Step:
    """Fetch until these are here."""

    def done(desk: Desk) -> bool:
        return all(desk.has(user, wanted) for user, wanted in subjects.items())

    return Step("fetch", Desk.sync, done, passing=True)


def switched(kind: Kind, name: str, done: Callable[[Desk], bool] | None = None) -> Step:
    """Let alice's account speak another protocol."""

    async def do(desk: Desk) -> None:
        await desk.settle()
        account_id = desk.account("alice")
        assert account_id is not None
        incoming = desk.settings("alice", kind.value)
        await desk.do(SwitchAccount(account_id=account_id, kind=kind, incoming=incoming))

    return Step(name, do, done or (lambda desk: desk.kind("alice") is kind), passing=True)


def leave_on_server(policy: str) -> Step:
    """Say how long messages stay at alice's POP3 server."""
    learned = {"until-deleted": 'local":true'}.get(policy, f'days":{policy.partition(":")[2]}')

    async def do(desk: Desk) -> None:
        account_id = desk.account("alice")
        assert account_id is not None
        await desk.do(LeaveOnServer(account_id=account_id, policy=policy))

    def done(desk: Desk) -> bool:
        rows = desk.reader._all(
            "SELECT learned FROM account WHERE id = ?", (desk.account("alice") or 0,)
        )
        return bool(rows) and learned in rows[0][0].replace(" ", "")

    return Step(f"leave {policy}", do, done)


def wrong_password() -> Step:
    """Have alice's password refused: a question is asked, once."""

    async def do(desk: Desk) -> None:
        desk.folder.joinpath("alice").write_text("zebra crossing\n")
        await desk.do(SetOffline(offline=True))  # what is logged in stays so
        await desk.do(SetOffline(offline=False))
        try:
            await desk.sync()
        except DoorError as error:
            if error.code not in NEEDS_A_PERSON:
                raise
        else:
            raise AssertionError("a wrong password let us in")

    return Step("wrong password", do, lambda desk: bool(_password_questions(desk)), passing=True)


def right_password() -> Step:
    """Give the right one again, and answer the question."""

    async def do(desk: Desk) -> None:
        asked = _password_questions(desk)
        assert len(asked) <= 1, "it was asked more than once"
        desk.folder.joinpath("alice").write_text(USERS["alice"] + "\n")
        for question_id in asked:
            await desk.do(AnswerQuestion(question_id=question_id, choice="retry"))
        await desk.sync()

    name = "right password"
    return Step(name, do, lambda desk: name in desk.acknowledged and not _password_questions(desk))


def _password_questions(desk: Desk) -> list[int]:
    return [row.id for row in desk.reader.questions() if row.kind.startswith("password")]


# Messages


def mark(
    subjects: list[str],
    flag: Flag,
    tag: str = "",
    *,
    passing: bool = False,
    user: str = "alice",
    path: str = "INBOX",
) -> Step:
    """Flag and tag messages; they count as marked wherever they are."""

    async def do(desk: Desk) -> None:
        ids = tuple(desk.ids(user, subjects, path))
        tags = (tag,) if tag else ()
        await desk.do(StoreFlags(placement_ids=ids, add=flag, add_tags=tags))

    return Step(
        f"mark {subjects[0]} {flag} {tag}",
        do,
        lambda desk: desk.marked(user, subjects, flag, tag),
        passing=passing,
    )


def forget_tag(tag: str, subjects: list[str]) -> Step:
    """Remove a tag from everything that has it."""
    name = f"forget {tag}"

    def is_gone(desk: Desk) -> bool:
        rows = [row for row in desk.rows("alice") if row.subject in subjects]
        return len(rows) == len(subjects) and not any(tag in row.tags for row in rows)

    async def do(desk: Desk) -> None:
        if not is_gone(desk):  # else an engine died before it could say so
            await desk.do(ForgetTag(tag=tag))

    # Nobody has it at the beginning, too: so it counts once it was acknowledged.
    return Step(name, do, lambda desk: name in desk.acknowledged and is_gone(desk))


def move(
    subjects: list[str],
    path: str,
    *,
    to: str = "alice",
    source: str = "INBOX",
    passing: bool = False,
) -> Step:
    """Move messages out of a mailbox of alice's."""

    async def do(desk: Desk) -> None:
        ids = tuple(desk.ids("alice", subjects, source))
        await desk.do(MoveMessages(placement_ids=ids, mailbox_id=desk.mailbox(to, path)))

    return Step(
        f"move {subjects[0]} to {to}/{path}",
        do,
        lambda desk: desk.lacks("alice", subjects, source) and desk.has(to, subjects, path),
        passing=passing,
    )


def move_back(subjects: list[str], source: str) -> Step:
    """Move messages of alice's back to the Inbox."""
    name = f"move {subjects[0]} back"

    async def do(desk: Desk) -> None:
        ids = tuple(desk.ids("alice", subjects, source))
        if ids:  # else an engine died before it could say so
            await desk.do(
                MoveMessages(placement_ids=ids, mailbox_id=desk.mailbox("alice", "INBOX"))
            )

    # They are there at the beginning, too: so it counts once it was acknowledged.
    return Step(
        name,
        do,
        lambda desk: (
            name in desk.acknowledged
            and desk.lacks("alice", subjects, source)
            and desk.has("alice", subjects)
        ),
    )


def copy(subjects: list[str], path: str, *, passing: bool = False) -> Step:
    """Copy messages of the Inbox."""

    async def do(desk: Desk) -> None:
        ids = tuple(desk.ids("alice", subjects))
        await desk.do(CopyMessages(placement_ids=ids, mailbox_id=desk.mailbox("alice", path)))

    return Step(
        f"copy {subjects[0]}", do, lambda desk: desk.has("alice", subjects, path), passing=passing
    )


def archive(subjects: list[str]) -> Step:
    """Move messages to the Archive."""

    async def do(desk: Desk) -> None:
        await desk.do(ArchiveMessages(placement_ids=tuple(desk.ids("alice", subjects))))

    return Step(f"archive {subjects[0]}", do, lambda desk: desk.has("alice", subjects, "Archive"))


def delete(
    subjects: list[str], *, permanently: bool, stay: Sequence[str] = (), passing: bool = False
) -> Step:
    """Delete messages of the Inbox; others stay."""

    async def do(desk: Desk) -> None:
        ids = tuple(desk.ids("alice", subjects))
        await desk.do(DeleteMessages(placement_ids=ids, permanently=permanently))

    def done(desk: Desk) -> bool:
        return desk.lacks("alice", subjects) and desk.has("alice", stay)

    return Step(f"delete {subjects[0]}", do, done, passing=passing)


def undone(step: Step, *, heard: bool, back: Callable[[Desk], bool]) -> Step:
    """Take back what a step did, before or after the server heard of it.

    Args:
        step: It has to be `passing`, and the last that can be taken back.
        heard: Wait until nothing is open any more.
        back: Whether it is as before.
    """
    assert step.passing

    async def do(desk: Desk) -> None:
        if heard:
            await desk.settle()
        # By an engine that died before it could say so: the last that could be taken back now is
        # what was done before.
        if back(desk):
            return
        token = _token(desk)
        assert token is not None, f"nothing is there to take back of {step.name}"
        await desk.do(Undo(token=token))

    when = "after" if heard else "before"
    name = f"undo of {step.name} {when} it was heard"
    # It is as before at the beginning, too: so it counts once it was acknowledged.
    return Step(name, do, lambda desk: name in desk.acknowledged and back(desk))


def _token(desk: Desk) -> str | None:
    rows = desk.reader._all(
        "SELECT undo FROM operation WHERE undo IS NOT NULL ORDER BY id DESC LIMIT 1"
    )
    return rows[0][0] if rows else None


# Mailboxes


def create(name: str, *, passing: bool = False) -> Step:
    """Make a mailbox."""

    async def do(desk: Desk) -> None:
        account_id = desk.account("alice")
        assert account_id is not None
        await desk.do(CreateMailbox(account_id=account_id, name=name))

    return Step(f"create {name}", do, lambda d: d.box("alice", name) is not None, passing=passing)


def rename(old: str, new: str, *, passing: bool = False) -> Step:
    """Rename one."""

    async def do(desk: Desk) -> None:
        await desk.do(RenameMailbox(mailbox_id=desk.mailbox("alice", old), path=new))

    def done(desk: Desk) -> bool:
        return desk.box("alice", old) is None and desk.box("alice", new) is not None

    return Step(f"rename {old} to {new}", do, done, passing=passing)


def delete_mailbox(path: str, known: str) -> Step:
    """Delete one that holds a message `known`: what is in it goes to the Trash."""

    async def do(desk: Desk) -> None:
        await desk.do(DeleteMailbox(mailbox_id=desk.mailbox("alice", path)))

    def done(desk: Desk) -> bool:
        return desk.box("alice", path) is None and desk.has("alice", [known], "Trash")

    return Step(f"delete {path}", do, done)


def subscribe(path: str, *, subscribed: bool) -> Step:
    """Subscribe to one, or not."""

    async def do(desk: Desk) -> None:
        await desk.do(
            SubscribeMailbox(mailbox_id=desk.mailbox("alice", path), subscribed=subscribed)
        )

    name = f"subscribe {path} {subscribed}"

    def done(desk: Desk) -> bool:  # it may be so at the beginning, too
        box = desk.box("alice", path)
        return name in desk.acknowledged and box is not None and box.subscribed is subscribed

    return Step(name, do, done)


def empty(path: str) -> Step:
    """Empty a mailbox that messages were moved to here."""
    name = f"empty {path}"

    async def do(desk: Desk) -> None:
        box = desk.box("alice", path)
        if box is not None and box.total:  # else an engine died before it could say so
            await desk.do(EmptyMailbox(mailbox_id=box.id))

    def done(desk: Desk) -> bool:  # it is so at the beginning, too
        box = desk.box("alice", path)
        return name in desk.acknowledged and box is not None and box.total == 0

    return Step(name, do, done)


def policy(path: str, wanted: str) -> Step:
    """Say what of a mailbox is kept here."""

    async def do(desk: Desk) -> None:
        await desk.do(SetMailboxPolicy(mailbox_ids=(desk.mailbox("alice", path),), policy=wanted))

    def done(desk: Desk) -> bool:
        box = desk.box("alice", path)
        return box is not None and box.policy == wanted

    return Step(f"policy of {path}", do, done)


# Writing


def send(name: str, recipients: tuple[str, ...], *, delay_s: float = 0.0) -> Step:
    """Send a message."""

    async def do(desk: Desk) -> None:
        account_id = desk.account("alice")
        assert account_id is not None
        await desk.do(
            SendMessage(
                account_id=account_id, sender="alice@localhost", recipients=recipients,
                octets=mail(name, 20_000), delay_s=delay_s,
            )
        )  # fmt: skip

    return Step(f"send {name}", do, lambda desk: desk.was_given(name))


def draft(name: str, version: int) -> Step:
    """Save a version of a draft, in the place of the one before."""

    def of(number: int) -> str:
        return f"{name}-{number}"

    async def do(desk: Desk) -> None:
        account_id = desk.account("alice")
        assert account_id is not None
        before = desk.ids("alice", [of(version - 1)], "Drafts")
        await desk.do(
            SaveDraft(
                account_id=account_id, octets=mail(of(version)),
                replaces=before[0] if before else None,
            )
        )  # fmt: skip

    def done(desk: Desk) -> bool:
        shown = {row.subject for row in desk.rows("alice", "Drafts")}
        return any(of(number) in shown for number in range(version, version + 10))

    return Step(f"draft {of(version)}", do, done)


def import_(count: int) -> Step:
    """Import a file of so many messages into the Archive."""
    subjects = names("i", count)

    async def do(desk: Desk) -> None:
        path = desk.folder / "old.mbox"
        with path.open("wb") as file:
            for name in subjects:
                octets = mail(name).replace(b"\r\n", b"\n")
                file.write(b"From carol@example.org Mon Nov 23 10:00:00 2026\n" + octets + b"\n")
        archive_id = desk.mailbox("alice", "Archive")
        await desk.do(ImportMessages(path=str(path), mailbox_id=archive_id))

    return Step("import", do, lambda desk: desk.has("alice", subjects, "Archive"))


# Another device


def device_marks(subjects: list[str], keyword: str) -> Step:
    """Another device gives messages of the Inbox a keyword."""

    async def do(desk: Desk) -> None:
        async with _device(desk) as device:
            uids = await _uids(device, subjects)
            await device.uid_store(uids, StoreMode.ADD, [wire_flag(keyword)])

    return Step(f"device marks {subjects[0]}", do, lambda _: False, passing=True)


def device_removes(subjects: list[str]) -> Step:
    """Another device removes messages of the Inbox for good."""

    async def do(desk: Desk) -> None:
        async with _device(desk) as device:
            uids = await _uids(device, subjects)
            await _remove(device, uids)

    return Step(f"device removes {subjects[0]}", do, lambda _: False, passing=True)


def device_moves(subjects: list[str], path: str) -> Step:
    """Another device files messages of the Inbox."""

    async def do(desk: Desk) -> None:
        async with _device(desk) as device:
            uids = await _uids(device, subjects)
            if uids and device.offers("MOVE"):
                await device.uid_move(uids, path)
            elif uids:
                await device.select(path)
                if not await _uids(device, subjects):  # else it was cut after the copy
                    await device.select("INBOX")
                    await device.uid_copy(uids, path)
                await device.select("INBOX")
                await _remove(device, uids)

    return Step(f"device moves {subjects[0]}", do, lambda _: False, passing=True)


def device_appends(subject: str) -> Step:
    """Another device puts a message into the Inbox."""

    async def do(desk: Desk) -> None:
        async with _device(desk) as device:
            if not await _uids(device, [subject]):
                await device.append("INBOX", mail(subject))

    return Step(f"device appends {subject}", do, lambda _: False, passing=True)


@asynccontextmanager
async def _device(desk: Desk) -> AsyncIterator[ImapClient]:
    endpoint = Endpoint("127.0.0.1", desk.ports["imap"], NetSecurity.NONE)
    client = await ImapClient.connect(endpoint, ports=desk.device_ports)
    try:
        await client.login("alice", Secret(USERS["alice"]))
        await client.select("INBOX")
        yield client
        await client.logout()
    finally:
        await client.aclose()


async def _remove(device: ImapClient, uids: UidSet) -> None:
    if not uids:
        return
    await device.uid_store(uids, StoreMode.ADD, [DELETED])
    if device.offers("UIDPLUS"):
        await device.uid_expunge(uids)
    else:
        await device.expunge()


async def _uids(device: ImapClient, subjects: list[str]) -> UidSet:
    found: list[Uid] = []
    for subject in subjects:
        search = HeaderHas(b"MESSAGE-ID", f"<{subject}@example.org>".encode())
        found += [Uid(int(uid)) for uid in (await device.uid_search(search)).all or ()]
    return UidSet.of(found)
