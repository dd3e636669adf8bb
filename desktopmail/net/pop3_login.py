"""Logging in to a POP3 server: which way is the best, and what a refusal means."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, cast

from desktopmail.net.errors import AuthenticationError, RefusedError
from desktopmail.net.sasl import MechanismRefusedError, agree, authenticate, can_bind
from desktopmail.wire.errors import LocalProtocolError, RemoteProtocolError
from desktopmail.wire.pop3 import reply as codes
from desktopmail.wire.pop3.apop import Apop
from desktopmail.wire.pop3.auth import Auth
from desktopmail.wire.pop3.events import Answered, Challenged
from desktopmail.wire.pop3.login import Pass, User
from desktopmail.wire.sasl.policy import Choice, Exposure, choose, exposure_of
from desktopmail.wire.sasl.saslprep import saslprep

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktopmail.net.endpoint import Endpoint
    from desktopmail.net.pop3_dialogue import Dialogue
    from desktopmail.net.ports import Ports
    from desktopmail.wire.pop3.capability import Capabilities
    from desktopmail.wire.pop3.reply import Reply
    from desktopmail.wire.secret import Secret

# Inside TLS, a server that keeps only a good hash is worth more than hiding the password from that
# server: APOP and CRAM-MD5 force it to keep the password itself. In the clear it is the other way
# round.
_IN_TLS = (
    Exposure.BOUND,
    Exposure.SCRAM,
    Exposure.TOKEN,
    Exposure.CLEAR_IN_TLS,
    Exposure.MD5_CHALLENGE,
    Exposure.NOTHING,
)
_IN_CLEAR = (
    Exposure.SCRAM,
    Exposure.MD5_CHALLENGE,
    Exposure.TOKEN_IN_CLEAR,
    Exposure.CLEAR,
    Exposure.NOTHING,
)

# Response code, our code, what to do (RFC 2449 section 8.1, RFC 3206 sections 4 and 5).
_REFUSALS = (
    (
        codes.IN_USE,
        "in-use",
        "Another program reads this mailbox by POP3; try again when it is done.",
    ),
    (codes.LOGIN_DELAY, "login-delay", "The server wants a pause between logins; try again later."),
    (codes.SYS_TEMP, "temporary", "The server cannot check passwords now; try again later."),
    (codes.SYS_PERM, "policy", "Ask the provider: the account needs attention."),
)


def ways(
    dialogue: Dialogue, capabilities: Capabilities, auth: str = "auto", *, allow_clear: bool = True
) -> list[Choice]:
    """Return how one can log in, best first, with what each way exposes.

    Args:
        dialogue: The session.
        capabilities: What the server announced.
        auth: As `Pop3Client.login` takes it.
        allow_clear: False leaves out what could be read on the way.
    """
    tls = dialogue.stream.tls
    found = choose(
        capabilities.sasl,
        tls=tls is not None,
        auth=auth,
        binding=can_bind(tls, capabilities.sasl),
        allow_clear=allow_clear,
    )
    asked = auth.lower()
    # A server without CAPA knows at least USER, or APOP.
    has_user = "USER" in capabilities or not capabilities
    if asked in {"auto", "plain", "user"} and has_user and (allow_clear or tls is not None):
        found.append(Choice("USER", exposure_of("USER", tls=tls is not None)))
    greeting = dialogue.machine.greeting
    if asked in {"auto", "apop"} and greeting is not None and greeting.timestamp is not None:
        found.append(Choice("APOP", exposure_of("APOP", tls=tls is not None)))
    order = _IN_CLEAR if tls is None else _IN_TLS
    return sorted(found, key=lambda choice: order.index(choice.exposure))


class Login:
    """One login.

    Args:
        dialogue: The session.
        capabilities: What the server announced.
        endpoint: Where we connected to.
        ports: For nonces and the thread of SCRAM.
        user: Name.
        secret: Password or token.
    """

    def __init__(
        self,
        dialogue: Dialogue,
        capabilities: Capabilities,
        endpoint: Endpoint,
        ports: Ports,
        user: str,
        secret: Secret,
    ) -> None:
        self._dialogue = dialogue
        self._capabilities = capabilities
        self._endpoint = endpoint
        self._ports = ports
        self._user = user
        self._secret = secret

    async def run(
        self, auth: str, *, allow_clear: bool, consent: Callable[[Choice], None] = agree
    ) -> Choice:
        """Log in by the best way; a refusal is final. `consent` is told before anything is sent.

        Raises:
            AuthenticationError: Nothing fits, or the server said no.
            NetError: The session is over.
        """
        best = self._best(auth, allow_clear=allow_clear)
        dialogue = self._dialogue
        password = self._secret.reveal().encode("utf-8", "replace")
        # A server that says "unknown command: PASS hunter2" must not bring it into the transcript.
        dialogue.echoes = (password, base64.b64encode(password)) if len(password) > 3 else ()
        carrier = Carrier(dialogue)
        try:
            if best.mechanism == "APOP":
                consent(best)
                await self._apop()
            elif best.mechanism == "USER":
                consent(best)
                await self._user_and_pass()
            else:
                best = await self._sasl(carrier, auth, allow_clear=allow_clear, consent=consent)
        except RefusedError as refused:
            raise self._refused(cast("Reply", refused.reply)) from refused
        except AuthenticationError as error:
            if carrier.refusal is None:
                raise
            raise self._refused(carrier.refusal) from error
        except RemoteProtocolError as error:
            dialogue.stream.abort()
            raise dialogue.violation(error) from error
        except LocalProtocolError as error:
            raise AuthenticationError(
                f"This name or password cannot be sent by {best.mechanism}: {error}.",
                remedy="Check both.",
            ) from error
        finally:
            dialogue.echoes = ()
        return best

    def _best(self, auth: str, *, allow_clear: bool) -> Choice:
        dialogue = self._dialogue
        found = ways(dialogue, self._capabilities, auth, allow_clear=allow_clear)
        if found:
            return found[0]
        if not allow_clear and ways(dialogue, self._capabilities, auth):
            raise AuthenticationError(
                f"{dialogue.where} takes passwords in the clear only, and that is not allowed.",
                remedy="Switch TLS or STARTTLS on.",
                code="no-mechanism",
            )
        remedy = "Choose another way to log in."
        if dialogue.stream.tls is None:
            remedy = "Switch TLS or STARTTLS on: it may offer more there."
        raise AuthenticationError(
            f"{dialogue.where} offers no way to log in that “{auth}” allows.",
            remedy=remedy,
            code="no-mechanism",
        )

    async def _apop(self) -> None:
        name, password = self._prepared()
        greeting = self._dialogue.machine.greeting
        if greeting is None:
            raise LocalProtocolError("there was no greeting")
        await self._dialogue.ask(Apop(name, greeting.apop_digest(password.encode())))

    async def _user_and_pass(self) -> None:
        self._prepared()
        await self._dialogue.ask(User(self._user))
        await self._dialogue.ask(Pass(self._secret))

    def _prepared(self) -> tuple[str, str]:
        # RFC 6856 section 2.2: UTF-8 only where the server said so, and SASLprep before the digest.
        password = self._secret.reveal()
        if self._user.isascii() and password.isascii():
            return self._user, password
        if not self._capabilities.takes_utf8_names:
            raise AuthenticationError(
                f"{self._dialogue.where} takes only ASCII in names and passwords.",
                remedy="Choose a password without umlauts and the like, or another way to log in.",
                code="no-mechanism",
            )
        try:
            return saslprep(self._user), saslprep(password, stored=True)
        except ValueError as error:
            raise AuthenticationError(
                f"This name or password has characters that no server takes: {error}.",
                remedy="Check both.",
            ) from error

    async def _sasl(
        self, carrier: Carrier, auth: str, *, allow_clear: bool, consent: Callable[[Choice], None]
    ) -> Choice:
        return await authenticate(
            carrier,
            # All of them: whoever leaves -PLUS out tells a SCRAM server that it was not offered.
            offered=self._capabilities.sasl,
            user=self._user,
            secret=self._secret,
            auth=auth,
            tls=self._dialogue.stream.tls,
            host=self._endpoint.host,
            port=self._endpoint.port,
            ports=self._ports,
            allow_clear=allow_clear,
            consent=consent,
        )

    def _refused(self, reply: Reply) -> AuthenticationError:
        where = self._dialogue.where
        for code, name, remedy in _REFUSALS:
            if reply.has(code):
                return AuthenticationError(
                    f"{where} did not log {self._user} in: {str(reply).removesuffix('.')}.",
                    remedy=remedy,
                    code=name,
                    reply=str(reply),
                )
        return AuthenticationError(
            f"{where} refused the login of {self._user}: {str(reply).removesuffix('.')}.",
            remedy="Check the user name and the password.",
            reply=str(reply),
        )


class Carrier:
    """Carries a SASL exchange in AUTH (RFC 5034).

    Attributes:
        refusal: The -ERR that ended it, or None.
    """

    sends_initial = True

    def __init__(self, dialogue: Dialogue) -> None:
        self._dialogue = dialogue
        self.refusal: Reply | None = None

    async def begin(self, mechanism: str, initial: bytes | None, mask: str) -> bytes | None:
        """Send AUTH; an initial response that is too long for its line goes behind it."""
        dialogue = self._dialogue
        await dialogue.drain_answers()
        command = Auth(mechanism, initial, mask)
        if initial is not None and not command.fits:
            dialogue.send(Auth(mechanism))
            challenge = await self._outcome()
            return challenge if challenge is None else await self.answer(initial, mask)
        dialogue.send(command)
        return await self._outcome()

    async def answer(self, response: bytes, mask: str) -> bytes | None:
        """Send a response."""
        self._dialogue.machine.respond(response, mask)
        return await self._outcome()

    async def cancel(self) -> None:
        """Send "*" and read the refusal behind it."""
        self._dialogue.machine.cancel()
        await self._dialogue.next_event("AUTH")

    async def _outcome(self) -> bytes | None:
        event = await self._dialogue.next_event("AUTH")
        if isinstance(event, Challenged):
            return event.octets
        reply = cast("Answered", event).reply
        if reply.ok:
            return None
        self.refusal = reply
        temporary = any(reply.has(code) for code in (codes.SYS_TEMP, codes.IN_USE))
        raise MechanismRefusedError(str(reply), temporary=temporary)
