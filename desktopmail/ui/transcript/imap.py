"""Recognises the keywords of IMAP: a reader for each command and response, in two tables."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from desktopmail.ui.transcript import table
from desktopmail.ui.transcript.imap_words import (
    Token,
    capabilities,
    end_of_group,
    known,
    literals,
    mailbox,
    mailboxes,
    number_set,
    resources,
    status_items,
    tokens_of,
)
from desktopmail.ui.transcript.reading import (
    Context,
    Found,
    Reading,
    Role,
    mechanism,
    sasl_answer,
    scram_attributes,
    structure,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_STATUS = {"OK", "NO", "BAD", "BYE", "PREAUTH"}
_COMMAND = re.compile(
    r"(?:(?P<tag>[^\s(){%*\"\\]+) )?(?P<name>(?:UID )?[A-Za-z]+)(?= |$)", re.IGNORECASE
)
_RESPONSE = re.compile(
    r"(?P<tag>\*|[^\s(){%*\"\\+]+) (?:(?P<number>[0-9]+) )?(?P<name>[A-Za-z]+)(?= |$)"
)
# resp-text-code in brackets: an atom and, for some, more          ; RFC 9051 section 9
_CODE = re.compile(
    r"\[(?P<name>[^\s\]]+)(?P<arguments>(?: (?>(?:\([^)]*\)|\"[^\"]*\"|[^\]])*))?)\]"
)
# How many arguments follow a search key: they are no keys themselves, whatever they look like.
_WITH_ARGUMENT = {
    "BCC", "BEFORE", "BODY", "CC", "CHARSET", "EMAILID", "FILTER", "FROM", "KEYWORD", "LARGER",
    "MODSEQ", "OLDER", "ON", "SAVEDBEFORE", "SAVEDON", "SAVEDSINCE", "SENTBEFORE", "SENTON",
    "SENTSINCE", "SINCE", "SMALLER", "SUBJECT", "TEXT", "THREADID", "TO", "UID", "UNKEYWORD",
    "X-GM-RAW", "YOUNGER",
}  # fmt: skip
_SEARCH_ARGUMENTS = dict.fromkeys(_WITH_ARGUMENT, 1) | {"HEADER": 2}


def read(sender: str, line: str, context: Context) -> Reading | None:
    """Recognise one line; None when it is none of the protocol's."""
    if context.role is Role.DATA:
        return Reading(structure(0, len(line), "octets"))
    if sender == "C" and context.role is Role.SASL:
        return sasl_answer(line)
    if context.role is not Role.REST:
        return _read_whole(sender, line, context)
    # The rest of a command is read together with what came before its literal.
    offset = len(context.before)
    reading = _read_whole(sender, context.before + line, context)
    if reading is not None:
        reading.parts = [
            Found(
                part.begin - offset, part.end - offset, part.kind, part.keyword, part.protocol,
                part.text,
            )
            for part in reading.parts
            if part.begin >= offset
        ]  # fmt: skip
    return reading


def _read_whole(sender: str, line: str, context: Context) -> Reading | None:
    return _read_command(line) if sender == "C" else _read_response(line, context)


# ---- Commands


def _read_command(line: str) -> Reading | None:
    match = _COMMAND.match(line)
    if match is None:
        return None
    name = match["name"].upper()
    if match["tag"] is not None and not table.knows("imap", "command", name):
        # Without a tag, as DONE or in a sentence about the protocol: "SELECT INBOX".
        match = re.match(r"(?P<name>(?:UID )?[A-Za-z]+)(?= |$)", line, re.IGNORECASE)
        name = match["name"].upper() if match else ""
    if match is None or not table.knows("imap", "command", name):
        return None
    reading = Reading(Found(match.start("name"), match.end("name"), "command", name))
    if match.groupdict().get("tag"):
        reading.parts.append(structure(match.start("tag"), match.end("tag"), "tag"))
    tokens = tokens_of(line, match.end())
    reading.parts += literals(tokens)
    reader = _COMMANDS.get(name.removeprefix("UID "))
    if reader is not None:
        reading.parts += reader(tokens, name)
    return reading


def _login(tokens: list[Token], _name: str) -> list[Found]:
    # The mask of a secret is one word; "<password>" is an atom to the tokeniser.
    return [
        structure(token.begin, token.end, keyword)
        for token, keyword in zip(tokens, ("user name", "password"), strict=False)
        if token.sort != "literal"
    ]


def _authenticate(tokens: list[Token], _name: str) -> list[Found]:
    found = mechanism(tokens[0].begin, tokens[0].end, tokens[0].text) if tokens else []
    if len(tokens) > 1:
        found.append(
            Found(tokens[1].begin, tokens[-1].end, "structure", "initial response", "sasl")
        )
        found += scram_attributes(tokens[1].text)
    return found


