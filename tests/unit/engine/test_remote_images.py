"""Remote images are fetched from the Internet alone, capped, and without a trace of us."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from aiohttp import web

from desktopmail.door.interface import DoorError
from desktopmail.engine import remote_images

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

PNG = b"\x89PNG\r\n\x1a\n" + bytes(1000)


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.1", "192.168.1.1", "169.254.169.254", "::1", "fe80::1", "fc00::1",
     "0.0.0.0", "::ffff:127.0.0.1", "100.64.0.1", "224.0.0.1", "nonsense",
     "::127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "fec0::1"],
)  # fmt: skip
def test_addresses_of_this_network_are_not_public(address: str) -> None:
    assert not remote_images.is_public(address)


def test_addresses_of_the_internet_are() -> None:
    assert remote_images.is_public("93.184.216.34")
    assert remote_images.is_public("2606:2800:220:1:248:1893:25c8:1946")


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1/x.png", "http://localhost/x.png", "http://[::1]/x.png", "file:///etc/passwd",
     "http://2130706433/x.png", "http://user@93.184.216.34/x.png", "http://93.184.216.34:22/x.png",
     "http://[bad", "cid:1"],
)  # fmt: skip
async def test_what_is_not_on_the_internet_is_refused(url: str) -> None:
    with pytest.raises(DoorError) as caught:
        await remote_images.fetch(url)
    assert caught.value.code == "no-image"


@pytest.fixture
async def site() -> AsyncIterator[tuple[str, list[web.Request]]]:
    asked: list[web.Request] = []

    async def serve(request: web.Request) -> web.StreamResponse:
        asked.append(request)
        match request.path:
            case "/ok":
                answer = web.Response(body=PNG, content_type="image/png")
                answer.set_cookie("seen", "1")
                return answer
            case "/moved":
                raise web.HTTPFound("/ok")
            case "/inside":
                raise web.HTTPFound("http://10.0.0.1/x.png")
            case "/unread":
                return web.Response(status=302, headers={"Location": "http://[bad"})
            case "/elsewhere":
                port = request.url.port
                raise web.HTTPFound(f"http://localhost:{port}/ok")  # a name for what is not allowed
            case "/loop":
                raise web.HTTPFound("/loop")
            case "/html":
                return web.Response(text="<html>", content_type="text/html")
            case "/svg":
                return web.Response(text="<svg/>", content_type="image/svg+xml")
            case "/large":
                return web.Response(body=bytes(2_000_000), content_type="image/png")
        raise web.HTTPNotFound

    application = web.Application()
    application.router.add_get("/{any:.*}", serve)
    runner = web.AppRunner(application)
    await runner.setup()
    listener = web.TCPSite(runner, "127.0.0.1", 0)
    await listener.start()
    port = runner.addresses[0][1]
    yield f"http://127.0.0.1:{port}", asked
    await runner.cleanup()


def here_alone(address: str) -> bool:
    return address == "127.0.0.1"


@pytest.mark.parametrize("path", ["/ok", "/moved"])
async def test_an_image_comes_without_cookies_and_referrer(
    site: tuple[str, list[web.Request]], path: str
) -> None:
    base, asked = site
    for _ in range(2):
        image = await remote_images.fetch(base + path, allowed=here_alone)
    assert (image.octets, image.media_type) == (PNG, "image/png")
    for request in asked:
        assert "Cookie" not in request.headers
        assert "Referer" not in request.headers


@pytest.mark.parametrize(
    "path", ["/inside", "/unread", "/loop", "/html", "/svg", "/large", "/missing"]
)
async def test_everything_else_is_refused_in_one_sentence(
    site: tuple[str, list[web.Request]], path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_images, "MAX_OCTETS", 1_000_000)
    with pytest.raises(DoorError) as caught:
        await remote_images.fetch(site[0] + path, allowed=here_alone)
    assert caught.value.code == "no-image"


async def test_a_redirect_to_a_name_is_looked_at_when_it_is_resolved(
    site: tuple[str, list[web.Request]],
) -> None:
    base, asked = site
    resolved: list[str] = []

    def refuses_names(address: str) -> bool:
        resolved.append(address)
        return len(resolved) == 1  # the address written out, not what the name stands for

    with pytest.raises(DoorError, match="not on the Internet"):
        await remote_images.fetch(f"{base}/elsewhere", allowed=refuses_names)
    assert [request.path for request in asked] == ["/elsewhere"]
    assert set(resolved[1:]) <= {"127.0.0.1", "::1"}
    assert len(resolved) > 1


async def test_this_machine_is_refused_by_default(site: tuple[str, list[web.Request]]) -> None:
    base, asked = site
    for url in (base, base.replace("127.0.0.1", "localhost")):
        with pytest.raises(DoorError) as caught:
            await remote_images.fetch(f"{url}/ok")
        assert caught.value.code == "no-image"
    assert asked == []


@pytest.mark.parametrize("host", ["127。0。0。1", "①②⑦.0.0.1"])
async def test_an_address_in_other_letters_is_looked_at_as_it_is_connected_to(
    host: str, site: tuple[str, list[web.Request]]
) -> None:
    base, asked = site

    def only_elsewhere(address: str) -> bool:
        return not address.startswith("127.")

    with pytest.raises(DoorError, match="not on the Internet"):
        await remote_images.fetch(f"{base.replace('127.0.0.1', host)}/ok", allowed=only_elsewhere)
    assert asked == []


async def test_only_a_few_redirects_are_followed(site: tuple[str, list[web.Request]]) -> None:
    base, asked = site
    with pytest.raises(DoorError, match="again and again"):
        await remote_images.fetch(f"{base}/loop", allowed=here_alone)
    assert len(asked) == remote_images.MAX_REDIRECTS + 1
