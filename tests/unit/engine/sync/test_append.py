"""What is here is put into a mailbox at the server once, and proved to be there."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from desktopmail.door.commands import (
    CopyMessages,
    DeleteMessages,
    DiscardOperation,
    MoveMessages,
    SaveDraft,
)
from desktopmail.net.errors import ClosedError
from desktopmail.net.imap import ImapClient
from localserver.faults import Fault
from localserver.imap import append
from localserver.local import LocalServer
from tests.helpers.engine import PASSWORDS, running_engine, until
from tests.helpers.store import mail
from tests.helpers.told import settled, shown_is_there, there
from tests.helpers.virtual import Scene, play

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.wire.imap.codes import AppendUid
    from localserver.store.account import Message


async def test_a_draft_is_saved_as_versions_and_one_is_left(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync()
            first = await bench.engine.command(
                SaveDraft(account_id=account_id, octets=mail(1, subject="Draft", body="one"))
            )
            await bench.engine.command(
                SaveDraft(
                    account_id=account_id,
                    octets=mail(1, subject="Draft", body="two"),
                    replaces=first.ids[0],
                )
            )
            await settled(bench)
            (kept,) = server.messages("alice", "Drafts")
            assert kept.octets.endswith(b"two\r\n")
            assert "\\Draft" in kept.flags
            shown_is_there(bench, server, "Drafts")


async def test_an_append_that_is_not_there_does_not_remove_the_source(tmp_path: Path) -> None:
    """Across accounts: add, prove, then remove."""
    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", mail(1))
        fault = Fault(protocol="imap", command="APPEND", user="bob", reply="OK done", times=None)
        server.add_fault(fault)
        async with running_engine(tmp_path) as bench:
            alice = await bench.add(server)
            bob = await bench.add(server, "bob")
            await bench.sync()
            await bench.engine.command(
                MoveMessages(
                    placement_ids=(bench.placed("Subject 1"),),
                    mailbox_id=bench.mailbox("INBOX", bob),
                )
            )
            await bench.sync()
            await bench.sync()
            assert there(server) == ["Subject 1"]
            failed = [one for one in bench.reader.operations() if one.state == "failed"]
            assert [one.account_id for one in failed] == [bob]
            await bench.engine.command(DiscardOperation(operation_id=failed[0].id))
            await bench.sync()
            assert bench.subjects("INBOX", alice) == ["Subject 1"]
            assert bench.subjects("INBOX", bob) == []
            assert there(server) == ["Subject 1"]
            assert bench.reader.operations() == []


@pytest.fixture
def adds_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that writes into the header of what it is given, and ends its lines anew."""
    put_together = append.put_together

    async def grown(*given: object) -> list[Message]:
        messages = await put_together(*given)  # type: ignore[arg-type]
        added = b"X-Delivery-Id: 7\r\nX-Scanned: yes\r\n"
        return [one._replace(octets=added + one.octets + b"\r\n") for one in messages]

    monkeypatch.setattr(append, "put_together", grown)


CUT = Fault(protocol="imap", command="APPEND", cut=0)


@pytest.mark.usefixtures("adds_fields")
@pytest.mark.parametrize("without", [(), ("UIDPLUS",)])
@pytest.mark.parametrize("named", [True, False])
async def test_what_was_cut_behind_its_end_stands_once_at_a_server_that_adds_fields(
    without: tuple[str, ...], named: bool, tmp_path: Path
) -> None:
    octets = mail(1, subject="Draft")
    if not named:
        octets = octets.replace(b"Message-ID", b"X-Name")
    with LocalServer(PASSWORDS, without=without) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync()
            server.add_fault(CUT)
            await bench.engine.command(SaveDraft(account_id=account_id, octets=octets))
            await until(lambda: there(server, "Drafts"), "the draft at the server")
            await settled(bench)
            await settled(bench)
            assert there(server, "Drafts") == ["Draft"]
            shown_is_there(bench, server, "Drafts")


