"""Who somebody is without a password: by a token, by a client certificate, or nobody at all."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from collections.abc import Iterator

    from localserver.config import Config


class Identities:
    """What the configuration says about logins without a password.

    Args:
        config: Its `tokens`, `client_ca` and `anonymous`.
    """

    def __init__(self, config: Config) -> None:
        self._tokens = [(token.encode(), user) for token, user in config.tokens.items()]
        self._takes_certificates = config.client_ca is not None
        self.anonymous = config.anonymous

    @property
    def has_tokens(self) -> bool:
        """Whether any token is known (OAUTHBEARER, XOAUTH2)."""
        return bool(self._tokens)

    def of_token(self, token: str) -> str | None:
        """Return the user a token was given to, or None."""
        octets = token.encode()
        found = None
        for known, user in self._tokens:  # all of them: how long it takes tells nothing
            if hmac.compare_digest(known, octets):
                found = user
        return found

    def of_certificate(self, der: bytes | None) -> tuple[str, ...]:
        """Return the names that a client's certificate proves; the TLS layer has verified it.

        Mail addresses among the alternative names, and the common name behind them.
        """
        if der is None or not self._takes_certificates:
            return ()
        return tuple(_names(x509.load_der_x509_certificate(der)))


def _names(certificate: x509.Certificate) -> Iterator[str]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        pass  # an old certificate has its common name only
    else:
        yield from found.value.get_values_for_type(x509.RFC822Name)
    for attribute in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME):
        yield str(attribute.value)
