"""The table of the protocol view: complete, in both languages, and true to the RFCs it cites."""

from __future__ import annotations

import ast
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from desktopmail.ui.transcript import table
from desktopmail.ui.transcript.explanation import explain
from desktopmail.ui.transcript.reading import Context, Role
from desktopmail.wire.imap import (
    codes,
    condition,
    fetch_item,
    flags,
    search,
    search_key,
    section,
    sort,
    status,
)
from desktopmail.wire.imap import command as imap_command
from desktopmail.wire.imap import enable as imap_enable
from desktopmail.wire.imap import list as imap_list
from desktopmail.wire.imap import response as imap_response
from desktopmail.wire.imap import state as imap_state
from desktopmail.wire.imap.capability import IN_REV2
from desktopmail.wire.pop3 import reply as pop3_reply
from desktopmail.wire.pop3 import table as pop3_table
from desktopmail.wire.sasl import policy
from desktopmail.wire.smtp import command as smtp_command
from desktopmail.wire.smtp import mail, rcpt
from localserver.imap import capability as imap_capability
from localserver.pop3 import capability as pop3_capability
from localserver.smtp import offer as smtp_offer

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).parents[2]
RFCS = ROOT.parent / "shared" / "rfc"
ENTRIES = sorted(table.entries().values(), key=lambda entry: (entry.protocol, entry.kind))

# Cited as a whole, because their texts are not among those this test reads.
UNREAD = {
    1730, 1845, 1985, 2193, 2221, 2831, 3865, 4468, 5248, 5257, 5259, 5466, 7293,
    7372, 9394, 9422, 9585, 9586, 9590, 9698, 9738,
}  # fmt: skip
# What no RFC defines, but servers say.
WITHOUT_RFC = {
    ("imap", "X-GM-EXT-1"), ("imap", "X-GM-LABELS"), ("imap", "X-GM-MSGID"), ("imap", "X-GM-RAW"),
    ("imap", "X-GM-THRID"), ("imap", "XLIST"), ("imap", "SNIPPET=FUZZY"), ("imap", "THREAD=REFS"),
    ("smtp", "AUTH="), ("smtp", "PIPECONNECT"), ("smtp", "PRDR"), ("smtp", "XCLIENT"),
    ("smtp", "XFORWARD"), ("sasl", "LOGIN"),
    ("sasl", "NTLM"), ("sasl", "XOAUTH2"), ("sasl", "SCRAM-SHA-512"),
    ("sasl", "SCRAM-SHA-512-PLUS"),
}  # fmt: skip

# "6.3.11.  STATUS Command" at the left edge; lines of the table of contents end in a page number.
HEADING = re.compile(r"(?:Appendix )?((?:[A-Z]|[0-9]+)(?:\.[0-9]+)*)[.:]? +\S.*")
CONTENTS = re.compile(r"(?:(?:\. ?){3,}| {3,})[0-9]*\s*$")
PAGE_BREAK = re.compile(r"\[Page [0-9]+\]\s*$|^RFC [0-9]+ .*[0-9]{4}\s*$")


@cache
def lines(rfc: int) -> list[str]:
    text = (RFCS / f"rfc{rfc}.txt").read_text("utf-8-sig", "replace").replace("\f", "")
    return [line for line in text.splitlines() if not PAGE_BREAK.search(line)]


@cache
def headings(rfc: int) -> list[tuple[int, str]]:
    return [
        (number, match[1])
        for number, line in enumerate(lines(rfc))
        if (match := HEADING.fullmatch(line)) and not CONTENTS.search(line)
    ]


@cache
def section_text(rfc: int, wanted: str) -> str:
    """A section with those below it, its white space made single; empty where there is none."""
    begins = headings(rfc)
    found = ""
    for at, (begin, name) in enumerate(begins):
        if name == wanted:
            later = (line for line, other in begins[at + 1 :] if not other.startswith(f"{name}."))
            end = next(later, len(lines(rfc)))
            text = " ".join(" ".join(lines(rfc)[begin:end]).split())
            found = max(found, text, key=len)
    return found


def contains(text: str, keyword: str) -> bool:
    pattern = rf"(?<![A-Za-z0-9]){re.escape(keyword)}(?![A-Za-z0-9])"
    return re.search(pattern, text, re.IGNORECASE) is not None


def cited(entry: table.Entry) -> list[object]:
    name = f"{entry.protocol}-{entry.kind}-{entry.keyword}"
    marks = []
    if not RFCS.is_dir():
        marks.append(pytest.mark.skip(reason="the RFCs are not beside this checkout (../shared)"))
    return [pytest.param(entry, id=name, marks=marks)] if entry.reference.section else []


@pytest.mark.parametrize("entry", [each for entry in ENTRIES for each in cited(entry)])
def test_the_cited_section_contains_the_keyword(entry: table.Entry) -> None:
    text = section_text(entry.reference.rfc, entry.reference.section)
    assert text, f"{entry.reference} is no section"
    assert contains(text, entry.written), f"{entry.reference} does not contain {entry.written}"


