"""Secrets at rest: Argon2id for passwords, SCRAM verifiers, and application passwords by AES-GCM.

The password itself is nowhere. APOP and CRAM-MD5 need a secret that can be read again: for a user
who wants them the server makes an application password, kept under a master key outside the
database.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

from cryptography.exceptions import InvalidKey, InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from desktopmail.wire.sasl.scram import HASHES, make_verifier
from desktopmail.wire.sasl.server import ScramVerifier
from desktopmail.wire.secret import Secret
from localserver.credentials import prepared
from localserver.store.database import Schema, open_database
from localserver.users import UserError

if TYPE_CHECKING:
    from pathlib import Path

    import apsw

    from desktopmail.net.ports import Clock, Entropy, Executor, Ports
    from localserver.store.database import Database

SCHEMA: Final = Schema(
    (
        """
CREATE TABLE user (
    name TEXT PRIMARY KEY,
    password TEXT NOT NULL,
    application BLOB,
    quota INTEGER
) WITHOUT ROWID;
CREATE TABLE scram (
    user TEXT NOT NULL,
    hash TEXT NOT NULL,
    salt BLOB NOT NULL,
    iterations INTEGER NOT NULL,
    stored_key BLOB NOT NULL,
    server_key BLOB NOT NULL,
    PRIMARY KEY (user, hash)
) WITHOUT ROWID;
""",
    ),
    0x6C737531,  # "lsu1"
)
# OWASP's and RFC 9106's second choice: 64 MiB and three passes, 0.2 s here.
_ARGON2_PASSES: Final = 3
_ARGON2_LANES: Final = 4
_ARGON2_KIB: Final = 64 * 1024
_SALT_OCTETS: Final = 16
_ITERATIONS: Final = 65_536
_KEY_OCTETS: Final = 32
_NONCE_OCTETS: Final = 12
# 64 MiB each: two at a time, and a good login is remembered for some minutes under a keyed digest,
# because clients log in on several connections at once.
_CHECKS_AT_ONCE: Final = 2
_REMEMBERED_S: Final = 300.0
_SET_APPLICATION: Final = "UPDATE user SET application=? WHERE name=?"


@dataclass(frozen=True, slots=True)
class _Kept:
    password: str
    application: bytes | None
    quota: int | None
    verifiers: dict[str, ScramVerifier]


class TableCredentials:
    """The users of `users.db`; made by `open_credentials`."""

    def __init__(self, database: Database, master_key: bytes, ports: Ports) -> None:
        self._database = database
        self._master_key = master_key
        self._executor: Executor = ports.executor
        self._entropy: Entropy = ports.entropy
        self._clock: Clock = ports.clock
        self._checking = asyncio.Semaphore(_CHECKS_AT_ONCE)
        self._digest_key = ports.entropy.token(_KEY_OCTETS)
        self._good: dict[bytes, float] = {}
        self._users = self._load()
        self._decoy = ""

    @property
    def iterations(self) -> int:
        """Of PBKDF2 in the verifiers."""
        return _ITERATIONS

    def names(self) -> list[str]:
        """Every user's name, sorted."""
        return sorted(self._users)

    def has(self, name: str) -> bool:
        """Whether there is a user of that name."""
        return name in self._users

    async def check(self, name: str, password: str) -> bool:
        """Whether it is the user's password; an unknown user costs the same."""
        kept = self._users.get(name)
        given = prepared(password).encode("utf-8", "replace")
        digest = hmac.digest(self._digest_key, name.encode() + b"\0" + given, "sha256")
        if kept is not None and self._good.get(digest, 0.0) > self._clock.monotonic():
            return True
        async with self._checking:
            phc = kept.password if kept is not None else await self._decoy_phc()
            ok = await self._executor.run(_verify, given, phc)
        now = self._users.get(name)
        if not ok or kept is None or now is None or now.password != kept.password:
            return False  # the last two: changed or removed during the check
        self._forget_old()
        self._good[digest] = self._clock.monotonic() + _REMEMBERED_S
        return True

    def recoverable(self, name: str) -> bytes | None:
        """The application password, or None when the user has none."""
        kept = self._users.get(name)
        if kept is None or kept.application is None:
            return None
        nonce, sealed = kept.application[:_NONCE_OCTETS], kept.application[_NONCE_OCTETS:]
        try:
            return AESGCM(self._master_key).decrypt(nonce, sealed, name.encode())
        except InvalidTag:  # another master key: as good as none
            return None

    @property
    def has_recoverable(self) -> bool:
        """Whether anybody has an application password."""
        return any(kept.application is not None for kept in self._users.values())

    def verifier(self, name: str, hash_name: str) -> ScramVerifier | None:
        """The SCRAM verifier, or None."""
        kept = self._users.get(name)
        return None if kept is None else kept.verifiers.get(hash_name)

    def quota_octets(self, name: str) -> int | None:
        """The user's own limit, or None."""
        kept = self._users.get(name)
        return None if kept is None else kept.quota

    def reset(self) -> None:
        """Forget which logins were good; the users stay."""
        self._good.clear()

    def is_kept(self, name: str) -> bool:
        """Whether the user is still there when the server has ended."""
        return self.has(name)

    async def put(self, name: str, password: str) -> None:
        """Add a user, or give one a new password; the application password stays."""
        given = prepared(password)
        salts = [self._entropy.token(_SALT_OCTETS) for _ in range(1 + len(HASHES))]
        phc = await self._executor.run(_hash, given.encode(), salts[0])
        verifiers = [
            await self._executor.run(make_verifier, Secret(given), hash_name, salt, _ITERATIONS)
            for hash_name, salt in zip(HASHES.values(), salts[1:], strict=True)
        ]

        def job(connection: apsw.Connection) -> None:
            connection.execute(
                "INSERT INTO user (name, password) VALUES (?, ?)"
                " ON CONFLICT (name) DO UPDATE SET password=excluded.password",
                (name, phc),
            )
            for each in verifiers:
                connection.execute(
                    "INSERT OR REPLACE INTO scram VALUES (?, ?, ?, ?, ?, ?)",
                    (
                        name, each.hash_name, each.salt, each.iterations, each.stored_key,
                        each.server_key,
                    ),
                )  # fmt: skip

        await self._database.write(job)
        self._good.clear()
        self._users = self._load()

    async def set_quota(self, name: str, octets: int | None) -> None:
        """Give a user a limit of their own, or with None the server's."""
        await self._update(name, "UPDATE user SET quota=? WHERE name=?", octets)

    async def make_application_password(self, name: str) -> str:
        """Make, store and return a new secret for APOP and CRAM-MD5."""
        secret = base64.b32encode(self._entropy.token(15)).decode().lower()
        nonce = self._entropy.token(_NONCE_OCTETS)
        sealed = AESGCM(self._master_key).encrypt(nonce, secret.encode(), name.encode())
        await self._update(name, _SET_APPLICATION, nonce + sealed)
        return secret

    async def remove_application_password(self, name: str) -> None:
        """Forget the secret for APOP and CRAM-MD5."""
        await self._update(name, _SET_APPLICATION, None)

    async def remove(self, name: str) -> None:
        """Forget a user."""

        def job(connection: apsw.Connection) -> None:
            connection.execute("DELETE FROM user WHERE name=?", (name,))
            connection.execute("DELETE FROM scram WHERE user=?", (name,))

        await self._database.write(job)
        self._good.clear()
        self._users = self._load()

    async def aclose(self) -> None:
        """Close the database."""
        await self._database.aclose()

    async def _update(self, name: str, sql: str, value: bytes | int | None) -> None:
        if name not in self._users:
            raise UserError(f"There is no user {name!r} at rest.")
        await self._database.write(lambda connection: connection.execute(sql, (value, name)))
        self._users = self._load()

    def _load(self) -> dict[str, _Kept]:
        read = self._database.read
        verifiers: dict[str, dict[str, ScramVerifier]] = {}
        for row in read.execute("SELECT * FROM scram").fetchall():
            user, hash_name, salt, iterations, stored, server = cast(
                "tuple[str, str, bytes, int, bytes, bytes]", row
            )
            each = ScramVerifier(hash_name, salt, iterations, stored, server)
            verifiers.setdefault(user, {})[hash_name] = each
        rows = cast(
            "list[tuple[str, str, bytes | None, int | None]]",
            read.execute("SELECT name, password, application, quota FROM user").fetchall(),
        )
        return {
            name: _Kept(password, application, quota, verifiers.get(name, {}))
            for name, password, application, quota in rows
        }

    async def _decoy_phc(self) -> str:
        if not self._decoy:
            token = self._entropy.token(_SALT_OCTETS)
            self._decoy = await self._executor.run(_hash, token, token)
        return self._decoy

    def _forget_old(self) -> None:
        now = self._clock.monotonic()
        for digest in [digest for digest, until in self._good.items() if until <= now]:
            del self._good[digest]


