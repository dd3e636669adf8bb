"""Who may log in, and who receives the mail for an address.

Logins `alice` and `alice@DOMAIN` are one. How secrets are kept is for `credentials.py`
(in memory) and `credential_table.py` (at rest: Argon2id, SCRAM verifiers); this file knows names,
addresses and what happens after wrong passwords.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from desktopmail.net.sasl import end_point
from desktopmail.wire.sasl.policy import offer
from localserver.changes import Changes
from localserver.config import is_loopback
from localserver.identities import Identities

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from desktopmail.net.ports import Clock
    from desktopmail.net.tls import TlsInfo
    from desktopmail.wire.sasl.server import ScramVerifier
    from localserver.config import Config

# A name is a dot-atom (RFC 5322 section 3.2.3) or the same in UTF-8 (RFC 6531), so that it is a
# local part without quotes, and never a path.
_NAME = re.compile(r"[\w!#$&'*=?^`{|}~-]+(?:\.[\w!#$&'*=?^`{|}~-]+)*")
MAX_NAME_OCTETS = 64

# Failures are remembered for ten minutes; twenty of one address for one name, and further attempts
# are refused without a check until the oldest is forgotten.
_WINDOW_S = 600.0
_MOST_FAILURES = 20
_MOST_DELAY_S = 10.0
_MOST_REMEMBERED = 10_000

_ADD_IT = "add it with `localserver user add` or --user NAME:PASSWORD"


class UserError(Exception):
    """A user cannot be added, changed or removed; `str(error)` is one sentence."""


@dataclass(frozen=True, slots=True)
class User:
    """One user.

    Attributes:
        name: Canonical: lower case, without a domain.
        address: `name@DOMAIN`.
        quota_octets: The user's own limit, or None for the server's.
    """

    name: str
    address: str
    quota_octets: int | None = None


class Credentials(Protocol):
    """How secrets are kept. Names are canonical."""

    def names(self) -> list[str]:
        """Every user's name, sorted."""

    def has(self, name: str) -> bool:
        """Whether there is a user of that name."""

    async def check(self, name: str, password: str) -> bool:
        """Whether it is the user's password; costs the same for a name that does not exist."""

    def recoverable(self, name: str) -> bytes | None:
        """The secret of APOP and CRAM-MD5, or None."""

    @property
    def has_recoverable(self) -> bool:
        """Whether anybody has a secret for APOP and CRAM-MD5."""

    def verifier(self, name: str, hash_name: str) -> ScramVerifier | None:
        """The SCRAM verifier for `sha1` or `sha256`, or None."""

    def quota_octets(self, name: str) -> int | None:
        """The user's own limit, or None."""

    @property
    def iterations(self) -> int:
        """Of PBKDF2 in the verifiers, so that unknown users look like known ones."""

    def is_kept(self, name: str) -> bool:
        """Whether the user is still there when the server has ended."""

    def reset(self) -> None:
        """Return to the users of the start; those at rest stay."""

    async def put(self, name: str, password: str) -> None:
        """Add a user, or give one a new password."""

    async def set_quota(self, name: str, octets: int | None) -> None:
        """Give a user a limit of their own, or with None the server's."""

    async def make_application_password(self, name: str) -> str:
        """Make, keep and return a separate secret for APOP and CRAM-MD5.

        Raises:
            UserError: The user needs none.
        """

    async def remove_application_password(self, name: str) -> None:
        """Forget that secret."""

    async def remove(self, name: str) -> None:
        """Forget a user."""


