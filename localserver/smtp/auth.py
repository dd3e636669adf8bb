"""AUTH: a SASL exchange with the server's users (RFC 4954)."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from desktopmail.net.sasl import end_point, nonce, settle
from desktopmail.wire.sasl.policy import server_mechanism
from desktopmail.wire.sasl.server import Challenge, Failure, Success
from desktopmail.wire.smtp.reply import Reply, reply
from localserver.smtp.offer import may_send_password, mechanisms

if TYPE_CHECKING:
    from desktopmail.wire.sasl.server import Step
    from desktopmail.wire.smtp.auth import Auth, AuthCancel, AuthResponse
    from localserver.smtp.state import Session

# For these `Users.verify` counts and delays failures itself; the others are settled here.
_VERIFIED = frozenset({"PLAIN", "LOGIN"})


async def auth(session: Session, command: Auth) -> Reply:
    """Begin an exchange."""
    offered = mechanisms(session)
    if command.mechanism not in offered:
        if command.mechanism in _VERIFIED and not may_send_password(session):
            return reply(538, "Say STARTTLS first: no passwords in the clear", "5.7.11")
        return reply(504, "Unknown mechanism", "5.5.4")
    users, entropy = session.context.users, session.context.ports.entropy
    binding = end_point(session.stream.tls)
    plus = binding is not None and any(name.endswith("-PLUS") for name in offered)
    session.mechanism = server_mechanism(
        command.mechanism,
        nonce=nonce(entropy),
        challenge=_challenge(session),
        bindings=(binding,) if plus and binding is not None else (),
        decoy_key=users.decoy_key,
        decoy_iterations=users.decoy_iterations,
    )
    return await _go_on(session, session.mechanism.start(command.initial))


async def response(session: Session, command: AuthResponse) -> Reply:
    """Take the client's answer to a challenge."""
    if session.mechanism is None:
        return reply(503, "No exchange is under way", "5.5.1")
    return await _go_on(session, session.mechanism.step(command.octets))


def cancel(session: Session, _command: AuthCancel) -> Reply:
    """End an exchange as the client wishes (section 4)."""
    session.mechanism = None
    return _refused(session, reply(501, "Cancelled", "5.7.0"))


def _challenge(session: Session) -> bytes:
    ports, config = session.context.ports, session.context.config
    number = int.from_bytes(ports.entropy.token(8), "big")
    return f"<{number}.{int(ports.clock.now().timestamp())}@{config.domain}>".encode()


async def _go_on(session: Session, step: Step) -> Reply:
    mechanism, users = session.mechanism, session.context.users
    if mechanism is None:
        return reply(503, "No exchange is under way", "5.5.1")
    peer = session.stream.peer
    outcome = await settle(mechanism, step, users.at(peer, session.stream.tls))
    if isinstance(outcome, Challenge):
        return Reply(334, (base64.b64encode(outcome.octets).decode(),))
    session.mechanism = None
    if isinstance(outcome, Failure) and outcome.malformed:
        return _refused(session, reply(501, "That is not how this mechanism works", "5.5.2"))
    if isinstance(outcome, Success) and _may_act(session, outcome):
        name = outcome.user
        if mechanism.name in _VERIFIED:
            session.user = users.find(name)
        else:
            session.user = await users.settle(name, ok=True, peer=peer)
        if session.user is not None:
            return reply(235, "Welcome", "2.7.0")
    elif mechanism.name not in _VERIFIED:
        await users.settle(outcome.user, ok=False, peer=peer)
    return _refused(session, reply(535, "Wrong user name or password", "5.7.8"))


def _may_act(session: Session, success: Success) -> bool:
    users = session.context.users
    return not success.authzid or users.canonical(success.authzid) == users.canonical(success.user)


def _refused(session: Session, refusal: Reply) -> Reply:
    """Count an exchange that ended without a login, whatever was wrong with it."""
    session.failures += 1
    if session.failures >= session.context.config.limits.failures:
        session.ending = True
        session.sent_away("too many failed logins")
        return reply(421, "Too many failed logins", "4.7.0")
    return refusal
