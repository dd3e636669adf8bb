"""Changes carry ids and cross a pipe unchanged."""

from __future__ import annotations

import msgspec
import pytest

from desktopmail.door.changes import (
    AccountsChanged,
    AnyChange,
    EverythingChanged,
    MessagesChanged,
    Progress,
)
from desktopmail.door.ids import AccountId, MailboxId, MessageId

CHANGES = [
    AccountsChanged(),
    EverythingChanged(),
    MessagesChanged(mailbox_ids=(MailboxId(3),), message_ids=(MessageId(2**40),)),
    Progress(account_id=AccountId(1), work="sync INBOX", label="INBOX", done=5, total=10),
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: type(change).__name__)
def test_a_change_crosses_the_pipe_unchanged(change: AnyChange) -> None:
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(change), type=AnyChange) == change
