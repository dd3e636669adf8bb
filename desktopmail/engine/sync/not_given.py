"""Messages that a server lists and does not give: said, and asked for later and later.

All others are fetched, so the account is none the worse for them. Only where so many are refused
that it must be the server, nothing is noted, and the session has failed. By POP3 they are known by
their UIDLs; by IMAP they stand in their mailboxes, without their contents.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from desktopmail.door.ids import PlacementId
from desktopmail.door.rows import Kind
from desktopmail.engine.backoff import delay_s
from desktopmail.engine.store import account as accounts
from desktopmail.engine.store import ended_at, message, placement, problem
from desktopmail.engine.store.account import NotGiven
from desktopmail.mime.header import digest_of
from desktopmail.mime.message import Message
from desktopmail.net.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from desktopmail.door.ids import AccountId
    from desktopmail.engine.store.account import Account
    from desktopmail.engine.store.store import Transaction
    from desktopmail.engine.sync.maildrop import Maildrop
    from desktopmail.net.pop3 import Pop3Client
    from desktopmail.net.ports import Ports

#: The problem that messages are not given.
SERVICE = "message"
MOST = 100
FIRST_S = 60.0
CAP_S = 24 * 3600.0
_SHOWN_SUBJECT = 80
_SUBJECT = "The server does not give this message"
#: In place of the header of a message of which an IMAP server gives nothing but its flags.
STAND_IN = f"Subject: {_SUBJECT}\r\n\r\n".encode()
_REMEDY = (
    "All others are here. Read or delete it at the provider; it is asked for again, but seldom."
)


def resting(account: Account, maildrop: Maildrop, now_s: float) -> set[int]:
    """The numbers of messages that were refused before, and are not asked for again yet."""
    noted = account.learned.not_given
    if not noted:
        return set()
    found = {n: noted.get(_name(account, maildrop, n) or "") for n in maildrop.sizes}
    return {n for n, one in found.items() if one is not None and _rests(one, now_s)}


async def calls(client: Pop3Client, maildrop: Maildrop) -> dict[int, str]:
    """What to call the messages that were refused in this session: by their subjects, if told."""
    refused = sorted(maildrop.refused)
    if len(refused) > MOST:
        return {}
    found = {
        n: f"message {n} ({maildrop.uidls[n]})" if n in maildrop.uidls else f"message {n}"
        for n in refused
    }
    if "TOP" in client.capabilities:
        asked = [number for number in refused if number not in maildrop.ending]
        async for number, header in client.top_many(asked, 0, on_refused=lambda *_: None):
            subject = _short(Message.parse(header).subject)
            if subject:
                found[number] = f"“{subject}”"
    return found


def note(
    tx: Transaction, account: Account, maildrop: Maildrop, called: dict[int, str], ports: Ports
) -> None:
    """Remember which messages are not given, and say it; or that all are here now.

    Args:
        tx: The step it is part of.
        account: As it was when the session began.
        maildrop: With what was refused in this session.
        called: What to call that.
        ports: Clock and chance.
    """
    if len(maildrop.refused) > MOST:
        return
    now_s = ports.clock.now().timestamp()
    learned = accounts.get(tx, account.id).learned
    left: dict[int, NotGiven] = {}
    for number in sorted(maildrop.resting | maildrop.refused.keys()):
        before = learned.not_given.get(_name(account, maildrop, number) or "")
        if number in maildrop.refused:
            said = str(maildrop.refused[number])
            left[number] = _again(before, called[number], said, now_s, ports)
        elif before is not None:
            left[number] = before
    names = {n: _name(account, maildrop, n) for n in left}
    noted = {name: left[n] for n, name in names.items() if name is not None}
    if maildrop.refused or not noted or noted != learned.not_given:
        _keep(tx, account, noted, list(left.values()), now_s)


def note_placements(
    tx: Transaction, account_id: AccountId, said: Mapping[PlacementId, str], ports: Ports
) -> None:
    """Remember which messages an IMAP server does not give, and say it.

    Args:
        tx: The step it is part of.
        account_id: Whose server.
        said: What it said.
        ports: Clock and chance.
    """
    account, now_s = accounts.get(tx, account_id), ports.clock.now().timestamp()
    noted = dict(account.learned.not_given)
    for placement_id, words in said.items():
        tx.execute("UPDATE placement SET wanted = 0 WHERE id = ?", (placement_id,))
        name = str(placement_id)
        called = _called(tx, placement_id)
        noted[name] = _again(noted.get(name), called, words.rstrip("."), now_s, ports)
    _keep(tx, account, noted, list(noted.values()), now_s)


def review(tx: Transaction, account_id: AccountId, now_s: float) -> None:
    """Have asked for what is due of what an IMAP server did not give; forget what came or went."""
    account = accounts.get(tx, account_id)
    noted: dict[str, NotGiven] = {}
    for name, one in account.learned.not_given.items():
        lacking = tx.fetch(
            "SELECT p.id FROM placement AS p JOIN message AS m ON m.id = p.message_id"
            " WHERE p.id = ? AND p.gone_cycle IS NULL AND m.blob_id IS NULL",
            (name,),
        )
        if not lacking:
            continue
        noted[name] = one
        if not _rests(one, now_s):
            tx.execute("UPDATE placement SET wanted = 1 WHERE id = ?", lacking[0])
    if noted != account.learned.not_given:
        _keep(tx, account, noted, list(noted.values()), now_s)


def raise_if_it_is_the_server(account: Account, maildrop: Maildrop) -> None:
    """Have a session fail that was refused so many messages that it is not they.

    Raises:
        RefusedError: All else of the session was done.
    """
    if len(maildrop.refused) <= MOST:
        return
    reply = next(iter(maildrop.refused.values()))
    raise RefusedError(
        f"{account.incoming.host} lists {len(maildrop.refused)} messages that it does not give:"
        f" {reply}.",
        reply=reply,
        remedy="It is tried again with each session; ask the provider if it stays so.",
    )


def placements(tx: Transaction, account_id: AccountId) -> list[PlacementId]:
    """The placements of what an IMAP server does not give."""
    account = accounts.get(tx, account_id)
    if account.kind is not Kind.IMAP:
        return []  # by POP3 they are named by their UIDLs
    return [PlacementId(int(name)) for name in account.learned.not_given]


def drop_stand_ins(tx: Transaction, account_id: AccountId) -> None:
    """Take away what stands for messages of which nothing is here."""
    digest = bytes.fromhex(digest_of(STAND_IN))
    placed = placement.get(tx, placements(tx, account_id))
    names = message.digests(tx, [one.message_id for one in placed])
    placement.remove(tx, [one.id for one in placed if names[one.message_id] == digest])


def release(tx: Transaction, account_id: AccountId) -> None:
    """Have all of them asked for in the next session: a person wants to know."""
    learned = accounts.get(tx, account_id).learned
    if learned.not_given:
        due = {name: replace(one, retry_s=0.0) for name, one in learned.not_given.items()}
        accounts.learn(tx, account_id, replace(learned, not_given=due))


def forget(tx: Transaction, account_id: AccountId) -> None:
    """Forget them: another server is asked from now on."""
    account = accounts.get(tx, account_id)
    _keep(tx, account, {}, [], 0.0)
    ended_at.forget(tx, account_id)


def _name(account: Account, maildrop: Maildrop, number: int) -> str | None:
    """What names a message in every session; None where another may be called so in the next."""
    if maildrop.is_numbered or account.learned.pop_reuses_uidls:
        return None
    return maildrop.uidls.get(number)


def _rests(one: NotGiven, now_s: float) -> bool:
    # What lies further ahead than any was set was noted by a clock that was wrong.
    return 0 < one.retry_s - now_s <= CAP_S


def _again(before: NotGiven | None, called: str, said: str, now_s: float, ports: Ports) -> NotGiven:
    tries = before.tries + 1 if before is not None else 1
    wait_s = delay_s(tries, ports.entropy, first_s=FIRST_S, cap_s=CAP_S)
    return NotGiven(called, said, tries, now_s + wait_s)


def _keep(
    tx: Transaction,
    account: Account,
    noted: dict[str, NotGiven],
    left: list[NotGiven],
    now_s: float,
) -> None:
    learned = accounts.get(tx, account.id).learned
    if noted != learned.not_given:
        accounts.learn(tx, account.id, replace(learned, not_given=noted))
    if left:
        problem.report(tx, account.id, SERVICE, _sentence(account, left), _REMEDY, now_s)
    else:
        problem.settle(tx, account.id, SERVICE)


def _called(tx: Transaction, placement_id: PlacementId) -> str:
    """What to call a message that stands in a mailbox."""
    subject, uid, path = tx.fetch(
        "SELECT m.subject, p.uid, b.path FROM placement AS p"
        " JOIN message AS m ON m.id = p.message_id JOIN mailbox AS b ON b.id = p.mailbox_id"
        " WHERE p.id = ?",
        (placement_id,),
    )[0]
    is_told = subject.strip() and subject != _SUBJECT
    return f"“{_short(subject)}”" if is_told else f"message {uid} ({path})"


def _short(subject: str) -> str:
    subject = subject.strip()
    if len(subject) > _SHOWN_SUBJECT:
        subject = f"{subject[: _SHOWN_SUBJECT - 1].rstrip()}…"
    return subject


def _sentence(account: Account, left: list[NotGiven]) -> str:
    host, first = account.incoming.host, left[0]
    if len(left) == 1:
        return f"{host} lists {first.called} and does not give it: {first.said}."
    return (
        f"{host} lists {first.called} and {len(left) - 1} more, and does not give them:"
        f" {first.said}."
    )
