import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.wire.smtp.command import parse_command
from desktopmail.wire.smtp.parameters import CommandError
from desktopmail.wire.smtp.path import (
    Mailbox,
    check_domain,
    encode_path,
    parse_forward_path,
    parse_reverse_path,
)


@pytest.mark.parametrize(
    ("text", "local", "domain"),
    [
        ("<Smith@bar.com>", "Smith", "bar.com"),  # RFC 5321 appendix D.1
        ("<userx@[192.0.2.1]>", "userx", "[192.0.2.1]"),
        ("<u@[IPv6:2001:db8::1]>", "u", "[IPv6:2001:db8::1]"),
        ('<"john doe"@example.org>', "john doe", "example.org"),
        ('<"a\\"b\\\\c"@example.org>', 'a"b\\c', "example.org"),
        ('<"a@b"@example.org>', "a@b", "example.org"),
        ('<"a>b"@example.org>', "a>b", "example.org"),
        ("<a.b+c=d@x-y.example>", "a.b+c=d", "x-y.example"),
        ("<jürgen@bücher.example>", "jürgen", "bücher.example"),
        ("<a@under_score.example>", "a", "under_score.example"),
        ("<a@localhost>", "a", "localhost"),
    ],
)
def test_paths_are_read(text: str, local: str, domain: str) -> None:
    assert parse_forward_path(text) == Mailbox(local, domain)
    assert parse_reverse_path(text) == Mailbox(local, domain)


def test_source_routes_are_recognised_and_stripped() -> None:
    # RFC 5321 section 3.3 and appendix C
    assert parse_forward_path("<@hosta.int,@jkl.org:userc@d.bar.org>") == Mailbox(
        "userc", "d.bar.org"
    )
    assert parse_forward_path("<@[192.0.2.1]:a@b.example>") == Mailbox("a", "b.example")


def test_the_null_reverse_path_and_postmaster() -> None:
    assert parse_reverse_path("<>") is None
    assert parse_forward_path("<PostMaster>") == Mailbox("PostMaster", "")
    with pytest.raises(ValueError, match="no domain"):
        parse_reverse_path("<alice>")
    with pytest.raises(ValueError, match="no domain"):
        parse_forward_path("<>")


@pytest.mark.parametrize(
    "text",
    [
        "alice@example.org",
        "<alice@example.org",
        "<<alice@example.org>>",
        "<alice@@example.org>",
        "<alice@example..org>",
        "<.alice@example.org>",
        "<alice.@example.org>",
        "<a b@example.org>",
        "<alice@-example.org>",
        "<alice@example.org.>",
        "<alice@[300.1.1.1]>",
        "<alice@[nonsense]>",
        '<"unclosed@example.org>',
        "<@route:>",
        "<@route alice@example.org>",
        "<alice@exa mple.org>",
        "<al\0ice@example.org>",
        "<al\rice@example.org>",
        "<al\nice@example.org>",
        '<"a\nb"@example.org>',
    ],
)
def test_malformed_paths_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse_forward_path(text)


def test_the_lengths_of_section_4_5_3_1() -> None:
    assert parse_forward_path(f"<{'a' * 64}@b.example>").local == "a" * 64
    with pytest.raises(ValueError, match="64"):
        parse_forward_path(f"<{'a' * 65}@b.example>")
    label = "d" * 63
    domain = ".".join([label] * 3)
    assert parse_forward_path(f"<{'a' * 62}@{domain}>").domain == domain  # 256 with brackets
    with pytest.raises(ValueError, match="256"):
        parse_forward_path(f"<{'a' * 63}@{domain}>")
    with pytest.raises(ValueError, match="63"):
        check_domain("d" * 64 + ".example")


def test_a_mailbox_knows_what_it_needs() -> None:
    assert Mailbox("jürgen", "example.org").ascii is False
    assert Mailbox("a", "intranet").qualified is False
    assert Mailbox("a", "example.org").qualified
    assert Mailbox("a", "[192.0.2.1]").qualified


LOCAL = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_categories=("Cc", "Cs")),
    min_size=1,
    max_size=20,
)
DOMAIN = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?(\.[a-z]{2,6}){1,3}", fullmatch=True)


@given(LOCAL, DOMAIN)
def test_reading_what_was_written_gives_the_same(local: str, domain: str) -> None:
    mailbox = Mailbox(local, domain)
    assert parse_forward_path(encode_path(mailbox)) == mailbox


@given(st.text(max_size=60))
def test_any_text_raises_nothing_but_value_error(text: str) -> None:
    for parse in (parse_forward_path, parse_reverse_path):
        try:
            found = parse(f"<{text}>")
        except ValueError:
            continue
        if found is not None and found.domain:
            assert parse(encode_path(found)) == found


def test_a_path_that_invites_backtracking_is_read_in_no_time() -> None:
    for text in ("<" + "a." * 5000 + "@", "<" + "@a," * 3000 + ":", '<"' + "\\\\" * 5000 + "@x>"):
        with pytest.raises(ValueError, match=r"\w"):
            parse_forward_path(text)


@pytest.mark.parametrize("verb", ["MAIL FROM:", "RCPT TO:"])
@pytest.mark.parametrize("filler", ['"', '">', '"\\', '<"', '"> ', "@a,", "a.", "a-", '\\"'])
def test_no_path_of_a_whole_line_keeps_a_server_busy(verb: str, filler: str) -> None:
    # Before, 2,000 quotes took a server 12 seconds: a command for a minute costs nothing to send.
    begin = time.process_time()
    for opening in ("<", "<a", '<"'):
        line = (verb + opening + filler * 2000)[:2040]
        for octets in (line, line[:-1] + ">", line[:-1] + "\u00a0"):
            with pytest.raises(CommandError):
                parse_command(octets.encode())
    assert time.process_time() - begin < 0.5