def test_the_search_for_a_section_finds_it_and_nothing_else() -> None:
    if not RFCS.is_dir():
        pytest.skip("the RFCs are not beside this checkout (../shared)")
    assert section_text(9051, "6.3.11").startswith("6.3.11. STATUS Command")
    assert contains(section_text(9051, "6.3.11"), "UIDVALIDITY")
    assert not contains(section_text(9051, "6.3.11"), "IDLE")
    assert section_text(9051, "6.99") == ""


def test_an_rfc_is_cited_with_its_section_unless_it_is_named_here() -> None:
    whole = {entry.reference.rfc for entry in ENTRIES if not entry.reference.section}
    assert whole - {0} == UNREAD
    if RFCS.is_dir():
        assert [rfc for rfc in UNREAD if (RFCS / f"rfc{rfc}.txt").exists()] == []


def test_what_no_rfc_defines_names_its_source() -> None:
    without = [entry for entry in ENTRIES if not entry.reference.rfc]
    assert {(entry.protocol, entry.keyword) for entry in without} == WITHOUT_RFC
    assert all(entry.reference.source for entry in without)


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_entry_is_one_sentence_in_each_language(language: str) -> None:
    wrong = [
        f"{entry.protocol} {entry.kind} {entry.keyword}"
        for entry in ENTRIES
        if not re.fullmatch(r"\S.*[^.\s]\.", entry.meanings[language])
        or re.search(r"[a-zäöüß]\. [A-ZÄÖÜ]", entry.meanings[language])
        or "  " in entry.meanings[language]
        or not entry.titles[language]
    ]
    assert wrong == []


def test_no_german_sentence_was_left_in_english() -> None:
    same = [entry.keyword for entry in ENTRIES if entry.meanings["en"] == entry.meanings["de"]]
    # Whole English words that no German sentence has, outside of keywords in capitals.
    english = re.compile(r"\b(?:the|and|with|which|message|mailbox|server's|by|of|is)\b")
    left = [entry.keyword for entry in ENTRIES if english.search(entry.meanings["de"])]
    assert same + left == []


def test_no_entry_is_doubled() -> None:
    # Two spellings of one keyword would be one entry to the table, so the files are counted.
    written = [
        (protocol, kind, keyword.upper())
        for protocol in table.PROTOCOLS
        for kind, keywords in read(protocol).items()
        for keyword in keywords
    ]
    assert len(written) == len(set(written)) == len(ENTRIES)


def test_no_two_keywords_of_a_kind_mean_the_same() -> None:
    said: dict[tuple[str, str, str], str] = {}
    doubled = []
    for entry in ENTRIES:
        key = (entry.protocol, entry.kind, entry.meanings["en"])
        if key in said:
            doubled.append((entry.protocol, entry.kind, said[key], entry.keyword))
        said[key] = entry.keyword
    assert doubled == []


def test_an_entry_has_no_field_that_nobody_reads() -> None:
    known = {"rfc", "section", "written", "source", "name", "en", "de"}
    fields = {
        field
        for protocol in table.PROTOCOLS
        for keywords in read(protocol).values()
        for entry in keywords.values()
        for field in entry
    }
    assert fields <= known


def read(protocol: str) -> dict[str, dict[str, dict[str, object]]]:
    path = ROOT / "resources" / "protocol" / f"{protocol}.toml"
    return tomllib.loads(path.read_text("utf-8"))


# ---- What `wire` and `localserver` know is in the table


def words(values: object) -> set[str]:
    """The keywords of an enum or of a collection, as text."""
    found = set()
    for value in values:  # type: ignore[attr-defined]
        word = getattr(value, "value", value)
        found.add(word.decode() if isinstance(word, bytes) else str(word))
    return found


def missing(protocol: str, kind: str, keywords: set[str]) -> list[str]:
    assert keywords, f"wire knows no {kind} of {protocol}: it keeps them somewhere else now"
    return sorted(word for word in keywords if not table.knows(protocol, kind, word))


IMAP = {
    "command": words(imap_command.READERS) | words(imap_state.COMMANDS) - {"UID"} | {"DONE"},
    "response": words(imap_response._READERS)
    | words(condition.CONDITIONS)
    | {"FETCH", "EXISTS", "EXPUNGE", "RECENT", "+"},
    "code": words(codes.Code) | words(codes._READERS),
    "status-item": words(status.StatusItem),
    "fetch": words(fetch_item.Item) | words(fetch_item.MACROS) | words(fetch_item._ITEMS),
    "section": words(section.SectionText) - {""},
    "search": words(
        search_key.WORDS | search_key.WITH_STRING | search_key.WITH_DAY | search_key.WITH_NUMBER
    )
    | {"NOT", "OR", "HEADER", "KEYWORD", "UNKEYWORD", "UID", "MODSEQ", "CHARSET"},
    "return-option": words(search.RETURN_OPTIONS),
    "entry-type": words(search_key._ENTRY_KINDS),
    "sort-key": words(sort.SortKey) | {"REVERSE"},
    "flag": {
        value
        for value in vars(flags).values()
        if isinstance(value, str) and re.fullmatch(r"[\\$][A-Za-z*]+", value)
    },
    "attribute": words(imap_list._KNOWN.values()) | words(imap_list.SPECIAL_USES),
}


