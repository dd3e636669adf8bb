"""What the engine says, in a German window."""

from __future__ import annotations

import ast
import errno
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import desktopmail
from desktopmail.door.interface import DoorError
from desktopmail.ui import language
from desktopmail.ui.sentences import Catalogue, load, said, said_of
from tests.gui.test_window import play

if TYPE_CHECKING:
    from desktopmail.ui.theme.theme import Theme
    from desktopmail.ui.window import MainWindow
    from tests.helpers.fake_door import FakeStore

OTHERS = sorted(set(language.LANGUAGES) - {"en"})
_FLOORS = ("engine", "net", "door")
_SHOWN = {"remedy", "label", "sentence"}
_NEVER_SHOWN = {"KeyError", "TypeError", "ValueError", "RuntimeError", "TimeoutError", "FrameError"}
_WORDS = re.compile(r"[A-Za-z]{3,}.*[A-Za-z]{2,}", re.DOTALL)


def _template(node: ast.expr) -> str:
    """A sentence in the code, with {} for each value; empty where it is none."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values
        )
    return ""


def _sentences_of_the_code() -> set[str]:
    found = set()
    root = Path(desktopmail.__file__).parent
    for floor in _FLOORS:
        for file in (root / floor).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Call):
                    continue
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                told = [word.value for word in node.keywords if word.arg in _SHOWN]
                if name.endswith("Error") and name not in _NEVER_SHOWN:
                    told += node.args[:1]
                found |= {_template(each) for each in told}
    plain = {each for each in found if " " in each and _WORDS.search(each.replace("{}", ""))}
    return {each for each in plain if each[0].isupper() or each.startswith(("{}", "“"))}


@pytest.mark.parametrize("name", OTHERS)
def test_nearly_every_sentence_of_the_engine_is_there_in_every_language(name: str) -> None:
    missing = sorted(_sentences_of_the_code() - load(name).sentences.keys())
    share = len(missing) / len(_sentences_of_the_code())
    assert share < 0.1, "\n".join(missing)


@pytest.mark.parametrize("name", OTHERS)
def test_a_sentence_names_as_many_values_in_every_language(name: str) -> None:
    odd = [
        english
        for english, sentence in load(name).sentences.items()
        if english.count("{}") != len(re.findall(r"\{\d*\}", sentence))
    ]
    assert odd == []


def test_values_stand_in_the_sentence_of_the_other_language() -> None:
    language.choose_language("de")
    assert said("There is no mailbox Garten.") == "Es gibt kein Postfach Garten."
    error = DoorError("mail.example.org refuses the connection.", remedy="Try again later.")
    assert said_of(error) == (
        "mail.example.org weist die Verbindung ab. Versuche es später noch einmal."
    )


def test_what_was_done_to_the_marks_of_messages_is_told() -> None:
    language.choose_language("de")
    assert said("1 message flagged") == "1 Nachricht markiert"
    assert said("3 messages unflagged") == "Markierung von 3 Nachrichten entfernt"
    assert said("3 messages tagged Work") == "3 Nachrichten mit „Work“ versehen"
    assert said("3 messages no longer tagged Work") == "„Work“ von 3 Nachrichten entfernt"


@pytest.mark.parametrize(
    ("english", "german"),
    [
        ("1 account up to date", "1 Konto ist aktuell"),
        ("2 accounts up to date", "2 Konten sind aktuell"),
        ("1 message imported into Garden", "1 Nachricht in Garden importiert"),
        ("2 messages imported into Garden", "2 Nachrichten in Garden importiert"),
        (
            "1 message of Garden is not here as a whole yet.",
            "1 Nachricht von Garden ist noch nicht ganz hier.",
        ),
        (
            "Garden of Anna has 1 older hit that was never fetched; narrow the search to see it.",
            "Garden von Anna hat 1 älteren Treffer, der nie geholt wurde;"
            " suche enger, um ihn zu sehen.",
        ),
    ],
)
def test_one_is_counted_as_one(english: str, german: str) -> None:
    language.choose_language("de")
    assert said(english) == german


def test_the_catalogue_counts_one_of_whatever_it_counts_many_of() -> None:
    counted = re.compile(r"\{\} (account|change|contact|hit|mailboxe?|message|row)s\b")
    for name in OTHERS:
        known = load(name).sentences
        many = {found[1] for english in known if (found := counted.match(english))}
        assert [noun for noun in many if not any(it.startswith(f"1 {noun}") for it in known)] == []


def test_a_sentence_inside_a_sentence_is_told_in_the_same_language() -> None:
    language.choose_language("de")
    assert said("Given up: Save the draft “Tulips”") == ("Aufgegeben: Den Entwurf „Tulips“ sichern")


@pytest.mark.parametrize("name", OTHERS)
def test_what_the_system_says_of_a_file_or_a_certificate_is_there_in_every_language(
    name: str,
) -> None:
    numbers = (
        errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.ENOENT,
        errno.EEXIST, errno.EISDIR, errno.ENOTDIR, errno.EIO,
    )  # fmt: skip
    said_of_certificates = {
        "unable to get local issuer certificate", "self-signed certificate",
        "self-signed certificate in certificate chain", "certificate has expired",
    }  # fmt: skip
    wanted = {os.strerror(number) for number in numbers} | said_of_certificates
    assert wanted - load(name).sentences.keys() == set()


def test_the_most_particular_sentence_fits() -> None:
    known = Catalogue({"{} is empty.": "A {}", "The file {} is empty.": "B {}"})
    assert known.say("The file x is empty.") == "B x"
    assert known.say("Garden is empty.") == "A Garden"


def test_what_a_server_said_stays_as_it_is() -> None:
    language.choose_language("de")
    assert said("[UNAVAILABLE] Come back tomorrow") == "[UNAVAILABLE] Come back tomorrow"
    language.choose_language("en")
    assert said("There is no mailbox Garten.") == "There is no mailbox Garten."


def test_a_german_window_tells_an_error_in_german(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        language.choose_language("de")
        window.trouble.report("x", DoorError("The program is offline.", remedy="Go online first."))
        assert window.snack.text == "Das Programm ist offline. Geh zuerst online."

    play(theme, scene)
