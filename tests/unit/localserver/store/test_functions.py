"""The SQL functions of a search."""

from __future__ import annotations

import apsw
import pytest

from localserver.store.functions import header_has, register

HEADER = b"X-A: one\r\n two\r\nX-B: =?utf-8?q?=C3=9Cber?=\r\nx-a: three\r\n\r\n"


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("x-a", "one two", 1), ("X-A", "three", 1), ("X-B", "u\u0308ber", 1), ("X-C", "", 0),
        ("X-B", "", 1), ("X-A", "four", 0),
    ],
)  # fmt: skip
def test_folded_and_encoded_fields_are_searched(name: str, text: str, found: int) -> None:
    assert header_has(HEADER, name, text) == found


def test_sql_can_call_it() -> None:
    connection = apsw.Connection(":memory:")
    register(connection)
    rows = connection.execute("SELECT header_has(?, 'X-A', 'one')", (HEADER,)).fetchall()
    assert rows == [(1,)]
    connection.close()
