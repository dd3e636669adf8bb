"""What each command is given: the profile, the output, and the engine and store when it asks."""

from __future__ import annotations

import asyncio
import shlex
from typing import TYPE_CHECKING

from desktopmail.cli.errors import CommandError
from desktopmail.door.attach import Session, attach
from desktopmail.door.early import early_reader
from desktopmail.door.interface import DoorError, EngineGoneError
from desktopmail.door.profile import Profile
from desktopmail.door.reader import SqliteReader
from desktopmail.file_lock import is_held

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from desktopmail.cli.output import Output
    from desktopmail.door.interface import Door, StoreReader
    from desktopmail.door.rows import AccountRow, ContactRow, MailboxRow, MessageRow


#: What is said where accounts are needed, and how one gets there.
NO_ACCOUNTS = "There are no accounts. Add one: desktopmail account add --help."
# A name that is none, as a shell writes it.
_EMPTY = "''"
# It ends some seconds after its last client.
_END_S = 15.0
_POLL_S = 0.1


class Context:
    """One run of a command.

    Args:
        folder: The profile's folder, or None for the user's own profile.
        output: Where results go.
        salvages: A store that is too damaged to be opened is put together anew.

    Raises:
        CommandError: What was named as the profile is not a folder.
    """

    def __init__(self, folder: Path | None, output: Output, *, salvages: bool = False) -> None:
        self.profile = Profile.at(folder)
        for place in (self.profile.folder, *self.profile.folder.parents):
            if place.exists():
                if not place.is_dir():
                    raise CommandError(
                        f"{place} is a file; --profile names the folder of a profile."
                    )
                break
        self.output = output
        #: The option that names the profile to another command, with a space behind it.
        self.as_option = "" if folder is None else f"--profile {shlex.quote(str(folder))} "
        self._salvages = salvages
        self._session: Session | None = None
        self._reader: StoreReader | None = None

    async def begin(self) -> None:
        """Have a store of an older version brought up to date before it is read.

        Raises:
            DoorError: The engine, which does that, could not be started.
        """
        self._reader = early_reader(self.profile)
        if self._reader is None and self.profile.database.exists():
            await self.door()

    async def door(self) -> Door:
        """The engine of the profile, started when it does not run.

        Raises:
            DoorError: It could not be started or reached.
        """
        if self._session is None:
            self._session = await self._attach()
        return self._session.door

    async def _attach(self) -> Session:
        try:
            return await attach(self.profile)
        except DoorError as error:
            if not self._salvages or error.code != "damaged":
                raise
            self.profile.salvage.touch(mode=0o600)
            return await attach(self.profile)

    async def engine_ended(self) -> bool:
        """Leave the engine and wait for its end; whether it did, as nobody else is there."""
        if self._session is None:
            return True
        if self._reader is not None:
            self._reader.close()
            self._reader = None
        await self._session.aclose()
        self._session = None
        for _ in range(int(_END_S / _POLL_S)):
            if not is_held(self.profile.lock):
                return True
            await asyncio.sleep(_POLL_S)
        return False

    async def until(self, event: asyncio.Event) -> None:
        """Wait for something that the engine tells.

        Raises:
            EngineGoneError: It ended before.
        """
        if self._session is None:
            raise EngineGoneError("The engine does not run.", code="engine-gone")
        await self._session.until(event)

    def reader(self) -> StoreReader:
        """The store, read only; the engine is not needed for that.

        Raises:
            DoorError: There is no mail in this profile yet.
        """
        if self._reader is None:
            self._reader = SqliteReader(self.profile)
        return self._reader

    async def aclose(self) -> None:
        """Leave the engine and the store."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None
        if self._session is not None:
            await self._session.aclose()
            self._session = None

    # Finding what a person named

    def accounts(self) -> list[AccountRow]:
        """All accounts; none where there is no store yet."""
        try:
            return self.reader().accounts()
        except DoorError as error:
            if error.code == "no-store":
                return []
            raise

    def contacts(self, words: str) -> list[ContactRow]:
        """The contacts that have words beginning so; none where there is no store yet."""
        if not self.profile.database.exists():
            return []
        return self.reader().contacts(words)

    def account(self, named: str) -> AccountRow:
        """The account of that name, address or id.

        Raises:
            CommandError: There is none, or an address that several have.
        """
        accounts = self.accounts()
        found = [account for account in accounts if account.name == named]
        found = found or [account for account in accounts if account.address == named]
        found = found or [account for account in accounts if str(account.id) == named]
        if len(found) == 1:
            return found[0]
        if found:
            raise CommandError(f"Several accounts have the address {named}; say one by its name.")
        remedy = _there(account.name for account in accounts)
        remedy = remedy or "Add one with `desktopmail account add`."
        raise CommandError(f"No account is called {named or _EMPTY}. {remedy}")

    def mailboxes(self, named: str, account: str | None) -> list[MailboxRow]:
        """The mailboxes of that name or role, in one account or in each that has one.

        A role (inbox, sent, …) is that of every account, whatever its server calls the mailbox.

        Raises:
            CommandError: There is none.
        """
        within = None if account is None else self.account(account).id
        listed = self.reader().mailboxes(within)
        by_account: dict[int, list[MailboxRow]] = {}
        for mailbox in listed:
            by_account.setdefault(mailbox.account_id, []).append(mailbox)
        found = [mailbox for rows in by_account.values() for mailbox in _called(rows, named)]
        if found:
            return found
        where = "" if account is None else f" in the account {account}"
        if not self.accounts():
            raise CommandError(f"There is no mailbox {named or _EMPTY}. {NO_ACCOUNTS}")
        known = _there(sorted({mailbox.path for mailbox in listed}))
        remedy = known or "Fetch mail first: desktopmail sync."
        raise CommandError(f"There is no mailbox {named or _EMPTY}{where}. {remedy}")

    def message(self, message_id: int) -> list[MessageRow]:
        """A message in each mailbox that it stands in.

        Raises:
            CommandError: There is no such message.
        """
        from desktopmail.door.ids import MessageId

        found = self.reader().placements(MessageId(message_id))
        if not found:
            raise CommandError(
                f"There is no message {message_id}; `desktopmail list` shows the ids."
            )
        return found


def _there(names: Iterable[str]) -> str:
    """Say which there are, or nothing where there are none."""
    known = list(names)
    if not known:
        return ""
    return f"There {'is' if len(known) == 1 else 'are'} {', '.join(known)}."


def _called(rows: list[MailboxRow], named: str) -> list[MailboxRow]:
    """Which mailbox of one account a name means: exactly, in any case, or by its role."""
    wanted = named.casefold()
    exact = [mailbox for mailbox in rows if mailbox.path == named]
    alike = exact or [mailbox for mailbox in rows if mailbox.path.casefold() == wanted]
    return alike or [mailbox for mailbox in rows if mailbox.role and mailbox.role == wanted]
