"""Fixtures of the bundled server for the tests of other programs.

`mail_server` is a running server with the users `alice` and `bob` (passwords `alice-secret` and
`bob-secret`); `@pytest.mark.mail_users(carol="…")` names others. `mailbox` is alice's INBOX.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from localserver.local import LocalServer, ReceivedMessage

USERS = {"alice": "alice-secret", "bob": "bob-secret"}


@dataclass(frozen=True, slots=True)
class LocalMailbox:
    """The INBOX of one user of a running server.

    Attributes:
        server: The server.
        user: Name to log in with.
        password: Password to log in with.
    """

    server: LocalServer
    user: str
    password: str

    @property
    def address(self) -> str:
        """Where mail for it goes."""
        return f"{self.user}@{self.server.domain}"

    @property
    def messages(self) -> list[ReceivedMessage]:
        """What lies in it."""
        return self.server.messages(self.user)

    def add(self, octets: bytes, *, flags: tuple[str, ...] = ()) -> int:
        """Put a message into it; returns its UID.

        Args:
            octets: The message; bare LF, as `EmailMessage.as_bytes()` has it, becomes CRLF.
            flags: Flags and keywords.
        """
        from localserver.exchange.foreign import with_crlf  # only who uses it pays for it

        return self.server.deliver(self.user, with_crlf(octets), flags=flags)

    def wait_for(self, subject: str | None = None, *, timeout_s: float = 5.0) -> ReceivedMessage:
        """Wait until a message is there.

        Raises:
            TimeoutError: It did not come.
        """
        return self.server.wait_for(to=self.user, subject=subject, timeout_s=timeout_s)


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers", "mail_users(**passwords): users of the mail_server fixture, by name"
    )


@pytest.fixture
def mail_server(request: pytest.FixtureRequest) -> Iterator[LocalServer]:
    """A mail server on free ports, in memory, gone after the test."""
    from localserver.local import LocalServer

    with LocalServer(users=_users(request)) as server:
        yield server


@pytest.fixture
def mailbox(request: pytest.FixtureRequest, mail_server: LocalServer) -> LocalMailbox:
    """The INBOX of the first user of `mail_server`."""
    user, password = next(iter(_users(request).items()))
    return LocalMailbox(mail_server, user, password)


def _users(request: pytest.FixtureRequest) -> dict[str, str]:
    marker = request.node.get_closest_marker("mail_users")
    return dict(marker.kwargs) if marker is not None else USERS
