"""Authentication-Results as one honest sentence: who checked what, and what that proves (RFC 8601).

Only fields added by the receiver can be believed: the caller names the receiving server's
identifiers, and only the topmost fields count that come before the first Received of another host.
Without such a name nothing is claimed.
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
        if field.name.lower() != "authentication-results":
            continue
        claimed, found = parse(field.value)
        if not any(claimed == name or claimed.endswith(f".{name}") for name in names):
            continue
        if server and claimed != server:
            break
        server = claimed
        results.extend(found)
    sender = message.sender.domain
    if not results or not sender:
        text = "Nobody we know checked whether the sender's address is genuine."
        return Authentication(Verdict.UNKNOWN, server, sender, text, tuple(results))
    return _verdict(server, sender, tuple(results))


def _verdict(server: str, sender: str, results: tuple[Result, ...]) -> Authentication:
    passed = [one for one in results if one.result == "pass"]
    dmarc = next((one for one in results if one.method == "dmarc"), None)
    signed = [one.domain("header.d", "header.i") for one in passed if one.method == "dkim"]
    sent = [one.domain("smtp.mailfrom", "smtp.helo") for one in passed if one.method == "spf"]
    home = lookalike.registered(sender)
    aligned = [name for name in (*signed, *sent) if lookalike.registered(name) == home]
    if (dmarc is not None and dmarc.result == "pass") or aligned:
        sentence = f"{server} confirms that this message comes from {sender}."
        return Authentication(Verdict.PROVED, server, sender, sentence, results)
    failures = {"fail", "permerror", "softfail", "hardfail", "reject"}
    if (dmarc is not None and dmarc.result in failures) or any(
        one.method in {"spf", "dkim"} and one.result in failures for one in results
    ):
        sentence = f"{server} could not confirm {sender}: the sender's address may be forged."
        return Authentication(Verdict.FAILED, server, sender, sentence, results)
    others = [name for name in (*signed, *sent) if name]
    if others:
        sentence = f"{server} confirms {others[0]}, which is not the sender's domain {sender}."
        return Authentication(Verdict.OTHER_DOMAIN, server, others[0], sentence, results)
    sentence = f"{sender} gives {server} no means to tell whether the sender's address is genuine."
    return Authentication(Verdict.UNPROVED, server, sender, sentence, results)
