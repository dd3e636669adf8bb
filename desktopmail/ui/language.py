"""The words of the window in the language of the person: `tr("list.empty")`.

Catalogues are `resources/translations/<language>.toml`, one table for each part of the window. A
test proves that every key in use is there in every language, with the same placeholders.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, Qt, QTranslator

from desktopmail import resources
from desktopmail.ui import flat_table

LANGUAGES = {"en": "English", "de": "Deutsch"}


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All sentences of one language by key."""

    language: str
    sentences: dict[str, str]


@lru_cache(maxsize=4)
def load_catalogue(language: str) -> Catalogue:
    """Read a catalogue; tables become the first part of the key."""
    source = resources.path("translations", f"{language}.toml").read_text(encoding="utf-8")
    sentences = {
        f"{table}.{key}": sentence
        for table, entries in flat_table.read(source).items()
        for key, sentence in entries.items()
    }
    return Catalogue(language, sentences)


class _Chosen:
    """Which language is in force; one for the program, as Qt's own translators are."""

    catalogue: Catalogue | None = None
    of_qt: QTranslator | None = None


def choose_language(wanted: str = "") -> str:
    """Choose a language by its two letters; empty means the system's. Returns what was chosen."""
    language = wanted or QLocale.system().name()[:2]
    if language not in LANGUAGES:
        language = "en"
    _Chosen.catalogue = load_catalogue(language)
    if QLocale.system().name()[:2] == language:
        locale = QLocale.system()  # keeps the country's way to write dates
    else:
        locale = QLocale({"en": "en_GB", "de": "de_DE"}[language])
    QLocale.setDefault(locale)
    _translate_qt(language)
    return language


def _translate_qt(language: str) -> None:
    """Have the words of Qt itself in this language: of its dialogues, field menus and keys.

    They are English in the source, and where a distribution leaves the others out.
    """
    if QCoreApplication.instance() is None:
        return
    before, _Chosen.of_qt = _Chosen.of_qt, None
    if before is not None:
        QCoreApplication.removeTranslator(before)
    translator = QTranslator()
    folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    if language != "en" and translator.load(f"qtbase_{language}", folder):
        QCoreApplication.installTranslator(translator)
        _Chosen.of_qt = translator


def direction() -> Qt.LayoutDirection:
    """From which side the language in force is read."""
    return QLocale().textDirection()


def current_language() -> str:
    """The two letters of the language in force."""
    return _catalogue().language


def tr(key: str, /, **values: object) -> str:
    """Return a sentence with its placeholders filled in.

    Raises:
        KeyError: The key is in no catalogue: a defect that the tests find.
    """
    sentence = _catalogue().sentences[key]
    return sentence.format(**values) if values else sentence


def tr_or(fallback: str, key: str, /) -> str:
    """Return a sentence, or the fallback where a key that comes from elsewhere has none."""
    return _catalogue().sentences.get(key, fallback)


def trn(key: str, number: int, /, **values: object) -> str:
    """Return `<key>_one` or `<key>_other`, with `{n}` written as the language writes numbers."""
    form = "one" if number == 1 else "other"
    return tr(f"{key}_{form}", n=QLocale().toString(number), **values)


def _catalogue() -> Catalogue:
    if _Chosen.catalogue is None:
        choose_language()
    catalogue = _Chosen.catalogue
    assert catalogue is not None  # noqa: S101 - choose_language() has just set it
    return catalogue
