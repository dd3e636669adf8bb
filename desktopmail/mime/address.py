"""Mailboxes and groups of address fields, with obsolete syntax and the mistakes of real clients.

RFC 5322 section 3.4 and 4.4; mistakes that are understood: names with commas and no quotes,
semicolons between addresses, encoded words in quotes, names after the address, missing brackets.
"""

from __future__ import annotations

import enum
import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from desktopmail.mime import encoded_word

if TYPE_CHECKING:
    from collections.abc import Iterable

# The forms nearly all fields have: `a@b`, `<a@b>`, `Name <a@b>`, `"Name" <a@b>`, comma separated.
_ATOM_ADDRESS = r"[^\s<>()\"\\,;:@\[\]]++@[^\s<>()\"\\,;:@\[\]]++"
_SIMPLE = re.compile(
    rf"\s*+(?:(?:\"([^\"\\]*+)\"|([^\"<>()\\,;:@\[\]]*+))\s*+<({_ATOM_ADDRESS})>|({_ATOM_ADDRESS}))"
    r"\s*+(?:,|\Z)"
)
_TOKEN = re.compile(
    r"\s++|\"(?>(?:[^\"\\]|\\.)*)\"?|<[^<>]*+>?|[,;:@()]|\[[^\[\]\s]*+\]?"
    r"|=\?[^?\s]*\?[BbQq]\?[^?]*\?=|[^\s\"<>,;:@()\[\]]++|.",
    re.DOTALL,
)
_ROUTE = re.compile(r"\s*(@[^:]*):")
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)
_PLAIN_NAME = re.compile(r"[^\x00-\x1f\x7f()<>\[\]:;@\\,.\"]*")
_ATOM = re.compile(r"[^\x00-\x20\x7f()<>@,;:\\\".\[\]]+(?:\.[^\x00-\x20\x7f()<>@,;:\\\".\[\]]+)*")
_REST_OF_DOMAIN = re.compile(r"\.?[a-z0-9-]++(?:\.[a-z0-9-]++)+(?!\S)")
_DOMAIN_LABEL = re.compile(r"[A-Za-z0-9_\u0080-\U0010ffff](?:[A-Za-z0-9_\u0080-\U0010ffff-]*)")


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A person or role with an address; either may be empty.

    Attributes:
        name: The decoded display name.
        address: `local@domain` as on the wire (an internationalised domain may be in A-labels).
    """

    name: str
    address: str

    @property
    def local(self) -> str:
        """The part before the last at sign."""
        return self.address.rpartition("@")[0] or self.address

    @property
    def domain(self) -> str:
        """The part behind the last at sign, in lower case; empty without one."""
        return self.address.rpartition("@")[2].lower() if "@" in self.address else ""

    @property
    def shown_address(self) -> str:
        """The address with an internationalised domain in its own letters."""
        local, at, domain = self.address.rpartition("@")
        return f"{local}{at}{to_unicode(domain)}" if at else self.address

    @property
    def shown(self) -> str:
        """The name, or the address where there is none."""
        return self.name or self.shown_address

    @property
    def key(self) -> str:
        """What equal addresses have in common: the address in lower case."""
        return self.address.lower()

    @property
    def is_valid(self) -> bool:
        """Whether mail can be sent to it: one local part, one domain of labels or a literal."""
        return is_valid(self.address)

    def __str__(self) -> str:
        """The mailbox as a person types it: `Name <address>`, the name quoted where it must be."""
        if not self.name:
            return self.address
        if _PLAIN_NAME.fullmatch(self.name):
            return f"{self.name} <{self.address}>"
        escaped = self.name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}" <{self.address}>'


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of an address field, as IMAP's ENVELOPE counts them (RFC 9051 section 7.5.2).

    A group is an entry with `domain` None and its name in `local`, its members, and an entry with
    both None.

    Attributes:
        name: Display name, quotes undone, encoded words not; None where there is none.
        route: Obsolete source route, or None.
        local: Local part, or a group's name, or None at a group's end.
        domain: Domain, or None for a group's begin and end.
    """

    name: str | None
    route: str | None
    local: str | None
    domain: str | None


