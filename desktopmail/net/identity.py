"""Is this certificate for the server we meant? (RFC 7817, RFC 6125)."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, cast

import idna

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# id-on-dnsSRV, RFC 4985: otherName of a subjectAltName, an IA5String "_Service.Name".
_SRV_NAME = "1.3.6.1.5.5.7.8.7"
_IA5_STRING = 0x16


def to_a_label(host: str) -> str:
    """The form a host name has on the wire: A-labels, lower case, no dot at the end.

    Raises:
        ValueError: It is neither a host name nor an address.
    """
    host = host.strip().rstrip(".")
    if is_address(host):
        return host.lower()
    if host.isascii():
        # Names in use have underscores and labels idna would refuse; the resolver has the last
        # word.
        if not host or any(not label or len(label) > 63 for label in host.split(".")):
            raise ValueError(f"“{host}” is not a host name")
        return host.lower()
    return idna.encode(host, uts46=True).decode("ascii")


def is_address(host: str) -> bool:
    """Whether it is an IPv4 or IPv6 address."""
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def wrong_name(
    der: bytes, dns: tuple[str, ...], srv: tuple[str, ...] = (), services: tuple[str, ...] = ()
) -> str | None:
    """Match a certificate against the names it may be for (RFC 7817 section 3).

    Only subjectAltName counts: DNS-ID, with "*" alone as the left-most label; IP addresses; SRV-ID.
    A common name (CN-ID) is not looked at, which the RFC allows.

    Args:
        der: The certificate.
        dns: Reference identifiers for DNS-ID and addresses.
        srv: Domains for SRV-ID.
        services: Services for SRV-ID, without the underscore (`imaps`).

    Returns:
        None when it matches, else what is wrong ("is for a.example, not for b.example").
    """
    from cryptography import x509  # it takes 9 MB, and most certificates are matched without

    certificate = x509.load_der_x509_certificate(der)
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return "names no host"
    presented = [name.lower() for name in names.get_values_for_type(x509.DNSName)]
    addresses = list(map(str, names.get_values_for_type(x509.IPAddress)))
    srv_names = [
        text
        for other in names.get_values_for_type(x509.OtherName)
        if other.type_id.dotted_string == _SRV_NAME
        for text in [_ia5(other.value)]
    ]
    if _covers(presented, addresses, dns):
        return None
    for domain in srv:
        if {f"_{service}.{to_a_label(domain)}" for service in services} & set(srv_names):
            return None
    shown = ", ".join([*presented, *addresses, *srv_names]) or "nobody"
    return f"is for {shown}, not for {' or '.join(dns)}"


def is_for_host(certificate: Mapping[str, object], dns: tuple[str, ...]) -> bool:
    """Whether a certificate is for one of these hosts, by what OpenSSL tells of it.

    It does not tell SRV-IDs: what this does not find may still be right (`wrong_name`).

    Args:
        certificate: As `ssl.SSLObject.getpeercert` gives it; empty where nothing is told.
        dns: Reference identifiers for DNS-ID and addresses.
    """
    names = cast("tuple[tuple[str, str], ...]", certificate.get("subjectAltName", ()))
    presented = [value.lower() for kind, value in names if kind == "DNS"]
    told = [value for kind, value in names if kind == "IP Address"]
    addresses = [str(ipaddress.ip_address(value)) for value in told if is_address(value)]
    return _covers(presented, addresses, dns)


def _covers(presented: Sequence[str], addresses: Sequence[str], dns: tuple[str, ...]) -> bool:
    for reference in dns:
        wanted = to_a_label(reference)
        if is_address(wanted):
            if str(ipaddress.ip_address(wanted.partition("%")[0])) in addresses:
                return True
        elif any(matches(pattern, wanted) for pattern in presented):
            return True
    return False


def matches(pattern: str, host: str) -> bool:
    """Whether a presented DNS-ID covers a host; "*" stands for one whole left-most label."""
    pattern = pattern.rstrip(".").lower()
    if not pattern.startswith("*."):
        return pattern == host
    label, dot, rest = host.partition(".")
    # "*.org" would cover too much, and "xn--" is not left to a wildcard (RFC 6125 section 7.2).
    return bool(label and dot) and rest == pattern[2:] and "." in rest


def _ia5(value: bytes) -> str:
    # DER of a short IA5String: 0x16, length, octets.
    if len(value) >= 2 and value[0] == _IA5_STRING and value[1] == len(value) - 2:
        return value[2:].decode("ascii", "replace").lower()
    return ""
