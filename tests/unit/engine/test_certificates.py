"""Two certificates side by side, as a person compares them."""

from __future__ import annotations

import hashlib
import ssl
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from desktopmail.engine.certificates import Certificate, difference, spaced
from tests.helpers.certificates import make_certificates

if TYPE_CHECKING:
    from pathlib import Path


def der_of(folder: Path, *names: str) -> bytes:
    pem = make_certificates(folder, *names, not_after=datetime(2030, 5, 17, tzinfo=UTC))
    first = pem.certificate.read_text().split("-----END CERTIFICATE-----")[0]
    return ssl.PEM_cert_to_DER_cert(first + "-----END CERTIFICATE-----\n")


def test_it_says_who_by_whom_for_what_until_when_and_which(tmp_path: Path) -> None:
    der = der_of(tmp_path, "mail.example.org", "192.0.2.7")
    shown = dict(Certificate.read(der).lines())
    assert shown["names"] == "mail.example.org, 192.0.2.7"
    assert shown["valid"].endswith(" to 2030-05-17")
    assert "trustme" in shown["issuer"]
    assert shown["SHA-256"].replace(" ", "") == hashlib.sha256(der).hexdigest()


def test_what_differs_stands_beside_what_it_was(tmp_path: Path) -> None:
    old, new = der_of(tmp_path / "a", "mail.example.org"), der_of(tmp_path / "b", "evil.example")
    lines = difference(old, new).splitlines()
    assert "names: evil.example (before: mail.example.org)" in lines
    assert any(line.startswith("SHA-256: ") and "(before: " in line for line in lines)
    assert difference(new, new) == difference(None, new)


def test_what_is_no_certificate_is_shown_by_its_digest() -> None:
    shown = Certificate.read(b"nonsense")
    assert shown.subject == "not readable"
    assert shown.fingerprint == hashlib.sha256(b"nonsense").hexdigest()
    assert spaced("0123456789") == "0123 4567 89"


def test_many_names_are_not_all_shown(tmp_path: Path) -> None:
    der = der_of(tmp_path, *(f"m{n}.example.org" for n in range(12)))
    assert Certificate.read(der).names.endswith("m7.example.org and 4 more")
