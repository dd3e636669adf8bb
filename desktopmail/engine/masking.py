"""Hiding passwords in what a server says: some repeat what they were told ("unknown: PASS …")."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from desktopmail.wire.secret import Secret

HIDDEN = "<password>"
# A shorter one would blank out half of every answer, and protects nothing anyhow.
_MIN_OCTETS = 4


def forms(user: str, secret: Secret) -> tuple[bytes, ...]:
    """How a password, and a login with it, may stand in an answer: as it is, and in Base64."""
    password = secret.reveal().encode("utf-8", "surrogatepass")
    if len(password) < _MIN_OCTETS:
        return ()
    name = user.encode("utf-8", "surrogatepass")
    proofs = (b"\0%b\0%b" % (name, password), b"%b\0%b\0%b" % (name, name, password))
    quoted = password.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
    return (
        *dict.fromkeys((password, quoted)),
        *(base64.b64encode(one).rstrip(b"=") for one in (password, *proofs)),
    )


def hide(octets: bytes, masks: tuple[bytes, ...]) -> bytes:
    """Return the octets without these."""
    for mask in masks:
        if mask in octets:
            octets = octets.replace(mask, HIDDEN.encode())
    return octets


def hide_text(text: str, masks: tuple[bytes, ...]) -> str:
    """Return the text without these."""
    return hide(text.encode("utf-8", "surrogatepass"), masks).decode("utf-8", "surrogatepass")
