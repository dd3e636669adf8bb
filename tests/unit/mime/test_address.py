from __future__ import annotations

import email.headerregistry
import email.policy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.mime import address, header
from desktopmail.mime.address import Entry, Mailbox


def read(text: str) -> list[tuple[str, str]]:
    return [(box.name, box.address) for box in address.parse(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # RFC 5322 appendix A.1.2, A.1.3, A.5 and A.6.1.
        (
            "Mary Smith <mary@x.test>, jdoe@example.org, Who? <one@y.test>",
            [("Mary Smith", "mary@x.test"), ("", "jdoe@example.org"), ("Who?", "one@y.test")],
        ),
        (
            '"Joe Q. Public" <john.q.public@example.com>',
            [("Joe Q. Public", "john.q.public@example.com")],
        ),
        (
            '<boss@nil.test>, "Giant; \\"Big\\" Box" <sysservices@example.net>',
            [("", "boss@nil.test"), ('Giant; "Big" Box', "sysservices@example.net")],
        ),
        (
            "A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;",
            [("Ed Jones", "c@a.test"), ("", "joe@where.test"), ("John", "jdoe@one.test")],
        ),
        ("Undisclosed recipients:;", []),
        ("(Empty list)(start)Hidden recipients  :(nobody(that I know))  ;", []),
        (
            "Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>",
            [("Pete", "pete@silly.test")],
        ),
        (
            "Joe Q. Public <john.q.public@example.com>",
            [("Joe Q. Public", "john.q.public@example.com")],
        ),
        (
            "Mary Smith <@node.test:mary@example.net>, , jdoe@test  . example",
            [("Mary Smith", "mary@example.net"), ("", "jdoe@test.example")],
        ),
        # What real clients send.
        ("Weber, Anna <anna@x.test>", [("Weber, Anna", "anna@x.test")]),
        (
            "Weber, Anna <a@x.test>, Okafor, Ben <b@x.test>",
            [("Weber, Anna", "a@x.test"), ("Okafor, Ben", "b@x.test")],
        ),
        ("a@x.test; b@x.test;", [("", "a@x.test"), ("", "b@x.test")]),
        ("anna@x.test (Anna Weber)", [("Anna Weber", "anna@x.test")]),
        ("Anna Weber anna@x.test", [("Anna Weber", "anna@x.test")]),
        ("anna@x.test Anna W. Weber", [("Anna W. Weber", "anna@x.test")]),
        ("Anna <anna@x.test> Ben <ben@x.test>", [("Anna", "anna@x.test"), ("Ben", "ben@x.test")]),
        ("=?utf-8?Q?J=C3=B6rg=2C_M=C3=BCller?= <j@x.test>", [("Jörg, Müller", "j@x.test")]),
        ('"=?utf-8?Q?J=C3=B6rg?=" <j@x.test>', [("Jörg", "j@x.test")]),
        ("Jörg <j@x.test>", [("Jörg", "j@x.test")]),
        ('"anna@x.test" <anna@x.test>', [("anna@x.test", "anna@x.test")]),
        ("Anna <anna@x.test", [("Anna", "anna@x.test")]),
        ("<anna@x.test>>", [("", "anna@x.test")]),
        ("just a name", [("", "just a name")]),
        ('"a b"@x.test', [("", '"a b"@x.test')]),
        ('"Anna a@x.test" nobody', [("", "Anna a@x.test nobody")]),
        ('"anna"@x.test', [("", "anna@x.test")]),
        ("user@[192.0.2.1]", [("", "user@[192.0.2.1]")]),
        ("", []),
        (" , ,", []),
    ],
)
def test_addresses_as_the_rfc_and_real_clients_write_them(
    text: str, expected: list[tuple[str, str]]
) -> None:
    assert read(text) == expected


def test_groups_are_marked_as_imap_wants_them() -> None:
    assert address.entries("A Group:Ed <c@a.test>,joe@where.test;, z@x.test") == [
        Entry(None, None, "A Group", None),
        Entry("Ed", None, "c", "a.test"),
        Entry(None, None, "joe", "where.test"),
        Entry(None, None, None, None),
        Entry(None, None, "z", "x.test"),
    ]


def test_a_source_route_is_kept_for_imap() -> None:
    assert address.entries("<@a.test,@b.test:c@d.test>") == [
        Entry(None, "@a.test,@b.test", "c", "d.test")
    ]


def test_an_internationalised_domain_is_shown_in_its_own_letters() -> None:
    box = Mailbox("", "post@xn--bcher-kva.example")
    assert box.shown_address == "post@bücher.example"
    assert box.shown == "post@bücher.example"
    assert address.to_ascii("bücher.example") == "xn--bcher-kva.example"
    assert address.to_unicode("xn--a.example") == "xn--a.example"  # no IDN, whatever it says
    assert address.to_ascii("-\u200d.example") is None


@pytest.mark.parametrize(
    "text", ["a@b.test", "a.b+c@b-c.test", '"a b"@x.test', "a@[192.0.2.1]", "jörg@bücher.example"]
)
def test_addresses_that_mail_can_be_sent_to(text: str) -> None:
    assert address.is_valid(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "a@",
        "@b",
        "a b@c.test",
        "a@b@c.test",
        "a@b..test",
        "a@-b.test",
        "a@b.test-",
        "a..b@c.test",
        "a@b.test\r\nRCPT TO:<x@y>",
        "a\x00@b.test",
        "x" * 65 + "@b.test",
        "a@b c",
        "<a@b.test>",
    ],
)
def test_addresses_that_no_mail_can_be_sent_to(text: str) -> None:
    assert not address.is_valid(text)


