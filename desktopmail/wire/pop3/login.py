"""USER and PASS: logging in with a password that is sent (RFC 1939 section 7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.pop3.command import Command, CommandSyntaxError
from desktopmail.wire.pop3.state import AUTHORIZATION
from desktopmail.wire.secret import Secret


@dataclass(frozen=True, slots=True)
class User(Command[None]):
    """`USER name`.

    Attributes:
        name: The mailbox. Spaces are taken as a part of it, because some servers have such names.
    """

    name: str

    keyword = b"USER"
    states = AUTHORIZATION

    @property
    def arguments(self) -> bytes:
        """The name, in UTF-8 (RFC 6856 section 2.2)."""
        if not self.name or self.name != self.name.strip(" "):
            raise LocalProtocolError(
                "a name that is empty or begins or ends with a space cannot be sent"
            )
        return self.name.encode()

    @classmethod
    def parse(cls, arguments: bytes) -> Self:
        """Read the name."""
        name = arguments.strip(b" ")
        if not name:
            raise CommandSyntaxError("USER takes a name")
        try:
            return cls(name.decode())
        except UnicodeDecodeError as broken:
            raise CommandSyntaxError("the name is not UTF-8") from broken


@dataclass(frozen=True, slots=True)
class Pass(Command[None]):
    """`PASS string`.

    Attributes:
        password: May have spaces, also at its ends: "since the PASS command has exactly one
            argument, a POP3 server may treat spaces in the argument as part of the password"
            (section 7).
    """

    password: Secret

    keyword = b"PASS"
    states = AUTHORIZATION
    pipelined = False

    @property
    def arguments(self) -> bytes:
        """The password, in UTF-8."""
        if not self.password:
            raise LocalProtocolError("an empty password cannot be sent")
        return self.password.reveal().encode()

    @property
    def mask(self) -> str:
        """Never shown."""
        return "<password>"

    @classmethod
    def parse(cls, arguments: bytes) -> Self:
        """Read the password: everything behind one space."""
        if not arguments:
            raise CommandSyntaxError("PASS takes a password")
        try:
            return cls(Secret(arguments.decode()))
        except UnicodeDecodeError:
            # From None: the error would carry the password.
            raise CommandSyntaxError("the password is not UTF-8") from None
