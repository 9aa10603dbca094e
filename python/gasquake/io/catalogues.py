"""Earthquake catalogues of every common format, read into one table in UTC."""

from __future__ import annotations

import difflib
import math
import os
from collections import Counter
from datetime import tzinfo
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gasquake.io._catalogue_formats import read_records
from gasquake.io._catalogue_records import Records
from gasquake.io._catalogue_times import TimeProblem, Times, as_zone, read_times
from gasquake.places import Event

__all__ = ["event_from_row", "find_event", "read_catalogue"]

_MISSING = {"", "-", "--", "nan", "na", "n/a", "none", "null"}
_TEXTS = ("magnitude_type", "event_id", "place", "event_type")


def read_catalogue(
    path: str | os.PathLike[str], *, tz: str | tzinfo | None = None, dayfirst: bool | None = None
) -> pd.DataFrame:
    """Read an earthquake catalogue; what the file holds tells its format, its name does not.

    Known are: ComCat CSV and GeoJSON, QuakeML 1.2, FDSN text, pyCSEP CSV, the CENC text with its Chinese header (UTF-8,
    UTF-16 or GB18030; tabs, blanks or commas), and tables with a header in which the time stands as year, month and
    day, as seconds or milliseconds since 1970, or as text.

    Parameters
    ----------
    path : str or path
        The file.
    tz : str or tzinfo, optional
        Zone of the times that name none, as "UTC", "+08:00" or "Asia/Shanghai". By default the format's own: UTC for
        ComCat, QuakeML, FDSN text and pyCSEP, UTC+8 for CENC; other tables define none.
    dayfirst : bool, optional
        Whether 03/04/2012 is 3 April (True) or 4 March (False). By default a row with a number above 12 must settle it.

    Returns
    -------
    DataFrame
        Sorted by time, one row for each event:

        - ``time``: datetime64[ns], UTC
        - ``longitude``, ``latitude``: float64, degrees, longitude in [-180, 180)
        - ``depth_km``, ``magnitude``: float64, NaN where unknown
        - ``magnitude_type``, ``event_id``: str, empty where unknown
        - ``time_precision``: "day" (no time of day was given, midnight stands for it), "minute" or "second"
        - ``place``, ``event_type``: str, only where the format has them. Explosions are kept: filter by ``event_type``.

        ``attrs``: ``source`` (the file's name), ``format``, ``dropped`` (events left out because time or place are
        missing: reason to count), ``notes`` (list of str: what a user should know, as ids that occur twice).

    Raises
    ------
    ValueError
        If the format is unknown, the file is damaged, or a value cannot be read or can be read in two ways: a date of
        unclear order, a time of unknown zone, a number that may be seconds or something else, an hour that the clocks
        repeated. The message names the file, the place in it, what was found and how to mend it.

    Notes
    -----
    An event whose time or coordinates are missing is left out and counted; one whose are wrong (a latitude of 95, the
    30th of February) is an error, for it tells that the columns may be misread.

    A date without a time of day is not shifted by `tz`: it is no instant.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> text = '''日期 时间 纬度 经度 深度 震级
    ... 2022-09-05 12:52:18 29.59 102.08 16 6.8
    ... '''
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "cenc.txt")
    ...     _ = path.write_text(text, encoding="gb18030")
    ...     catalogue = read_catalogue(path)
    >>> catalogue.loc[0, "time"], catalogue.attrs["format"]
    (Timestamp('2022-09-05 04:52:18'), 'CENC text')
    """
    path = Path(path)
    zone = None if tz is None else as_zone(tz)
    try:
        records = read_records(path.read_bytes())
        return _assemble(records, path.name, zone=zone, dayfirst=dayfirst)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def _assemble(records: Records, source: str, *, zone: tzinfo | None, dayfirst: bool | None) -> pd.DataFrame:
    columns = {
        name: texts if name in _TEXTS else [_present(text) for text in texts] for name, texts in records.columns.items()
    }
    size = len(records.where)
    times = _times(records, columns["time"], zone=zone, dayfirst=dayfirst)
    longitude = _numbers(records, columns, "longitude", -180.0, 360.0)
    latitude = _numbers(records, columns, "latitude", -90.0, 90.0)
    east = longitude >= 180.0
    longitude[east] = np.round(longitude[east] - 360.0, 9)
    frame = pd.DataFrame({
        "time": times.utc,
        "longitude": longitude,
        "latitude": latitude,
        # 18900 m is 18.9 km and not 18.900000000000002.
        "depth_km": np.round(_numbers(records, columns, "depth", -1e7, 1e7) * records.kilometres, 9),
        "magnitude": _numbers(records, columns, "magnitude", -10.0, 12.0),
        **{name: columns.get(name, [""] * size) for name in _TEXTS[:2]},
        "time_precision": times.precision,
        **{name: columns[name] for name in _TEXTS[2:] if name in columns},
    })  # fmt: skip
    for name in (*_TEXTS, "time_precision"):
        if name in frame:
            frame[name] = frame[name].astype("str")
    lacking = {name: frame[name].isna().to_numpy() for name in ("time", "longitude", "latitude")}
    dropped = Counter(
        "no " + " and ".join(name for name in lacking if lacking[name][row])
        for row in np.flatnonzero(np.logical_or.reduce(list(lacking.values())))
    )
    frame = frame.dropna(subset=["time", "longitude", "latitude"])
    frame = frame.sort_values("time", kind="stable", ignore_index=True)
    frame.attrs = {
        "source": source,
        "format": records.format,
        "dropped": dict(sorted(dropped.items())),
        "notes": _notes(frame),
    }
    return frame


