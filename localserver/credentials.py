"""Secrets in memory, for tests, demos and the command line; and layers of secrets."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Final

from desktopmail.wire.sasl.saslprep import saslprep
from desktopmail.wire.sasl.scram import MIN_ITERATIONS, make_verifier
from desktopmail.wire.secret import Secret
from localserver.users import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from desktopmail.net.ports import Entropy
    from desktopmail.wire.sasl.server import ScramVerifier
    from localserver.users import Credentials

_SALT_OCTETS: Final = 16


class MemoryCredentials:
    """Plain passwords, gone with the process; no Argon2, so that a test server starts at once.

    Args:
        entropy: For salts.
        users: Names and passwords of the start, which `reset` returns to.
        iterations: Of PBKDF2 in the verifiers. The least there may be, because the passwords are in
            the same memory anyway; beside users at rest as many as theirs, so that nobody sees
            which users are which.
    """

    def __init__(
        self,
        entropy: Entropy,
        users: Mapping[str, str] | None = None,
        *,
        iterations: int = MIN_ITERATIONS,
    ) -> None:
        self._entropy = entropy
        self._first = {name: Secret(password) for name, password in (users or {}).items()}
        self._passwords = dict(self._first)
        self._verifiers: dict[tuple[str, str], ScramVerifier] = {}
        self._quotas: dict[str, int] = {}
        self._iterations = iterations

    @property
    def iterations(self) -> int:
        """Of PBKDF2 in the verifiers."""
        return self._iterations

    def names(self) -> list[str]:
        """Every user's name, sorted."""
        return sorted(self._passwords)

    def has(self, name: str) -> bool:
        """Whether there is a user of that name."""
        return name in self._passwords

    async def check(self, name: str, password: str) -> bool:
        """Whether it is the user's password."""
        secret = self._passwords.get(name)
        given = prepared(password).encode("utf-8", "replace")
        kept = prepared((secret or Secret("nobody has this one")).reveal()).encode()
        return hmac.compare_digest(given, kept) and secret is not None

    def recoverable(self, name: str) -> bytes | None:
        """The password itself."""
        secret = self._passwords.get(name)
        return None if secret is None else secret.reveal().encode()

    @property
    def has_recoverable(self) -> bool:
        """Everybody has one."""
        return bool(self._passwords)

    def verifier(self, name: str, hash_name: str) -> ScramVerifier | None:
        """Made when it is first asked for: two milliseconds with the least iterations."""
        secret = self._passwords.get(name)
        if secret is None:
            return None
        key = (name, hash_name)
        if key not in self._verifiers:
            salt = self._entropy.token(_SALT_OCTETS)
            self._verifiers[key] = make_verifier(secret, hash_name, salt, self._iterations)
        return self._verifiers[key]

    def quota_octets(self, name: str) -> int | None:
        """The user's own limit, or None."""
        return self._quotas.get(name)

    def reset(self) -> None:
        """Return to the users of the start."""
        self._passwords = dict(self._first)
        self._verifiers.clear()
        self._quotas.clear()

    def is_kept(self, name: str) -> bool:  # noqa: ARG002  the same for all
        """Whether the user is still there when the server has ended: never."""
        return False

    async def set_quota(self, name: str, octets: int | None) -> None:
        """Give a user a limit of their own, or with None the server's."""
        self._quotas.pop(name, None)
        if octets is not None:
            self._quotas[name] = octets

    async def make_application_password(self, name: str) -> str:
        """Refuse: APOP and CRAM-MD5 take the password itself here."""
        raise UserError(f"{name!r} was named for this run, and needs no other secret.")

    async def remove_application_password(self, name: str) -> None:
        """Refuse: there is none."""
        raise UserError(f"{name!r} was named for this run, and has no other secret.")

    async def put(self, name: str, password: str) -> None:
        """Add a user, or give one a new password."""
        self._passwords[name] = Secret(password)
        for key in [key for key in self._verifiers if key[0] == name]:
            del self._verifiers[key]

    async def remove(self, name: str) -> None:
        """Forget a user."""
        self._passwords.pop(name, None)
        self._quotas.pop(name, None)


class LayeredCredentials:
    """Users of the command line over users at rest; the first layer that has a name answers.

    Args:
        layers: New users go to the last.
    """

    def __init__(self, layers: Sequence[Credentials]) -> None:
        self._layers = layers

    @property
    def iterations(self) -> int:
        """Those of the users at rest."""
        return self._layers[-1].iterations

    def names(self) -> list[str]:
        """Every user's name, sorted."""
        return sorted({name for layer in self._layers for name in layer.names()})

    def has(self, name: str) -> bool:
        """Whether there is a user of that name."""
        return self._layer(name).has(name)

    async def check(self, name: str, password: str) -> bool:
        """Whether it is the user's password; a wrong one costs the same in each layer."""
        layer = self._layer(name)
        if await layer.check(name, password):
            return True
        if layer is not self._layers[-1]:
            await self._layers[-1].check("", password)  # as an unknown user would cost
        return False

    def recoverable(self, name: str) -> bytes | None:
        """The secret of APOP and CRAM-MD5, or None."""
        return self._layer(name).recoverable(name)

    @property
    def has_recoverable(self) -> bool:
        """Whether anybody has a secret for APOP and CRAM-MD5."""
        return any(layer.has_recoverable for layer in self._layers)

    def verifier(self, name: str, hash_name: str) -> ScramVerifier | None:
        """The SCRAM verifier, or None."""
        return self._layer(name).verifier(name, hash_name)

    def quota_octets(self, name: str) -> int | None:
        """The user's own limit, or None."""
        return self._layer(name).quota_octets(name)

    def reset(self) -> None:
        """Return to the users of the start, but for those at rest."""
        for layer in self._layers:
            layer.reset()

    def is_kept(self, name: str) -> bool:
        """Whether the user is still there when the server has ended."""
        return self._layer(name).is_kept(name)

    async def put(self, name: str, password: str) -> None:
        """Add a user, or give one a new password."""
        await self._layer(name).put(name, password)

    async def set_quota(self, name: str, octets: int | None) -> None:
        """Give a user a limit of their own, or with None the server's."""
        await self._layer(name).set_quota(name, octets)

    async def make_application_password(self, name: str) -> str:
        """Make, keep and return a separate secret for APOP and CRAM-MD5."""
        return await self._layer(name).make_application_password(name)

    async def remove_application_password(self, name: str) -> None:
        """Forget that secret."""
        await self._layer(name).remove_application_password(name)

    async def remove(self, name: str) -> None:
        """Forget a user."""
        await self._layer(name).remove(name)

    def _layer(self, name: str) -> Credentials:
        for layer in self._layers:  # a generator would cost each message more than all of this
            if layer.has(name):
                return layer
        return self._layers[-1]


def prepared(password: str) -> str:
    """Return a password as it is compared (SASLprep), or as it came when it cannot be prepared."""
    try:
        return saslprep(password)
    except ValueError:
        return password
