"""What a fault can be for."""

from __future__ import annotations

import pytest

from localserver.fault_moments import is_moment


@pytest.mark.parametrize(
    ("command", "protocol"),
    [
        ("FETCH", "imap"), ("uid fetch", "imap"), ("UID FETCH", None), ("RETR", "pop3"),
        ("RCPT", "smtp"), ("RCPT", "submission"), ("END-OF-DATA", "submission"), ("CONNECT", None),
        ("GREETING", "pop3"), ("AUTH-RESPONSE", "smtp"),
    ],
)  # fmt: skip
def test_commands_and_moments_of_their_protocol(command: str, protocol: str | None) -> None:
    assert is_moment(command, protocol)


@pytest.mark.parametrize(
    ("command", "protocol"),
    [("FECTH", None), ("FETCH", "pop3"), ("RETR", "imap"), ("END-OF-DATA", "imap"), ("", None)],
)
def test_what_would_never_come(command: str, protocol: str | None) -> None:
    assert not is_moment(command, protocol)
