"""A password given later counts at once, for what waited and for nobody else."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from keyring.backends.fail import Keyring as NoKeyring

from desktopmail.door.commands import OpenVault, Password, SendMessage, SetPassword
from desktopmail.door.ids import AccountId
from desktopmail.door.interface import DoorError
from desktopmail.door.rows import PASSWORDS_LOCKED, Kind, SendingState
from desktopmail.engine import vault
from localserver.local import LocalServer
from tests.helpers.engine import PASSWORDS, Bench, account_command, running_engine, until
from tests.helpers.store import mail

if TYPE_CHECKING:
    from pathlib import Path


async def send_to_bob(bench: Bench, account_id: AccountId, number: int) -> None:
    await bench.engine.command(
        SendMessage(
            account_id=account_id,
            sender="alice@localhost",
            recipients=("bob@localhost",),
            octets=mail(number),
        )
    )


def logins(server: LocalServer) -> int:
    return sum("AUTH" in line.upper().split()[0] for line in server.transcript.commands())


async def test_a_new_password_lets_what_waited_for_it_go_on(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            outcome = await bench.engine.command(
                account_command(server, "alice", Kind.POP3, password="an old one")
            )
            account_id = AccountId(outcome.ids[0])
            await send_to_bob(bench, account_id, 9)
            await until(
                lambda: any(row.problem for row in bench.reader.sendings()), "the refused password"
            )
            with pytest.raises(DoorError) as caught:
                await bench.sync(account_id)
            assert caught.value.code == "auth-failed"
            # It is one password, so it is asked for once; and what waits is kept.
            (question,) = bench.reader.questions()
            assert question.kind == "password-incoming"
            refused, remedy, kept = question.text.splitlines()  # each has its words in a language
            assert "refused the login of alice" in refused
            assert remedy == "Check the user name and the password."
            assert kept == "What waits for alice-pop3 is kept."
            await until(
                lambda: [row.state for row in bench.reader.sendings()] == [SendingState.QUEUED],
                "it waits",
            )
            tries = logins(server)
            for number in range(3):
                await send_to_bob(bench, account_id, number)
            await asyncio.sleep(0.2)
            assert logins(server) == tries  # a server that counts the tries would lock it
            await bench.engine.command(
                SetPassword(account_id=account_id, password=Password(PASSWORDS["alice"]))
            )
            await until(lambda: len(server.messages("bob")) == 4, "the queued messages")
            await bench.sync(account_id)
            assert bench.reader.questions() == []


@pytest.mark.parametrize("first", ["incoming", "outgoing"])
@pytest.mark.parametrize("own", [True, False])
async def test_two_servers_that_refuse_the_same_password_are_one_question_whichever_comes_first(
    tmp_path: Path, first: str, *, own: bool
) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            outcome = await bench.engine.command(
                account_command(server, "alice", Kind.POP3, password="an old one")
            )
            account_id = AccountId(outcome.ids[0])
            if own:
                another = SetPassword(
                    account_id=account_id, password=Password("another old one"), outgoing=True
                )
                await bench.engine.command(another)

            async def asks(side: str) -> None:
                if side == "incoming":
                    with pytest.raises(DoorError):
                        await bench.sync(account_id)
                else:
                    await send_to_bob(bench, account_id, 1)
                    await until(
                        lambda: any(row.problem for row in bench.reader.sendings()), "the refusal"
                    )

            await asks(first)
            await asks("outgoing" if first == "incoming" else "incoming")
            kinds = {row.kind for row in bench.reader.questions()}
            wanted = {"password-incoming", "password-outgoing"} if own else {"password-incoming"}
            assert kinds == wanted


async def test_a_wrong_pass_phrase_opens_no_vault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vault, "_SCRYPT_N", 2)
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            await bench.engine.command(OpenVault(pass_phrase=Password("open sesame")))
            account_id = await bench.add(server)
        async with running_engine(tmp_path) as bench:
            with pytest.raises(DoorError) as caught:
                await bench.engine.command(OpenVault(pass_phrase=Password("open barley")))
            assert caught.value.code == "wrong-pass-phrase"
            await bench.engine.command(OpenVault(pass_phrase=Password("open sesame")))
            await bench.sync(account_id)


async def test_that_passwords_are_locked_is_a_problem_with_a_code_until_they_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vault, "_SCRYPT_N", 2)
    opening = OpenVault(pass_phrase=Password("open sesame"))
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path, NoKeyring()) as bench:
            await bench.engine.command(opening)
            await bench.add(server)
        async with running_engine(tmp_path, NoKeyring()) as bench:
            await until(bench.reader.problems, "what is wrong")
            assert [row.code for row in bench.reader.problems()] == [PASSWORDS_LOCKED]
            await bench.engine.command(opening)
            await until(lambda: not bench.reader.problems(), "that it works")