@functools.lru_cache(maxsize=2048)  # a mailbox is full of the same few people
def parse(text: str) -> tuple[Mailbox, ...]:
    """Return the mailboxes of an address field's unfolded body, groups flattened; never fails."""
    boxes: list[Mailbox] = []
    at = 0
    while at < len(text):
        simple = _SIMPLE.match(text, at)
        if simple is None:
            # Nothing but this slow way for the whole field: a comma may belong to a name.
            return tuple(
                Mailbox(
                    encoded_word.decode(entry.name or "").strip(),
                    f"{entry.local}@{entry.domain}" if entry.domain else entry.local or "",
                )
                for entry in entries(text)
                if entry.domain is not None
            )
        quoted, bare, angled, alone = simple.groups()
        name = quoted or bare
        boxes.append(Mailbox(encoded_word.decode(name).strip() if name else "", angled or alone))
        at = simple.end()
    return tuple(boxes)


def typed(text: str) -> tuple[Mailbox, ...]:
    """Return the mailboxes of what a person typed as recipients; never fails.

    Where no brackets tell names from addresses, each comma stands between two recipients. In a
    header "anna, ben@example.org" is somebody's careless name; here anna would be lost in it.
    """
    if any(mark in text for mark in '<"(:'):
        return parse(text)
    return tuple(box for part in text.split(",") for box in parse(part))


def entries(text: str) -> list[Entry]:
    """Return the entries of an address field's unfolded body, groups marked; never fails.

    Text that holds no address becomes an entry whose domain is empty, so that nothing is hidden.
    """
    found = _Entries()
    at = 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            break
        word = token[0]
        at = token.end()
        if word == "(":
            comment, at = _comment(text, at)
            found.comments.append(comment)
        else:
            found.take(word)
    found.end_entry(text_follows=False)
    found.end_group()
    return found.entries


