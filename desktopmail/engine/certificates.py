"""Certificates as people compare them: who, by whom, for which names, until when, which digest."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography import x509

_SHOWN_NAMES = 8


@dataclass(frozen=True, slots=True)
class Certificate:
    """What of a certificate is shown.

    Attributes:
        names: The hosts and addresses it is for, joined.
        valid: From when to when, in UTC.
        fingerprint: SHA-256 of its DER form, in hex.
    """

    subject: str
    issuer: str
    names: str
    valid: str
    fingerprint: str

    @classmethod
    def read(cls, der: bytes) -> Certificate:
        """Read the DER form; what cannot be read is shown by its fingerprint alone."""
        from cryptography import x509  # it takes 9 MB, and few certificates are shown

        fingerprint = hashlib.sha256(der).hexdigest()
        try:
            found = x509.load_der_x509_certificate(der)
            return cls(
                subject=found.subject.rfc4514_string() or "nobody",
                issuer=found.issuer.rfc4514_string() or "nobody",
                names=_names(found),
                valid=f"{found.not_valid_before_utc:%F} to {found.not_valid_after_utc:%F}",
                fingerprint=fingerprint,
            )
        except ValueError:
            unreadable = "not readable"
            return cls(unreadable, unreadable, unreadable, unreadable, fingerprint)

    def lines(self) -> list[tuple[str, str]]:
        """What it is called, and what it says."""
        return [
            ("subject", self.subject),
            ("issuer", self.issuer),
            ("names", self.names),
            ("valid", self.valid),
            ("SHA-256", spaced(self.fingerprint)),
        ]


def difference(before: bytes | None, now: bytes) -> str:
    """Show a certificate beside the one that was seen before, one thing a line."""
    new = Certificate.read(now)
    if before is None:
        return "\n".join(f"{name}: {value}" for name, value in new.lines())
    old = Certificate.read(before)
    rows = []
    for (name, was), (_, value) in zip(old.lines(), new.lines(), strict=True):
        rows.append(f"{name}: {value}" if was == value else f"{name}: {value} (before: {was})")
    return "\n".join(rows)


def advice(where: str) -> str:
    """What to do before a certificate is accepted for this host and port."""
    return f"Compare its fingerprint with your provider's before you accept it for {where}."


def spaced(fingerprint: str) -> str:
    """A fingerprint in groups of four digits: so that two can be compared by eye."""
    return " ".join(fingerprint[at : at + 4] for at in range(0, len(fingerprint), 4))


def _names(certificate: x509.Certificate) -> str:
    from cryptography import x509

    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return "none"
    names = found.get_values_for_type(x509.DNSName)
    names += [str(address) for address in found.get_values_for_type(x509.IPAddress)]
    more = f" and {len(names) - _SHOWN_NAMES} more" if len(names) > _SHOWN_NAMES else ""
    return ", ".join(names[:_SHOWN_NAMES]) + more if names else "none"
