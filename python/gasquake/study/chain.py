"""The rest of the chain at each placebo: does a spiral fit there as well, and are the gases linked as closely?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from gasquake import kernels
from gasquake.places import Event, Region
from gasquake.projection import project
from gasquake.study.local import epicentre_cell
from gasquake.study.placebo import matched_days, occurrence

__all__ = ["link_scores", "spiral_scores"]

FEWEST_DAYS = 6  # [D] as in `gasquake.motion`


def spiral_scores(
    zscore: xr.DataArray, event: Event, region: Region, placebos: pd.DataFrame, /, *, own: xr.DataArray, sigma_km: float
) -> tuple[float, NDArray[np.float64]]:
    """R2 of the involute through the daily maxima in a box of the region's size around the event, and each placebo.

    Parameters
    ----------
    zscore : DataArray
        Of the column, dims (time, orbit, lat, lon).
    event : Event
        The earthquake.
    region : Region
        Its box; a placebo's has the same shape and lies the same way about its place.
    placebos : DataFrame
        With year, longitude, latitude.
    own : DataArray of bool
        The days of the event's year; a placebo takes the same days of its own year.
    sigma_km : float
        Standard error of a position.

    Returns
    -------
    tuple of float and ndarray of float64
        NaN where the box leaves the data or fewer than 6 days have a maximum.
    """
    values = zscore.transpose("time", "orbit", "lat", "lon")
    days = matched_days(own, origin_time=event.time).values
    year = occurrence(values["time"], event.time)
    size = max(int(np.count_nonzero(days & (year == y))) for y in np.unique(year))
    places = placebos[["longitude", "latitude"]].drop_duplicates()
    tracks = {
        (lon, lat): _track(values, lon, lat, event, region)
        for lon, lat in [(event.longitude, event.latitude), *places.itertuples(index=False)]
    }
    wanted = [
        (int(pd.Timestamp(event.time).year), event.longitude, event.latitude),
        *placebos[["year", "longitude", "latitude"]].itertuples(index=False),
    ]
    x, y, t = (np.full((len(wanted), size), np.nan) for _ in range(3))
    for k, (which, lon, lat) in enumerate(wanted):
        track = tracks[lon, lat]
        if track is None:
            continue
        at = np.flatnonzero(days & (year == which))
        x[k, : at.size], y[k, : at.size] = track[0][at], track[1][at]
        t[k, : at.size] = (values["time"].values[at] - values["time"].values[at[0]]) / np.timedelta64(1, "D")
    usable = np.isfinite(x).sum(axis=1) >= FEWEST_DAYS
    r2 = np.full(len(wanted), np.nan)
    if usable.any():
        r2[usable] = kernels.fit_spirals(x[usable], y[usable], t[usable], sigma=sigma_km).r2
    return float(r2[0]), r2[1:]


def _track(
    values: xr.DataArray, lon: float, lat: float, event: Event, region: Region
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Daily maxima (km from the place, of the orbit with the larger one) in the region moved to the place."""
    west = (region.west - event.longitude + 180.0) % 360.0 - 180.0
    away = (values["lon"].values - lon + 180.0) % 360.0 - 180.0
    columns = np.flatnonzero((away >= west) & (away <= west + region.width))
    up = values["lat"].values - lat
    rows = np.flatnonzero((up >= region.south - event.latitude) & (up <= region.north - event.latitude))
    step = float(np.diff(values["lon"].values[:2])[0]), float(np.diff(values["lat"].values[:2])[0])
    whole = (region.width / step[0] - 1, (region.north - region.south) / step[1] - 1)
    if columns.size < max(whole[0], 3) or rows.size < max(whole[1], 3):  # 3: the edges are not searched
        return None
    box = np.ascontiguousarray(values.values[:, :, rows[1:-1]][..., columns[1:-1]])
    found = kernels.locate_maxima(box)
    height = np.where(found.index >= 0, found.value, -np.inf)
    best = height.argmax(axis=1)[:, np.newaxis]
    index = np.take_along_axis(found.index, best, axis=1)[:, 0]
    row, column = np.unravel_index(np.maximum(index, 0), box.shape[2:])
    x, y = project(
        values["lon"].values[columns[1:-1]][column], values["lat"].values[rows[1:-1]][row], lon0=lon, lat0=lat
    )
    return np.where(index >= 0, x, np.nan), np.where(index >= 0, y, np.nan)


def link_scores(
    co: xr.DataArray,
    ch4: xr.DataArray,
    event: Event,
    placebos: pd.DataFrame,
    /,
    *,
    mask: xr.DataArray,
    radius_cells: int,
) -> tuple[float, NDArray[np.float64]]:
    """Size of the correlation of two gases in the tested window around the event, and each placebo.

    Parameters
    ----------
    co, ch4 : DataArray
        Column anomalies, dims (time, orbit, lat, lon).
    event : Event
        The earthquake.
    placebos : DataFrame
        With year, row, column.
    mask : DataArray of bool
        dims (time, orbit): the window in every year.
    radius_cells : int
        The neighbourhood that is averaged.

    Returns
    -------
    tuple of float and ndarray of float64
        atanh \\|r\\| over days and orbits, each orbit about its own mean; NaN with fewer than 6 pairs.
    """
    inside = mask.transpose("time", "orbit").values
    year = occurrence(co["time"], event.time)
    one, other = (array.transpose("time", "orbit", "lat", "lon").values for array in (co, ch4))
    row, column = epicentre_cell(co, event)

    def link(which: int, at: tuple[int, int]) -> float:
        days = year == which
        square = (slice(max(at[0] - radius_cells, 0), at[0] + radius_cells + 1),
                  slice(max(at[1] - radius_cells, 0), at[1] + radius_cells + 1))  # fmt: skip
        pairs = [_mean(array[days][:, :, *square]) for array in (one, other)]
        used = inside[days] & np.isfinite(pairs[0]) & np.isfinite(pairs[1])
        if used.sum() < FEWEST_DAYS:
            return np.nan
        a, b = (_centred(pair, used) for pair in pairs)
        size = np.sqrt((a**2).sum() * (b**2).sum())
        return float(np.arctanh(min(abs((a * b).sum()) / size, 1 - 1e-12))) if size > 0 else np.nan

    where = placebos[["year", "row", "column"]].to_numpy(dtype=int).tolist()
    null = [link(year_, (row_, column_)) for year_, row_, column_ in where]
    return link(int(pd.Timestamp(event.time).year), (row, column)), np.array(null, dtype=np.float64)


def _mean(values: NDArray[Any]) -> NDArray[np.float64]:
    """Mean over the last two axes of what is there."""
    known = np.isfinite(values)
    n = known.sum(axis=(-2, -1))
    total = np.where(known, values, 0).sum(axis=(-2, -1), dtype=np.float64)
    mean: NDArray[np.float64] = np.divide(total, n, out=np.full(total.shape, np.nan), where=n > 0)
    return mean


def _centred(values: NDArray[np.float64], used: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Values about the mean of each orbit, 0 where not used."""
    n = used.sum(axis=0)
    mean = np.divide(np.where(used, values, 0).sum(axis=0), n, out=np.zeros(n.shape), where=n > 0)
    centred: NDArray[np.float64] = np.where(used, values - mean, 0.0)
    return centred
