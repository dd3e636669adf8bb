"""Which handler executes which command. A new command adds its noun's file, and one line here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from desktopmail.wire.imap.append import Append
from desktopmail.wire.imap.authenticate import Authenticate
from desktopmail.wire.imap.capability import Capability
from desktopmail.wire.imap.compress import Compress
from desktopmail.wire.imap.condition import Condition, Tag
from desktopmail.wire.imap.copy import Copy
from desktopmail.wire.imap.create import Create
from desktopmail.wire.imap.delete import Delete
from desktopmail.wire.imap.enable import Enable
from desktopmail.wire.imap.expunge import Expunge
from desktopmail.wire.imap.fetch import Fetch
from desktopmail.wire.imap.id import Id
from desktopmail.wire.imap.idle import Idle
from desktopmail.wire.imap.list import List, Lsub
from desktopmail.wire.imap.login import Login
from desktopmail.wire.imap.logout import Logout
from desktopmail.wire.imap.move import Move
from desktopmail.wire.imap.namespace import Namespace
from desktopmail.wire.imap.noop import Check, Noop
from desktopmail.wire.imap.quota import GetQuota, GetQuotaRoot, SetQuota
from desktopmail.wire.imap.rename import Rename
from desktopmail.wire.imap.search import Search
from desktopmail.wire.imap.select import Close, Select, Unselect
from desktopmail.wire.imap.sort import Sort
from desktopmail.wire.imap.starttls import StartTls
from desktopmail.wire.imap.status import Status
from desktopmail.wire.imap.store import Store
from desktopmail.wire.imap.subscribe import Subscribe, Unsubscribe
from desktopmail.wire.imap.thread import Thread
from localserver.imap import capability
from localserver.imap.append import handle_append
from localserver.imap.capability import handle_capability
from localserver.imap.compress import handle_compress
from localserver.imap.copy import handle_copy
from localserver.imap.create import handle_create
from localserver.imap.delete import handle_delete
from localserver.imap.enable import handle_enable
from localserver.imap.expunge import handle_expunge
from localserver.imap.extensions import needed
from localserver.imap.fetch import fetch_at_once, handle_fetch
from localserver.imap.id import handle_id
from localserver.imap.idle import handle_idle
from localserver.imap.list import handle_list, handle_lsub
from localserver.imap.login import handle_authenticate, handle_login
from localserver.imap.logout import handle_logout
from localserver.imap.move import handle_move
from localserver.imap.namespace import handle_namespace
from localserver.imap.noop import handle_noop, noop_at_once
from localserver.imap.quota import handle_getquota, handle_getquotaroot, handle_setquota
from localserver.imap.rename import handle_rename
from localserver.imap.search import handle_search
from localserver.imap.select import handle_close, handle_select, handle_unselect
from localserver.imap.sort import handle_sort
from localserver.imap.starttls import handle_starttls
from localserver.imap.status import handle_status
from localserver.imap.store import handle_store
from localserver.imap.subscribe import handle_subscribe, handle_unsubscribe
from localserver.imap.thread import handle_thread

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from localserver.imap.session import ImapSession

# Each handler takes the session, the tag, and the command of its line.
HANDLERS: Final[dict[type, Callable[[ImapSession, Tag, Any], Awaitable[None]]]] = {
    Append: handle_append,
    Authenticate: handle_authenticate,
    Capability: handle_capability,
    Check: handle_noop,
    Close: handle_close,
    Compress: handle_compress,
    Copy: handle_copy,
    Create: handle_create,
    Delete: handle_delete,
    Enable: handle_enable,
    Expunge: handle_expunge,
    Fetch: handle_fetch,
    GetQuota: handle_getquota,
    GetQuotaRoot: handle_getquotaroot,
    Id: handle_id,
    Idle: handle_idle,
    List: handle_list,
    Login: handle_login,
    Logout: handle_logout,
    Lsub: handle_lsub,
    Move: handle_move,
    Namespace: handle_namespace,
    Noop: handle_noop,
    Rename: handle_rename,
    Search: handle_search,
    Select: handle_select,
    SetQuota: handle_setquota,
    Sort: handle_sort,
    StartTls: handle_starttls,
    Status: handle_status,
    Store: handle_store,
    Subscribe: handle_subscribe,
    Thread: handle_thread,
    Unselect: handle_unselect,
    Unsubscribe: handle_unsubscribe,
}

# What mostly needs no waiting is answered in the loop's callback. Such a handler returns False, and
# has told nothing, when it turns out that it would have to wait.
AT_ONCE: Final[dict[type, Callable[[ImapSession, Tag, Any], bool]]] = {
    Check: noop_at_once,
    Fetch: fetch_at_once,
    Noop: noop_at_once,
}


async def handle(session: ImapSession, tag: Tag, command: object) -> None:
    """Execute a command that the machine let through."""
    if session.faults.hides_any:
        missing = next((n for n in needed(command) if not capability.offers(session, n)), None)
        if missing is not None:
            session.answer(tag, Condition.BAD, f"{missing} is not offered.")
            return
    await HANDLERS[type(command)](session, tag, command)
