"""The users at rest, as commands change them: in the folder, or by the server that runs on it."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote

from localserver.cli.folder import opened
from localserver.cli.running import running_on
from localserver.users import UserError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from localserver.cli.folder import ServerFolder
    from localserver.cli.running import RunningServer


@dataclass(frozen=True, slots=True)
class UserRow:
    """One user.

    Attributes:
        name: Canonical.
        quota_octets: The user's limit, or None.
        apop: There is a secret for APOP and CRAM-MD5.
        kept: At rest; else named for the run of a server.
    """

    name: str
    quota_octets: int | None
    apop: bool
    kept: bool = True


class UserAdmin(Protocol):
    """What both do. All methods raise `UserError` or `StoreError` with a sentence."""

    def rows(self) -> list[UserRow]:
        """Return every user, by name."""

    def find(self, name: str) -> UserRow | None:
        """Return the user of that name or login address, or None."""

    async def add(self, name: str, password: str) -> UserRow:
        """Add a user."""

    async def set_password(self, name: str, password: str) -> None:
        """Give a user a new password."""

    async def set_quota(self, name: str, octets: int) -> None:
        """Give a user a limit of their own."""

    async def make_application(self, name: str) -> str:
        """Make and return a secret for APOP and CRAM-MD5."""

    async def remove_application(self, name: str) -> None:
        """Forget that secret."""

    async def remove(self, name: str) -> None:
        """Remove a user; the mail stays."""


class FolderUsers:
    """Those of a folder on which no server runs.

    Args:
        folder: Which.
    """

    def __init__(self, folder: ServerFolder) -> None:
        self._users = folder.users

    def rows(self) -> list[UserRow]:
        """Return every user, by name."""
        return [
            UserRow(each.name, each.quota_octets, self._users.secret(each.name) is not None)
            for each in self._users.all()
        ]

    def find(self, name: str) -> UserRow | None:
        """Return the user of that name or login address, or None."""
        found = self._users.find(name)
        return next((row for row in self.rows() if found and row.name == found.name), None)

    async def add(self, name: str, password: str) -> UserRow:
        """Add a user."""
        user = await self._users.put(name, password)
        return UserRow(user.name, user.quota_octets, apop=False)

    async def set_password(self, name: str, password: str) -> None:
        """Give a user a new password."""
        await self._users.put(name, password)

    async def set_quota(self, name: str, octets: int) -> None:
        """Give a user a limit of their own."""
        await self._users.set_quota(name, octets)

    async def make_application(self, name: str) -> str:
        """Make and return a secret for APOP and CRAM-MD5."""
        return await self._users.make_application_password(name)

    async def remove_application(self, name: str) -> None:
        """Forget that secret."""
        await self._users.remove_application_password(name)

    async def remove(self, name: str) -> None:
        """Remove a user; the mail stays."""
        await self._users.remove(name)


class RunningUsers:
    """Those of a running server, which knows of each change at once.

    Args:
        server: Which.
    """

    def __init__(self, server: RunningServer) -> None:
        self._server = server

    def rows(self) -> list[UserRow]:
        """Return every user, by name."""
        return [
            UserRow(each["name"], each["quota_octets"], each["apop"], each["kept"])
            for each in self._server.ask("GET", "/api/users")
        ]

    def find(self, name: str) -> UserRow | None:
        """Return the user of that name or login address, or None."""
        local, at, domain = name.strip().rpartition("@")
        if at and domain.lower() not in self._server.ask("GET", "/api/server")["domains"]:
            return None
        wanted = (local if at else domain).lower()
        return next((row for row in self.rows() if row.name == wanted), None)

    async def add(self, name: str, password: str) -> UserRow:
        """Add a user."""
        body = {"password": password, "new": True}
        added = self._server.ask("PUT", _path(name), body)
        return UserRow(added["name"], None, apop=False, kept=added["kept"])

    async def set_password(self, name: str, password: str) -> None:
        """Give a user a new password."""
        self._server.ask("PUT", _path(name), {"password": password})

    async def set_quota(self, name: str, octets: int) -> None:
        """Give a user a limit of their own."""
        self._server.ask("PUT", _path(name) + "/quota", {"quota_octets": octets})

    async def make_application(self, name: str) -> str:
        """Make and return a secret for APOP and CRAM-MD5."""
        return str(self._server.ask("POST", _path(name) + "/application")["application"])

    async def remove_application(self, name: str) -> None:
        """Forget that secret."""
        self._server.ask("DELETE", _path(name) + "/application")

    async def remove(self, name: str) -> None:
        """Remove a user; the mail stays."""
        self._server.ask("DELETE", _path(name))


@asynccontextmanager
async def users_of(data: Path, *, make: bool = False) -> AsyncIterator[UserAdmin]:
    """Open the users of a folder, or those of the server that runs on it.

    Args:
        data: The folder.
        make: Make it when it does not exist.

    Raises:
        StoreError: It does not exist.
        LockedError: A server without an administration API works on it.
    """
    if (server := running_on(data)) is not None:
        yield RunningUsers(server)
        return
    async with opened(data, make=make) as folder:
        yield FolderUsers(folder)


def known(users: UserAdmin, name: str) -> UserRow:
    """Return the user of that name or login address.

    Raises:
        UserError: There is none.
    """
    found = users.find(name)
    if found is None:
        raise UserError(nobody(name))
    return found


def nobody(name: str) -> str:
    """Say that there is no user of that name, and how to see who is there."""
    return f"There is no user {name!r}; `localserver user list` shows who is there."


def _path(name: str) -> str:
    return f"/api/users/{quote(name, safe='')}"
