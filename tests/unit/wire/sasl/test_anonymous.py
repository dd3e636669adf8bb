import pytest

from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.sasl.anonymous import AnonymousClient, AnonymousServer
from desktopmail.wire.sasl.server import Challenge, Failure, Success


def test_the_example_of_rfc_4505_section_4() -> None:
    client, server = AnonymousClient("sirhc"), AnonymousServer()
    assert server.start(None) == Challenge(b"")
    assert server.step(client.initial_response()) == Success("", trace="sirhc")
    client.finish()


def test_an_empty_trace_is_one() -> None:
    assert AnonymousServer().start(AnonymousClient().initial_response()) == Success("")


@pytest.mark.parametrize("trace", [b"a" * 256, b"\xff", b"a\0b"])
def test_what_is_no_trace_is_malformed(trace: bytes) -> None:
    step = AnonymousServer().start(trace)
    assert isinstance(step, Failure)
    assert step.malformed


def test_the_client_sends_no_trace_that_is_too_long() -> None:
    with pytest.raises(LocalProtocolError):
        AnonymousClient("a" * 256)
