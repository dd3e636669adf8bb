"""Authentication-Results as one honest sentence: who checked what, and what that proves (RFC 8601).

Only fields added by the receiver can be believed: the caller names the receiving servers, and only
fields count that stand above the first Received of any other host. The first word on SPF and DMARC
beats later ones, and a failed DMARC beats everything. Without a name nothing is claimed.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from desktopmail.mime import lookalike

if TYPE_CHECKING:
    from collections.abc import Iterable

    from desktopmail.mime.message import Message

# authres-header-field = "Authentication-Results:" [CFWS] authserv-id [CFWS authres-version]
#     ( no-result / 1*resinfo )
_SERVER = re.compile(r"\s*([^\s;]+)(?:\s+[0-9]+)?\s*(?:;|$)")
_RESULT = re.compile(r"\s*([A-Za-z][A-Za-z0-9-]*)\s*(?:/\s*[0-9]+)?\s*=\s*([A-Za-z]+)")
_PROPERTY = re.compile(r"([A-Za-z]+)\s*\.\s*([A-Za-z0-9_-]+)\s*=\s*(\"[^\"]*\"|[^\s;]+)")
_BY = re.compile(r"\bby\s+([^\s;()]+)", re.IGNORECASE)
_FAILURES = frozenset({"fail", "permerror", "softfail", "hardfail", "reject"})
_COMMENT = re.compile(r"\([^()]*\)")


class Verdict(enum.Enum):
    """What the checks of the receiver mean for the sender's address."""

    PROVED = "proved"
    FAILED = "failed"
    OTHER_DOMAIN = "other domain"
    UNPROVED = "unproved"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Result:
    """One result: `dkim=pass header.d=example.org`."""

    method: str
    result: str
    properties: tuple[tuple[str, str], ...]

    def domain(self, *names: str) -> str:
        """Return the domain of the first property of those names, or nothing."""
        for name, value in self.properties:
            if name in names:
                return value.rpartition("@")[2].strip("<>").lower()
        return ""


@dataclass(frozen=True, slots=True)
class Authentication:
    """What the receiver found out.

    Attributes:
        verdict: What it means.
        server: Who checked.
        domain: The domain that was proved, or that failed.
        sentence: All that in one English sentence, to be translated by `verdict` and `domain`.
        results: The single results.
    """

    verdict: Verdict
    server: str
    domain: str
    sentence: str
    results: tuple[Result, ...]


def parse(value: str) -> tuple[str, tuple[Result, ...]]:
    """Return the server and the results of an Authentication-Results field; never fails."""
    for _ in range(4):  # comments may be nested
        value = _COMMENT.sub(" ", value)
    server = _SERVER.match(value)
    if server is None:
        return "", ()
    results = []
    for piece in value[server.end() :].split(";"):
        found = _RESULT.match(piece)
        if found:
            properties = tuple(
                (f"{kind.lower()}.{name.lower()}", text.strip('"'))
                for kind, name, text in _PROPERTY.findall(piece[found.end() :])
            )
            results.append(Result(found[1].lower(), found[2].lower(), properties))
    return server[1].lower(), tuple(results)


def judge(message: Message, trusted: Iterable[str]) -> Authentication:
    """Return what the receiver's checks say about the sender; never fails.

    Args:
        message: The message.
        trusted: Names of servers whose word counts: the account's own ("mx.example.org"). A name
            covers its subdomains.
    """
    names = tuple(name.lower() for name in trusted)
    server = ""
    results: list[Result] = []
    for field in message.header.fields:
        name = field.name.lower()
        if name == "received":
            by = _BY.search(field.value)
            if results or by is None or not _is_one_of(by[1].lower(), names):
                break  # below stands what the sender wrote
        elif name == "authentication-results":
            claimed, found = parse(field.value)
            if not _is_one_of(claimed, names):
                continue
            server = server or claimed
            results.extend(found)
    sender = message.sender.domain
    if not results or not sender:
        text = "Nobody we know checked whether the sender's address is genuine."
        return Authentication(Verdict.UNKNOWN, server, sender, text, tuple(results))
    return _verdict(server, sender, tuple(results))


def _is_one_of(host: str, names: tuple[str, ...]) -> bool:
    return any(host == name or host.endswith(f".{name}") for name in names)


def _verdict(server: str, sender: str, results: tuple[Result, ...]) -> Authentication:
    dmarc = next((one.result for one in results if one.method == "dmarc"), "")
    spf = next((one for one in results if one.method == "spf"), Result("spf", "none", ()))
    signatures = [one for one in results if one.method == "dkim"]
    signed = [one.domain("header.d", "header.i") for one in signatures if one.result == "pass"]
    sent = [spf.domain("smtp.mailfrom", "smtp.helo")] if spf.result == "pass" else []
    home = lookalike.registered(sender)
    is_aligned = any(lookalike.registered(name) == home for name in (*signed, *sent))
    if dmarc == "pass" or (is_aligned and dmarc not in _FAILURES):
        sentence = f"{server} confirms that this message comes from {sender}."
        return Authentication(Verdict.PROVED, server, sender, sentence, results)
    if dmarc in _FAILURES or any(one.result in _FAILURES for one in (spf, *signatures)):
        sentence = f"{server} could not confirm {sender}: the sender's address may be forged."
        return Authentication(Verdict.FAILED, server, sender, sentence, results)
    others = [name for name in (*signed, *sent) if name]
    if others:
        sentence = f"{server} confirms {others[0]}, which is not the sender's domain {sender}."
        return Authentication(Verdict.OTHER_DOMAIN, server, others[0], sentence, results)
    sentence = f"{sender} gives {server} no means to tell whether the sender's address is genuine."
    return Authentication(Verdict.UNPROVED, server, sender, sentence, results)
