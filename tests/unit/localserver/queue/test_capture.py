from localserver.queue.capture import CapturingOutbound
from localserver.queue.outbound import Outgoing, OutgoingRecipient
from tests.helpers.smtp_talk import post_office


async def test_mail_is_kept_and_nothing_waits() -> None:
    async with post_office() as post:
        outbound = CapturingOutbound(post.server.store)
        recipients = (OutgoingRecipient("x@example.org"), OutgoingRecipient("y@example.org"))
        await outbound.submit(Outgoing("id", "alice@localhost", recipients, b"octets"))
        (captured,) = post.server.store.captured()
        assert captured.recipients == ("x@example.org", "y@example.org")
        assert captured.octets == b"octets"
        assert outbound.waiting() == []
        assert [await outbound.retry(), await outbound.release(1), await outbound.drop(1)] == [
            0,
            0,
            0,
        ]
        await outbound.aclose()
