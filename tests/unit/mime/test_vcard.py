"""vCards of any version are read for what an address book shows, and written for all to read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.mime.vcard import Card, read, write

# RFC 6350 section 8, shortened.
RFC_6350 = b"""BEGIN:VCARD\r
VERSION:4.0\r
FN:Simon Perreault\r
N:Perreault;Simon;;;ing. jr,M.Sc.\r
ORG;TYPE=work:Viagenie\r
TEL;VALUE=uri;TYPE="work,voice";PREF=1:tel:+1-418-656-9254;ext=102\r
EMAIL;TYPE=work:simon.perreault@viagenie.ca\r
END:VCARD\r
"""
OUTLOOK = (
    b"BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J=C3=B6rg\r\n"
    b"FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:J=C3=B6rg =\r\nM=C3=BCller\r\n"
    b"EMAIL;PREF;INTERNET:joerg@example.org\r\nEND:VCARD\r\n"
)
APPLE = (
    b"BEGIN:VCARD\nVERSION:3.0\nN:Berg;Anna;;;\nitem1.EMAIL;type=INTERNET:home@example.org\n"
    b"item2.EMAIL;type=INTERNET;type=pref:work@example.org\nNOTE:one\\, two\\nthree and a long\n"
    b"  line\nEND:VCARD\n"
)


def test_the_example_of_rfc_6350_section_8_is_read() -> None:
    assert read(RFC_6350) == [
        Card(
            name="Simon Perreault",
            addresses=("simon.perreault@viagenie.ca",),
            organisation="Viagenie",
            phones=("+1-418-656-9254;ext=102",),
        )
    ]


def test_quoted_printable_of_version_2_1_is_read_over_its_soft_breaks() -> None:
    (card,) = read(OUTLOOK)
    assert (card.name, card.addresses) == ("Jörg Müller", ("joerg@example.org",))


def test_groups_preference_escapes_and_folds_are_understood() -> None:
    (card,) = read(APPLE)
    assert card.name == "Anna Berg"
    assert card.addresses == ("work@example.org", "home@example.org")
    assert card.note == "one, two\nthree and a long line"


@pytest.mark.parametrize("octets", [b"", b"hello", b"BEGIN:VCARD\nFN:cut", b"\xff\xfe\x00"])
def test_what_is_no_card_is_left_out(octets: bytes) -> None:
    assert read(octets) == []


@given(st.binary())
def test_nothing_makes_it_fail(octets: bytes) -> None:
    read(b"BEGIN:VCARD\n" + octets + b"\nEND:VCARD\n")


_LINE = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp", "Cf"]), min_size=1, max_size=60
)


@given(_LINE, _LINE, _LINE)
def test_what_is_written_is_read_again(name: str, organisation: str, note: str) -> None:
    card = Card(
        uid="urn:uuid:1", name=name, addresses=("a@example.org",), phones=("+49 30; 1",),
        organisation=organisation.replace(";", ""), note=f"{note}\n{note}",
    )  # fmt: skip
    octets = write([card])
    assert all(len(line) <= 75 for line in octets.split(b"\r\n"))
    (again,) = read(octets)
    assert (again.name, again.addresses, again.note) == (card.name, card.addresses, card.note)
    assert again.phones == card.phones
