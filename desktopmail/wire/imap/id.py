"""ID: client and server say what they are, for statistics and trouble-shooting (RFC 2971)."""

# id              = "ID" SPACE id_params_list
# id_response     = "ID" SPACE id_params_list
# id_params_list  = "(" #(string SPACE nstring) ")" / nil

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, Self

from desktopmail.wire.errors import LocalProtocolError, RemoteProtocolError

if TYPE_CHECKING:
    from desktopmail.wire.imap.cursor import Cursor
    from desktopmail.wire.imap.writer import Writer

MAX_FIELDS: Final = 30
MAX_VALUE_OCTETS: Final = 1024
_MAX_NAME_OCTETS: Final = 30

IdFields = tuple[tuple[str, str | None], ...]


def _decode_fields(cursor: Cursor) -> IdFields:
    if cursor.nil():
        return ()
    cursor.expect(b"(")
    fields: list[tuple[str, str | None]] = []
    while not cursor.skip(b")"):
        name = cursor.string().decode("utf-8", "replace")
        cursor.sp()
        value = cursor.nstring()
        fields.append((name, None if value is None else value.decode("utf-8", "replace")))
        if len(fields) > MAX_FIELDS and not cursor.lenient:
            raise RemoteProtocolError("ID has more than 30 fields (RFC 2971 section 3.3)")
        if not cursor.skip_sp() and not cursor.peek(b")"):
            raise cursor.error("a space or the end of the list")
    return tuple(fields)


def _encode_fields(writer: Writer, fields: IdFields) -> None:
    if not fields:
        writer.raw(b"NIL")
        return
    if len(fields) > MAX_FIELDS:
        raise LocalProtocolError("ID has at most 30 fields (RFC 2971 section 3.3)")
    writer.raw(b"(")
    for place, (name, value) in enumerate(fields):
        if len(name) > _MAX_NAME_OCTETS or (value and len(value.encode()) > MAX_VALUE_OCTETS):
            raise LocalProtocolError("a field of ID is too long (RFC 2971 section 3.3)")
        if place:
            writer.sp()
        writer.string(name.encode())
        writer.sp()
        writer.nstring(None if value is None else value.encode())
    writer.raw(b")")


@dataclass(frozen=True, slots=True)
class Id:
    """Say what we are and ask what the server is; no fields keep us unnamed."""

    fields: IdFields = ()

    name: ClassVar[bytes] = b"ID"

    @classmethod
    def decode(cls, cursor: Cursor) -> Self:
        """Read what follows the name of the command."""
        cursor.sp()
        return cls(_decode_fields(cursor))

    def encode(self, writer: Writer) -> None:
        """Write the command behind its tag."""
        writer.raw(b"ID ")
        _encode_fields(writer, self.fields)


@dataclass(frozen=True, slots=True)
class IdResponse:
    """What the server says it is."""

    fields: IdFields = ()

    def encode(self, writer: Writer) -> None:
        """Write the response behind its `* `."""
        writer.raw(b"ID ")
        _encode_fields(writer, self.fields)


def decode_id(cursor: Cursor) -> IdResponse:
    """Read a response behind its name."""
    cursor.sp()
    return IdResponse(_decode_fields(cursor))
