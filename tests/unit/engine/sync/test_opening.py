"""What is asked when a connection begins: together, and believed until more is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.engine.sync.opening import Opening
from localserver.faults import Fault
from localserver.local import LocalServer
from tests.helpers.engine import PASSWORDS, other_device
from tests.helpers.store import mail

if TYPE_CHECKING:
    from desktopmail.net.imap import ImapClient


async def ask(client: ImapClient, *, inbox: bool = True) -> Opening:
    opening = Opening(client)
    await opening.ask_together(inbox=inbox)
    return opening


async def test_the_mailboxes_and_the_inbox_are_known_after_one_question() -> None:
    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", mail(1))
        async with other_device(server) as client:
            opening = await ask(client)
            assert "QRESYNC" in client.enabled
            assert client.mailbox == "INBOX"
            selected = opening.take("INBOX")
            assert selected is not None
            assert selected.exists == 1
            assert "INBOX" in {one.path for one in opening.take_listed()}
            assert opening.take("INBOX") is None
            assert opening.take_listed() == []


async def test_what_is_said_meanwhile_makes_it_old() -> None:
    with LocalServer(PASSWORDS) as server:
        async with other_device(server) as client:
            opening = await ask(client)
            opening.forget()
            assert opening.take_listed() == []
            assert opening.take("INBOX") is None


async def test_another_mailbox_is_not_the_one_that_is_open() -> None:
    with LocalServer(PASSWORDS) as server:
        async with other_device(server) as client:
            opening = await ask(client)
            assert opening.take("Archive") is None
            assert opening.take("INBOX") is None  # it is about to be left


async def test_an_inbox_that_cannot_be_opened_leaves_the_rest() -> None:
    refusal = Fault(protocol="imap", command="SELECT", reply="NO not now")
    with LocalServer(PASSWORDS, plan=[refusal]) as server:
        async with other_device(server) as client:
            opening = await ask(client)
            assert client.mailbox is None
            assert opening.take("INBOX") is None
            assert opening.take_listed()


async def test_a_connection_that_is_not_made_has_nothing() -> None:
    opening = Opening(None)
    await opening.ask_together(inbox=True)
    assert opening.take("INBOX") is None
    assert opening.take_listed() == []
