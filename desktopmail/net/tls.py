"""What a connection needs to know about TLS: whom to trust, what to show, what came out of it."""

from __future__ import annotations

import hashlib
import ssl
import sys
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, cast

import truststore

from desktopmail.net.errors import TlsError
from desktopmail.net.identity import is_address, is_for_host, to_a_label, wrong_name

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HANDSHAKE_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class TlsInfo:
    """What a handshake agreed on.

    Attributes:
        version: `"TLSv1.3"`, `"TLSv1.2"`.
        cipher: Its name.
        peer_certificate: DER of the other side's certificate, or None when it sent none.
        server_certificate: DER of the server's certificate, be it ours.
        pinned: Whether the certificate was accepted because it is pinned, not because it is valid.
    """

    version: str
    cipher: str
    peer_certificate: bytes | None
    server_certificate: bytes
    pinned: bool = False

    @property
    def end_point(self) -> bytes | None:
        """See `server_end_point`; it is worked out when it is asked for."""
        return server_end_point(self.server_certificate)


@dataclass(frozen=True, slots=True)
class ClientTls:
    """How we check a server; there is no way to check nothing.

    Attributes:
        server_name: Host name or address as the user typed it; it goes into SNI and is checked by
            RFC 7817.
        ca_file: PEM file with further trusted authorities, beside those of the system.
        pins: SHA-256 digests of certificates in DER. When there are any, one of them is accepted
            and nothing else, whatever its chain, dates and names: the only exception there is.
        domains: Further reference identifiers (RFC 7817 section 3), each as DNS-ID and, with a
            service of `services`, as SRV-ID.
        services: The names of RFC 6186 for SRV-ID: `imaps`, `imap`, `pop3s`, `pop3`, `submission`.
        inspect: Look at the certificate only; the handshake always ends in `TlsError`
            (`tls-inspected`), so nothing is ever sent to a server that was not checked.
        timeout_s: Seconds for the handshake.
        certificate: PEM file with a certificate of ours and its chain (SASL EXTERNAL), or None.
        key: PEM file with its key; None when it stands in the same file.
    """

    server_name: str
    ca_file: Path | None = None
    pins: tuple[bytes, ...] = ()
    domains: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    inspect: bool = False
    timeout_s: float = HANDSHAKE_TIMEOUT_S
    certificate: Path | None = None
    key: Path | None = None

    def open(self, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO) -> ssl.SSLObject:
        """Make the client side of a handshake.

        Raises:
            TlsError: The name is no host name, or the CA file cannot be read.
        """
        try:
            name = to_a_label(self.server_name)
        except ValueError as error:
            raise TlsError(
                f"“{self.server_name}” is not a host name.", remedy="Correct it.", code="tls-name"
            ) from error
        if is_address(name):
            name = name.partition("%")[0]  # no certificate is for an interface of ours
        files = (self.ca_file, self.certificate, self.key)
        stamps = tuple(None if path is None else _stamp(path) for path in files)
        if self.pins or self.inspect:
            context = _unverified_context(files[1:], stamps[1:])
        else:
            # With further reference identifiers the name is checked by us, after the handshake.
            context = _client_context(files, stamps, check_name=not self.domains)
        return context.wrap_bio(incoming, outgoing, server_hostname=name)

    def verify(self, tls: ssl.SSLObject) -> TlsInfo:
        """Check what OpenSSL did not, after the handshake.

        Raises:
            TlsError: The certificate is not the pinned one, or for another host.
        """
        der = tls.getpeercert(binary_form=True)
        if der is None:
            raise TlsError(f"{self.server_name} sent no certificate.", code="tls-certificate")
        if self.inspect:
            raise TlsError(
                f"The certificate of {self.server_name} was looked at; nothing was sent.",
                code="tls-inspected",
                certificate=der,
            )
        if self.pins:
            if hashlib.sha256(der).digest() not in self.pins:
                raise TlsError(
                    f"{self.server_name} shows another certificate than the one you accepted.",
                    remedy="Compare its fingerprint with your provider's before you accept it.",
                    code="tls-pin",
                    certificate=der,
                )
        elif self.domains:
            hosts = (self.server_name, *self.domains)
            named = is_for_host(tls.getpeercert() or {}, hosts)
            problem = None if named else wrong_name(der, hosts, self.domains, self.services)
            if problem:
                raise TlsError(
                    f"The certificate of {self.server_name} {problem}.",
                    remedy="Check the host name with your provider.",
                    code="tls-name",
                    certificate=der,
                )
        return _info(tls, der, der, pinned=bool(self.pins))


