"""Two strips of days, drawn as SVG by the template: verdicts at the epicentre, and how much of the region was seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gasquake.report.language import Words, gas_label
from gasquake.study.result import StudyResult

__all__ = ["Strip", "coverage_strip", "verdict_strip"]

DAY, ROW, LEFT, TOP = 18, 24, 128, 40  # [D] pixels

LETTERS = {"ROOTED": "R", "ROOTLESS": "L", "MIXED": "M", "AMPLITUDE_ONLY": "A", "NONE": "·", "UNDETERMINED": "?"}


@dataclass(frozen=True, slots=True)
class Mark:
    """One day of one row.

    Attributes
    ----------
    x, y, height : float
        Pixels; all are one day wide.
    kind : str
        CSS class.
    letter : str
        In the mark.
    title : str
        What it says in words.
    """

    x: float
    y: float
    height: float
    kind: str
    letter: str
    title: str


@dataclass(frozen=True, slots=True)
class Strip:
    """A strip of days.

    Attributes
    ----------
    width, height : float
        Pixels.
    rows : list of tuple
        y and label.
    marks : list of Mark
        Days.
    ticks : list of tuple
        x and date.
    bands : list of tuple
        x, width, name and number of each stage.
    origin : float or None
        x of the origin time, if it lies within.
    """

    width: float
    height: float
    rows: list[tuple[float, str]]
    marks: list[Mark]
    ticks: list[tuple[float, str]]
    bands: list[tuple[float, float, str, int]]
    origin: float | None


def verdict_strip(result: StudyResult, summary: Mapping[str, Any], say: Words, /) -> Strip:
    """The daily verdicts at the epicentre by gas and orbit.

    Parameters
    ----------
    result : StudyResult
        Of `gasquake.study.run`.
    summary : mapping
        As from `gasquake.study.summary.summarise`, in plain types.
    say : Words
        The language.

    Returns
    -------
    Strip
        One row for each gas and orbit.
    """
    first = _days(result)[0]
    rows: list[tuple[float, str]] = []
    marks: list[Mark] = []
    for gas, orbits in summary["profiles"].items():
        for orbit, found in orbits.items():
            y = TOP + ROW * len(rows)
            label = say("column.gas_orbit", gas=gas_label(gas), orbit=say.name("orbit", orbit))
            rows.append((y + ROW * 0.62, label))
            for day in found["epicentre"]["days"]:
                verdict = day["verdict"]
                title = f"{day['date']} · {label} · {say.name('verdict', verdict)}"
                x = LEFT + DAY * _since(np.datetime64(day["date"]), first)
                marks.append(Mark(x, y, ROW - 3, f"verdict-{verdict}", LETTERS.get(verdict, ""), title))
    return _strip(result, rows, marks, say)


def coverage_strip(result: StudyResult, say: Words, /) -> Strip:
    """The share of the region's cells that were seen on each day.

    Parameters
    ----------
    result : StudyResult
        Of `gasquake.study.run`.
    say : Words
        The language.

    Returns
    -------
    Strip
        One row for each gas and orbit; a mark's height is the share.
    """
    region, own = result.config.region.resolve(), result.days.in_event_year
    gases = list(result.profiles)
    cube = region.select(result.inputs.cube[gases]).sel(time=own).load()
    first = _days(result)[0]
    rows: list[tuple[float, str]] = []
    marks: list[Mark] = []
    for gas in gases:
        seen = cube[gas].notnull()
        share = (seen.any("level") if "level" in seen.dims else seen).mean(["lat", "lon"])
        for orbit in cube["orbit"].values.tolist():
            y = TOP + ROW * len(rows)
            label = say("column.gas_orbit", gas=gas_label(gas), orbit=say.name("orbit", orbit))
            rows.append((y + ROW * 0.62, label))
            one = share.sel(orbit=orbit)
            for date, part in zip(one["time"].values, one.values.tolist(), strict=True):
                height = (ROW - 3) * part
                title = f"{str(date)[:10]} · {label} · {say.percent(part)}"
                x = LEFT + DAY * _since(date, first)
                marks.append(Mark(x, y + ROW - 3 - height, height, "coverage", "", title))
    return _strip(result, rows, marks, say)


def _days(result: StudyResult) -> Any:
    return result.days.in_event_year["time"].values[result.days.in_event_year.values]


def _since(date: Any, first: Any) -> float:
    return float((date - first) / np.timedelta64(1, "D"))


def _strip(result: StudyResult, rows: list[tuple[float, str]], marks: list[Mark], say: Words) -> Strip:
    days = _days(result)
    first, last = days[0], days[-1]
    n_days = _since(last, first) + 1
    step = max(1, round(n_days / 8 / 5) * 5) if n_days > 20 else 3
    ticks = [(LEFT + DAY * (k + 0.5), str(first + np.timedelta64(k, "D"))[5:10]) for k in range(0, int(n_days), step)]
    bands = []
    for number, stage in enumerate(result.stages):
        start, end = (min(max(_since(t, first), 0.0), n_days) for t in (stage.start, stage.end))
        if end > start:
            bands.append((LEFT + DAY * start, DAY * (end - start), say.name("stage", stage.name), number % 2))
    origin = _since(result.event.time, first)
    inside = 0.0 <= origin <= n_days
    return Strip(
        LEFT + DAY * n_days + 12, TOP + ROW * len(rows) + 24, rows, marks, ticks, bands,
        LEFT + DAY * origin if inside else None,
    )  # fmt: skip
