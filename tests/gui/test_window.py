"""A real window over an engine in memory: what a person does all day, by keyboard and mouse."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import msgspec
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible, QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QWidget,
)

from desktopmail.door.changes import AccountsChanged, MessagesChanged, OutboxChanged, StoreTrouble
from desktopmail.door.commands import (
    ArchiveMessages,
    DeleteMessages,
    MoveMessages,
    RetrySending,
    SetOffline,
    StoreFlags,
    SyncAccounts,
    Undo,
)
from desktopmail.door.ids import QuestionId, SendingId
from desktopmail.door.interface import DoorError
from desktopmail.door.rows import (
    ConnectionState,
    Flag,
    Kind,
    ProblemRow,
    QuestionRow,
    Role,
    SendingRow,
    SendingState,
)
from desktopmail.ui.actions import changed_keys
from desktopmail.ui.chooser import Chooser, fits
from desktopmail.ui.commands.registry import TOOLBAR, VERBS, find_verb
from desktopmail.ui.models.mailboxes import state_text
from desktopmail.ui.panels.card import Card
from desktopmail.ui.settings import Settings
from desktopmail.ui.window import MainWindow
from tests.helpers.fake_door import FakeStore, full_store
from tests.helpers.qt_loop import SLOT_LIMIT_S, longest_slot, run_qt, until

if TYPE_CHECKING:
    from PySide6.QtCore import QSettings

    from desktopmail.ui.theme.theme import Theme

Scene = Callable[[MainWindow, FakeStore], Awaitable[None]]


def play(
    theme: Theme,
    scene: Scene,
    store: FakeStore | None = None,
    *,
    geometry: QSettings | None = None,
    **chosen: object,
) -> None:
    """Open a window, play a scene in it, and close everything."""
    engine = full_store() if store is None else store

    async def run() -> None:
        settings = Settings(None)
        for name, value in {"theme": "light", **chosen}.items():
            settings.set(name, value)  # type: ignore[arg-type]
        window = MainWindow(engine, lambda: engine, settings, theme, web=False, geometry=geometry)
        window.show()
        try:
            await scene(window, engine)
        finally:
            await window.aclose()
            window.deleteLater()

    run_qt(run)


async def select(window: MainWindow, row: int) -> None:
    window.list_pane.list.setFocus()
    window.list_pane.list.go_to(row)
    await until(
        lambda: (
            window.reading.row is not None
            and (current := window.list_pane.list.current_message()) is not None
            and window.reading.row.id == current.id
        )
    )


def test_a_message_that_is_selected_is_shown(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        await select(window, 1)
        letter = window.reading.letter
        assert letter is not None
        assert letter.subject == "Termine für das Gartenfest im Frühjahr"
        assert "Der Saal ist am 12. und am 26. frei." in window.reading.plain.toPlainText()

    play(theme, scene)


def test_a_click_on_the_row_that_the_cursor_stands_on_shows_it(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        messages = window.list_pane.list
        assert window.focusWidget() is messages  # the keys act on the list from the start
        window.activateWindow()
        messages.setFocus()
        await until(lambda: messages.currentIndex().isValid())
        assert window.reading.row is None
        row = messages.currentIndex()
        place = messages.visualRect(row).center()
        QTest.mouseClick(messages.viewport(), Qt.MouseButton.LeftButton, pos=place)
        await until(lambda: window.reading.row is not None)

    play(theme, scene)


def test_an_empty_mailbox_does_not_ask_for_a_choice(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        def said() -> list[str]:
            labels = window.reading.findChildren(QLabel)
            return [it.text() for it in labels if it.isVisible() and it.text()]

        assert said() == ["Select a message to read it."]
        window.sidebar.choose(("mailbox", store.box(Role.JUNK).id))
        assert said() == []

    play(theme, scene)


def test_the_first_window_shows_the_joined_inbox(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        assert window.list_pane.title == "All Inboxes"
        assert len(window.list_pane.view.mailbox_ids) == 2
        assert window.list_pane.list.model().rowCount() == 43

    play(theme, scene)


def test_archiving_selects_the_next_message_and_undo_brings_it_back(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        await select(window, 3)
        first = window.reading.row
        following = window.list_pane.list.model().message(4)
        assert first is not None
        QTest.keyClick(window.list_pane.list, Qt.Key.Key_A)
        await until(lambda: window.list_pane.list.model().rowCount() == 42)
        await until(
            lambda: window.reading.row is not None and window.reading.row.id == following.id
        )
        assert isinstance(store.commands[-1], ArchiveMessages)
        assert window.snack.text == "1 message archived"
        QTest.keyClick(window.list_pane.list, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        await until(lambda: window.list_pane.list.model().rowCount() == 43)
        assert any(isinstance(command, Undo) for command in store.commands)
        assert store.messages[first.id].mailbox_id == store.box(Role.INBOX).id

    play(theme, scene)


def test_several_messages_are_deleted_at_once(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        await select(window, 0)
        for _ in range(3):
            QTest.keyClick(
                window.list_pane.list, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier
            )
        assert window.list_pane.list.selected_count() == 4
        QTest.keyClick(window.list_pane.list, Qt.Key.Key_Delete)
        await until(lambda: window.list_pane.list.model().rowCount() == 39)
        command = store.commands[-1]
        assert isinstance(command, DeleteMessages)
        assert len(command.placement_ids) == 4
        assert window.list_pane.list.selected_count() == 1

    play(theme, scene)


def test_moving_asks_for_the_mailbox_by_typing(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        await select(window, 0)
        QTest.keyClick(window.list_pane.list, Qt.Key.Key_M)
        await until(lambda: window.findChild(Chooser) is not None)
        chooser = window.findChild(Chooser)
        QTest.keyClicks(chooser.field, "inv")
        assert [choice.title for choice in chooser.shown] == ["Invoices"]
        QTest.keyClick(chooser.field, Qt.Key.Key_Return)
        await until(lambda: bool(store.commands) and isinstance(store.commands[-1], MoveMessages))
        assert window.snack.text == "1 message moved to Invoices"

    play(theme, scene)


def test_where_the_last_messages_went_is_offered_first_and_where_they_stand_is_not(
    theme: Theme,
) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        def offered() -> list[tuple[str, str]]:
            return [(it.title, it.hint) for it in window.findChildren(Chooser)[-1].shown]

        async def move(typed: str) -> None:
            await select(window, 0)
            QTest.keyClick(window.list_pane.list, Qt.Key.Key_M)
            await until(lambda: window.findChild(Chooser) is not None)
            first = offered()
            QTest.keyClicks(window.findChild(Chooser).field, typed)
            QTest.keyClick(window.findChild(Chooser).field, Qt.Key.Key_Return)
            await until(lambda: window.findChild(Chooser) is None)
            window.bridge.flush()
            shown.append(first)

        shown: list[list[tuple[str, str]]] = []
        window.sidebar.choose(("mailbox", store.box(Role.INBOX).id))
        for typed in ("inv", "gard", ""):
            await move(typed)
        assert [first[0][0] for first in shown] == ["Drafts", "Invoices", "Garden club"]
        assert all(("Inbox", "Alice") not in first for first in shown)
        assert ("Inbox", "Bob (POP3)") in shown[0]
        moved = [it for it in store.commands if isinstance(it, MoveMessages)]
        assert moved[2].mailbox_id == moved[1].mailbox_id  # Enter alone: as the last time

    play(theme, scene, read_after_s=-1)


def test_a_mailbox_within_another_is_offered_with_the_names_of_those_above(theme: Theme) -> None:
    store = full_store()
    above = next(row for row in store.mailbox_rows if row.name == "Garden club")
    at = next(n for n, row in enumerate(store.mailbox_rows) if row.name == "Invoices")
    within = msgspec.structs.replace(store.mailbox_rows[at], parent_id=above.id)
    store.mailbox_rows[at] = within

    async def scene(window: MainWindow, _store: FakeStore) -> None:
        await select(window, 0)
        QTest.keyClick(window.list_pane.list, Qt.Key.Key_M)
        await until(lambda: window.findChild(Chooser) is not None)
        chooser = window.findChild(Chooser)
        hints = {choice.title: choice.hint for choice in chooser.shown}
        assert hints["Invoices"] == "Alice · Garden club"
        assert hints["Garden club"] == "Alice"
        chooser.leave()

    play(theme, scene, store)


def test_the_palette_runs_what_was_typed(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        await select(window, 0)
        QTest.keyClick(window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
        await until(lambda: window.findChild(Chooser) is not None)
        chooser = window.findChild(Chooser)
        QTest.keyClicks(chooser.field, "flag")
        QTest.keyClick(chooser.field, Qt.Key.Key_Return)
        await until(lambda: bool(store.commands))
        assert isinstance(store.commands[-1], StoreFlags)
        await until(lambda: window.findChild(Chooser) is None)

    play(theme, scene)


def test_escape_leaves_the_palette(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        window.run(find_verb("palette"))
        await until(lambda: window.findChild(Chooser) is not None)
        QTest.keyClick(window.findChild(Chooser).field, Qt.Key.Key_Escape)
        await until(lambda: window.findChild(Chooser) is None)
        assert store.commands == []

    play(theme, scene)


def test_reading_marks_a_message_after_its_time_and_not_when_a_person_decided(
    theme: Theme,
) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        await select(window, 0)
        shown = window.reading.row
        assert shown is not None
        await until(lambda: bool(store.messages[shown.id].flags & Flag.SEEN))
        window.bridge.flush()
        QTest.keyClick(window.list_pane.list, Qt.Key.Key_U)
        await until(lambda: not store.messages[shown.id].flags & Flag.SEEN)
        window.bridge.flush()
        assert not window.shown.is_timed

    play(theme, scene, read_after_s=0)


def test_quick_filters_keep_the_message_that_is_read(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        await select(window, 0)
        shown = window.reading.row
        window.list_pane.toggle_filter("unread_only")
        assert window.list_pane.view.unread_only
        assert window.list_pane.list.model().rowCount() == 17
        current = window.list_pane.list.current_message()
        assert current is not None
        assert shown is not None
        assert current.id == shown.id

    play(theme, scene)


def test_a_search_shows_what_it_found_and_escape_brings_the_mailbox_back(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        QTest.keyClick(window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
        field = window.tool_bar.search
        QTest.keyClicks(field, "invoice")
        QTest.keyClick(field, Qt.Key.Key_Return)
        await until(lambda: window.list_pane.view.query == "invoice")
        assert window.list_pane.list.model().rowCount() == 4
        QTest.keyClick(field, Qt.Key.Key_Escape)
        await until(lambda: window.list_pane.view.query == "")
        assert window.list_pane.list.model().rowCount() == 43

    play(theme, scene)


def test_new_mail_does_not_move_what_is_read(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        await select(window, 5)
        shown = window.reading.row
        assert shown is not None
        octets = store.blobs[shown.message_id]
        store.add_message(octets, store.box(Role.INBOX).id, date_s=2_000_000_000)
        store.tell(MessagesChanged(mailbox_ids=(store.box(Role.INBOX).id,)))
        await until(lambda: window.list_pane.list.model().rowCount() == 44)
        current = window.list_pane.list.current_message()
        assert current is not None
        assert current.id == shown.id
        assert window.list_pane.list.currentIndex().row() == 6

    play(theme, scene)


def test_a_refused_command_is_said_in_the_window_and_nothing_is_lost(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        await select(window, 0)
        store.refuse = DoorError("The disk is full.", remedy="Make room.")
        QTest.keyClick(window.list_pane.list, Qt.Key.Key_A)
        await until(lambda: window.snack.text == "The disk is full. Make room.")
        assert window.list_pane.list.model().rowCount() == 43

    play(theme, scene)


def test_the_message_chosen_stays_in_sight_when_the_list_gets_lower(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        messages = window.list_pane.list
        await select(window, 0)
        shown = messages.viewport().height() // messages.rowHeight(0)
        await select(window, shown - 1)  # the last that is seen as a whole
        height = messages.viewport().height()
        window.run(find_verb("reading_below"))
        await until(lambda: messages.viewport().height() < height)
        row = messages.visualRect(messages.currentIndex())
        assert messages.viewport().rect().contains(row)

    play(theme, scene)


def test_a_problem_is_a_card_that_can_be_dismissed(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        problem = ProblemRow(
            account_id=None, service="imap", what="The password was refused.",
            remedy="Enter it again.", at_s=0,
        )  # fmt: skip
        store.problem_rows.append(problem)
        store.tell(AccountsChanged())
        await until(window.problems.isVisible)
        buttons = window.problems.findChildren(QAbstractButton)
        next(button for button in buttons if button.text() == "Dismiss").click()
        assert not window.problems.isVisible()
        store.tell(AccountsChanged())
        window.bridge.flush()
        assert not window.problems.isVisible()

    play(theme, scene)


def test_that_the_disk_is_full_is_said_by_a_card_and_by_the_accounts_as_long_as_it_is(
    theme: Theme,
) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        trouble = StoreTrouble(what="The disk is full: no more.", remedy="Make room.")
        store.problem_rows.append(  # an account had said so, too
            ProblemRow(account_id=None, service="imap", what=trouble.what, remedy="", at_s=0)
        )
        store.tell(trouble)
        await until(window.problems.isVisible)
        (card,) = [it for it in window.problems.findChildren(Card) if it.isVisible()]
        assert card.accessibleName() == "The disk is full: no more. Make room."
        assert {state_text(one) for one in window.accounts()} == {trouble.what}
        buttons = {it.text(): it for it in card.findChildren(QAbstractButton)}
        buttons["Try Again"].click()
        await until(lambda: store.commands == [SyncAccounts(account_ids=(), wait=False)])
        store.problem_rows.clear()
        store.tell(StoreTrouble())
        await until(lambda: not window.problems.isVisible())
        assert trouble.what not in {state_text(one) for one in window.accounts()}

    play(theme, scene)


def test_one_problem_of_two_accounts_says_whose_each_is(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        first, second = (account.id for account in window.accounts()[:2])
        what = "The file /ca.pem cannot be read."
        store.problem_rows += [
            ProblemRow(account_id=it, service=service, what=what, remedy="Check it.", at_s=0)
            for it, service in ((first, "imap"), (second, "pop3"), (second, "smtp"))
        ]
        store.tell(AccountsChanged())
        await until(window.problems.isVisible)
        cards = [it for it in window.problems.findChildren(Card) if it.isVisible()]
        assert sorted(card.accessibleName().removeprefix(f"{what} ") for card in cards) == [
            "Alice · Check it.",
            "Bob (POP3) · Check it.",
            "Bob (POP3) · Outgoing server · Check it.",
        ]

    play(theme, scene)


def test_what_waits_to_go_out_is_tried_again_from_the_card_about_its_server(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        first, second = (account.id for account in window.accounts()[:2])
        why = "smtp.example.org refuses the connection."
        waits = SendingRow(
            id=SendingId(5), account_id=first, state=SendingState.QUEUED, subject="Lunch",
            recipients=("bob@example.org",), queued_s=0, not_before_s=0, tries=1, problem=why,
        )  # fmt: skip
        store.sending_rows += [
            msgspec.structs.replace(waits, id=SendingId(4), problem=None),
            waits,
            msgspec.structs.replace(waits, id=SendingId(6), account_id=second),
        ]
        store.problem_rows.append(
            ProblemRow(account_id=first, service="smtp", what=why, remedy="Check it.", at_s=0)
        )
        store.tell(AccountsChanged())
        await until(window.problems.isVisible)
        buttons = window.problems.findChildren(QAbstractButton)
        next(button for button in buttons if button.text() == "Try Again").click()
        await until(lambda: bool(store.commands))
        assert store.commands == [RetrySending(sending_id=SendingId(5))]

    play(theme, scene)


def test_a_card_about_a_server_offers_to_go_online_while_a_person_works_offline(
    theme: Theme,
) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        def offered() -> list[str]:
            buttons = window.problems.findChildren(QAbstractButton)
            return [it.text() for it in buttons if it.isVisible()]

        account = window.accounts()[0].id
        store.problem_rows += [
            ProblemRow(account_id=account, service=it, what=f"No {it}.", remedy="Wait.", at_s=0)
            for it in ("imap", "smtp")
        ]
        store.tell(AccountsChanged())
        await until(window.problems.isVisible)
        assert offered() == ["Try Again", "Dismiss"] * 2
        window.run(find_verb("offline"))
        await until(lambda: offered() == ["Go Online", "Dismiss"] * 2)
        buttons = window.problems.findChildren(QAbstractButton)
        next(it for it in buttons if it.isVisible() and it.text() == "Go Online").click()
        await until(lambda: offered() == ["Try Again", "Dismiss"] * 2)
        assert store.commands == [SetOffline(offline=True), SetOffline(offline=False)]

    play(theme, scene)


def click_on(window: MainWindow, key: tuple[str, int]) -> None:
    """Click on a line of the tree."""
    place = window.sidebar.visualRect(window.tree_model.find(key)).center()
    viewport = window.sidebar.viewport()
    QTest.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=place)


def test_a_click_on_the_mailbox_that_is_chosen_leaves_a_search_and_else_changes_nothing(
    theme: Theme,
) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        QTest.keyClicks(window.tool_bar.search, "quinces")
        await until(lambda: window.list_pane.title == "Search results")
        click_on(window, ("unified", 0))
        assert window.list_pane.title == "All Inboxes"
        assert window.tool_bar.search.text() == ""
        window.list_pane.toggle_filter("unread_only")
        click_on(window, ("unified", 0))
        assert window.list_pane.filter_on("unread_only")

    play(theme, scene)


def test_a_mailbox_that_only_holds_others_shows_no_messages_of_another(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        box = store.box(Role.NONE)
        at = next(at for at, it in enumerate(store.mailbox_rows) if it.id == box.id)
        store.mailbox_rows[at] = msgspec.structs.replace(box, selectable=False)
        window.tree_model.refresh()
        window.sidebar.choose(("mailbox", box.id))
        assert window.list_pane.title == box.name
        assert window.list_model.rowCount() == 0
        assert window.list_pane.list.empty_text == "It holds no messages, only other mailboxes."
        QTest.keyClicks(window.tool_bar.search, "walk")
        await until(lambda: window.list_model.rowCount() > 0)  # in the account

    play(theme, scene)


def test_the_outbox_is_shown_while_it_is_chosen_and_says_when_nothing_waits_any_more(
    theme: Theme,
) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        def said() -> str:
            assert window.outbox is not None
            shown = [it for it in window.outbox.findChildren(QLabel) if it.isVisible()]
            return " ".join(it.text() for it in shown)

        outbox = ("outbox", 0)
        waits = SendingRow(
            id=SendingId(5), account_id=window.accounts()[0].id, state=SendingState.QUEUED,
            subject="Lunch", recipients=("bob@example.org",), queued_s=0, not_before_s=0, tries=0,
        )  # fmt: skip
        store.sending_rows.append(waits)
        store.tell(OutboxChanged())
        await until(lambda: window.tree_model.find(outbox).isValid())
        await select(window, 0)
        click_on(window, outbox)
        await until(lambda: "Lunch" in said())
        assert not window.messages.isVisible()
        assert window.selected_ids() == ()  # no verb acts on what is not seen
        store.sending_rows = [msgspec.structs.replace(waits, state=SendingState.DONE)]
        store.tell(OutboxChanged())
        await until(lambda: "Nothing waits to be sent." in said())
        node = window.sidebar.current()
        assert node is not None
        assert node.key == outbox
        window.focus_search()
        QTest.keyClicks(window.tool_bar.search, "walk")
        await until(window.messages.isVisible)
        assert window.list_pane.view.mailbox_ids == ()
        offered = [
            it.text() for it in window.list_pane.scope_bar.buttons.values() if it.isVisible()
        ]
        assert offered == ["Everywhere"]
        window.tool_bar.search.clear()
        await until(lambda: not window.messages.isVisible())
        window.sidebar.choose(("unified", 0))
        assert window.messages.isVisible()
        assert window.list_pane.title == "All Inboxes"
        await until(lambda: not window.tree_model.find(outbox).isValid())
        node = window.sidebar.current()
        assert node is not None
        assert node.key == ("unified", 0)

    play(theme, scene)


def test_a_problem_that_a_question_is_about_has_no_card_of_its_own(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        refused = "mail.example.org refused the login of alice."
        account = window.accounts()[0].id
        other = window.accounts()[1].id
        store.problem_rows += [
            ProblemRow(account_id=it, service="imap", what=refused, remedy="Check it.", at_s=0)
            for it in (account, other)
        ]
        store.question_rows.append(
            QuestionRow(
                id=QuestionId(1), kind="password-incoming", account_id=account,
                text=f"{refused}\nCheck it.\nWhat waits for alice is kept.",
                choices=(("later", "I will give another one"),),
            )
        )  # fmt: skip
        store.tell(AccountsChanged())
        await until(window.problems.isVisible)
        cards = [it for it in window.problems.findChildren(Card) if it.isVisible()]
        kinds = [it.property("kind") for it in cards]
        assert sorted(kinds) == ["danger", "warning"]  # the other account's has one

    play(theme, scene)


def test_a_window_is_not_up_to_date_while_an_account_fails(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        assert window.status_line.text.startswith("Up to date")
        store.account_rows[0] = msgspec.structs.replace(
            store.account_rows[0], state=ConnectionState.FAILED, problem="It refuses us."
        )
        store.tell(AccountsChanged())
        await until(lambda: window.status_line.text.startswith("Not up to date"))

    play(theme, scene)


def test_a_fresh_profile_offers_an_account_or_the_sandbox(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        page = window.pages.first_run
        assert page is not None
        assert page.isVisible()
        assert not window.actions_by_name["compose"].isEnabled()
        store.add_account("Anna", "anna@example.org", Kind.IMAP)
        store.tell(AccountsChanged())
        await until(lambda: not page.isVisible())
        assert window.list_pane.title == "Inbox"

    play(theme, scene, store=FakeStore())


def test_looks_change_at_once(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        messages = window.list_pane.list
        tall = messages.verticalHeader().defaultSectionSize()
        for name in ("compact", "table", "reading_below", "show_sidebar", "dark"):
            await find_verb(name).do(window)
        assert messages.verticalHeader().defaultSectionSize() < tall
        assert messages.horizontalHeader().isVisible()
        assert not window.sidebar.isVisible()
        assert theme.dark
        await find_verb("dark").do(window)
        assert not theme.dark

    play(theme, scene)


def test_every_verb_has_its_place_and_no_two_share_a_key(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        in_menus = {
            action.objectName()
            for menu in window.menuBar().actions()
            for action in menu.menu().actions()  # type: ignore[attr-defined]
        }
        assert {f"verb-{verb.name}" for verb in VERBS if verb.in_menu} <= in_menus
        keys = [
            key.toString()
            for verb in VERBS
            for key in window.actions_by_name[verb.name].shortcuts()
        ]
        assert len(keys) == len(set(keys))
        assert {name for name in TOOLBAR if name} <= {verb.name for verb in VERBS}

    play(theme, scene)


def test_every_control_has_an_accessible_name(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        await select(window, 2)
        nameless = [
            widget
            for widget in window.findChildren(QWidget)
            if isinstance(widget, (QAbstractButton, QLineEdit, QComboBox))
            and widget.isVisible()
            and not widget.accessibleName()
            and not (isinstance(widget, QAbstractButton) and widget.text())
            and not widget.objectName().startswith("qt_")
            and not isinstance(widget.parent(), QLineEdit)
        ]
        assert nameless == []
        for view in (window.sidebar, window.list_pane.list, window.reading.plain):
            interface = QAccessible.queryAccessibleInterface(view)
            assert interface is not None
            assert interface.text(QAccessible.Text.Name)

    play(theme, scene)


def test_the_tab_key_goes_round_and_is_caught_nowhere(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        window.activateWindow()
        window.tool_bar.search.setFocus()
        await until(lambda: QApplication.focusWidget() is window.tool_bar.search)
        seen: list[QWidget] = []
        for _ in range(40):
            focus = QApplication.focusWidget()
            assert focus is not None
            if focus in seen:
                break
            seen.append(focus)
            QTest.keyClick(focus, Qt.Key.Key_Tab)
        assert {window.sidebar, window.list_pane.list} <= set(seen)
        assert QApplication.focusWidget() in seen

    play(theme, scene)


def test_the_context_menu_holds_the_verbs_of_messages(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        await select(window, 0)
        menu = window.actions_by_name.context_menu(window)
        names = {action.objectName() for action in menu.actions()}
        assert {"verb-reply", "verb-archive", "verb-move", "verb-star"} <= names
        menu.deleteLater()

    play(theme, scene)


def test_a_click_on_the_star_of_a_table_row_stars_it(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        messages = window.list_pane.list
        rect = messages.visualRect(messages.model().index(1, 0))
        before = messages.model().message(1)
        QTest.mouseClick(messages.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(rect.center()))
        await until(lambda: bool(store.commands))
        assert store.messages[before.id].flags ^ before.flags == Flag.FLAGGED

    play(theme, scene, list_style="table")


def test_no_slot_blocks_while_one_walks_through_the_list(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        await select(window, 2)  # the first HTML message builds its view

        async def walk() -> None:
            for row in range(12):
                await select(window, row)

        assert await longest_slot(walk) < SLOT_LIMIT_S

    play(theme, scene)


def test_shortcuts_a_person_changed_are_read() -> None:
    lines = ["archive=Ctrl+Y", "delete=", "nothing=X"]
    assert changed_keys(lines) == {"archive": ("Ctrl+Y",), "delete": ()}


@pytest.mark.parametrize(
    ("typed", "title", "fit"),
    [
        ("", "Archive", True),
        ("rep all", "Reply to All", True),
        ("rta", "Reply to All", True),
        ("zzz", "Archive", False),
    ],
)
def test_what_is_typed_finds_its_command(typed: str, title: str, fit: bool) -> None:
    assert (fits(typed, title) is not None) == fit


def test_words_that_begin_words_fit_better_than_scattered_letters() -> None:
    assert (fits("ar", "Archive") or 0) < (fits("ar", "Mark as Read") or 9)


def test_actions_show_their_icons_and_tips(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        for verb in VERBS:
            action = window.actions_by_name[verb.name]
            assert isinstance(action, QAction)
            assert action.toolTip()
            assert action.icon().isNull() == (not verb.icon)

    play(theme, scene)