@dataclass(slots=True)
class ServerTls:
    """The certificate a server shows; renewed files are taken at the next handshake.

    Attributes:
        certificate: PEM file with the certificate and its chain.
        key: PEM file with its key.
        client_ca_file: PEM file of authorities for client certificates (SASL EXTERNAL), or None.
        timeout_s: Seconds for the handshake.
        report: Told in one sentence when renewed files cannot be read; the old ones stay in use.
    """

    certificate: Path
    key: Path
    client_ca_file: Path | None = None
    timeout_s: float = HANDSHAKE_TIMEOUT_S
    report: Callable[[str], None] | None = None
    _stamps: tuple[object, ...] = field(default=(), init=False, repr=False)
    _context: ssl.SSLContext | None = field(default=None, init=False, repr=False)
    _der: bytes = field(default=b"", init=False, repr=False)

    def load(self) -> ssl.SSLContext:
        """Return the context, reading the files when they changed.

        Raises:
            TlsError: They cannot be read and there is no earlier context.
        """
        try:
            stamps = tuple(_stamp(path) for path in self._files())
            if self._context is None or stamps != self._stamps:
                self._stamps = stamps
                self._der, self._context = _server_context(
                    self.certificate, self.key, self.client_ca_file
                )
        except (OSError, ValueError, TlsError) as error:
            sentence = f"The certificate {self.certificate} with the key {self.key} cannot be read."
            if self._context is None and isinstance(error, TlsError):
                raise  # it names the file, and what to do
            if self._context is None:
                raise TlsError(
                    sentence, remedy=f"Check both files ({error}).", code="tls-files"
                ) from error
            if self.report is not None:
                self.report(f"{sentence} The earlier one stays in use ({error}).")
        return self._context

    def open(self, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO) -> ssl.SSLObject:
        """Make the server side of a handshake.

        Raises:
            TlsError: The files cannot be read.
        """
        return self.load().wrap_bio(incoming, outgoing, server_side=True)

    def verify(self, tls: ssl.SSLObject) -> TlsInfo:
        """Say what was agreed on."""
        return _info(tls, tls.getpeercert(binary_form=True), self._der)

    def _files(self) -> list[Path]:
        files = [self.certificate, self.key]
        return [*files, self.client_ca_file] if self.client_ca_file else files


@lru_cache(maxsize=256)
def server_end_point(der: bytes) -> bytes | None:
    """The `tls-server-end-point` binding of a server's certificate (RFC 5929 section 4.1).

    The hash is that of the certificate's signature, with SHA-256 in place of MD5 and SHA-1; None
    when the signature has none or more than one (Ed25519), where the RFC leaves the binding
    undefined.
    """
    # It takes 9 MB, and most logins bind to nothing.
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    algorithm = x509.load_der_x509_certificate(der).signature_hash_algorithm
    if algorithm is None:
        return None
    if isinstance(algorithm, hashes.MD5 | hashes.SHA1):
        algorithm = hashes.SHA256()
    digest = hashes.Hash(algorithm)
    digest.update(der)
    return digest.finalize()