@pytest.mark.usefixtures("adds_fields")
@pytest.mark.parametrize(
    "other",
    [
        mail(1, subject="Draft", body="another version"),
        mail(1, subject="Another draft", body="this version"),
    ],
)
async def test_another_version_with_its_message_id_is_not_taken_for_what_was_cut(
    other: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    octets = mail(1, subject="Draft", body="this version")
    put = ImapClient.append
    with LocalServer(PASSWORDS, without=("UIDPLUS",)) as server:

        async def cut_once(client: ImapClient, *told: Any) -> AppendUid | None:
            if not server.messages("alice", "Drafts"):
                server.deliver("alice", other, mailbox="Drafts")  # by another device
                raise ClosedError("The connection ended.")
            return await put(client, *told)

        monkeypatch.setattr(ImapClient, "append", cut_once)
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync()
            await bench.engine.command(SaveDraft(account_id=account_id, octets=octets))
            await until(lambda: len(there(server, "Drafts")) == 2, "both drafts at the server")
            await settled(bench)
            kept = [one.octets for one in server.messages("alice", "Drafts")]
            assert all(any(version in one for one in kept) for version in (octets, other))


@pytest.mark.parametrize("without", [(), ("UIDPLUS",)])
@pytest.mark.parametrize("older", [0, 1])
def test_what_was_cut_is_put_there_once_though_the_mailbox_got_other_uids_meanwhile(
    older: int, without: tuple[str, ...]
) -> None:
    """An older version with its Message-ID is not taken for it."""

    async def scene(scene: Scene) -> None:
        bench, server = scene.bench, scene.server
        for number in range(10, 15):
            await server.deliver_async("alice", mail(number), mailbox="Drafts")
        account_id = await bench.add(server)
        await bench.sync()
        others = tuple(row.id for row in bench.rows("Drafts"))
        await bench.engine.command(DeleteMessages(placement_ids=others, permanently=True))
        for _ in range(older):
            octets = mail(1, subject="Draft", body="one")
            await server.deliver_async("alice", octets, mailbox="Drafts")
        await bench.sync()
        server.add_fault(CUT)
        octets = mail(1, subject="Draft", body="two")
        await bench.engine.command(SaveDraft(account_id=account_id, octets=octets))
        while len(await scene.subjects_at("alice", "Drafts")) <= older:
            await asyncio.sleep(0.01)
        await scene.renumber("alice", "Drafts")
        await asyncio.sleep(120.0)
        await bench.sync()
        kept = [one.octets for one in await server.messages_async("alice", "Drafts")]
        assert [one.split()[-1] for one in kept] == [b"one"] * older + [b"two"]
        assert bench.subjects("Drafts") == ["Draft"] * (older + 1)
        assert bench.reader.operations() == []

    play(scene, without=without)


@pytest.mark.parametrize("without", [(), ("UIDPLUS",)])
@pytest.mark.parametrize("fault", [CUT, Fault(protocol="imap", command="APPEND", drop=True)])
def test_what_stands_there_already_is_not_taken_for_what_was_cut_before_other_uids(
    fault: Fault, without: tuple[str, ...]
) -> None:
    """The same octets stood there; whether they were put there once more has to be seen."""

    async def scene(scene: Scene) -> None:
        bench, server = scene.bench, scene.server
        alice, bob = await bench.add(server), await bench.add(server, "bob")
        await server.deliver_async("alice", mail(1))
        for number in range(1, 5):
            await server.deliver_async("bob", mail(number), mailbox="Junk")
        await bench.sync()
        await bench.engine.command(
            DeleteMessages(
                placement_ids=tuple(row.id for row in bench.rows("Junk", bob)[1:]), permanently=True
            )
        )
        await bench.sync()
        server.add_fault(fault)
        said = len(server.transcript.commands())
        (row,) = bench.rows(account_id=alice)
        await bench.engine.command(
            CopyMessages(placement_ids=(row.id,), mailbox_id=bench.mailbox("Junk", bob))
        )
        while not any("APPEND" in line for line in server.transcript.commands()[said:]):
            await asyncio.sleep(0.01)
        while fault is CUT and len(await scene.subjects_at("bob", "Junk")) < 2:
            await asyncio.sleep(0.01)
        await scene.renumber("bob", "Junk")
        await asyncio.sleep(120.0)
        await bench.sync()
        assert await scene.subjects_at("bob", "Junk") == ["Subject 1"] * 2
        assert bench.subjects("Junk", bob) == ["Subject 1"] * 2
        assert bench.reader.operations() == []

    play(scene, without=without)
