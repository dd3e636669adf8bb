"""Limits are named, positive, and not below what the RFCs demand."""

from __future__ import annotations

from desktopmail.wire import limits

# RFC 2449 section 4; RFC 4954 section 4; RFC 1939 section 7.
AT_LEAST = {
    "POP3_MAX_COMMAND_OCTETS": 255,
    "POP3_MAX_REPLY_OCTETS": 512,
    "POP3_MAX_UIDL_OCTETS": 70,
    "SASL_MAX_LINE_OCTETS": 12_288,
    "MAX_REPLY_LINE_OCTETS": 512,
}


def test_every_limit_is_a_positive_number() -> None:
    named = {name: value for name, value in vars(limits).items() if name.isupper()}
    assert named
    assert all(isinstance(value, int) and value > 0 for value in named.values())


def test_no_limit_is_below_what_an_rfc_demands() -> None:
    assert {
        name: getattr(limits, name) >= least for name, least in AT_LEAST.items()
    } == dict.fromkeys(AT_LEAST, True)


def test_before_the_login_less_is_taken() -> None:
    assert limits.POP3_MAX_EARLY_LISTING_OCTETS < limits.POP3_MAX_LISTING_OCTETS
