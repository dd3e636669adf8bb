"""The fixtures, used as others use them."""

from __future__ import annotations

import imaplib
from email.message import EmailMessage
from email.policy import SMTP
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from localserver.local import LocalServer
    from localserver.pytest_plugin import LocalMailbox


def test_a_server_with_two_users(mail_server: LocalServer) -> None:
    with imaplib.IMAP4(mail_server.host, mail_server.ports["imap"]) as client:
        assert client.login("bob", "bob-secret")[0] == "OK"


def test_a_mailbox_that_is_filled_and_read(mailbox: LocalMailbox) -> None:
    assert mailbox.address == "alice@localhost"
    assert mailbox.password == "alice-secret"
    assert mailbox.add(b"Subject: one\r\n\r\n", flags=("\\Seen",)) == 1
    assert mailbox.wait_for("one").is_seen
    assert len(mailbox.messages) == 1


def test_a_message_of_the_standard_library_is_served_with_crlf(mailbox: LocalMailbox) -> None:
    message = EmailMessage()
    message["Subject"] = "from email"
    message.set_content("one\ntwo\n")
    mailbox.add(message.as_bytes())
    assert mailbox.messages[0].octets == message.as_bytes(policy=SMTP)


@pytest.mark.mail_users(carol="secret", Ann="other")
def test_other_users_in_their_order(mail_server: LocalServer, mailbox: LocalMailbox) -> None:
    assert (mailbox.user, mailbox.password) == ("carol", "secret")
    assert mail_server.messages("ann") == []
    assert mail_server.messages("carol") == []
