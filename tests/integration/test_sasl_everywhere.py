"""Each SASL mechanism on each of the three protocols, our clients with our server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktopmail.net.endpoint import Endpoint
from desktopmail.net.errors import AuthenticationError, NetError
from desktopmail.net.imap import ImapClient
from desktopmail.net.pop3 import Pop3Client
from desktopmail.net.ports import system_ports
from desktopmail.net.smtp import SmtpClient
from desktopmail.wire.sasl.policy import ALL, Exposure, exposure_of
from desktopmail.wire.secret import Secret
from localserver.config import Config
from localserver.server import start_server
from tests.helpers.certificates import make_certificates

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from localserver.server import Server

PASSWORD, TOKEN = "tanstaaf", "ya29.alice"
PROTOCOLS = ["imaps", "pop3s", "submissions"]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a certificate for alice."""
    folder = tmp_path_factory.mktemp("client")
    make_certificates(folder, "alice@localhost")
    return folder


@pytest.fixture
async def server(authority: Path) -> AsyncIterator[Server]:
    config = Config(
        listen=dict.fromkeys(PROTOCOLS, 0),
        tokens={TOKEN: "alice"},
        client_ca=authority / "ca.pem",
        anonymous="guest",
    )
    users = [("alice", PASSWORD), ("guest", "nobody knows it")]
    running = await start_server(config, system_ports(), users=users, failure_delay_s=0.0)
    yield running
    await running.aclose(grace_s=0.2)


async def log_in(server: Server, protocol: str, mechanism: str, secret: str, folder: Path) -> str:
    """Log in; returns the name of the user that the server sees."""
    seen: list[str] = []
    server.context.users.on_login(lambda _peer, user: seen.append(user.name))
    endpoint = Endpoint(
        "localhost",
        server.ports[protocol],
        ca_file=server.ca_file,
        certificate=folder / "cert.pem",
        key=folder / "key.pem",
    )
    user = {"EXTERNAL": "", "ANONYMOUS": "curious"}.get(mechanism, "alice")
    client: ImapClient | Pop3Client | SmtpClient
    if protocol == "imaps":
        client = await ImapClient.connect(endpoint, ports=system_ports())
    elif protocol == "pop3s":
        client = await Pop3Client.connect(endpoint, ports=system_ports())
    else:
        client = await SmtpClient.connect(endpoint, ports=system_ports(), local_name="localhost")
    try:
        choice = await client.login(user, Secret(secret), mechanism)
    finally:
        await client.aclose()
    assert choice is not None
    assert choice.mechanism == mechanism
    return seen[-1]


@pytest.mark.parametrize("mechanism", ALL)
@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_every_mechanism_logs_in_by_every_protocol(
    server: Server, authority: Path, protocol: str, mechanism: str
) -> None:
    is_token = exposure_of(mechanism, tls=True) is Exposure.TOKEN
    found = await log_in(server, protocol, mechanism, TOKEN if is_token else PASSWORD, authority)
    assert found == ("guest" if mechanism == "ANONYMOUS" else "alice")


@pytest.mark.parametrize("mechanism", ["OAUTHBEARER", "XOAUTH2"])
@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_a_token_of_nobody_is_refused_by_every_protocol(
    server: Server, authority: Path, protocol: str, mechanism: str
) -> None:
    with pytest.raises(AuthenticationError):
        await log_in(server, protocol, mechanism, "ya29.other", authority)


@pytest.mark.parametrize("mechanism", ["EXTERNAL", "ANONYMOUS", "OAUTHBEARER", "XOAUTH2"])
@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_what_is_not_configured_is_not_offered(
    authority: Path, protocol: str, mechanism: str
) -> None:
    config = Config(listen={protocol: 0})
    server = await start_server(config, system_ports(), users=[("alice", PASSWORD)])
    try:
        with pytest.raises(AuthenticationError) as caught:
            await log_in(server, protocol, mechanism, TOKEN, authority)
        assert caught.value.code == "no-mechanism"
    finally:
        await server.aclose()


async def test_a_certificate_of_another_authority_proves_nothing(
    server: Server, tmp_path: Path
) -> None:
    make_certificates(tmp_path, "alice@localhost")
    with pytest.raises(NetError):  # the alert, or the end of the connection behind it
        await log_in(server, "imaps", "EXTERNAL", "", tmp_path)
