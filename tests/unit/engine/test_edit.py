"""An account is edited as a whole or not at all, and goes on by the new way at once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec
import pytest

from desktopmail.door.commands import (
    AddAccount,
    EditAccount,
    Password,
    RemoveAccount,
    ServerChange,
    SetIdentity,
)
from desktopmail.door.ids import AccountId
from desktopmail.door.interface import DoorError
from desktopmail.door.queries import PasswordPlace, ReadPasswordPlace
from desktopmail.door.rows import Auth, Kind, Security
from desktopmail.engine import check
from desktopmail.engine.secrets import Secrets
from desktopmail.engine.store import account as accounts
from localserver.local import LocalServer
from tests.helpers.engine import PASSWORDS, MemoryKeyring, account_command, running_engine
from tests.helpers.store import mail

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.door.commands import AnyCommand
    from desktopmail.engine.store.account import Account
    from tests.helpers.engine import Bench


async def kept(bench: Bench, account_id: AccountId) -> Account:
    return await bench.engine.store.read(lambda tx: accounts.get(tx, account_id))


async def test_an_account_moves_to_another_server_and_fetches_there(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as old, LocalServer(PASSWORDS) as new:
        old.deliver("alice", mail(1))
        new.deliver("alice", mail(2))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(old)
            await bench.sync(account_id)
            outcome = await bench.engine.command(
                EditAccount(
                    account_id=account_id,
                    name="moved",
                    display_name="Alice",
                    incoming=ServerChange(port=new.ports["imap"], auth=Auth.PLAIN),
                    outgoing=ServerChange(port=new.ports["submission"]),
                )
            )
            assert outcome.label == "Account moved changed"
            await bench.sync(account_id)
            assert bench.subjects() == ["Subject 2"]
            (row,) = bench.reader.accounts()
            assert (row.name, row.display_name) == ("moved", "Alice")
            assert row.incoming.port == new.ports["imap"]
            assert row.outgoing.port == new.ports["submission"]


async def test_what_both_maildrops_have_comes_once_and_the_same_ids_name_nothing(
    tmp_path: Path,
) -> None:
    with LocalServer(PASSWORDS) as old, LocalServer(PASSWORDS) as new:
        old.deliver("alice", mail(1))
        old.deliver("alice", mail(2))
        new.deliver("alice", mail(3))
        new.deliver("alice", mail(2))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(old, kind=Kind.POP3)
            await bench.sync(account_id)
            await bench.engine.command(
                EditAccount(
                    account_id=account_id,
                    incoming=ServerChange(port=new.ports["pop3"]),
                    outgoing=ServerChange(port=new.ports["submission"]),
                )
            )
            await bench.sync(account_id)
            assert bench.subjects() == ["Subject 1", "Subject 2", "Subject 3"]


async def test_messages_come_from_the_name_that_was_changed(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)

            async def edited(display_name: str) -> list[str]:
                await bench.engine.command(
                    EditAccount(account_id=account_id, display_name=display_name)
                )
                return [one.name for one in bench.reader.identities(account_id)]

            await bench.engine.command(
                SetIdentity(account_id=account_id, name="At Work", address="work@localhost")
            )
            assert await edited("Alice") == ["Alice", "At Work"]
            assert await edited("Alice Jones") == ["Alice Jones", "At Work"]
            (own, _) = bench.reader.identities(account_id)
            await bench.engine.command(
                SetIdentity(
                    account_id=account_id, identity_id=own.id, name="A. J.", address=own.address
                )
            )
            assert await edited("Alice Smith") == ["A. J.", "At Work"]  # it was given that name


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"incoming": ServerChange(port=1)}, "refused"),
        ({"incoming": ServerChange(user="nobody")}, "auth-failed"),
        ({"outgoing": ServerChange(port=1)}, "refused"),
        ({"password": Password("a wrong one")}, "auth-failed"),
        ({"incoming": ServerChange(host=" ")}, "bad-server"),
        ({"incoming": ServerChange(port=70_000)}, "bad-server"),
        ({"incoming": ServerChange(host="mail.example.org")}, "cleartext"),
        ({"name": "bob-imap"}, "name-taken"),
    ],
)
async def test_what_does_not_work_changes_nothing(
    tmp_path: Path, change: dict[str, object], code: str
) -> None:
    ring = MemoryKeyring()
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path, ring) as bench:
            account_id = await bench.add(server)
            await bench.add(server, "bob")
            await bench.sync(account_id)
            before, secrets = await kept(bench, account_id), dict(ring.kept)
            with pytest.raises(DoorError) as caught:
                await bench.engine.command(
                    EditAccount(account_id=account_id, **change)  # type: ignore[arg-type]
                )
            assert caught.value.code == code
            assert await kept(bench, account_id) == before
            assert ring.kept == secrets
            await bench.sync(account_id)


async def test_only_what_is_changed_is_tried(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            command = account_command(server, "alice", Kind.IMAP)
            gone = msgspec.structs.replace(command.outgoing, port=1)
            outcome = await bench.engine.command(msgspec.structs.replace(command, outgoing=gone))
            account_id = outcome.ids[0]
            await bench.engine.command(
                EditAccount(account_id=account_id, incoming=ServerChange(auth=Auth.PLAIN))  # type: ignore[arg-type]
            )
            await bench.engine.command(
                EditAccount(
                    account_id=account_id,  # type: ignore[arg-type]
                    outgoing=ServerChange(user="somebody"),
                    check=False,
                )
            )
            assert bench.reader.accounts()[0].outgoing.user == "somebody"


async def test_a_login_that_a_person_chose_is_no_downgrade(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)  # by SCRAM
            await bench.engine.command(
                EditAccount(account_id=account_id, incoming=ServerChange(auth=Auth.PLAIN))
            )
            await bench.sync(account_id)
            assert bench.reader.questions() == []


def sent_as_bob(server: LocalServer) -> AddAccount:
    """An account of alice with a user and a password of its own for submission."""
    command = account_command(server, "alice", Kind.IMAP)
    return msgspec.structs.replace(
        command,
        outgoing=msgspec.structs.replace(command.outgoing, user="bob"),
        outgoing_password=Password(PASSWORDS["bob"]),
    )


async def test_a_password_of_its_own_goes_on_serving_submission(tmp_path: Path) -> None:
    ring = MemoryKeyring()
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path, ring) as bench:
            made = await bench.engine.command(sent_as_bob(server))
            await bench.engine.command(
                EditAccount(
                    account_id=made.ids[0],  # type: ignore[arg-type] - an AccountId of AddAccount
                    password=Password(PASSWORDS["alice"]),
                )
            )
            assert set(ring.kept.values()) == set(PASSWORDS.values())


async def test_a_password_of_its_own_is_given_up_when_the_other_one_serves_submission(
    tmp_path: Path,
) -> None:
    ring = MemoryKeyring()
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path, ring) as bench:
            made = await bench.engine.command(sent_as_bob(server))
            account_id = AccountId(made.ids[0])
            asked = ReadPasswordPlace(account_id=account_id)
            place = PasswordPlace(in_vault=False, has_vault=False, has_own_outgoing=True)
            assert await bench.engine.query(asked) == place
            none = Password("")
            with pytest.raises(DoorError) as caught:  # bob's server, alice's password
                await bench.engine.command(
                    EditAccount(account_id=account_id, outgoing_password=none)
                )
            assert caught.value.code == "auth-failed"
            assert len(ring.kept) == 2
            as_alice = ServerChange(user="alice")
            await bench.engine.command(
                EditAccount(account_id=account_id, outgoing=as_alice, outgoing_password=none)
            )
            assert list(ring.kept.values()) == [PASSWORDS["alice"]]
            place = msgspec.structs.replace(place, has_own_outgoing=False)
            assert await bench.engine.query(asked) == place


async def test_a_pin_counts_for_the_host_and_port_it_was_accepted_for(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            account = await kept(bench, account_id)
            pinned = msgspec.structs.replace(account.incoming, pins=("a" * 64,))
            await bench.engine.store.write(
                lambda tx: accounts.set_server(tx, account_id, "incoming", pinned)
            )
            change = ServerChange(auth=Auth.PLAIN)
            await bench.engine.command(
                EditAccount(account_id=account_id, incoming=change, check=False)
            )
            assert (await kept(bench, account_id)).incoming.pins == ("a" * 64,)
            change = ServerChange(pins=("b" * 64,))
            await bench.engine.command(
                EditAccount(account_id=account_id, incoming=change, check=False)
            )
            assert (await kept(bench, account_id)).incoming.pins == ("a" * 64, "b" * 64)
            change = ServerChange(port=143, pins=("c" * 64,))
            await bench.engine.command(
                EditAccount(account_id=account_id, incoming=change, check=False)
            )
            assert (await kept(bench, account_id)).incoming.pins == ("c" * 64,)
            change = ServerChange(port=993, security=Security.TLS)
            await bench.engine.command(
                EditAccount(account_id=account_id, incoming=change, check=False)
            )
            assert (await kept(bench, account_id)).incoming.pins == ()


async def test_a_password_file_comes_and_goes(tmp_path: Path) -> None:
    ring = MemoryKeyring()
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path / "profile", ring) as bench:
            account_id = await bench.add(server)
            file = tmp_path / "password"
            file.write_text(PASSWORDS["alice"] + "\n")
            by_file = ServerChange(password_file=str(file))
            await bench.engine.command(
                EditAccount(account_id=account_id, incoming=by_file, outgoing=by_file)
            )
            assert (await kept(bench, account_id)).incoming.password_file == str(file)
            file.unlink()
            with pytest.raises(DoorError):
                await bench.sync(account_id)
            back = ServerChange(password_file="")
            await bench.engine.command(
                EditAccount(account_id=account_id, incoming=back, outgoing=back)
            )
            assert (await kept(bench, account_id)).incoming.password_file is None
            await bench.sync(account_id)


async def test_a_private_authority_comes_and_goes(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            for named, there in ((str(server.ca_file), str(server.ca_file)), ("", None)):
                await bench.engine.command(
                    EditAccount(account_id=account_id, incoming=ServerChange(ca_file=named))
                )
                assert (await kept(bench, account_id)).incoming.ca_file == there
                assert bench.reader.accounts()[0].incoming.ca_file == there


class Held:
    """A trial of servers that lasts until it is let go, and goes well."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun, self.let_go = asyncio.Event(), asyncio.Event()
        monkeypatch.setattr(check, "before_saving", self._try)

    async def _try(self, *_: object) -> None:
        self.begun.set()
        await self.let_go.wait()

    async def meanwhile(self, bench: Bench, command: AnyCommand) -> None:
        """Do something while it lasts."""
        await self.begun.wait()
        await bench.engine.command(command)
        self.let_go.set()


