"""What happened over the epicentre: daily verdicts with their base rates, runs, onset and recovery, and the masses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from gasquake import episodes, profiles
from gasquake.places import Event, Region
from gasquake.profiles import ProfileVerdict
from gasquake.stages import Stage
from gasquake.study.config import ProfileConfig
from gasquake.study.evidence import scan

__all__ = ["Days", "at_epicentre", "epicentre_cell", "profile_report", "raw_report"]

_JUDGED = (ProfileVerdict.ROOTED, ProfileVerdict.ROOTLESS)
N_RESAMPLES = 999  # [D] draws behind each onset
FEWEST_YEARS = 5  # [D] other years that tell how a mean varies from year to year


def epicentre_cell(cube: xr.Dataset | xr.DataArray, event: Event, /) -> tuple[int, int]:
    """Row and column of the cell that holds the epicentre.

    Parameters
    ----------
    cube : Dataset or DataArray
        With lat and lon.
    event : Event
        The earthquake.

    Returns
    -------
    tuple of int
        Positions along lat and lon.
    """
    row = int(np.argmin(np.abs(cube["lat"].values - event.latitude)))
    turn = (cube["lon"].values - event.longitude + 180.0) % 360.0 - 180.0
    return row, int(np.argmin(np.abs(turn)))


class Days:
    """Which days of the archive are which.

    Parameters
    ----------
    labels : DataArray
        As from `gasquake.stages.stage_labels`, of the whole archive.
    stages : sequence of Stage
        In the order of the labels.
    tested : sequence of str
        Stages of the headline.
    matched : callable
        Extends days of the event's year to the same days of all years.
    year : ndarray of int
        The occurrence of each date.
    event_year : int
        The event's.
    """

    def __init__(
        self, labels: xr.DataArray, stages: Sequence[Stage], tested: Sequence[str], matched: Any,
        year: NDArray[np.int64], event_year: int,
    ) -> None:  # fmt: skip
        self.stages = list(stages)
        self.tested = list(tested)
        self.labels = labels
        names = [stage.name for stage in stages]
        self.of_stage = {name: labels == k for k, name in enumerate(names)}
        # The event's own days reach from the first stage to the last, not through a whole archive. The date of a file
        # can be a day off the overpass.
        dates, one_day = labels["time"].values, np.timedelta64(1, "D")
        first, last = (t.astype("datetime64[D]") for t in (self.stages[0].start, self.stages[-1].end))
        spanned = (dates >= first - one_day) & (dates <= last + one_day)
        self.year, self.event_year = year, event_year
        self.in_event_year = xr.DataArray((year == event_year) & spanned, {"time": labels["time"]}, "time")
        self.in_other_years = xr.DataArray(year != event_year, {"time": labels["time"]}, "time")
        window = labels.isin([names.index(name) for name in tested])
        self.window = window
        self.matched_window = matched(window)
        self.matched_stage = {name: matched(mask) for name, mask in self.of_stage.items()}
        # Days on which nothing is claimed: background of the event's year, and the same season of the other years.
        calm = labels == names.index("background") if "background" in names else xr.zeros_like(window)
        self.reference = calm | self.in_other_years


def _classes(verdict: NDArray[np.int8]) -> dict[str, int]:
    return {v.name: int((verdict == v).sum()) for v in ProfileVerdict if (verdict == v).any()}


def _rate(verdict: xr.DataArray, reference: xr.DataArray, which: ProfileVerdict) -> dict[str, Any]:
    found = episodes.base_rate(verdict, reference, classes=which)
    names = ("rate", "low", "high", "n", "n_effective", "hits", "n_undetermined")
    return {name: found[name].item() for name in names}


def _pooled_rate(verdict: xr.DataArray, reference: xr.DataArray, which: ProfileVerdict) -> dict[str, Any]:
    """Base rate over the cells of a neighbourhood; they count as one cell's days, since neighbours are alike ([D])."""
    found = episodes.base_rate(verdict, reference, classes=which)
    n, hits = int(found["n"].sum()), int(found["hits"].sum())
    worth = float(found["n_effective"].where(found["n"] > 0).mean())
    rate = hits / n if n else np.nan
    low, high = episodes.wilson_interval(rate, worth) if n else (np.nan, np.nan)
    return {"rate": rate, "low": float(low), "high": float(high), "n": n, "n_effective": worth, "hits": hits}