@pytest.mark.parametrize(
    ("text", "whole", "reason"),
    [
        ("jonas@", "jonas@", address.Wrong.NO_DOMAIN),
        ("Jonas <jonas@>", "jonas@", address.Wrong.NO_DOMAIN),
        ("mira@exa mple.org", "mira@exa mple.org", address.Wrong.BAD_DOMAIN),
        ("mira@mail.exa mple.org", "mira@mail.exa mple.org", address.Wrong.BAD_DOMAIN),
        ("mira@example .", "mira@example.", address.Wrong.BAD_DOMAIN),
        ("Mira mira@exa mple.org", "mira@exa mple.org", address.Wrong.BAD_DOMAIN),
        ("@example.org", "@example.org", address.Wrong.NO_LOCAL),
    ],
)
def test_half_an_address_stays_whole_and_wrong_instead_of_becoming_another(
    text: str, whole: str, reason: address.Wrong
) -> None:
    (box,) = address.parse(text)
    assert (box.address, address.wrong(box.address)) == (whole, reason)


def test_a_mailbox_reads_as_a_person_types_it() -> None:
    assert str(Mailbox("", "a@b.test")) == "a@b.test"
    assert str(Mailbox("Anna Weber", "a@b.test")) == "Anna Weber <a@b.test>"
    assert str(Mailbox('Weber, "A."', "a@b.test")) == r'"Weber, \"A.\"" <a@b.test>'
    for box in (Mailbox("Weber, Anna", "a@b.test"), Mailbox("Änne (x)", "a@b.test")):
        assert address.parse(str(box)) == (box,)


def test_a_name_of_several_words_in_any_script_needs_no_quotes() -> None:
    assert str(Mailbox("Maren Sørensen", "m@x.test")) == "Maren Sørensen <m@x.test>"
    assert str(Mailbox("Weber, Änne", "a@x.test")) == '"Weber, Änne" <a@x.test>'
    assert read("Maren Sørensen <m@x.test>") == [("Maren Sørensen", "m@x.test")]


def test_writing_refuses_what_cannot_be_sent() -> None:
    with pytest.raises(ValueError, match="not an address"):
        address.write([Mailbox("", "a@b\r\nBcc: c@d")])
    with pytest.raises(ValueError, match="SMTPUTF8"):
        address.write([Mailbox("", "jörg@x.test")])
    assert address.write([Mailbox("", "jörg@bücher.test")], utf8=True) == ["jörg@bücher.test"]
    assert address.write([Mailbox("", "j@bücher.test")]) == ["j@xn--bcher-kva.test"]


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=100))
def test_every_name_survives_writing_and_reading(name: str) -> None:
    line = header.fold("To", address.write([Mailbox(name, "a@b.test"), Mailbox("", "c@d.test")]))
    value = header.Header.parse(line + b"\r\n").value("to") or ""
    boxes = address.parse(value)
    assert [box.address for box in boxes] == ["a@b.test", "c@d.test"]
    if "\ufeff" not in name:
        assert boxes[0].name.split() == name.split()
    by_email = email.policy.default.header_factory("To", value)
    assert [one.addr_spec for one in by_email.addresses] == ["a@b.test", "c@d.test"]


@given(st.text(max_size=200))
def test_no_text_makes_it_raise(text: str) -> None:
    for box in address.parse(text):
        assert isinstance(box.shown, str)
        assert isinstance(box.is_valid, bool)
    address.entries(text)


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("anna@example.org", None),
        ("anna@münchen.example", None),
        ("a@localhost", None),
        ("anna", address.Wrong.NO_AT),
        ("", address.Wrong.NO_AT),
        ("@example.org", address.Wrong.NO_LOCAL),
        ("anna@", address.Wrong.NO_DOMAIN),
        ("anna weber@example.org", address.Wrong.BAD_LOCAL),
        (f"{'a' * 65}@example.org", address.Wrong.BAD_LOCAL),
        ("anna@exam ple.org", address.Wrong.BAD_DOMAIN),
        ("anna@example..org", address.Wrong.BAD_DOMAIN),
        ("anna@-example.org", address.Wrong.BAD_DOMAIN),
    ],
)
def test_what_is_no_address_says_why(typed: str, reason: address.Wrong | None) -> None:
    assert address.wrong(typed) is reason
    assert address.is_valid(typed) is (reason is None)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("anna, ben@example.org", ["anna", "ben@example.org"]),
        ("anna,ben@x.test,carl@x.test", ["anna", "ben@x.test", "carl@x.test"]),
        ("Anna Weber anna@x.test, ben@x.test", ["Anna Weber <anna@x.test>", "ben@x.test"]),
        ("Weber, Anna <anna@x.test>, ben@x.test", ['"Weber, Anna" <anna@x.test>', "ben@x.test"]),
        ('"a,b"@x.test', ['"a,b"@x.test']),
        ("team: anna@x.test, ben@x.test;", ["anna@x.test", "ben@x.test"]),
        ("", []),
        (" , ", []),
    ],
)
def test_of_what_a_person_typed_nobody_is_lost_in_the_name_of_another(
    text: str, meant: list[str]
) -> None:
    assert [str(box) for box in address.typed(text)] == meant
