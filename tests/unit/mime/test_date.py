from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.mime import date


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # RFC 5322 appendix A: the examples, and the obsolete ones of A.6.2.
        ("Fri, 21 Nov 1997 09:55:06 -0600", "1997-11-21T09:55:06-06:00"),
        (
            "Thu,\r\n      13\r\n        Feb\r\n          1969\r\n      23:32\r\n -0330",
            "1969-02-13T23:32:00-03:30",
        ),
        ("21 Nov 97 09:55:06 GMT", "1997-11-21T09:55:06+00:00"),
        ("Fri, 21 Nov 1997 09(comment):   55  :  06 -0600", "1997-11-21T09:55:06-06:00"),
        # Section 4.3: two and three digits of a year, names of zones, a leap second.
        ("1 Jan 49 00:00 UT", "2049-01-01T00:00:00+00:00"),
        ("1 Jan 50 00:00 UT", "1950-01-01T00:00:00+00:00"),
        ("1 Jan 126 00:00 UT", "2026-01-01T00:00:00+00:00"),
        ("Mon, 23 Nov 2026 08:00:00 EST", "2026-11-23T08:00:00-05:00"),
        ("Sat, 31 Dec 2016 23:59:60 +0000", "2017-01-01T00:00:00+00:00"),
        # What real clients write.
        ("Mon, 23 Nov 2026 08:00:00 +0100 (CET)", "2026-11-23T08:00:00+01:00"),
        ("Mo, 23 Nov 2026 08:00:00 +0100", "2026-11-23T08:00:00+01:00"),
        ("Mo, 23 Dez 2026 08:00:00 MEZ", "2026-12-23T08:00:00+01:00"),
        ("Monday, November 23, 2026 8:05 PM", "2026-11-23T20:05:00+00:00"),
        ("Mon Nov 23 08:00:00 2026", "2026-11-23T08:00:00+00:00"),
        ("Mon Nov 23 08:00:00 CET 2026", "2026-11-23T08:00:00+01:00"),
        ("23-Nov-2026 08:00:00 +0100", "2026-11-23T08:00:00+01:00"),
        ("2026-11-23T08:00:00Z", "2026-11-23T08:00:00+00:00"),
        ("2026-11-23 08:00:00.123 +01:00", "2026-11-23T08:00:00+01:00"),
        ("23/11/2026 08:00", "2026-11-23T08:00:00+00:00"),
        ("11/23/2026 12:00 AM", "2026-11-23T00:00:00+00:00"),
        ("23.11.2026 08:00", "2026-11-23T08:00:00+00:00"),
        ("Mon, 23 Nov 2026 08.00.05 +0100", "2026-11-23T08:00:05+01:00"),
        ("Mon, 23 Nov 2026", "2026-11-23T00:00:00+00:00"),
        ("Mon, 23 Nov 2026 24:00:00 +0000", "2026-11-24T00:00:00+00:00"),
        ("Mon, 23 Nov 2026 08:00:00 +9999", "2026-11-23T08:00:00+00:00"),
        ("Mon, 23 Nov 2026 08:00:00 GMT+0100", "2026-11-23T08:00:00+01:00"),
        ("1795420800", "2026-11-23T08:00:00+00:00"),
        ("Mon, 31 Feb 2026 08:00:00 +0000", None),
        ("yesterday", None),
        ("", None),
        ("Sat, 1 Jan 0001 00:00:00 +1200", None),
        ("99 99 99 99:99", None),
    ],
)
def test_dates_in_many_forms(text: str, expected: str | None) -> None:
    found = date.parse(text)
    assert (found.isoformat() if found else None) == expected


def test_no_date_is_no_date() -> None:
    assert date.parse(None) is None
    assert date.epoch(None) is None


def test_the_epoch_counts_from_1970() -> None:
    assert date.epoch("Thu, 01 Jan 1970 01:00:00 +0100") == 0
    assert date.epoch("Thu, 13 Feb 1969 23:32:00 -0330") == int(
        datetime(1969, 2, 14, 3, 2, tzinfo=UTC).timestamp()
    )


@given(
    st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001 - the zone comes next
    st.integers(-14 * 60, 14 * 60),
)
def test_every_date_email_writes_is_read_again(moment: datetime, minutes: int) -> None:
    from email.utils import format_datetime

    aware = moment.replace(microsecond=0, tzinfo=timezone(timedelta(minutes=minutes)))
    assert date.parse(format_datetime(aware)) == aware


@given(st.text(max_size=80))
def test_no_text_makes_it_raise(text: str) -> None:
    found = date.parse(text)
    assert found is None or found.tzinfo is not None


@given(
    st.datetimes(datetime(1000, 1, 1), datetime(2999, 12, 31)),  # noqa: DTZ001 - the zone is drawn
    st.integers(-1500, 1500),
    st.sampled_from(["", "Mon, "]),
)
def test_the_epoch_is_that_of_the_moment(moment: datetime, minutes: int, day: str) -> None:
    sign, rest = "-" if minutes < 0 else "+", abs(minutes)
    text = f"{day}{moment:%d %b %Y %H:%M:%S} {sign}{rest // 60:02}{rest % 60:02}"
    found = date.parse(text)
    assert date.epoch(text) == (None if found is None else int(found.timestamp()))


@given(
    st.from_regex(
        r"(Thu, |mar, |Thu )?[0-3]?[0-9] (Feb|nov|Foo) (2023|1000|9999|99)[ :]+[0-2]?[0-9]"
        r":[0-6][0-9](:[0-6][0-9])? ?[+-]?[0-9]{3,4}( \((CET|CENTRAL|[A-Z ]{3})\))?",
        fullmatch=True,
    )
)
def test_the_epoch_of_what_is_nearly_well_formed_is_that_of_its_moment(text: str) -> None:
    found = date.parse(text)
    assert date.epoch(text) == (None if found is None else int(found.timestamp()))