async def test_what_is_edited_while_a_server_is_tried_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held(monkeypatch)
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            slow = EditAccount(
                account_id=account_id, incoming=ServerChange(auth=Auth.PLAIN), check=True
            )
            renaming = EditAccount(account_id=account_id, name="renamed", check=False)
            await asyncio.gather(bench.engine.command(slow), held.meanwhile(bench, renaming))
            account = await kept(bench, account_id)
            assert (account.name, account.incoming.auth) == ("renamed", Auth.PLAIN)


async def test_an_account_that_is_removed_while_its_server_is_tried_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held(monkeypatch)
    ring = MemoryKeyring()
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path, ring) as bench:
            account_id = await bench.add(server)
            slow = EditAccount(
                account_id=account_id, incoming=ServerChange(auth=Auth.PLAIN),
                password=Password("new"), check=True,
            )  # fmt: skip
            removing = RemoveAccount(account_id=account_id)
            with pytest.raises(DoorError, match="There is no account"):
                await asyncio.gather(bench.engine.command(slow), held.meanwhile(bench, removing))
            assert bench.engine.working.ids == ()
            assert ring.kept == {}


async def test_a_new_password_is_kept_when_nothing_speaks_to_the_old_server_any_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            running: list[tuple[AccountId, ...]] = []
            kept_before = Secrets.keep

            async def keep(self: Secrets, *arguments: object) -> None:
                running.append(bench.engine.working.ids)
                await kept_before(self, *arguments)  # type: ignore[arg-type] # as it is called

            monkeypatch.setattr(Secrets, "keep", keep)
            await bench.engine.command(
                EditAccount(
                    account_id=account_id,
                    incoming=ServerChange(host="localhost"),
                    password=Password("new"),
                    check=False,
                )
            )
            assert running == [()]
