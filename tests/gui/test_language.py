from __future__ import annotations

import ast
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QKeySequence

from desktopmail import resources
from desktopmail.ui import dates, language
from desktopmail.ui.commands.registry import VERBS
from desktopmail.ui.commands.verb import Menu

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

UI = Path(language.__file__).parent


def _keys_in_the_code() -> tuple[set[str], set[str]]:
    """Keys named whole, and beginnings of keys that are put together."""
    whole: set[str] = {menu.value for menu in Menu}
    begun: set[str] = set()
    for file in UI.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            is_key = isinstance(node, ast.Constant) and isinstance(node.value, str)
            if is_key and re.fullmatch(r"[a-z]+\.[a-z_0-9]+", node.value):
                whole.add(node.value)
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {
                "tr",
                "trn",
                "tr_or",
            }:
                first = node.args[-1] if node.func.id == "tr_or" else node.args[0]
                if isinstance(first, ast.JoinedStr) and isinstance(first.values[0], ast.Constant):
                    begun.add(str(first.values[0].value))
    return whole, begun


@pytest.mark.parametrize("name", sorted(language.LANGUAGES))
def test_every_language_has_every_sentence_with_the_same_placeholders(name: str) -> None:
    english = language.load_catalogue("en").sentences
    other = language.load_catalogue(name).sentences
    assert other.keys() == english.keys()
    holes = re.compile(r"\{(\w+)\}")
    odd = [
        key for key in english if set(holes.findall(english[key])) != set(holes.findall(other[key]))
    ]
    assert odd == []


def test_what_is_flagged_has_the_word_of_the_search_language_everywhere() -> None:
    others = {"en": r"\b(un)?star(s|red)?\b", "de": r"\b(Sterne?n?|Stern)\b"}
    for name, other in others.items():
        texts = language.load_catalogue(name).sentences.items()
        assert [key for key, text in texts if re.search(other, text, re.IGNORECASE)] == []


def test_every_sentence_the_window_asks_for_is_there_and_none_is_there_in_vain() -> None:
    there = set(language.load_catalogue("en").sentences)
    tables = {key.partition(".")[0] for key in there}
    whole, begun = _keys_in_the_code()
    used = {key for key in whole if key.partition(".")[0] in tables}
    used |= {f"verb.{verb.name}" for verb in VERBS}
    plural = {key.rsplit("_", 1)[0] for key in there if key.endswith(("_one", "_other"))}
    assert {key for key in used if key not in there | plural} - _NOT_KEYS == set()
    in_vain = {
        key
        for key in there
        if key not in used
        and key.rsplit("_", 1)[0] not in used
        and not any(key.startswith(beginning) for beginning in begun)
    }
    assert in_vain == set()


_NOT_KEYS = {"window.toml", "geometry.ini", "transcript.txt"}


def test_a_count_takes_the_form_of_its_number() -> None:
    language.choose_language("en")
    assert language.trn("list.messages", 1) == "1 message"
    assert language.trn("list.messages", 1204) == "1,204 messages"
    language.choose_language("de")
    assert language.trn("list.messages", 1204) == "1.204 Nachrichten"


def test_an_unknown_language_is_english() -> None:
    assert language.choose_language("xx") == "en"


@pytest.mark.parametrize(
    ("days_ago", "shown"),
    [(0, "07:05"), (1, "Yesterday"), (3, "Friday"), (40, "14 Oct"), (400, "19/10/2025")],
)
def test_dates_in_the_list_are_short(days_ago: int, shown: str) -> None:
    language.choose_language("en")
    now = datetime(2026, 11, 23, 12, 0, tzinfo=UTC).astimezone()
    then = datetime(2026, 11, 23, 7, 5, tzinfo=now.tzinfo).timestamp() - days_ago * 86_400
    assert dates.short_date(then, now) == shown


def test_a_date_no_calendar_holds_is_shown_as_1970() -> None:
    assert dates.local_time(10**18).year in {1969, 1970}


def test_every_icon_a_verb_names_is_drawn() -> None:
    for verb in VERBS:
        if verb.icon:
            assert resources.path("icons", f"{verb.icon}.svg").is_file()


def test_the_words_of_qt_itself_are_in_the_language_of_the_window(qapp: QApplication) -> None:  # noqa: ARG001 - translates
    def said() -> list[str]:
        keys = QKeySequence("Ctrl+Shift+Delete")
        return [
            QCoreApplication.translate("QPrintDialog", "Print"),
            keys.toString(QKeySequence.SequenceFormat.NativeText),
            keys.toString(QKeySequence.SequenceFormat.PortableText),  # is what is kept
        ]

    language.choose_language("de")
    german = said()
    language.choose_language("en")
    assert german == ["Drucken", "Strg+Umschalt+Entf", "Ctrl+Shift+Del"]
    assert said() == ["Print", "Ctrl+Shift+Del", "Ctrl+Shift+Del"]
