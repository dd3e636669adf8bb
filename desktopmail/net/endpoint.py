"""Where a server is, and how the connection to it is protected."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from desktopmail.net.tls import ClientTls

if TYPE_CHECKING:
    from pathlib import Path


class Security(StrEnum):
    """How a connection is protected."""

    TLS = "tls"  # from the first octet (RFC 8314)
    STARTTLS = "starttls"  # a command turns it on; without it nothing is said (STLS in POP3)
    NONE = "none"  # in the clear


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A server of one account.

    Attributes:
        host: Host name (may be IDN) or address literal without brackets.
        port: TCP port.
        security: How the connection is protected; there is no fall-back to less.
        ca_file: PEM file with further trusted authorities, beside those of the system.
        pins: SHA-256 digests (32 octets) of certificates in DER, any one of which is accepted in
            place of a valid chain, for this host and port alone.
        domains: Further names the certificate may be for: the domain of the user's mail address,
            when the host was found by discovery (RFC 7817 section 3).
        services: The services of RFC 6186 that the certificate may name for one of `domains`,
            without underscore (`pop3s`).
        certificate: PEM file with a certificate of ours, for SASL EXTERNAL, or None.
        key: PEM file with its key; None when it stands in the same file.
        inspect: Only look at the certificate: the connection always fails, with a `TlsError` of
            code `tls-inspected` that carries it.
        timeout_s: Seconds for each step of connecting.
    """

    host: str
    port: int
    security: Security = Security.TLS
    ca_file: Path | None = None
    pins: tuple[bytes, ...] = ()
    domains: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    certificate: Path | None = None
    key: Path | None = None
    inspect: bool = False
    timeout_s: float = 30.0

    @property
    def authority(self) -> str:
        """The `host:port` of messages; IPv6 addresses stand in brackets."""
        return join_host_port(self.host, self.port)

    @property
    def client_tls(self) -> ClientTls:
        """The TLS settings for this server."""
        return ClientTls(
            self.host,
            ca_file=self.ca_file,
            pins=self.pins,
            domains=self.domains,
            services=self.services,
            certificate=self.certificate,
            key=self.key,
            inspect=self.inspect,
        )

    @classmethod
    def parse(
        cls, text: str, security: Security = Security.TLS, *, ca_file: Path | None = None
    ) -> Endpoint:
        """Read `HOST:PORT`, with an IPv6 address as `[::1]:993`.

        Raises:
            ValueError: It is not of that form; the text is a sentence.
        """
        host, port = split_host_port(text)
        return cls(host, port, security, ca_file=ca_file)


def join_host_port(host: str, port: int) -> str:
    """`host:port`, with brackets round an IPv6 address."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def split_host_port(text: str) -> tuple[str, int]:
    """Split `HOST:PORT` or `[IPv6]:PORT`.

    Raises:
        ValueError: It is not of that form; the text is a sentence.
    """
    host, colon, digits = text.rpartition(":")
    if not colon or not digits.isascii() or not digits.isdigit() or not 0 < int(digits) < 65536:
        raise ValueError(f"“{text}” is not HOST:PORT with a port from 1 to 65535.")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
        try:
            ipaddress.IPv6Address(host.partition("%")[0])
        except ValueError as error:
            raise ValueError(f"“{host}” in brackets is not an IPv6 address.") from error
    elif ":" in host:
        raise ValueError(f"Write the IPv6 address of “{text}” in brackets, as [::1]:993.")
    if not host or any(char.isspace() or not char.isprintable() for char in host):
        raise ValueError(f"“{text}” names no host before its port.")
    return host, int(digits)
