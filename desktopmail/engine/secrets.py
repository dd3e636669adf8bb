"""Passwords: from a file read at each login, the keyring, the vault, or memory; never the store."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from desktopmail.door.commands import Password
from desktopmail.door.interface import DoorError
from desktopmail.door.queries import PasswordPlace
from desktopmail.door.rows import NO_KEYRING, PASSWORDS_LOCKED
from desktopmail.wire.secret import Secret

if TYPE_CHECKING:
    from desktopmail.door.commands import ServerSettings
    from desktopmail.door.ids import AccountId
    from desktopmail.door.profile import Profile
    from desktopmail.engine.vault import Vault
    from desktopmail.net.ports import Entropy, Executor

SERVICE = "desktopmail"
_NONE = Password("")
# A locked keyring shows a dialog of its own and waits for a person.
KEYRING_TIMEOUT_S = 60.0
_WITHOUT_KEYRING = (
    "Name a file with --password-file, or open the vault: with `desktopmail vault`, or with"
    " “Unlock Passwords” in the window."
)


class Keyring(Protocol):
    """What of the keyring library is used."""

    def get_password(self, service_name: str, username: str) -> str | None:
        """Return a password, or None."""

    def set_password(self, service_name: str, username: str, password: str) -> None:
        """Keep a password."""

    def delete_password(self, service_name: str, username: str) -> None:
        """Forget a password."""


class Secrets:
    """The passwords of the accounts of a profile.

    Args:
        profile: Whose.
        backend: The keyring; None for the system's.
        executor: A thread of its own: the keyring blocks, sometimes until a person comes.
        entropy: For the vault.
    """

    def __init__(
        self,
        profile: Profile,
        executor: Executor,
        entropy: Entropy,
        *,
        backend: Keyring | None = None,
    ) -> None:
        self._profile = profile
        self._executor = executor
        self._entropy = entropy
        self._backend = backend
        self._vault: Vault | None = None
        self._memory: dict[str, Secret] = {}

    async def get(self, account_id: AccountId, side: str, server: ServerSettings) -> Secret:
        """Return the password for one side ("incoming", "outgoing") of an account.

        Raises:
            DoorError: There is none, or it cannot be got at: one sentence, one remedy.
        """
        if server.password_file is not None:
            return _from_file(Path(server.password_file))
        # One password serves both sides where the outgoing one was not given a different one. An
        # account in memory (a sandbox) has nothing anywhere else, so nobody is asked for it.
        sides = (side,) if side == "incoming" else (side, "incoming")
        names = [self._name(account_id, one) for one in sides]
        for name in names:
            if name in self._memory:
                return self._memory[name]
        for name in names:
            kept = await self._kept(name)
            if kept is not None:
                return Secret(kept)
        raise DoorError(
            f"There is no password for {server.user or 'the account'} at {server.host}.",
            remedy="Type it in the account's settings.",
            code="no-password",
        )

    async def has_own(self, account_id: AccountId, side: str) -> bool:
        """Return whether a password is kept for this side alone.

        Raises:
            DoorError: There is neither keyring nor open vault to look in.
        """
        name = self._name(account_id, side)
        return name in self._memory or await self._kept(name) is not None

    async def set(
        self, account_id: AccountId, side: str, password: Secret, *, in_memory: bool = False
    ) -> None:
        """Keep a password.

        Args:
            account_id: Of which account.
            side: "incoming" or "outgoing".
            password: What to keep.
            in_memory: Until the engine ends, and nowhere else (a sandbox).

        Raises:
            DoorError: There is neither keyring nor open vault, or it cannot be written.
        """
        name = self._name(account_id, side)
        if in_memory:
            self._memory[name] = password
        else:
            await self._keep(name, password)

    async def _keep(self, name: str, password: Secret) -> None:
        if self._vault is not None:
            await self._executor.run(self._vault.set, name, password.reveal())
        else:
            await self._in_keyring(
                lambda: self._ring.set_password(SERVICE, name, password.reveal())
            )

    async def of_proxy(self, where: str) -> Secret | None:
        """Return the password for the proxy at USER@HOST:PORT, or None.

        Raises:
            DoorError: The keyring is locked.
        """
        kept = await self._kept(self._proxy_name(where))
        return None if kept is None else Secret(kept)

    async def set_for_proxy(self, where: str, password: Secret) -> None:
        """Keep the password for a proxy.

        Raises:
            DoorError: There is neither keyring nor open vault, or it cannot be written.
        """
        await self._keep(self._proxy_name(where), password)

    async def keep(
        self,
        account_id: AccountId,
        incoming: Password | None,
        outgoing: Password | None,
        *,
        in_memory: bool = False,
    ) -> None:
        """Keep the passwords of an account that were given; raises as `set` does.

        An empty one for sending has that side go on with the incoming one.
        """
        for side, password in (("incoming", incoming), ("outgoing", outgoing)):
            if password == _NONE and side == "outgoing":
                await self._forget(self._name(account_id, side))
            elif password is not None:
                await self.set(account_id, side, Secret(password.text), in_memory=in_memory)

    async def forget(self, account_id: AccountId) -> None:
        """Forget the passwords of an account; one that cannot be got at stays where it is."""
        for side in ("incoming", "outgoing"):
            await self._forget(self._name(account_id, side))

    async def _forget(self, name: str) -> None:
        self._memory.pop(name, None)
        if self._vault is not None:
            await self._executor.run(self._vault.set, name, None)
        try:
            if await self._from_keyring(name) is not None:
                await self._in_keyring(lambda: self._ring.delete_password(SERVICE, name))
        except DoorError as error:
            if error.code not in NO_KEYRING:
                raise

    async def place(self, account_id: AccountId | None = None) -> PasswordPlace:
        """Where a password that is given now would be kept; see `ReadPasswordPlace`."""
        has_keyring = self._vault is None and await self._executor.run(self._has_keyring)
        has_vault = await self._executor.run(self._profile.vault.exists)
        has_own = account_id is not None and await self._has_own_outgoing(account_id)
        return PasswordPlace(
            in_vault=not has_keyring, has_vault=has_vault, has_own_outgoing=has_own
        )

    async def _has_own_outgoing(self, account_id: AccountId) -> bool:
        try:
            return await self.has_own(account_id, "outgoing")
        except DoorError as error:
            if error.code not in {*NO_KEYRING, "keyring-locked"}:
                raise
            return False

    async def open_vault(self, pass_phrase: str) -> None:
        """Open the vault, or make one; from now on passwords are kept there.

        Raises:
            DoorError: The pass phrase is wrong.
        """
        from desktopmail.engine.vault import open_vault  # as little of it is needed as of a keyring

        path, entropy = self._profile.vault, self._entropy
        self._vault = await self._executor.run(open_vault, path, pass_phrase, entropy)

    @property
    def _ring(self) -> Keyring:
        if self._backend is None:
            import keyring  # 5 MB that an account with a password file does without

            self._backend = keyring.get_keyring()
        return self._backend

    def _has_keyring(self) -> bool:
        # Asking for a password would tell it, too, but a locked keyring then asks a person.
        from keyring.backends import fail  # as above

        return not isinstance(self._ring, fail.Keyring)

    def _name(self, account_id: AccountId, side: str) -> str:
        return f"{self._profile.folder}:{account_id}:{side}"

    def _proxy_name(self, where: str) -> str:
        return f"{self._profile.folder}:proxy:{where}"

    async def _kept(self, name: str) -> str | None:
        """What the vault or, else, the keyring has under a name.

        Raises:
            DoorError: There is neither, or the keyring is locked.
        """
        found = self._vault.get(name) if self._vault is not None else None
        if found is not None:
            return found
        try:
            return await self._from_keyring(name)
        except DoorError as error:
            if error.code not in NO_KEYRING or self._vault is None:
                raise
            return None  # the vault is all there is, and it has none

    async def _from_keyring(self, name: str) -> str | None:
        found: list[str | None] = []
        await self._in_keyring(lambda: found.append(self._ring.get_password(SERVICE, name)))
        return found[0]

    async def _in_keyring(self, step: _Step) -> None:
        import keyring.errors  # as above

        try:
            await asyncio.wait_for(self._executor.run(step), KEYRING_TIMEOUT_S)
        except keyring.errors.NoKeyringError as error:
            if self._vault is None and self._profile.vault.exists():
                raise DoorError(
                    "The passwords of this profile are locked.",
                    remedy="Unlock them by their pass phrase: in the window, or by"
                    " `desktopmail vault`.",
                    code=PASSWORDS_LOCKED,
                ) from error
            raise DoorError(
                "There is no keyring on this machine to keep the password in.",
                remedy=_WITHOUT_KEYRING,
                code="no-keyring",
            ) from error
        except (keyring.errors.KeyringError, TimeoutError) as error:
            raise DoorError(
                f"The keyring is locked or does not answer ({str(error) or 'no answer'}).",
                remedy="Unlock it and try again.",
                code="keyring-locked",
            ) from error


class _Step(Protocol):
    def __call__(self) -> None: ...


def _from_file(path: Path) -> Secret:
    """The first line of a file, read again at each login: it may have been renewed."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise DoorError(
            f"The password file {path} cannot be read: {why}.",
            remedy="Check the path and its permissions.",
            code="no-password",
        ) from error
    if not lines or not lines[0]:
        raise DoorError(f"The password file {path} is empty.", code="no-password")
    return Secret(lines[0])
