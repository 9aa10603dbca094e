"""The same question asked where and when there was no earthquake: places, years, scores and ranks.

A score is the mean over the profiles of a window: the days of the tested stages, both orbits, all gases, the cells
around a place. A placebo is the same window in another year, at another place, or both.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray
from scipy import stats

from gasquake import motion
from gasquake.places import Event, distance_km
from gasquake.profiles import ProfileVerdict
from gasquake.study import screening
from gasquake.study.config import PlaceboConfig

__all__ = [
    "Rank", "choose_placebos", "effective_number", "evidence", "holm_by_family", "matched_days", "occurrence", "rank",
    "standardised", "window_scores",
]  # fmt: skip

FEWEST_YEARS = 5  # [D] other years from which a place's own mean and spread are known


def evidence(judged: xr.Dataset, kind: str, /) -> xr.DataArray:
    """What each profile says for one reading of it, as a number that can be averaged.

    Parameters
    ----------
    judged : Dataset
        As from `gasquake.study.evidence.judge`.
    kind : {"rooted", "rootless", "amplitude"}
        The reading.

    Returns
    -------
    DataArray
        rooted: z below the split where the verdict is ROOTED, else 0; rootless: z above it where ROOTLESS, else 0;
        both NaN where the verdict is UNDETERMINED. amplitude: the largest z-score.
    """
    if kind == "amplitude":
        return judged["amplitude"]
    wanted, size = {
        "rooted": (ProfileVerdict.ROOTED, judged["z_below"]),
        "rootless": (ProfileVerdict.ROOTLESS, judged["z_above"]),
    }[kind]
    verdict = judged["verdict"]
    scored = size.where(verdict == wanted, 0.0)
    return scored.where(verdict != ProfileVerdict.UNDETERMINED)


def occurrence(time: xr.DataArray, origin_time: np.datetime64, /) -> NDArray[np.int64]:
    """The year of the anniversary of the event that each date is nearest to, so that no window is cut at New Year.

    Parameters
    ----------
    time : DataArray
        Dates.
    origin_time : datetime64
        Of the event.

    Returns
    -------
    ndarray of int64
        Years.
    """
    away = (time.values - origin_time) / np.timedelta64(1, "D")
    return np.asarray(int(pd.Timestamp(origin_time).year) + np.rint(away / 365.2425), dtype=np.int64)


def matched_days(inside: xr.DataArray, /, *, origin_time: np.datetime64) -> xr.DataArray:
    """The same days of other years.

    Parameters
    ----------
    inside : DataArray of bool
        dims (time, orbit): the days of a window in the event's own year.
    origin_time : datetime64
        Of the event.

    Returns
    -------
    DataArray of bool
        True on the same calendar dates of every year too. 29 February has no match.
    """
    year = occurrence(inside["time"], origin_time)
    own = int(pd.Timestamp(origin_time).year)
    dates = pd.DatetimeIndex(inside["time"].values)
    back = [date + pd.DateOffset(years=int(own - y)) for date, y in zip(dates, year, strict=True)]
    same = (dates.month == pd.DatetimeIndex(back).month) & (dates.day == pd.DatetimeIndex(back).day)
    matched = inside.reindex(time=np.array(back, dtype="datetime64[ns]"), fill_value=False).assign_coords(time=dates)
    return matched & xr.DataArray(same, {"time": dates.values}, "time")


def window_scores(
    values: xr.DataArray, mask: xr.DataArray, /, *, radius_cells: int, origin_time: np.datetime64
) -> xr.DataArray:
    """Mean of `values` in the window of each year around each cell.

    Parameters
    ----------
    values : DataArray
        dims (time, lat, lon) and any others, which are averaged over too. NaN is missing.
    mask : DataArray
        dims (time, orbit) or (time,): the days of the window in each year.
    radius_cells : int
        1 averages over 3 by 3 cells.
    origin_time : datetime64
        Of the event; its anniversaries are the years.

    Returns
    -------
    DataArray
        dims (year, lat, lon); NaN where fewer than half of the cells around have anything valid ([D]: a place that
        the archive hardly saw, or that lies too high, is no match for one that it did see).
    """
    inside = values.where(mask)
    rest = [d for d in inside.dims if d not in ("time", "lat", "lon")]
    year = occurrence(inside["time"], origin_time)
    total = inside.sum(rest, dtype=np.float64).transpose("time", "lat", "lon").values
    count = inside.count(rest).transpose("time", "lat", "lon").values
    years, first = np.unique(year, return_index=True)
    total, count = (np.add.reduceat(part, first, axis=0, dtype=np.float64) for part in (total, count))
    seen = _around(np.asarray(count > 0, dtype=np.float64), radius_cells)
    total, count = _around(total, radius_cells), _around(count, radius_cells)
    enough = seen >= (2 * radius_cells + 1) ** 2 / 2
    score = np.divide(total, count, out=np.full(total.shape, np.nan), where=enough)
    coords = {"year": years, "lat": inside["lat"].values, "lon": inside["lon"].values}
    return xr.DataArray(score, coords, ("year", "lat", "lon"))


def _around(values: NDArray[np.float64], radius: int) -> NDArray[np.float64]:
    """Sum over the square of cells around each; beyond the grid there is nothing."""
    width = 2 * radius + 1
    padded = np.pad(values, ((0, 0), (radius, radius), (radius, radius)))
    squares = np.lib.stride_tricks.sliding_window_view(padded, (width, width), axis=(1, 2))
    return np.asarray(squares.sum(axis=(-2, -1)))


def standardised(scores: xr.DataArray, /) -> xr.DataArray:
    r"""Scores of each place against its own other years, so that places can be compared.

    .. math:: T_{yp} = \frac{S_{yp} - \overline{S}_{\cdot p}}{\sqrt{(s_p^2 + \overline{s^2}) / 2}}

    with mean and variance over the years other than y. How many levels lie above the ground, hence how often noise
    looks rooted, differs from place to place.

    Parameters
    ----------
    scores : DataArray
        dims (year, lat, lon).

    Returns
    -------
    DataArray
        Same dims. With fewer than 5 other years the scores themselves.

    Notes
    -----
    [D] The variance of ten years is itself uncertain; half of it is taken from the mean over all places.
    """
    years = scores.sizes["year"]
    if years <= FEWEST_YEARS:
        return scores
    known = scores.notnull()
    n = known.sum("year") - known
    filled = scores.fillna(0.0)
    mean = ((filled.sum("year") - filled) / n).where(n >= FEWEST_YEARS)
    square = ((filled**2).sum("year") - filled**2) / n
    variance = ((square - mean**2) * n / (n - 1)).clip(min=0.0)
    pooled = variance.mean(["lat", "lon"])
    spread = ((variance + pooled) / 2) ** 0.5
    result: xr.DataArray = (scores - mean) / spread.where(spread > 0)
    return result


def choose_placebos(
    scores: xr.DataArray,
    event: Event,
    /,
    *,
    config: PlaceboConfig,
    catalogue: pd.DataFrame | None,
    seed: int,
) -> pd.DataFrame:
    """Years and places without an earthquake, at which the window can be scored.

    Parameters
    ----------
    scores : DataArray
        dims (year, lat, lon): where and when there is a score.
    event : Event
        The earthquake that is tested.
    config : PlaceboConfig
        How many, how far.
    catalogue : DataFrame, optional
        Earthquakes that spoil a placebo; without it none does.
    seed : int
        Of the order in which places are tried.

    Returns
    -------
    DataFrame
        Columns year, longitude, latitude, row, column; the order is that of choice. `attrs`: ``screened`` (how many
        earthquakes of known magnitude the catalogue has in the years and the area of the candidates, `exclusion_km`
        around them included, the tested one not counted; None without a catalogue), ``unscreened`` (placebos whose
        dates it does not cover; all of them where it has no such earthquake; None without one), ``covered`` (first and
        last date of each stretch that it covers), ``spoiled`` (candidates dropped for an earthquake) and ``places``
        (how many differ).
    """
    lon, lat = np.meshgrid(scores["lon"].values, scores["lat"].values)
    away = distance_km(event.longitude, event.latitude, lon, lat)
    scored = dict(zip(scores["year"].values.tolist(), np.isfinite(scores.values), strict=True))
    usable = np.isfinite(scores.values).any(axis=0)
    own = divmod(int(np.argmin(away)), away.shape[1])
    event_year = int(pd.Timestamp(event.time).year)
    years = [year for year in scored if config.dates or year == event_year]
    spacing, wanted = config.min_distance_km, -(-config.n // max(len(years), 1))
    far: list[tuple[int, int]] = []
    if config.places:
        order = _drawn(np.flatnonzero(usable & (away >= config.min_distance_km)), lon, lat, seed)
        # Fewer places than wanted: set them closer, and count them by their effective number.
        while True:
            far = _spaced(order, lon, lat, spacing)
            if len(far) >= wanted or spacing < config.min_distance_km / 8:
                break
            spacing /= 2 ** (1 / 2)
    rows = [
        (year, float(lon[place]), float(lat[place]), *map(int, place))
        for place in [own, *far]
        for year in years
        if scored[year][place] and (year, place) != (event_year, own)
    ]
    table = pd.DataFrame(rows, columns=["year", "longitude", "latitude", "row", "column"])
    spoiled = np.zeros(len(table), bool) if catalogue is None else screening.spoiled(table, event, catalogue, config)
    kept = table[~spoiled].head(config.n).reset_index(drop=True)
    places = kept[["row", "column"]].drop_duplicates()
    kept.attrs = {"spoiled": int(spoiled.sum()), "places": len(places)}
    kept.attrs.update(screening.told_of(table, kept, event, catalogue, config))
    return kept


def _drawn(cells: NDArray[np.intp], lon: NDArray[np.float64], lat: NDArray[np.float64], seed: int) -> NDArray[np.intp]:
    """`cells` in a random order that depends on where they are, not on what else the grid holds."""
    where = np.round(np.stack([lon.flat[cells] % 360.0, lat.flat[cells] + 90.0], axis=1) * 1e3).astype(int) % 360_000
    keys = [np.random.default_rng((seed, *map(int, place))).random() for place in where]
    return cells[np.argsort(keys, kind="stable")]


def _spaced(
    order: NDArray[np.intp], lon: NDArray[np.float64], lat: NDArray[np.float64], km: float
) -> list[tuple[int, int]]:
    """Cells of `order`, each at least `km` from those before it."""
    chosen: list[tuple[int, int]] = []
    free = np.zeros(lon.shape, bool)
    free.flat[order] = True
    for cell in order:
        row, column = (int(i) for i in np.unravel_index(cell, lon.shape))
        if free[row, column]:
            chosen.append((row, column))
            free &= distance_km(lon[row, column], lat[row, column], lon, lat) >= km
    return chosen


def effective_number(placebos: pd.DataFrame, /, *, min_distance_km: float) -> float:
    r"""How many independent placebos these are worth.

    .. math:: n_{eff} = \frac{n^2}{\sum_{ij} o_{ij}}, \qquad o_{ij} = \max(0, 1 - d_{ij}/d_{min})

    in the same year, else 0 ([D]).

    Parameters
    ----------
    placebos : DataFrame
        As from `choose_placebos`.
    min_distance_km : float
        Distance from which two windows of one year count as independent.

    Returns
    -------
    float
        Between 1 and their number; 0 of none.
    """
    if placebos.empty:
        return 0.0
    overlap = 0.0
    for _, group in placebos.groupby("year"):
        lon, lat = group["longitude"].to_numpy(), group["latitude"].to_numpy()
        apart = distance_km(lon[:, np.newaxis], lat[:, np.newaxis], lon, lat)
        overlap += float(np.clip(1.0 - apart / min_distance_km, 0.0, 1.0).sum())
    return len(placebos) ** 2 / overlap


@dataclass(frozen=True, slots=True, eq=False)
class Rank:
    """Where the event stands among its placebos.

    Attributes
    ----------
    statistic : float
        The event's.
    p_value : float
        (1 + number of placebos with as much or more) / (1 + n), and not below `smallest_p`; NaN without a statistic
        or placebos.
    n : int
        Placebos that have the statistic.
    n_effective : float
        What they are worth together.
    smallest_p : float
        1 / (1 + n_effective): no p-value can be smaller.
    p_low, p_high : float
        95 % Clopper-Pearson interval of the share of placebos with as much or more, by the effective number.
    null : ndarray of float64
        The placebos' statistics.
    """

    statistic: float
    p_value: float
    n: int
    n_effective: float
    smallest_p: float
    p_low: float
    p_high: float
    null: NDArray[np.float64]


def holm_by_family(tests: dict[str, Rank], /) -> dict[str, float]:
    """p-values of all tests but the headline, corrected by Holm within families of like questions.

    Parameters
    ----------
    tests : dict of str to Rank
        Named "headline", "<reading> <stage or gas>", "column <gas>", "spiral <gas>" or "link".

    Returns
    -------
    dict
        Name -> corrected p. Families ([D], fixed before any data): profiles by stage, profiles by gas, columns,
        spirals, link.
    """
    families: dict[str, list[str]] = {}
    for name in tests:
        kind, _, where = name.partition(" ")
        if name != "headline":
            of_gas = where in ("co", "ch4", "co2", "o3")
            family = kind if kind in ("column", "spiral", "link") else f"profiles by {'gas' if of_gas else 'stage'}"
            families.setdefault(family, []).append(name)
    corrected: dict[str, float] = {}
    for names in families.values():
        found = motion.holm([tests[name].p_value for name in names])
        corrected |= dict(zip(names, found.tolist(), strict=True))
    return corrected


def rank(statistic: float, placebos: NDArray[np.float64], /, *, n_effective: float) -> Rank:
    """The share of placebos that do as well as the event.

    Parameters
    ----------
    statistic : float
        The event's; large is unusual.
    placebos : ndarray of float64
        Theirs; NaN is missing.
    n_effective : float
        How many independent ones all of `placebos` are worth.

    Returns
    -------
    Rank
        With its uncertainty.
    """
    known = placebos[np.isfinite(placebos)]
    n = int(known.size)
    worth = n_effective * n / placebos.size if placebos.size else 0.0
    smallest = 1.0 / (1.0 + worth)
    if n == 0 or not np.isfinite(statistic):
        return Rank(statistic, np.nan, n, worth, smallest, np.nan, np.nan, known)
    share = float((known >= statistic).mean())
    p = (1.0 + share * n) / (1.0 + n)
    hits = share * worth
    low = float(stats.beta.ppf(0.025, hits, worth - hits + 1)) if hits > 0 else 0.0
    high = float(stats.beta.ppf(0.975, hits + 1, worth - hits)) if hits < worth else 1.0
    return Rank(float(statistic), max(p, smallest), n, worth, smallest, low, high, known)
