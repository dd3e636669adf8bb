"""Queries and their answers cross a pipe unchanged."""

from __future__ import annotations

import msgspec

from desktopmail.door.ids import AccountId
from desktopmail.door.queries import (
    AnyAnswer,
    AnyQuery,
    CheckAccount,
    Transcript,
    TranscriptRecord,
)


def test_a_query_crosses_the_pipe_unchanged() -> None:
    query = CheckAccount(account_id=AccountId(4))
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(query), type=AnyQuery) == query


def test_an_answer_keeps_its_octets() -> None:
    record = TranscriptRecord(
        number=1,
        account_id=AccountId(1),
        connection="imap 1",
        at_s=0.5,
        sender="S",
        octets=b"\xff\x00",
    )
    answer = Transcript(records=(record,), lost=2)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(answer), type=AnyAnswer) == answer
