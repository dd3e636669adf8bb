"""Logging in by IMAP: SASL where the server has it, LOGIN where it is all there is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from desktopmail.net.errors import AuthenticationError, RefusedError
from desktopmail.net.imap_running import Running
from desktopmail.net.sasl import MechanismRefusedError, agree, authenticate, can_bind
from desktopmail.wire.errors import LocalProtocolError, RemoteProtocolError
from desktopmail.wire.imap.authenticate import Authenticate
from desktopmail.wire.imap.codes import Code
from desktopmail.wire.imap.login import Login
from desktopmail.wire.sasl.policy import Choice, choose, exposure_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktopmail.net.endpoint import Endpoint
    from desktopmail.net.imap_dialogue import Dialogue
    from desktopmail.net.ports import Ports
    from desktopmail.net.tls import TlsInfo
    from desktopmail.wire.imap.condition import Tagged
    from desktopmail.wire.secret import Secret

_AUTH: Final = "AUTH="
_BY_COMMAND: Final = frozenset({"auto", "plain", "login"})
LOGIN_COMMAND: Final = "LOGIN (command)"
"""The name of IMAP's own LOGIN in a `Choice`; the SASL mechanism LOGIN is another thing."""
_LATER: Final = frozenset({Code.UNAVAILABLE, Code.INUSE, Code.LIMIT, Code.SERVERBUG})
_OTHER_MECHANISM: Final = frozenset({Code.CANNOT, Code.PRIVACYREQUIRED})


class _Carrier:
    """Carries a SASL exchange over AUTHENTICATE (RFC 9051 section 6.2.2)."""

    def __init__(self, dialogue: Dialogue) -> None:
        self._dialogue = dialogue
        self._running: Running | None = None

    @property
    def sends_initial(self) -> bool:
        """Whether the server takes an initial response (SASL-IR)."""
        return self._dialogue.machine.offers("SASL-IR")

    async def begin(self, mechanism: str, initial: bytes | None, mask: str) -> bytes | None:
        """Send the command."""
        del mask  # The machine masks every initial response in the same way.
        self._running = self._dialogue.ask(Running(Authenticate(mechanism, initial)))
        return await self._challenge(self._running)

    async def answer(self, response: bytes, mask: str) -> bytes | None:
        """Send a response."""
        if self._running is None:
            raise LocalProtocolError("no exchange has begun")
        self._dialogue.machine.send_response(response, mask=mask)
        self._dialogue.flush()
        return await self._challenge(self._running)

    async def cancel(self) -> None:
        """Give the exchange up and wait for the refusal."""
        running = self._running
        if running is None or running.ended.done():
            return
        self._dialogue.machine.cancel_authentication()
        self._dialogue.flush()
        await running.ended

    async def _challenge(self, running: Running) -> bytes | None:
        while not running.challenges and not running.ended.done():
            await running.changed()
        if running.challenges:
            return running.challenges.popleft()
        tagged = running.ended.result()
        if tagged.is_ok:
            return None
        raise MechanismRefusedError(
            tagged.text or tagged.condition.name,
            unavailable=tagged.code in _OTHER_MECHANISM,
            temporary=tagged.code in _LATER,
        )


def ways(dialogue: Dialogue, auth: str = "auto") -> list[Choice]:
    """Return how one can log in, best first, with what each way exposes.

    IMAP's own LOGIN counts where no mechanism fits, and the server does not forbid it.
    """
    tls = dialogue.stream.tls
    fits = _fits(_mechanisms(dialogue), tls, auth)
    if fits or auth.lower() not in _BY_COMMAND or dialogue.machine.offers("LOGINDISABLED"):
        return fits
    return [Choice(LOGIN_COMMAND, exposure_of("LOGIN", tls=tls is not None))]


def _fits(mechanisms: list[str], tls: TlsInfo | None, auth: str) -> list[Choice]:
    return choose(mechanisms, tls=tls is not None, auth=auth, binding=can_bind(tls, mechanisms))


def _mechanisms(dialogue: Dialogue) -> list[str]:
    offered = dialogue.machine.capabilities or frozenset()
    return [name.removeprefix(_AUTH) for name in offered if name.startswith(_AUTH)]


async def log_in(
    dialogue: Dialogue,
    endpoint: Endpoint,
    ports: Ports,
    user: str,
    secret: Secret,
    auth: str,
    consent: Callable[[Choice], None] = agree,
) -> Choice:
    """Log in with the best that both sides have; `consent` is told before anything is sent.

    Raises:
        AuthenticationError: Nothing fits, or the server said no.
        ProtocolViolationError: The server broke the mechanism; the connection has ended.
    """
    tls = dialogue.stream.tls
    mechanisms = _mechanisms(dialogue)
    fits = _fits(mechanisms, tls, auth)
    if not fits and auth.lower() in _BY_COMMAND:
        return await _by_command(dialogue, user, secret, consent)
    try:
        return await authenticate(
            _Carrier(dialogue),
            offered=mechanisms,
            user=user,
            secret=secret,
            auth=auth,
            tls=tls,
            host=endpoint.host,
            port=endpoint.port,
            ports=ports,
            consent=consent,
        )
    except RemoteProtocolError as error:
        # It broke the mechanism, or could not prove that it knows the password itself.
        raise dialogue.give_up(error) from error


async def _by_command(
    dialogue: Dialogue, user: str, secret: Secret, consent: Callable[[Choice], None]
) -> Choice:
    if dialogue.machine.offers("LOGINDISABLED"):
        raise AuthenticationError(
            f"{dialogue.where} takes no password here: LOGIN is disabled and no mechanism fits.",
            remedy="Turn on TLS or STARTTLS for this account.",
            code="no-mechanism",
        )
    choice = Choice(LOGIN_COMMAND, exposure_of("LOGIN", tls=dialogue.stream.tls is not None))
    consent(choice)
    try:
        await dialogue.answer(dialogue.ask(Running(Login(user, secret))))
    except RefusedError as refused:
        raise _refusal(dialogue, user, refused) from refused
    except LocalProtocolError as error:
        raise AuthenticationError(
            f"The name or password cannot be sent to {dialogue.where}: {error}.",
            remedy="Check them for characters that cannot be typed.",
        ) from error
    return choice


def _refusal(dialogue: Dialogue, user: str, refused: RefusedError) -> AuthenticationError:
    tagged: Tagged = refused.reply  # type: ignore[assignment]  # the dialogue puts it there
    later = tagged.code in _LATER
    return AuthenticationError(
        f"{dialogue.where} did not accept the login of {user}: {tagged.text}",
        remedy="Try again later." if later else "Check the user name and the password.",
        code="temporary" if later else "credentials",
        reply=tagged.text,
    )
