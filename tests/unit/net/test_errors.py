"""Errors are sentences with a remedy and a code."""

from __future__ import annotations

import pytest

from desktopmail.net.errors import (
    AuthenticationError,
    ClosedError,
    ListenError,
    NetError,
    ProtocolViolationError,
    RefusedError,
    TimedOutError,
    TlsError,
    UnreachableError,
)


@pytest.mark.parametrize(
    "kind", [ClosedError, ListenError, ProtocolViolationError, TimedOutError, UnreachableError]
)
def test_the_text_is_the_sentence_and_its_remedy(kind: type[NetError]) -> None:
    error = kind("mail.example.org:110 is gone.", remedy="Wait.", code="closed")
    assert isinstance(error, NetError)
    assert str(error) == "mail.example.org:110 is gone. Wait."
    assert (error.sentence, error.remedy, error.code) == (
        "mail.example.org:110 is gone.",
        "Wait.",
        "closed",
    )
    assert str(kind("It is gone.")) == "It is gone."


def test_some_carry_what_the_server_said_or_showed() -> None:
    assert TlsError("No.", certificate=b"der").certificate == b"der"
    assert AuthenticationError("No.", reply="[AUTH] wrong").reply == "[AUTH] wrong"
    assert RefusedError("No.", reply=("-ERR",)).reply == ("-ERR",)
    assert AuthenticationError("No.").code == "credentials"
