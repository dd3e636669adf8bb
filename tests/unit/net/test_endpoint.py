"""Endpoints are read and written as people write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from desktopmail.net.endpoint import Endpoint, Security, join_host_port, split_host_port


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("mail.example.org:110", "mail.example.org", 110),
        ("[::1]:993", "::1", 993),
        ("[fe80::1%eth0]:143", "fe80::1%eth0", 143),
        ("192.0.2.1:65535", "192.0.2.1", 65535),
        ("bücher.example:995", "bücher.example", 995),
    ],
)
def test_host_and_port_are_split_and_joined_again(text: str, host: str, port: int) -> None:
    assert split_host_port(text) == (host, port)
    assert join_host_port(host, port) == text
    assert Endpoint.parse(text, Security.NONE) == Endpoint(host, port, Security.NONE)
    assert Endpoint(host, port).authority == text


@pytest.mark.parametrize(
    "text",
    [
        "", "mail.example.org", ":110", "mail.example.org:", "mail.example.org:pop3",
        "mail.example.org:0", "mail.example.org:65536", "mail.example.org:-1", "::1:993",
        "[mail.example.org]:110", "[::1]", "a b:110", "a\r\n:110", "mail.example.org:¹¹",
    ],
)  # fmt: skip
def test_what_is_no_host_and_port_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        split_host_port(text)


def test_security_is_tls_unless_said_otherwise() -> None:
    assert Endpoint("mail.example.org", 995).security is Security.TLS
    assert Security("starttls") is Security.STARTTLS


def test_an_endpoint_hands_everything_on_to_tls() -> None:
    endpoint = Endpoint(
        "mail.example.org",
        995,
        ca_file=Path("ca.pem"),
        pins=(b"\0" * 32,),
        domains=("example.org",),
        services=("pop3s",),
        certificate=Path("me.pem"),
        key=Path("key.pem"),
        inspect=True,
    )
    tls = endpoint.client_tls
    assert tls.server_name == "mail.example.org"
    assert (tls.ca_file, tls.pins, tls.domains) == (Path("ca.pem"), (b"\0" * 32,), ("example.org",))
    assert tls.services == ("pop3s",)
    assert (tls.certificate, tls.key) == (Path("me.pem"), Path("key.pem"))
    assert tls.inspect
