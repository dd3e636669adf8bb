"""How much of a mailbox is kept here is said in words, and refused where all of it is here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktopmail.door.commands import SetMailboxPolicy
from desktopmail.door.interface import DoorError
from desktopmail.door.rows import Kind
from desktopmail.engine import policy
from desktopmail.engine.store import mailbox
from tests.helpers.store import add_account, inbox_of, open_store

if TYPE_CHECKING:
    from pathlib import Path


async def test_the_answer_says_how_many_mailboxes_keep_what(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        inbox = await store.write(lambda tx: inbox_of(tx, account_id))
        one = SetMailboxPolicy(mailbox_ids=(inbox,), policy="days:30")
        outcome = await store.write(lambda tx: policy.carry_out(tx, one, 1.0))
        assert outcome.label.startswith("1 mailbox keeps ")
        every = SetMailboxPolicy(account_id=account_id, policy="headers")
        outcome = await store.write(lambda tx: policy.carry_out(tx, every, 1.0))
        boxes = await store.read(lambda tx: mailbox.of_account(tx, account_id))
        assert outcome.label.startswith(f"{len(boxes)} mailboxes keep ") or len(boxes) == 1


async def test_an_account_that_fetches_by_pop3_keeps_everything(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(lambda tx: add_account(tx, kind=Kind.POP3))
        command = SetMailboxPolicy(account_id=account_id, policy="headers")
        with pytest.raises(DoorError, match="fetches by POP3") as caught:
            await store.write(lambda tx: policy.carry_out(tx, command, 1.0))
        assert caught.value.code == "local-mailbox"


def test_what_is_no_policy_is_one_sentence() -> None:
    with pytest.raises(DoorError, match="is none of everything") as caught:
        policy.parse("sometimes")
    assert caught.value.code == "bad-policy"
