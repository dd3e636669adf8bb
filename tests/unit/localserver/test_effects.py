"""What faults do to the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktopmail.net.ports import SystemClock
from localserver.effects import StoreEffects
from localserver.store.account import Message
from localserver.store.errors import OverQuotaError
from tests.helpers.account import PLAIN, a_store

if TYPE_CHECKING:
    from pathlib import Path


async def test_messages_go_uids_change_and_mailboxes_fill(tmp_path: Path) -> None:
    async with a_store() as store:
        effects = StoreEffects(store, tmp_path, SystemClock())
        account = await store.account("alice")
        inbox = account.mailbox("INBOX")
        await account.append(inbox, [Message(PLAIN)] * 3)
        await effects.expunge("alice", (2, 9))
        assert account.all_uids(inbox) == [1, 3]
        before = inbox.uidvalidity
        await effects.new_uidvalidity("alice")
        assert inbox.uidvalidity > before
        assert account.all_uids(inbox) == [1, 2]
        await effects.expunge("alice", (0,))
        assert account.all_uids(inbox) == []
        effects.set_full("", True)
        with pytest.raises(OverQuotaError):
            await account.append(inbox, [Message(PLAIN)])
        effects.set_full("", False)
        await account.append(inbox, [Message(PLAIN)])


async def test_the_wrong_certificate_is_made_once(tmp_path: Path) -> None:
    async with a_store() as store:
        effects = StoreEffects(store, tmp_path / "wrong", SystemClock())
        assert effects.wrong_certificate() is effects.wrong_certificate()
        effects.wrong_certificate().load()
