"""A command as the transcript shows it, without secrets: what fault plans match."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.imap.writer import ANY_SIZE, Writer

if TYPE_CHECKING:
    from desktopmail.wire.imap.command import Command
    from desktopmail.wire.imap.condition import Tag

# A pattern is searched for in so much of a command: an APPEND may hold megabytes.
MATCHED_OCTETS: Final = 16 * 1024


def shown(tag: Tag, command: Command, *, utf8: bool = False) -> bytes:
    """Write a command again, so that its secrets are masked.

    Args:
        tag: Its tag.
        command: What was understood.
        utf8: The client enabled UTF8=ACCEPT: names are shown as it wrote them.
    """
    writer = Writer(utf8=utf8, non_sync_octets=ANY_SIZE, binary=True)
    writer.raw(tag.encode("ascii", "replace") + b" ")
    try:
        command.encode(writer)
        segments = writer.finish()
    except LocalProtocolError:  # what a client may not send, a lenient reader may have read
        return b"%b %b <not shown>\r\n" % (tag.encode("ascii", "replace"), command.name)
    return b"".join([each.redacted for each in segments if each is not None])


def matched(octets: bytes) -> tuple[str, str]:
    """Return verb and argument of a shown command: `UID FETCH` and `1:* (FLAGS BODY.PEEK[])`."""
    text = octets[:MATCHED_OCTETS].rstrip(b"\r\n").decode("utf-8", "replace")
    _tag, _, rest = text.partition(" ")
    verb, _, argument = rest.partition(" ")
    if verb.upper() == "UID":
        second, _, argument = argument.partition(" ")
        verb = f"{verb} {second}"
    return verb.upper(), argument
