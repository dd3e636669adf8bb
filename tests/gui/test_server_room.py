"""The server room over a real bundled server: everything goes over its administration API."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QCheckBox

from desktopmail.door.commands import Password, StartSandbox
from desktopmail.door.queries import SandboxState
from desktopmail.ui.server_room.api import ApiError, Event, parse_event
from desktopmail.ui.server_room.capabilities import Capabilities
from desktopmail.ui.server_room.faults import Faults
from desktopmail.ui.server_room.feed import words
from desktopmail.ui.server_room.mail import Mail
from desktopmail.ui.server_room.overview import Overview
from desktopmail.ui.server_room.people import People, UserDialog
from desktopmail.ui.server_room.window import ServerRoomWindow
from tests.gui.test_window import play
from tests.helpers.fake_door import full_store
from tests.helpers.qt_loop import until
from tests.helpers.server import PASSWORD, ServerProcess, server_process

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from desktopmail.ui.theme.theme import Theme
    from desktopmail.ui.window import MainWindow
    from tests.helpers.fake_door import FakeStore

P = TypeVar("P")
Scene = Callable[[ServerRoomWindow], Awaitable[None]]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with server_process(tmp_path_factory.mktemp("server"), api=True) as running:
        yield running


def enter(theme: Theme, server: ServerProcess, scene: Scene) -> None:
    """Open the server room of a running server, and play a scene in it."""
    store = full_store()
    store.sandbox = SandboxState(
        running=True, api_port=server.ports["api"], token=Password(server.token)
    )

    async def in_window(window: MainWindow, _store: FakeStore) -> None:
        window.show_view("server_room")
        (room,) = [it for it in window.extra_windows if isinstance(it, ServerRoomWindow)]
        await until(lambda: room.api is not None)
        await scene(room)

    play(theme, in_window, store)


def page(room: ServerRoomWindow, kind: type[P]) -> P:
    """Go to a page."""
    number = next(at for at, each in enumerate(room.pages) if isinstance(each, kind))
    room.show_page(number)
    found = room.pages[number]
    assert isinstance(found, kind)
    return found


def test_it_shows_ports_certificate_and_who_is_connected(
    theme: Theme, server: ServerProcess
) -> None:
    async def scene(room: ServerRoomWindow) -> None:
        overview = page(room, Overview)
        await until(
            lambda: f"imaps\u00a0{server.ports['imaps']}" in overview._shown["ports"][1].text()
        )
        assert "localhost" in overview._shown["certificate"][1].text()
        context = ssl.create_default_context(cafile=server.ca_file)
        with smtplib.SMTP_SSL("localhost", server.ports["submissions"], context=context) as client:
            client.login("alice", PASSWORD)
            await until(lambda: any("alice" in row for row in overview.sessions.texts()))
            assert "TLS" in overview.sessions.texts()[0][1]
            overview.sessions.selectRow(0)
            overview.cut_button.click()
            await until(lambda: not overview.sessions.texts())
            with pytest.raises((smtplib.SMTPException, OSError)):
                client.noop()
            client.sock = None  # it is gone: nobody to say QUIT to

    enter(theme, server, scene)


def test_a_user_is_added_and_removed(theme: Theme, server: ServerProcess) -> None:
    async def scene(room: ServerRoomWindow) -> None:
        people = page(room, People)
        await until(lambda: len(people.table.texts()) == 2)
        people._ask_name()
        dialog = people.findChild(UserDialog)
        QTest.keyClicks(dialog.name, "carol")
        QTest.keyClicks(dialog.password, "tulips and more")
        dialog.accept()
        await until(lambda: len(people.table.texts()) == 3)
        assert ["carol@localhost", "carol"] in [row[:2] for row in people.table.texts()]
        people.table.selectRow([row[1] for row in people.table.texts()].index("carol"))
        people.remove_button.click()
        await until(lambda: len(people.table.texts()) == 2)

    enter(theme, server, scene)


def test_a_quota_is_filled_and_freed(theme: Theme, server: ServerProcess) -> None:
    async def scene(room: ServerRoomWindow) -> None:
        people = page(room, People)
        await until(lambda: len(people.table.texts()) == 2)
        people.table.selectRow(0)
        fill = people.disaster_buttons[2]
        fill.click()
        await until(lambda: people.table.texts()[0][4] == "full")
        assert fill.text() == "Free the quota"
        fill.click()
        await until(lambda: people.table.texts()[0][4] == "")

    enter(theme, server, scene)


def test_captured_mail_is_shown_and_forgotten(theme: Theme, server: ServerProcess) -> None:
    async def scene(room: ServerRoomWindow) -> None:
        mail = page(room, Mail)
        await until(lambda: room.api is not None)
        context = ssl.create_default_context(cafile=server.ca_file)
        with smtplib.SMTP_SSL("localhost", server.ports["submissions"], context=context) as client:
            client.login("alice", PASSWORD)
            client.sendmail(
                "alice@localhost", ["dana@elsewhere.example"], "Subject: Tulips\r\n\r\nThirty.\r\n"
            )
        await until(lambda: bool(mail.captured.texts()))
        assert mail.captured.texts()[0][:2] == ["Tulips", "dana@elsewhere.example"]
        assert not mail.show_button.isEnabled()
        mail.captured.selectRow(0)
        before = len(room._window.extra_windows)
        mail.show_button.click()
        await until(lambda: len(room._window.extra_windows) == before + 1)
        mail.forget_button.click()
        await until(lambda: not mail.captured.texts())

    enter(theme, server, scene)


def test_a_capability_is_switched_off_and_everything_on_again(
    theme: Theme, server: ServerProcess
) -> None:
    async def scene(room: ServerRoomWindow) -> None:
        capabilities = page(room, Capabilities)
        await until(lambda: "IDLE" in capabilities.boxes)
        idle: QCheckBox = capabilities.boxes["IDLE"][0]
        assert idle.isChecked()
        idle.click()
        await until(capabilities.all_button.isEnabled)
        assert capabilities.off() == {"IDLE"}
        capabilities.all_button.click()
        await until(idle.isChecked)

    enter(theme, server, scene)


def test_a_fault_is_injected_and_the_feed_tells_when_it_hits(
    theme: Theme, server: ServerProcess
) -> None:
    async def scene(room: ServerRoomWindow) -> None:
        faults = page(room, Faults)
        await until(lambda: "refused-recipient" in faults.presets)
        faults.presets["refused-recipient"].click()
        await until(lambda: bool(faults.plan.texts()))
        assert faults.plan.texts()[0] == ["RCPT", "submission", "0 times"]
        context = ssl.create_default_context(cafile=server.ca_file)
        with smtplib.SMTP_SSL("localhost", server.ports["submissions"], context=context) as client:
            client.login("alice", PASSWORD)
            with pytest.raises(smtplib.SMTPRecipientsRefused):
                client.sendmail("alice@localhost", ["bob@localhost"], "Subject: x\r\n\r\nx\r\n")
        await until(lambda: faults.plan.texts()[0][2].startswith("1 time"))
        assert "RCPT" in room.feed.toPlainText()
        faults.clear_button.click()
        await until(lambda: not faults.plan.texts())

    enter(theme, server, scene)


def test_what_the_server_refuses_is_said(theme: Theme, server: ServerProcess) -> None:
    async def scene(room: ServerRoomWindow) -> None:
        assert room.api is not None
        with pytest.raises(ApiError, match="no user"):
            await room.api.send("PUT", "/api/users/nobody/full", {"full": True})
        room.act(room.api.send("PUT", "/api/users/nobody/full", {"full": True}))
        await until(lambda: "nobody" in room.said.full_text)

    enter(theme, server, scene)


def test_a_server_that_does_not_run_is_started(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        window.show_view("server_room")
        (room,) = [it for it in window.extra_windows if isinstance(it, ServerRoomWindow)]
        assert room.state.text() == "The server does not run"
        assert not room.stack.isVisible()  # facts without values
        assert room.stopped.isVisible()
        assert room.stopped.text().startswith("Start the server")
        assert not any(button.isEnabled() for button in room.choice.buttons())
        assert not room.stop_button.isVisible()
        room.start_button.click()
        await until(lambda: StartSandbox() in store.commands)

    play(theme, scene)


def test_a_server_that_ends_is_noticed(theme: Theme, tmp_path: Path) -> None:
    with server_process(tmp_path, api=True) as running:

        async def scene(room: ServerRoomWindow) -> None:
            page(room, People)
            room.stop_button.click()
            assert room.stack.isVisible()
            await until(lambda: room.api is None)
            assert room.state.text() == "The server does not run"
            assert not room.stack.isVisible()
            await until(lambda: running.process.poll() == 0)

        enter(theme, running, scene)


def test_what_is_asked_after_the_end_is_refused_at_once(
    theme: Theme, server: ServerProcess
) -> None:
    async def scene(room: ServerRoomWindow) -> None:
        api = room.api
        assert api is not None
        room._leave()  # before the look that was asked for just now begins
        room.api = None
        with pytest.raises(ApiError, match="The server does not run"):
            await api.get("/api/users", list[object])
        with pytest.raises(ApiError):
            await api.send("POST", "/api/reset")

    enter(theme, server, scene)


def test_every_page_is_reached_by_keyboard_and_has_a_name(
    theme: Theme, server: ServerProcess
) -> None:
    async def scene(room: ServerRoomWindow) -> None:
        titles = [button.text() for button in room.choice.buttons()]
        assert titles == ["Server", "Users", "Mail for elsewhere", "Capabilities", "Faults"]
        for number in range(len(room.pages)):
            room.show_page(number)
            assert room.stack.currentWidget() is room.pages[number]
        await room._window.scope.settled()
        QApplication.processEvents()

    enter(theme, server, scene)


def test_an_event_is_a_line() -> None:
    data = b'{"protocol":"imap","session":2,"sender":"C","text":"a NOOP\\r\\n"}'
    event = parse_event(b"event: transcript\ndata: " + data)
    assert event is not None
    assert words(event) == "imap 2  C: a NOOP"
    assert words(Event("user", {"name": "carol"})) == "user        name carol"
    assert parse_event(b": still here") is None
    assert parse_event(b"event: x\ndata: [") is None
