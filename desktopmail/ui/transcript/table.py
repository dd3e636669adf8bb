"""The table of every keyword of the three protocols: its meaning, and where it is defined."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from desktopmail import resources

if TYPE_CHECKING:
    from collections.abc import Mapping

Language = Literal["en", "de"]
PROTOCOLS = ("imap", "pop3", "smtp", "sasl")


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a keyword is defined.

    Attributes:
        rfc: Number of the RFC; 0 where no RFC defines it.
        section: Its section, without a trailing dot; empty for the RFC as a whole.
        source: Who or which draft defines it, where no RFC does.
    """

    rfc: int
    section: str
    source: str = ""

    def __str__(self) -> str:
        if not self.rfc:
            return self.source
        return f"RFC {self.rfc}, {self.section}" if self.section else f"RFC {self.rfc}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One keyword and its meaning.

    Attributes:
        protocol: `imap`, `pop3`, `smtp` or `sasl`.
        kind: What sort of keyword it is (`command`, `capability`, `code`, …).
        keyword: As the protocol writes it; of kind `structure`, the RFC's word for it.
        reference: Where it is defined.
        written: How the RFC's text writes it.
        meanings: One sentence by language.
        titles: What to call it by language.
    """

    protocol: str
    kind: str
    keyword: str
    reference: Reference
    written: str
    meanings: dict[str, str]
    titles: dict[str, str]


@lru_cache(maxsize=1)
def entries() -> dict[tuple[str, str, str], Entry]:
    """Every entry by protocol, kind and keyword in upper case."""
    kinds = _load("kinds")
    found = [
        _entry(protocol, kind, keyword, fields, kinds[kind])
        for protocol in PROTOCOLS
        for kind, keywords in _load(protocol).items()
        for keyword, fields in keywords.items()
    ]
    return {(entry.protocol, entry.kind, entry.keyword.upper()): entry for entry in found}


def find(protocol: str, kind: str, keyword: str) -> Entry | None:
    """Return the entry of a keyword, in whatever case it is written."""
    return entries().get((protocol, kind, keyword.upper()))


def knows(protocol: str, kind: str, keyword: str) -> bool:
    """Tell whether a keyword has an entry."""
    return (protocol, kind, keyword.upper()) in entries()


def _load(name: str) -> dict[str, dict[str, Any]]:
    return tomllib.loads(resources.path("protocol", f"{name}.toml").read_text(encoding="utf-8"))


def _entry(
    protocol: str,
    kind: str,
    keyword: str,
    fields: Mapping[str, object],
    label: Mapping[str, object],
) -> Entry:
    names = fields.get("name")
    titles = {
        language: str(label[language]).format(
            keyword=names[language] if isinstance(names, dict) else keyword
        )
        for language in ("en", "de")
    }
    rfc = fields.get("rfc", 0)
    assert isinstance(rfc, int), f"{protocol} {kind} {keyword}"  # noqa: S101 - our own file
    reference = Reference(rfc, str(fields.get("section", "")), str(fields.get("source", "")))
    written = str(fields.get("written", keyword))
    meanings = {language: str(fields[language]) for language in ("en", "de")}
    return Entry(protocol, kind, keyword, reference, written, meanings, titles)
