"""The sandbox: an ordinary server with sample mail, that ends with its engine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from desktopmail import resources
from desktopmail.door.interface import DoorError
from desktopmail.door.rows import Kind, Security
from desktopmail.engine import sandbox
from desktopmail.engine.sandbox import Sandbox
from desktopmail.mime.message import Message
from desktopmail.net.endpoint import Endpoint
from desktopmail.net.endpoint import Security as NetSecurity
from desktopmail.net.imap import ImapClient
from desktopmail.net.ports import system_ports
from desktopmail.wire.secret import Secret
from tests.helpers.without import python_path


def test_the_sample_mail_is_complete() -> None:
    index = sandbox._load_index()
    names = {user.name: user for user in index.user}
    assert index.domain == "sandbox.test"
    assert {user.protocol for user in index.user} == {"imap", "pop3"}
    for message in index.message:
        octets = resources.path("demo", *message.file.split("/")).read_bytes()
        assert Message.parse(octets).subject, message.file
        assert message.mailbox in {"INBOX", *names[message.user].mailboxes}, message.file
        assert message.date.tzinfo is not None, message.file


async def test_a_sandbox_that_does_not_run_has_no_accounts() -> None:
    made = Sandbox(system_ports())
    with pytest.raises(DoorError) as caught:
        made.account_commands()
    assert caught.value.code == "no-sandbox"
    folder = made._folder
    await made.aclose()
    assert not folder.exists()


async def test_a_server_that_does_not_start_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("desktopmail.engine.sandbox.sys.executable", "/bin/false")
    made = Sandbox(system_ports())
    with pytest.raises(DoorError) as caught:
        await made.start()
    assert caught.value.code == "no-sandbox"
    assert not made._folder.exists()


async def test_its_accounts_use_tls_and_passwords_that_are_on_no_command_line() -> None:
    made = Sandbox(system_ports())
    await made.start()
    try:
        commands = made.account_commands()
        assert [command.kind for command in commands] == [Kind.IMAP, Kind.POP3]
        assert {command.incoming.security for command in commands} == {Security.TLS}
        assert made._running is not None
        server = made._running.process.pid
        with open(f"/proc/{server}/cmdline", "rb") as file:  # noqa: ASYNC230 - of the kernel
            line = file.read()
        for command in commands:
            assert command.password is not None
            assert command.password.text.encode() not in line
        users = made._folder / "users"
        assert users.stat().st_mode & 0o077 == 0
        # Whoever switches an account finds the other port of the same server.
        assert made.is_home_of("Anna@sandbox.test")
        assert not made.is_home_of("anna@example.org")
        assert not made.is_home_of("nobody@sandbox.test")
        ways = {way.kind: way for way in made.discovered("anna@sandbox.test").accounts}
        assert ways[Kind.IMAP].incoming == commands[0].incoming
        assert ways[Kind.POP3].incoming.port == commands[1].incoming.port
        assert ways[Kind.POP3].incoming.user == "anna"
    finally:
        await made.aclose()
    assert not made.is_home_of("anna@sandbox.test")
    assert made._running is None


async def test_a_server_that_was_stopped_starts_again_with_its_ports_and_mail() -> None:
    made = Sandbox(system_ports())
    assert not made.state().running
    await made.start()
    try:
        state = made.state()
        assert state.running
        assert state.token is not None
        assert state.token.text not in repr(state)
        assert made._running is not None
        before = made._running
        os.kill(before.process.pid, signal.SIGTERM)
        await system_ports().executor.run(lambda: before.process.wait(10))
        assert not made.is_running
        assert not made.state().running
        await made.start_again()
        assert made.is_running
        assert (made._folder / "users").exists()
        assert made._running.ready.ports == before.ready.ports
        anna = made.account_commands()[0]
        assert anna.password is not None
        client = await ImapClient.connect(
            Endpoint(
                "localhost",
                anna.incoming.port,
                NetSecurity.TLS,
                ca_file=Path(anna.incoming.ca_file or ""),
            ),
            ports=system_ports(),
        )
        await client.login("anna", Secret(anna.password.text))
        assert (await client.select("INBOX")).exists > 5
        await client.aclose()
    finally:
        await made.aclose()
    assert not made._folder.exists()


STARTED_AND_KILLED = """
import asyncio, os, signal
from desktopmail.engine.sandbox import Sandbox
from desktopmail.net.ports import system_ports

async def main():
    made = Sandbox(system_ports())
    await made.start()
    print(made._running.process.pid, made._sweeper.pid, made._folder, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


@pytest.mark.parametrize("where", [None, python_path()], ids=["here", "elsewhere"])
def test_server_and_folder_end_with_an_engine_that_is_killed(where: str | None) -> None:
    """Both read the end of a pipe that was the engine's; the passwords are in the folder."""
    paths = {} if where is None else {"PYTHONPATH": where}
    done = subprocess.run(
        [sys.executable, "-c", STARTED_AND_KILLED],
        env={**os.environ, **paths},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    server, sweeper, folder = done.stdout.split(maxsplit=2)
    until = time.monotonic() + 30
    while _runs(int(server)) or _runs(int(sweeper)) or Path(folder.strip()).exists():
        assert time.monotonic() < until, "the server or its folder outlived its engine"
        time.sleep(0.01)


def _runs(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