def _runs(verdict: xr.DataArray, which: ProfileVerdict) -> list[dict[str, Any]]:
    return [{str(k): v for k, v in row.items()} for row in episodes.run_lengths(verdict, which).to_dict("records")]


def _onset(score: xr.DataArray, event: Event, search: tuple[int, int], seed: int) -> dict[str, Any]:
    found = episodes.onset_recovery(
        score, origin_time=event.time, search_days=search, n_resamples=N_RESAMPLES, seed=seed
    )
    return {str(name): found[name].values[()] for name in found.data_vars}


def at_epicentre(judged: xr.Dataset, event: Event, /, *, radius_cells: int) -> tuple[xr.Dataset, xr.Dataset]:
    """Verdicts of the epicentre's cell, and of the cells around it.

    Parameters
    ----------
    judged : Dataset
        Of the whole domain.
    event : Event
        The earthquake.
    radius_cells : int
        1 is 3 by 3 cells.

    Returns
    -------
    tuple of Dataset
        The cell; and the neighbourhood with its dims lat and lon, cut where the domain ends.
    """
    row, column = epicentre_cell(judged, event)
    square = {
        "lat": slice(max(row - radius_cells, 0), row + radius_cells + 1),
        "lon": slice(max(column - radius_cells, 0), column + radius_cells + 1),
    }
    return judged.isel(lat=row, lon=column), judged.isel(square)


def profile_report(
    judged: xr.Dataset,
    event: Event,
    days: Days,
    /,
    *,
    maxima: dict[str, xr.Dataset],
    config: ProfileConfig,
    seed: int,
) -> dict[str, dict[str, Any]]:
    """Daily verdicts by gas and orbit, with how often they come without an earthquake.

    Parameters
    ----------
    judged : Dataset
        Of the whole domain.
    event : Event
        The earthquake.
    days : Days
        Stages and reference days.
    maxima : dict of str to Dataset
        Daily maxima of each gas over all years, with dims (time, orbit).
    config : ProfileConfig
        The neighbourhood.
    seed : int
        Of the bootstraps.

    Returns
    -------
    dict
        gas -> orbit -> "epicentre", "neighbourhood", "maximum", "base_rate", "runs", "onset", "stages".
    """
    cell, around = at_epicentre(judged, event, radius_cells=config.radius_cells)
    event_days = days.in_event_year
    report: dict[str, dict[str, Any]] = {}
    for gas in judged["gas"].values.tolist():
        report[gas] = {}
        for orbit in judged["orbit"].values.tolist():
            one = cell.sel(gas=gas, orbit=orbit)
            near = around.sel(gas=gas, orbit=orbit)
            own = one.sel(time=event_days)
            nearby = near.sel(time=event_days)
            reference = days.reference.sel(orbit=orbit, drop=True) if "orbit" in days.reference.dims else days.reference
            level = nearby["z_below"] if bool(near["z_below"].notnull().any()) else nearby["amplitude"]
            if bool((near["verdict"] == ProfileVerdict.AMPLITUDE_ONLY).any()):
                level = nearby["amplitude"]
            score = level.mean(["lat", "lon"]).rename("score").assign_attrs(units="1", long_name="z-score")
            search = _search(score["time"], event)
            report[gas][orbit] = {
                "epicentre": {
                    "days": _daily(own, days, orbit),
                    "base_rate": {v.name: _rate(one["verdict"], reference, v) for v in _JUDGED},
                    "runs": {
                        v.name: _runs(own["verdict"], v)
                        for v in (ProfileVerdict.ROOTED, ProfileVerdict.ROOTLESS, ProfileVerdict.AMPLITUDE_ONLY)
                    },
                },
                "neighbourhood": {
                    "cells": int(near.sizes["lat"] * near.sizes["lon"]),
                    "days": [
                        {"date": date, **_classes(day)}
                        for date, day in zip(nearby["time"].values, nearby["verdict"].values, strict=True)
                    ],
                    "base_rate": {v.name: _pooled_rate(near["verdict"], reference, v) for v in _JUDGED},
                    "episode": _onset(score, event, search, seed),
                },
                "maximum": _at_maxima(
                    judged.sel(gas=gas, orbit=orbit), maxima[gas].sel(orbit=orbit), event_days, reference
                ),
                "stages": {
                    name: _classes(near["verdict"].values[mask.sel(orbit=orbit).values])
                    for name, mask in days.of_stage.items()
                },
            }
    return report


