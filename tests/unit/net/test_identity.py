"""The names in a certificate (RFC 7817, RFC 6125)."""

from __future__ import annotations

import ipaddress
import ssl
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from desktopmail.net.identity import is_address, is_for_host, matches, to_a_label, wrong_name
from tests.helpers.certificates import self_signed

if TYPE_CHECKING:
    from pathlib import Path

HOSTS = (
    "mail.example.net", "mail.example.net.", "a.b.example.net", "192.0.2.1", "192.0.2.9",
    "2001:db8:0::1", "2001:db8::2", "münchen.example", "net",
)  # fmt: skip
_KEY = ec.generate_private_key(ec.SECP256R1())


def certificate(*names: x509.GeneralName, common_name: str = "cn.example") -> bytes:
    return self_signed(_KEY, hashes.SHA256(), *names, common_name=common_name)


def srv(name: str) -> x509.OtherName:
    octets = name.encode()
    value = bytes([0x16, len(octets)]) + octets
    return x509.OtherName(x509.ObjectIdentifier("1.3.6.1.5.5.7.8.7"), value)


def test_a_dns_id_matches() -> None:
    der = certificate(x509.DNSName("mail.example.net"))
    assert wrong_name(der, ("mail.example.net",)) is None


def test_an_srv_id_matches_its_service_and_domain() -> None:
    # RFC 7817 section 6, second example: "_imaps.example.net".
    der = certificate(x509.DNSName("mail.example.net"), srv("_imaps.example.net"))
    assert wrong_name(der, ("x.example",), ("example.net",), ("imaps",)) is None
    assert wrong_name(der, ("x.example",), ("example.net",), ("pop3s",)) is not None
    assert wrong_name(der, ("x.example",), ("example.org",), ("imaps",)) is not None


def test_a_common_name_is_not_looked_at() -> None:
    assert wrong_name(certificate(common_name="mail.example.net"), ("mail.example.net",)) == (
        "names no host"
    )


def test_a_uri_id_is_not_looked_at() -> None:
    # RFC 7817 section 3: a URI-ID MUST NOT be used.
    der = certificate(x509.UniformResourceIdentifier("imap://mail.example.net"))
    assert wrong_name(der, ("mail.example.net",)) is not None


def test_the_refusal_says_for_whom_the_certificate_is() -> None:
    der = certificate(x509.DNSName("a.example"), x509.IPAddress(ipaddress.ip_address("192.0.2.1")))
    assert wrong_name(der, ("b.example",)) == "is for a.example, 192.0.2.1, not for b.example"


@pytest.mark.parametrize(
    ("address", "same"), [("2001:db8::1", "2001:0db8:0::0001"), ("192.0.2.7", "192.0.2.7")]
)
def test_addresses_are_compared_as_numbers(address: str, same: str) -> None:
    der = certificate(x509.IPAddress(ipaddress.ip_address(address)))
    assert wrong_name(der, (same,)) is None
    assert wrong_name(der, ("192.0.2.8",)) is not None


@pytest.mark.parametrize(
    ("pattern", "host", "expected"),
    [
        ("*.example.com", "a.example.com", True),
        ("*.example.com", "foo.example.com", True),
        ("*.example.com", "example.com", False),
        ("*.example.com", "a.b.example.com", False),
        ("*oo.example.com", "foo.example.com", False),
        ("f*o.example.com", "foo.example.com", False),
        ("foo*.example.com", "foo.example.com", False),
        ("*", "localhost", False),
        ("*.com", "example.com", False),
        ("a.*.example.com", "a.b.example.com", False),
        ("Mail.Example.com", "mail.example.com", True),
        ("mail.example.com.", "mail.example.com", True),
    ],
)
def test_a_wildcard_is_one_whole_left_most_label(pattern: str, host: str, expected: bool) -> None:
    # RFC 7817 section 3, rule 5.
    assert matches(pattern, host) is expected


@pytest.mark.parametrize(
    ("host", "label"),
    [
        ("Mail.Example.ORG.", "mail.example.org"),
        ("Bücher.example", "xn--bcher-kva.example"),
        ("localhost", "localhost"),
        ("my_host.example", "my_host.example"),
        ("192.0.2.1", "192.0.2.1"),
        ("::1", "::1"),
        ("fe80::1%eth0", "fe80::1%eth0"),
    ],
)
def test_a_host_name_goes_out_in_a_labels(host: str, label: str) -> None:
    assert to_a_label(host) == label


@pytest.mark.parametrize("host", ["", ".", "a..b", "-ü.example", "x" * 64])
def test_what_is_no_host_name_is_an_error(host: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        to_a_label(host)


def test_addresses_are_told_from_names() -> None:
    assert is_address("192.0.2.1")
    assert is_address("::1")
    assert is_address("fe80::1%eth0")
    assert not is_address("localhost")
    assert not is_address("1.2.3.4.example")


@pytest.mark.parametrize(
    "names",
    [
        (x509.DNSName("mail.example.net"),),
        (x509.DNSName("*.Example.NET"), srv("_imaps.example.org")),
        (x509.DNSName("*.net"), x509.RFC822Name("mail.example.net")),
        (x509.UniformResourceIdentifier("imap:mail.example.net"),),
        (x509.IPAddress(ipaddress.ip_address("192.0.2.1")), x509.DNSName("192.0.2.9")),
        (x509.IPAddress(ipaddress.ip_address("2001:db8::1")),),
        (x509.DNSName("mail.example.net\0.example.org"),),
        (srv("_imaps.mail.example.net"),),
        (),
    ],
)
def test_what_openssl_tells_of_a_certificate_matches_as_the_certificate_does(
    names: tuple[x509.GeneralName, ...], tmp_path: Path
) -> None:
    der = certificate(*names, common_name="mail.example.net")
    (tmp_path / "it.pem").write_text(ssl.DER_cert_to_PEM_cert(der))
    told = ssl._ssl._test_decode_cert(str(tmp_path / "it.pem"))  # type: ignore[attr-defined]
    for host in (*HOSTS, *map(str.upper, HOSTS)):
        assert is_for_host(told, (host,)) == (wrong_name(der, (host,)) is None), host
    assert not is_for_host({}, ("mail.example.net",))
