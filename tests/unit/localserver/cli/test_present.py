"""What a mailbox holds before an import."""

from __future__ import annotations

from localserver.cli.present import Present
from tests.helpers.account import an_account


async def test_each_message_that_is_there_answers_for_one() -> None:
    async with an_account(b"one\r\n", b"two\r\n", b"two\r\n") as account:
        there = Present(account, account.mailbox("INBOX"))
        wanted = [b"one\r\n", b"one\r\n", b"two\r\n", b"two\r\n", b"two\r\n", b"six\r\n", b"x"]
        found = [there.take(octets) for octets in wanted]
        assert found == [True, False, True, True, False, False, False]
        assert not Present(account, account.mailbox("Sent")).take(b"one\r\n")