def _search(time: xr.DataArray, event: Event) -> tuple[int, int]:
    """The days of the event's year, counted from the event's date."""
    date = event.time.astype("datetime64[D]")
    away = (time.values[[0, -1]].astype("datetime64[D]") - date).astype(int)
    return int(away[0]), int(away[1]) + 1


def _daily(cell: xr.Dataset, days: Days, orbit: str) -> list[dict[str, Any]]:
    """One row for each day of the event's year."""
    names = ["outside", *(stage.name for stage in days.stages)]
    labels = days.labels.sel(time=cell["time"], orbit=orbit).values
    rows = []
    for k, date in enumerate(cell["time"].values):
        label = int(labels[k])
        row: dict[str, Any] = {
            "date": date,
            "stage": "ambiguous" if label < -1 else names[label + 1],
            "verdict": ProfileVerdict(int(cell["verdict"].values[k])).name,
        }
        for name in ("z_below", "z_above", "amplitude", "gradient", "gradient_se", "n_below"):
            row[name] = cell[name].values[k]
        rows.append(row)
    return rows


def _at_maxima(
    judged: xr.Dataset, maxima: xr.Dataset, event_days: xr.DataArray, reference: xr.DataArray
) -> dict[str, Any]:
    """The verdict at the cell of each day's largest column anomaly, with its base rates."""
    known = np.isfinite(maxima["lon"].values)
    best = maxima.where(xr.DataArray(known, {"time": maxima["time"]}, "time"), drop=True)
    # The maxima's longitudes may be on another turn than those of the domain, where one of the two crosses 180 degrees.
    middle = float(judged["lon"].mean())
    lon = middle + (best["lon"] - middle + 180.0) % 360.0 - 180.0
    at = judged["verdict"].sel(time=best["time"]).sel(lon=lon, lat=best["lat"], method="nearest")
    verdict = at.drop_vars(["lon", "lat"]).reindex(time=maxima["time"], fill_value=np.int8(ProfileVerdict.UNDETERMINED))
    own = np.flatnonzero(event_days.values & known)
    return {
        "days": [
            {
                "date": maxima["time"].values[k],
                "longitude": maxima["lon"].values[k],
                "latitude": maxima["lat"].values[k],
                "verdict": ProfileVerdict(int(verdict.values[k])).name,
            }
            for k in own
        ],
        "base_rate": {v.name: _rate(verdict, reference, v) for v in _JUDGED},
    }


