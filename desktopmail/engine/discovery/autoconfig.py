"""The autoconfig format of Mozilla: which servers a domain names for its addresses.

The XML is somebody else's: it is capped before it comes here, a document type (and with it every
entity) is refused, and what is not protected by TLS is left out, wherever it says a password goes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from desktopmail.door.commands import ServerSettings
from desktopmail.door.queries import DiscoveredAccount
from desktopmail.door.rows import Auth, Kind, Security

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_OCTETS = 256 * 1024
_SECURITY = {"SSL": Security.TLS, "STARTTLS": Security.STARTTLS}
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
_MAX_HOST = 253  # RFC 1035 section 2.3.4, as it is written
_PORT = re.compile(r"[0-9]{1,5}")
_MAX_PORT = 65535
_BROWSER_ONLY = (
    "The provider lets mail programs in by browser sign-in only, which this program does not do"
    " yet; ask whether it has app passwords."
)


def parse(octets: bytes, address: str, source: str) -> list[DiscoveredAccount]:
    """Return the accounts that a configuration names, in its order of preference.

    Raises:
        ValueError: It is no configuration; the text says what it is instead.
    """
    if len(octets) > MAX_OCTETS:
        raise ValueError("it is too large")
    builder = _Builder()
    try:
        root = ET.XML(octets, ET.XMLParser(target=builder))  # noqa: S314 - capped, without entities
    except (ET.ParseError, LookupError, ValueError) as error:
        if builder.has_doctype:
            raise ValueError("it declares a document type, which no configuration needs") from error
        raise ValueError("it is not well-formed XML") from error
    outgoing = _first(root.iterfind(".//outgoingServer[@type='smtp']"), address)
    if outgoing is None:
        raise ValueError("it names no outgoing server with TLS")
    found = []
    for element in root.iterfind(".//incomingServer"):
        kind = {"imap": Kind.IMAP, "pop3": Kind.POP3}.get(element.get("type", ""))
        incoming = _server(element, address)
        if kind is not None and incoming is not None:
            browser_only = _methods(element) == {"OAuth2"}
            found.append(
                DiscoveredAccount(
                    kind=kind,
                    incoming=incoming,
                    outgoing=outgoing,
                    source=source,
                    note=_BROWSER_ONLY if browser_only else "",
                    browser_only=browser_only,
                )
            )
    return found


class _Builder(ET.TreeBuilder):
    """Refuses a document type, in whatever charset it comes, before it can declare an entity."""

    has_doctype = False

    def doctype(self, _name: str, _public: str | None, _system: str | None) -> None:
        """Told by the parser at its beginning."""
        self.has_doctype = True
        raise ValueError


def _first(elements: Iterator[ET.Element], address: str) -> ServerSettings | None:
    for element in elements:
        server = _server(element, address)
        if server is not None:
            return server
    return None


def _server(element: ET.Element, address: str) -> ServerSettings | None:
    host = _filled(element.findtext("hostname", ""), address)
    port = element.findtext("port", "").strip()
    security = _SECURITY.get(element.findtext("socketType", "").strip())
    if security is None or len(host) > _MAX_HOST or not _HOST.fullmatch(host):
        return None
    if not _PORT.fullmatch(port) or not 0 < int(port) <= _MAX_PORT:
        return None
    auth = Auth.CRAM_MD5 if _methods(element) == {"password-encrypted"} else Auth.AUTO
    user = _filled(element.findtext("username", ""), address) or address
    if not user.isprintable():
        return None
    return ServerSettings(host=host, port=int(port), security=security, auth=auth, user=user)


def _methods(element: ET.Element) -> set[str]:
    return {(one.text or "").strip() for one in element.iterfind("authentication")}


def _filled(text: str, address: str) -> str:
    local, _, domain = address.rpartition("@")
    for name, value in (
        ("%EMAILADDRESS%", address),
        ("%EMAILLOCALPART%", local),
        ("%EMAILDOMAIN%", domain),
    ):
        text = text.replace(name, value)
    return text.strip()
