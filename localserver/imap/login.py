"""LOGIN and AUTHENTICATE: who the client is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.net.sasl import end_point, nonce, settle
from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.imap.codes import Code
from desktopmail.wire.imap.condition import Condition, Continue, Tag
from desktopmail.wire.imap.server import BadCommand, ContinuationReceived
from desktopmail.wire.sasl.policy import server_mechanism
from desktopmail.wire.sasl.server import Challenge, Failure, ServerMechanism, Step, Success
from localserver.imap import capability

if TYPE_CHECKING:
    from desktopmail.wire.imap.authenticate import Authenticate
    from desktopmail.wire.imap.login import Login
    from localserver.imap.session import ImapSession
    from localserver.users import User

_CHECKED_BY_PASSWORD = frozenset({"PLAIN", "LOGIN"})


async def handle_login(session: ImapSession, tag: Tag, command: Login) -> None:
    """Check a password."""
    if not capability.login_allowed(session):
        session.answer(
            tag, Condition.NO, "Start TLS first: passwords are not taken in the clear.",
            Code.PRIVACYREQUIRED,
        )  # fmt: skip
        return
    users = session.context.users
    password = command.password.reveal()
    user = await users.verify(command.user, password, peer=session.stream.peer)
    await _settle(session, tag, user)


async def handle_authenticate(session: ImapSession, tag: Tag, command: Authenticate) -> None:
    """Carry a SASL exchange to its end."""
    name = command.mechanism.upper()
    if name not in capability.mechanisms(session):
        session.answer(tag, Condition.NO, "This mechanism is not offered.", Code.CANNOT)
        return
    mechanism = _mechanism(session, name)
    step = await _settled(session, mechanism, mechanism.start(command.initial))
    while isinstance(step, Challenge):
        session.send(Continue(step.octets))
        await session.flush()
        event = await session.next_event()
        if isinstance(event, BadCommand):
            session.recorder.record("C", f"{event.tag} (not understood)\r\n".encode())
            session.send(event.refusal)
            _count_failure(session)
            return
        if not isinstance(event, ContinuationReceived):
            session.end()
            return
        session.recorder.record("C", b"*\r\n" if event.response is None else b"<response>\r\n")
        if event.response is None:
            session.answer(tag, Condition.BAD, "You gave the exchange up.")
            _count_failure(session)
            return
        try:
            step = await _settled(session, mechanism, mechanism.step(event.response))
        except LocalProtocolError:
            step = Failure("the client said more than the mechanism has to say", malformed=True)
    user = await _outcome(session, name, step)
    if isinstance(step, Failure) and step.malformed:
        session.answer(tag, Condition.BAD, "That is not how this mechanism works.")
        _count_failure(session)
        return
    await _settle(session, tag, user)


def _mechanism(session: ImapSession, name: str) -> ServerMechanism:
    ports, users = session.context.ports, session.context.users
    binding = end_point(session.stream.tls)
    stamp = int.from_bytes(ports.entropy.token(6), "big")
    challenge = f"<{stamp}.{ports.clock.now().timestamp():.0f}@{session.context.config.domain}>"
    offers_plus = any(each.endswith("-PLUS") for each in capability.mechanisms(session))
    return server_mechanism(
        name,
        nonce=nonce(ports.entropy),
        challenge=challenge.encode(),
        bindings=(binding,) if binding is not None and offers_plus else (),
        decoy_key=users.decoy_key,
        decoy_iterations=users.decoy_iterations,
    )


async def _settled(session: ImapSession, mechanism: ServerMechanism, step: Step) -> Step:
    return await settle(
        mechanism, step, session.context.users.at(session.stream.peer, session.stream.tls)
    )


async def _outcome(session: ImapSession, name: str, step: Step) -> User | None:
    users, peer = session.context.users, session.stream.peer
    if isinstance(step, Success):
        if step.authzid and users.canonical(step.authzid) != users.canonical(step.user):
            return None  # nobody may act for others
        if name in _CHECKED_BY_PASSWORD:
            return users.find(step.user)
        return await users.settle(step.user, True, peer=peer)
    if isinstance(step, Failure) and name not in _CHECKED_BY_PASSWORD and not step.malformed:
        await users.settle(step.user, False, peer=peer)
    return None


async def _settle(session: ImapSession, tag: Tag, user: User | None) -> None:
    if user is None:
        session.answer(
            tag, Condition.NO, "The name or the password is wrong.", Code.AUTHENTICATIONFAILED
        )
        _count_failure(session)
        return
    await session.log_in(user)
    session.answer(tag, Condition.OK, "You are logged in.", capability.code(session))


def _count_failure(session: ImapSession) -> None:
    """Count an attempt that ended without a login, whatever was wrong with it."""
    session.failures += 1
    if session.failures >= session.context.config.limits.failures:
        session.sent_away("too many failed logins")
        session.say_goodbye("Too many failed logins.")
