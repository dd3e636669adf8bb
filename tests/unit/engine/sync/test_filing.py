"""Whether the server files what is sent is learned, waited for, and learned again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.door.commands import SendMessage
from desktopmail.door.ids import AccountId, SendingId
from desktopmail.door.rows import SendingState
from desktopmail.engine.store import account as accounts
from desktopmail.engine.sync import filing
from localserver.faults import Fault
from localserver.local import LocalServer
from tests.helpers.engine import PASSWORDS, Bench, running_engine, until
from tests.helpers.store import mail

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


async def files_sent(bench: Bench, account_id: AccountId) -> bool | None:
    found = await bench.engine.store.read(lambda tx: accounts.get(tx, account_id))
    return found.learned.files_sent


async def sent(bench: Bench, account_id: AccountId, number: int, *, wait: bool = True) -> SendingId:
    command = SendMessage(
        account_id=account_id,
        sender="alice@localhost",
        recipients=("bob@localhost",),
        octets=mail(number),
    )
    made = SendingId((await bench.engine.command(command)).ids[0])
    wanted = SendingState.DONE if wait else SendingState.FILING
    await until(lambda: state(bench, made) is wanted, f"{number} is {wanted.value}")
    return made


def state(bench: Bench, sending_id: SendingId) -> SendingState | None:
    return {row.id: row.state for row in bench.reader.sendings()}.get(sending_id)


def copies(server: LocalServer, number: int) -> int:
    subjects = [one.subject for one in server.messages("alice", "Sent")]
    return subjects.count(f"Subject {number}")


async def test_a_copy_that_is_there_at_the_first_look_is_the_servers(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            assert await files_sent(bench, account_id) is None
            await sent(bench, account_id, 1)
            assert await files_sent(bench, account_id) is None
            server.deliver("alice", mail(2), mailbox="Sent")
            await sent(bench, account_id, 2)
            assert copies(server, 2) == 1
            assert await files_sent(bench, account_id) is True


async def test_a_copy_that_may_be_ours_teaches_nothing(tmp_path: Path) -> None:
    """The server took it, and the connection ended before it said so."""
    fault = Fault(protocol="imap", command="APPEND", argument="Sent", cut=0)
    with LocalServer(PASSWORDS, plan=[fault]) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            made = await sent(bench, account_id, 1, wait=False)
            await until(lambda: copies(server, 1) == 1, "the server has it")
            await bench.sync(account_id)
            await until(lambda: state(bench, made) is SendingState.DONE, "it is found")
            assert copies(server, 1) == 1
            assert await files_sent(bench, account_id) is None


async def test_a_server_that_filed_after_us_is_waited_for_from_then_on(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            await sent(bench, account_id, 1)
            server.deliver("alice", mail(1), mailbox="Sent")
            await bench.sync(account_id)
            assert copies(server, 1) == len(bench.subjects("Sent")) == 2

            made = await sent(bench, account_id, 2, wait=False)
            server.deliver("alice", mail(2), mailbox="Sent")
            await until(lambda: state(bench, made) is SendingState.DONE, "the copy is found")
            await bench.sync(account_id)
            assert copies(server, 2) == bench.subjects("Sent").count("Subject 2") == 1
            assert await files_sent(bench, account_id) is True


async def test_a_server_that_files_no_longer_is_not_waited_for_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filing, "PAUSES_S", (0.05, 0.05))
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            await bench.engine.store.write(lambda tx: filing.learn(tx, account_id, files_sent=True))
            await sent(bench, account_id, 1)
            assert copies(server, 1) == 1
            assert await files_sent(bench, account_id) is False
