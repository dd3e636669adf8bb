"""A SOCKS5 proxy: RFC 1928 and RFC 1929, against a small proxy in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktopmail.net.errors import NetError, UnreachableError
from desktopmail.net.memory import MemoryNetwork
from desktopmail.net.proxy import SocksDialer
from desktopmail.net.tls import ClientTls, ServerTls
from desktopmail.wire.secret import Secret
from tests.helpers.certificates import make_certificates
from tests.helpers.socks import Proxy, take

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.net.stream import Stream


async def dial(
    proxy: Proxy,
    host: str = "mail.example.org",
    *,
    tls: ClientTls | None = None,
    segment_octets: int = 65536,
    user: str | None = None,
    password: Secret | None = None,
) -> bytes:
    """Dial port 110 through the proxy and read what the server says first."""
    network = MemoryNetwork(segment_octets=segment_octets)
    listener = await network.listen("proxy.test", 1080, proxy.serve)
    dialer = SocksDialer(network, "proxy.test", user=user, password=password)
    try:
        stream = await dialer.dial(host, 110, tls=tls, timeout_s=5)
        said = await take(stream, 5)
        await stream.aclose()
        return said
    finally:
        await listener.aclose()


@pytest.mark.parametrize("segment_octets", [1, 65536])
async def test_a_host_is_reached_by_name_and_its_greeting_is_not_lost(segment_octets: int) -> None:
    proxy = Proxy()
    proxy.tail = b"+OK\r\n"
    assert await dial(proxy, segment_octets=segment_octets) == b"+OK\r\n"
    assert proxy.asked == b"\x03mail.example.org\x00\x6e"


@pytest.mark.parametrize(
    ("host", "asked"),
    [
        ("192.0.2.1", b"\x01\xc0\x00\x02\x01\x00\x6e"),
        ("::1", b"\x04" + bytes(15) + b"\x01\x00\x6e"),
        ("Bücher.example", b"\x03xn--bcher-kva.example\x00\x6e"),
    ],
)
async def test_addresses_and_international_names_are_sent(host: str, asked: bytes) -> None:
    proxy = Proxy()
    proxy.tail = b"+OK\r\n"
    await dial(proxy, host)
    assert proxy.asked == asked


async def test_a_proxy_may_want_a_password() -> None:
    proxy = Proxy(user=b"me", password=b"pw")
    proxy.tail = b"+OK\r\n"
    assert await dial(proxy, user="me", password=Secret("pw")) == b"+OK\r\n"


async def test_a_wrong_password_is_named() -> None:
    with pytest.raises(UnreachableError) as caught:
        await dial(Proxy(user=b"me", password=b"pw"), user="me", password=Secret("hunter2"))
    assert caught.value.code == "proxy"
    assert "proxy.test:1080 refused the login of me" in caught.value.sentence
    assert "hunter2" not in str(caught.value)


async def test_a_proxy_that_wants_what_we_do_not_have_is_named() -> None:
    with pytest.raises(UnreachableError) as caught:
        await dial(Proxy(user=b"me", password=b"pw"))
    assert caught.value.sentence == "The proxy proxy.test:1080 wants another way to log in."


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (1, "proxy"), (2, "proxy"), (3, "unreachable"), (4, "no-such-host"), (5, "refused"),
        (6, "timed-out"), (7, "proxy"), (8, "proxy"), (99, "proxy"),
    ],
)  # fmt: skip
async def test_every_refusal_has_a_code_and_names_the_server(reply: int, code: str) -> None:
    with pytest.raises(UnreachableError) as caught:
        await dial(Proxy(reply=reply))
    assert caught.value.code == code
    assert caught.value.sentence.startswith("mail.example.org:110: ")


async def test_a_server_that_is_no_proxy_is_named() -> None:
    class PopServer(Proxy):
        async def serve(self, stream: Stream) -> None:
            await stream.send(b"+OK POP3 ready\r\n")

    with pytest.raises(UnreachableError) as caught:
        await dial(PopServer())
    assert caught.value.sentence == "The proxy proxy.test:1080 does not speak SOCKS5."


async def test_an_answer_whose_end_nobody_knows_is_none_and_nothing_of_it_is_the_servers() -> None:
    class Strange(Proxy):
        async def serve(self, stream: Stream) -> None:
            await take(stream, 3)
            await stream.send(b"\x05\x00")
            await take(stream, 7 + len("mail.example.org"))
            await stream.send(b"\x05\x00\x00\x09+OK of whom?\r\n")

    with pytest.raises(UnreachableError) as caught:
        await dial(Strange())
    assert caught.value.sentence == "The proxy proxy.test:1080 does not speak SOCKS5."


async def test_a_proxy_that_hangs_up_is_named() -> None:
    class Silent(Proxy):
        async def serve(self, stream: Stream) -> None:
            await take(stream, 3)

    with pytest.raises(UnreachableError) as caught:
        await dial(Silent())
    assert caught.value.sentence == "The proxy proxy.test:1080 closed the connection."


async def test_a_proxy_that_is_not_there_is_named() -> None:
    with pytest.raises(UnreachableError) as caught:
        await SocksDialer(MemoryNetwork(), "proxy.test").dial("mail.example.org", 110)
    assert caught.value.sentence == "proxy.test:1080 refuses the connection."


async def test_what_is_no_host_is_refused() -> None:
    for host in ("a..b", ".".join(["x" * 60] * 5)):
        with pytest.raises(UnreachableError) as caught:
            await dial(Proxy(), host)
        assert caught.value.code == "no-such-host"


async def test_tls_goes_through_and_checks_the_server_not_the_proxy(tmp_path: Path) -> None:
    files = make_certificates(tmp_path, "mail.example.org")
    server = ServerTls(files.certificate, files.key)

    async def then(stream: Stream) -> None:
        await stream.start_tls(server)
        await stream.send(b"+OK\r\n")

    proxy = Proxy()
    proxy.then = then
    tls = ClientTls("mail.example.org", ca_file=files.ca_file)
    assert await dial(proxy, tls=tls) == b"+OK\r\n"


async def test_octets_in_the_clear_in_front_of_tls_are_refused(tmp_path: Path) -> None:
    files = make_certificates(tmp_path, "mail.example.org")
    proxy = Proxy()
    proxy.tail = b"+OK injected\r\n"
    with pytest.raises(NetError) as caught:
        await dial(proxy, tls=ClientTls("mail.example.org", ca_file=files.ca_file))
    assert caught.value.code == "tls-injection"
