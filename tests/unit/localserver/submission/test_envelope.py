import pytest

from desktopmail.wire.smtp.path import Mailbox
from localserver.submission.envelope import owns, recipient_refused, sender_refused
from tests.helpers.smtp_talk import post_office


async def test_who_owns_an_address() -> None:
    async with post_office(aliases={"sales": ("alice",)}, catch_all="bob") as post:
        context = post.server.context
        alice, bob = (context.users.find(name) for name in ("alice", "bob"))
        assert alice is not None
        assert bob is not None
        assert owns(context, alice, "alice@localhost")
        assert owns(context, alice, "sales@localhost")
        assert not owns(context, alice, "bob@localhost")
        assert not owns(context, alice, "alice@example.org")
        # Mail for the rest comes to bob, but is not his to send as.
        assert not owns(context, bob, "anything@localhost")
        assert not owns(context, bob, "sales@localhost")
        assert owns(context, bob, "bob+tag@localhost")


@pytest.mark.parametrize(
    ("domain", "reply"),
    [
        ("localhost", None),
        ("mail.test", None),
        ("example.org", "550 5.7.1 alice@example.org is not an address of alice"),
        ("intranet", "554 5.1.8 The domain intranet is not fully qualified"),
    ],
)
async def test_the_sender(domain: str, reply: str | None) -> None:
    async with post_office(domain="mail.test") as post:
        alice = post.server.context.users.find("alice")
        assert alice is not None
        refusal = sender_refused(post.server.context, alice, Mailbox("alice", domain))
        assert (None if refusal is None else str(refusal)) == reply
        assert sender_refused(post.server.context, alice, None) is None


async def test_the_recipient() -> None:
    async with post_office() as post:
        context = post.server.context
        assert recipient_refused(context, Mailbox("x", "example.org")) is None
        assert recipient_refused(context, Mailbox("x", "[192.0.2.1]")) is None
        refusal = recipient_refused(context, Mailbox("x", "intranet"))
        assert str(refusal) == "554 5.1.2 The domain intranet is not fully qualified"
