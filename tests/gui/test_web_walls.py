"""The walls round HTML: what each of them lets through, one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import shiboken6
from PySide6.QtCore import QUrl

pytest.importorskip("PySide6.QtWebEngineCore", exc_type=ImportError)

from PySide6.QtWebEngineCore import QWebEnginePage, QWebEngineProfile, QWebEngineSettings

from desktopmail.ui.reading import web_walls

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

pytestmark = [pytest.mark.xdist_group("webengine"), pytest.mark.slow]

Kind = QWebEnginePage.NavigationType


class Source:
    """A page, its picture, and what was asked of the network."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.fetched: list[str] = []

    def page_octets(self) -> bytes:
        return f"<p>{self.key}".encode()

    def part(self, number: str) -> tuple[bytes, bytes] | None:
        return (b"image/png", self.key.encode()) if number == "1" else None

    def fetch(self, number: str, _job: object) -> None:
        self.fetched.append(number)


class Job:
    """A request, and what became of it."""

    def __init__(self, url: str) -> None:
        self.url = QUrl(url)
        self.failed: object = None

    def requestUrl(self) -> QUrl:  # noqa: N802 - Qt's name
        return self.url

    def fail(self, why: object) -> None:
        self.failed = why


class Asked:
    """What the interceptor is asked about."""

    def __init__(self, url: str) -> None:
        self.url = QUrl(url)
        self.is_blocked = False

    def requestUrl(self) -> QUrl:  # noqa: N802 - Qt's name
        return self.url

    def block(self, wanted: bool) -> None:
        self.is_blocked = wanted


@pytest.fixture
def walls(qapp: QApplication) -> web_walls.Walls:  # noqa: ARG001 - the profile needs it
    return web_walls.prepare()


@pytest.fixture
def answered(monkeypatch: pytest.MonkeyPatch) -> list[tuple[bytes, bytes]]:
    told: list[tuple[bytes, bytes]] = []
    monkeypatch.setattr(web_walls, "answer", lambda _job, kind, octets: told.append((kind, octets)))
    return told


@pytest.mark.parametrize(
    "url",
    [
        "https://tracker.example/open.gif",
        "http://127.0.0.1:9/",
        "file:///etc/passwd",
        "ws://tracker.example/",
        "blob:https://tracker.example/1",
        "qrc:/x",
    ],
)
def test_every_scheme_but_our_own_is_refused_and_noted(walls: web_walls.Walls, url: str) -> None:
    asked = Asked(url)
    walls.interceptor.interceptRequest(asked)  # type: ignore[arg-type] # as much as it looks at
    assert asked.is_blocked
    assert walls.interceptor.refused[-1] == url
    walls.interceptor.refused.clear()


@pytest.mark.parametrize("url", ["mail-text:/1", "mail-part:/a/1", "mail-remote:/a/0", "data:,x"])
def test_parts_of_the_message_itself_pass(walls: web_walls.Walls, url: str) -> None:
    asked = Asked(url)
    walls.interceptor.interceptRequest(asked)  # type: ignore[arg-type] # as much as it looks at
    assert not asked.is_blocked
    assert walls.interceptor.refused == []


def test_the_profile_keeps_nothing_and_runs_nothing(walls: web_walls.Walls) -> None:
    assert walls.profile.isOffTheRecord()
    cookies = QWebEngineProfile.PersistentCookiesPolicy.NoPersistentCookies
    assert walls.profile.persistentCookiesPolicy() is cookies
    attribute = QWebEngineSettings.WebAttribute
    for name in (
        attribute.JavascriptEnabled,
        attribute.LocalStorageEnabled,
        attribute.PluginsEnabled,
        attribute.LocalContentCanAccessRemoteUrls,
        attribute.LocalContentCanAccessFileUrls,
        attribute.DnsPrefetchEnabled,
    ):
        assert not walls.profile.settings().testAttribute(name), name
    assert web_walls.prepare() is walls  # made once


def test_a_page_is_served_until_it_is_forgotten(
    walls: web_walls.Walls, answered: list[tuple[bytes, bytes]]
) -> None:
    source = Source("abc")
    address = walls.handler.admit(source)
    serve = walls.handler.requestStarted
    serve(Job(address.toString()))  # type: ignore[arg-type] # as much as it looks at
    assert answered == [(b"text/html; charset=utf-8", b"<p>abc")]
    walls.handler.forget(source)
    late = Job(address.toString())
    serve(late)  # type: ignore[arg-type]
    assert late.failed is not None
    assert len(answered) == 1


def test_an_image_comes_from_the_message_that_its_address_names_and_from_no_other(
    walls: web_walls.Walls, answered: list[tuple[bytes, bytes]]
) -> None:
    one, two = Source("one"), Source("two")
    for source in (one, two):
        walls.handler.admit(source)
    serve = walls.handler.requestStarted
    serve(Job("mail-part:/one/1"))  # type: ignore[arg-type]
    assert answered == [(b"image/png", b"one")]
    serve(Job("mail-remote:/two/7"))  # type: ignore[arg-type]
    assert (one.fetched, two.fetched) == ([], ["7"])
    for url in ("mail-part:/one/2", "mail-part:/three/1", "mail-remote:/three/0", "mail-part:/"):
        job = Job(url)
        serve(job)  # type: ignore[arg-type]
        assert job.failed is not None, url
    for source in (one, two):
        walls.handler.forget(source)


def test_a_page_goes_nowhere_and_tells_of_its_links(walls: web_walls.Walls) -> None:
    page = web_walls.Page(walls.profile)
    clicked: list[str] = []
    page.link_clicked.connect(clicked.append)
    goes = page.acceptNavigationRequest
    assert goes(QUrl("mail-text:/1"), Kind.NavigationTypeTyped, True)
    assert not goes(QUrl("https://x.example/"), Kind.NavigationTypeOther, True)
    assert not goes(QUrl("mail-text:/1"), Kind.NavigationTypeOther, False)  # a frame
    assert not goes(QUrl("https://x.example/"), Kind.NavigationTypeRedirect, True)
    assert not goes(QUrl("https://x.example/"), Kind.NavigationTypeFormSubmitted, True)
    assert clicked == []
    assert not goes(QUrl("https://x.example/a"), Kind.NavigationTypeLinkClicked, True)
    assert clicked == ["https://x.example/a"]
    assert goes(QUrl("mail-text:/1#below"), Kind.NavigationTypeLinkClicked, True)
    assert page.createWindow(QWebEnginePage.WebWindowType.WebBrowserWindow) is None
    shiboken6.delete(page)  # before its profile