@pytest.mark.parametrize("kind", IMAP)
def test_every_word_of_imap_that_wire_knows_is_explained(kind: str) -> None:
    assert missing("imap", kind, IMAP[kind]) == []


def test_every_word_of_pop3_that_wire_knows_is_explained() -> None:
    answers = {
        value
        for name, value in vars(pop3_reply).items()
        if name.isupper() and not name.startswith("_") and isinstance(value, str)
    }
    assert missing("pop3", "command", words(pop3_table.COMMANDS)) == []
    assert missing("pop3", "code", answers) == []
    assert missing("pop3", "response", {"+OK", "-ERR", "+"}) == []


def test_every_word_of_smtp_that_wire_knows_is_explained() -> None:
    assert missing("smtp", "command", words(smtp_command.PARSERS)) == []
    assert missing("smtp", "parameter", words(mail._KNOWN | rcpt._KNOWN)) == []
    assert missing("smtp", "value", words(mail.Body) | words(mail.Ret) | words(rcpt.Notify)) == []


def test_every_mechanism_that_wire_knows_is_explained() -> None:
    assert missing("sasl", "mechanism", words(policy.ALL)) == []


def sources(*folders: str) -> list[ast.AST]:
    return [
        ast.parse(path.read_text("utf-8"))
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*.py"))
    ]


def test_every_reply_that_our_server_gives_is_explained() -> None:
    folders = ("desktopmail/wire/smtp", "localserver/smtp", "localserver/submission")
    codes_given, enhanced = set(), set()
    for tree in sources(*folders):
        for node in ast.walk(tree):
            if not isinstance(node, ast.Constant):
                continue
            if isinstance(node.value, str) and re.fullmatch(r"[245]\.\d+\.\d+", node.value):
                enhanced.add(f"X{node.value[1:]}")
        codes_given |= {
            str(node.args[0].value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "reply"
            and node.args
            and isinstance(node.args[0], ast.Constant)
        }
    assert missing("smtp", "reply", codes_given) == []
    assert missing("smtp", "enhanced", enhanced) == []


# Methods that tell whether the other end offers something.
ASKING = {"offers", "_need"}


def asked_for(*folders: str) -> set[str]:
    """Names of capabilities in questions: `"X" in self.extensions`, `machine.offers("X")`."""
    asked = set()
    for tree in sources(*folders):
        for node in ast.walk(tree):
            if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In | ast.NotIn):
                of = ast.unparse(node.comparators[0]).lower()
                name = node.left if of.endswith(("capabilities", "extensions")) else None
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
                name = node.args[0] if node.func.attr in ASKING else None
            else:
                name = None
            if isinstance(name, ast.Constant) and isinstance(name.value, str):
                asked.add(name.value)
    return asked


def keys_of_tables(module: ModuleType) -> set[str]:
    """The constant keys of the dictionaries in a module, and of assignments to their items."""
    keys: list[ast.expr | None] = []
    for node in ast.walk(ast.parse(Path(str(module.__file__)).read_text("utf-8"))):
        if isinstance(node, ast.Dict):
            keys += node.keys
        elif isinstance(node, ast.Subscript):
            keys.append(node.slice)
    return {str(key.value) for key in keys if isinstance(key, ast.Constant)}


IMAP_CAPABILITIES = (
    set(imap_capability.ALWAYS)
    | set(imap_capability.AFTER_LOGIN)
    | set(IN_REV2)
    | set(imap_enable.UTF8_SWITCHES)
    | set(codes._FIRST)
    | asked_for("desktopmail/wire/imap")
    | {"STARTTLS", "LOGINDISABLED", "AUTH=PLAIN", "AUTH=XYZ"}
)
SMTP_CAPABILITIES = keys_of_tables(smtp_offer) | asked_for(
    "desktopmail/wire/smtp", "localserver/smtp", "localserver/submission"
)
POP3_CAPABILITIES = keys_of_tables(pop3_capability) | asked_for("desktopmail/wire/pop3")


@pytest.mark.parametrize("name", sorted(IMAP_CAPABILITIES))
def test_every_capability_of_imap_is_explained_where_a_server_lists_it(name: str) -> None:
    explained = explain("imap", "S", f"* CAPABILITY {name}", "en")
    assert explained is not None
    assert [part.text for part in explained.parts] == ["*", name]


@pytest.mark.parametrize("name", sorted(SMTP_CAPABILITIES))
def test_every_capability_of_smtp_is_explained_where_a_server_lists_it(name: str) -> None:
    explained = explain("smtp", "S", f"250-{name}", "de", Context(command="EHLO", continued=True))
    assert explained is not None
    assert explained.title == f"Fähigkeit {name}"


@pytest.mark.parametrize("name", sorted(POP3_CAPABILITIES))
def test_every_capability_of_pop3_is_explained_where_a_server_lists_it(name: str) -> None:
    context = Context(role=Role.LISTING, command="CAPA")
    explained = explain("pop3", "S", name, "en", context)
    assert explained is not None
    assert explained.title == f"Capability {name}"
