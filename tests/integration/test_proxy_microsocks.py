"""The engine behind Debian's microsocks, a SOCKS5 proxy that is not ours."""

from __future__ import annotations

import socket
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec
import pytest

from desktopmail.door.commands import AddAccount, Password, SetProxy
from desktopmail.door.interface import DoorError
from desktopmail.door.rows import Kind, Security
from localserver.local import LocalServer
from tests.helpers.engine import PASSWORDS, account_command, running_engine
from tests.helpers.port import free_port
from tests.helpers.store import mail

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.peer("microsocks")
PASSWORD = "tanstaafl"
_PATIENCE_S = 10.0


@contextmanager
def microsocks() -> Iterator[int]:
    """Run it on a free port of this machine, for ann alone."""
    port = free_port()
    process = subprocess.Popen(
        ["microsocks", "-i", "127.0.0.1", "-p", str(port), "-u", "ann", "-P", PASSWORD],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert time.monotonic() < deadline, "microsocks did not start"
                time.sleep(0.02)
        yield port
    finally:
        process.terminate()
        process.wait()


def through(server: LocalServer, proxy: str, kind: Kind) -> AddAccount:
    """An account whose servers are reached by name, inside TLS, through the proxy."""
    command = account_command(server, "alice", kind)

    def behind(service: str) -> object:
        return msgspec.structs.replace(
            command.incoming,
            host="localhost",
            port=server.ports[service],
            security=Security.TLS,
            ca_file=str(server.ca_file),
            proxy=proxy,
        )

    return msgspec.structs.replace(
        command,
        incoming=behind(f"{kind.value}s"),
        outgoing=behind("submissions"),
        check=True,
    )


@pytest.mark.parametrize("kind", [Kind.IMAP, Kind.POP3])
async def test_mail_comes_inside_tls_through_a_proxy_with_a_password(
    kind: Kind, tmp_path: Path
) -> None:
    with microsocks() as port, LocalServer(PASSWORDS) as server:
        server.deliver("alice", mail(1))
        proxy = f"socks5://ann@127.0.0.1:{port}"
        async with running_engine(tmp_path) as bench:
            await bench.engine.command(SetProxy(proxy=proxy, password=Password(PASSWORD)))
            await bench.engine.command(through(server, proxy, kind))
            await bench.sync()
            assert bench.subjects() == ["Subject 1"]


async def test_a_wrong_password_for_the_proxy_is_said_to_be_that(tmp_path: Path) -> None:
    with microsocks() as port, LocalServer(PASSWORDS) as server:
        proxy = f"socks5://ann@127.0.0.1:{port}"
        async with running_engine(tmp_path) as bench:
            await bench.engine.command(SetProxy(proxy=proxy, password=Password("a wrong one")))
            with pytest.raises(DoorError) as caught:
                await bench.engine.command(through(server, proxy, Kind.IMAP))
            assert "proxy" in caught.value.sentence.lower()
            assert "a wrong one" not in str(caught.value)
            assert server.transcript.commands() == []
