"""What the server was told."""

from __future__ import annotations

import pytest

from localserver.config import DEFAULT_PORTS, STANDARD_PORTS, Config, is_domain, is_loopback


@pytest.mark.parametrize(
    ("peer", "loopback"),
    [
        ("127.0.0.1:5", True), ("127.9.9.9:5", True), ("[::1]:5", True), ("::1", True),
        ("localhost", True), ("192.0.2.1:5", False), ("[2001:db8::1]:5", False), ("", False),
        ("unknown", False),
    ],
)  # fmt: skip
def test_loopback_is_told_from_elsewhere(peer: str, loopback: bool) -> None:
    assert is_loopback(peer) is loopback


def test_passwords_in_the_clear_are_for_loopback_or_where_allowed() -> None:
    assert Config().login_allowed(tls=False, peer="127.0.0.1:5")
    assert not Config().login_allowed(tls=False, peer="192.0.2.1:5")
    assert Config().login_allowed(tls=True, peer="192.0.2.1:5")
    assert Config(plaintext_login=True).login_allowed(tls=False, peer="192.0.2.1:5")


def test_options_win_and_what_was_not_given_stays() -> None:
    base = Config(domain="a.test", strict=True)
    merged = base.merged(domain="b.test", strict=None, host=None)
    assert (merged.domain, merged.strict, merged.host) == ("b.test", True, "127.0.0.1")


def test_domains_are_compared_without_case_and_localhost_always_counts() -> None:
    config = Config(domain="Mail.Test", domains=frozenset({"Other.test"}))
    assert config.local_domains == {"mail.test", "other.test", "localhost"}


def test_an_international_domain_is_local_however_it_is_written() -> None:
    both = {"bücher.test", "xn--bcher-kva.test", "localhost"}
    assert Config(domain="Bücher.test").local_domains == both
    assert Config(domain="Bücher.test").domain == "xn--bcher-kva.test"
    assert (
        Config(domain="localhost", domains=frozenset({"XN--BCHER-KVA.test"})).local_domains == both
    )


def test_extensions_are_switched_off_in_any_case() -> None:
    assert not Config(without=frozenset({"IDLE"})).offers("idle")


def test_both_tables_of_ports_have_every_protocol() -> None:
    assert set(DEFAULT_PORTS) == set(STANDARD_PORTS)
    assert all(port > 1024 for port in DEFAULT_PORTS.values())


@pytest.mark.parametrize(
    "text", ["example.org", "localhost", "a_b.test", "straße.example", "例え.テスト"]
)
def test_a_domain(text: str) -> None:
    assert is_domain(text)


@pytest.mark.parametrize(
    "text",
    ["", "a b", "a..b", ".a", "a@b", "a" * 64 + ".test", "ü" * 70 + ".test", "a." * 127 + "b"],
)
def test_no_domain(text: str) -> None:
    assert not is_domain(text)
