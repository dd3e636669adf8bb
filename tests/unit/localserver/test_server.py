"""A server starts whole or not at all, and stops with nothing left."""

from __future__ import annotations

import asyncio
import ssl
import threading
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography import x509

from desktopmail.net.dial import TcpDialer
from desktopmail.net.errors import ClosedError, ListenError, TlsError
from desktopmail.net.ports import SystemClock, system_ports
from desktopmail.net.tls import ClientTls
from localserver import server as server_module
from localserver import tls
from localserver.cli.folder import opened
from localserver.config import Config
from localserver.config_file import ConfigError
from localserver.lock import lock_folder
from localserver.server import start_server
from localserver.store.errors import DamagedError, LockedError, OverQuotaError
from localserver.store.interface import Delivery
from localserver.users import UserError
from tests.helpers.certificates import make_certificates

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from desktopmail.net.stream import Stream

LISTEN = {"imap": 0}


def everything_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


async def test_the_administration_is_imported_beside_the_loop_and_where_it_is_served_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    threads: list[int] = []
    imported = server_module._imported_service

    def watched() -> object:
        threads.append(threading.get_ident())
        return imported()

    monkeypatch.setattr(server_module, "_imported_service", watched)
    for listen, times in ((LISTEN, 0), ({**LISTEN, "api": 0}, 1)):
        server = await start_server(Config(listen=listen), system_ports())
        assert ("api" in server.ports) is bool(times)
        await server.aclose()
        assert len(threads) == times
    assert threading.get_ident() not in threads


async def test_a_memory_server_leaves_no_file_behind() -> None:
    server = await start_server(Config(listen=LISTEN), system_ports(), users=[("alice", "s")])
    assert server.ca_file is not None
    folder = server.ca_file.parent
    assert folder.exists()
    assert server.ready.ports == server.ports
    await server.aclose()
    assert not folder.exists()


@pytest.mark.parametrize("other", ["smtp", "api"])
async def test_two_protocols_on_one_port_are_named(other: str) -> None:
    config = Config(listen={"pop3": 0, "imap": 40143, "imaps": 0, other: 40143})
    sentence = f"imap and {other} cannot both have port 40143; move one of them."
    with pytest.raises(ConfigError, match=sentence):
        await start_server(config, system_ports())


async def test_what_fails_at_the_start_gives_the_lock_back(tmp_path: Path) -> None:
    config = Config(data=tmp_path, listen=LISTEN, certificate=tmp_path / "none.pem")
    with pytest.raises(TlsError):
        await start_server(config, system_ports())
    with pytest.raises(UserError):
        await start_server(
            Config(data=tmp_path, listen=LISTEN), system_ports(), users=[("a b", "s")]
        )
    server = await start_server(Config(data=tmp_path, listen=LISTEN), system_ports())
    with pytest.raises(LockedError):
        await start_server(Config(data=tmp_path, listen=LISTEN), system_ports())
    await server.aclose()


async def test_users_of_the_command_line_are_not_written_to_the_disk(tmp_path: Path) -> None:
    config = Config(data=tmp_path, listen=LISTEN)
    server = await start_server(config, system_ports(), users=[("alice@localhost", "s3cret")])
    await server.store.account("alice")
    await server.aclose()
    assert b"s3cret" not in everything_in(tmp_path)
    server = await start_server(config, system_ports())
    assert server.context.users.all() == []
    await server.aclose()


class TurnedClock(SystemClock):
    """Stands still until it is turned; who sleeps then wakes."""

    def __init__(self) -> None:
        self._passed = 0.0
        self._turned = asyncio.Event()
        self._begin = super().now()

    def monotonic(self) -> float:
        return 1000.0 + self._passed

    def now(self) -> datetime:
        return self._begin + timedelta(seconds=self._passed)

    async def sleep(self, seconds: float) -> None:
        until = self._passed + seconds
        while self._passed < until:
            await self._turned.wait()

    async def turn(self, seconds: float) -> None:
        self._passed += seconds
        turned, self._turned = self._turned, asyncio.Event()
        turned.set()
        for _ in range(10):  # turns of the loop in which the sleepers do their work
            await asyncio.sleep(0)


async def is_cut(stream: Stream) -> bool:
    async with asyncio.timeout(5):
        try:
            return await stream.read() == b""
        except ClosedError:
            return True


async def test_who_does_not_log_in_is_cut_after_a_minute() -> None:
    clock = TurnedClock()
    ports = replace(system_ports(), clock=clock)
    server = await start_server(Config(listen={"imap": 0, "smtp": 0}), ports)
    waiting = await TcpDialer().dial("127.0.0.1", server.ports["imap"])
    relay = await TcpDialer().dial("127.0.0.1", server.ports["smtp"])
    assert await waiting.read()
    assert await relay.read()
    await clock.turn(59)
    assert {each.listener for each in server.sessions.all()} == {"imap", "smtp"}
    await clock.turn(6)
    assert await is_cut(waiting)
    await clock.turn(1)
    assert [each.listener for each in server.sessions.all()] == ["smtp"]
    await relay.aclose()
    await waiting.aclose()
    await server.aclose(grace_s=0.0)


