from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.mime import authres
from desktopmail.mime.authres import Verdict
from desktopmail.mime.message import Message


def judged(*fields: str, sender: str = "a@example.org") -> authres.Authentication:
    lines = [f"Authentication-Results: {field}" for field in fields]
    octets = "\r\n".join([*lines, f"From: A <{sender}>", "", "x"]).encode()
    return authres.judge(Message.parse(octets), ["mx.sandbox.test"])


def test_the_examples_of_rfc_8601_are_read() -> None:
    # Appendix B.4 and B.5, comments included.
    server, results = authres.parse(
        "example.com;\r\n auth=pass (cram-md5) smtp.auth=sender@example.net;"
        " spf=pass smtp.mailfrom=example.net"
    )
    assert server == "example.com"
    assert [(one.method, one.result) for one in results] == [("auth", "pass"), ("spf", "pass")]
    assert results[1].domain("smtp.mailfrom") == "example.net"
    server, results = authres.parse(
        "foo.example.net (foobar) 1 (baz);\r\n dkim (Because I like it) / 1 (One yay) ="
        " (wait for it) fail\r\n policy (A dot can go here) . (like that) expired"
        " (this surprised me) = (as I wasn't expecting it) 1362471462"
    )
    assert server == "foo.example.net"
    assert (results[0].method, results[0].result) == ("dkim", "fail")
    assert results[0].properties == (("policy.expired", "1362471462"),)


@pytest.mark.parametrize(
    ("field", "verdict"),
    [
        ("mx.sandbox.test; dmarc=pass header.from=example.org", Verdict.PROVED),
        ("mx.sandbox.test; dkim=pass header.d=example.org", Verdict.PROVED),
        ("mx.sandbox.test; dkim=pass header.d=mail.example.org", Verdict.PROVED),
        ("mx.sandbox.test; spf=pass smtp.mailfrom=bounce@example.org", Verdict.PROVED),
        ("mx.sandbox.test; dkim=pass header.d=newsletter.test", Verdict.OTHER_DOMAIN),
        ("mx.sandbox.test; spf=fail smtp.mailfrom=example.org; dkim=none", Verdict.FAILED),
        ("mx.sandbox.test; dmarc=fail; dkim=pass header.d=other.test", Verdict.FAILED),
        ("mx.sandbox.test; spf=none; dkim=none", Verdict.UNPROVED),
        ("mx.sandbox.test; none", Verdict.UNKNOWN),
        ("mx.evil.test; dmarc=pass header.from=example.org", Verdict.UNKNOWN),
        ("evil-mx.sandbox.test.evil.test; dmarc=pass", Verdict.UNKNOWN),
        ("", Verdict.UNKNOWN),
    ],
)
def test_what_the_receiver_found_is_said_in_one_honest_sentence(
    field: str, verdict: Verdict
) -> None:
    found = judged(field)
    assert found.verdict is verdict
    assert found.sentence.endswith(".")
    assert found.sentence.count(". ") == 0


def test_a_field_the_sender_brought_along_is_not_believed() -> None:
    found = judged(
        "mx.sandbox.test; dmarc=fail", ("mx.evil.test; dmarc=pass header.from=example.org")
    )
    assert found.verdict is Verdict.FAILED


def test_a_field_below_what_another_host_received_is_the_senders_own() -> None:
    own = "Received: from a by mx.sandbox.test; Mon, 23 Nov 2026 08:00:00 +0100"
    forged = "Authentication-Results: mx.sandbox.test; dmarc=pass header.from=example.org"
    for lines, verdict in (
        ([own, forged], Verdict.PROVED),  # milters write below their server's own Received
        ([own, "Received: from x by relay.evil.test; x", forged], Verdict.UNKNOWN),
        (["Authentication-Results: mx.sandbox.test; dmarc=fail", forged], Verdict.FAILED),
        (["Authentication-Results: mx.sandbox.test; spf=softfail", own, forged], Verdict.FAILED),
    ):
        octets = "\r\n".join([*lines, "From: a@example.org", "", "x"]).encode()
        found = authres.judge(Message.parse(octets), ["mx.sandbox.test"])
        assert found.verdict is verdict, lines


def test_a_failed_dmarc_beats_a_signature() -> None:
    found = judged("mx.sandbox.test; dmarc=fail; dkim=pass header.d=example.org")
    assert found.verdict is Verdict.FAILED


def test_a_subdomain_of_the_receiver_is_the_receiver() -> None:
    assert judged("in7.mx.sandbox.test; dmarc=pass").verdict is Verdict.PROVED


def test_without_a_sender_nothing_is_claimed() -> None:
    assert judged("mx.sandbox.test; dmarc=pass", sender="").verdict is Verdict.UNKNOWN


@given(st.text(max_size=200))
def test_no_text_makes_it_raise(text: str) -> None:
    authres.parse(text)
    authres.parse(f"a; {text}")
