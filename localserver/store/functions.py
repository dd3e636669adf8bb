"""The SQL functions of the store: what a search needs and SQLite does not have."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from desktopmail.mime import encoded_word
from desktopmail.mime.header import Header, unfold
from localserver.store.folding import folded

if TYPE_CHECKING:
    import apsw

_SPACES = re.compile(r"\s+")


def register(connection: apsw.Connection) -> None:
    """Make the functions known to a connection."""
    connection.create_scalar_function("header_has", cast("Any", header_has), 3, deterministic=True)


def header_has(block: bytes, name: str, text: str) -> int:
    """Whether a field of a header holds a folded text; "" asks only whether it is there.

    Args:
        block: The octets of the header.
        name: Of the field, in any case.
        text: Folded.
    """
    return int(has_field(Header.parse(block), name, text))


def has_field(header: Header, name: str, text: str) -> bool:
    """Whether a field of a header that was parsed holds a folded text, as `header_has` asks."""
    raws = header.raws(name)
    if not text:
        return bool(raws)
    return any(text in searchable(encoded_word.decode(unfold(raw))) for raw in raws)


def searchable(text: str) -> str:
    """Return a decoded field as it is searched: on one line, folded."""
    return folded(_SPACES.sub(" ", text))
