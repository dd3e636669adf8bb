"""Messages on paper and as PDF: whole, right from both sides, and without holding the window up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QBuffer, QSize
from PySide6.QtGui import QPageRanges
from PySide6.QtPdf import QPdfDocument
from PySide6.QtPrintSupport import QPrinter

from desktopmail.ui.reading import printing
from desktopmail.ui.reading.content import read_letter
from desktopmail.ui.reading.printing import pdf_of
from tests.gui.test_window import play, select
from tests.helpers.fake_door import full_store
from tests.helpers.qt_loop import SLOT_LIMIT_S, Watchdog, longest_slot, run_qt

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.ui.theme.theme import Theme
    from desktopmail.ui.window import MainWindow
    from tests.helpers.fake_door import FakeStore

HEAD = b"From: Bob <bob@example.org>\r\nTo: alice@example.org\r\nSubject: Walk\r\n"
TEXT = HEAD + b"Content-Type: text/plain; charset=utf-8\r\n\r\n"
SHALOM = "\u05e9\u05dc\u05d5\u05dd"  # Hebrew
PIXEL = (
    b"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5E"
    b"rkJggg=="
)
HTML = (
    HEAD + b"MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: text/html\r\n\r\n<table bgcolor='#ffeecc'><tr><td>Left</td>"
    b"<td>Quinces</td></tr></table><img src='cid:p@x' width=80 height=80>"
    b"<img src='http://127.0.0.1:9/t.gif'>\r\n"
    b"--b\r\nContent-Type: image/png\r\nContent-ID: <p@x>\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\n" + PIXEL + b"\r\n--b--\r\n"
)


def pages(octets: bytes) -> list[str]:
    assert octets.startswith(b"%PDF-")
    document = QPdfDocument()
    source = QBuffer()
    source.setData(octets)
    source.open(QBuffer.OpenModeFlag.ReadOnly)
    document.load(source)
    found = [document.getAllText(page).text() for page in range(document.pageCount())]
    document.close()
    return found


def to_file(path: Path) -> QPrinter:
    printer = QPrinter(QPrinter.PrinterMode.HighResolution)
    printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
    printer.setOutputFileName(str(path))
    return printer


def test_only_the_pages_chosen_are_printed(theme: Theme, tmp_path: Path) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        letter = read_letter(TEXT + b"".join(b"line %d.\r\n" % at for at in range(400)))
        printer = to_file(tmp_path / "printed.pdf")
        printer.setPageRanges(QPageRanges.fromString("2,4"))
        await printing._print_on(window, letter, printer)

    play(theme, scene)
    found = pages((tmp_path / "printed.pdf").read_bytes())
    assert [page.split()[-1] for page in found] == ["2", "4"]
    assert "line 3." not in " ".join(found)


def pdf(octets: bytes, *, web: bool = False) -> bytes:
    made: list[bytes] = []

    async def run() -> None:
        made.append(await pdf_of(read_letter(octets), web=web))

    run_qt(run)
    return made[0]


def test_a_page_has_header_text_and_a_number(theme: Theme) -> None:  # noqa: ARG001 - Qt's
    octets = next(iter(full_store(1).blobs.values()))
    (page,) = pages(pdf(octets))
    for words in ("Walk on Sunday?", "bob@example.org", "river path"):
        assert words in page
    assert page.rstrip().endswith("1")


def test_a_long_text_goes_over_pages_and_loses_no_line(theme: Theme) -> None:  # noqa: ARG001
    lines = [f"line {number} of many" for number in range(300)]
    found = pages(pdf(TEXT + "\r\n".join(lines).encode()))
    assert len(found) > 3
    printed = " ".join(" ".join(found).split())
    assert [line for line in lines if line not in printed] == []
    assert [page.split()[-1] for page in found] == [str(at + 1) for at in range(len(found))]


def test_quotes_stand_further_in_and_other_scripts_are_there(theme: Theme) -> None:  # noqa: ARG001
    (page,) = pages(pdf(TEXT + f"Yes.\r\n> Grüße\r\n>> alt\r\n{SHALOM}\r\n".encode()))
    for words in ("Yes.", "Grüße", "alt", SHALOM):
        assert words in page or words[::-1] in page


def test_a_line_of_a_megabyte_is_printed(theme: Theme) -> None:  # noqa: ARG001
    found = pages(pdf(TEXT + b"x" * 300_000 + b" end\r\n"))
    assert "end" in found[-1]
    assert len(found) > 20


@pytest.mark.slow
def test_a_megabyte_of_text_holds_the_window_up_no_longer_than_a_slot(
    theme: Theme, tmp_path: Path
) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        await select(window, 0)  # the window is open, and painted
        letter = read_letter(TEXT + b"a line like any other, only there are many\r\n" * 24_000)
        printer = to_file(tmp_path / "printed.pdf")

        async def save_and_print() -> None:
            await printing._save_pdf_to(window, letter, tmp_path / "saved.pdf")
            await printing._print_on(window, letter, printer)

        assert await longest_slot(save_and_print) < SLOT_LIMIT_S

    play(theme, scene)
    saved = pages((tmp_path / "saved.pdf").read_bytes())
    assert saved == pages((tmp_path / "printed.pdf").read_bytes())
    assert len(saved) > 300


@pytest.mark.slow
@pytest.mark.xdist_group("webengine")
def test_html_keeps_its_layout_its_own_pictures_and_fetches_nothing(theme: Theme) -> None:  # noqa: ARG001
    pytest.importorskip("PySide6.QtWebEngineWidgets", exc_type=ImportError)
    octets = pdf(HTML, web=True)
    (page,) = pages(octets)
    assert "Left" in page
    assert "Quinces" in page
    assert "bob@example.org" in page
    assert b"/Subtype /Image" in octets


@pytest.mark.slow
@pytest.mark.xdist_group("webengine")
def test_printing_html_holds_the_window_up_no_longer_than_a_slot(
    theme: Theme, tmp_path: Path
) -> None:
    pytest.importorskip("PySide6.QtWebEngineWidgets", exc_type=ImportError)
    from desktopmail.ui.reading.web_walls import prepare

    async def scene(window: MainWindow, _store: FakeStore) -> None:
        prepare()  # happens when idle: the one named exception
        window.uses_web = True
        rows = b"<tr><td>Quince</td><td>3</td><td>" + b"words " * 30 + b"</td></tr>"
        source = HEAD + b"Content-Type: text/html\r\n\r\n<table>" + rows * 1_000 + b"</table>"
        letter = read_letter(source)
        await printing._save_pdf_to(window, letter, tmp_path / "first.pdf")
        watchdog = Watchdog()
        await printing._save_pdf_to(window, letter, tmp_path / "saved.pdf")
        printer = to_file(tmp_path / "printed.pdf")
        printer.setPageRanges(QPageRanges.fromString("2-3"))
        await printing._print_on(window, letter, printer)
        watchdog.stop()
        assert watchdog.longest_s < SLOT_LIMIT_S

    play(theme, scene)
    assert len(pages((tmp_path / "saved.pdf").read_bytes())) > 20
    document = QPdfDocument()
    document.load(str(tmp_path / "printed.pdf"))
    assert document.pageCount() == 2
    picture = document.render(0, QSize(210, 297))
    inks = {picture.pixelColor(x, y).lightness() for x in range(210) for y in range(297)}
    assert min(inks) < 160  # words are on it
    document.close()
