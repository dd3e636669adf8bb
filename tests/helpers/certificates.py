"""Certificates of an authority that only the test trusts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import trustme

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path


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
