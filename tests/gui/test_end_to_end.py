"""The window with the real engine process and the real bundled server."""

from __future__ import annotations

import asyncio
import imaplib
import os
import shutil
import signal
import ssl
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
from PySide6.QtTest import QTest

from desktopmail.door.attach import Session, attach
from desktopmail.door.commands import AddAccount, ServerSettings, StartSandbox, SyncAccounts
from desktopmail.door.interface import EngineGoneError
from desktopmail.door.profile import Profile
from desktopmail.door.queries import EngineStatus, ReadStatus
from desktopmail.door.rows import Kind, Role, Security
from desktopmail.ui.app import wait_for_end
from desktopmail.ui.commands.registry import find_verb
from desktopmail.ui.composer.writing import Placed, Writing
from desktopmail.ui.panels.switch import SwitchDialog
from desktopmail.ui.reading.notice_bar import NoticeBar
from desktopmail.ui.settings import Settings
from desktopmail.ui.window import MainWindow
from tests.helpers.qt_loop import run_qt, until
from tests.helpers.server import PASSWORD, ServerProcess, server_process

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
    view = window.tree_model.view_of(
        window.tree_model.node(window.tree_model.find(("mailbox", boxes[0].id)))  # type: ignore[arg-type]
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

            window.compose(Writing(placed=Placed(account_id=imap.id)))
            composer = window.composers[-1]
            QTest.keyClicks(composer.fields.to.edit, pop3.address)
            composer.fields.to._popup.hide()
            composer.fields.subject.setText("Lunch on Thursday?")
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
            await until(lambda: len(window.composers) > 0 and window.composers[-1].isVisible())
            answer = window.composers[-1]
            assert answer.fields.subject.text() == "Re: Lunch on Thursday?"
            assert imap.address in answer.fields.to.text()
            assert "> At noon, at the mill." in answer.body.plain_text()
            answer.body.insertPlainText("Yes!")
            answer.sending.send()
            other = next(
                box.id for box in window.reader.mailboxes(imap.id) if box.role is Role.INBOX
            )
            await arrived("Re: Lunch on Thursday?", other)
        finally:
            await window.aclose()
            window.deleteLater()
            await session.aclose()

    run_qt(run, 100)


@pytest.mark.slow
def test_an_account_of_the_sandbox_is_switched_to_pop3_and_back_and_keeps_its_mail(
    theme: Theme, profile: Profile
) -> None:
    async def run() -> None:
        session = await attach(profile)
        window = open_window(session, theme)
        try:
            await session.door.command(StartSandbox())
            await until(lambda: len(window.accounts()) == 2, 20)
            anna = next(it for it in window.accounts() if it.kind is Kind.IMAP)

            def kept() -> dict[str, int]:
                return {box.path: box.total for box in window.reader.mailboxes(anna.id)}

            before = kept()
            for kind in (Kind.POP3, Kind.IMAP):
                row = next(it for it in window.accounts() if it.id == anna.id)
                dialog = SwitchDialog(window, row)
                dialog.open()
                await dialog.scope.settled()
                assert dialog.kind() is kind
                assert dialog.server.host.text() == "localhost"
                assert dialog.server.port.value() not in {993, 995, 110, 143}
                dialog.submit()
                await until(partial(_is_done, dialog), 30)
                assert dialog.problem.text() == ""
                assert kind.value.upper() in dialog.outcome.text()
                dialog.close()
                assert next(it for it in window.accounts() if it.id == anna.id).kind is kind
                assert {path: kept().get(path) for path in before} == before
        finally:
            await window.aclose()
            window.deleteLater()
            await session.aclose()

    run_qt(run, 100)


@pytest.mark.slow
def test_remote_images_of_the_sandbox_do_not_come_and_the_window_says_so(
    theme: Theme, profile: Profile
) -> None:
    async def run() -> None:
        session = await attach(profile)
        window = open_window(session, theme)
        try:
            await session.door.command(StartSandbox())
            await until(lambda: len(window.accounts()) == 2, 20)
            window.bridge.flush()
            window.in_view.choose_first()
            rows = window.reader.window(window.list_pane.view, 0, 100)
            row = next(row for row in rows if row.subject.startswith("Leave the seed heads"))
            window.list_pane.list.go_to_message(row.id)
            await until(
                lambda: window.reading.row is not None and window.reading.row.id == row.id, 10
            )
            window.reading.show_remote()
            await until(
                lambda: any(
                    "could not be loaded: nothing came from" in bar.accessibleName()
                    for bar in window.reading.findChildren(NoticeBar)
                ),
                30,
            )
            assert window.snack.text == ""
        finally:
            await window.aclose()
            window.deleteLater()
            await session.aclose()

    run_qt(run, 100)


@pytest.mark.slow
def test_an_engine_killed_while_it_syncs_is_started_again_and_every_message_is_there_once(
    theme: Theme, profile: Profile, tmp_path: Path
) -> None:
    count = 120
    folder = tmp_path / "server"
    folder.mkdir()
    with server_process(folder) as server:
        deliver(server, count)
        pin = ServerSettings(
            host="localhost",
            port=server.ports["imaps"],
            security=Security.TLS,
            user="alice",
            ca_file=server.ca_file,
        )
        out = msgspec.structs.replace(pin, port=server.ports["submissions"])
        # The password is read again at each login: no keyring is needed after the engine's death.
        secret = tmp_path / "password"
        secret.write_text(PASSWORD + "\n")
        secret.chmod(0o600)
        pin = msgspec.structs.replace(pin, password_file=str(secret))
        out = msgspec.structs.replace(out, password_file=str(secret))

        async def run() -> None:
            session = await attach(profile)
            window = open_window(session, theme)
            try:
                await session.door.command(
                    AddAccount(
                        name="alice",
                        address=f"alice@{server.domain}",
                        kind=Kind.IMAP,
                        incoming=pin,
                        outgoing=out,
                    )
                )
                syncing = asyncio.get_running_loop().create_task(
                    session.door.command(SyncAccounts(wait=True))
                )
                status = await session.door.query(ReadStatus())
                assert isinstance(status, EngineStatus)
                os.kill(status.pid, signal.SIGKILL)
                with pytest.raises(EngineGoneError):
                    await syncing
                await asyncio.wait_for(session.gone.wait(), 10)
                window.trouble.engine_gone()
                assert "Nothing is lost" in window.snack.text
                session = await attach(profile)
                window.use_engine(session.door, session.reader)
                assert window.snack.text == "The mail engine is running again."
                await session.door.command(SyncAccounts(wait=True))
                window.bridge.flush()
                window.in_view.choose_first()
                rows = window.reader.window(window.list_pane.view, 0, 2 * count)
                found = sorted(row.subject for row in rows)
                assert found == sorted(f"Message {number}" for number in range(count))
                assert window.list_pane.list.model().rowCount() == count
            finally:
                await window.aclose()
                window.deleteLater()
                await session.aclose()

        run_qt(run, 100)


def _is_done(dialog: SwitchDialog) -> bool:
    return dialog.outcome.isVisible() or bool(dialog.problem.text())


def deliver(server: ServerProcess, count: int) -> None:
    context = ssl.create_default_context(cafile=server.ca_file)
    with imaplib.IMAP4_SSL("localhost", server.ports["imaps"], ssl_context=context) as client:
        client.login("alice", PASSWORD)
        for number in range(count):
            octets = (
                f"From: bob@example.org\r\nTo: alice@example.org\r\nSubject: Message {number}\r\n"
                f"Message-ID: <{number}@example.org>\r\n\r\nText {number}\r\n"
            )
            client.append("INBOX", "", "", octets.encode())
