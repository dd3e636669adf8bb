"""A list is left by one POST, to a proved place on the Internet, without a trace of us."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import pytest
from aiohttp import web

from desktopmail.door.commands import Unsubscribe
from desktopmail.door.interface import DoorError
from desktopmail.engine import unsubscribe
from desktopmail.mime.message import Message
from localserver.local import LocalServer
from tests.helpers.certificates import make_certificates
from tests.helpers.engine import PASSWORDS, running_engine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from desktopmail.engine.store.account import Account

SIGNED = (
    "DKIM-Signature: v=1; a=rsa-sha256; d=list.example; s=a; h=From:Subject:\r\n"
    " List-Unsubscribe:List-Unsubscribe-Post; bh=x; b=y\r\n"
)
RESULT = "Authentication-Results: mx.example.org; dkim=pass header.d=list.example\r\n"


def letter(
    url: str = "https://list.example/leave?u=1", *, before: str = RESULT + SIGNED, post: bool = True
) -> Message:
    one_click = "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" if post else ""
    text = (
        f"{before}From: News <news@list.example>\r\nSubject: News\r\n"
        f"List-Unsubscribe: <mailto:leave@list.example>, <{url}>\r\n{one_click}\r\nHello\r\n"
    )
    return Message.parse(text.encode())


class _Account:
    address = "ann@example.org"

    class incoming:  # noqa: N801 - it stands for a field of an account
        host = "imap.example.org"


ACCOUNT: Account = _Account()  # type: ignore[assignment]  # the two fields that are looked at


def test_a_verified_signature_over_both_fields_vouches() -> None:
    assert unsubscribe.is_vouched_for(letter(), ACCOUNT)


@pytest.mark.parametrize(
    "before",
    [
        "",
        SIGNED,
        RESULT,
        RESULT.replace("mx.example.org", "mx.evil.example") + SIGNED,
        RESULT.replace("pass", "fail") + SIGNED,
        RESULT.replace("list.example", "other.example") + SIGNED,
        RESULT + SIGNED.replace(":List-Unsubscribe-Post", ""),
        "Received: from x by mx.evil.example; now\r\n" + RESULT + SIGNED,
    ],
)
def test_nothing_less_does(before: str) -> None:
    assert not unsubscribe.is_vouched_for(letter(before=before), ACCOUNT)


def test_a_list_without_that_way_says_which_it_has() -> None:
    with pytest.raises(DoorError) as caught:
        unsubscribe.url_of(letter(post=False))
    assert caught.value.code == "no-one-click"
    assert "mailto:leave@list.example" in caught.value.remedy


@pytest.mark.parametrize(
    "url",
    ["http://list.example/x", "https://127.0.0.1/x", "https://localhost/x", "https://[::1]/x",
     "https://user@list.example/x", "https://93.184.216.34:8443/x", "https://[bad", "mailto:a@b"],
)  # fmt: skip
async def test_what_is_no_https_on_the_internet_is_refused(url: str) -> None:
    with pytest.raises(DoorError) as caught:
        await unsubscribe.post(url)
    assert caught.value.code == "not-unsubscribed"


@pytest.fixture
async def site(
    tmp_path: Path,
) -> AsyncIterator[tuple[str, ssl.SSLContext, list[tuple[web.Request, str]]]]:
    asked: list[tuple[web.Request, str]] = []

    async def serve(request: web.Request) -> web.StreamResponse:
        asked.append((request, await request.text()))
        answer = web.Response(status=int(request.path.rpartition("/")[2]))
        answer.set_cookie("seen", "1")
        answer.headers["Location"] = "/200"
        return answer

    files = make_certificates(tmp_path)
    server_side = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server_side.load_cert_chain(files.certificate, files.key)
    application = web.Application()
    application.router.add_route("*", "/{code}", serve)
    runner = web.AppRunner(application)
    await runner.setup()
    place = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=server_side)
    await place.start()
    port = runner.addresses[0][1]
    trust = ssl.create_default_context(cafile=str(files.ca_file))
    yield f"https://localhost:{port}", trust, asked
    await runner.cleanup()


async def test_the_post_says_what_rfc_8058_says_and_nothing_of_us(
    site: tuple[str, ssl.SSLContext, list[tuple[web.Request, str]]],
) -> None:
    url, trust, asked = site
    for _ in range(2):
        await unsubscribe.post(f"{url}/200", allowed=lambda _: True, trust=trust)
    for request, body in asked:
        assert (request.method, body) == ("POST", "List-Unsubscribe=One-Click")
        assert request.content_type == "application/x-www-form-urlencoded"
        assert "Cookie" not in request.headers
        assert "Referer" not in request.headers
        assert "desktopmail" not in str(request.headers).lower()


@pytest.mark.parametrize("code", [302, 404, 500])
async def test_anything_but_yes_is_said_and_no_redirect_is_followed(
    code: int, site: tuple[str, ssl.SSLContext, list[tuple[web.Request, str]]]
) -> None:
    url, trust, asked = site
    with pytest.raises(DoorError, match=f"answered {code}"):
        await unsubscribe.post(f"{url}/{code}", allowed=lambda _: True, trust=trust)
    assert len(asked) == 1


async def test_an_unproved_list_is_left_only_when_a_person_confirms(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        unproved = letter("https://127.0.0.1/leave", before="").octets
        server.deliver("alice", unproved)
        async with running_engine(tmp_path) as bench:
            await bench.add(server)
            await bench.sync()
            placed = bench.placed("News")
            with pytest.raises(DoorError) as caught:
                await bench.engine.command(Unsubscribe(placement_id=placed))
            assert caught.value.code == "unconfirmed"
            with pytest.raises(DoorError, match="not on the Internet"):
                await bench.engine.command(Unsubscribe(placement_id=placed, confirmed=True))
