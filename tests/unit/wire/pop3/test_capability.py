"""CAPA: RFC 2449 sections 5 and 6."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.wire.errors import LocalProtocolError, RemoteProtocolError
from desktopmail.wire.pop3.capability import Capa, Capabilities
from desktopmail.wire.pop3.reply import ok
from tests.helpers.pop3 import answer_of

# RFC 2449 section 5.
RFC_CAPA = (
    b"+OK Capability list follows\r\n"
    b"TOP\r\n"
    b"USER\r\n"
    b"SASL CRAM-MD5 KERBEROS_V4\r\n"
    b"RESP-CODES\r\n"
    b"LOGIN-DELAY 900\r\n"
    b"PIPELINING\r\n"
    b"EXPIRE 60\r\n"
    b"UIDL\r\n"
    b"IMPLEMENTATION Shlemazle-Plotz-v302\r\n"
    b".\r\n"
)


def test_the_example_of_rfc_2449_section_5() -> None:
    found = answer_of(Capa(), RFC_CAPA)
    assert isinstance(found, Capabilities)
    assert found.sasl == ("CRAM-MD5", "KERBEROS_V4")
    assert found.login_delay_s == 900
    assert found.expire_days == 60
    assert found.implementation == "Shlemazle-Plotz-v302"
    for tag in ("TOP", "USER", "RESP-CODES", "PIPELINING", "UIDL", "pipelining"):
        assert tag in found
    assert "STLS" not in found
    assert not found.differs_per_user
    assert not found.takes_utf8_names


@pytest.mark.parametrize(
    ("lines", "days", "never", "per_user"),
    [
        # RFC 2449 section 6.7, the four examples.
        (b"EXPIRE 5 USER\r\n", 5, False, True),
        (b"EXPIRE 30\r\n", 30, False, False),
        (b"EXPIRE NEVER\r\n", None, True, False),
        (b"EXPIRE 0\r\n", 0, False, False),
        (b"", None, False, False),
        (b"EXPIRE\r\n", None, False, False),
        (b"EXPIRE soon\r\n", None, False, False),
        (b"EXPIRE 99999999999999\r\n", None, False, False),
    ],
)
def test_how_long_messages_stay(
    lines: bytes, days: int | None, never: bool, per_user: bool
) -> None:
    found = Capabilities.parse(lines)
    assert (found.expire_days, found.never_expires, found.differs_per_user) == (
        days,
        never,
        per_user,
    )


def test_utf8_names_are_taken_where_the_server_says_so() -> None:
    # RFC 6856 section 2.2.
    assert Capabilities.parse(b"UTF8 USER\r\n").takes_utf8_names
    assert not Capabilities.parse(b"UTF8\r\n").takes_utf8_names


def test_what_cannot_be_read_is_left_out() -> None:
    found = Capabilities.parse(b"\r\n  \r\nTOP\t\r\n\xff\r\nX.Y 1\r\nIMPLEMENTATION \xff x\r\n")
    assert set(found.parameters) == {"TOP", "X.Y", "IMPLEMENTATION"}
    assert found.implementation == "\ufffd x"
    assert Capabilities.parse(b"IMPLEMENTATION \x1b[2J\r\n").implementation == "\ufffd[2J"


def test_nothing_is_false_and_something_is_true() -> None:
    assert not Capabilities()
    assert Capabilities({"TOP": ()})


def test_a_nul_is_the_peers_fault() -> None:
    with pytest.raises(RemoteProtocolError):
        Capa().read(ok(), b"TOP\0\r\n")


@pytest.mark.parametrize(
    "parameters",
    [
        {"A B": ()},
        {"": ()},
        {"A.B": ()},
        {"SASL": ("PLAIN\r\nSTLS",)},
        {"SASL": ("",)},
        {"X": ("y" * 510,)},
        {"UTF8": ("\u00fc",)},
    ],
)
def test_what_cannot_be_announced_is_our_fault(parameters: dict[str, tuple[str, ...]]) -> None:
    with pytest.raises(LocalProtocolError):
        Capabilities(parameters).encode()


_TAG = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="."), min_size=1, max_size=10).map(str.upper)  # fmt: skip # noqa: E501
_WORD = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=10)


@given(st.dictionaries(_TAG, st.lists(_WORD, max_size=3).map(tuple), max_size=5))
def test_what_is_written_reads_back_the_same(parameters: dict[str, tuple[str, ...]]) -> None:
    assert Capabilities.parse(Capabilities(parameters).encode()).parameters == parameters


@given(st.binary(max_size=100))
def test_reading_never_fails(lines: bytes) -> None:
    found = Capabilities.parse(lines)
    assert found.login_delay_s is None or found.login_delay_s >= 0
    assert isinstance(found.implementation, str)
