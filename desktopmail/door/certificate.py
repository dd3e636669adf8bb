"""A certificate that nothing vouches for, as a person compares it."""

from __future__ import annotations

import msgspec


class ShownCertificate(msgspec.Struct, frozen=True, kw_only=True):
    """What a server showed that was not trusted; who compared it may accept it for this server.

    Attributes:
        side: The server of an account that showed it: incoming or outgoing.
        host, port: Where it was shown, as in `ServerSettings`.
        text: What it says, and how to compare it, a line each.
        fingerprint: SHA-256 of its DER form, in hex: what `ServerSettings.pins` takes.
    """

    side: str
    host: str
    port: int
    text: str
    fingerprint: str
