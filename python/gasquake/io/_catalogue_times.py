"""Times of catalogues: text to UTC, where anything that can be read in two ways is an error and never a guess.

`pandas.to_datetime` was rejected for this: it guesses the order of day and month row by row, takes a missing zone for
UTC, and takes a bare number for nanoseconds.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["TimeProblem", "Times", "as_zone", "read_times"]

_CLOCK = (
    r"(?:(?:\s*T\s*|\s+)(?P<hour>\d{1,2})\s*[:时]\s*(?P<minute>\d{1,2})"
    r"(?:\s*[:分]\s*(?P<second>\d{1,2})(?:[.,](?P<fraction>\d{1,9})\d*)?秒?)?)?"
)
_ZONE = r"\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?"
_YEAR_FIRST = re.compile(
    r"\s*(?P<year>\d{4})\s*[-/.年]\s*(?P<month>\d{1,2})\s*[-/.月]\s*(?P<day>\d{1,2})日?" + _CLOCK + _ZONE + r"\s*", re.I
)
_YEAR_LAST = re.compile(
    r"\s*(?P<first>\d{1,2})[-/.](?P<second_part>\d{1,2})[-/.](?P<year>\d{4})" + _CLOCK + _ZONE + r"\s*", re.I
)
_NUMBER = re.compile(r"\s*(?P<sign>[+-]?)(?P<whole>\d+)(?:\.(?P<fraction>\d{0,9})\d*)?\s*")

#: Seconds from 1970 to the year 2100: more cannot be seconds, a thousand times more cannot be milliseconds.
_MOST_SECONDS = 4_102_444_800
#: Bare numbers below this (March 1973) may as well be years or dates.
_LEAST_SECONDS = 100_000_000
_COMPACT = re.compile(r"\s*(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])([01]\d|2[0-3])([0-5]\d)?\s*")
_ACCEPTED = (
    "write it as 2022-09-05T04:52:19.645Z (or 2022-09-05 12:52:19 with tz given), as 05/09/2022 with dayfirst given, "
    "or as seconds or milliseconds since 1970"
)
_PRECISIONS = np.array(["day", "minute", "second"], dtype=object)


class TimeProblem(ValueError):
    """What is wrong with the times, and in which of them it shows.

    Attributes
    ----------
    row : int or None
        Index of the time at fault; None where all of them together are.
    """

    def __init__(self, message: str, row: int | None = None) -> None:
        super().__init__(message)
        self.row = row


@dataclass(frozen=True, slots=True, eq=False)
class Times:
    """Times in UTC and how finely each was given.

    Attributes
    ----------
    utc : ndarray of datetime64[ns]
        NaT where the text was empty.
    precision : ndarray of object
        "day" where there is no time of day (midnight stands for it), "minute" or "second".
    """

    utc: NDArray[np.datetime64]
    precision: NDArray[np.object_]


def as_zone(tz: str | tzinfo) -> tzinfo:
    """A time zone from its name or offset, as "Asia/Shanghai", "UTC" or "+08:00"."""
    if isinstance(tz, tzinfo):
        return tz
    if not isinstance(tz, str):
        raise TypeError(f"tz must be a name, an offset or a tzinfo, got {type(tz).__name__}")
    offset = re.fullmatch(r"(?:UTC|GMT)?([+-])(\d{1,2})(?::?(\d{2}))?", tz.strip(), re.I)
    if offset:
        minutes = int(offset[2]) * 60 + int(offset[3] or 0)
        if minutes > 14 * 60:
            raise ValueError(f"tz must lie within 14 hours of UTC, got {tz!r}")
        return timezone(timedelta(minutes=-minutes if offset[1] == "-" else minutes))
    if tz.strip().upper() in ("Z", "UTC", "GMT"):
        return UTC
    try:
        return ZoneInfo(tz)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f'tz must be a time zone as "UTC", "+08:00" or "Asia/Shanghai", got {tz!r}') from None


def read_times(
    texts: Sequence[str],
    *,
    zone: tzinfo | None,
    dayfirst: bool | None,
    epoch: str | None = None,
) -> Times:
    """Read the times of one catalogue.

    Parameters
    ----------
    texts : sequence of str
        One for each event; empty where missing.
    zone : tzinfo, optional
        The zone of times that name none. A time that does name its zone keeps that. A date without a time of day is
        kept as it is: it is no instant that could be shifted.
    dayfirst : bool, optional
        Whether 03/04/2012 is 3 April (True) or 4 March (False). None: some row must settle it.
    epoch : {"s", "ms"}, optional
        What bare numbers count since 1970, where the file says so. None: their range must settle it.

    Returns
    -------
    Times
        In UTC.

    Raises
    ------
    TimeProblem
        If a time cannot be read, or can be read in two ways.
    """
    present = np.array([bool(text.strip()) for text in texts], dtype=bool)
    utc = np.full(len(texts), np.datetime64("NaT", "ns"))
    precision = np.full(len(texts), "", dtype=object)
    rows = np.flatnonzero(present)
    if not rows.size:
        return Times(utc, precision)
    picked = [texts[int(row)] for row in rows]
    if epoch is not None or all(_NUMBER.fullmatch(text) for text in picked):
        utc[rows] = _from_epoch(picked, rows, epoch)
        precision[rows] = "second"
    else:
        utc[rows], precision[rows] = _from_calendar(picked, rows, zone=zone, dayfirst=dayfirst)
    return Times(utc, precision)


def _from_epoch(texts: list[str], rows: NDArray[Any], epoch: str | None) -> NDArray[np.datetime64]:
    matches = []
    for text, row in zip(texts, rows, strict=True):
        match = _NUMBER.fullmatch(text)
        if match is None:
            raise TimeProblem(f"found {text!r}, which is no plain number of {epoch} since 1970", int(row))
        if len(match["whole"]) > 15:
            raise TimeProblem(f"found {text!r}, too large for seconds or milliseconds since 1970", int(row))
        matches.append(match)
    whole = np.array([int(m["whole"]) for m in matches])
    unit = epoch or _epoch_unit(whole, texts, rows)
    per_unit = 10**9 if unit == "s" else 10**6
    most = _MOST_SECONDS * (1 if unit == "s" else 1000)
    if (whole > most).any():
        at = int(np.argmax(whole > most))
        raise TimeProblem(f"found {texts[at]!r}, which as {unit} since 1970 lies after the year 2100", int(rows[at]))
    digits = 9 if unit == "s" else 6
    fraction = np.array([int((m["fraction"] or "")[:digits].ljust(digits, "0")) for m in matches])
    sign = np.array([-1 if m["sign"] == "-" else 1 for m in matches])
    utc: NDArray[np.datetime64] = (sign * (whole * per_unit + fraction)).astype("datetime64[ns]")
    return utc


def _epoch_unit(whole: NDArray[Any], texts: list[str], rows: NDArray[Any]) -> str:
    """Seconds or milliseconds, when every number can be only one of them."""
    mend = "name the column time_s or time_ms if it counts them since 1970"
    few = whole < _LEAST_SECONDS
    if few.any():
        at = int(np.argmax(few))
        raise TimeProblem(f"found {texts[at]!r}, which can be a year, a date or a count of days; {mend}", int(rows[at]))
    if all(_COMPACT.fullmatch(text) for text in texts):
        raise TimeProblem(f"found {texts[0]!r}, which can be a date without separators; {mend}", int(rows[0]))
    small = whole <= _MOST_SECONDS
    if small.all():
        return "s"
    if not small.any():
        return "ms"
    at = int(np.argmax(small))
    raise TimeProblem(
        f"found {texts[at]!r}, which would be seconds since 1970, where others are too large for that; {mend}",
        int(rows[at]),
    )


def _from_calendar(
    texts: list[str], rows: NDArray[Any], *, zone: tzinfo | None, dayfirst: bool | None
) -> tuple[NDArray[np.datetime64], NDArray[np.object_]]:
    matches = []
    for text, row in zip(texts, rows, strict=True):
        match = _YEAR_FIRST.fullmatch(text) or _YEAR_LAST.fullmatch(text)
        if match is None:
            raise TimeProblem(f"found {text!r}, which is no time this reader knows; {_ACCEPTED}", int(row))
        matches.append(match)
    year_last = np.array([m.re is _YEAR_LAST for m in matches])
    month, day = (np.zeros(len(matches), dtype=np.int64) for _ in range(2))
    if not year_last.all():
        for i in np.flatnonzero(~year_last):
            month[i], day[i] = int(matches[i]["month"]), int(matches[i]["day"])
    if year_last.any():
        at = np.flatnonzero(year_last)
        parts = np.array([(int(matches[i]["first"]), int(matches[i]["second_part"])) for i in at])
        first_is_day = _order(parts, [texts[i] for i in at], rows[at], dayfirst=dayfirst)
        day[at], month[at] = parts[:, 0 if first_is_day else 1], parts[:, 1 if first_is_day else 0]
    year = np.array([int(m["year"]) for m in matches])
    hour, minute, second = (np.array([int(m[part] or 0) for m in matches]) for part in ("hour", "minute", "second"))
    fraction = np.array([int((m["fraction"] or "").ljust(9, "0")) for m in matches])

    months = (year - 1970).astype("datetime64[Y]").astype("datetime64[M]") + (month - 1)
    length = (months + 1).astype("datetime64[D]") - months.astype("datetime64[D]")
    # A leap second is legal and, as in POSIX time, the first instant of the next minute.
    wrong = (
        (month < 1) | (month > 12) | (day < 1) | (day > length.astype(np.int64)) | (year < 1678) | (year > 2261)
        | (hour > 23) | (minute > 59) | (second > 60)
    )  # fmt: skip
    if wrong.any():
        at_wrong = int(np.argmax(wrong))
        raise TimeProblem(f"found {texts[at_wrong]!r}, and there is no such date or time of day", int(rows[at_wrong]))
    days = months.astype("datetime64[D]") + (day - 1)
    clock = (hour * 3600 + minute * 60 + second) * 10**9 + fraction
    local = days.astype("datetime64[ns]") + clock.astype("timedelta64[ns]")
    finest = np.array([(m["hour"] is not None) + (m["second"] is not None) for m in matches])
    return _to_utc(local, finest, matches, texts, rows, zone), _PRECISIONS[finest]


def _order(parts: NDArray[Any], texts: list[str], rows: NDArray[Any], *, dayfirst: bool | None) -> bool:
    """Whether the day comes first, told by a number above 12 or by the caller; both must agree."""
    day_leads, month_leads = parts[:, 0] > 12, parts[:, 1] > 12
    if day_leads.any() and month_leads.any():
        at, other = int(np.argmax(month_leads)), int(np.argmax(day_leads))
        raise TimeProblem(
            f"found {texts[at]!r}, where the month comes first, and {texts[other]!r}, where the day does; write all "
            "dates as 2012-04-03",
            int(rows[at]),
        )
    if dayfirst is None:
        if not (day_leads.any() or month_leads.any()):
            raise TimeProblem(
                f"found {texts[0]!r}, which can be day/month or month/day, and no row of the file settles it; give "
                "dayfirst=True or dayfirst=False",
                int(rows[0]),
            )
        return bool(day_leads.any())
    against = month_leads if dayfirst else day_leads
    if against.any():
        at = int(np.argmax(against))
        raise TimeProblem(f"found {texts[at]!r}, which cannot be read with dayfirst={dayfirst}", int(rows[at]))
    return dayfirst


def _to_utc(
    local: NDArray[np.datetime64],
    finest: NDArray[Any],
    matches: list[re.Match[str]],
    texts: list[str],
    rows: NDArray[Any],
    zone: tzinfo | None,
) -> NDArray[np.datetime64]:
    utc = local.copy()
    named = [m["zone"] for m in matches]
    for spelling in {z for z in named if z is not None}:
        here = np.array([z == spelling for z in named]) & (finest > 0)
        offset = as_zone(spelling).utcoffset(None)
        utc[here] = local[here] - np.timedelta64(round((offset or timedelta()).total_seconds()), "s")
    bare = np.array([z is None for z in named]) & (finest > 0)
    if not bare.any() or zone is UTC:
        return utc
    at = int(np.argmax(bare))
    if zone is None:
        raise TimeProblem(
            f'found {texts[at]!r}, which names no time zone, and the format defines none; give tz, as tz="UTC" or '
            'tz="Asia/Shanghai"',
            int(rows[at]),
        )
    try:
        # Python's own zones read a repeated hour in one of two ways without a word; pandas refuses it.
        placed = pd.DatetimeIndex(local[bare]).tz_localize(zone, ambiguous="raise", nonexistent="raise")
    except ValueError as error:
        raise TimeProblem(f"the clocks of {zone} were changed then: {error}; write that time in UTC") from None
    utc[bare] = placed.tz_convert("UTC").tz_localize(None).to_numpy(dtype="datetime64[ns]")
    return utc
