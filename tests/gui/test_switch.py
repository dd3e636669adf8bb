"""Switching an account between POP3 and IMAP: what is said before and after, what is sent."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from PySide6.QtWidgets import QLabel

from desktopmail.door.certificate import ShownCertificate
from desktopmail.door.commands import ServerSettings, SwitchAccount
from desktopmail.door.interface import DoorError
from desktopmail.door.queries import DiscoveredAccount
from desktopmail.door.rows import Kind, Security
from desktopmail.ui import language
from desktopmail.ui.commands.registry import find_verb
from desktopmail.ui.panels.switch import SwitchDialog
from tests.gui.test_window import play
from tests.helpers.fake_door import FakeStore, full_store
from tests.helpers.qt_loop import until

if TYPE_CHECKING:
    from desktopmail.ui.theme.theme import Theme
    from desktopmail.ui.window import MainWindow

ALICE, BOB = 0, 1


def way(kind: Kind, port: int) -> DiscoveredAccount:
    server = ServerSettings(
        host="mail.example.org", port=port, security=Security.TLS, user="a", ca_file="/ca.pem"
    )
    return DiscoveredAccount(kind=kind, incoming=server, outgoing=server, source="the provider")


async def opened(window: MainWindow, which: int) -> SwitchDialog:
    dialog = SwitchDialog(window, window.accounts()[which])
    dialog.open()
    await dialog.scope.settled()
    return dialog


def said(dialog: SwitchDialog) -> str:
    return " ".join(one.text() for one in dialog.findChildren(QLabel) if one.isVisible())


def test_an_imap_account_is_switched_to_the_pop3_port_that_was_found(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        store.discovered = (way(Kind.IMAP, 1993), way(Kind.POP3, 1995))
        dialog = await opened(window, ALICE)
        assert dialog.kind() is Kind.POP3
        assert (dialog.server.host.text(), dialog.server.port.value()) == ("mail.example.org", 1995)
        assert "The 40 messages here stay as they are" in said(dialog)
        assert "your other devices do not see them" in said(dialog)
        dialog.submit()
        await until(lambda: dialog.outcome.isVisible())
        command = store.commands[-1]
        assert isinstance(command, SwitchAccount)
        assert (command.account_id, command.kind, command.password) == (1, Kind.POP3, None)
        assert command.incoming == way(Kind.POP3, 1995).incoming
        assert dialog.outcome.text() == "The mail of Alice is fetched by POP3 now."
        assert not dialog.switch_button.isVisible()
        assert window.accounts()[ALICE].kind is Kind.POP3
        dialog.cancel_button.click()

    play(theme, scene)


def test_the_certificate_of_the_other_door_is_accepted(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        store.discovered = (way(Kind.IMAP, 1993), way(Kind.POP3, 1995))
        dialog = await opened(window, ALICE)
        store.refuse = DoorError(
            "The certificate is not to be trusted.",
            certificate=ShownCertificate(
                side="incoming",
                host="mail.example.org",
                port=1995,
                text="subject: CN=mail",
                fingerprint="a" * 64,
            ),
        )
        dialog.submit()
        await until(dialog.problem.accept_button.isVisible)
        dialog.problem.accept_button.click()
        await until(lambda: dialog.outcome.isVisible())
        command = store.commands[-1]
        assert isinstance(command, SwitchAccount)
        assert command.incoming.pins == ("a" * 64,)
        dialog.cancel_button.click()

    play(theme, scene)


@pytest.mark.parametrize("tongue", sorted(language.LANGUAGES))
def test_all_that_will_happen_is_in_sight_before_and_after_a_refusal(
    theme: Theme, tongue: str
) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        language.choose_language(tongue)
        hers = {box.id for box in store.mailboxes(window.accounts()[ALICE].id)}
        one = next(key for key, row in store.messages.items() if row.mailbox_id in hers)
        store.messages = {one: store.messages[one]}  # a sentence as long as the form is wide
        dialog = await opened(window, ALICE)
        bar = dialog._parts.verticalScrollBar()
        for which in (BOB, ALICE):
            dialog.accounts.setCurrentIndex(which)
            await asyncio.sleep(0.1)  # what is known of the address comes to a dialogue in sight
            assert bar.maximum() == 0
        store.refuse = DoorError("The server is down.", remedy="Try again later.")
        dialog.submit()
        await until(dialog.problem.text)
        await until(lambda: bar.maximum() == 0)
        dialog.close()

    play(theme, scene)


def test_without_discovery_the_same_server_is_offered_at_the_usual_port(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        dialog = await opened(window, BOB)
        assert dialog.kind() is Kind.IMAP
        assert (dialog.server.host.text(), dialog.server.port.value()) == ("localhost", 993)
        assert "the same server at its usual port" in said(dialog)
        assert "are not uploaded" in said(dialog)
        dialog.submit()
        await until(lambda: dialog.outcome.isVisible())
        assert "2 messages exist only on this computer." in dialog.outcome.text()
        assert isinstance(store.commands[-1], SwitchAccount)
        dialog.close()

    play(theme, scene)


def test_a_refusal_is_shown_and_nothing_is_lost_of_what_was_typed(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        dialog = await opened(window, ALICE)
        dialog.server.host.setText("pop.example.org")
        store.refuse = DoorError("3 changes have not reached the server yet.", remedy="Wait.")
        dialog.submit()
        await until(dialog.problem.text)
        assert dialog.problem.text() == "3 changes have not reached the server yet. Wait."
        assert dialog.switch_button.isEnabled()
        assert dialog.server.host.text() == "pop.example.org"
        dialog.server.host.clear()
        dialog.submit()
        assert dialog.problem.text() == "The name of the server is missing."
        dialog.close()

    play(theme, scene)


def test_what_a_person_typed_is_not_written_over_by_what_is_found(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        store.discovered = (way(Kind.POP3, 1995),)
        dialog = SwitchDialog(window, window.accounts()[ALICE])
        dialog.open()
        dialog.server.host.setText("other.example.org")
        dialog.server.host.textEdited.emit("other.example.org")
        await dialog.scope.settled()
        assert dialog.server.host.text() == "other.example.org"
        assert dialog.settings().ca_file is None
        dialog.close()

    play(theme, scene)


def test_another_account_can_be_chosen_in_the_dialogue(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        window.run(find_verb("switch_account"))
        await until(lambda: window.findChildren(SwitchDialog))
        dialog = window.findChildren(SwitchDialog)[0]
        assert dialog.kind() is Kind.POP3
        dialog.accounts.setCurrentIndex(BOB)
        await dialog.scope.settled()
        assert dialog.kind() is Kind.IMAP
        assert dialog.switch_button.text() == "Switch to IMAP"
        assert "The 3 messages here" in said(dialog)
        dialog.close()

    play(theme, scene)


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("wanted", sorted(language.LANGUAGES))
def test_every_point_is_said_in_every_language(theme: Theme, wanted: str, kind: Kind) -> None:
    language.choose_language(wanted)

    async def scene(window: MainWindow, _store: FakeStore) -> None:
        which = ALICE if kind is Kind.IMAP else BOB
        dialog = await opened(window, which)
        assert len(dialog.points()) == 4
        assert dialog.width() <= 700
        dialog.close()

    play(theme, scene, full_store(1))
