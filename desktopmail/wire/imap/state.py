"""The states of a connection as a table: what may be asked, and where each answer leads."""

# RFC 9051 section 3: not authenticated → authenticated ⇄ selected → logout. The table knows
# neither which side we play nor how anything is written.

from __future__ import annotations

from enum import Enum
from typing import Final

from desktopmail.wire.imap.condition import Condition


class State(Enum):
    """What both sides agree the connection is in."""

    GREETING = "before the greeting"
    NOT_AUTHENTICATED = "not authenticated"
    AUTHENTICATED = "authenticated"
    SELECTED = "selected"
    LOGOUT = "logout"


_ANY: Final = frozenset({State.NOT_AUTHENTICATED, State.AUTHENTICATED, State.SELECTED})
_NONE: Final = frozenset({State.NOT_AUTHENTICATED})
_IN: Final = frozenset({State.AUTHENTICATED, State.SELECTED})
_MAILBOX: Final = frozenset({State.SELECTED})

# By the name of a command: the states in which it may be sent.
COMMANDS: Final[dict[bytes, frozenset[State]]] = {
    b"CAPABILITY": _ANY,
    b"NOOP": _ANY,
    b"LOGOUT": _ANY,
    b"ID": _ANY,
    b"STARTTLS": _NONE,
    b"AUTHENTICATE": _NONE,
    b"LOGIN": _NONE,
    b"COMPRESS": _IN,
    b"ENABLE": _IN,
    b"SELECT": _IN,
    b"CREATE": _IN,
    b"DELETE": _IN,
    b"RENAME": _IN,
    b"SUBSCRIBE": _IN,
    b"UNSUBSCRIBE": _IN,
    b"LIST": _IN,
    b"LSUB": _IN,
    b"NAMESPACE": _IN,
    b"STATUS": _IN,
    b"APPEND": _IN,
    b"IDLE": _IN,
    b"GETQUOTA": _IN,
    b"GETQUOTAROOT": _IN,
    b"SETQUOTA": _IN,
    b"CHECK": _MAILBOX,
    b"CLOSE": _MAILBOX,
    b"UNSELECT": _MAILBOX,
    b"EXPUNGE": _MAILBOX,
    b"SEARCH": _MAILBOX,
    b"SORT": _MAILBOX,
    b"THREAD": _MAILBOX,
    b"FETCH": _MAILBOX,
    b"STORE": _MAILBOX,
    b"COPY": _MAILBOX,
    b"MOVE": _MAILBOX,
}

# Where an answer leads; what is not named leaves the state alone. A SELECT that fails leaves no
# mailbox selected (RFC 9051 section 6.3.2); one that is not understood never began.
TRANSITIONS: Final[dict[tuple[bytes, Condition], State]] = {
    (b"LOGIN", Condition.OK): State.AUTHENTICATED,
    (b"AUTHENTICATE", Condition.OK): State.AUTHENTICATED,
    (b"SELECT", Condition.OK): State.SELECTED,
    (b"SELECT", Condition.NO): State.AUTHENTICATED,
    (b"CLOSE", Condition.OK): State.AUTHENTICATED,
    (b"UNSELECT", Condition.OK): State.AUTHENTICATED,
    (b"LOGOUT", Condition.OK): State.LOGOUT,
}

GREETINGS: Final[dict[Condition, State]] = {
    Condition.OK: State.NOT_AUTHENTICATED,
    Condition.PREAUTH: State.AUTHENTICATED,
    Condition.BYE: State.LOGOUT,
}

# Nothing may be sent behind these before they are answered: the octets that follow mean something
# else then, or the rights of the connection change.
ALONE: Final = frozenset({b"STARTTLS", b"AUTHENTICATE", b"LOGIN", b"COMPRESS", b"IDLE", b"LOGOUT"})

# While one of these is carried out for sequence numbers, a server must not send EXPUNGE
# (RFC 9051 section 7.5.1, RFC 5256 section 3); during all other commands it may, so sequence
# numbers sent behind those are ambiguous (section 5.5).
KEEPS_NUMBERS: Final = frozenset({b"FETCH", b"STORE", b"SEARCH", b"SORT", b"THREAD"})

# These wait until a SELECT before them is answered: when it fails, another mailbox may still be
# open than the one they are meant for. What only reads may follow at once.
WAITS_FOR_SELECT: Final = frozenset({
    b"STORE", b"COPY", b"MOVE", b"EXPUNGE", b"CLOSE", b"UNSELECT", b"CHECK",
})  # fmt: skip

# Behind these no mailbox is open any more: what needs one waits, to be refused here and not there.
LEAVES_MAILBOX: Final = frozenset({b"CLOSE", b"UNSELECT"})

# Their literals are messages: bounded by the APPENDLIMIT, handed on in pieces, and not by what an
# argument may be. What is not named here may carry no literal beyond that.
CARRIES_MESSAGES: Final = frozenset({b"APPEND"})

# Answers that do not name their command: two of a kind on their way could not be told apart.
ONE_AT_A_TIME: Final = frozenset({
    b"SELECT", b"SEARCH", b"SORT", b"THREAD", b"LIST", b"LSUB", b"STATUS", b"NAMESPACE",
    b"GETQUOTA", b"GETQUOTAROOT", b"SETQUOTA", b"ID", b"ENABLE", b"CAPABILITY", b"EXPUNGE",
})  # fmt: skip


def needs_mailbox(name: bytes) -> bool:
    """Whether a command can only be sent while a mailbox is open."""
    return COMMANDS.get(name) == _MAILBOX


def after(state: State, name: bytes, condition: Condition) -> State:
    """Return the state that an answer leads to."""
    return TRANSITIONS.get((name, condition), state)