class _Entries:
    """What is known of the entry at hand while the tokens go by."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.words: list[str] = []  # of the name, or of an address without brackets
        self.comments: list[str] = []
        self.angled: str | None = None
        self.angled_at = 0  # how many words stand before it
        self.in_group = False
        self.has_at = False  # whether "@" is among the words
        self.is_named = False  # whether there is more than white space among them

    def take(self, word: str) -> None:
        if word == ",":
            self.end_entry(text_follows=True)
        elif word == ";":
            self.end_entry(text_follows=True)
            self.end_group()
        elif word == ":" and self.angled is None and self.is_named and not self.has_at:
            self._begin_group()
        elif word[0] == "<" and (len(word) > 1):
            if self.angled is not None:  # a comma is missing between two addresses
                name = self.words[self.angled_at :]
                del self.words[self.angled_at :]
                self.end_entry(text_follows=False)
                self.words = name
                self.has_at = "@" in name
                self.is_named = any(not part.isspace() for part in name)
            self.angled = word[1:].removesuffix(">")
            self.angled_at = len(self.words)
        elif word != ">":
            self.words.append(word)
            # Kept, not looked up: a field may hold a hundred thousand words.
            self.has_at = self.has_at or word == "@"
            self.is_named = self.is_named or not word.isspace()

    def end_entry(self, *, text_follows: bool) -> None:
        if self.angled is None and text_follows and self.is_named and not self.has_at:
            # "Weber, Anna <a@x>" without quotes: the comma belongs to the name.
            self.words.append(",")
            return
        if self.angled is not None or self.is_named:
            self.entries.append(self._entry("".join(self.words).strip(" ,")))
        self.words, self.comments, self.angled = [], [], None
        self.has_at = self.is_named = False

    def end_group(self) -> None:
        if self.in_group:
            self.entries.append(Entry(None, None, None, None))
            self.in_group = False

    def _begin_group(self) -> None:
        self.end_group()
        name = encoded_word.decode(_undo_quotes("".join(self.words)).strip(" ,"))
        self.entries.append(Entry(None, None, name, None))
        self.words, self.comments = [], []
        self.has_at = self.is_named = False
        self.in_group = True

    def _entry(self, words: str) -> Entry:
        comment = " ".join(filter(None, (text.strip() for text in self.comments))) or None
        if self.angled is None:
            if not self.has_at:
                inside = _undo_quotes(words)
                if _SIMPLE.fullmatch(inside) and "@" in inside:  # the address itself is in quotes
                    local, _, domain = inside.strip().rpartition("@")
                    return Entry(comment, None, local, domain)
                return Entry(comment, None, inside, "")
            return self._bare(comment)
        route = _ROUTE.match(self.angled)
        address = self.angled[route.end() :] if route else self.angled
        local, domain = _halves(_joined(address))
        name = _undo_quotes(words).strip() or comment
        return Entry(name, route[1].strip() if route else None, local, domain)

    def _bare(self, comment: str | None) -> Entry:
        """An address without brackets, perhaps with a name beside it ("Anna a@x")."""
        words = self.words
        at = len(words) - 1 - words[::-1].index("@")
        begin, end = at, at
        while step := _step(words, begin, -1):
            begin -= step
        while step := _step(words, end, 1):
            end += step
        local, domain = _halves(_joined("".join(words[begin : end + 1])))
        before = "".join(words[:begin]).strip(" ,")
        after = "".join(words[end + 1 :]).strip(" ,")
        if after and domain and _is_torn(domain, after):
            domain, after = f"{domain} {after}", ""
        name = _undo_quotes(before or after) or comment
        return Entry(name, None, local, domain)


def _halves(address: str) -> tuple[str, str]:
    """Return local part and domain; what has no domain is kept as it stands ("anna@")."""
    local, at, domain = address.rpartition("@")
    if not (at and domain):
        return address, ""
    return _unquoted_local(local), domain


def _is_torn(domain: str, after: str) -> bool:
    """Whether a space stands within a domain ("anna@exa mple.org"), not before a name.

    To read a name there would send the message to somebody else.
    """
    return "." not in domain or _REST_OF_DOMAIN.match(after) is not None


def _step(words: list[str], at: int, direction: int) -> int:
    """Return how many words on from `at` belong to the same address: 0, 1, or 2.

    White space around "@" and "." is obsolete and allowed (RFC 5322 section 4.4).
    """
    ahead = at + direction
    if not 0 <= ahead < len(words):
        return 0
    if not words[ahead].isspace():
        return 1
    beyond = ahead + direction
    if 0 <= beyond < len(words) and (words[at] in {"@", "."} or words[beyond] in {"@", "."}):
        return 2
    return 0


class Wrong(enum.StrEnum):
    """Why no mail can be sent to what is meant as an address."""

    NO_AT = "no_at"  # no "@"
    NO_LOCAL = "no_local"  # nothing before it
    NO_DOMAIN = "no_domain"  # nothing behind it
    BAD_LOCAL = "bad_local"  # white space and the like, unquoted; or too long
    BAD_DOMAIN = "bad_domain"  # no domain name


def is_valid(address: str) -> bool:
    """Whether an address can be written to: `local@domain`, in the syntax of RFC 5321 and 6531."""
    return wrong(address) is None


def wrong(address: str) -> Wrong | None:
    """Return why an address cannot be written to, or None where it can."""
    local, at, domain = address.rpartition("@")
    if not at:
        return Wrong.NO_AT
    if not local:
        return Wrong.NO_LOCAL
    if not domain:
        return Wrong.NO_DOMAIN
    quoted = len(local) > 2 and local[0] == local[-1] == '"' and local.isprintable()
    is_long = len(address) > 254 or len(local.encode("utf-8", "replace")) > 64
    if is_long or not (quoted or _ATOM.fullmatch(local)):
        return Wrong.BAD_LOCAL
    return None if _is_domain(domain) else Wrong.BAD_DOMAIN


def _is_domain(domain: str) -> bool:
    if domain.startswith("[") and domain.endswith("]"):
        return len(domain) > 2 and domain.isascii() and domain.isprintable()
    labels = domain.split(".")
    return all(
        len(label) <= 63 and _DOMAIN_LABEL.fullmatch(label) and not label.endswith("-")
        for label in labels
    )


@functools.lru_cache(maxsize=1024)
def to_unicode(domain: str) -> str:
    """Return a domain with its A-labels in their own letters; one that is no IDN stays."""
    if "xn--" not in domain.lower():
        return domain
    return ".".join(map(_label_to_unicode, domain.split(".")))


def _label_to_unicode(label: str) -> str:
    if not label.lower().startswith("xn--"):
        return label
    import idna  # few domains need its tables, and a worker that begins is ready sooner without

    try:
        return idna.ulabel(label)
    except (idna.IDNAError, UnicodeError):
        return label


def to_ascii(domain: str) -> str | None:
    """Return a domain in A-labels (IDNA2008, UTS 46 mapping), or None when it has none."""
    if domain.isascii():
        return domain
    import idna  # as above

    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        return None


def _comment(text: str, at: int) -> tuple[str, int]:
    """Return a comment's text and the offset behind it; `at` is behind its parenthesis."""
    begin = at
    depth = 1
    while at < len(text):
        char = text[at]
        if char == "\\":
            at += 1
        elif char == "(":
            depth += 1
        elif char == ")":
            depth -= 1
            if depth == 0:
                return _QUOTED_PAIR.sub(r"\1", text[begin:at]), at + 1
        at += 1
    return text[begin:], len(text)


