"""`desktopmail sync`: fetch what is new, and send what waits."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from desktopmail.cli.context import NO_ACCOUNTS
from desktopmail.cli.errors import FAILED, said
from desktopmail.cli.output import messages
from desktopmail.door.changes import AnyChange, MailArrived, Progress
from desktopmail.door.commands import SyncAccounts
from desktopmail.door.interface import DoorError
from desktopmail.door.rows import ConnectionState, Role

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from desktopmail.cli.context import Context
    from desktopmail.cli.declaration import Commands
    from desktopmail.door.interface import Door
    from desktopmail.door.rows import AccountRow


# What is not wrong with one account.
_OF_ALL = frozenset({"offline", "engine-gone"})


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Declare the command."""
    sync = commands.add_parser("sync", parents=[common], help="fetch what is new")
    sync.add_argument("accounts", nargs="*", metavar="ACCOUNT", help="default: all")
    sync.add_argument("--headers-only", action="store_true", help="leave bodies at the server")
    sync.add_argument("--watch", action="store_true", help="go on and say when mail arrives")
    sync.set_defaults(run=_sync)


async def _sync(context: Context, arguments: argparse.Namespace) -> int:
    chosen = [context.account(name) for name in arguments.accounts] or context.accounts()
    if not chosen:
        context.output.line(NO_ACCOUNTS)
        context.output.value([])
        return 0
    door = await context.door()
    arrivals: deque[MailArrived] = deque()
    arrived = asyncio.Event()
    names = {account.id: account.name for account in chosen}

    def told(change: AnyChange) -> None:
        if isinstance(change, MailArrived) and change.account_id in names:
            arrivals.append(change)
            arrived.set()
        elif isinstance(change, Progress) and change.finished and change.done:
            name = names.get(change.account_id, "")
            where = "" if change.label == name else f"{change.label}: "
            context.output.line(f"{name}: {where}{change.done} fetched")

    stop = door.subscribe(told)
    try:
        failures = await asyncio.gather(
            *(_fetch(door, account, headers_only=arguments.headers_only) for account in chosen)
        )
        status = _report(context, {account.id for account in chosen}, watch=arguments.watch)
        failed = [failure for failure in failures if failure is not None]
        if failed:
            _tell(context, failed)
            return FAILED
        while arguments.watch:
            await context.until(arrived)
            arrived.clear()
            while arrivals:
                arrival = arrivals.popleft()
                for message_id in arrival.message_ids:
                    _announce(context, names[arrival.account_id], message_id)
    finally:
        stop()
    return status


async def _fetch(
    door: Door, account: AccountRow, *, headers_only: bool
) -> tuple[str, DoorError] | None:
    """Bring one account up to date; its name and what went wrong, or None."""
    try:
        await door.command(SyncAccounts(account_ids=(account.id,), headers_only=headers_only))
    except DoorError as error:
        return account.name, error
    return None


def _tell(context: Context, failures: Sequence[tuple[str, DoorError]]) -> None:
    """Say on standard error of each account why it failed.

    Raises:
        DoorError: The one thing that went wrong, of one account or of the engine itself.
    """
    _, error = failures[0]
    if len(failures) == 1 or error.code in _OF_ALL:
        raise error
    for name, error in failures:
        context.output.note(f"desktopmail: {name}: {said(error)}")


def _report(context: Context, chosen: set[int], *, watch: bool) -> int:
    after = [account for account in context.accounts() if account.id in chosen]
    if watch:
        for account in after:
            context.output.record(_summary(context, account))
    else:
        context.output.value([_summary(context, account) for account in after])
    for account in after:
        total, unread = _counts(context, account)
        said = f"{messages(total)}, {unread} unread in the Inbox"
        context.output.line(f"{account.name}: {account.problem or said}")
    _report_problems(context, after)
    failed = [account for account in after if account.state is ConnectionState.FAILED]
    return FAILED if failed else 0


def _report_problems(context: Context, accounts: list[AccountRow]) -> None:
    """Say what else is wrong: a message that does not come, a change that was refused."""
    known = {account.id: account for account in accounts}
    for problem in context.reader().problems():
        account = known.get(problem.account_id) if problem.account_id is not None else None
        if account is not None and problem.what != account.problem:
            context.output.note(f"{account.name}: {problem.what} {problem.remedy}".rstrip())


def _summary(context: Context, account: AccountRow) -> dict[str, object]:
    total, unread = _counts(context, account)
    return {
        "id": account.id,
        "name": account.name,
        "state": account.state,
        "problem": account.problem,
        "total": total,
        "unread": unread,
    }


def _counts(context: Context, account: AccountRow) -> tuple[int, int]:
    """How many messages an account has, and how many unread ones its Inbox."""
    mailboxes = context.reader().mailboxes(account.id)
    unread = sum(mailbox.unread for mailbox in mailboxes if mailbox.role is Role.INBOX)
    return sum(mailbox.total for mailbox in mailboxes), unread


def _announce(context: Context, account_name: str, message_id: int) -> None:
    row = context.message(message_id)[0]
    sender = row.sender.name or row.sender.address
    context.output.line(f"{account_name}: {sender}: {row.subject}")
    context.output.record(
        {"account": account_name, "id": row.message_id, "sender": sender, "subject": row.subject}
    )
