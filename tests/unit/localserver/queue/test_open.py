from dataclasses import replace

import pytest

from localserver.queue.capture import CapturingOutbound
from localserver.queue.open import open_outbound, parse_relay
from localserver.queue.relay import RelayQueue
from localserver.queue.route import Hop
from tests.helpers.smtp_talk import post_office


def test_the_three_ways_to_relay() -> None:
    assert parse_relay("capture") is None
    assert parse_relay("mx") is None
    assert parse_relay("smarthost=[::1]:2525") == Hop("::1", 2525)


@pytest.mark.parametrize("text", ["", "smarthost", "smarthost=x", "smarthost=x:0", "sendmail=x:25"])
def test_anything_else_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        parse_relay(text)


async def test_the_configuration_decides() -> None:
    async with post_office() as post:
        context = post.server.context
        assert isinstance(await open_outbound(context), CapturingOutbound)
        config = replace(context.config, relay="smarthost=mail.example.org:25")
        queue = await open_outbound(replace(context, config=config), work=False)
        assert isinstance(queue, RelayQueue)
        await queue.aclose()
