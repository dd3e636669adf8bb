"""The states of a POP3 session (RFC 1939 section 3), the same for both roles."""

from __future__ import annotations

from enum import Enum


class State(Enum):
    """Where a session is."""

    GREETING = "the server has not greeted yet"
    AUTHORIZATION = "nobody is logged in"
    TLS = "STLS was agreed on; the handshake comes next"
    TRANSACTION = "the maildrop is open"
    UPDATE = "QUIT was sent; the server commits"
    CLOSED = "over"


AUTHORIZATION = frozenset({State.AUTHORIZATION})
TRANSACTION = frozenset({State.TRANSACTION})
BOTH = AUTHORIZATION | TRANSACTION
