"""Logins without a password: tokens, client certificates, guests."""

from __future__ import annotations

from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from localserver.config import Config
from localserver.identities import Identities


def test_a_token_names_the_user_it_was_given_to() -> None:
    identities = Identities(Config(tokens={"ya29.alice": "alice", "ya29.bob": "bob"}))
    assert identities.has_tokens
    assert identities.of_token("ya29.bob") == "bob"
    assert identities.of_token("ya29") is None
    assert identities.of_token("") is None


def test_tokens_do_not_print() -> None:
    assert "ya29" not in repr(Config(tokens={"ya29.alice": "alice"}))


def der_of(*names: str, common_name: str | None = None) -> bytes:
    issued = trustme.CA().issue_cert(*names, common_name=common_name)
    pem = issued.cert_chain_pems[0].bytes()
    return x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)


def test_a_certificate_proves_its_mail_addresses_and_then_its_common_name() -> None:
    identities = Identities(Config(client_ca=Path("ca.pem")))
    der = der_of("alice@localhost", "host.example", common_name="alice")
    assert identities.of_certificate(der) == ("alice@localhost", "alice")


@pytest.mark.parametrize("config", [Config(), Config(client_ca=Path("ca.pem"))])
def test_without_an_authority_or_a_certificate_nobody_is_proved(config: Config) -> None:
    der = None if config.client_ca is not None else der_of("alice@localhost")
    assert Identities(config).of_certificate(der) == ()
