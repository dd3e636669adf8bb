"""Dates and sizes as a person reads them, short in lists and whole in the reading pane."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from PySide6.QtCore import QDate, QDateTime, QLocale, QTime

from desktopmail.ui.language import tr


def local_time(seconds: float) -> datetime:
    """Return a moment in the time of this machine; what no calendar holds becomes 1970."""
    try:
        return datetime.fromtimestamp(seconds, UTC).astimezone()
    except (OverflowError, ValueError, OSError):
        return datetime.fromtimestamp(0, UTC).astimezone()


def short_date(seconds: float, now: datetime) -> str:
    """Return the date of a list row: the time today, the weekday this week, else the day."""
    moment = local_time(seconds)
    locale = QLocale()
    days = (now.date() - moment.date()).days
    if days == 0:
        return locale.toString(QTime(moment.hour, moment.minute), QLocale.FormatType.ShortFormat)
    if days == 1:
        return tr("date.yesterday")
    day = QDate(moment.year, moment.month, moment.day)
    if 1 < days < 7:
        return locale.dayName(moment.isoweekday(), QLocale.FormatType.LongFormat)
    if moment.year == now.year:
        return locale.toString(day, tr("date.day_and_month"))
    return locale.toString(day, tr("date.day_month_year"))


def widest_dates() -> list[str]:
    """Return what `short_date` says at most, for a column that is to have room for all of it."""
    locale, far = QLocale(), QDate(2000, 12, 28)
    return [
        tr("date.yesterday"),
        *(locale.dayName(day, QLocale.FormatType.LongFormat) for day in range(1, 8)),
        *(locale.toString(far.addMonths(-month), tr("date.day_and_month")) for month in range(12)),
        locale.toString(far, tr("date.day_month_year")),
        locale.toString(QTime(23, 58), QLocale.FormatType.ShortFormat),
    ]


def long_date(seconds: float) -> str:
    """Return a date as the reading pane shows it, with weekday and time."""
    moment = local_time(seconds)
    when = QDateTime(
        QDate(moment.year, moment.month, moment.day), QTime(moment.hour, moment.minute)
    )
    return QLocale().toString(when, tr("date.full"))


def section(seconds: float, now: datetime) -> str:
    """Return the heading a row would stand under: today, yesterday, this week, or the month."""
    moment = local_time(seconds)
    days = (now.date() - moment.date()).days
    if days <= 0:
        return tr("date.today")
    if days == 1:
        return tr("date.yesterday")
    if days < 7:
        return tr("date.this_week")
    day = QDate(moment.year, moment.month, moment.day)
    return QLocale().toString(day, "MMMM yyyy")


def until_midnight(now: datetime) -> timedelta:
    """Return how long "today" in a list is still true."""
    tomorrow = (now + timedelta(days=1)).replace(hour=0, minute=0, second=1, microsecond=0)
    return tomorrow - now


def size_text(octets: int) -> str:
    """Return a size as "12 KB"."""
    return QLocale().formattedDataSize(
        octets, 0 if octets < 1_000_000 else 1, QLocale.DataSizeFormat.DataSizeSIFormat
    )


def widest_sizes() -> list[str]:
    """Return what `size_text` says at most, up to messages of a gigabyte."""
    return [size_text(octets) for octets in (999, 999_999, 999_900_000)]
