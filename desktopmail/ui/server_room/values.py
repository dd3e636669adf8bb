"""What the administration API answers, as values; fields that are not shown are left out."""

from __future__ import annotations

import msgspec


class Certificate(msgspec.Struct, frozen=True):
    """The certificate that clients see."""

    names: list[str]
    issuer: str
    not_after: str
    sha256: str


class About(msgspec.Struct, frozen=True):
    """The server itself."""

    version: str
    pid: int
    started: str
    host: str
    ports: dict[str, int]
    domain: str
    relay: str
    certificate: Certificate | None = None
    ca_file: str | None = None


class Session(msgspec.Struct, frozen=True):
    """One connection."""

    number: int
    listener: str
    peer: str
    user: str | None
    tls: bool
    seconds: float


class User(msgspec.Struct, frozen=True):
    """One user with what they keep."""

    name: str
    address: str
    octets: int
    messages: int
    full: bool
    quota_octets: int | None = None


class Listed(msgspec.Struct, frozen=True):
    """A message of a mailbox, as far as it is asked about."""

    uid: int


class Captured(msgspec.Struct, frozen=True):
    """A message for elsewhere that was kept instead of being sent."""

    number: int
    sender: str
    recipients: list[str]
    subject: str
    arrived: str
    size: int


class Queued(msgspec.Struct, frozen=True):
    """A message on its way to one recipient elsewhere."""

    id: int
    sender: str
    recipient: str
    tries: int
    next_try: str
    last_error: str | None
    held: bool


class Capabilities(msgspec.Struct, frozen=True):
    """What is switched off, and what can be, by protocol."""

    without: list[str]
    known: dict[str, list[str]]


class Preset(msgspec.Struct, frozen=True):
    """A ready-made fault."""

    name: str
    what: str


class Planned(msgspec.Struct, frozen=True):
    """A fault of the plan, and how often it hit."""

    protocol: str | None = None
    command: str | None = None
    argument: str | None = None
    hits: int = 0
    spent: bool = False
