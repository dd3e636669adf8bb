"""Mozilla's XML is read; what is not protected, not well-formed or not harmless is left out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.door.rows import Kind, Security
from desktopmail.engine.discovery import autoconfig

ADDRESS = "ann.weber@example.org"
CONFIG = """<?xml version="1.0"?>
<clientConfig version="1.1"><emailProvider id="example.org"><domain>example.org</domain>
 <incomingServer type="imap"><hostname>clear.example.org</hostname><port>143</port>
  <socketType>plain</socketType><username>%EMAILADDRESS%</username></incomingServer>
 <incomingServer type="pop3"><hostname>pop.%EMAILDOMAIN%</hostname><port>995</port>
  <socketType>SSL</socketType><username>%EMAILLOCALPART%</username>
  <authentication>password-cleartext</authentication></incomingServer>
 <incomingServer type="imap"><hostname>imap.example.org</hostname><port>143</port>
  <socketType>STARTTLS</socketType><username>%EMAILADDRESS%</username></incomingServer>
 <outgoingServer type="smtp"><hostname>clear.example.org</hostname><port>25</port>
  <socketType>plain</socketType></outgoingServer>
 <outgoingServer type="smtp"><hostname>smtp.example.org</hostname><port>465</port>
  <socketType>SSL</socketType><username>%EMAILADDRESS%</username></outgoingServer>
</emailProvider></clientConfig>
"""


def test_servers_come_in_their_order_and_what_is_in_the_clear_is_left_out() -> None:
    pop, imap = autoconfig.parse(CONFIG.encode(), ADDRESS, "here")
    assert (pop.kind, pop.incoming.host, pop.incoming.port) == (Kind.POP3, "pop.example.org", 995)
    assert (pop.incoming.security, pop.incoming.user) == (Security.TLS, "ann.weber")
    assert (imap.incoming.security, imap.incoming.user) == (Security.STARTTLS, ADDRESS)
    assert {one.outgoing.host for one in (pop, imap)} == {"smtp.example.org"}


def test_a_server_that_takes_browser_sign_in_only_is_named_as_such() -> None:
    text = CONFIG.replace("password-cleartext", "OAuth2")
    pop, imap = autoconfig.parse(text.encode(), ADDRESS, "here")
    assert pop.browser_only
    assert "browser sign-in only" in pop.note
    assert not imap.browser_only


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<html><body>Not found</body>", "well-formed"),
        ('<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', "document type"),
        ("<!DOCTYPE html><html></html>", "document type"),
        ("<!doctype html><html></html>", "well-formed"),
        ("<clientConfig/>", "no outgoing server"),
        (CONFIG.replace("SSL", "plain").replace("STARTTLS", "plain"), "no outgoing server"),
        ("x" * (autoconfig.MAX_OCTETS + 1), "too large"),
    ],
)
def test_what_cannot_be_used_says_why(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        autoconfig.parse(text.encode(), ADDRESS, "here")


@pytest.mark.parametrize("charset", ["utf-8", "utf-16", "utf-16-le", "utf-16-be"])
def test_an_entity_is_refused_in_whatever_charset_it_comes(charset: str) -> None:
    head = f"<?xml version='1.0' encoding='{charset[:6]}'?><!DOCTYPE x [<!ENTITY a 'evil.net'>]>"
    body = CONFIG.partition("?>")[2].replace("imap.example.org", "&a;")
    with pytest.raises(ValueError, match="document type"):
        autoconfig.parse((head + body).encode(charset), ADDRESS, "here")


@pytest.mark.parametrize("host", ["evil example", "a/b", "", "-x", "x@y"])
def test_a_host_that_is_none_is_left_out(host: str) -> None:
    text = CONFIG.replace("imap.example.org", host)
    assert [one.kind for one in autoconfig.parse(text.encode(), ADDRESS, "here")] == [Kind.POP3]


@given(st.binary(max_size=200))
def test_whatever_comes_is_read_or_refused(octets: bytes) -> None:
    with pytest.raises(ValueError, match="it "):
        autoconfig.parse(octets, ADDRESS, "here")


@pytest.mark.parametrize("port", ["0", "-1", "65536", "9" * 5000, "\N{ARABIC-INDIC DIGIT NINE}95"])
def test_a_port_that_is_none_leaves_its_server_out_and_no_other(port: str) -> None:
    text = CONFIG.replace("<port>995", f"<port>{port}")
    assert [one.kind for one in autoconfig.parse(text.encode(), ADDRESS, "here")] == [Kind.IMAP]


@pytest.mark.parametrize("user", ["a&#10;b", "a&#x202e;b", "a&#127;b"])
def test_a_user_who_would_be_shown_as_another_one_is_left_out(user: str) -> None:
    text = CONFIG.replace("%EMAILLOCALPART%", user)
    assert [one.kind for one in autoconfig.parse(text.encode(), ADDRESS, "here")] == [Kind.IMAP]


@pytest.mark.parametrize("empty", ["<username></username>", "<username> </username>", ""])
def test_without_a_user_it_is_the_address(empty: str) -> None:
    text = CONFIG.replace("<username>%EMAILLOCALPART%</username>", empty)
    pop, _ = autoconfig.parse(text.encode(), ADDRESS, "here")
    assert pop.incoming.user == ADDRESS
