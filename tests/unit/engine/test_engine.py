"""The engine as a whole: what it acknowledged it keeps, and no artefact of it holds a password."""

from __future__ import annotations

import base64
import logging
from typing import TYPE_CHECKING

import apsw
import msgspec
import pytest

from desktopmail.door.commands import (
    AnswerQuestion,
    DiscardOperation,
    OpenVault,
    Password,
    RemoveAccount,
    RetryOperation,
    SendMessage,
    SetOffline,
    StoreFlags,
    SyncAccounts,
    Undo,
)
from desktopmail.door.ids import AccountId, OperationId, QuestionId
from desktopmail.door.interface import DoorError
from desktopmail.door.queries import (
    ReadTranscript,
    Transcript,
)
from desktopmail.door.rows import Flag, Kind, SendingState
from desktopmail.engine import vault
from localserver.local import LocalServer
from tests.helpers.engine import (
    PASSWORDS,
    MemoryKeyring,
    account_command,
    running_engine,
    synced_engine,
    until,
)
from tests.helpers.imports import imported_with
from tests.helpers.store import mail

if TYPE_CHECKING:
    from pathlib import Path


async def test_a_second_engine_on_a_profile_is_refused(tmp_path: Path) -> None:
    async with running_engine(tmp_path):
        with pytest.raises(DoorError) as caught:
            async with running_engine(tmp_path):
                pass
        assert caught.value.code == "profile-in-use"


async def test_an_engine_goes_on_where_the_one_before_ended(tmp_path: Path) -> None:
    ring = MemoryKeyring()
    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", mail(1))
        async with synced_engine(tmp_path, server, ring) as (bench, account_id):
            await bench.engine.command(SetOffline(offline=True))
            await bench.engine.command(
                StoreFlags(placement_ids=(bench.placed("Subject 1"),), add=Flag.FLAGGED)
            )
            await bench.engine.command(
                SendMessage(
                    account_id=account_id, sender="alice@localhost",
                    recipients=("bob@localhost",), octets=mail(2),
                )
            )  # fmt: skip
            assert server.messages("bob") == []
        async with running_engine(tmp_path, ring) as bench:
            await until(lambda: len(server.messages("bob")) == 1, "the message that was queued")
            await until(lambda: bench.reader.operations() == [], "the flag told")
            assert "\\Flagged" in server.messages("alice")[0].flags


async def test_what_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    async with running_engine(tmp_path) as bench:
        for command, code in (
            (SyncAccounts(account_ids=(AccountId(7),)), "no-account"),
            (RemoveAccount(account_id=AccountId(7)), "no-account"),
            (Undo(token="never"), "no-undo"),
            (DiscardOperation(operation_id=OperationId(7)), "no-operation"),
            (RetryOperation(operation_id=OperationId(7)), "no-operation"),
            (AnswerQuestion(question_id=QuestionId(7), choice="x"), "answered"),
            (
                SendMessage(
                    account_id=AccountId(7), sender="a@x.test", recipients=(), octets=mail(1)
                ),
                "no-recipient",
            ),
            (
                SendMessage(
                    account_id=AccountId(7), sender="a@x.test", recipients=("b@x.test",),
                    octets=mail(1),
                ),
                "no-account",
            ),
        ):  # fmt: skip
            with pytest.raises(DoorError) as caught:
                await bench.engine.command(command)  # type: ignore[arg-type]
            assert caught.value.code == code
        assert bench.reader.sendings() == []


async def test_an_opened_vault_keeps_the_engine_unless_the_store_has_to_be_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vault, "_SCRYPT_N", 2)
    async with running_engine(tmp_path) as bench:
        engine = bench.engine
        assert engine.stays_s == 0
        await engine.command(OpenVault(pass_phrase=Password("open sesame"), stays_s=600))
        await engine.command(OpenVault(pass_phrase=Password("open sesame")))
        assert engine.stays_s == 600
        engine.profile.salvage.touch()
        assert engine.stays_s == 0


async def test_no_artefact_of_a_whole_session_holds_a_password(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vault, "_SCRYPT_N", 2)
    caplog.set_level(logging.DEBUG)
    shown: list[str] = []
    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", mail(1))
        async with running_engine(tmp_path) as bench:
            bench.engine.subscribe(lambda change: shown.append(repr(change)))
            await bench.engine.command(OpenVault(pass_phrase=Password("open sesame")))
            for user, kind in (("alice", Kind.IMAP), ("bob", Kind.POP3)):
                command = account_command(server, user, kind, check=True)
                shown.append(repr(command))
                account_id = AccountId((await bench.engine.command(command)).ids[0])
                wrong = msgspec.structs.replace(
                    command, name="wrong", password=Password("never shown")
                )
                with pytest.raises(DoorError) as caught:
                    await bench.engine.command(wrong)
                shown.append(str(caught.value))
                await bench.sync(account_id)
                await bench.engine.command(
                    SendMessage(
                        account_id=account_id, sender=f"{user}@localhost",
                        recipients=("alice@localhost",), octets=mail(5),
                    )
                )  # fmt: skip
            await until(
                lambda: all(row.state is SendingState.DONE for row in bench.reader.sendings()),
                "both sent",
            )
            transcript = await bench.engine.query(ReadTranscript())
            assert isinstance(transcript, Transcript)
            assert {one.connection.split()[0] for one in transcript.records} == {
                "imap", "pop3", "smtp",
            }  # fmt: skip
            shown += [repr(bench.reader.accounts()), repr(bench.reader.problems())]
            said = b"".join(one.octets for one in transcript.records)
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())  # noqa: ASYNC240 - over
    everything = kept + said + "".join(shown).encode() + caplog.text.encode()
    for word in (*PASSWORDS.values(), "never shown", "open sesame"):
        for form in (
            word.encode(),
            base64.b64encode(word.encode()),
            *(base64.b64encode(f"\0{user}\0{word}".encode()) for user in PASSWORDS),
        ):
            assert form not in everything, word


def test_an_engine_that_begins_loads_nothing_that_speaks_http_dns_or_reads_certificates() -> None:
    """They and the keyring took half of its start and 26 MB; most engines never need them."""
    loaded = imported_with("desktopmail.engine.__main__")
    assert "desktopmail.engine.__main__" in loaded
    assert loaded.isdisjoint({"aiohttp", "cryptography", "dns", "keyring"})


async def test_an_engine_that_rests_keeps_no_pages_of_what_it_wrote(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        for number in range(40):
            server.deliver("alice", mail(number, body="x" * 100_000))
        async with synced_engine(tmp_path, server) as (bench, _):
            caches = bench.engine.store._connection, bench.engine.store._segments._connection
            before = [one.status(apsw.SQLITE_DBSTATUS_CACHE_USED)[0] for one in caches]
            bench.engine.rest()
            await bench.engine._scope.settled()
            after = [one.status(apsw.SQLITE_DBSTATUS_CACHE_USED)[0] for one in caches]
    assert all(now < was / 2 for was, now in zip(before, after, strict=True))
