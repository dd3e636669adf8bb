"""Whom we trust: chains, names, pins, versions; and the channel binding."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import ssl
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from desktopmail.net.errors import NetError, TlsError
from desktopmail.net.memory import stream_pair
from desktopmail.net.tls import ClientTls, ServerTls, TlsInfo, server_end_point
from tests.helpers.certificates import Certificates, make_certificates, self_signed

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(
        tmp_path_factory.mktemp("tls"), "mail.example.org", "*.wild.example.org", "127.0.0.1"
    )


async def connect(client_tls: ClientTls, server_tls: ServerTls) -> TlsInfo:
    """Shake hands over a pair of streams; the client's error wins."""
    client, server = stream_pair()

    async def accept() -> None:
        # The client may refuse us, which its own error says.
        with contextlib.suppress(NetError):
            await server.start_tls(server_tls)

    accepting = asyncio.get_running_loop().create_task(accept())
    try:
        return await client.start_tls(client_tls)
    finally:
        await client.aclose()
        await accepting
        await server.aclose()


def server_of(certificates: Certificates) -> ServerTls:
    return ServerTls(certificates.certificate, certificates.key)


async def test_a_server_with_the_right_name_is_trusted(certificates: Certificates) -> None:
    info = await connect(
        ClientTls("mail.example.org", ca_file=certificates.ca_file), server_of(certificates)
    )
    assert info.version == "TLSv1.3"
    assert not info.pinned


async def test_names_are_compared_without_regard_to_case_and_final_dot(
    certificates: Certificates,
) -> None:
    tls = ClientTls("MAIL.Example.ORG.", ca_file=certificates.ca_file)
    assert (await connect(tls, server_of(certificates))).version


async def test_an_address_is_compared_with_the_addresses(certificates: Certificates) -> None:
    tls = ClientTls("127.0.0.1", ca_file=certificates.ca_file)
    assert (await connect(tls, server_of(certificates))).version


async def test_a_wildcard_stands_for_one_label(certificates: Certificates) -> None:
    tls = ClientTls("a.wild.example.org", ca_file=certificates.ca_file)
    assert (await connect(tls, server_of(certificates))).version
    for name in ("wild.example.org", "a.b.wild.example.org"):
        with pytest.raises(TlsError) as caught:
            await connect(ClientTls(name, ca_file=certificates.ca_file), server_of(certificates))
        assert caught.value.code == "tls-name"


async def test_another_name_is_refused_in_a_sentence_that_names_it(
    certificates: Certificates,
) -> None:
    with pytest.raises(TlsError) as caught:
        await connect(
            ClientTls("other.example.org", ca_file=certificates.ca_file), server_of(certificates)
        )
    assert caught.value.code == "tls-name"
    assert "other.example.org" in caught.value.sentence
    assert caught.value.remedy


async def test_an_unknown_authority_is_refused(certificates: Certificates) -> None:
    with pytest.raises(TlsError) as caught:
        await connect(ClientTls("mail.example.org"), server_of(certificates))
    assert caught.value.code == "tls-certificate"
    assert "mail.example.org" in caught.value.sentence


async def test_an_expired_certificate_is_refused(tmp_path: Path) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    expired = make_certificates(tmp_path, "mail.example.org", not_after=yesterday)
    with pytest.raises(TlsError) as caught:
        await connect(ClientTls("mail.example.org", ca_file=expired.ca_file), server_of(expired))
    assert caught.value.code == "tls-expired"


async def test_a_pinned_certificate_is_accepted_whatever_its_name_and_authority(
    certificates: Certificates,
) -> None:
    der = ssl.PEM_cert_to_DER_cert(
        certificates.certificate.read_text().split("-----END")[0] + "-----END CERTIFICATE-----\n"
    )
    pin = hashlib.sha256(der).digest()
    info = await connect(ClientTls("wrong.example", pins=(pin,)), server_of(certificates))
    assert info.pinned
    assert info.peer_certificate == der


async def test_a_pin_accepts_no_other_certificate_even_a_valid_one(
    certificates: Certificates,
) -> None:
    tls = ClientTls("mail.example.org", ca_file=certificates.ca_file, pins=(b"\0" * 32,))
    with pytest.raises(TlsError) as caught:
        await connect(tls, server_of(certificates))
    assert caught.value.code == "tls-pin"
    assert caught.value.certificate is not None


async def test_an_inspection_shows_the_certificate_and_always_fails(
    certificates: Certificates,
) -> None:
    with pytest.raises(TlsError) as caught:
        await connect(
            ClientTls("mail.example.org", ca_file=certificates.ca_file, inspect=True),
            server_of(certificates),
        )
    assert caught.value.code == "tls-inspected"
    assert caught.value.certificate is not None
    names = (
        x509.load_der_x509_certificate(caught.value.certificate)
        .extensions.get_extension_for_class(x509.SubjectAlternativeName)
        .value.get_values_for_type(x509.DNSName)
    )
    assert "mail.example.org" in names


async def test_the_mail_domain_counts_when_the_host_was_discovered(
    certificates: Certificates,
) -> None:
    tls = ClientTls(
        "host.of.the.provider.example",
        ca_file=certificates.ca_file,
        domains=("mail.example.org",),
    )
    assert (await connect(tls, server_of(certificates))).version


async def test_with_domains_a_foreign_name_is_still_refused(certificates: Certificates) -> None:
    tls = ClientTls("a.example", ca_file=certificates.ca_file, domains=("b.example",))
    with pytest.raises(TlsError) as caught:
        await connect(tls, server_of(certificates))
    assert caught.value.code == "tls-name"
    assert caught.value.certificate is not None


