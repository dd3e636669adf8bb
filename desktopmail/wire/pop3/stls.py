"""STLS: going on inside TLS (RFC 2595 section 4)."""

from __future__ import annotations

from dataclasses import dataclass

from desktopmail.wire.pop3.command import Command
from desktopmail.wire.pop3.state import AUTHORIZATION


@dataclass(frozen=True, slots=True)
class Stls(Command[None]):
    """`STLS`; after +OK the handshake begins, and everything known from before is forgotten."""

    keyword = b"STLS"
    states = AUTHORIZATION
    pipelined = False
