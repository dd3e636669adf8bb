"""A certificate authority and a certificate of one's own: made at first start, renewed in time."""

from __future__ import annotations

import ipaddress
import os
import socket
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from desktopmail.net.identity import to_a_label

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

CA_FILE: Final = "ca.pem"
CA_KEY_FILE: Final = "ca.key"
CERTIFICATE_FILE: Final = "server.pem"
KEY_FILE: Final = "server.key"

_CA_LIFE: Final = timedelta(days=3650)
# Browsers and Apple's mail refuse longer ones, even of a private authority.
_LIFE: Final = timedelta(days=397)
_RENEWED_BEFORE: Final = timedelta(days=30)
# Clocks of test machines and containers are off.
_BACKDATED: Final = timedelta(days=1)


def wanted_names(domain: str, host: str) -> list[str]:
    """Return every name a client may use for this server, without doubles."""
    names = [domain, "localhost", "127.0.0.1", "::1", socket.gethostname()]
    if host not in {"0.0.0.0", "::", ""}:  # noqa: S104  a wildcard is no name
        names.append(host)
    return list(dict.fromkeys(name.lower() for name in names if _is_host(name)))


def _is_host(name: str) -> bool:
    try:
        to_a_label(name)
    except ValueError:  # a machine may be called anything
        return False
    return True


def ensure(folder: Path, names: Iterable[str], now: datetime) -> bool:
    """Make or renew what is missing, expires soon, or names too little.

    Args:
        folder: Where the four files are.
        names: Host names and addresses the certificate has to be for.
        now: Aware.

    Returns:
        Whether a new certificate was made. The authority stays as long as it is valid, so that who
        trusts it goes on to trust it.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    ca, ca_key = _load(folder / CA_FILE, folder / CA_KEY_FILE)
    if ca is None or ca_key is None or ca.not_valid_after_utc - now < _LIFE:
        ca, ca_key = _make_authority(now)
        _save(folder / CA_FILE, folder / CA_KEY_FILE, [ca], ca_key)
        certificate = None
    else:
        certificate, _ = _load(folder / CERTIFICATE_FILE, folder / KEY_FILE)
    wanted = list(names)
    if certificate is not None and _serves(certificate, ca, wanted, now):
        return False
    fresh, key = _make_certificate(ca, ca_key, wanted, now)
    _save(folder / CERTIFICATE_FILE, folder / KEY_FILE, [fresh, ca], key)
    return True


def make_wrong(folder: Path, now: datetime) -> None:
    """Make a certificate that no client may accept: another authority's, for another name."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    ca, ca_key = _make_authority(now)
    wrong, key = _make_certificate(ca, ca_key, ["wrong.example"], now)
    _save(folder / CERTIFICATE_FILE, folder / KEY_FILE, [wrong, ca], key)


@dataclass(frozen=True, slots=True)
class CertificateInfo:
    """What a certificate says.

    Attributes:
        names: Host names and addresses it is for, sorted.
        issuer: Distinguished name of who signed it.
        not_before: From then on.
        not_after: Until then.
        sha256: Fingerprint in hex digits.
    """

    names: list[str]
    issuer: str
    not_before: datetime
    not_after: datetime
    sha256: str


def describe(certificate_file: Path) -> CertificateInfo:
    """Read the first certificate of a PEM file."""
    found = x509.load_pem_x509_certificate(certificate_file.read_bytes())
    return CertificateInfo(
        sorted(_presented(found)),
        found.issuer.rfc4514_string(),
        found.not_valid_before_utc,
        found.not_valid_after_utc,
        found.fingerprint(hashes.SHA256()).hex(),
    )


def _serves(
    certificate: x509.Certificate, ca: x509.Certificate, names: list[str], now: datetime
) -> bool:
    return (
        certificate.not_valid_after_utc - now > _RENEWED_BEFORE
        and certificate.not_valid_before_utc <= now
        and certificate.issuer == ca.subject
        and {_shown(_general_name(name)) for name in names} <= _presented(certificate)
    )


def _shown(name: x509.GeneralName) -> str:
    return str(name.value)


def _presented(certificate: x509.Certificate) -> set[str]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:  # an old one of somebody's own: its subject is all it says
        subject = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return {str(each.value) for each in subject}
    addresses = {str(address) for address in found.get_values_for_type(x509.IPAddress)}
    return addresses | set(found.get_values_for_type(x509.DNSName))


def _load(
    certificate: Path, key: Path
) -> tuple[x509.Certificate | None, ec.EllipticCurvePrivateKey | None]:
    """Read a pair of files; what is missing or not to be read is made anew."""
    try:
        loaded = x509.load_pem_x509_certificate(certificate.read_bytes())
        private = serialization.load_pem_private_key(key.read_bytes(), None)
    except (OSError, ValueError):
        return None, None
    if not isinstance(private, ec.EllipticCurvePrivateKey):
        return None, None
    if loaded.public_key() != private.public_key():
        return None, None  # stopped between the two files
    return loaded, private


def _make_authority(now: datetime) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    serial = x509.random_serial_number()
    # Its own name each time: a client that knows an older one of the same name would mix them up.
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, f"localserver CA {serial % 10**8:08d}"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "localserver on this machine"),
        ]
    )
    usage = x509.KeyUsage(
        digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip
    builder = (
        x509.CertificateBuilder(name, name, key.public_key(), serial)
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + _CA_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return builder.sign(key, hashes.SHA256()), key


def _make_certificate(
    ca: x509.Certificate, ca_key: ec.EllipticCurvePrivateKey, names: list[str], now: datetime
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, to_a_label(names[0])[:64])])
    ca_id = x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key())
    builder = (
        x509.CertificateBuilder(ca.subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + _LIFE)
        .add_extension(x509.SubjectAlternativeName(map(_general_name, names)), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(ca_id), critical=False
        )
    )
    return builder.sign(ca_key, hashes.SHA256()), key


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(to_a_label(name))


def _save(
    certificate_file: Path,
    key_file: Path,
    chain: list[x509.Certificate],
    key: ec.EllipticCurvePrivateKey,
) -> None:
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    _replace(key_file, private, 0o600)
    octets = b"".join(each.public_bytes(serialization.Encoding.PEM) for each in chain)
    _replace(certificate_file, octets, 0o644)


def _replace(path: Path, octets: bytes, mode: int) -> None:
    fresh = path.with_suffix(path.suffix + ".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
        file.write(octets)
    fresh.replace(path)
