"""The search field: what it offers, where it looks."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from desktopmail.door.changes import MessagesChanged
from desktopmail.door.interface import DoorError
from desktopmail.door.queries import SearchServers, ServerHits
from desktopmail.door.rows import Column, Role, View
from desktopmail.door.search import SearchError
from desktopmail.ui import language
from desktopmail.ui.models.messages import COUNTED_FIRST, MessageListModel
from desktopmail.ui.panes.scope_bar import Scope
from desktopmail.ui.suggestions import suggest
from tests.gui.test_window import play
from tests.helpers.fake_door import FakeStore, full_store
from tests.helpers.qt_loop import until

if TYPE_CHECKING:
    import pytest

    from desktopmail.door.ids import MailboxId
    from desktopmail.ui.theme.theme import Theme
    from desktopmail.ui.window import MainWindow


def texts(typed: str, recent: tuple[str, ...] = ()) -> list[str]:
    return [each.text for each in suggest(typed, full_store(), recent)]


def test_an_empty_field_offers_searches_of_before_and_then_fields() -> None:
    assert texts("", ("quinces", "from:bob"))[:3] == ["quinces", "from:bob", "from:"]


def test_what_is_typed_offers_the_fields_and_people_that_begin_so() -> None:
    assert texts("fr") == ["from:"]
    assert "from:bob@example.org " in texts("bob")
    assert texts("walk from:bo") == ["walk from:bob@example.org "]


def test_a_mailbox_with_a_space_in_its_name_is_quoted() -> None:
    assert 'in:"Garden club" ' in texts("in:gar")


def test_a_mailbox_is_offered_by_the_name_that_the_tree_has_for_it() -> None:
    language.choose_language("de")
    (offered,) = suggest("in:papier", full_store(), ())
    assert (offered.title, offered.text) == ("Papierkorb", "in:Trash ")
    assert texts("in:tra") == ["in:Trash "]


def test_an_account_is_offered_by_its_name_and_by_its_address() -> None:
    (alice, *_) = full_store().account_rows
    assert texts("acc") == ["account:"]
    assert f"account:{alice.name} " in texts("account:ali")
    assert f"account:{alice.name} " in texts(f"is:unread account:{alice.address}")[0]


def test_what_stands_in_the_field_already_is_not_offered() -> None:
    assert texts("is:unread ") == []
    assert "quinces" not in texts("quinces", ("quinces",))


def test_enter_searches_what_was_typed_and_down_goes_into_what_is_offered(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        field = window.tool_bar.search
        window.focus_search()
        QTest.keyClicks(field, "bob")
        assert field.offers.isVisible()
        assert field.offers.current() is None
        QTest.keyClick(field, Qt.Key.Key_Down)
        assert field.offers.current() is not None
        QTest.keyClick(field, Qt.Key.Key_Return)
        assert field.text() == "from:bob@example.org "
        assert not field.offers.isVisible()
        await until(lambda: window.list_pane.view.query == "from:bob@example.org")
        assert window.settings.texts("recent_searches") == ["from:bob@example.org"]

    play(theme, scene)


def test_what_cannot_be_understood_is_said_where_what_was_found_would_stand(
    theme: Theme, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        pane, field = window.list_pane, window.tool_bar.search
        title = pane.title
        window.focus_search()
        QTest.keyClicks(field, "bob")
        QTest.keyClick(field, Qt.Key.Key_Return)
        await until(lambda: pane.view.query == "bob")
        assert window.list_model.rowCount() > 0
        count, tried = store.count, list[View]()

        def counted(view: View, most: int | None = None) -> int:
            if "is:odd" in view.query:
                tried.append(view)
                raise SearchError("is:odd is not known; there are read, unread.")
            return count(view, most)

        monkeypatch.setattr(store, "count", counted)
        field.clear()
        QTest.keyClicks(field, "is:odd")
        QTest.keyClick(field, Qt.Key.Key_Return)
        await until(lambda: "is:odd is not known" in pane.list.empty_text)
        assert window.list_model.rowCount() == 0
        assert pane.scope_bar.isVisible()
        assert not pane.scope_bar.reach.isVisible()
        store.tell(MessagesChanged(mailbox_ids=tuple(box.id for box in store.mailboxes())))
        window.bridge.flush()  # what comes meanwhile is none of it
        assert window.list_model.rowCount() == 0
        pane.toggle_filter("unread_only")  # it is tried again, and says the same
        await until(lambda: tried[-1].unread_only)
        assert "is:odd is not known" in pane.list.empty_text
        pane.toggle_filter("unread_only")
        field.clear()
        QTest.keyClicks(field, "bob")
        QTest.keyClick(field, Qt.Key.Key_Return)
        await until(lambda: window.list_model.rowCount() > 0)
        QTest.keyClick(field, Qt.Key.Key_Escape)
        await until(lambda: pane.title == title)
        assert not pane.scope_bar.isVisible()

    play(theme, scene)


def test_where_nothing_is_found_beginnings_of_words_are_offered(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        field = window.tool_bar.search
        window.focus_search()
        for typed, is_offered in (("xyzzy", True), ("two xyzzy", True), ("xyzzy*", False)):
            field.clear()
            QTest.keyClicks(field, typed)
            QTest.keyClick(field, Qt.Key.Key_Return)
            await until(lambda typed=typed: window.list_pane.view.query == typed)
            said = window.list_pane.list.empty_text
            assert f"“{typed}”" in said
            assert (f"“{typed}*”" in said) is is_offered

    play(theme, scene)


def test_escape_closes_what_is_offered_before_it_empties_the_field(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        field = window.tool_bar.search
        window.focus_search()
        QTest.keyClicks(field, "bob")
        QTest.keyClick(field, Qt.Key.Key_Escape)
        assert not field.offers.isVisible()
        assert field.text() == "bob"
        QTest.keyClick(field, Qt.Key.Key_Escape)
        assert not field.text()

    play(theme, scene)


def test_down_goes_to_the_first_hit_and_escape_there_leaves_the_search(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        field, pane = window.tool_bar.search, window.list_pane
        title = pane.title
        window.focus_search()
        QTest.keyClicks(field, "walk")
        QTest.keyClick(field, Qt.Key.Key_Return)
        await until(lambda: pane.is_search)
        QTest.keyClick(field, Qt.Key.Key_Down)
        assert window.focusWidget() is pane.list
        assert pane.list.selected_rows() == [0]
        QTest.keyClick(pane.list, Qt.Key.Key_Down)
        assert pane.list.selected_rows() == [1]
        QTest.keyClick(pane.list, Qt.Key.Key_Escape)
        assert pane.title == title
        assert field.text() == ""
        assert window.focusWidget() is pane.list

    play(theme, scene)


def test_escape_in_a_button_above_the_hits_leaves_the_search(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        pane, field = window.list_pane, window.tool_bar.search
        store.partly = [store.box(Role.INBOX).id]
        title = pane.title
        everywhere = pane.scope_bar.buttons[Scope.EVERYWHERE]
        for button in (everywhere, pane.scope_bar.servers, pane.sort_button):
            field.setText("walk")
            QTest.keyClick(field, Qt.Key.Key_Return)
            await until(lambda: pane.is_search and pane.scope_bar.servers.isVisible())
            button.setFocus()
            QTest.keyClick(button, Qt.Key.Key_Escape)
            assert pane.title == title
            assert field.text() == ""
            assert window.focusWidget() is pane.list

    play(theme, scene)


def test_the_words_that_nothing_was_found_for_are_not_cut_off(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        viewport = window.list_pane.list.viewport()
        window.tool_bar.search.setText("x" * 200)
        await until(lambda: "xxx" in window.list_pane.list.empty_text)
        picture = viewport.grab().toImage()
        ground = picture.pixelColor(2, 2)
        lines = [
            any(picture.pixelColor(x, y) != ground for x in range(picture.width()))
            for y in range(picture.height())
        ]
        count = sum(now and not before for before, now in pairwise(lines))
        assert count >= 8  # 400 letters in a list of 370 pixels

    play(theme, scene)


def test_a_long_name_of_a_mailbox_has_room_above_what_was_found(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        box = store.box(Role.NONE)
        at = next(at for at, it in enumerate(store.mailbox_rows) if it.id == box.id)
        store.mailbox_rows[at] = msgspec.structs.replace(box, name="Correspondence" * 6)
        window.tree_model.refresh()
        store.partly = [box.id]
        window.resize(900, 600)
        window.sidebar.choose(("mailbox", box.id))
        QTest.keyClicks(window.tool_bar.search, "walk")
        bar = window.list_pane.scope_bar
        await until(bar.servers.isVisible)
        lowest = max(it.geometry().bottom() for it in bar.buttons.values())
        await until(lambda: bar.reach.geometry().top() > lowest)
        assert bar.reach.height() >= bar.reach.heightForWidth(bar.reach.width())
        assert bar.reach.width() <= bar.width()
        assert bar.reach.geometry().bottom() < bar.servers.geometry().top()

    play(theme, scene)


def test_a_search_says_where_it_looks_and_can_look_elsewhere(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        inbox = store.box(Role.INBOX)
        window.sidebar.choose(("mailbox", inbox.id))
        bar = window.list_pane.scope_bar
        assert not bar.isVisible()
        QTest.keyClicks(window.tool_bar.search, "walk")
        await until(bar.isVisible)
        names = [bar.buttons[scope].text() for scope in Scope]
        assert names == ["Inbox", "Alice", "Everywhere"]
        assert bar.buttons[Scope.MAILBOX].isChecked()
        assert window.list_pane.view.mailbox_ids == (inbox.id,)
        bar.buttons[Scope.ACCOUNT].click()
        await until(lambda: len(window.list_pane.view.mailbox_ids) > 1)
        bar.buttons[Scope.EVERYWHERE].click()
        await until(lambda: window.list_pane.view.mailbox_ids == ())
        assert bar.buttons[Scope.EVERYWHERE].isChecked()
        window.tool_bar.search.clear()
        await until(lambda: window.list_pane.view.mailbox_ids == (inbox.id,))
        assert not bar.isVisible()

    play(theme, scene)


def test_a_mailbox_that_is_named_widens_the_search_to_where_it_is(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        inbox, field = store.box(Role.INBOX), window.tool_bar.search
        window.sidebar.choose(("mailbox", inbox.id))
        bar, pane = window.list_pane.scope_bar, window.list_pane
        own = tuple(box.id for box in store.mailboxes(inbox.account_id))

        async def search(words: str) -> tuple[list[str], str, tuple[MailboxId, ...]]:
            """Names of the scopes offered, the one in force, and where was looked."""
            field.setText(words)
            QTest.keyClick(field, Qt.Key.Key_Return)
            await until(lambda: pane.view.query == words)
            offered = [it for it in bar.buttons.values() if it.isVisible()]
            (chosen,) = [it.text() for it in offered if it.isChecked()]
            return [it.text() for it in offered], chosen, pane.view.mailbox_ids

        every = ["Inbox", "Alice", "Everywhere"]
        assert await search("walk") == (every, "Inbox", (inbox.id,))
        assert await search('walk in:"garden club"') == (every[1:], "Alice", own)
        assert await search("walk in:inbox") == (every, "Inbox", (inbox.id,))
        assert await search("walk -in:Trash") == (every, "Inbox", (inbox.id,))
        assert await search('walk account:"Bob (POP3)"') == (every[2:], "Everywhere", ())
        assert await search("walk in:nowhere") == (every, "Inbox", (inbox.id,))
        assert await search("walk in:Trash OR (in:inbox") == (every, "Inbox", (inbox.id,))
        await search("walk in:Trash")
        bar.buttons[Scope.EVERYWHERE].click()
        await until(lambda: pane.view.mailbox_ids == ())
        assert await search("walk") == (every, "Everywhere", ())

    play(theme, scene)


def test_a_search_of_named_mailboxes_says_of_those_alone_what_is_not_here(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        store.partly = [store.box(Role.SENT).id, store.box(Role.TRASH).id]
        window.sidebar.choose(("mailbox", store.box(Role.INBOX).id))
        bar, field = window.list_pane.scope_bar, window.tool_bar.search
        for words, said in (
            ("walk in:sent", "Only what is here was searched; not everything is of Sent."),
            ("walk in:archive", "Everything of it is here and was searched."),
        ):
            field.setText(words)
            QTest.keyClick(field, Qt.Key.Key_Return)
            await until(lambda said=said: bar.reach.text() == said)
            assert bar.buttons[Scope.ACCOUNT].isChecked()
        assert not bar.servers.isVisible()

    play(theme, scene)


def test_a_search_says_how_far_it_reached_and_asks_the_server_for_the_rest(
    theme: Theme,
) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        inbox = store.box(Role.INBOX)
        there = next(row for row in store.messages.values() if row.mailbox_id == inbox.id)
        store.hits = ServerHits(
            placement_ids=(there.id,),
            asked=(inbox.id,),
            notes=("The server of Bob was not asked while you work offline.",),
        )
        window.sidebar.choose(("mailbox", inbox.id))
        bar, rows = window.list_pane.scope_bar, window.list_pane.list
        QTest.keyClicks(window.tool_bar.search, "xylophone")
        await until(bar.isVisible)
        assert bar.reach.text() == "Everything of it is here and was searched."
        assert not bar.servers.isVisible()
        store.partly = [inbox.id]
        QTest.keyClicks(window.tool_bar.search, "s")
        await until(bar.servers.isVisible)
        assert bar.reach.text() == "Only what is here was searched; not everything is of Inbox."
        assert rows.model().rowCount() == 0
        store.waiting = 7
        QTest.keyClick(window.tool_bar.search, Qt.Key.Key_Backspace)
        await until(lambda: "7 messages" in bar.reach.text())
        assert bar.reach.text() == (
            "Only what is here was searched; not everything is of Inbox."
            " The words of 7 messages are still being indexed."
        )
        store.waiting = 0
        QTest.keyClicks(window.tool_bar.search, "s")
        await until(lambda: "7 messages" not in bar.reach.text())
        bar.servers.click()
        await until(lambda: rows.model().rowCount() == 1)
        assert store.searched == [SearchServers(query="xylophones", mailbox_ids=(inbox.id,))]
        assert bar.reach.text() == (
            "Searched here, and at the server in Inbox."
            " The server of Bob was not asked while you work offline."
        )
        said = rows.model().index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole)
        assert "found at the server" in said
        # Other words are searched anew: here first, and the server when it is asked for.
        QTest.keyClicks(window.tool_bar.search, "z")
        await until(lambda: window.list_pane.view.query == "xylophonesz")
        assert window.list_pane.view.also == ()
        assert len(store.searched) == 1

    play(theme, scene)


def test_a_server_that_does_not_answer_leaves_what_was_found_here(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        inbox = store.box(Role.INBOX)
        store.partly = [inbox.id]
        window.sidebar.choose(("mailbox", inbox.id))
        bar, rows = window.list_pane.scope_bar, window.list_pane.list
        QTest.keyClicks(window.tool_bar.search, "walk")
        await until(bar.servers.isVisible)
        before = rows.model().rowCount()
        store.hits = DoorError("The engine has ended.")
        bar.servers.click()
        await until(lambda: bar.reach.text() == "The engine has ended.")
        assert bar.servers.isEnabled()
        assert rows.model().rowCount() == before

    play(theme, scene)


def test_several_inboxes_belong_to_no_one_account(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        QTest.keyClicks(window.tool_bar.search, "walk")
        bar = window.list_pane.scope_bar
        await until(bar.isVisible)
        assert not bar.buttons[Scope.ACCOUNT].isVisible()

    play(theme, scene)


def test_many_hits_are_shown_before_all_are_counted_and_stay_counted(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        inbox = store.box(Role.INBOX)
        octets = b"From: Eve <eve@example.org>\r\nSubject: plum jam\r\n\r\nJam."
        many = COUNTED_FIRST + 40
        placed = [store.add_message(octets, inbox.id, date_s=number) for number in range(many)]
        window.sidebar.choose(("mailbox", inbox.id))
        pane = window.list_pane
        rows = pane.list.model()
        QTest.keyClicks(window.tool_bar.search, "plum")
        await until(lambda: pane.count_text == f"more than {COUNTED_FIRST} found")
        assert rows.rowCount() == COUNTED_FIRST
        await until(lambda: pane.count_text == f"{many} found")
        assert rows.rowCount() == many
        # What comes and goes is told at once where it is seen, and counted soon.
        del store.messages[placed[-1].id], store.messages[placed[0].id]
        store.tell(MessagesChanged(mailbox_ids=(inbox.id,)))
        await until(lambda: rows.rowCount() == many - 2)
        assert pane.count_text == f"{many - 2} found"
        # In another order, and filtered, it is searched again.
        pane.sort(Column.DATE, descending=False)
        await until(lambda: not pane.view.descending)
        await until(lambda: rows.rowCount() == many - 2)
        first = pane.list.model().index(0, 0).data(MessageListModel.RowRole)
        assert first.id == placed[1].id
        pane.toggle_filter("flagged_only")
        await until(lambda: pane.view.flagged_only)
        assert rows.rowCount() == 0

    play(theme, scene)