def explain(error: ssl.SSLError, name: str) -> TlsError:
    """Map an error of the handshake to a sentence.

    Args:
        error: What OpenSSL said.
        name: Who is at the other end.
    """
    reason = error.reason or ""
    if isinstance(error, ssl.SSLCertVerificationError):
        detail = error.verify_message.rstrip(".")
        if error.verify_code in {10, 9}:
            return TlsError(
                f"The certificate of {name} is out of its dates: {detail}.",
                remedy="Check this computer's clock, then ask the provider.",
                code="tls-expired",
            )
        if error.verify_code in {62, 64}:
            return TlsError(
                f"The certificate of {name} is for another host: {detail}.",
                remedy="Check the host name with your provider.",
                code="tls-name",
            )
        return TlsError(
            f"The certificate of {name} is not to be trusted: {detail}.",
            remedy="Check the host name; for a server of your own, give its CA file or accept its "
            "certificate by fingerprint.",
            code="tls-certificate",
        )
    if reason in {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG"}:
        return TlsError(
            f"{name} does not speak TLS on this port.",
            remedy="Check port and security: STARTTLS and TLS use different ports.",
        )
    if reason in {"UNSUPPORTED_PROTOCOL", "TLSV1_ALERT_PROTOCOL_VERSION", "NO_PROTOCOLS_AVAILABLE"}:
        return TlsError(
            f"{name} offers only versions of TLS that are not safe any more.",
            remedy="Ask its administrator for TLS 1.2 or later.",
        )
    if reason.startswith(("TLSV1_ALERT_", "SSLV3_ALERT_", "TLSV13_ALERT_")):
        alert = reason.split("_ALERT_", 1)[1].replace("_", " ").lower()
        return TlsError(
            f"{name} broke off the TLS handshake: {alert}.", remedy=_ALERTS.get(alert, "")
        )
    words = reason.replace("_", " ").lower() or "the connection ended"
    return TlsError(
        f"The TLS handshake with {name} failed: {words}.", remedy="Check port and host."
    )


_ALERTS = {
    "unknown ca": "It does not know the authority of our certificate.",
    "certificate unknown": "It does not accept our certificate.",
    "bad certificate": "It does not accept our certificate.",
    "certificate expired": "It finds our certificate expired.",
    "handshake failure": "The two sides have no cipher in common.",
}


def _info(
    tls: ssl.SSLObject, peer: bytes | None, server: bytes, *, pinned: bool = False
) -> TlsInfo:
    cipher = tls.cipher()
    return TlsInfo(
        version=tls.version() or "",
        cipher=cipher[0] if cipher else "",
        peer_certificate=peer,
        server_certificate=server,
        pinned=pinned,
    )


def _stamp(path: Path) -> tuple[int, int, int]:
    try:
        status = path.stat()
    except OSError as error:
        raise TlsError(
            f"The file {path} cannot be read: {error.strerror}.",
            remedy="Check its name and rights.",
            code="tls-files",
        ) from error
    return status.st_mtime_ns, status.st_size, status.st_ino


def _new_context(protocol: int) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    _harden(context)
    return context


def _harden(context: ssl.SSLContext) -> None:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION


# The stamps are arguments so that a file that changed is read again.
@lru_cache(maxsize=64)
def _client_context(
    files: tuple[Path | None, ...], _stamps: tuple[object, ...], *, check_name: bool
) -> ssl.SSLContext:
    ca_file, certificate, key = files
    paths = ssl.get_default_verify_paths()
    if sys.platform in {"win32", "darwin"} or not (paths.cafile or paths.capath):
        context = cast("ssl.SSLContext", truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
        _harden(context)
    else:
        # Where OpenSSL has the system's store itself, truststore reads it again for each
        # connection (18 ms); a context of our own reads it once.
        context = _new_context(ssl.PROTOCOL_TLS_CLIENT)
        context.set_default_verify_paths()
        context.hostname_checks_common_name = False
    context.check_hostname = check_name
    if ca_file is not None:
        try:
            context.load_verify_locations(cafile=str(ca_file))
        except (OSError, ssl.SSLError) as error:
            raise TlsError(
                f"The CA file {ca_file} cannot be read.",
                remedy=_why_unreadable(error, "certificates in PEM"),
                code="tls-files",
            ) from error
    _load_certificate(context, certificate, key)
    return context


def _load_certificate(context: ssl.SSLContext, certificate: Path | None, key: Path | None) -> None:
    if certificate is None:
        return
    try:
        context.load_cert_chain(str(certificate), None if key is None else str(key))
    except (OSError, ssl.SSLError) as error:
        raise TlsError(
            f"The certificate {certificate} cannot be read.",
            remedy=_why_unreadable(error, "a certificate in PEM, with its key beside it"),
            code="tls-files",
        ) from error


def _why_unreadable(error: OSError, wanted: str) -> str:
    """What to do about a file: OpenSSL's own words ("[X509] PEM lib (_ssl.c:4166)") help nobody."""
    if not isinstance(error, ssl.SSLError) and error.strerror:
        return f"{error.strerror}: look at the path and its permissions."
    return f"It has to hold {wanted}."


@lru_cache(maxsize=16)
def _unverified_context(
    files: tuple[Path | None, ...], _stamps: tuple[object, ...]
) -> ssl.SSLContext:
    # Only for pins and inspection: `ClientTls.verify` lets nothing pass that is not pinned.
    context = _new_context(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    _load_certificate(context, *files)
    return context


def _server_context(
    certificate: Path, key: Path, client_ca_file: Path | None
) -> tuple[bytes, ssl.SSLContext]:
    context = _new_context(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(str(certificate), str(key))
    # Two tickets behind each handshake would cost 510 octets for a resumption that no mail client
    # asks for; and imaplib2 (offlineimap) hangs after STARTTLS, once in ten times, when its reading
    # thread meets them before its capabilities are asked for.
    context.num_tickets = 0
    if client_ca_file is not None:
        context.load_verify_locations(cafile=str(client_ca_file))
        context.verify_mode = ssl.CERT_OPTIONAL
    pem = certificate.read_text("ascii", "replace")
    begin = pem.index("-----BEGIN CERTIFICATE-----")
    end = pem.index("-----END CERTIFICATE-----", begin) + len("-----END CERTIFICATE-----")
    return ssl.PEM_cert_to_DER_cert(pem[begin:end]), context
