"""The bounds."""

from __future__ import annotations

from dataclasses import fields

from desktopmail.wire.imap import limits


def test_before_login_every_bound_is_smaller() -> None:
    for early, late in (
        (limits.CLIENT_BEFORE_LOGIN, limits.CLIENT),
        (limits.SERVER_BEFORE_LOGIN, limits.SERVER),
    ):
        assert all(getattr(early, f.name) < getattr(late, f.name) for f in fields(limits.Limits))


def test_a_sasl_response_of_12288_octets_fits_before_login() -> None:
    # RFC 4422 leaves the length open; RFC 4954 section 4 names this one.
    assert limits.SERVER_BEFORE_LOGIN.max_line_octets > 12_288


def test_a_command_line_of_8192_octets_fits() -> None:
    # RFC 7162 section 4.
    assert limits.SERVER.max_line_octets >= 8192