def _select(tokens: list[Token], _name: str) -> list[Found]:
    return mailbox(tokens) + known(tokens[1:], "select-parameter", "attribute")


def _list(tokens: list[Token], _name: str) -> list[Found]:
    found: list[Found] = []
    wants_status = False
    patterns = 0
    for token in tokens:
        if token.depth == 0 and token.sort in {"atom", "quoted"}:
            if patterns < 2:
                keyword = ("reference name", "wildcards")[patterns]
                patterns += 1
                found.append(structure(token.begin, token.end, keyword))
            else:
                found += known([token], "list-option")
        elif wants_status and token.depth == 2:
            found += known([token], "status-item")
        else:
            found += known([token], "list-option")
        wants_status = wants_status or token.text.upper() == "STATUS"
    return found


def _append(tokens: list[Token], _name: str) -> list[Found]:
    found = mailbox(tokens)
    for token in tokens[1:]:
        if token.sort == "quoted":
            found.append(structure(token.begin, token.end, "internal date"))
        elif token.depth:
            found += known([token], "flag")
        else:
            found += known([token], "modifier")
    return found


def _fetch(tokens: list[Token], name: str) -> list[Found]:
    if not tokens:
        return []
    return number_set(tokens[0], name) + known(tokens[1:], "fetch", "modifier")


def _store(tokens: list[Token], name: str) -> list[Found]:
    if not tokens:
        return []
    rest = [token for token in tokens[1:] if not token.text.isdigit()]
    return number_set(tokens[0], name) + known(rest, "store-item", "modifier", "flag")


def _copy(tokens: list[Token], name: str) -> list[Found]:
    return (number_set(tokens[0], name) if tokens else []) + mailbox(tokens[1:])


def _expunge(tokens: list[Token], name: str) -> list[Found]:
    return number_set(tokens[0], name) if tokens else []


def _search(tokens: list[Token], _name: str = "") -> list[Found]:
    found: list[Found] = []
    at = 0
    if tokens and tokens[0].text.upper() == "RETURN":
        end = end_of_group(tokens, 1)
        found = known(tokens[:end], "return-option")
        at = end
    while at < len(tokens):
        token = tokens[at]
        at += 1
        keys = known([token], "search")
        # A bare set in the place of a key: messages by position, also in UID SEARCH.
        found += keys or number_set(token, "")
        if keys:
            count = _SEARCH_ARGUMENTS.get(token.text.upper(), 0)
            for argument in tokens[at : at + count]:
                if token.text.upper() == "UID":
                    found += number_set(argument, "UID ")
                elif token.text.upper() in {"KEYWORD", "UNKEYWORD"}:
                    found += known([argument], "flag")
            at += count
    return found


def _sort(tokens: list[Token], _name: str) -> list[Found]:
    found: list[Found] = []
    begin = 0
    if tokens and tokens[0].text.upper() == "RETURN":
        begin = end_of_group(tokens, 1)
        found = known(tokens[:begin], "return-option")
    end = end_of_group(tokens, begin)
    found += known(tokens[begin:end], "sort-key")
    return found + _search(tokens[end + 1 :])  # one word between them: the character set


def _thread(tokens: list[Token], _name: str) -> list[Found]:
    return known(tokens[:1], "thread-algorithm") + _search(tokens[2:])


def _compress(tokens: list[Token], _name: str) -> list[Found]:
    return [
        Found(token.begin, token.end, "capability", f"COMPRESS={token.text}")
        for token in tokens[:1]
    ]


_COMMANDS: dict[str, Callable[[list[Token], str], list[Found]]] = {
    "LOGIN": _login,
    "AUTHENTICATE": _authenticate,
    "ENABLE": capabilities,
    "SELECT": _select,
    "EXAMINE": _select,
    "CREATE": _select,
    "DELETE": mailboxes,
    "RENAME": mailboxes,
    "SUBSCRIBE": mailboxes,
    "UNSUBSCRIBE": mailboxes,
    "GETQUOTAROOT": mailboxes,
    "MYRIGHTS": mailboxes,
    "GETACL": mailboxes,
    "LIST": _list,
    "LSUB": _list,
    "XLIST": _list,
    "STATUS": status_items,
    "APPEND": _append,
    "FETCH": _fetch,
    "STORE": _store,
    "COPY": _copy,
    "MOVE": _copy,
    "EXPUNGE": _expunge,
    "SEARCH": _search,
    "SORT": _sort,
    "THREAD": _thread,
    "COMPRESS": _compress,
    "SETQUOTA": resources,
}


# ---- Responses


