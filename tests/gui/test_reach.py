"""Everything can be reached: by menu, by palette, and by keys that a person may change."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QMenu

from desktopmail.ui import commands
from desktopmail.ui.actions import changed_keys
from desktopmail.ui.chooser import Chooser
from desktopmail.ui.commands.registry import VERBS
from desktopmail.ui.panels import views
from desktopmail.ui.panels.shortcuts import ShortcutsDialog
from desktopmail.ui.settings import Settings
from desktopmail.ui.window import MainWindow
from tests.gui.test_window import play
from tests.helpers.fake_door import FakeStore, full_store
from tests.helpers.qt_loop import run_qt, until

if TYPE_CHECKING:
    from desktopmail.ui.theme.theme import Theme

FOLDER = Path(next(iter(commands.__path__)))
NO_VERBS = {"__init__", "answering", "desk", "registry", "steps", "verb"}
# Not verbs of a menu: the page of a fresh profile and the palette open these.
OF_NO_VERB = {"sandbox", "palette"}


def actions_in(menu: QMenu) -> set[str]:
    names = set()
    for action in menu.actions():
        inner = action.menu()
        if isinstance(inner, QMenu):
            names |= actions_in(inner)
        names.add(action.objectName().removeprefix("verb-"))
    return names


def test_each_file_of_a_verb_is_registered() -> None:
    modules = {path.stem for path in FOLDER.glob("*.py")} - NO_VERBS
    registered = {verb.do.__module__.rpartition(".")[2] for verb in VERBS}
    missing = {name for name in modules if name not in registered}
    texts = {name: (FOLDER / f"{name}.py").read_text("utf-8") for name in missing}
    names = {verb.name for verb in VERBS}
    assert [name for name, text in texts.items() if "VERB = " in text and name not in names] == []


def test_each_verb_stands_in_a_menu(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        menus = window.tool_bar.menu_button.menu()
        bar = {
            name
            for action in window.menuBar().actions()
            if isinstance(inner := action.menu(), QMenu)
            for name in actions_in(inner)
        }
        assert actions_in(menus) == bar | {""}
        context = actions_in(window.actions_by_name.context_menu(window))
        numbered = {verb.name for verb in VERBS if verb.name.startswith("tag_")} | {"no_tags"}
        missing = {verb.name for verb in VERBS} - bar - context - numbered
        assert missing == set()
        tags = window.menus._tag_menu(QMenu(window))
        assert {"tag", "no_tags", "tags"} <= actions_in(tags)

    play(theme, scene)


def test_each_verb_stands_in_the_palette(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        window.show_view("palette")
        await until(lambda: bool(window.findChildren(Chooser)))
        (chooser,) = window.findChildren(Chooser)
        offered = {getattr(choice.value, "name", "") for choice in chooser._choices}
        assert {verb.name for verb in VERBS} - offered == {"palette"}
        chooser.close()

    play(theme, scene)


@pytest.mark.parametrize("view", sorted(set(views._OPENERS) - OF_NO_VERB))
def test_each_panel_has_a_verb(view: str) -> None:
    opened = [
        path.stem
        for path in FOLDER.glob("*.py")
        if f'show_view("{view}")' in path.read_text("utf-8")
    ]
    assert opened != []


def test_no_two_verbs_share_a_key() -> None:
    keys = [key for verb in VERBS for key in verb.keys]
    assert sorted(key for key in set(keys) if keys.count(key) > 1) == []


def test_a_key_that_was_changed_is_there_after_a_restart(theme: Theme, tmp_path: Path) -> None:
    file = tmp_path / "window.toml"
    store = full_store()

    async def change() -> None:
        window = MainWindow(store, lambda: store, Settings.read(file), theme, web=False)
        dialog = ShortcutsDialog(window)
        edit = dialog.edits["archive"]
        edit.setKeySequence(QKeySequence("Ctrl+Alt+Y"))
        edit.editingFinished.emit()
        await window.aclose()
        window.deleteLater()

    async def look() -> None:
        settings = Settings.read(file)
        assert changed_keys(settings.texts("shortcuts")) == {"archive": ("Ctrl+Alt+Y",)}
        window = MainWindow(store, lambda: store, settings, theme, web=False)
        assert window.actions_by_name["archive"].shortcut() == QKeySequence("Ctrl+Alt+Y")
        await window.aclose()
        window.deleteLater()

    run_qt(change)
    run_qt(look)
