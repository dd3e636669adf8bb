"""The quota of an account is read from its server, kept, and shown with the account."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktopmail.door.rows import Quota
from desktopmail.engine.sync import quota
from desktopmail.wire.imap.quota import QuotaResponse, Resource
from localserver.config import Config
from localserver.faults import Fault
from localserver.local import LocalServer
from tests.helpers.engine import PASSWORDS, running_engine
from tests.helpers.store import mail

if TYPE_CHECKING:
    from pathlib import Path

LIMIT_OCTETS = 10 * 1024 * 1024


def test_storage_is_told_in_octets_and_the_rest_in_pieces() -> None:
    answer = QuotaResponse("", (Resource("STORAGE", 10, 512), Resource("MESSAGE", 3, 100)))
    assert quota.rows([answer]) == (
        Quota(root="", resource="storage", used=10_240, limit=524_288),
        Quota(root="", resource="message", used=3, limit=100),
    )


async def test_it_is_shown_with_the_account(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS, config=Config(quota_octets=LIMIT_OCTETS)) as server:
        server.deliver("alice", mail(1, body="x" * 5000))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            (row,) = bench.reader.accounts()
            (storage,) = (one for one in row.quota if one.resource == "storage")
            assert storage.limit == LIMIT_OCTETS
            assert 5000 < storage.used < 10_000


@pytest.mark.parametrize("refused", [True, False])
async def test_a_server_without_quota_or_that_refuses_it_has_none(
    refused: bool, tmp_path: Path
) -> None:
    plan = [Fault(protocol="imap", command="GETQUOTAROOT", reply="NO for the postmaster")]
    without = () if refused else ("QUOTA",)
    with LocalServer(PASSWORDS, plan=plan if refused else [], without=without) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            assert bench.reader.accounts()[0].quota == ()
            assert bench.reader.problems() == []
