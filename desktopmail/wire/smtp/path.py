"""Mailboxes and paths: who sends, who receives (RFC 5321 section 4.1.2, with RFC 6531)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from desktopmail.wire.smtp.limits import (
    MAX_DOMAIN_OCTETS,
    MAX_LOCAL_PART_OCTETS,
    MAX_PATH_OCTETS,
)

if TYPE_CHECKING:
    from typing import Final

# Path           = "<" [ A-d-l ":" ] Mailbox ">"
# A-d-l          = At-domain *( "," At-domain )       ; the source route: recognised, and dropped
# Mailbox        = Local-part "@" ( Domain / address-literal )
# Local-part     = Dot-string / Quoted-string
# Dot-string     = Atom *("." Atom)
# Quoted-string  = DQUOTE *QcontentSMTP DQUOTE
# QcontentSMTP   = qtextSMTP / quoted-pairSMTP
# quoted-pairSMTP = %d92 %d32-126
# qtextSMTP      = %d32-33 / %d35-91 / %d93-126
# Domain         = sub-domain *("." sub-domain)
# sub-domain     = Let-dig [Ldh-str]
# address-literal = "[" ( IPv4 / "IPv6:" IPv6 / General ) "]"
# RFC 6531 section 3.3: atext, qtextSMTP and sub-domain =/ UTF8-non-ascii / U-label
#
# An underscore in a domain is not in the grammar, but names with it receive mail.
#
# Classes are written as what they exclude: a range up to U+10FFFF takes 10 ms to compile.
_ATOM: Final = r"[^\x00-\x20\x7f\"(),.:;<>@\[\\\]]+"
_DOT_STRING: Final = rf"{_ATOM}(?:\.{_ATOM})*"
_QUOTED: Final = r'"(?:[^\x00-\x1f\x7f"\\]|\\[ -~])*"'
_LET_DIG: Final = r"[^\x00-/:-@\[-^`{-\x7f]"
_LET_DIG_HYPHEN: Final = r"[^\x00-,./:-@\[-^`{-\x7f]"
_LABEL: Final = rf"{_LET_DIG}(?:{_LET_DIG_HYPHEN}*{_LET_DIG})?"
_DOMAIN: Final = rf"{_LABEL}(?:\.{_LABEL})*"
_LITERAL: Final = r"\[(?:[A-Za-z0-9-]*[A-Za-z0-9]:)?[!-Z^-~]+\]"
_MAILBOX = re.compile(
    rf"(?P<local>{_DOT_STRING}|(?P<quoted>{_QUOTED}))@(?P<domain>{_DOMAIN}|{_LITERAL})"
)
_ROUTE: Final = rf"@(?:{_DOMAIN}|{_LITERAL})"
# Where a path ends inside an argument: at the first ">" that stands in no quotes. No octet is
# looked at twice, whatever a client quotes.
PATH_ENDS: Final = r"<[^\">]*+(?>(?:\"(?>(?:[^\"\\]|\\.)*)\"[^\">]*+)*)>"
_PATH = re.compile(rf"<(?:{_ROUTE}(?:,{_ROUTE})*:)?(?P<mailbox>[^<>]*|[^<>\"]*{_QUOTED}[^<>]*)>")
_DOMAIN_ALONE = re.compile(rf"{_DOMAIN}|{_LITERAL}")
_DOT_STRING_ALONE = re.compile(_DOT_STRING)
_IPV4: Final = re.compile(r"\[[0-9]{1,3}(?:\.[0-9]{1,3}){3}\]")


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An address.

    Attributes:
        local: The local part as it is meant, without quotes.
        domain: A domain, or an address literal in its brackets; empty only for `Postmaster`.
    """

    local: str
    domain: str
    # It is written for every message that somebody sends or gets, and is made once.
    _text: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        local = self.local
        if not _DOT_STRING_ALONE.fullmatch(local):
            escaped = local.replace("\\", "\\\\").replace('"', '\\"')
            local = f'"{escaped}"'
        object.__setattr__(self, "_text", f"{local}@{self.domain}" if self.domain else local)

    @classmethod
    def parse(cls, text: str) -> Mailbox:
        """Read `local@domain`.

        Raises:
            ValueError: It is none; the message is a sentence for people.
        """
        return _parse_mailbox(text)

    @property
    def ascii(self) -> bool:
        """Whether it can be sent without SMTPUTF8."""
        return self.local.isascii() and self.domain.isascii()

    @property
    def qualified(self) -> bool:
        """Whether the domain is a literal or has at least two labels."""
        return self.domain.startswith("[") or "." in self.domain.strip(".")

    def __str__(self) -> str:
        return self._text


@lru_cache(maxsize=1024)
def _parse_mailbox(text: str) -> Mailbox:
    match = _MAILBOX.fullmatch(text)
    if match is None:
        if "@" not in text:
            raise ValueError("The address has no domain.")
        raise ValueError("The address is malformed.")
    local, domain = match["local"], match["domain"]
    if match["quoted"] is not None:
        local = re.sub(r"\\(.)", r"\1", local[1:-1])
    if len(match["local"].encode()) > MAX_LOCAL_PART_OCTETS:
        raise ValueError(f"The local part is longer than {MAX_LOCAL_PART_OCTETS} octets.")
    check_domain(domain)
    return Mailbox(local, domain)


def check_domain(text: str) -> None:
    """Refuse what is no domain and no address literal.

    Raises:
        ValueError: With a sentence for people.
    """
    if not _DOMAIN_ALONE.fullmatch(text):
        raise ValueError("The domain is malformed.")
    if len(text.encode()) > MAX_DOMAIN_OCTETS:
        raise ValueError(f"The domain is longer than {MAX_DOMAIN_OCTETS} octets.")
    if text.startswith("["):
        if _IPV4.fullmatch(text):
            if any(int(part) > 255 for part in text[1:-1].split(".")):
                raise ValueError("The address literal is no IPv4 address.")
        elif ":" not in text:
            raise ValueError("The address literal has no tag.")
    elif any(len(label.encode()) > 63 for label in text.split(".") if label.isascii()):
        raise ValueError("A label of the domain is longer than 63 octets.")


def parse_reverse_path(text: str) -> Mailbox | None:
    """Read the path of MAIL: `<>` is None.

    Raises:
        ValueError: With a sentence for people.
    """
    return None if text == "<>" else _parse_path(text)


def parse_forward_path(text: str) -> Mailbox:
    """Read the path of RCPT: `<Postmaster>` needs no domain (section 4.5.1).

    Raises:
        ValueError: With a sentence for people.
    """
    if text.lower() == "<postmaster>":
        return Mailbox(text[1:-1], "")
    return _parse_path(text)


def _parse_path(text: str) -> Mailbox:
    if not text.startswith("<") or not text.endswith(">"):
        raise ValueError("Write the address in angle brackets.")
    match = _PATH.fullmatch(text)
    if match is None:
        raise ValueError("The path is malformed.")
    # The limit holds for what remains: a source route is dropped anyway (appendix C).
    if len(match["mailbox"].encode()) + 2 > MAX_PATH_OCTETS:
        raise ValueError(f"The path is longer than {MAX_PATH_OCTETS} octets.")
    return _parse_mailbox(match["mailbox"])


def encode_path(mailbox: Mailbox | None) -> str:
    """Return the path with its angle brackets; None is the null reverse-path."""
    return "<>" if mailbox is None else f"<{mailbox}>"
