"""What the engine says, in the language of the person.

Engine, network and door speak English: their sentences also stand in logs, in the store and on the
command line. The English sentence is the key: a catalogue has it with `{}` for each value, and the
sentence of the other language with the same values. What no catalogue knows, a server's own words
among it, is shown as it is. A test holds the catalogues against the sentences in the code.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from desktopmail import resources
from desktopmail.ui.language import current_language

if TYPE_CHECKING:
    from desktopmail.door.interface import DoorError

_VALUE = re.compile(r"\{\}")


class Catalogue:
    """The sentences of one language: whole ones, and those with values.

    Args:
        sentences: English sentence → sentence; `{}` for each value.
    """

    def __init__(self, sentences: dict[str, str]) -> None:
        self.sentences = sentences
        patterns = [english for english in sentences if "{}" in english]
        # The most particular first: "{} is empty." must not take "The file {} is empty." for its.
        patterns.sort(key=lambda english: (len(_VALUE.sub("", english)), english), reverse=True)
        self._patterns = [(_expression(english), sentences[english]) for english in patterns]

    def say(self, english: str) -> str:
        """Return a sentence in this language, or as it is."""
        whole = self.sentences.get(english)
        if whole is not None:
            return whole
        for expression, sentence in self._patterns:
            found = expression.fullmatch(english)
            if found is not None:
                return sentence.format(*(self.say(value) for value in found.groups()))
        return english


def said(english: str) -> str:
    """Return what the engine said in the language of the person."""
    language = current_language()
    return english if language == "en" or not english else load(language).say(english)


def said_of(error: DoorError) -> str:
    """Return what is wrong and what to do, in the language of the person."""
    return f"{said(error.sentence)} {said(error.remedy)}".strip()


@lru_cache(maxsize=4)
def load(language: str) -> Catalogue:
    """Read the catalogue of a language."""
    source = resources.path("translations", f"said-{language}.toml").read_text(encoding="utf-8")
    import tomllib

    return Catalogue(tomllib.loads(source)["said"])


def _expression(english: str) -> re.Pattern[str]:
    parts = [re.escape(part) for part in english.split("{}")]
    return re.compile("(.+?)".join(parts[:-1]) + "(.+)" + parts[-1], re.DOTALL)
