"""Conversations: what a row that gathers one shows and stands for, and the list of its messages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from desktopmail.door.changes import MessagesChanged
from desktopmail.door.commands import DeleteMessages, StoreFlags
from desktopmail.door.rows import Flag, Kind, Role
from desktopmail.ui.commands.registry import find_verb
from desktopmail.ui.models.message_drag import read_placements
from desktopmail.ui.models.messages import MessageListModel
from desktopmail.ui.settings import Settings
from desktopmail.ui.window import MainWindow
from tests.helpers.fake_door import FakeStore
from tests.helpers.qt_loop import run_qt, until

if TYPE_CHECKING:
    from desktopmail.ui.theme.theme import Theme

Scene = Callable[[MainWindow, FakeStore], Awaitable[None]]
_LETTER = "From: Ben <ben@example.org>\r\nTo: anna@example.org\r\nSubject: {}\r\n\r\ntext\r\n"


def store_of(*letters: tuple[str, int, Role, Flag]) -> FakeStore:
    """A store with an account.

    Args:
        letters: Subject, conversation, mailbox and flags of its messages, the oldest first.
    """
    store = FakeStore()
    store.add_account("anna", "anna@example.org", Kind.IMAP)
    for date_s, (subject, thread, role, flags) in enumerate(letters, 1):
        octets = _LETTER.format(subject).encode()
        row = store.add_message(octets, store.box(role).id, flags=flags, date_s=date_s)
        store.messages[row.id] = msgspec.structs.replace(row, thread_id=thread)
    return store


def garden() -> FakeStore:
    """A conversation of three in the Inbox, answered from here, beside two single messages."""
    return store_of(
        ("Garden", 1, Role.INBOX, Flag.SEEN),
        ("Rain", 2, Role.INBOX, Flag.SEEN),
        ("Re: Garden (unread)", 1, Role.INBOX, Flag.NONE),
        ("Re: Garden (mine)", 1, Role.SENT, Flag.SEEN),
        ("Re: Garden (newest)", 1, Role.INBOX, Flag.SEEN),
        ("Snow", 3, Role.INBOX, Flag.SEEN),
    )


def play(theme: Theme, scene: Scene, *, threads: bool = True, row: int = 1) -> None:
    """Play a scene in a window whose list has the cursor in a row."""
    store = garden()

    async def run() -> None:
        settings = Settings(None)
        for name, value in {"theme": "light", "threads": threads, "read_after_s": -1}.items():
            settings.set(name, value)
        window = MainWindow(store, lambda: store, settings, theme, web=False)
        window.show()
        try:
            window.list_pane.list.setFocus()
            window.list_pane.list.go_to(row)
            await scene(window, store)
        finally:
            await window.aclose()
            window.deleteLater()

    run_qt(run)


def subjects(window: MainWindow) -> list[str]:
    model = window.list_model
    return [message.subject for message in model.messages(range(model.rowCount()))]


def test_a_row_is_unread_where_any_message_of_its_conversation_is(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        rows = window.list_model.messages(range(3))
        assert [(row.subject, row.is_unread) for row in rows] == [
            ("Snow", False), ("Re: Garden (newest)", True), ("Rain", False),
        ]  # fmt: skip
        assert window.list_model.sentence(rows[1]).startswith("Unread, ")
        assert window.list_pane.count_text == "3 conversations"

    play(theme, scene)


def test_what_is_done_to_a_row_is_done_to_its_whole_conversation_in_the_list(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        window.run(find_verb("delete"))
        await until(lambda: bool(store.commands))
        command = store.commands[-1]
        assert isinstance(command, DeleteMessages)
        chosen = {store.messages[it].subject for it in command.placement_ids}
        assert chosen == {"Garden", "Re: Garden (unread)", "Re: Garden (newest)"}
        assert "3 messages" in window.snack.text

    play(theme, scene)


def test_a_row_that_is_dragged_takes_its_conversation_along(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        model = window.list_model
        dragged = read_placements(model.mimeData([model.index(1, 0)]))
        assert [store.messages[it].thread_id for it in dragged] == [1, 1, 1]
        assert len(read_placements(model.mimeData([model.index(0, 0)]))) == 1

    play(theme, scene)


def test_a_conversation_with_an_unread_message_is_marked_as_read_first(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        window.run(find_verb("mark_read"))
        await until(lambda: bool(store.commands))
        command = store.commands[-1]
        assert isinstance(command, StoreFlags)
        assert command.add is Flag.SEEN
        assert len(command.placement_ids) == 3

    play(theme, scene)


def test_next_unread_finds_the_row_whose_conversation_has_an_unread_message(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        await find_verb("next_unread").do(window)
        message = window.list_pane.list.current_message()
        assert message is not None
        assert message.subject == "Re: Garden (newest)"

    play(theme, scene, row=0)


def test_enter_opens_a_conversation_with_ones_own_answers_and_escape_leads_back(
    theme: Theme,
) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        pane = window.list_pane
        before = (pane.title, subjects(window))
        QTest.keyClick(pane.list, Qt.Key.Key_Return)
        assert pane.title == "Conversation"
        assert subjects(window) == [
            "Re: Garden (newest)", "Re: Garden (mine)", "Re: Garden (unread)", "Garden",
        ]  # fmt: skip
        assert pane.conversation_bar.back.text() == "Back to Inbox"
        current = pane.list.current_message()
        assert current is not None
        assert current.subject == "Re: Garden (newest)"
        pane.list.go_to(2)
        QTest.keyClick(pane.list, Qt.Key.Key_Escape)
        assert (pane.title, subjects(window)) == before
        assert not pane.conversation_bar.isVisible()

    play(theme, scene)


def test_each_row_of_a_conversation_in_several_mailboxes_says_where_it_stands(
    theme: Theme,
) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        model, pane = window.list_model, window.list_pane

        def where() -> list[str]:
            rows = model.messages(range(model.rowCount()))
            return [it.text if (it := model.where(row)) else "" for row in rows]

        assert set(where()) == {""}
        QTest.keyClick(pane.list, Qt.Key.Key_Return)
        assert where() == ["Inbox", "Sent", "Inbox", "Inbox"]
        assert ", in Sent" in model.sentence(model.messages([1])[0])
        mine = next(row for row in store.messages.values() if "mine" in row.subject)
        inbox = store.box(Role.INBOX).id
        store.messages[mine.id] = msgspec.structs.replace(mine, mailbox_id=inbox)
        store.tell(MessagesChanged(mailbox_ids=(inbox,)))
        window.bridge.flush()
        assert set(where()) == {""}  # all stand in one now
        pane.leave_conversation()
        assert set(where()) == {""}

    play(theme, scene)


def test_the_conversation_of_any_message_is_shown_by_its_verb(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        pane = window.list_pane
        pane.toggle_filter("unread_only")
        assert subjects(window) == ["Re: Garden (unread)"]
        pane.list.go_to(0)
        await find_verb("conversation").do(window)
        assert len(subjects(window)) == 4
        pane.conversation_bar.back.click()
        assert pane.filter_on("unread_only")
        assert subjects(window) == ["Re: Garden (unread)"]

    play(theme, scene, threads=False)


def test_a_message_without_a_conversation_says_so(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        await find_verb("conversation").do(window)
        assert not window.list_pane.is_conversation
        assert window.status_line.text == "Nobody answered this message, and it answers none."

    play(theme, scene, row=0)


def test_a_conversation_that_was_found_leads_back_to_what_was_found(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        pane, field = window.list_pane, window.tool_bar.search
        QTest.keyClicks(field, "garden")
        await until(lambda: pane.scope_bar.isVisible())
        pane.list.go_to(0)
        await find_verb("conversation").do(window)
        assert len(subjects(window)) == 4
        assert not pane.scope_bar.isVisible()
        pane.leave_conversation()
        await until(lambda: pane.scope_bar.isVisible())
        assert pane.title == "Search results"
        assert len(subjects(window)) == 3
        await find_verb("conversation").do(window)
        field.setFocus()
        field.clear()
        await until(lambda: not pane.is_search)
        assert pane.title == "Inbox"

    play(theme, scene)


def test_another_mailbox_is_shown_in_place_of_a_conversation(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        await find_verb("conversation").do(window)
        window.sidebar.choose(("mailbox", store.box(Role.SENT).id))
        assert not window.list_pane.is_conversation
        assert not window.list_pane.conversation_bar.isVisible()
        assert subjects(window) == ["Re: Garden (mine)"]

    play(theme, scene)


def test_all_rows_selected_are_all_messages_of_the_list(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        window.list_pane.list.selectAll()
        assert len(window.selected_ids()) == 5
        assert isinstance(window.list_model, MessageListModel)
        assert len(window.list_model.all_ids()) == 5

    play(theme, scene)
