"""Dates of mail in the forms real clients write, as aware datetimes (RFC 5322 section 3.3, 4.3)."""

from __future__ import annotations

import functools
import re
from datetime import UTC, datetime, timedelta, timezone

# [ day-name "," ] day month year hour ":" minute [ ":" second ] zone
_USUAL = re.compile(
    r"\s*+(?:[A-Za-z]{3},?\s++)?([0-9]{1,2})\s++([A-Za-z]{3})\s++([0-9]{4})\s++"
    r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?\s++([+-])([0-9]{2})([0-9]{2})\s*+(?:\(.*)?$",
    re.DOTALL,
)
# The same as RFC 5322 wants it, of a year that is not at an end of the calendar: what stands before
# the time of day, and what behind it.
_DAY = re.compile(r"(?:[A-Za-z]{3}, )?([0-9]{1,2} [A-Za-z]{3} [12][0-9]{3})")
_ZONE = re.compile(r"([+-][0-9]{4})(?: \([A-Z]{1,5}\))?")
_MAX_WELL_FORMED = len("Thu, 16 Nov 2023 10:00:00 +0000 (ABCDE)")
# The time of day in three pieces, each in seconds: to look them up takes a fifth of the time of an
# expression and three numbers.
_HOURS = {f" {hour:02}:": hour * 3600 for hour in range(24)}
_MINUTES = {f"{minute:02}:": minute * 60 for minute in range(60)}
_SECONDS = {f"{second:02} ": second for second in range(60)}
_ISO = re.compile(r"([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})(?![0-9])")
_NUMERIC = re.compile(r"\b([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4}|[0-9]{2})\b")
_TIME = re.compile(
    r"(?<![0-9.:])([0-9]{1,2}):([0-9]{2})(?:[:.]([0-9]{1,2}))?(?:[.,][0-9]+)?\s*([AaPp]\.?[Mm])?"
)
_DOTTED_TIME = re.compile(
    r"(?<![0-9.:])([0-9]{1,2})\.([0-9]{2})(?:\.([0-9]{2}))?(?![0-9.])\s*([AaPp]\.?[Mm])?"
)
_COMMENT = re.compile(r"\([^()]*\)")
_COLON = re.compile(r"\s*:\s*")
_OFFSET = re.compile(r"(?<![0-9])(?:GMT|UTC|UT)?\s*([+-])\s?([0-9]{1,2}):?([0-9]{2})?(?![0-9])")
_WORD = re.compile(r"[^\W\d_]+")
_NUMBER = re.compile(r"[0-9]+")
_EPOCH = re.compile(r"\s*([0-9]{9,13})\s*")

_MONTHS = {
    "jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6,
    "jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12,
    "jän": 1, "mär": 3, "mrz": 3, "mai": 5, "okt": 10, "dez": 12,  # German
    "fév": 2, "avr": 4, "aoû": 8, "déc": 12,  # French
    "ene": 1, "abr": 4, "ago": 8, "dic": 12,  # Spanish
    "gen": 1, "mag": 5, "giu": 6, "lug": 7, "set": 9, "ott": 10,  # Italian
    "maa": 3, "mei": 5,  # Dutch
}  # fmt: skip
_ZONES = {
    "ut": 0, "gmt": 0, "utc": 0, "z": 0, "wet": 0, "west": 60, "bst": 60, "cet": 60, "cest": 120,
    "met": 60, "mest": 120, "mez": 60, "mesz": 120, "eet": 120, "eest": 180, "msk": 180,
    "est": -300, "edt": -240, "cst": -360, "cdt": -300, "mst": -420, "mdt": -360,
    "pst": -480, "pdt": -420, "akst": -540, "akdt": -480, "hst": -600,
    "ist": 330, "jst": 540, "kst": 540, "aest": 600, "aedt": 660, "nzst": 720, "nzdt": 780,
}  # fmt: skip


def parse(text: str | None) -> datetime | None:
    """Return the aware datetime a Date field names, or None when there is none to be read.

    A date without a zone, or with an unknown one, counts as UTC (RFC 5322 section 4.3).

    Args:
        text: The unfolded body of the field, or None.
    """
    if not text:
        return None
    usual = _USUAL.match(text)
    if usual:
        day, name, year, hour, minute, second, sign, zone_h, zone_m = usual.groups()
        month = _MONTHS.get(name.lower())
        if month:
            offset = (int(zone_h) * 60 + int(zone_m)) * (-1 if sign == "-" else 1)
            return _datetime(
                int(year), month, int(day), int(hour), int(minute), int(second or 0), offset
            )
    return _tolerant(text[:200])


def epoch(text: str | None) -> int | None:
    """Return the seconds since 1970 a Date field names, or None; a day is worked out once."""
    if text and len(text) <= _MAX_WELL_FORMED:
        at = text.find(":")
        hour = _HOURS.get(text[at - 3 : at + 1])
        minute = _MINUTES.get(text[at + 1 : at + 4])
        second = _SECONDS.get(text[at + 4 : at + 7])
        if hour is not None and minute is not None and second is not None:
            midnight = _midnight(text[: at - 3], text[at + 7 :])
            if midnight is not None:
                return midnight + hour + minute + second
    found = parse(text)
    return None if found is None else int(found.timestamp())


@functools.lru_cache(maxsize=1024)
def _midnight(before: str, behind: str) -> int | None:
    """What a well-formed day and zone begin at; None for others."""
    day, zone = _DAY.fullmatch(before), _ZONE.fullmatch(behind)
    found = parse(f"{day[1]} 00:00:00 {zone[1]}") if day and zone else None
    return None if found is None else int(found.timestamp())


def _tolerant(text: str) -> datetime | None:
    """Find the parts of a date one by one, wherever they stand."""
    seconds = _EPOCH.fullmatch(text)
    if seconds:
        number = int(seconds[1])
        return datetime.fromtimestamp(number / 1000 if len(seconds[1]) > 10 else number, UTC)
    # Comments and spaces around the colons are obsolete, and allowed (RFC 5322 appendix A.6.3).
    text = _COLON.sub(":", _COMMENT.sub("", text)) if "(" in text or " :" in text else text
    time = _TIME.search(text) or (_DOTTED_TIME.search(text) if _month(text) else None)
    hour = minute = second = 0
    before, after = text, ""
    if time:
        hour, minute, second = int(time[1]), int(time[2]), int(time[3] or 0)
        if time[4]:
            hour = hour % 12 + (12 if time[4][0] in "pP" else 0)
        before, after = text[: time.start()], text[time.end() :]
    date = _calendar(before, after)
    if date is None:
        return None
    return _datetime(*date, hour, minute, second, _zone(after if time else before))


def _month(text: str) -> int | None:
    for word in _WORD.findall(text):
        month = _MONTHS.get(word.lower()[:3])
        if month is not None:
            return month
    return None


def _calendar(before: str, after: str) -> tuple[int, int, int] | None:
    """Return year, month and day from the text before and behind the time of day."""
    text = f"{before} {after}"
    iso = _ISO.search(text)
    if iso:
        return int(iso[1]), int(iso[2]), int(iso[3])
    month = _month(text)
    if month is None:
        numeric = _NUMERIC.search(text)
        if numeric is None:
            return None
        first, second, year = int(numeric[1]), int(numeric[2]), _year(numeric[3])
        # Day first, as most of the world writes; month first where only that can be.
        return (year, first, second) if second > 12 else (year, second, first)
    numbers = _NUMBER.findall(before) + _NUMBER.findall(_OFFSET.sub(" ", after))
    if len(numbers) < 2:
        return None
    if len(numbers[0]) == 4:
        return int(numbers[0]), month, int(numbers[1])
    return _year(numbers[1]), month, int(numbers[0])


def _year(digits: str) -> int:
    """Return a year, two and three digits as RFC 5322 section 4.3 reads them."""
    year = int(digits)
    if len(digits) == 2:
        return year + (2000 if year < 50 else 1900)
    return year + 1900 if len(digits) == 3 else year


def _zone(text: str) -> int:
    """Return the minutes east of UTC; 0 for an unknown zone."""
    offset = _OFFSET.search(text)
    if offset:
        minutes = int(offset[2]) * 60 + int(offset[3] or 0)
        return -minutes if offset[1] == "-" else minutes
    for word in _WORD.findall(text):
        if word.lower() in _ZONES:
            return _ZONES[word.lower()]
    return 0


def _datetime(
    year: int, month: int, day: int, hour: int, minute: int, second: int, offset: int
) -> datetime | None:
    leap = second == 60
    try:
        found = datetime(
            year, month, day, 0 if hour == 24 else hour, minute, 59 if leap else second,
            tzinfo=_timezone(offset),
        )  # fmt: skip
        if leap or hour == 24:
            found += timedelta(days=1) if hour == 24 else timedelta(seconds=1)
        # Dates at the ends of the calendar leave it when they are brought to UTC.
        if not 1 < year < 9999:
            found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return found


@functools.lru_cache(maxsize=256)
def _timezone(offset: int) -> timezone:
    # More than a day is nonsense (spam writes -9999): the time of day still counts.
    return timezone(timedelta(minutes=offset)) if abs(offset) < 24 * 60 else UTC
