"""Text as the full-text index sees it: scripts without spaces are cut into single characters.

The tokenizer of the index takes a run of letters as one word, which makes a whole sentence of
Chinese, Japanese or Thai one word that nobody will type. Text and queries are spaced alike, so a
run of such characters is found as a phrase, anywhere in a sentence.
"""

from __future__ import annotations

import re

# CJK ideographs with their extensions, kana, Hangul, and the scripts of South-East Asia that are
# written without spaces: Thai, Lao, Myanmar, Khmer.
_SPACELESS = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1100-\u11ff\u3040-\u30ff\u3130-\u318f"
    "\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff"
    "\uff66-\uff9f\U00020000-\U0003ffff]"
)

#: Stands before what is no word in the index but the beginning of one, or two of the commonest ones
#: that follow one another (`door.vocabulary`): the sharp s, a letter that no text holds any more
#: when it is spaced. It is below U+0100: with one character above it, Python keeps two octets for
#: each character of a text.
BEGINNING = "ß"
#: Stands in the index for every message: what lacks a word is looked for among these.
EVERY = BEGINNING
#: The commonest words of some languages, as the index has them: each two of them that follow one
#: another are one word of it (`door.vocabulary`), some seven in two hundred words. More of them
#: would cost room in every message. English, German, French, Spanish, Italian, Portuguese, Dutch:
COMMON = frozenset((
    "the", "of", "and", "to", "a", "in", "is", "it", "that", "for", "on", "you",
    "der", "die", "das", "und", "zu", "den", "ist", "nicht", "mit", "von",
    "de", "la", "le", "les", "et", "des", "un", "une", "en", "que", "est", "pour",
    "el", "los", "las", "del", "se", "por", "con", "y",
    "di", "il", "che", "per", "non", "e",
    "o", "do", "da", "em", "um", "para",
    "het", "een", "van", "te", "dat", "op",
))  # fmt: skip

# Those characters begin with one of these octets in UTF-8; few others do. To look for an octet
# takes a hundredth of the time of looking for a character of the set.
_FIRST_OCTETS = bytes((0xE0, 0xE1, *range(0xE3, 0xEE), 0xEF, 0xF0))
_OTHERS = bytes(octet for octet in range(256) if octet not in _FIRST_OCTETS)


def spaced(text: str) -> str:
    """Return `text` with a space on both sides of each character of a script without spaces.

    The tokenizer folds case and accents, but leaves the sharp s, which many write as two.
    """
    if text.isascii():
        return text
    text = text.replace(BEGINNING, "ss").replace("ẞ", "ss")
    if not text.encode("utf-8", "replace").translate(None, _OTHERS):
        return text
    return _SPACELESS.sub(lambda match: f" {match.group()} ", text)


def is_spaceless(word: str) -> bool:
    """Whether a word of the index is a character of a script without spaces: no other begins so."""
    return len(word) == 1 and _SPACELESS.match(word) is not None


def quoted(text: str) -> str:
    """Return a text as a phrase of an expression of the index."""
    return '"' + text.replace('"', " ").strip() + '"'