def _read_response(line: str, context: Context) -> Reading | None:
    if line == "+" or line.startswith("+ "):
        return _read_continuation(line, context)
    match = _RESPONSE.match(line)
    if match is None:
        return None
    name = match["name"].upper()
    if not table.knows("imap", "response", name):
        return None
    reading = Reading(Found(match.start("name"), match.end("name"), "response", name))
    tag = "untagged" if match["tag"] == "*" else "tag"
    reading.parts.append(structure(match.start("tag"), match.end("tag"), tag))
    if match["number"] is not None and name in {"FETCH", "EXPUNGE"}:
        reading.parts.append(
            structure(match.start("number"), match.end("number"), "message sequence number")
        )
    if name in _STATUS:
        reading.parts += _read_status(line, match.end())
        if context.role is Role.GREETING and name == "OK":
            reading.parts.append(reading.head)
            reading.head = structure(0, len(line), "greeting")
        return reading
    tokens = tokens_of(line, match.end())
    reading.parts += literals(tokens)
    reader = _RESPONSES.get(name)
    if reader is not None:
        reading.parts += reader(tokens, name)
    return reading


def _read_continuation(line: str, context: Context) -> Reading:
    reading = Reading(Found(0, 1, "response", "+"))
    text = line[2:].strip()
    if not text:
        return reading
    if context.command == "AUTHENTICATE":
        reading.parts = [structure(2, 2 + len(text), "challenge"), *scram_attributes(text)]
        return reading
    reading.parts = _read_status(line, 1)
    return reading


def _read_status(line: str, begin: int) -> list[Found]:
    found: list[Found] = []
    code = _CODE.match(line, begin + 1)
    if code is not None:
        begin = code.end()
        name = code["name"]
        if table.knows("imap", "code", name):
            found.append(Found(code.start("name"), code.end("name"), "code", name))
        found += _code_arguments(line[: code.end("arguments")], code.start("arguments"), name)
    text = line[begin:].strip()
    if text:
        at = line.find(text, begin)
        found.append(structure(at, at + len(text), "human-readable"))
    return found


def _code_arguments(line: str, begin: int, name: str) -> list[Found]:
    tokens = tokens_of(line, begin)
    match name.upper():
        case "CAPABILITY":
            return capabilities(tokens)
        case "PERMANENTFLAGS":
            return known(tokens, "flag")
        case "APPENDUID" | "COPYUID":
            return [found for token in tokens[1:] for found in number_set(token, "UID ")]
        case "MODIFIED":
            return [found for token in tokens for found in number_set(token, "UID ")]
        case _:
            return []


def _listed(tokens: list[Token], _name: str) -> list[Found]:
    end = end_of_group(tokens, 0)
    found = known(tokens[:end], "attribute")
    rest = tokens[end:]
    if rest and rest[0].sort == "quoted":
        found.append(structure(rest[0].begin, rest[0].end, "hierarchy delimiter"))
    return found + mailbox(rest[1:2]) + _known_quoted(rest[2:], "list-option")


def _known_quoted(tokens: Iterable[Token], kind: str) -> list[Found]:
    """As `known`, for keywords in quotes: `("CHILDINFO" ("SUBSCRIBED"))`."""
    return [
        Found(token.begin, token.end, kind, token.text.strip('"'))
        for token in tokens
        if table.knows("imap", kind, token.text.strip('"'))
    ]


def _fetched(tokens: list[Token], _name: str) -> list[Found]:
    """`(name value name value …)`: every second thing inside the outer parentheses is a name."""
    found: list[Found] = []
    is_name = True
    item = ""
    for token in tokens:
        if token.depth == 1 and token.sort != "close":
            if is_name:
                item = token.text.upper()
                found += known([token], "fetch")
            is_name = not is_name
        elif token.depth == 2 and item == "FLAGS":
            found += known([token], "flag")
    return found


def _flags(tokens: list[Token], _name: str) -> list[Found]:
    return known(tokens, "flag")


def _searched(tokens: list[Token], _name: str) -> list[Found]:
    return known(tokens, "return-option")


def _vanished(tokens: list[Token], _name: str) -> list[Found]:
    sets = [found for token in tokens for found in number_set(token, "UID ")]
    return known(tokens, "modifier") + sets


def _namespace(tokens: list[Token], _name: str) -> list[Found]:
    found = []
    at = 0
    for keyword in ("personal", "other users", "shared"):
        if at >= len(tokens):
            break
        end = end_of_group(tokens, at) if tokens[at].sort == "open" else at + 1
        found.append(structure(tokens[at].begin, tokens[end - 1].end, keyword))
        at = end
    return found


_RESPONSES: dict[str, Callable[[list[Token], str], list[Found]]] = {
    "CAPABILITY": capabilities,
    "ENABLED": capabilities,
    "LIST": _listed,
    "LSUB": _listed,
    "XLIST": _listed,
    "STATUS": status_items,
    "FLAGS": _flags,
    "FETCH": _fetched,
    "ESEARCH": _searched,
    "SEARCH": _searched,
    "SORT": _searched,
    "VANISHED": _vanished,
    "NAMESPACE": _namespace,
    "QUOTA": resources,
    "QUOTAROOT": mailboxes,
}
