"""USER and PASS, APOP, and AUTH."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.net.sasl import end_point, nonce, settle
from desktopmail.wire.pop3.apop import Apop, make_timestamp
from desktopmail.wire.pop3.auth import Auth, AuthList
from desktopmail.wire.pop3.login import Pass, User
from desktopmail.wire.pop3.reply import error, ok
from desktopmail.wire.sasl.policy import server_mechanism
from desktopmail.wire.sasl.saslprep import saslprep
from desktopmail.wire.sasl.server import Challenge, Failure, Success

if TYPE_CHECKING:
    from desktopmail.wire.pop3.table import AnyCommand
    from desktopmail.wire.sasl.server import ServerMechanism
    from localserver.pop3.session import Session
    from localserver.users import User as Account

# Checked by `Users.verify`, which counts failures and delays by itself.
_BY_PASSWORD = frozenset({"PLAIN", "LOGIN"})


def may_send_password(session: Session) -> bool:
    """Whether a password may come readably over this connection."""
    return session.context.config.login_allowed(
        tls=session.stream.tls is not None, peer=session.stream.peer
    )


def mechanisms(session: Session) -> tuple[str, ...]:
    """Return the SASL mechanisms that are offered now."""
    names = session.context.users.mechanisms(
        session.stream.tls, allow_clear=may_send_password(session)
    )
    return tuple(name for name in names if not session.faults.hides(f"AUTH={name}"))


async def execute(session: Session, command: AnyCommand) -> None:
    """Answer one of the commands of the AUTHORIZATION state."""
    match command:
        case User():
            _take_name(session)
        case Pass(password):
            await _check_password(session, password.reveal())
        case Apop():
            await _check_apop(session, command)
        case Auth():
            await _exchange(session, command)
        case AuthList():
            lines = "".join(f"{name}\r\n" for name in mechanisms(session))
            session.machine.send_listing(ok("Mechanisms follow."), lines.encode())
        case _:
            session.machine.send(error("This is no way to log in."))


def _take_name(session: Session) -> None:
    if session.faults.hides("USER"):
        session.machine.send(error("USER is not served here."))
    elif not may_send_password(session):
        session.machine.send(error("A password is not taken in the clear; use STLS first."))
    else:
        # The same for names that nobody has (RFC 1939 section 13).
        session.machine.send(ok("Now the password."))


async def _check_password(session: Session, password: str) -> None:
    user = None
    try:
        # RFC 6856 section 2.2: both are prepared, and what cannot be is nobody's.
        name, password = saslprep(session.machine.user or ""), saslprep(password)
    except ValueError:
        name = ""
    user = await session.context.users.verify(name, password, peer=session.stream.peer)
    await _finish(session, user)


async def _check_apop(session: Session, command: Apop) -> None:
    if session.timestamp is None:
        session.machine.send(error("APOP is not served here."))
        return
    users = session.context.users
    try:
        name = saslprep(command.name)
    except ValueError:
        name = ""
    proved = command.proves(session.timestamp, users.secret(name))
    await _finish(session, await users.settle(name, proved, peer=session.stream.peer))


async def _exchange(session: Session, command: Auth) -> None:
    if command.mechanism not in mechanisms(session):
        session.machine.send(error("This mechanism is not offered."))
        return
    outcome = await _negotiate(session, _mechanism(session, command.mechanism), command.initial)
    if outcome is None:
        await session.login_failed(error("AUTH was cancelled."))
        return
    users, peer = session.context.users, session.stream.peer
    name = outcome.user
    accepted = isinstance(outcome, Success) and _acts_as_itself(session, outcome)
    if command.mechanism in _BY_PASSWORD:
        await _finish(session, users.find(name) if accepted else None)
    else:
        await _finish(session, await users.settle(name, accepted, peer=peer))


def _mechanism(session: Session, name: str) -> ServerMechanism:
    context = session.context
    entropy = context.ports.entropy
    binding = end_point(session.stream.tls)
    offers_plus = any(each.endswith("-PLUS") for each in mechanisms(session))
    return server_mechanism(
        name,
        nonce=nonce(entropy),
        challenge=make_timestamp(
            int.from_bytes(entropy.token(6), "big"),
            int.from_bytes(entropy.token(8), "big"),
            context.config.domain,
        ),
        bindings=(binding,) if binding is not None and offers_plus else (),
        decoy_key=context.users.decoy_key,
        decoy_iterations=context.users.decoy_iterations,
    )


async def _negotiate(
    session: Session, mechanism: ServerMechanism, initial: bytes | None
) -> Success | Failure | None:
    credentials = session.context.users.at(session.stream.peer, session.stream.tls)
    step = await settle(mechanism, mechanism.start(initial), credentials)
    while isinstance(step, Challenge):
        session.machine.challenge(step.octets)
        response = await session.response()
        if response is None:
            return None
        step = await settle(mechanism, mechanism.step(response), credentials)
    return step


def _acts_as_itself(session: Session, outcome: Success) -> bool:
    users = session.context.users
    return not outcome.authzid or users.canonical(outcome.authzid) == users.canonical(outcome.user)


async def _finish(session: Session, user: Account | None) -> None:
    if user is None:
        await session.login_failed()
    else:
        session.machine.send(await session.open_maildrop(user))
