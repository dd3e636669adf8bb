"""The wizard in which an account is set up."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QLabel,
    QStyle,
    QStyleOptionButton,
)

from desktopmail.door.certificate import ShownCertificate
from desktopmail.door.commands import (
    AddAccount,
    ServerSettings,
)
from desktopmail.door.interface import DoorError
from desktopmail.door.queries import DiscoveredAccount
from desktopmail.door.rows import (
    Kind,
    Security,
)
from desktopmail.ui import language
from desktopmail.ui.asking import TextDialog
from desktopmail.ui.panels.account import AccountDialog
from tests.gui.test_window import play
from tests.helpers.qt_loop import until

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.ui.theme.theme import Theme
    from desktopmail.ui.window import MainWindow
    from tests.helpers.fake_door import FakeStore


def filled_in(window: MainWindow) -> AccountDialog:
    """Open the wizard, with an address and the servers of it typed in."""
    dialog = AccountDialog(window)
    dialog.open()
    dialog.address.setText("carla@example.it")
    for fields in (dialog.incoming, dialog.outgoing):
        fields.host.setText("mail.example.it")
        fields.host.textEdited.emit("mail.example.it")
    return dialog


def test_an_account_is_set_up_and_its_port_follows_the_security(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        dialog = AccountDialog(window)
        dialog.open()
        dialog.address.setText("carla@example.it")
        dialog.address.textEdited.emit("carla@example.it")
        assert dialog.incoming.host.text() == "imap.example.it"
        assert dialog.outgoing.host.text() == "smtp.example.it"
        assert (dialog.incoming.port.value(), dialog.outgoing.port.value()) == (993, 465)
        dialog.pop3.setChecked(True)
        assert dialog.incoming.port.value() == 995
        assert dialog.incoming.host.text() == "pop.example.it"
        dialog.password.setText("hunter2")
        dialog.submit()
        await until(lambda: store.commands)
        command = store.commands[0]
        assert isinstance(command, AddAccount)
        assert command.kind is Kind.POP3
        assert command.incoming.security is Security.TLS
        assert command.check
        assert "hunter2" not in repr(command)
        await until(lambda: not dialog.isVisible())

    play(theme, scene)


def shown_by(host: str, port: int, side: str) -> DoorError:
    certificate = ShownCertificate(
        side=side, host=host, port=port, text="subject: CN=mail", fingerprint=side[:1] * 64
    )
    return DoorError(
        f"The certificate of {host} is not to be trusted: self-signed certificate.",
        remedy="Give its CA file.",
        code="tls-certificate",
        certificate=certificate,
    )


def test_the_certificates_of_a_server_of_ones_own_are_accepted_in_the_wizard(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        dialog = filled_in(window)
        store.refuse = shown_by("mail.example.it", 993, "incoming")
        dialog.submit()
        await until(dialog.problem.accept_button.isVisible)
        assert dialog.problem.text().endswith("self-signed certificate.")
        line = dialog.problem
        await until(lambda: line.height() >= line.heightForWidth(line.width()))
        store.refuse = shown_by("mail.example.it", 465, "outgoing")
        dialog.problem.accept_button.click()
        await until(lambda: store.refuse is None and dialog.problem.accept_button.isVisible())
        dialog.problem.accept_button.click()
        await until(lambda: len(store.commands) == 3)
        command = store.commands[-1]
        assert isinstance(command, AddAccount)
        assert (command.incoming.pins, command.outgoing.pins) == (("i" * 64,), ("o" * 64,))
        await until(lambda: not dialog.isVisible())

    play(theme, scene)


def test_what_was_accepted_of_one_server_is_not_of_another(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        dialog = filled_in(window)
        store.refuse = shown_by("mail.example.it", 993, "incoming")
        dialog.submit()
        await until(dialog.problem.accept_button.isVisible)
        dialog.incoming.host.setText("imap.example.it")
        dialog.problem.accept_button.click()
        await until(lambda: len(store.commands) == 2)
        command = store.commands[-1]
        assert isinstance(command, AddAccount)
        assert (command.incoming.host, command.incoming.pins) == ("imap.example.it", ())
        await until(lambda: not dialog.isVisible())

    play(theme, scene)


@pytest.mark.parametrize("tongue", sorted(language.LANGUAGES))
def test_what_the_wizard_says_more_makes_it_higher_and_shifts_nothing(
    theme: Theme, tongue: str
) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        language.choose_language(tongue)
        dialog = AccountDialog(window)
        dialog.open()
        await asyncio.sleep(0.05)
        fields = (dialog.address, dialog.incoming.host, dialog.consent)

        def lefts() -> list[int]:
            return [it.mapTo(dialog, it.rect().topLeft()).x() for it in fields[:2]]

        before, width = lefts(), dialog.width()
        dialog.address.setText("carla@example.it")
        dialog.incoming.host.setText("mail.example.it")
        dialog.outgoing.host.setText("smtp.example.it")
        security = dialog.incoming.security
        security.setCurrentIndex(security.findData(Security.NONE))
        dialog.submit()  # says what is missing, and goes to the consent
        area = dialog._area
        await until(lambda: area.verticalScrollBar().maximum() == 0)
        assert dialog.consent.isVisible()
        assert lefts() == before
        assert dialog.width() == width
        assert area.horizontalScrollBar().maximum() == 0
        dialog.close()

    play(theme, scene)


def test_a_password_in_the_clear_needs_consent_unless_it_stays_here(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        dialog = AccountDialog(window)
        dialog.open()
        dialog.address.setText("carla@example.it")
        dialog.incoming.host.setText("mail.example.it")
        dialog.outgoing.host.setText("localhost")
        for fields in (dialog.incoming, dialog.outgoing):
            fields.security.setCurrentIndex(fields.security.findData(Security.NONE))
        assert dialog.consent.isVisible()
        dialog.submit()
        assert "in the clear" in dialog.problem.text()
        assert store.commands == []
        dialog.incoming.host.setText("127.0.0.1")
        assert not dialog.consent.isVisible()
        dialog.close()

    play(theme, scene)


def test_a_server_of_a_private_authority_is_set_up_with_its_certificate(
    theme: Theme, tmp_path: Path
) -> None:
    file = tmp_path / "ca.pem"

    async def scene(window: MainWindow, store: FakeStore) -> None:
        dialog = AccountDialog(window)
        dialog.open()
        dialog.address.setText("carla@example.it")
        for fields in (dialog.incoming, dialog.outgoing):
            fields.host.setText("mail.example.it")
        assert not dialog.ca_file.isVisible()
        dialog.advanced.setChecked(True)
        dialog.ca_file.line.setText(str(file))
        dialog.submit()
        assert dialog.problem.text() == f"The CA file {file} is not there."
        file.write_text("-----BEGIN CERTIFICATE-----\n")
        dialog.submit()
        await until(lambda: store.commands)
        (command,) = store.commands
        assert isinstance(command, AddAccount)
        assert (command.incoming.ca_file, command.outgoing.ca_file) == (str(file), str(file))

    play(theme, scene)


def test_servers_that_were_discovered_are_filled_in_and_typed_ones_are_kept(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        def server(host: str, port: int) -> ServerSettings:
            return ServerSettings(host=host, port=port, security=Security.STARTTLS, user="carla")

        found = DiscoveredAccount(
            kind=Kind.IMAP, incoming=server("in.example.it", 1143),
            outgoing=server("out.example.it", 1587), source="the domain's SRV records",
        )  # fmt: skip
        store.discovered = (found,)
        dialog = AccountDialog(window)
        dialog.open()
        dialog.address.setText("carla@example.it")
        dialog.address.editingFinished.emit()
        await until(lambda: dialog.incoming.host.text() == "in.example.it")
        assert dialog.incoming.port.value() == 1143
        assert dialog.outgoing.port.value() == 1587
        assert dialog.user.text() == "carla"
        assert dialog.found.text() == "Found by the domain's SRV records."
        dialog.incoming.host.setText("mine.example.it")
        dialog.incoming.host.textEdited.emit("mine.example.it")
        dialog.address.setText("other@example.it")
        dialog.address.editingFinished.emit()
        assert dialog.incoming.host.text() == "mine.example.it"
        dialog.close()

    play(theme, scene)


def test_what_is_said_of_an_address_goes_when_another_one_is_typed(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        server = ServerSettings(host="pop.example.it", port=995, security=Security.TLS, user="")
        store.discovered = (
            DiscoveredAccount(kind=Kind.POP3, incoming=server, outgoing=server, source="known"),
        )
        dialog = AccountDialog(window)
        dialog.open()
        dialog.submit()
        assert dialog.problem.text() == "That is not a mail address."
        QTest.keyClicks(dialog.address, "carla@example.it")
        assert dialog.problem.text() == ""
        dialog.address.editingFinished.emit()
        assert dialog.found.isVisible()
        await dialog.scope.settled()
        assert not dialog.found.isVisible()  # of IMAP nothing is known
        dialog.pop3.setChecked(True)
        assert dialog.found.isVisible()
        QTest.keyClicks(dialog.incoming.host, "mail")  # from now on nothing is looked up
        QTest.keyClicks(dialog.address, "a")
        assert not dialog.found.isVisible()
        dialog.close()

    play(theme, scene)


def test_who_gives_no_pass_phrase_is_told_what_it_is_for(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        dialog = filled_in(window)
        store.refuse = DoorError(
            "There is no keyring.", remedy="Name a file with --password-file.", code="no-keyring"
        )
        dialog.submit()
        await until(lambda: window.findChildren(TextDialog))
        window.findChildren(TextDialog)[0].reject()
        await until(dialog.problem.text)
        assert dialog.problem.text() == (
            "There is no keyring. Nothing was kept: give a pass phrase, and a file keeps it,"
            " encrypted."
        )
        dialog.close()

    play(theme, scene)


def test_the_words_of_a_consent_stand_as_those_of_a_check_box(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        dialog = AccountDialog(window)
        dialog.open()
        dialog.incoming.security.setCurrentIndex(dialog.incoming.security.findData(Security.NONE))
        dialog.incoming.host.setText("mail.example.it")
        await until(dialog.consent.isVisible)
        await asyncio.sleep(0.05)
        option = QStyleOptionButton()
        dialog.advanced.initStyleOption(option)
        words = dialog.consent.findChildren(QLabel)[0]
        own = dialog.advanced.style().subElementRect(
            QStyle.SubElement.SE_CheckBoxContents, option, dialog.advanced
        )
        beside = dialog.advanced.mapTo(dialog, own.topLeft()).x()
        assert abs(words.mapTo(dialog, QPoint(0, 0)).x() - beside) <= 2
        dialog.close()

    play(theme, scene)


def test_what_a_server_refused_is_said_in_the_dialogue(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        dialog = AccountDialog(window)
        dialog.open()
        dialog.address.setText("carla@example.it")
        dialog.incoming.host.setText("localhost")
        dialog.outgoing.host.setText("localhost")
        store.refuse = DoorError("The server refused the password.", remedy="Type it again.")
        dialog.submit()
        await until(lambda: "refused the password" in dialog.problem.text())
        assert dialog.isVisible()
        assert dialog.add_button.isEnabled()
        dialog.close()

    play(theme, scene)