def raw_report(
    raw: xr.Dataset, spread: xr.Dataset, event: Event, days: Days, /, *, config: ProfileConfig
) -> dict[str, dict[str, Any]]:
    """The paper's criterion on raw profiles at the epicentre: how often it fires, with and without an earthquake.

    Parameters
    ----------
    raw : Dataset
        The gases and ``surface_pressure`` at the epicentre's cell, dims (time, orbit, level).
    spread : Dataset
        Standard deviation of each gas there, same dims.
    event : Event
        The earthquake.
    days : Days
        Stages and reference days.
    config : ProfileConfig
        Thresholds.

    Returns
    -------
    dict
        gas -> orbit -> base rate on reference days, and rate in the tested window.

    Notes
    -----
    The raw profile of CO falls with height over any land and on any day, so that this criterion says "local" nearly
    always: its base rate is the point of it.
    """
    report: dict[str, dict[str, Any]] = {}
    plain = config.model_copy(update={"shape": "assumed"})
    for gas in [name for name in spread.data_vars if name in raw]:
        report[str(gas)] = {}
        for orbit in raw["orbit"].values.tolist():
            found = xr.Dataset({"anomaly": raw[gas].sel(orbit=orbit), "std": spread[gas].sel(orbit=orbit)})
            ground = raw["surface_pressure"]
            ground = ground.sel(orbit=orbit) if "orbit" in ground.dims else ground
            verdict = scan(found, gas=str(gas), surface_pressure=ground, kernel=None, config=plain)["verdict"]
            reference = days.reference.sel(orbit=orbit, drop=True) if "orbit" in days.reference.dims else days.reference
            report[str(gas)][orbit] = {
                "base_rate": _rate(verdict, reference, ProfileVerdict.ROOTED),
                "window_rate": _rate(verdict, days.window.sel(orbit=orbit, drop=True), ProfileVerdict.ROOTED),
            }
    return report


def implied_masses(
    excess: dict[str, xr.DataArray], ground: xr.DataArray, region: Region, days: Days, /
) -> dict[str, dict[str, Any]]:
    """Mass of gas that the column anomalies of the region stand for, stage by stage.

    Parameters
    ----------
    excess : dict of str to DataArray
        Column anomaly of each gas in all years, mol mol-1, dims (time, orbit, lat, lon).
    ground : DataArray
        Surface pressure of the same grid.
    region : Region
        Where to add up.
    days : Days
        The stages.

    Returns
    -------
    dict
        gas -> stage -> ``tonnes``, the mean over days and orbits of the summed mass; ``n``, how many; and its
        ``standard_error``: the standard deviation of the same mean in ``n_years`` other years, or over days where there
        are fewer than 5 such years.

    Notes
    -----
    [D] A region drifts above or below its mean for weeks: days are no independent samples of its mass, years are.
    """
    masses: dict[str, dict[str, Any]] = {}
    for gas, anomaly in excess.items():
        weight = profiles.implied_mass(anomaly, surface_pressure=ground.broadcast_like(anomaly), gas=gas)
        inside = region.select(weight.to_dataset(name="mass"))["mass"]
        # A mean over the cells that were seen, times all cells: a hole in the clouds is no hole in the gas.
        daily = inside.mean(["lat", "lon"]) * inside.sizes["lat"] * inside.sizes["lon"]
        masses[gas] = {name: _mass(daily, name, days) for name in days.of_stage}
    return masses


def _mass(daily: xr.DataArray, stage: str, days: Days) -> dict[str, Any]:
    """The mass of one stage, from that of each day and orbit of all years."""
    values, inside = (
        daily.transpose("time", "orbit").values,
        days.matched_stage[stage].transpose("time", "orbit").values,
    )
    by_year = {int(year): values[(days.year == year)[:, np.newaxis] & inside] for year in np.unique(days.year)}
    known = {year: found[np.isfinite(found)].astype(np.float64) for year, found in by_year.items()}
    own = known.pop(days.event_year, np.array([]))
    others = np.array([found.mean() for found in known.values() if found.size])
    over_days = own.std(ddof=1) / np.sqrt(own.size) if own.size > 1 else np.nan
    return {
        "tonnes": float(own.mean()) if own.size else np.nan,
        "standard_error": float(others.std(ddof=1) if others.size >= FEWEST_YEARS else over_days),
        "n": own.size,
        "n_years": others.size,
    }


def first_day(report: dict[str, dict[str, Any]], gas: str, /) -> list[pd.Timestamp]:
    """Onsets of a gas over its orbits, those that were found.

    Parameters
    ----------
    report : dict
        As from `profile_report`.
    gas : str
        Which.

    Returns
    -------
    list of Timestamp
        One for each orbit with an episode.
    """
    onsets = (report[gas][orbit]["neighbourhood"]["episode"]["onset"] for orbit in report[gas])
    return [pd.Timestamp(onset) for onset in onsets if not pd.isna(onset)]
