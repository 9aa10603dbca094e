"""Catalogues that are tables with a header: comma, tab, pipe or blanks between the fields."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from typing import Literal

from gasquake.io._catalogue_records import Records, unknown

__all__ = ["has_chinese_names", "read_table"]

#: The field that each column holds, by the column's name in lower case without units.
_COLUMNS = {
    field_: names.split()
    for field_, names in {
        "time": "time time_string datetime date_time origin_time origintime time_utc utc 时间 时刻 发震时刻 发震时间",
        "time_ms": "time_ms epoch_ms timestamp_ms",
        "time_s": "time_s epoch_s timestamp_s",
        "date": "date 日期 发震日期",
        "year": "year yr",
        "month": "month mo",
        "day": "day dy",
        "hour": "hour hr",
        "minute": "minute min",
        "second": "second sec seconds",
        "longitude": "longitude lon long lng 经度 震中经度",
        "latitude": "latitude lat 纬度 震中纬度",
        "depth": "depth depth_km 深度 震源深度",
        "magnitude": "magnitude mag m mw ms ml mb 震级",
        "magnitude_type": "magtype mag_type magnitude_type 震级类型",
        "event_id": "id event_id eventid",
        "place": "place eventlocationname location 参考位置 地点 位置",
        "event_type": "type event_type eventtype",
        "catalog_id": "catalog_id",
    }.items()
}
_FIELD = {name: field_ for field_, names in _COLUMNS.items() for name in names}
#: The type of magnitude that a column's own name gives.
_MAGNITUDE_TYPES = {"mw": "Mw", "ms": "Ms", "ml": "ML", "mb": "mb"}
_COMCAT = {"time", "latitude", "longitude", "depth", "mag", "magtype", "id", "updated"}
_PYCSEP = {"lon", "lat", "m", "time_string", "depth", "catalog_id", "event_id"}
_CHINESE = re.compile("[\u4e00-\u9fff]")
_KILOMETRES_PER = {"": 1.0, "km": 1.0, "千米": 1.0, "公里": 1.0, "m": 1e-3, "米": 1e-3}


def has_chinese_names(header: str) -> bool:
    """Whether a header has a known Chinese name of a column."""
    return any(name in header for name in _FIELD if _CHINESE.match(name))


def read_table(text: str) -> Records:
    """The events of a table whose header names its columns."""
    lines = [(number, line) for number, line in enumerate(io.StringIO(text, None), 1) if line.strip()]
    if not lines:
        raise unknown("an empty file")
    # The header is the first line that names fields; comments may stand before it.
    for start, (number, line) in enumerate(lines, 1):  # noqa: B007 - used after the loop
        separator = _separator(line)
        header = _split(line.lstrip("# \t") if line.lstrip().startswith("#") else line, separator)
        fields, units = _fields(header)
        if {"longitude", "latitude"} <= set(fields.values()):
            break
        if not line.lstrip().startswith("#"):
            raise unknown(f"{line.strip()[:80]!r} in line {number}")
    else:
        raise unknown(f"{lines[0][1].strip()[:80]!r} in line {lines[0][0]}")
    names = {name.strip().lower() for name in header}
    if {"eventid", "time", "magnitude"} <= names and separator == "|":
        format_, zone = "FDSN text", "UTC"
    elif names >= _COMCAT:
        format_, zone = "ComCat CSV", "UTC"
    elif names >= _PYCSEP:
        format_, zone = "pyCSEP CSV", "UTC"
    elif _CHINESE.search(line) and set(fields.values()) & {"time", "date"}:
        format_, zone = "CENC text", "+08:00"
    elif {"year", "month", "day"} <= set(fields.values()):
        format_, zone = "table of year, month, day", None
    elif {"time_ms", "time_s"} & set(fields.values()):
        format_, zone = "table of seconds or milliseconds since 1970", None
    else:
        format_, zone = "table with a header of time, latitude, longitude and magnitude", None
    columns, where = _rows(lines[start:], header, fields, separator)
    labels = {name: header[position].strip() for position, name in fields.items()}
    records = Records(format_, columns, where, labels, zone)
    _join_times(records, order=[fields[p] for p in sorted(fields)])
    unit = units.get("depth", "")
    if unit not in _KILOMETRES_PER:
        raise ValueError(f"line {number}: the depth is in {unit!r}; write the column's name as depth(km)")
    records.kilometres = _KILOMETRES_PER[unit]
    # The column is called Ms, or 震级(Ms).
    said = (labels.get("magnitude", "").lower(), units.get("magnitude", ""))
    named = next((_MAGNITUDE_TYPES[name] for name in said if name in _MAGNITUDE_TYPES), None)
    if named and "magnitude_type" not in columns:
        columns["magnitude_type"] = [named] * len(where)
    if len(catalogues := set(columns.get("catalog_id", []))) > 1:
        raise ValueError(f"{len(catalogues)} catalogues stand in one file (column catalog_id); write one to a file")
    return records


def _separator(line: str) -> str | None:
    """What stands between the fields of the header; None for runs of blanks."""
    return next((mark for mark in ("|", "\t", ";", ",", "，") if mark in line), None)


def _split(line: str, separator: str | None) -> list[str]:
    if separator is None:
        return line.split()
    return next(csv.reader([line], delimiter=separator, skipinitialspace=True), [])


def _fields(header: Sequence[str]) -> tuple[dict[int, str], dict[str, str]]:
    """Which field each column holds, and the units that its name gives in brackets."""
    fields: dict[int, str] = {}
    units = {}
    for position, label in enumerate(header):
        name = re.fullmatch(r"(.*?)\s*(?:[(（/]\s*([^()（）]*?)\s*[)）]?)?", label.strip().lower())
        found = _FIELD.get(name[1]) if name else None
        if name is None or found is None:
            continue
        if found in fields.values():
            raise ValueError(f"two columns of the header hold the {found}: {list(header)}; rename all but one")
        fields[position] = found
        units[found] = name[2] or ""
    return fields, units


def _rows(
    lines: Sequence[tuple[int, str]], header: Sequence[str], fields: dict[int, str], separator: str | None
) -> tuple[dict[str, list[str]], list[str]]:
    columns: dict[str, list[str]] = {name: [] for name in fields.values()}
    where = []
    for number, row in _records(lines, separator):
        if separator is None and len(row) > len(header):
            row = _rejoin(row, len(header), fields)
        if len(row) < len(header) or any(cell.strip() for cell in row[len(header) :]):
            raise ValueError(
                f"line {number} has {len(row)} fields where the header has {len(header)} ({', '.join(header)}); the "
                "file may be cut short, or a field with a separator in it needs quotes"
            )
        for position, name in fields.items():
            columns[name].append(row[position].strip())
        where.append(f"line {number}")
    return columns, where


def _records(lines: Sequence[tuple[int, str]], separator: str | None) -> Iterator[tuple[int, list[str]]]:
    """Fields of each line with its number. A quoted field may run over several lines, which count as its first."""
    data = [(number, line) for number, line in lines if not line.lstrip().startswith("#")]
    if separator is None:
        yield from ((number, line.split()) for number, line in data)
        return
    # A pipe-separated FDSN table has no quoting: a quotation mark in a place's name is a letter like others.
    quoting: Literal[0, 3] = csv.QUOTE_NONE if separator == "|" else csv.QUOTE_MINIMAL
    reader = csv.reader((line for _, line in data), delimiter=separator, quoting=quoting, skipinitialspace=True)
    start = 0
    try:
        for row in reader:
            yield data[start][0], row
            start = reader.line_num
    except csv.Error as error:
        raise ValueError(f"line {data[start][0]}: broken table ({error}); is a quotation mark left open?") from None


def _rejoin(row: list[str], size: int, fields: dict[int, str]) -> list[str]:
    """Join what blanks parted: a date and its time of day under one header, and the words of a place in the end."""
    times = [position for position, name in fields.items() if name == "time"]
    if "date" not in fields.values() and times and re.match(r"\d{1,2}:", row[times[0] + 1]):
        row = [*row[: times[0]], f"{row[times[0]]} {row[times[0] + 1]}", *row[times[0] + 2 :]]
    if fields.get(size - 1) == "place":
        row = [*row[: size - 1], " ".join(row[size - 1 :])]
    return row


def _join_times(records: Records, *, order: Sequence[str]) -> None:
    """Leave one column "time", whatever columns gave it."""
    columns, labels = records.columns, records.labels
    epochs = [name for name in ("time_ms", "time_s") if name in columns]
    ways = [
        way
        for way, there in {
            "epoch": bool(epochs),
            "year, month, day": {"year", "month", "day"} <= columns.keys(),
            "date": "date" in columns,
            "time": "time" in columns and "date" not in columns and "year" not in columns,
        }.items()
        if there
    ]
    if len(ways) != 1 or len(epochs) > 1:
        found = ", ".join(labels[name] for name in order)
        problem = "give the time in more than one way" if ways else "give no time"
        raise ValueError(f"the columns ({found}) {problem}; keep one column of times, or one of dates and one of times")
    if ways == ["epoch"]:
        records.epoch = epochs[0].removeprefix("time_")
        columns["time"], labels["time"] = columns.pop(epochs[0]), labels[epochs[0]]
        return
    clock = _clock(columns)
    if ways == ["date"]:
        dates, label = columns.pop("date"), labels["date"]
    elif ways == ["time"]:
        return
    else:
        parts = [columns.pop(name) for name in ("year", "month", "day")]
        dates = ["-".join(p.removesuffix(".0") for p in row) if all(row) else "" for row in zip(*parts, strict=True)]
        label = "/".join(labels[name] for name in ("year", "month", "day"))
    columns["time"] = [f"{d} {c}".strip() if d else "" for d, c in zip(dates, clock, strict=True)]
    labels["time"] = label


def _clock(columns: dict[str, list[str]]) -> list[str]:
    """The time of day of each row as text, empty where the table has none."""
    size = len(columns["longitude"])
    if "hour" in columns:
        hour = columns.pop("hour")
        minute, second = columns.pop("minute", ["0"] * size), columns.pop("second", [""] * size)
        rows = zip(hour, minute, second, strict=True)
        return [f"{h}:{m.zfill(2)}" + (f":{s}" if s else "") if h else "" for h, m, s in rows]
    return columns.pop("time") if "time" in columns and {"date", "year"} & columns.keys() else [""] * size
