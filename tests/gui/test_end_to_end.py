"""The window with the real engine process and the real bundled server."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtTest import QTest

from desktopmail.door.attach import Session, attach
from desktopmail.door.commands import StartSandbox
from desktopmail.door.profile import Profile
from desktopmail.door.queries import EngineStatus, ReadStatus
from desktopmail.door.rows import Kind, Role
from desktopmail.ui.app import wait_for_end
from desktopmail.ui.commands.registry import find_verb
from desktopmail.ui.settings import Settings
from desktopmail.ui.window import MainWindow
from tests.helpers.qt_loop import run_qt, until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from desktopmail.ui.theme.theme import Theme


@pytest.fixture
def profile() -> Iterator[Profile]:
    folder = Path(tempfile.mkdtemp(prefix="desktopmail-test-"))
    yield Profile.at(folder)
    wait_for_end(Profile.at(folder), 20)
    shutil.rmtree(folder, ignore_errors=True)


def open_window(session: Session, theme: Theme) -> MainWindow:
    settings = Settings(None)
    settings.set("theme", "light")
    settings.set("send_delay_s", 0)
    window = MainWindow(session.door, session.reader, settings, theme, web=False)
    window.show()
    return window


def subjects(window: MainWindow, mailbox_id: int) -> list[str]:
    boxes = [box for box in window.reader.mailboxes() if box.id == mailbox_id]
    view = window._tree_model.view_of(
        window._tree_model.node(window._tree_model.find(("mailbox", boxes[0].id)))  # type: ignore[arg-type]
    )
    assert view is not None
    return [row.subject for row in window.reader.window(view, 0, 100)]


@pytest.mark.slow
def test_a_message_sent_from_one_account_arrives_in_the_other_and_is_answered(
    theme: Theme, profile: Profile
) -> None:
    async def run() -> None:
        session = await attach(profile)
        window = open_window(session, theme)
        try:
            await session.door.command(StartSandbox())
            await until(lambda: len(window.accounts()) == 2, 20)
            accounts = {account.kind: account for account in window.accounts()}
            imap, pop3 = accounts[Kind.IMAP], accounts[Kind.POP3]

            window.compose(account=imap)
            composer = window.composers[-1]
            QTest.keyClicks(composer.to, pop3.address)
            composer.to._popup.hide()
            composer.subject.setText("Lunch on Thursday?")
            composer.body.setPlainText("At noon, at the mill.\n\nYours")
            composer.send_button.click()
            await until(lambda: not window.composers, 20)

            inbox = next(
                box.id for box in window.reader.mailboxes(pop3.id) if box.role is Role.INBOX
            )

            async def arrived(subject: str, mailbox_id: int) -> None:
                for _ in range(100):
                    if subject in subjects(window, mailbox_id):
                        return
                    await find_verb("get_mail").do(window)
                    await asyncio.sleep(0.3)
                pytest.fail(
                    f"{subject} did not arrive: {window.reader.sendings()}, {window.snack.text}"
                )

            await arrived("Lunch on Thursday?", inbox)
            window.bridge.flush()
            window.sidebar.choose(("mailbox", inbox))
            rows = window.reader.window(window.list_pane.view, 0, 100)
            row = next(row for row in rows if row.subject == "Lunch on Thursday?")
            assert window.list_pane.list.go_to_message(row.id)
            await until(
                lambda: window.reading.row is not None and window.reading.row.id == row.id, 10
            )
            assert "At noon, at the mill." in window.reading.plain.toPlainText()

            window.run(find_verb("reply"))
            await until(lambda: len(window.composers) > 0 and window.composers[-1].isVisible(), 10)
            answer = window.composers[-1]
            assert answer.subject.text() == "Re: Lunch on Thursday?"
            assert imap.address in answer.to.text()
            assert "> At noon, at the mill." in answer.body.toPlainText()
            answer.body.insertPlainText("Yes!")
            answer.send()
            other = next(
                box.id for box in window.reader.mailboxes(imap.id) if box.role is Role.INBOX
            )
            await arrived("Re: Lunch on Thursday?", other)
        finally:
            await window.aclose()
            await session.aclose()

    run_qt(run, 100)


@pytest.mark.slow
def test_an_engine_that_was_killed_is_said_and_started_again_and_every_message_is_there_once(
    theme: Theme, profile: Profile
) -> None:
    async def run() -> None:
        session = await attach(profile)
        window = open_window(session, theme)
        try:
            await session.door.command(StartSandbox())
            await until(lambda: len(window.accounts()) == 2, 20)
            window.bridge.flush()
            window.choose_first()
            before = [row.id for row in window.reader.window(window.list_pane.view, 0, 500)]
            assert before
            status = await session.door.query(ReadStatus())
            assert isinstance(status, EngineStatus)
            os.kill(status.pid, signal.SIGKILL)
            await asyncio.wait_for(session.gone.wait(), 10)
            window.engine_gone()
            assert "Nothing is lost" in window.snack.text
            session = await attach(profile)
            window.use_engine(session.door, session.reader)
            assert window.snack.text == "The mail engine is running again."
            status = await session.door.query(ReadStatus())
            assert isinstance(status, EngineStatus)
        finally:
            await window.aclose()
            await session.aclose()

    run_qt(run, 100)
