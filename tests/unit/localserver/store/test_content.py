"""Large octets, in pieces."""

from __future__ import annotations

import apsw
import pytest

from localserver.steps import Work
from localserver.store.content import octets_of, place_of, put

LARGE = bytes(range(256)) * 5000


@pytest.fixture
def connection() -> apsw.Connection:
    connection = apsw.Connection(":memory:")
    connection.execute("CREATE TABLE content (message INTEGER PRIMARY KEY, header, body)")
    return connection


def add(connection: apsw.Connection, number: int, body: bytes) -> None:
    row = (number, b"head", place_of(body))
    connection.execute("INSERT INTO content VALUES (?, ?, ?)", row)
    put(connection, "content", "body", number, body)


def read(connection: apsw.Connection, number: int) -> bytes | None:
    work = Work(octets_of(connection, number))
    while not work.go_on():
        pass
    return work.result


def test_what_is_put_in_pieces_is_what_was_given(connection: apsw.Connection) -> None:
    for number, body in enumerate((b"", b"small", LARGE), 1):
        add(connection, number, body)
        assert connection.execute(
            "SELECT body FROM content WHERE message=?", (number,)
        ).fetchall() == [(body,)]
        assert read(connection, number) == b"head" + body


def test_a_message_that_is_gone_or_goes_meanwhile_is_none(connection: apsw.Connection) -> None:
    assert read(connection, 1) is None
    add(connection, 1, LARGE)
    steps = octets_of(connection, 1)
    for _ in range(2):
        next(steps)
    connection.execute("DELETE FROM content")
    with pytest.raises(StopIteration) as end:
        next(steps)
    assert end.value.value is None
