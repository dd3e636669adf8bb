"""How much of mailboxes is kept here: of some, or of all that an account has and will have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.door.commands import Outcome
from desktopmail.door.interface import DoorError
from desktopmail.door.policy import Policy
from desktopmail.door.rows import Kind
from desktopmail.engine.store import account as accounts
from desktopmail.engine.store import mailbox

if TYPE_CHECKING:
    from desktopmail.door.commands import SetMailboxPolicy
    from desktopmail.engine.store.store import Transaction


def parse(text: str) -> Policy:
    """Read a policy.

    Raises:
        DoorError: It is none.
    """
    try:
        return Policy.parse(text)
    except ValueError as error:
        raise DoorError(str(error), code="bad-policy") from error


def carry_out(tx: Transaction, command: SetMailboxPolicy, now_s: float) -> Outcome:
    """Have mailboxes keep so much from now on.

    Raises:
        DoorError: It is no policy, or a mailbox exists only here.
    """
    policy = parse(command.policy)
    ids = list(command.mailbox_ids)
    if command.account_id is not None:
        account = accounts.get(tx, command.account_id)
        if account.kind is not Kind.IMAP:
            raise DoorError(
                f"{account.name} fetches by POP3: everything of it is kept here.",
                code="local-mailbox",
            )
        accounts.set_policy(tx, account.id, policy)
        ids += [box.id for box in mailbox.of_account(tx, account.id) if not box.local]
    for mailbox_id in ids:
        box = mailbox.get(tx, mailbox_id)
        if box.local:
            raise DoorError(
                f"{box.path} exists only here: everything in it is kept.", code="local-mailbox"
            )
        mailbox.set_policy(tx, mailbox_id, policy, now_s)
    boxes = "1 mailbox keeps" if len(ids) == 1 else f"{len(ids)} mailboxes keep"
    return Outcome(label=f"{boxes} {policy.words}")
