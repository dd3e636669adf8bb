"""Domain names made to look like others: mixed scripts, and letters that copy Latin ones.

Unicode Technical Standard 39 in small: enough of its confusables to catch what attackers register,
without warning about honest names in Cyrillic, Greek or Chinese.
"""
# ruff: noqa: RUF001, RUF003 - the letters that are taken for others are what this is about

from __future__ import annotations

import functools
import unicodedata
from typing import TYPE_CHECKING

from desktopmail.mime import address

if TYPE_CHECKING:
    from collections.abc import Iterable

# Letters of other scripts that read as Latin ones in most fonts.
_COPIES = {
    # Cyrillic
    "а": "a", "с": "c", "ԁ": "d", "е": "e", "ѐ": "e", "ё": "e", "һ": "h", "і": "i",
    "ї": "i", "ј": "j", "ӏ": "l", "о": "o", "р": "p", "ԛ": "q",
    "ѕ": "s", "ѵ": "v", "ԝ": "w", "х": "x", "у": "y",
    "ӓ": "a", "ӧ": "o", "ɡ": "g",
    # Greek
    "α": "a", "β": "b", "ϲ": "c", "ε": "e", "η": "n", "ι": "i", "κ": "k", "ν": "v", "ο": "o",
    "ρ": "p", "τ": "t", "υ": "u", "χ": "x", "γ": "y", "ω": "w", "σ": "o", "ί": "i", "ό": "o",
    "ά": "a",
    # Armenian, Georgian and Latin's own odd ones
    "օ": "o", "ո": "n", "ս": "u", "ց": "g", "հ": "h", "յ": "j", "ք": "p", "ʟ": "l", "ı": "i",
    "ɩ": "i", "ɑ": "a", "ǀ": "l", "ł": "l", "ø": "o", "đ": "d", "ʋ": "v", "ᴠ": "v", "ᴡ": "w",
    "ᴏ": "o", "ᴄ": "c", "ꜱ": "s", "ʀ": "r", "ɴ": "n", "ᴍ": "m", "ᴋ": "k", "ᴇ": "e", "ʏ": "y",
    # Digits
    "0": "o", "1": "l", "3": "e", "5": "s",
}  # fmt: skip
# Written together in Japanese, Korean and Chinese names, each with Latin too (UTS 39, 5.2).
_TOGETHER = frozenset(
    {"HAN", "CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "HANGUL", "BOPOMOFO"}
)
# What the second level of a country's names is often called: "shop.co.uk" is one registration.
_SECOND_LEVELS = frozenset({
    "ac", "co", "com", "edu", "gov", "gob", "go", "gv", "ne", "net", "nom", "or", "org",
})  # fmt: skip


@functools.lru_cache(maxsize=1024)
def is_suspicious(domain: str) -> bool:
    """Whether a domain mixes scripts within a label, or only holds letters that copy Latin.

    Args:
        domain: A domain in A-labels or in its own letters.
    """
    labels = address.to_unicode(domain.lower()).split(".")
    return any(_is_suspicious_label(label, labels[-1]) for label in labels if not label.isascii())


def _is_suspicious_label(label: str, top_level: str) -> bool:
    scripts = {_script(char) for char in label if char.isalpha()}
    if len(scripts) > 1 and not scripts - {"LATIN"} <= _TOGETHER:
        return True
    if "LATIN" in scripts:
        # Accents are honest; dotless i and small capitals are not in most languages.
        honest = "łøđı" if top_level in {"tr", "az"} else "łøđ"
        odd = [char for char in label if char in _COPIES and not char.isascii()]
        return any(not unicodedata.decomposition(char) and char not in honest for char in odd)
    letters = [char for char in label if char.isalpha()]
    # "раураӏ.com": every letter copies a Latin one; under a top level of its script it is home.
    return bool(letters) and top_level.isascii() and all(char in _COPIES for char in letters)


def imitated(domain: str, known: Iterable[str]) -> str | None:
    """Return the known domain that this one imitates, or None.

    Args:
        domain: The domain to judge.
        known: Domains the reader has reason to trust: the sender's, the one the link's text shows.
    """
    own = registered(domain)
    skeleton = _skeleton(own)
    for other in known:
        theirs = registered(other)
        if own != theirs and (
            skeleton == _skeleton(theirs)
            or (len(theirs) > 6 and _is_one_slip_away(skeleton, _skeleton(theirs)))
        ):
            return theirs
    return None


@functools.lru_cache(maxsize=1024)
def registered(domain: str) -> str:
    """Return the part of a domain that was registered: `example.co.uk` of `www.example.co.uk`.

    Without the public suffix list, by the usual second levels; meant for comparing two domains.
    """
    labels = address.to_unicode(domain.lower().strip(".")).split(".")
    if len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVELS:
        return ".".join(labels[-3:])
    return ".".join(labels[-2:])


@functools.lru_cache(maxsize=1024)
def _skeleton(domain: str) -> str:
    """Return what a domain looks like at a glance."""
    out = []
    for char in domain:
        base = unicodedata.normalize("NFD", char)[0]
        out.append(_COPIES.get(char, _COPIES.get(base, base)))
    text = "".join(out)
    return text.replace("rn", "m").replace("vv", "w").replace("cl", "d").replace("-", "")


def _is_one_slip_away(one: str, other: str) -> bool:
    """Whether two names differ by one letter added, left out, changed or swapped."""
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    if len(one) > len(other):
        one, other = other, one
    at = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))
    if len(one) < len(other):
        return one[at:] == other[at + 1 :]
    swapped = one[at : at + 2] == other[at : at + 2][::-1]
    return one[at + 1 :] == other[at + 1 :] or (swapped and one[at + 2 :] == other[at + 2 :])


def _script(char: str) -> str:
    return unicodedata.name(char, "UNKNOWN").partition(" ")[0]
