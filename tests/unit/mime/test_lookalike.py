# ruff: noqa: RUF001 - the letters that are taken for others are what this is about
from __future__ import annotations

import pytest

from desktopmail.mime import lookalike


@pytest.mark.parametrize(
    "domain",
    [
        "www.pаypal.example",
        "xn--pypal-4ve.example",
        "раураӏ.com",
        "gοοgle.example",
        "аррӏе.com",
        "bаnk.de",
        "gıthub.example",
        "ρayment.example",
    ],
)
def test_mixed_scripts_and_pure_copies_are_suspicious(domain: str) -> None:
    assert lookalike.is_suspicious(domain)


@pytest.mark.parametrize(
    "domain",
    [
        "example.org",
        "bücher.example",
        "пример.рф",
        "москва.example",
        "日本語.jp",
        "ニュースnews.jp",
        "한국news.kr",
        "ελλάδα.gr",
        "śląsk.pl",
        "łódź.pl",
        "xn--bcher-kva.example",
        "الأردن.example",
        "",
        "localhost",
    ],
)
def test_honest_names_in_any_script_are_not(domain: str) -> None:
    assert not lookalike.is_suspicious(domain)


@pytest.mark.parametrize(
    ("domain", "known", "imitated"),
    [
        ("paypa1.example", "paypal.example", "paypal.example"),
        ("rnoss.example", "moss.example", "moss.example"),
        ("login.exarnple-bank.test", "example-bank.test", "example-bank.test"),
        ("papierhaus-kranlch.example", "papierhaus-kranich.example", "papierhaus-kranich.example"),
        ("www.pаketbote.example", "paketbote.example", "paketbote.example"),
        ("mail.paypal.example", "paypal.example", None),
        ("other.example", "paypal.example", None),
        ("ab.io", "ac.io", None),  # too short to say
        ("example.org", "example.net", None),
    ],
)
def test_an_imitation_of_a_known_name_is_found(
    domain: str, known: str, imitated: str | None
) -> None:
    assert lookalike.imitated(domain, [known]) == imitated


@pytest.mark.parametrize(
    ("domain", "registered"),
    [
        ("www.example.org", "example.org"),
        ("a.b.example.co.uk", "example.co.uk"),
        ("example.com.au", "example.com.au"),
        ("EXAMPLE.org.", "example.org"),
        ("xn--bcher-kva.example", "bücher.example"),
        ("localhost", "localhost"),
    ],
)
def test_the_registered_part_is_what_two_domains_are_compared_by(
    domain: str, registered: str
) -> None:
    assert lookalike.registered(domain) == registered
