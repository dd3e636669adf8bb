"""The sandbox: an ordinary server with sample mail, that ends with its engine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
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


def test_the_sample_mail_is_complete() -> None:
    index = sandbox._load_index()
    names = {user.name: user for user in index.user}
    assert index.domain == Sandbox.DOMAIN
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
        leash = made._running.process.pid
        with open(f"/proc/{leash}/cmdline", "rb") as file:  # noqa: ASYNC230 - of the kernel
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
        os.kill(_server_of(before.process.pid), signal.SIGTERM)
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


def _server_of(shell: int) -> int:
    """The process id of the server that a leash started."""
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", encoding="ascii") as file:
                    if int(file.read().rsplit(")", 1)[1].split()[1]) != shell:
                        continue
                with open(f"/proc/{name}/cmdline", "rb") as file:
                    if b"localserver" in file.read() and b"/bin/sh" not in file.read():
                        return int(name)
            except (FileNotFoundError, ProcessLookupError):
                continue
    raise AssertionError("the shell has no server")


def test_the_server_ends_with_an_engine_that_is_killed(tmp_path: Path) -> None:
    """A shell between the two reads the end of a pipe; the folder with the passwords goes too."""
    folder = tmp_path / "sandbox"
    folder.mkdir()
    script = (
        "import os, sys; from pathlib import Path; from desktopmail.engine.sandbox import _spawn;"
        "_spawn(['/bin/sh', '-c', f'echo $$ > {sys.argv[1]}/pid; exec sleep 600'],"
        " Path(sys.argv[1]) / 'sandbox' / 'log');"
        "import time\n"
        "while not (Path(sys.argv[1]) / 'pid').exists() or not"
        " (Path(sys.argv[1]) / 'pid').read_text().strip(): time.sleep(0.01)\n"
        "os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False, timeout=30)
    server = int((tmp_path / "pid").read_text())
    for _ in range(500):
        if not _runs(server) and not folder.exists():
            return
        subprocess.run(["sleep", "0.01"], check=True)
    if _runs(server):
        os.kill(server, 9)
    pytest.fail("the server or its folder outlived its engine")


def _runs(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
