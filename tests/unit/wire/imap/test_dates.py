"""Dates."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.wire.errors import LocalProtocolError, RemoteProtocolError
from desktopmail.wire.imap.cursor import Cursor
from desktopmail.wire.imap.dates import (
    date_time_octets,
    decode_date,
    decode_date_time,
    encode_date,
    seconds_of,
)
from desktopmail.wire.imap.writer import octets_of

zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(timezones=zones).map(lambda when: when.replace(microsecond=0)))
def test_a_moment_comes_back_with_its_zone(when: datetime) -> None:
    read = decode_date_time(Cursor(date_time_octets(when)))
    assert read == when
    assert read.utcoffset() == when.utcoffset()


@given(st.dates())
def test_a_day_comes_back(day: date) -> None:
    assert decode_date(Cursor(octets_of(lambda writer: encode_date(writer, day)))) == day


def test_the_moment_of_rfc_9051_section_6_3_12() -> None:
    octets = b'" 7-Feb-1994 21:52:25 -0800"'
    when = decode_date_time(Cursor(octets))
    assert when == datetime(1994, 2, 8, 5, 52, 25, tzinfo=UTC)
    assert date_time_octets(when) == octets


@pytest.mark.parametrize(
    "octets", [b'"1-Feb-1994 21:52:25 -0800"', b'"01-feb-1994 21:52:25 -0800"']
)
def test_days_of_one_digit_and_months_in_any_case_are_read(octets: bytes) -> None:
    assert decode_date_time(Cursor(octets)).day == 1


def test_a_leap_second_is_the_second_before_it() -> None:
    assert decode_date_time(Cursor(b'"31-Dec-2016 23:59:60 +0000"')).second == 59


@pytest.mark.parametrize(
    "octets",
    [
        b'"31-Feb-2020 00:00:00 +0000"',
        b'"01-Foo-2020 00:00:00 +0000"',
        b'"01-Jan-2020 25:00:00 +0000"',
        b"01-Jan-2020",
        b'""',
        b'"01-Jan-2020 00:00:00 +9900"',
        b'"01-Jan-0000 00:00:00 +0000"',
    ],
)
def test_what_the_calendar_does_not_have_is_the_peers_fault(octets: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        decode_date_time(Cursor(octets))


@pytest.mark.parametrize("octets", [b"1-Feb-1994", b'"1-Feb-1994"', b"01-FEB-1994"])
def test_days_with_and_without_quotes(octets: bytes) -> None:
    assert decode_date(Cursor(octets)) == date(1994, 2, 1)


@pytest.mark.parametrize("octets", [b"30-Feb-1994", b"1-Feb-94", b"x", b'"1-Feb-1994'])
def test_a_day_that_is_none_is_the_peers_fault(octets: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        decode_date(Cursor(octets))


def test_a_moment_without_a_zone_is_our_fault() -> None:
    with pytest.raises(LocalProtocolError):
        date_time_octets(datetime(2026, 1, 1))  # noqa: DTZ001  (that is the point)


@given(st.datetimes(timezones=zones).map(lambda when: when.replace(microsecond=0)))
def test_seconds_are_those_of_the_moment(when: datetime) -> None:
    if 1 < when.year < 9999:  # at the ends of the calendar the day may begin outside of it
        assert seconds_of(date_time_octets(when)) == when.timestamp()


@given(
    st.from_regex(
        rb'" ?[0-3]?[0-9]-(Feb|nov|x)-(2026|0001|99)[ :]+[0-2 ]?[0-9]:[0-6][0-9]:?[069]?[0-9] ?'
        rb'[+-]?[0-9]{3,4}( \(CET\))?"?',
        fullmatch=True,
    )
)
def test_seconds_are_told_of_what_is_read_as_a_moment(octets: bytes) -> None:
    cursor = Cursor(octets)
    try:
        when = decode_date_time(cursor)
        cursor.end()
    except RemoteProtocolError:
        with pytest.raises(RemoteProtocolError):
            seconds_of(octets)
    else:
        assert seconds_of(octets) == int(when.timestamp())


@pytest.mark.parametrize(
    "octets", [b'"31-Feb-2026 10:00:00 +0000"', b'" 1-Feb-2026 25:00:00 +0000"', b'"x"', b"NIL"]
)
def test_what_is_no_moment_has_no_seconds(octets: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        seconds_of(octets)
