import pytest

from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.sasl.external import ExternalClient, ExternalServer
from desktopmail.wire.sasl.server import Failure, NeedExternal, Success


def test_the_example_of_rfc_4422_appendix_a_3() -> None:
    client, server = ExternalClient("fred@example.com"), ExternalServer()
    message = client.initial_response()
    assert message == b"fred@example.com"
    assert server.start(message) == NeedExternal()
    assert server.external_found("kurt") == Success("kurt", "fred@example.com")
    client.finish()


def test_an_empty_identity_is_the_one_of_the_certificate() -> None:
    server = ExternalServer()
    assert server.start(ExternalClient().initial_response()) == NeedExternal()
    assert server.external_found("kurt") == Success("kurt", "")


def test_without_a_certificate_it_fails() -> None:
    server = ExternalServer()
    server.start(b"fred")
    assert isinstance(server.external_found(None), Failure)


def test_nul_is_refused_in_both_roles() -> None:
    with pytest.raises(LocalProtocolError):
        ExternalClient("a\0b")
    step = ExternalServer().start(b"a\0b")
    assert isinstance(step, Failure)
    assert step.malformed