async def test_with_domains_an_unknown_authority_is_still_refused(
    certificates: Certificates,
) -> None:
    with pytest.raises(TlsError) as caught:
        await connect(
            ClientTls("mail.example.org", domains=("example.org",)), server_of(certificates)
        )
    assert caught.value.code == "tls-certificate"


async def test_an_internationalised_name_goes_out_in_a_labels(tmp_path: Path) -> None:
    files = make_certificates(tmp_path, "xn--bcher-kva.example")
    tls = ClientTls("Bücher.example", ca_file=files.ca_file)
    assert (await connect(tls, server_of(files))).version


@pytest.mark.parametrize("name", ["", "a..b", "x" * 64 + ".example", "bü cher.example"])
async def test_what_is_no_host_name_is_refused(name: str) -> None:
    client, server = stream_pair()
    with pytest.raises(TlsError) as caught:
        await client.start_tls(ClientTls(name))
    assert caught.value.code == "tls-name"
    await server.aclose()


async def test_a_ca_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.pem", tmp_path / "empty.pem"):
        (tmp_path / "empty.pem").write_text("nothing")
        client, server = stream_pair()
        with pytest.raises(TlsError) as caught:
            await client.start_tls(ClientTls("mail.example.org", ca_file=path))
        assert caught.value.code == "tls-files"
        assert str(path) in caught.value.sentence
        assert "_ssl" not in str(caught.value)  # OpenSSL's own words
        assert "[" not in caught.value.remedy
        await server.aclose()


def test_certificate_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(TlsError) as caught:
        ServerTls(tmp_path / "cert.pem", tmp_path / "key.pem").load()
    assert caught.value.code == "tls-files"
    assert str(tmp_path / "cert.pem") in caught.value.sentence


async def test_a_renewed_certificate_is_shown_at_the_next_handshake(tmp_path: Path) -> None:
    old = make_certificates(tmp_path, "mail.example.org")
    tls = server_of(old)
    client = ClientTls("mail.example.org", ca_file=old.ca_file)
    first = await connect(client, tls)
    make_certificates(tmp_path, "mail.example.org", authority=old.authority)
    second = await connect(client, tls)
    assert first.peer_certificate != second.peer_certificate
    assert second.end_point == hashlib.sha256(second.peer_certificate or b"").digest()


async def test_a_broken_renewal_keeps_the_old_certificate_and_says_so(tmp_path: Path) -> None:
    files = make_certificates(tmp_path, "mail.example.org")
    told: list[str] = []
    tls = ServerTls(files.certificate, files.key, report=told.append)
    tls.load()
    files.certificate.write_text("broken")
    client = ClientTls("mail.example.org", ca_file=files.ca_file)
    assert (await connect(client, tls)).version
    assert len(told) == 1
    assert str(files.certificate) in told[0]


async def test_a_client_shows_its_own_certificate_where_it_is_asked_for(tmp_path: Path) -> None:
    files = make_certificates(tmp_path, "mail.example.org")
    issued = files.authority.issue_cert("alice@example.org")
    mine = tmp_path / "alice.pem"
    issued.private_key_and_cert_chain_pem.write_to_path(mine)
    server_tls = ServerTls(files.certificate, files.key, client_ca_file=files.ca_file)
    for certificate in (mine, None):
        client, server = stream_pair()
        accepting = asyncio.get_running_loop().create_task(server.start_tls(server_tls))
        await client.start_tls(
            ClientTls("mail.example.org", ca_file=files.ca_file, certificate=certificate)
        )
        seen = await accepting
        assert (seen.peer_certificate is not None) == (certificate is not None)
        await client.aclose()
        await server.aclose()
    client, server = stream_pair()
    with pytest.raises(TlsError) as caught:
        await client.start_tls(ClientTls("mail.example.org", certificate=files.ca_file))
    assert caught.value.code == "tls-files"
    await server.aclose()


async def test_versions_before_1_2_are_refused(certificates: Certificates) -> None:
    server = server_of(certificates)
    context = server.load()
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    with pytest.warns(DeprecationWarning, match=r"TLSv1 "):
        context.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match=r"TLSv1_1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises(TlsError) as caught:
        await connect(ClientTls("mail.example.org", ca_file=certificates.ca_file), server)
    assert "not safe" in caught.value.sentence or "broke off" in caught.value.sentence


async def test_tls_1_2_is_spoken(certificates: Certificates) -> None:
    server = server_of(certificates)
    server.load().maximum_version = ssl.TLSVersion.TLSv1_2
    info = await connect(ClientTls("mail.example.org", ca_file=certificates.ca_file), server)
    assert info.version == "TLSv1.2"


# --- RFC 5929 section 4.1
# --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("algorithm", "name"),
    [(hashes.SHA256(), "sha256"), (hashes.SHA384(), "sha384"), (hashes.SHA512(), "sha512")],
)
def test_the_binding_is_hashed_as_the_certificate_is_signed(
    algorithm: hashes.SHA256 | hashes.SHA384 | hashes.SHA512, name: str
) -> None:
    der = self_signed(ec.generate_private_key(ec.SECP256R1()), algorithm)
    assert server_end_point(der) == hashlib.new(name, der).digest()


def test_the_binding_of_rsa_with_sha_256() -> None:
    der = self_signed(rsa.generate_private_key(65537, 2048), hashes.SHA256())
    assert server_end_point(der) == hashlib.sha256(der).digest()


def test_a_signature_without_one_hash_function_has_no_binding() -> None:
    assert server_end_point(self_signed(ed25519.Ed25519PrivateKey.generate(), None)) is None
