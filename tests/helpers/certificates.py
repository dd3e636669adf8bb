"""Certificates of an authority that only the test trusts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa


@dataclass(frozen=True, slots=True)
class Certificates:
    """PEM files for one server.

    Attributes:
        ca_file: The authority, for clients.
        certificate: The server's chain.
        key: Its key.
        authority: For issuing more.
    """

    ca_file: Path
    certificate: Path
    key: Path
    authority: trustme.CA


def make_certificates(
    folder: Path,
    *names: str,
    authority: trustme.CA | None = None,
    not_after: datetime | None = None,
) -> Certificates:
    """Write the files for a server of these names (`localhost` when none are given)."""
    folder.mkdir(parents=True, exist_ok=True)
    authority = authority or trustme.CA()
    issued = authority.issue_cert(
        *(names or ("localhost", "127.0.0.1", "::1")), not_after=not_after
    )
    files = Certificates(folder / "ca.pem", folder / "cert.pem", folder / "key.pem", authority)
    authority.cert_pem.write_to_path(files.ca_file)
    issued.private_key_pem.write_to_path(files.key)
    files.certificate.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    return files


def self_signed(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey,
    algorithm: hashes.SHA256 | hashes.SHA384 | hashes.SHA512 | None,
    *names: x509.GeneralName,
    common_name: str = "mail.example.org",
) -> bytes:
    """Make a certificate that signs itself; returns its DER form.

    Args:
        key: Its key.
        algorithm: By which it is signed; None for keys that have their own.
        names: Its subjectAltName; it has none without any.
        common_name: Its CN.
    """
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)])
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=365))
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(key, algorithm).public_bytes(serialization.Encoding.DER)
