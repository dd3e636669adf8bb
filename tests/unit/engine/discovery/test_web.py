"""Where a password goes is never asked in the clear, and a server that is not there is no error."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import pytest

from desktopmail.engine.discovery import web
from desktopmail.net.listen import listen
from desktopmail.net.tls import ServerTls
from tests.helpers.certificates import make_certificates

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.net.stream import Stream


@pytest.mark.parametrize("url", ["http://example.org/x", "ftp://example.org", "file:///etc/passwd"])
async def test_only_https_is_fetched(url: str) -> None:
    with pytest.raises(ValueError, match="in the clear"):
        await web.fetch(url, 10)


async def test_what_is_not_there_is_none() -> None:
    assert await web.fetch("https://127.0.0.1:1/x", 10) is None


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_elsewhere_is_not_followed(status: int, tmp_path: Path) -> None:
    """Whoever may answer for the domain's web server would say where its passwords go."""
    made = make_certificates(tmp_path)
    asked: list[bytes] = []

    async def serve(stream: Stream) -> None:
        asked.append(await stream.read())
        if len(asked) == 1:
            await stream.send(
                b"HTTP/1.1 %d x\r\nLocation: https://localhost:%d/evil\r\n"
                b"Content-Length: 0\r\nConnection: close\r\n\r\n" % (status, listener.port)
            )
        else:
            await stream.send(b"HTTP/1.1 200 x\r\nContent-Length: 4\r\n\r\nevil")

    listener = await listen("127.0.0.1", 0, serve, tls=ServerTls(made.certificate, made.key))
    try:
        context = ssl.create_default_context(cafile=str(made.ca_file))
        url = f"https://localhost:{listener.port}/mail/config-v1.1.xml"
        assert await web.fetch(url, 1000, context=context) is None
        assert len(asked) == 1
    finally:
        await listener.aclose()


async def test_what_is_too_large_is_not_read_to_its_end(tmp_path: Path) -> None:
    made = make_certificates(tmp_path)

    async def serve(stream: Stream) -> None:
        await stream.read()
        await stream.send(b"HTTP/1.1 200 x\r\nContent-Length: 5000\r\n\r\n" + b"x" * 5000)

    listener = await listen("127.0.0.1", 0, serve, tls=ServerTls(made.certificate, made.key))
    try:
        context = ssl.create_default_context(cafile=str(made.ca_file))
        with pytest.raises(ValueError, match="too large"):
            await web.fetch(f"https://localhost:{listener.port}/x", 1000, context=context)
    finally:
        await listener.aclose()
