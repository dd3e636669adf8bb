"""The check of an account: each step said, each failure one sentence, and nothing saved before."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec
import pytest

from desktopmail.door.commands import AddAccount, Password, SetProxy
from desktopmail.door.interface import DoorError
from desktopmail.door.queries import CheckAccount, CheckReport
from desktopmail.door.rows import Kind, Security
from desktopmail.engine import check
from localserver.faults import Fault
from localserver.local import LocalServer
from tests.helpers.engine import PASSWORDS, Bench, account_command, running_engine

if TYPE_CHECKING:
    from pathlib import Path


async def report(bench: Bench, account_id: int) -> CheckReport:
    answer = await bench.engine.query(CheckAccount(account_id=account_id))  # type: ignore[arg-type]
    assert isinstance(answer, CheckReport)
    return answer


@pytest.mark.parametrize("kind", [Kind.IMAP, Kind.POP3])
async def test_every_step_of_both_servers_is_said(kind: Kind, tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", b"Subject: one\r\n\r\n1\r\n")
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server, kind=kind)
            found = await report(bench, account_id)
    assert all(step.ok for step in found.steps)
    steps = [(step.server, step.step) for step in found.steps]
    for side in ("incoming", "outgoing"):
        order = [step for server_side, step in steps if server_side == side]
        assert order[:3] == ["dns", "tcp", "tls"]
        assert order.index("auth") < order.index("login")
    auth = next(step.detail for step in found.steps if step.step == "auth")
    assert auth.startswith("SCRAM")
    listing = next(step.detail for step in found.steps if step.step == "listing")
    assert listing == "1 message" if kind is Kind.POP3 else "mailboxes" in listing


async def test_a_wrong_password_saves_nothing_and_says_so(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            command = account_command(server, "alice", Kind.IMAP, password="guess", check=True)
            with pytest.raises(DoorError) as caught:
                await bench.engine.command(command)
            assert caught.value.code == "auth-failed"
            assert "guess" not in str(caught.value)
            assert bench.reader.accounts() == []


async def test_a_right_password_is_saved_after_both_servers_took_it(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            outcome = await bench.engine.command(
                account_command(server, "alice", Kind.POP3, check=True)
            )
            assert [row.id for row in bench.reader.accounts()] == list(outcome.ids)


async def test_another_outgoing_password_is_the_one_that_is_tried(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            command = msgspec.structs.replace(
                account_command(server, "alice", Kind.IMAP, check=True),
                outgoing_password=Password("guess"),
            )
            with pytest.raises(DoorError) as caught:
                await bench.engine.command(command)
            assert caught.value.code == "auth-failed"
            assert bench.reader.accounts() == []


async def test_no_password_at_all_is_one_sentence(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            command: AddAccount = msgspec.structs.replace(
                account_command(server, "alice", Kind.IMAP, check=True), password=None
            )
            with pytest.raises(DoorError) as caught:
                await bench.engine.command(command)
            assert caught.value.code == "no-password"
            assert server.transcript.commands() == []


async def test_the_step_that_failed_is_the_last_of_its_server(tmp_path: Path) -> None:
    fault = Fault(protocol="imap", command="LIST", bye=True, times=None)
    with LocalServer(PASSWORDS, plan=[fault]) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            found = await report(bench, account_id)
    incoming = [step for step in found.steps if step.server == "incoming"]
    outgoing = [step for step in found.steps if step.server == "outgoing"]
    assert [step.ok for step in incoming].count(False) == 1
    assert not incoming[-1].ok
    assert incoming[-1].detail
    assert all(step.ok for step in outgoing)  # the other server is looked at all the same


async def test_a_port_where_nobody_listens_is_told_from_a_name_that_is_nobodys(
    tmp_path: Path,
) -> None:
    with LocalServer(PASSWORDS) as server:
        base = account_command(server, "alice", Kind.IMAP)
        closed = msgspec.structs.replace(base.incoming, port=1)
        nobody = msgspec.structs.replace(
            base.incoming, host="nobody.invalid", security=Security.TLS
        )
        async with running_engine(tmp_path) as bench:
            for settings, step in ((closed, "tcp"), (nobody, "dns")):
                command = msgspec.structs.replace(base, name=step, incoming=settings, check=False)
                account_id = (await bench.engine.command(command)).ids[0]
                incoming = [
                    one for one in (await report(bench, account_id)).steps
                    if one.server == "incoming"
                ]  # fmt: skip
                assert (incoming[-1].step, incoming[-1].ok) == (step, False)
                assert all(one.ok for one in incoming[:-1])


async def test_a_maildrop_is_not_checked_while_it_is_fetched_from(tmp_path: Path) -> None:
    """A server lets one session in: the other one of ours would be told that it is in use."""
    slow = Fault(protocol="pop3", command="UIDL", delay_s=0.3, times=None)
    with LocalServer(PASSWORDS, plan=[slow]) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server, kind=Kind.POP3)
            for _ in range(3):
                async with asyncio.TaskGroup() as group:
                    group.create_task(bench.sync(account_id))
                    found = await report(bench, account_id)
                assert all(step.ok for step in found.steps), found


async def test_certificates_that_nothing_vouches_for_are_shown_and_accepted_one_by_one(
    tmp_path: Path,
) -> None:
    with LocalServer(PASSWORDS) as server:
        base = account_command(server, "alice", Kind.IMAP, check=True)
        incoming, outgoing = (
            msgspec.structs.replace(settings, port=server.ports[name], security=Security.TLS)
            for settings, name in ((base.incoming, "imaps"), (base.outgoing, "submissions"))
        )
        async with running_engine(tmp_path) as bench:
            for side in ("incoming", "outgoing"):
                command = msgspec.structs.replace(base, incoming=incoming, outgoing=outgoing)
                with pytest.raises(DoorError) as caught:
                    await bench.engine.command(command)
                shown = caught.value.certificate
                assert shown is not None
                assert (shown.side, shown.host) == (side, "127.0.0.1")
                assert "subject: CN=localhost" in shown.text
                assert shown.text.endswith(f"before you accept it for 127.0.0.1:{shown.port}.")
                if side == "incoming":
                    assert shown.port == incoming.port
                    incoming = msgspec.structs.replace(incoming, pins=(shown.fingerprint,))
                else:
                    assert shown.port == outgoing.port
                    outgoing = msgspec.structs.replace(outgoing, pins=(shown.fingerprint,))
            command = msgspec.structs.replace(base, incoming=incoming, outgoing=outgoing)
            account_id = (await bench.engine.command(command)).ids[0]
            await bench.sync(account_id)


async def test_what_no_certificate_is_to_blame_for_shows_none(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            command = account_command(
                server, "alice", Kind.IMAP, password="a wrong one", check=True
            )
            with pytest.raises(DoorError) as caught:
                await bench.engine.command(command)
            assert caught.value.certificate is None


@pytest.mark.parametrize(
    ("own", "is_looked_up"), [("", False), ("none", True), ("socks5://127.0.0.1:1", False)]
)
async def test_the_name_of_a_server_behind_a_proxy_is_asked_of_nobody_here(
    own: str, *, is_looked_up: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    async def resolve(host: str, _port: int) -> list[object]:
        asked.append(host)
        return []

    monkeypatch.setattr(check, "resolve", resolve)
    with LocalServer(PASSWORDS) as server:
        command = account_command(server, "alice", Kind.IMAP)
        incoming = msgspec.structs.replace(
            command.incoming, host="mail.invalid", security=Security.TLS, proxy=own
        )
        async with running_engine(tmp_path) as bench:
            await bench.engine.command(SetProxy(proxy="socks5://127.0.0.1:1"))
            added = await bench.engine.command(msgspec.structs.replace(command, incoming=incoming))
            await report(bench, added.ids[0])
    assert asked == (["mail.invalid"] if is_looked_up else [])
