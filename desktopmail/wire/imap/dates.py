"""Dates of IMAP: the day of a search key and the moment of an INTERNALDATE."""

# date      = date-text / DQUOTE date-text DQUOTE                    ; RFC 9051 section 9
# date-text = date-day "-" date-month "-" date-year
# date-time = DQUOTE date-day-fixed "-" date-month "-" date-year SP time SP zone DQUOTE

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from desktopmail.wire.errors import LocalProtocolError, RemoteProtocolError

if TYPE_CHECKING:
    from desktopmail.wire.imap.cursor import Cursor
    from desktopmail.wire.imap.writer import Writer

_MONTHS: Final = (b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct",
                  b"Nov", b"Dec")  # fmt: skip
_MONTH_NUMBERS: Final = {name.lower(): number for number, name in enumerate(_MONTHS, 1)}
_DATE = re.compile(rb'("?)([0-9]{1,2})-([A-Za-z]{3})-([0-9]{4})\1')
# Some servers write one digit without the space before it (seen from Exchange and hMailServer).
_DATE_TIME = re.compile(
    rb'" ?([0-9]{1,2})-([A-Za-z]{3})-([0-9]{4}) ([0-9]{2}):([0-9]{2}):([0-9]{2})'
    rb' ([+-])([0-9]{2})([0-9]{2})"'
)
# A time of day in three pieces, each in seconds: to look them up takes a fifth of the time of an
# expression and three numbers. A leap second is legal in a message; the one before it is as good.
_HOURS = {b" %02d:" % hour: hour * 3600 for hour in range(24)}
_MINUTES = {b"%02d:" % minute: minute * 60 for minute in range(60)}
_SECONDS = {b"%02d " % second: min(second, 59) for second in range(100)}


@lru_cache(maxsize=128)
def _zone(sign: bytes, hours: bytes, minutes: bytes) -> timezone:
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    return timezone(-offset if sign == b"-" else offset)


def decode_date(cursor: Cursor) -> date:
    """Read the day of a search key at the cursor."""
    found = _DATE.match(cursor.octets, cursor.pos)
    if found is None or found[3].lower() not in _MONTH_NUMBERS:
        raise cursor.error("a date")
    try:
        day = date(int(found[4]), _MONTH_NUMBERS[found[3].lower()], int(found[2]))
    except ValueError:
        raise cursor.error("a date of the calendar") from None
    cursor.pos = found.end()
    return day


def encode_date(writer: Writer, day: date) -> None:
    """Write the day of a search key."""
    writer.raw(b"%d-%b-%04d" % (day.day, _MONTHS[day.month - 1], day.year))


def decode_date_time(cursor: Cursor) -> datetime:
    """Read a moment at the cursor; it knows its own time zone."""
    found = _DATE_TIME.match(cursor.octets, cursor.pos)
    if found is None:
        raise cursor.error("a date and time")
    cursor.pos = found.end()
    return moment(found)


def moment(found: re.Match[bytes]) -> datetime:
    """Make the moment that was matched.

    Raises:
        RemoteProtocolError: The calendar has no such moment.
    """
    day, month, year, hour, minute, second, sign, hours, minutes = found.groups()
    try:
        return datetime(
            int(year), _MONTH_NUMBERS[month.lower()], int(day), int(hour), int(minute),
            # A leap second is legal in a message and has no place in a datetime.
            min(int(second), 59), tzinfo=_zone(sign, hours, minutes),
        )  # fmt: skip
    except (KeyError, ValueError) as error:
        raise RemoteProtocolError(f"no such date and time: {found[0]!r}") from error


def seconds_of(octets: bytes) -> int:
    """Return the seconds since 1970 of a moment in its quotes: a day is worked out once.

    Raises:
        RemoteProtocolError: It is none, or the calendar has no such moment.
    """
    at = octets.find(b":")
    hour = _HOURS.get(octets[at - 3 : at + 1])
    minute = _MINUTES.get(octets[at + 1 : at + 4])
    second = _SECONDS.get(octets[at + 4 : at + 7])
    if hour is None or minute is None or second is None:
        raise RemoteProtocolError(f"a date and time was expected, not {octets[:40]!r}")
    return _midnight(octets[: at - 3], octets[at + 7 :]) + hour + minute + second


@lru_cache(maxsize=1024)
def _midnight(day: bytes, zone: bytes) -> int:
    """Of a day and a zone, each with its quote."""
    found = _DATE_TIME.fullmatch(b"%b 00:00:00 %b" % (day, zone))
    if found is None:
        raise RemoteProtocolError(f"a day and a zone were expected, not {day[:40]!r}")
    return int(moment(found).timestamp())


def date_time_octets(when: datetime) -> bytes:
    """Write a moment, quoted.

    Raises:
        LocalProtocolError: The moment has no time zone.
    """
    offset = when.utcoffset()
    if offset is None:
        raise LocalProtocolError("a moment without a time zone cannot be sent")
    minutes = int(offset.total_seconds()) // 60
    sign = b"-" if minutes < 0 else b"+"
    hours, minutes = divmod(abs(minutes), 60)
    return b'"%2d-%b-%04d %02d:%02d:%02d %b%02d%02d"' % (
        when.day, _MONTHS[when.month - 1], when.year, when.hour, when.minute, when.second,
        sign, hours, minutes,
    )  # fmt: skip


def encode_date_time(writer: Writer, when: datetime) -> None:
    """Write a moment, quoted."""
    writer.raw(date_time_octets(when))
