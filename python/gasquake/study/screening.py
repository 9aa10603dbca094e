"""Which placebos a catalogue keeps clear of earthquakes, and which it cannot tell about."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gasquake.places import Event, distance_km
from gasquake.study.config import PlaceboConfig
from gasquake.units import EARTH_RADIUS_KM

__all__ = ["covered", "spoiled", "told_of"]

#: [D] A stretch without an earthquake is a hole in the catalogue if it is longer than this and so many were expected in
#: it; of a Poisson process one such stretch in 20 000 is empty.
_HOLE = pd.Timedelta(days=365)
_EXPECTED = 10.0
_FEWEST = 3  # [D] earthquakes in a median year from which its rate is known well enough for that


def spoiled(table: pd.DataFrame, event: Event, catalogue: pd.DataFrame, config: PlaceboConfig) -> NDArray[np.bool_]:
    """Whether an earthquake was near each placebo in space and time.

    Parameters
    ----------
    table : DataFrame
        Candidates with year, longitude and latitude.
    event : Event
        The earthquake that is tested.
    catalogue : DataFrame
        Earthquakes.
    config : PlaceboConfig
        How large, how far and how long.

    Returns
    -------
    ndarray of bool
        One for each candidate.
    """
    strong = catalogue[catalogue["magnitude"] >= config.min_magnitude]
    origin = pd.Timestamp(event.time)
    near_one = np.zeros(len(table), bool)
    for year, group in table.groupby("year"):
        when = origin + pd.DateOffset(years=int(str(year)) - origin.year)
        near = strong[(strong["time"] - when).abs() <= pd.Timedelta(days=config.exclusion_days)]
        if near.empty:
            continue
        km = distance_km(
            group["longitude"].to_numpy()[:, np.newaxis], group["latitude"].to_numpy()[:, np.newaxis],
            near["longitude"].to_numpy(), near["latitude"].to_numpy(),
        )  # fmt: skip
        near_one[table.index.get_indexer(group.index)] = (km <= config.exclusion_km).any(axis=1)
    return near_one


def _screened(table: pd.DataFrame, event: Event, catalogue: pd.DataFrame, config: PlaceboConfig) -> int:
    """How many earthquakes tell that the catalogue covers the placebos: of any magnitude, in any season."""
    if table.empty:
        return 0
    origin, margin = pd.Timestamp(event.time), pd.Timedelta(days=config.exclusion_days)
    first, last = (
        origin + pd.DateOffset(years=int(y) - origin.year) for y in (table["year"].min(), table["year"].max())
    )
    known = catalogue[catalogue["magnitude"].notna() & catalogue["time"].between(first - margin, last + margin)]
    lon, lat = known["longitude"].to_numpy(), known["latitude"].to_numpy()
    # The box around all places, which touches 180 degrees nowhere when seen from the event.
    east, there = ((x - event.longitude + 180.0) % 360.0 - 180.0 for x in (lon, table["longitude"]))
    beyond = np.degrees(config.exclusion_km / EARTH_RADIUS_KM)
    wide = beyond / np.cos(np.radians(table["latitude"].abs().max()))
    near = (lat >= table["latitude"].min() - beyond) & (lat <= table["latitude"].max() + beyond)
    near &= (east >= there.min() - wide) & (east <= there.max() + wide)
    # [D] Catalogues differ by less than a minute and 100 km about one earthquake.
    same = ((known["time"] - origin).abs() <= pd.Timedelta(minutes=1)).to_numpy()
    here = distance_km(event.longitude, event.latitude, lon, lat) <= 100.0
    return int((near & ~(same & here)).sum())


def told_of(
    table: pd.DataFrame, kept: pd.DataFrame, event: Event, catalogue: pd.DataFrame | None, config: PlaceboConfig, /
) -> dict[str, Any]:
    """What a catalogue says of the placebos, and of how many it can say nothing.

    Parameters
    ----------
    table : DataFrame
        Candidates with year, longitude and latitude.
    kept : DataFrame
        Those of them that are placebos.
    event : Event
        The earthquake that is tested.
    catalogue : DataFrame or None
        Earthquakes.
    config : PlaceboConfig
        How far and how long.

    Returns
    -------
    dict
        ``screened``, ``unscreened`` and ``covered``, as in `gasquake.study.placebo.choose_placebos`.
    """
    if catalogue is None:
        return {"screened": None, "unscreened": None, "covered": []}
    screened, stretches = _screened(table, event, catalogue, config), covered(catalogue)
    origin, margin = pd.Timestamp(event.time), pd.Timedelta(days=config.exclusion_days)
    dates = kept["year"].map(lambda year: origin + pd.DateOffset(years=int(year) - origin.year))
    clear = [any(a <= date - margin and date + margin <= b for a, b, _, _ in stretches) for date in dates]
    return {
        "screened": screened,
        "unscreened": len(kept) - sum(clear) if screened else len(kept),
        "covered": [[f"{first:%Y-%m-%d}", f"{last:%Y-%m-%d}"] for _, _, first, last in stretches],
    }


def covered(catalogue: pd.DataFrame, /) -> list[tuple[pd.Timestamp, pd.Timestamp, pd.Timestamp, pd.Timestamp]]:
    """The stretches of time that a catalogue covers, by its earthquakes of known magnitude anywhere.

    Parameters
    ----------
    catalogue : DataFrame
        Earthquakes in any order.

    Returns
    -------
    list of tuple of Timestamp
        From when to when, and the first and the last earthquake, of each stretch.

    Notes
    -----
    A catalogue seldom says for which time it was asked. It is taken to reach beyond its first and its last earthquake
    by the mean time between two ([D]: so far from the edge of a Poisson process its first one lies, and no more than
    one earthquake is expected there that it does not list). It has a hole where it lists nothing for more than a year
    though 10 or more were expected, at the rate of its median year; the median leaves out aftershocks and years that
    are cut. A catalogue with fewer than 3 in its median year shows none.
    """
    times = pd.DatetimeIndex(catalogue.loc[catalogue["magnitude"].notna(), "time"]).sort_values()
    if times.empty:
        return []
    a_year = np.median(np.unique(times.year, return_counts=True)[1])
    apart = np.diff(times.to_numpy()) / _HOLE.to_timedelta64()
    cuts = np.flatnonzero((apart > 1.0) & (apart * a_year >= _EXPECTED) & (a_year >= _FEWEST)) + 1
    stretches = []
    for start, stop in pairwise([0, *cuts.tolist(), len(times)]):
        first, last = times[start], times[stop - 1]
        beyond = (last - first) / max(stop - start - 1, 1)
        stretches.append((first - beyond, last + beyond, first, last))
    return stretches
