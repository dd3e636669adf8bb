"""By which date messages have stayed at a POP3 server long enough: one that is to be believed.

A clock that is wrong when the engine starts (an empty battery, a machine without a network yet)
must not have a message deleted early: so the date of the last session is kept, and one that is far
ahead of it counts when it still stands at the next session, in this life of the engine or another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from desktopmail.engine.store import account as accounts
from desktopmail.engine.store import pop_seen

if TYPE_CHECKING:
    from desktopmail.door.ids import AccountId
    from desktopmail.engine.store.store import Transaction

DAY_S: Final = 24 * 3600
# Between two sessions so much may pass and be believed at once.
_USUAL_S: Final = 1 * DAY_S
# After more than that nobody knows whether it passed, or the clock was wrong before: messages are
# as old as they were at the last session.
_LONG_S: Final = 31 * DAY_S


def believed_s(account_id: AccountId, now_s: int, tx: Transaction) -> int:
    """The date by which messages may be deleted in this session; it is remembered for the next."""
    learned = accounts.get(tx, account_id).learned
    before_s, doubted_s = learned.pop_date_s, learned.pop_doubted_s
    if before_s is not None and now_s - before_s > _USUAL_S:
        if doubted_s is None or now_s < doubted_s:
            accounts.learn(tx, account_id, replace(learned, pop_doubted_s=now_s))
            return before_s
        if now_s - before_s > _LONG_S:
            pop_seen.shift(tx, account_id, before_s, now_s - before_s)
    if before_s is not None and now_s < before_s:
        pop_seen.seen_by(tx, account_id, now_s)
    accounts.learn(tx, account_id, replace(learned, pop_date_s=now_s, pop_doubted_s=None))
    return now_s
