"""A running server made as new: what a test finds that begins with a reset.

Connections are cut, every mailbox is empty under another UIDVALIDITY with UIDs from 1 on, and the
mailboxes are those of a new user, who has used no keyword. Users named for the run are those of the
start, with their passwords; users at rest stay. The mail of whoever is no user (any more) is gone.
Faults, switched off capabilities, quotas that counted as full, used
up limits, captured and queued mail, and the transcript are as at the start. Numbers that must never
mean two things go on: those of transcript records, of captured and queued mail, and the ids of
messages and mailboxes (RFC 8474).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from localserver.store.names import INBOX

if TYPE_CHECKING:
    from localserver.server import Server
    from localserver.store.account import Account

_PATIENCE_S = 5.0


async def reset(server: Server) -> None:
    """Make a server as new.

    Raises:
        StoreError: Something could not be removed.
    """
    context, store = server.context, server.store
    await _cut(server)
    context.faults.reset()
    context.transcript.reset()
    before = {user.name for user in context.users.all()}
    before |= {account.user for account in store.open_accounts()}
    for name in before:  # while they are known: the store opens no other account
        await _empty(await store.account(name))
    context.users.reset()
    for name in {user.name for user in context.users.all()} - before:
        await _empty(await store.account(name))
    await store.forget_strangers()
    await store.captured_mail.clear()
    if context.outbound is not None:
        for number in {each.id for each in context.outbound.waiting()}:
            await context.outbound.drop(number)
    store.empty_full()
    if context.policy is not None:
        context.policy.reset()
    context.changes.tell("reset")


async def _cut(server: Server) -> None:
    """Cut every connection, and wait until nobody works for it any more."""
    tasks = []
    for each in server.sessions.all():
        each.stream.abort()
        if each.task is not None:
            each.task.cancel()  # it may sleep through a fault's delay
            tasks.append(each.task)
    if tasks:
        await asyncio.wait(tasks, timeout=_PATIENCE_S)


async def _empty(account: Account) -> None:
    """Give an account the mailboxes of a new one, without a message."""
    wanted = {INBOX: "", **account.limits.special_use}
    # The deepest first, so that nothing is left without what is above it.
    for box in sorted(account.mailboxes(), key=lambda each: each.name, reverse=True):
        if wanted.get(box.name) == box.special_use:
            await account.expunge(box, None, only_deleted=False)
            await account.new_uidvalidity(box)
        else:
            await account.delete(box.name)
    await account.forget_keywords()
    there = {box.name for box in account.mailboxes()}
    for name, use in wanted.items():
        if name not in there:
            await account.create(name, use)
    for name in account.subscriptions() - set(wanted):
        await account.subscribe(name, on=False)
    for name in set(wanted) - account.subscriptions():
        await account.subscribe(name)
