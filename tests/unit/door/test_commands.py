"""Commands cross a pipe and come out the same, and passwords do not print."""

from __future__ import annotations

import msgspec
import pytest

from desktopmail.door.commands import (
    AddAccount,
    AnyCommand,
    MoveMessages,
    Password,
    SendMessage,
    ServerSettings,
    StoreFlags,
)
from desktopmail.door.ids import AccountId, MailboxId, PlacementId
from desktopmail.door.rows import Flag, Kind, Security

SERVER = ServerSettings(host="mail.example.org", port=993, security=Security.TLS)
COMMANDS = [
    MoveMessages(placement_ids=(PlacementId(1), PlacementId(2)), mailbox_id=MailboxId(7)),
    StoreFlags(placement_ids=(PlacementId(1),), add=Flag.SEEN | Flag.FLAGGED, add_tags=("work",)),
    SendMessage(
        account_id=AccountId(1),
        sender="a@example.org",
        recipients=("b@example.org",),
        octets=b"From: a@example.org\r\n\r\n\x00\xff",
    ),
    AddAccount(
        name="a",
        address="a@example.org",
        kind=Kind.IMAP,
        incoming=SERVER,
        outgoing=SERVER,
        password=Password("tanstaaf"),
    ),
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: type(command).__name__)
def test_a_command_crosses_the_pipe_unchanged(command: AnyCommand) -> None:
    octets = msgspec.msgpack.encode(command)
    assert msgspec.msgpack.decode(octets, type=AnyCommand) == command


def test_a_password_in_a_command_does_not_print() -> None:
    assert "tanstaaf" not in repr(COMMANDS[-1])
