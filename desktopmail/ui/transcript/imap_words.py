"""The words of a line of IMAP, and what commands and responses have in common."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from desktopmail.ui.transcript import table
from desktopmail.ui.transcript.reading import Found, mechanism, structure

if TYPE_CHECKING:
    from collections.abc import Iterable

_TOKEN = re.compile(
    r"""(?P<quoted>"(?:[^"\\]|\\.)*")
    |(?P<literal>~?\{[0-9]+\+?\})
    |(?P<open>\()
    |(?P<close>\))
    |(?P<item>[A-Za-z0-9.]+\[[^\]]*\](?:<[0-9.]+>)?)   # BODY[HEADER.FIELDS (DATE)]<0.2048>
    |(?P<atom>[^\s()"{]+)""",
    re.VERBOSE,
)
_ITEM = re.compile(r"([A-Za-z0-9.]+)\[([0-9.]*)(?:([A-Z.]+)([^\]]*))?\](<[0-9.]+>)?", re.IGNORECASE)
# sequence-set = (seq-number / seq-range) ["," sequence-set]       ; RFC 9051 section 9
_SET = re.compile(r"(?:[0-9]+|\*)(?::(?:[0-9]+|\*))?(?:,(?:[0-9]+|\*)(?::(?:[0-9]+|\*))?)*")


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a line, with the number of parentheses around it."""

    sort: str
    text: str
    begin: int
    end: int
    depth: int


def tokens_of(line: str, start: int) -> list[Token]:
    """The words of a line from a place on, with their nesting."""
    tokens, depth = [], 0
    for match in _TOKEN.finditer(line, start):
        sort = match.lastgroup or ""
        depth -= sort == "close"
        tokens.append(Token(sort, match[0], match.start(), match.end(), depth))
        depth += sort == "open"
    return tokens


def literals(tokens: Iterable[Token]) -> list[Found]:
    """The literals that are announced, and the values that do not exist (`NIL`)."""
    found = []
    for token in tokens:
        if token.sort == "literal":
            keyword = "literal8" if token.text.startswith("~") else "literal"
            keyword = "non-synchronizing" if "+" in token.text else keyword
            found.append(structure(token.begin, token.end, keyword))
        elif token.sort == "atom" and token.text.upper() == "NIL":
            found.append(structure(token.begin, token.end, "NIL"))
    return found


def known(tokens: Iterable[Token], *kinds: str) -> list[Found]:
    """The tokens that the table knows as one of the kinds, the first kind first."""
    found = []
    for token in tokens:
        if token.sort == "item":
            found += _item(token)
        elif token.sort == "atom":
            kind = next((k for k in kinds if table.knows("imap", k, token.text)), None)
            if kind is not None:
                found.append(Found(token.begin, token.end, kind, token.text))
            elif "flag" in kinds and _is_keyword(token.text):
                found.append(structure(token.begin, token.end, "keyword"))
    return found


def _is_keyword(text: str) -> bool:
    return not text.startswith("\\") and not text.isdigit() and text.upper() != "NIL"


def _item(token: Token) -> list[Found]:
    match = _ITEM.fullmatch(token.text)
    if match is None:
        return []
    name = match[1].upper()
    begin = token.begin
    keyword = "BODY[]" if name == "BODY" else name
    found = [Found(begin, begin + match.end(1), "fetch", keyword)]
    if match[2]:
        number = match[2].rstrip(".")
        at = begin + match.start(2)
        found.append(structure(at, at + len(number), "part number"))
    if match[3]:
        found.append(Found(begin + match.start(3), begin + match.end(3), "section", match[3]))
    if match[5]:
        found.append(structure(begin + match.start(5), begin + match.end(5), "partial"))
    return found


def number_set(token: Token, name: str) -> list[Found]:
    """The set of messages that a word is, for the command of a name: positions or UIDs."""
    if token.text == "$":
        return [structure(token.begin, token.end, "search result variable")]
    if not _SET.fullmatch(token.text):
        return []
    keyword = "UID set" if name.startswith("UID ") else "sequence set"
    return [structure(token.begin, token.end, keyword)]


def mailbox(tokens: list[Token]) -> list[Found]:
    """The first word as the name of a mailbox."""
    if not tokens or tokens[0].sort not in {"atom", "quoted", "item"}:
        return []
    return [structure(tokens[0].begin, tokens[0].end, "mailbox name")]


def mailboxes(tokens: list[Token], _name: str) -> list[Found]:
    """Every word outside of parentheses as the name of a mailbox."""
    return [found for token in tokens if token.depth == 0 for found in mailbox([token])]


def status_items(tokens: list[Token], _name: str) -> list[Found]:
    """A mailbox and its counters, as in STATUS and its answer."""
    return mailbox(tokens) + known(tokens[1:], "status-item")


def resources(tokens: list[Token], _name: str) -> list[Found]:
    """Resources of a quota behind its name, as in SETQUOTA and its answer."""
    return known(tokens[1:], "resource")


def end_of_group(tokens: list[Token], begin: int) -> int:
    """The place behind the parenthesised list that begins at a token."""
    for at in range(begin, len(tokens)):
        if tokens[at].sort == "close" and tokens[at].depth == tokens[begin].depth:
            return at + 1
    return len(tokens)


def capabilities(tokens: Iterable[Token], _name: str = "") -> list[Found]:
    """The words that name capabilities; AUTH= stands for the mechanism behind it."""
    found = []
    for token in tokens:
        found += _capability(token)
    return found


def _capability(token: Token) -> list[Found]:
    text = token.text
    name, equals, value = text.partition("=")
    if name.upper() == "AUTH" and table.knows("sasl", "mechanism", value):
        return mechanism(token.begin, token.end, value)
    for keyword in (
        text,
        name + equals,
        "QUOTA=RES-" if text.upper().startswith("QUOTA=RES-") else name,
    ):
        if table.knows("imap", "capability", keyword):
            return [Found(token.begin, token.end, "capability", keyword)]
    return []
