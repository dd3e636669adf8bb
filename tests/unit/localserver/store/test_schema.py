"""The tables, and how they are read."""

from __future__ import annotations

import pytest

from tests.helpers.account import PLAIN, an_account


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT uid, flags, modseq FROM entry WHERE mailbox=1 AND uid BETWEEN 1 AND 9 ORDER BY uid",
        "SELECT uid, message.envelope FROM entry JOIN message ON message.id=entry.message"
        " WHERE mailbox=1 AND uid BETWEEN 1 AND 9 ORDER BY uid",
        "SELECT uid FROM expunged WHERE mailbox=1 AND modseq>4 ORDER BY uid",
        "SELECT uid FROM entry WHERE mailbox=1 AND modseq>4 ORDER BY uid",
    ],
)
async def test_every_query_of_a_mailbox_goes_by_its_key_and_sorts_nothing(sql: str) -> None:
    async with an_account(PLAIN) as account:
        plan = " / ".join(row[3] for row in account.query("EXPLAIN QUERY PLAN " + sql))
        assert "SCAN" not in plan
        assert "TEMP B-TREE" not in plan
