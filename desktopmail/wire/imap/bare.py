"""Commands that are nothing but their name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

if TYPE_CHECKING:
    from desktopmail.wire.imap.cursor import Cursor
    from desktopmail.wire.imap.writer import Writer


@dataclass(frozen=True, slots=True)
class Bare:
    """The base of commands without arguments."""

    name: ClassVar[bytes] = b""

    @classmethod
    def decode(cls, _cursor: Cursor) -> Self:
        """Read what follows the name of the command: nothing."""
        return cls()

    def encode(self, writer: Writer) -> None:
        """Write the command behind its tag."""
        writer.raw(self.name)
