"""The errors of the machines say whose fault it is."""

from __future__ import annotations

import pytest

from desktopmail.wire.errors import LocalProtocolError, ProtocolError, RemoteProtocolError


def test_a_remote_error_names_the_limit_that_was_passed() -> None:
    error = RemoteProtocolError("the line is too long", limit="max_line_octets")
    assert error.limit == "max_line_octets"
    assert str(error) == "the line is too long"


def test_a_remote_error_without_a_limit_has_none() -> None:
    assert RemoteProtocolError("not a reply").limit is None


@pytest.mark.parametrize("error", [LocalProtocolError, RemoteProtocolError])
def test_both_faults_can_be_caught_as_one(error: type[ProtocolError]) -> None:
    assert issubclass(error, ProtocolError)


def test_our_fault_is_never_the_peers() -> None:
    assert not issubclass(LocalProtocolError, RemoteProtocolError)