class Users:
    """All users of the server.

    Args:
        config: Domain, aliases and catch-all.
        credentials: The secrets.
        clock: Measures the delay after failures.
        decoy_key: Secret of this server, from which unknown users get their SCRAM salt.
        failure_delay_s: Waited after the first wrong password; doubled with each further one.
        changes: Is told who was added, changed or removed.
    """

    def __init__(
        self,
        config: Config,
        credentials: Credentials,
        clock: Clock,
        *,
        decoy_key: bytes,
        failure_delay_s: float = 0.5,
        changes: Changes | None = None,
    ) -> None:
        self.decoy_key = decoy_key
        self.identities = Identities(config)
        self._changes = Changes() if changes is None else changes
        self._config = config
        self._local_domains = config.local_domains
        self._credentials = credentials
        self._clock = clock
        self._failure_delay_s = failure_delay_s
        self._failures: dict[tuple[str, str], deque[float]] = {}
        self._told: list[Callable[[str, User], None]] = []

    # ---- logging in

    @property
    def decoy_iterations(self) -> int:
        """How many iterations unknown users seem to have: as many as the others."""
        return self._credentials.iterations

    def at(self, peer: str, tls: TlsInfo | None = None) -> UsersAt:
        """Return the users as `net.sasl.settle` wants them, for a session with that peer."""
        return UsersAt(self, peer, tls)

    def mechanisms(self, tls: TlsInfo | None, *, allow_clear: bool) -> tuple[str, ...]:
        """Return the SASL mechanisms that can work on a connection, best first.

        Args:
            tls: Of the connection, or None in the clear.
            allow_clear: A password may come readably.
        """
        return offer(
            tls=tls is not None,
            allow_clear=allow_clear,
            secrets=self.has_secrets,
            tokens=self.identities.has_tokens,
            binding=end_point(tls) is not None,
            external=tls is not None and self.of_certificate(tls.peer_certificate) is not None,
            anonymous=self.identities.anonymous is not None,
        )

    def of_certificate(self, der: bytes | None) -> User | None:
        """Return the user that a client's certificate names, or None."""
        found = (self.find(name) for name in self.identities.of_certificate(der))
        return next((user for user in found if user is not None), None)

    def on_login(self, told: Callable[[str, User], None]) -> None:
        """Call `told` with the peer and the user after each login."""
        self._told.append(told)

    async def verify(self, name: str, password: str, *, peer: str = "") -> User | None:
        """Check a password; a wrong one costs time, and too many are refused unseen.

        Args:
            name: `alice` or `alice@DOMAIN`, in any case.
            password: As the client sent it.
            peer: `stream.peer`: failures are counted per address and name.

        Returns:
            The user, or None; never says whether there is such a user.
        """
        canonical = self.canonical(name)
        if self._is_shut_out(canonical, peer):
            await self._clock.sleep(self._failure_delay_s)
            return None
        ok = await self._credentials.check(canonical or "", password)
        return await self.settle(name, ok, peer=peer)

    async def settle(self, name: str, ok: bool, *, peer: str = "") -> User | None:
        """Count the outcome of a challenge mechanism (SCRAM, CRAM-MD5, APOP); a failure is delayed.

        Returns:
            The user when `ok` and not shut out, else None.
        """
        canonical = self.canonical(name)
        if ok and canonical is not None and not self._is_shut_out(canonical, peer):
            self._failures.pop((canonical, _host(peer)), None)
            user = self.find(canonical)
            if user is not None:
                for told in self._told:
                    told(peer, user)
                return user
        await self._clock.sleep(self._count_failure(canonical, peer))
        return None

    @property
    def has_secrets(self) -> bool:
        """Whether APOP and CRAM-MD5 can work for anybody; clients prefer them when offered."""
        return self._credentials.has_recoverable

    def secret(self, name: str) -> bytes | None:
        """Return the recoverable secret for APOP and CRAM-MD5, or None when the user has none."""
        canonical = self.canonical(name)
        return self._credentials.recoverable(canonical) if canonical is not None else None

    def scram(self, name: str, hash_name: str) -> ScramVerifier | None:
        """Return the verifier for `sha1` or `sha256`, or None."""
        canonical = self.canonical(name)
        return self._credentials.verifier(canonical, hash_name) if canonical is not None else None

    # ---- names and addresses

    def canonical(self, name: str) -> str | None:
        """Return the user name in `alice`, `Alice` or `alice@DOMAIN`, or None for a foreign domain.

        The user need not exist.
        """
        local, at, domain = name.strip().rpartition("@")
        if not at:
            return domain.lower()
        return local.lower() if domain.lower() in self._local_domains else None

    def find(self, name: str) -> User | None:
        """Return the user of that name or login address, or None."""
        canonical = self.canonical(name)
        if canonical is None or not self._credentials.has(canonical):
            return None
        own = self._credentials.quota_octets(canonical)
        return User(canonical, f"{canonical}@{self._config.domain}", own)

    def all(self) -> list[User]:
        """Return every user, by name."""
        return [user for name in self._credentials.names() if (user := self.find(name))]

    def is_local(self, address: str) -> bool:
        """Whether mail for this address is kept here: its domain is ours, or it has none."""
        _, at, domain = address.rpartition("@")
        return not at or domain.lower().strip("[]") in self._local_domains

    def resolve(self, address: str) -> list[User]:
        """Return who receives the mail for an address.

        Exact names go first, then aliases, plus addressing (`alice+list` is alice), `postmaster`
        and `abuse` (the first user unless there is an alias), and the catch-all.

        Returns:
            No users for a foreign address and for an unknown local one.
        """
        if not self.is_local(address):
            return []
        local = address.rpartition("@")[0] if "@" in address else address
        if local.startswith('"') and local.endswith('"') and len(local) > 1:
            local = re.sub(r"\\(.)", r"\1", local[1:-1])
        found = self._named(local.lower(), set())
        if not found and self._config.catch_all:
            found = self._named(self.canonical(self._config.catch_all) or "", set())
        return found

    def _named(self, local: str, seen: set[str]) -> list[User]:
        if local in seen:
            return []
        seen.add(local)
        user = self.find(local)
        if user is not None:
            return [user]
        targets = self._config.aliases.get(local)
        if targets is not None:
            return self._together(targets, seen)
        base, plus, _ = local.partition("+")
        if plus and base:
            return self._named(base, seen)
        if local in {"postmaster", "abuse"}:  # RFC 5321 section 4.5.1: postmaster always exists
            return self.all()[:1]
        return []

    def _together(self, targets: Iterable[str], seen: set[str]) -> list[User]:
        users: dict[str, User] = {}
        for target in targets:
            name = self.canonical(target)
            for user in self._named(name, seen) if name is not None else []:
                users[user.name] = user
        return list(users.values())

    def check_configured(self) -> None:
        """Refuse a configuration that leads mail or logins to users who are not there.

        Raises:
            UserError: The catch-all user, the anonymous one or the target of an alias is unknown.
        """
        name = self._config.catch_all
        if name is not None and not self._named(self.canonical(name) or "", set()):
            raise UserError(f"The catch-all user {name!r} does not exist: {_ADD_IT}.")
        name = self._config.anonymous
        if name is not None and self.find(name) is None:
            raise UserError(f"The anonymous user {name!r} does not exist: {_ADD_IT}.")
        for alias, targets in self._config.aliases.items():
            for target in targets:
                if not self._named(self.canonical(target) or "", {alias}):
                    raise UserError(
                        f"The alias {alias!r} leads to {target!r}, who is no user here: {_ADD_IT}, "
                        "or change the alias."
                    )

    # ---- changing them

    async def put(self, name: str, password: str) -> User:
        """Add a user, or give one a new password.

        Raises:
            UserError: The name or the password cannot be one.
        """
        canonical = self.canonical(name)
        if canonical is None:
            raise UserError(f"{name!r} is not an address of this server's domains.")
        check_name(canonical)
        if not password or "\0" in password or "\n" in password or "\r" in password:
            raise UserError("A password must not be empty and has neither line ends nor NUL.")
        await self._credentials.put(canonical, password)
        user = self.find(canonical)
        if user is None:
            raise UserError(f"{name!r} could not be stored.")
        self._changes.tell("user", name=user.name)
        return user

    async def remove(self, name: str) -> None:
        """Remove a user; the mail stays where it is.

        Raises:
            UserError: There is no such user.
        """
        user = self.known(name)
        await self._credentials.remove(user.name)
        self._changes.tell("user", name=user.name)

    async def set_quota(self, name: str, octets: int | None) -> None:
        """Give a user a limit of their own, or with None the server's.

        Raises:
            UserError: There is no such user, or the limit is none.
        """
        user = self.known(name)
        if octets is not None and not 0 < octets < 1 << 63:
            raise UserError("A quota is a number of octets, at least 1.")
        await self._credentials.set_quota(user.name, octets)
        self._changes.tell("user", name=user.name)

    async def make_application_password(self, name: str) -> str:
        """Make, keep and return a separate secret for APOP and CRAM-MD5.

        Raises:
            UserError: There is no such user, or one who needs none.
        """
        return await self._credentials.make_application_password(self.known(name).name)

    async def remove_application_password(self, name: str) -> None:
        """Forget the separate secret for APOP and CRAM-MD5.

        Raises:
            UserError: There is no such user, or one who has none.
        """
        await self._credentials.remove_application_password(self.known(name).name)

    def is_kept(self, name: str) -> bool:
        """Whether a user is still there when the server has ended."""
        return self._credentials.is_kept(self.canonical(name) or "")

    def known(self, name: str) -> User:
        """Return the user of that name or login address.

        Raises:
            UserError: There is none.
        """
        user = self.find(name)
        if user is None:
            raise UserError(f"There is no user {name!r}.")
        return user

    def reset(self) -> None:
        """Return to the users of the start, but for those at rest, and forget wrong passwords."""
        before = {user.name for user in self.all()}
        self._credentials.reset()
        self._failures.clear()
        for name in before ^ {user.name for user in self.all()}:
            self._changes.tell("user", name=name)

    # ---- after wrong passwords

    def _is_shut_out(self, name: str | None, peer: str) -> bool:
        failures = self._failures.get((name or "", _host(peer)))
        if failures is None:
            return False
        self._forget_old(failures)
        return len(failures) >= _MOST_FAILURES

    def _count_failure(self, name: str | None, peer: str) -> float:
        if len(self._failures) >= _MOST_REMEMBERED:
            del self._failures[next(iter(self._failures))]
        failures = self._failures.setdefault((name or "", _host(peer)), deque())
        self._forget_old(failures)
        failures.append(self._clock.monotonic())
        return min(self._failure_delay_s * 2.0 ** min(len(failures) - 1, 16), _MOST_DELAY_S)

    def _forget_old(self, failures: deque[float]) -> None:
        while failures and failures[0] < self._clock.monotonic() - _WINDOW_S:
            failures.popleft()