def _present(text: str) -> str:
    text = text.strip()
    return "" if text.lower() in _MISSING else text


def _at(records: Records, row: int, name: str) -> str:
    return f"{records.where[row]}, {records.labels.get(name, name)}"


def _times(records: Records, texts: list[str], *, zone: tzinfo | None, dayfirst: bool | None) -> Times:
    default = None if records.zone is None else as_zone(records.zone)
    try:
        return read_times(texts, zone=zone or default, dayfirst=dayfirst, epoch=records.epoch)
    except TimeProblem as error:
        where = "the times" if error.row is None else _at(records, error.row, "time")
        raise ValueError(f"{where}: {error}") from None


def _numbers(
    records: Records, columns: dict[str, list[str]], name: str, low: float, high: float
) -> NDArray[np.float64]:
    """One column as numbers, NaN where it is empty or absent."""
    values = np.full(len(records.where), math.nan)
    for row, text in enumerate(columns.get(name, [])):
        if not text:
            continue
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            raise ValueError(
                f"{_at(records, row, name)}: found {text!r} where a {name} in {low:g}..{high:g} was expected; correct "
                "it, or leave it empty"
            )
        values[row] = value
    return values


def _notes(frame: pd.DataFrame) -> list[str]:
    notes = []
    ids = frame["event_id"][frame["event_id"] != ""]
    repeated = sorted(ids[ids.duplicated()].unique())
    if repeated:
        notes.append(f"{len(repeated)} event ids occur more than once and all were kept, as {repeated[0]}")
    days = int((frame["time_precision"] == "day").sum())
    if days:
        notes.append(f"{days} events have a date but no time of day; midnight stands for it")
    return notes


def event_from_row(row: pd.Series, /) -> Event:
    """One row of a catalogue as an event.

    Parameters
    ----------
    row : Series
        With the fields of `read_catalogue`; at least ``time``, ``longitude`` and ``latitude``.

    Returns
    -------
    Event
        The event; its name is the row's ``place``, if there is one.

    Raises
    ------
    ValueError
        If the row lacks a time or coordinates.

    Examples
    --------
    >>> row = pd.Series({"time": pd.Timestamp("2022-09-05T04:52:19.645"), "longitude": 102.236, "latitude": 29.6786})
    >>> event_from_row(row).latitude
    29.6786
    """
    absent = [name for name in ("time", "longitude", "latitude") if name not in row or pd.isna(row[name])]
    if absent:
        raise ValueError(f"row of the catalogue lacks {', '.join(absent)}; it has {[str(name) for name in row.index]}")

    def number(name: str) -> float:
        return float(row[name]) if name in row and not pd.isna(row[name]) else math.nan

    def text(name: str) -> str:
        return str(row[name]) if name in row and not pd.isna(row[name]) else ""

    time: Any = pd.Timestamp(row["time"])
    if time.tzinfo is not None:
        time = time.tz_convert("UTC").tz_localize(None)
    return Event(
        time=time.to_datetime64(),
        longitude=number("longitude"),
        latitude=number("latitude"),
        depth_km=number("depth_km"),
        magnitude=number("magnitude"),
        magnitude_type=text("magnitude_type"),
        event_id=text("event_id"),
        name=text("place"),
    )


def find_event(catalogue: pd.DataFrame, /, event_id: str) -> Event:
    """The event of a catalogue that has an id.

    Parameters
    ----------
    catalogue : DataFrame
        From `read_catalogue`.
    event_id : str
        The id, as "us7000i59t".

    Returns
    -------
    Event
        The event.

    Raises
    ------
    ValueError
        If no event has the id, or several different ones do.

    Examples
    --------
    >>> catalogue = pd.DataFrame({
    ...     "time": [pd.Timestamp("2022-09-05T04:52:19.645")], "longitude": [102.236], "latitude": [29.6786],
    ...     "depth_km": [12.0], "magnitude": [6.6], "magnitude_type": ["mww"], "event_id": ["us7000i59t"],
    ... })
    >>> find_event(catalogue, "us7000i59t").magnitude
    6.6
    """
    found = catalogue[catalogue["event_id"] == event_id]
    if found.empty:
        ids = [str(known) for known in catalogue["event_id"].unique() if known]
        near = difflib.get_close_matches(str(event_id), ids, n=3)
        hint = f"the nearest are {near}" if near else f"it has {len(ids)} ids" + (f", as {ids[0]!r}" if ids else "")
        raise ValueError(f"event_id {event_id!r} is not in the catalogue; {hint}")
    if len(found.drop_duplicates()) > 1:
        when = [str(time) for time in found["time"]]
        raise ValueError(f"event_id {event_id!r} belongs to {len(found)} different events, at {when}; take one by row")
    return event_from_row(found.iloc[0])
