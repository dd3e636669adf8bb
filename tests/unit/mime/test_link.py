from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.mime import link
from desktopmail.mime.link import Warning as Reason


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        ("see https://example.org/a?b=c#d.", ["https://example.org/a?b=c#d"]),
        ("(https://example.org/wiki/X_(y))", ["https://example.org/wiki/X_(y)"]),
        (
            ("<https://example.org/>, and www.example.org!"),
            ["https://example.org/", "https://www.example.org"],
        ),
        ("write to anna.weber+x@sandbox.test, please", ["mailto:anna.weber+x@sandbox.test"]),
        ("mailto:a@b.test?subject=Hi", ["mailto:a@b.test?subject=Hi"]),
        ("„https://bücher.example/ä“", ["https://bücher.example/ä"]),
        (
            ("https://example.org/a,b;c https://b.test"),
            ["https://example.org/a,b;c", "https://b.test"],
        ),
        ("no link: e.g. this, 1.2.3, a.b, http:// , foo@bar", []),
        ("javascript://example.org/%0aalert(1)", []),
        ("Https://EXAMPLE.org", ["Https://EXAMPLE.org"]),
        ("https://example.org?q='x'", ["https://example.org?q='x"]),
        ("日本語https://example.org/日本", []),
        ("日本語 https://example.org/日本 です", ["https://example.org/日本"]),
    ],
)
def test_links_in_plain_text(text: str, urls: list[str]) -> None:
    assert [span.url for span in link.find(text)] == urls


def test_a_span_is_the_text_that_is_a_link() -> None:
    text = "go to www.example.org, now"
    (span,) = link.find(text)
    assert text[span.begin : span.end] == "www.example.org"


@pytest.mark.parametrize(
    ("url", "text", "warning"),
    [
        ("https://example.org/x", "Read more", Reason.NO),
        ("https://example.org/x", "https://example.org", Reason.NO),
        ("https://www.example.org/x", "example.org/x", Reason.NO),
        ("https://click.example.org/x", "https://example.org/x", Reason.NO),
        ("https://evil.test/x", "https://example.org/x", Reason.MISMATCH),
        ("https://evil.test/x", "www.example.org", Reason.MISMATCH),
        ("https://evil.test/x", "example.org", Reason.MISMATCH),
        ("https://evil.test/x", "see example.org for more", Reason.NO),
        ("https://evil.test/x", "report.pdf", Reason.NO),
        ("https://www.p\u0430ketbote.example/", "Log in", Reason.LOOKALIKE),
        ("https://paypa1.example/", "paypal.example", Reason.LOOKALIKE),
        ("https://example.org@evil.test/", "Log in", Reason.HIDDEN_HOST),
        ("https://user:secret@evil.test/", "Log in", Reason.NO),
        ("http://203.0.113.9/login", "Log in", Reason.NUMERIC_HOST),
        ("http://0xcb007109/login", "Log in", Reason.NUMERIC_HOST),
        ("http://127.0.0.1:8080/", "local", Reason.NO),
        ("mailto:a@evil.test", "a@example.org", Reason.MISMATCH),
        ("mailto:a@example.org", "a@example.org", Reason.NO),
        ("http://[::1", "broken", Reason.NO),
    ],
)
def test_what_a_link_hides_is_said(url: str, text: str, warning: Reason) -> None:
    assert link.warning(url, text) is warning


def test_a_name_like_the_senders_is_warned_about() -> None:
    assert (
        link.warning(("https://exanple-bank.test/"), "Log in", ["example-bank.test"])
        is Reason.LOOKALIKE
    )


@given(st.text(max_size=300))
def test_no_text_makes_it_raise(text: str) -> None:
    for span in link.find(text):
        assert text[span.begin : span.end]
    assert link.warning(text, text) in Reason
    assert link.warning(f"https://{text}", text) in Reason


@pytest.mark.parametrize(
    "piece", ["www.a", "a@", "a.b@c.", "https://", "x" * 50 + "@", "(", "mailto:"]
)
def test_hostile_text_takes_no_time(piece: str) -> None:
    begin = time.process_time()
    link.find(piece * (100_000 // len(piece)))
    assert time.process_time() - begin < 1
