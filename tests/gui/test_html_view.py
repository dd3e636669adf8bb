"""QtWebEngine, walled in: 223 ways to break out, and not one request."""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QBuffer, QByteArray
from PySide6.QtGui import QColor, QImage

from desktopmail.door.interface import DoorError
from desktopmail.ui.reading.content import read_letter
from desktopmail.ui.theme.theme import Scheme
from tests.helpers import corpora
from tests.helpers.qt_loop import run_qt, until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PySide6.QtWidgets import QWidget

    from desktopmail.ui.theme.theme import Theme

# Without the libraries of WebEngine on the machine: an ImportError that names the missing one.
pytest.importorskip("PySide6.QtWebEngineWidgets", exc_type=ImportError)
pytestmark = [pytest.mark.xdist_group("webengine"), pytest.mark.slow]


class Listener:
    """A server on loopback that counts who comes."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.came = 0
        self._thread = threading.Thread(target=self._count, daemon=True)
        self._thread.start()

    def _count(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.came += 1
            connection.close()

    def close(self) -> None:
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self._thread.join(5)


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.close()


def mail(body: str) -> bytes:
    head = "From: a@example.org\r\nMIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n"
    return f"{head}\r\n{body}".encode("utf-8", "surrogatepass")


async def show(view: object, octets: bytes) -> None:
    done = asyncio.get_running_loop().create_future()

    def shown() -> None:
        if not done.done():
            done.set_result(None)

    connection = view.shown.connect(shown)  # type: ignore[attr-defined]
    view.show_letter(read_letter(octets, folded=True))  # type: ignore[attr-defined]
    await asyncio.wait_for(done, 20)
    view.disconnect(connection)  # type: ignore[attr-defined]


def test_a_page_is_shown_with_its_own_images_and_without_scripts(theme: Theme) -> None:
    from desktopmail.ui.reading.html_view import HtmlView
    from desktopmail.ui.reading.web_walls import prepare

    async def run() -> None:
        view = HtmlView(theme, None)
        view.resize(600, 400)
        view.show()
        await show(view, mail("<p>Hello <b>there</b></p><script>document.title='run'</script>"))
        text = asyncio.get_running_loop().create_future()
        view._page.toPlainText(lambda found: text.done() or text.set_result(found))
        assert (await asyncio.wait_for(text, 10)).strip() == "Hello there"
        assert view._page.title() != "run"
        assert prepare().interceptor.refused == []
        view.deleteLater()

    run_qt(run)


def colours(view: QWidget, across: range, down: range) -> set[str]:
    """The colours that are painted at these places of a view."""
    seen = view.grab().toImage()
    ratio = seen.devicePixelRatio()
    return {
        seen.pixelColor(round(x * ratio), round(y * ratio)).name() for x in across for y in down
    }


def test_a_blocked_image_is_an_even_ground_with_its_words(theme: Theme) -> None:
    from desktopmail.ui.reading.html_view import HtmlView

    async def run() -> None:
        view = HtmlView(theme, None)
        view.resize(400, 300)
        view.show()
        url = "https://shop.example/a.png"
        await show(view, mail(f'<img src="{url}" alt="" width="300" height="200">'))
        # Laid out is not yet painted. Chromium's sign for a broken image is not to be seen in it.
        await until(lambda: colours(view, range(26, 320, 3), range(24, 216, 3)) == {"#eceff4"})
        await show(view, mail(f'<img src="{url}" alt="Quinces" width="300" height="200">'))
        await until(lambda: len(colours(view, range(26, 100), range(24, 44))) > 5)  # its words
        view.deleteLater()

    run_qt(run)


def test_a_page_that_is_wider_than_the_window_is_made_smaller_to_fit(theme: Theme) -> None:
    from desktopmail.ui.reading.html_view import HtmlView

    async def run() -> None:
        view = HtmlView(theme, None)
        view.resize(500, 400)
        view.show()
        await show(view, mail('<div style="width:640px">A newsletter</div>'))
        page = view._page
        await until(lambda: 0.65 < page.zoomFactor() < 0.75)
        await until(lambda: page.contentsSize().width() <= view.width() + 1)
        view.resize(900, 400)
        await until(lambda: page.zoomFactor() == 1)
        view.set_zoom(2)
        await until(lambda: 1.1 < page.zoomFactor() < 1.4)
        await show(view, mail("<p>Words that go on in the next line.</p>"))
        assert page.zoomFactor() == 2  # as wide as there is room: it is as large as was wanted
        view.resize(300, 400)
        await show(view, mail('<div style="width:1200px">Too wide</div>'))
        await until(lambda: page.zoomFactor() == pytest.approx(1.2), 10)  # and scrolls
        view.deleteLater()

    run_qt(run)


def test_nothing_in_the_payloads_runs_or_is_fetched(theme: Theme, listener: Listener) -> None:
    from desktopmail.ui.reading.html_view import HtmlView

    payloads = corpora.payloads()
    assert len(payloads) == 223
    home = f"http://127.0.0.1:{listener.port}"
    leaks = "".join(
        pattern.format(home)
        for pattern in (
            '<img src="{}/1">',
            '<link rel="preconnect" href="{0}"><link rel="stylesheet" href="{0}/2.css">',
            '<style>@import "{}/3.css"; body {{ background: url({}/4) }}</style>'.replace(
                "{}", "{0}"
            ),
            '<iframe src="{}/5"></iframe><object data="{0}/6"></object>'.replace("{}", "{0}"),
            '<meta http-equiv="refresh" content="0;url={}/7">',
            '<video src="{}/8" autoplay></video>',
            '<svg><image href="{}/9"/></svg>',
            '<form action="{}/10"><input autofocus></form>',
            '<a href="{0}/11" ping="{0}/12">x</a>',
        )
    )

    async def run() -> None:
        view = HtmlView(theme, None)
        view.resize(400, 300)
        view.show()
        titles: list[str] = []
        view._page.titleChanged.connect(titles.append)
        await show(view, mail(leaks))
        # Sixteen to a page: a page each would take minutes.
        bodies = [payload for _, payload in payloads]
        for at in range(0, len(bodies), 16):
            group = bodies[at : at + 16]
            await show(view, mail("\n<hr>\n".join(group).replace("http://", f"{home}/?")))
        await asyncio.sleep(1)
        assert listener.came == 0
        assert all(title.startswith("mail-text:") for title in titles if title)
        view.deleteLater()

    run_qt(run, 110)


def test_an_allowed_image_comes_by_the_engine_and_by_no_other_way(
    theme: Theme, listener: Listener
) -> None:
    from desktopmail.ui.reading.html_view import HtmlView

    asked: list[str] = []
    picture = QImage(40, 40, QImage.Format.Format_RGB32)
    picture.fill(QColor("#ff0000"))
    octets = QByteArray()
    buffer = QBuffer(octets)
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    assert picture.save(buffer, "PNG")  # type: ignore[call-overload] # the stubs want bytes
    base = f"http://127.0.0.1:{listener.port}"

    async def fetch(url: str) -> tuple[bytes, str]:
        asked.append(url)
        if "none" in url:
            raise DoorError("The image is not shown.", code="no-image")
        return bytes(octets.data()), "image/svg+xml" if "svg" in url else "image/png"

    async def run() -> None:
        view = HtmlView(theme, fetch)
        view.resize(600, 400)
        view.show()
        body = "".join(f'<img src="{base}/{name}" alt="{name}">' for name in ("a", "none", "svg"))
        letter = read_letter(mail(f"<p>Hello</p>{body}"), remote=True)
        view.show_letter(letter)
        await until(lambda: len(asked) == 3, 20)
        await view.scope.settled()
        assert sorted(asked) == [f"{base}/a", f"{base}/none", f"{base}/svg"]
        assert view.failed == []
        assert listener.came == 0
        blocked = read_letter(mail(f"<p>Hello</p>{body}"))
        view.show_letter(blocked)
        await asyncio.sleep(0.5)
        assert len(asked) == 3
        view.deleteLater()

    run_qt(run)


def stands_on(view: QWidget, wanted: QColor) -> bool:
    image = view.grab().toImage()
    found = image.pixelColor(image.width() - 20, image.height() - 20)
    channels = ((found.red(), wanted.red()), (found.green(), wanted.green()))
    channels += ((found.blue(), wanted.blue()),)
    return all(abs(one - other) <= 3 for one, other in channels)


def test_a_page_stands_on_the_surface_of_the_theme_unless_it_keeps_its_colours(
    theme: Theme,
) -> None:
    from desktopmail.ui.reading.html_view import HtmlView

    async def run() -> None:
        view = HtmlView(theme, None)
        view.resize(400, 300)
        view.show()
        quote = f"<blockquote type='cite'>{'quoted words ' * 100}</blockquote>"
        try:
            await show(view, mail(f"<p>Yes.</p>{quote}"))
            assert b'<details class="dm-fold">' in view._source.page_octets()
            await until(lambda: stands_on(view._view, QColor("#ffffff")))
            theme.choose(Scheme.DARK)
            await until(lambda: stands_on(view._view, QColor(theme.tokens.surface)))
            view.use_original_colours(True)
            await until(lambda: stands_on(view._view, QColor("#ffffff")))
        finally:
            theme.choose(Scheme.LIGHT)
            view.deleteLater()

    run_qt(run)
