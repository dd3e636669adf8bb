"""A proxy is for every server beyond this machine, looks their names up, and nothing goes round."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from desktopmail.door.commands import AddAccount, Password, ServerSettings, SetProxy
from desktopmail.door.interface import DoorError
from desktopmail.door.queries import DiscoverAccount, FetchRemoteImage
from desktopmail.door.rows import Kind, Security
from desktopmail.engine.proxy import Proxies, Proxy
from desktopmail.net.dial import TcpDialer
from desktopmail.net.proxy import SocksDialer
from desktopmail.wire.secret import Secret
from localserver.local import LocalServer
from tests.helpers import socks
from tests.helpers.engine import PASSWORDS, MemoryKeyring, account_command, running_engine
from tests.helpers.store import mail

if TYPE_CHECKING:
    from pathlib import Path

HOST = "mail.example.org"


@pytest.mark.parametrize(
    ("text", "proxy"),
    [
        ("", None),
        ("none", None),
        ("socks5://localhost:1080", Proxy("localhost", 1080)),
        ("socks5h://ann@[::1]:1080", Proxy("::1", 1080, "ann")),
    ],
)
def test_the_forms_of_a_proxy(text: str, proxy: Proxy | None) -> None:
    assert Proxy.parse(text) == proxy
    if proxy is not None:
        assert Proxy.parse(str(proxy)) == proxy


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("http://proxy:8080", "is no proxy"),
        ("socks5://proxy", "HOST:PORT"),
        ("socks5://ann:tanstaaf@proxy:1080", "The password of a proxy does not stand in"),
    ],
)
def test_what_is_no_proxy_is_one_sentence(text: str, why: str) -> None:
    with pytest.raises(DoorError, match=why) as caught:
        Proxy.parse(text)
    assert "tanstaaf" not in str(caught.value)


class Passwords:
    def __init__(self) -> None:
        self.asked: list[str] = []

    async def of_proxy(self, where: str) -> Secret | None:
        self.asked.append(where)
        return Secret("tanstaaf")


@pytest.mark.parametrize(
    ("host", "own", "through"),
    [
        ("mail.example.org", "", "profile:1"),
        ("mail.example.org", "none", ""),
        ("mail.example.org", "socks5://own:2", "own:2"),
        ("localhost", "", ""),
        ("localhost", "socks5://own:2", "own:2"),
    ],
)
async def test_a_server_goes_its_own_way_or_that_of_the_profile(
    host: str, own: str, through: str
) -> None:
    proxies = Proxies(Passwords(), Proxy("profile", 1))
    server = ServerSettings(host=host, port=993, security=Security.TLS, proxy=own)
    straight = TcpDialer()
    dialer = await proxies.dialer(server, straight)
    if not through:
        assert dialer is straight
    else:
        assert isinstance(dialer, SocksDialer)
        assert f"{dialer._host}:{dialer._port}" == through


async def test_only_a_proxy_with_a_name_is_given_a_password() -> None:
    passwords = Passwords()
    server = ServerSettings(host=HOST, port=993, security=Security.TLS)
    await Proxies(passwords, Proxy("p", 1)).dialer(server, TcpDialer())
    assert passwords.asked == []
    await Proxies(passwords, Proxy("p", 1, "ann")).dialer(server, TcpDialer())
    assert passwords.asked == ["ann@p:1"]


def far_account(server: LocalServer, kind: Kind) -> AddAccount:
    """An account at a name that only the proxy knows."""
    near = account_command(server, "alice", kind)
    return msgspec.structs.replace(
        near,
        incoming=msgspec.structs.replace(near.incoming, host=HOST),
        outgoing=msgspec.structs.replace(near.outgoing, host=HOST),
        allow_cleartext=True,
    )


def contents(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("kind", [Kind.IMAP, Kind.POP3])
async def test_mail_is_fetched_through_the_proxy_of_the_profile(kind: Kind, tmp_path: Path) -> None:
    peer = socks.Proxy(user=b"ann", password=b"tanstaaf")
    keyring = MemoryKeyring()
    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", mail(1))
        async with peer.relaying() as port, running_engine(tmp_path, keyring) as bench:
            proxy = f"socks5://ann@127.0.0.1:{port}"
            await bench.engine.command(SetProxy(proxy=proxy, password=Password("tanstaaf")))
            await bench.engine.command(far_account(server, kind))
            await bench.sync()
            assert bench.subjects() == ["Subject 1"]
            assert peer.host == HOST  # looked up there, and not here
    assert "tanstaaf" in keyring.kept.values()
    assert not any(b"tanstaaf" in octets for octets in contents(tmp_path))
    assert proxy in (tmp_path / "settings.toml").read_text()


async def test_an_account_has_a_proxy_of_its_own(tmp_path: Path) -> None:
    peer = socks.Proxy()
    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", mail(1))
        async with peer.relaying() as port, running_engine(tmp_path) as bench:
            command = account_command(server, "alice", Kind.IMAP)
            own = msgspec.structs.replace(command.incoming, proxy=f"socks5://127.0.0.1:{port}")
            await bench.engine.command(msgspec.structs.replace(command, incoming=own))
            await bench.sync()
            assert bench.subjects() == ["Subject 1"]
            assert peer.port == server.ports["imap"]


@pytest.mark.parametrize("refusal", ["login", "host", "gone"])
async def test_a_proxy_that_does_not_help_is_one_sentence(refusal: str, tmp_path: Path) -> None:
    peer = socks.Proxy(
        user=b"ann" if refusal == "login" else None, reply=4 if refusal == "host" else 0
    )
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            async with peer.relaying() as port:
                proxy = f"socks5://ann@127.0.0.1:{1 if refusal == 'gone' else port}"
                await bench.engine.command(SetProxy(proxy=proxy, password=Password("wrong one")))
                await bench.engine.command(far_account(server, Kind.IMAP))
                with pytest.raises(DoorError) as caught:
                    await bench.sync()
            assert caught.value.remedy
            assert "wrong one" not in str(caught.value)
            assert server.transcript.commands() == []


async def test_with_a_proxy_nothing_else_of_ours_goes_round_it(tmp_path: Path) -> None:
    async with running_engine(tmp_path) as bench:
        await bench.engine.command(SetProxy(proxy="socks5://127.0.0.1:1"))
        with pytest.raises(DoorError, match="round your proxy"):
            await bench.engine.query(FetchRemoteImage(url="https://example.org/x.png"))
        with pytest.raises(DoorError) as caught:
            await bench.engine.query(DiscoverAccount(address="ann@example.org"))
        assert caught.value.code == "nothing-found"
        await bench.engine.command(SetProxy(proxy=""))
        assert "proxy" not in (tmp_path / "settings.toml").read_text().replace('proxy = ""', "")