@pytest.mark.logs("could not be renewed")
async def test_the_certificate_is_renewed_while_it_runs_even_after_a_failure(
    tmp_path: Path,
) -> None:
    clock = TurnedClock()
    ports = replace(system_ports(), clock=clock)
    server = await start_server(Config(data=tmp_path, listen={"imaps": 0}), ports)
    file = tmp_path / "tls" / tls.CERTIFICATE_FILE
    first = tls.describe(file).not_after
    day_s = 86400.0
    await clock.turn(360 * day_s)
    assert tls.describe(file).not_after == first
    (tmp_path / "tls").rename(tmp_path / "away")
    (tmp_path / "tls").write_text("in the way")
    await clock.turn(10 * day_s)
    (tmp_path / "tls").unlink()
    (tmp_path / "away").rename(tmp_path / "tls")
    assert tls.describe(file).not_after == first
    await clock.turn(day_s)
    assert tls.describe(file).not_after > first
    with pytest.raises(TlsError) as looked_at:  # the listener shows the new one at once
        await TcpDialer().dial(
            "127.0.0.1", server.ports["imaps"], tls=ClientTls("localhost", inspect=True)
        )
    assert looked_at.value.certificate == ssl.PEM_cert_to_DER_cert(
        file.read_text().partition("-----END CERTIFICATE-----")[0] + "-----END CERTIFICATE-----"
    )
    await server.aclose(grace_s=0.0)


async def test_the_authority_is_renewed_while_it_runs(tmp_path: Path) -> None:
    clock = TurnedClock()
    ports = replace(system_ports(), clock=clock)
    server = await start_server(Config(data=tmp_path, listen={"imaps": 0}), ports)
    assert server.ca_file is not None
    authority = tls.describe(server.ca_file)
    await clock.turn((3650 - 397 - 2) * 86400.0)
    assert tls.describe(server.ca_file) == authority
    await clock.turn(3 * 86400.0)
    assert tls.describe(server.ca_file).not_after > authority.not_after
    with pytest.raises(TlsError) as looked_at:
        await TcpDialer().dial(
            "127.0.0.1", server.ports["imaps"], tls=ClientTls("localhost", inspect=True)
        )
    shown = x509.load_der_x509_certificate(looked_at.value.certificate or b"")
    shown.verify_directly_issued_by(x509.load_pem_x509_certificate(server.ca_file.read_bytes()))
    await server.aclose(grace_s=0.0)


@pytest.mark.logs("cannot be read. The earlier one stays in use")
async def test_ones_own_certificate_is_renewed_while_it_runs(tmp_path: Path) -> None:
    own = make_certificates(tmp_path / "own")
    config = Config(listen={"imaps": 0}, certificate=own.certificate, key=own.key)
    server = await start_server(config, system_ports())

    async def greeted(ca_file: Path) -> None:
        trusted = ClientTls("localhost", ca_file=ca_file)
        stream = await TcpDialer().dial("127.0.0.1", server.ports["imaps"], tls=trusted)
        assert (await stream.read()).startswith(b"* OK")
        await stream.aclose()

    await greeted(own.ca_file)
    other = make_certificates(tmp_path / "other")
    own.key.write_bytes(other.key.read_bytes())  # half of it: the pair does not fit
    await greeted(own.ca_file)
    own.certificate.write_bytes(other.certificate.read_bytes())
    await greeted(other.ca_file)
    with pytest.raises(TlsError):
        await greeted(own.ca_file)
    await server.aclose(grace_s=0.0)


async def test_a_damaged_database_is_found_at_the_start(tmp_path: Path) -> None:
    config = Config(data=tmp_path, listen=LISTEN)
    server = await start_server(config, system_ports(), users=[("alice", "s")])
    await server.store.deliver([Delivery("alice", b"Subject: x\r\n\r\n")])
    await server.aclose()
    database = tmp_path / "users" / "alice" / "mail.db"
    database.write_bytes(database.read_bytes()[:4096] + b"damaged!" * 4096)
    with pytest.raises(DamagedError, match="localserver snapshot restore"):
        await start_server(config, system_ports(), users=[("alice", "s")])
    lock_folder(tmp_path).release()


async def test_nothing_is_left_when_a_port_is_taken(tmp_path: Path) -> None:
    first = await start_server(Config(listen=LISTEN), system_ports())
    taken = Config(data=tmp_path, listen={"smtp": 0, "imap": first.ports["imap"]})
    with pytest.raises(ListenError, match=str(first.ports["imap"])):
        await start_server(taken, system_ports())
    lock_folder(tmp_path).release()
    await first.aclose()


async def test_ones_own_certificate_is_shown_and_no_authority_is_made(tmp_path: Path) -> None:
    own = make_certificates(tmp_path / "own")
    config = Config(
        data=tmp_path / "data", listen={"imaps": 0}, certificate=own.certificate, key=own.key
    )
    server = await start_server(config, system_ports())
    assert server.ca_file is None
    assert server.ready.ca_file is None
    trusted = ClientTls("localhost", ca_file=own.ca_file)
    stream = await TcpDialer().dial("127.0.0.1", server.ports["imaps"], tls=trusted)
    assert (await stream.read()).startswith(b"* OK")
    await stream.aclose()
    await server.aclose(grace_s=0.0)
    assert not (tmp_path / "data" / "tls").exists()


@pytest.mark.parametrize(("name", "password"), [("alice", ""), ("", "s"), ("a\nb", "s")])
async def test_a_user_who_cannot_be_one_stops_the_start(name: str, password: str) -> None:
    with pytest.raises(UserError):
        await start_server(Config(listen=LISTEN), system_ports(), users=[(name, password)])


async def test_the_quota_of_a_user_at_rest_holds_in_the_running_server(tmp_path: Path) -> None:
    async with opened(tmp_path, make=True) as folder:
        await folder.users.put("alice", "secret")
        await folder.credentials.set_quota("alice", 100)
    server = await start_server(Config(data=tmp_path, listen=LISTEN), system_ports())
    await server.store.deliver([Delivery("alice", b"x" * 60)])
    with pytest.raises(OverQuotaError):
        await server.store.deliver([Delivery("alice", b"x" * 60)])
    await server.aclose()