@dataclass(frozen=True, slots=True)
class UsersAt:
    """The users as one session asks for them.

    Attributes:
        users: All of them.
        peer: The session's `stream.peer`.
        tls: The session's `stream.tls`.
    """

    users: Users
    peer: str
    tls: TlsInfo | None = None

    def token(self, name: str, token: str) -> str | None:
        """Return whose token it is; a name that comes with it has to be that user's."""
        user = self.users.find(self.users.identities.of_token(token) or "")
        if user is None or (name and self.users.canonical(name) != user.name):
            return None
        return user.name

    def external(self) -> str | None:
        """Return the user that the client's certificate proves, or None."""
        user = self.users.of_certificate(None if self.tls is None else self.tls.peer_certificate)
        return None if user is None else user.name

    def anonymous(self) -> str | None:
        """Return whose mail an anonymous client sees, or None."""
        return self.users.identities.anonymous

    async def verify(self, name: str, password: str) -> User | None:
        """Check a password; a wrong one is counted against the peer."""
        return await self.users.verify(name, password, peer=self.peer)

    def secret(self, name: str) -> bytes | None:
        """Return the recoverable secret, or None."""
        return self.users.secret(name)

    def scram(self, name: str, hash_name: str) -> ScramVerifier | None:
        """Return the SCRAM verifier, or None."""
        return self.users.scram(name, hash_name)


def check_name(name: str) -> None:
    """Refuse a name that cannot be a user's.

    Raises:
        UserError: It is empty, too long, or not a local part without quotes.
    """
    if not _NAME.fullmatch(name) or len(name.encode()) > MAX_NAME_OCTETS:
        raise UserError(
            f"{name!r} cannot be a user name: letters, digits and !#$&'*=?^`{{|}}~-_ in parts "
            f"divided by single dots, {MAX_NAME_OCTETS} octets at most."
        )


def _host(peer: str) -> str:
    return "loopback" if is_loopback(peer) else peer.rpartition(":")[0] or peer
