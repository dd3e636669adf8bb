"""LOGIN: name and password in two messages (draft-murchison-sasl-login), kept for old peers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.wire.errors import LocalProtocolError, RemoteProtocolError
from desktopmail.wire.sasl.client import ClientMechanism, encoded
from desktopmail.wire.sasl.server import (
    Challenge,
    Failure,
    NeedPassword,
    ServerMechanism,
    Step,
    Success,
    text,
)
from desktopmail.wire.secret import Secret

if TYPE_CHECKING:
    from typing import Final

NAME: Final = "LOGIN"


class LoginClient(ClientMechanism):
    """Answers the first challenge with the name and the second with the password.

    What the challenges say does not matter: servers write "Username:", "User Name" and worse.

    Raises:
        LocalProtocolError: Name or password hold a NUL, or are empty.
    """

    def __init__(self, user: str, password: Secret) -> None:
        super().__init__(NAME)
        if not user or not password:
            raise LocalProtocolError("LOGIN needs a user name and a password")
        if "\0" in user or "\0" in password.reveal():
            raise LocalProtocolError("LOGIN allows no NUL in a name or password")
        self._user, self._password = user, password
        self._answered = 0

    def initial_response(self) -> None:
        """Return None: the server asks first. Some servers misread a name sent with the command."""

    def respond(self, challenge: bytes) -> bytes:
        """Answer the name, then the password."""
        self._answered += 1
        if self._answered == 1:
            return encoded(self._user)
        if self._answered == 2:
            return encoded(self._password.reveal())
        raise RemoteProtocolError(
            f"LOGIN has two challenges; a third came ({len(challenge)} octets)"
        )

    def finish(self) -> None:
        """Blame a server that is satisfied before it was told the password."""
        if self._answered != 2:
            raise RemoteProtocolError("the server accepted LOGIN before it had the password")


class LoginServer(ServerMechanism):
    """Asks "Username:" and "Password:"; a name sent with the command is taken, as others do."""

    def __init__(self) -> None:
        super().__init__(NAME)
        self._user: str | None = None

    def start(self, initial: bytes | None) -> Step:
        """Ask for the name, unless it came along."""
        return Challenge(b"Username:") if initial is None else self.step(initial)

    def step(self, response: bytes) -> Step:
        """Take the name, then the password."""
        given = text(response)
        if not given:
            return Failure("empty, or not UTF-8", malformed=True)
        if self._user is None:
            self._user = given
            return Challenge(b"Password:")
        return NeedPassword(self._user, Secret(given))

    def password_verified(self, ok: bool) -> Step:
        """Learn whether the password was right."""
        user = self._user or ""
        return Success(user) if ok else Failure("wrong name or password", user=user)