def _undo_quotes(text: str) -> str:
    """Return a phrase with its quoted strings undone."""
    if '"' not in text:
        return text
    text = re.sub(
        r'"((?>(?:[^"\\]|\\.)*))"?',
        lambda found: _QUOTED_PAIR.sub(r"\1", found[1]),
        text,
        flags=re.DOTALL,
    )
    return " ".join(text.split()) if "  " in text else text


def _unquoted_local(local: str) -> str:
    """Undo the quotes of a local part that does not need them ("anna"@x is anna@x)."""
    if len(local) > 2 and local[0] == local[-1] == '"' and _ATOM.fullmatch(local[1:-1]):
        return local[1:-1]
    return local


def _joined(address: str) -> str:
    """Drop the white space and comments obsolete syntax allows inside an address."""
    if "(" in address:
        out = []
        at = 0
        while (begin := address.find("(", at)) >= 0:
            out.append(address[at:begin])
            _, at = _comment(address, begin + 1)
        address = "".join([*out, address[at:]])
    if '"' in address:
        return address.strip()
    return "".join(address.split())


_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f\u0085\u2028\u2029]+")


def write(mailboxes: Iterable[Mailbox], *, utf8: bool = False) -> list[str]:
    """Return the words of an address field, for `header.fold`.

    Args:
        mailboxes: Whom to name; their addresses have to be valid.
        utf8: Write UTF-8 as it is (RFC 6532); otherwise names become encoded words and domains
            A-labels.

    Raises:
        ValueError: An address is not valid, or has to be written in UTF-8 and may not.
    """
    words: list[str] = []
    for box in mailboxes:
        if words:
            words[-1] += ","
        address = on_the_wire(box.address, utf8=utf8)
        name = _CONTROLS.sub(" ", box.name).strip()
        if not name:
            words.append(address)
            continue
        words.extend(_phrase(name, utf8=utf8))
        words.append(f"<{address}>")
    return words


def on_the_wire(address: str, *, utf8: bool = False) -> str:
    """Return an address as SMTP and header fields name it.

    Raises:
        ValueError: It is not valid, or needs UTF-8 (its local part is not ASCII) and may not.
    """
    if not is_valid(address):
        raise ValueError(f"{address!r} is not an address mail can be sent to")
    if address.isascii() or utf8:
        return address
    local, _, domain = address.rpartition("@")
    ascii_domain = to_ascii(domain)
    if ascii_domain is None:
        raise ValueError(f"{domain!r} is not a domain name")
    if not local.isascii():
        raise ValueError(f"{address!r} can only be written to through servers with SMTPUTF8")
    return f"{local}@{ascii_domain}"


def _phrase(name: str, *, utf8: bool) -> list[str]:
    if "=?" in name or not (name.isascii() or utf8):
        return encoded_word.encode(name)
    if _ATOMS.fullmatch(name) and len(name) <= 900:
        return name.split(" ")
    if len(name) > 70 and not utf8:
        return encoded_word.encode(name)
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return [f'"{escaped}"']
