"""Messages whose octets were here and cannot be read any more: whether a server has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.door.interface import DoorError

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktopmail.door.ids import MessageId
    from desktopmail.door.sqlite import Fields

#: Of a message `m`: a server has it, under a UID, or under a unique-id that a maildrop lists.
AT_A_SERVER = (
    "(EXISTS (SELECT 1 FROM placement AS p JOIN mailbox AS b ON b.id = p.mailbox_id"
    "  WHERE p.message_id = m.id AND p.uid IS NOT NULL AND p.gone_cycle IS NULL AND b.local = 0)"
    " OR EXISTS (SELECT 1 FROM pop_seen AS s JOIN account AS a ON a.id = s.account_id"
    "  WHERE s.message_id = m.id AND s.unlisted = 0 AND a.kind = 'pop3'))"
)
_MESSAGE = "SELECT 1 FROM message AS m WHERE m.id = ?"
# What has neither octets nor a header, of which there is a digest, was here as a whole.
_WAS_WHOLE = "m.blob_id IS NULL AND m.header IS NULL AND m.header_digest <> x''"
_FOR_GOOD = f"{_WAS_WHOLE} AND NOT {AT_A_SERVER}"
_WHERE = (
    "SELECT b.path, a.name FROM placement AS p JOIN mailbox AS b ON b.id = p.mailbox_id"
    " JOIN account AS a ON a.id = b.account_id WHERE p.message_id = ? ORDER BY p.id LIMIT 1"
)


def for_good(read: Callable[..., list[Fields]], message_id: MessageId) -> DoorError | None:
    """What to say of a message without octets that no server has, or None for any other one."""
    return said(read, message_id, "") if _is(read, message_id, _FOR_GOOD) else None


def said(read: Callable[..., list[Fields]], message_id: MessageId, why: str) -> DoorError:
    """Say that the octets of a message are lost, and where it can come from.

    Args:
        read: Fetches rows of the store.
        message_id: The message.
        why: What was found in the place of its octets; empty: nothing names them any more.
    """
    sentence = f"The octets of message {message_id} are lost"
    sentence = f"{sentence}: {why}." if why else f"{sentence}."
    if _is(read, message_id, AT_A_SERVER):
        remedy = 'Its server has it: run "desktopmail doctor --repair", and fetch mail.'
    else:
        path, account = next(iter(read(_WHERE, (message_id,))), ("", ""))
        remedy = f"It was here only, in {path} of {account}; a backup may have it."
    return DoorError(sentence, remedy=remedy, code="octets-lost")


def _is(read: Callable[..., list[Fields]], message_id: MessageId, condition: str) -> bool:
    return bool(read(f"{_MESSAGE} AND {condition}", (message_id,)))