def _hash(password: bytes, salt: bytes) -> str:
    kdf = Argon2id(
        salt=salt, length=_KEY_OCTETS, iterations=_ARGON2_PASSES, lanes=_ARGON2_LANES,
        memory_cost=_ARGON2_KIB,
    )  # fmt: skip
    return kdf.derive_phc_encoded(password)


def _verify(password: bytes, phc: str) -> bool:
    try:
        Argon2id.verify_phc_encoded(password, phc)
    except InvalidKey:
        return False
    return True


async def open_credentials(folder: Path, ports: Ports) -> TableCredentials:
    """Open the users in a server's folder, making the database and the master key when missing.

    Raises:
        DamagedError: The database is damaged.
    """
    database = await open_database(folder / "users.db", SCHEMA, ports.executor, checked=True)
    return TableCredentials(database, master_key(folder / "master.key", ports.entropy), ports)


def master_key(path: Path, entropy: Entropy) -> bytes:
    """Return the key in a file, which is made (0600) when it does not exist or is empty."""
    key = path.read_bytes() if path.exists() else b""
    if not key:  # empty: everybody knows the digest of nothing
        key = entropy.token(_KEY_OCTETS)
        # Whole or not at all: what is sealed with a key that is lost again is lost too.
        fresh = path.with_name(f"{path.name}.new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(key)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    return hashlib.sha256(key).digest()
