"""Daily maps of single soundings."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from gasquake._labelled import history, with_units
from gasquake.places import Region

__all__ = ["grid_soundings"]

#: Poleward of this, where the swaths of both orbits meet near the turn of the orbit, local time tells no orbit [D].
_POLAR_LIMIT = 75.0
_LON = {"units": "degrees_east", "standard_name": "longitude", "long_name": "longitude"}
_LAT = {"units": "degrees_north", "standard_name": "latitude", "long_name": "latitude"}


def grid_soundings(
    soundings: xr.Dataset,
    /,
    *,
    step: float = 1.0,
    region: Region | None = None,
    dates: ArrayLike | None = None,
    orbit: Literal["local_time", "ascending", "descending"] | None = None,
    min_count: int = 1,
    weights: Literal["error"] | None = None,
) -> xr.Dataset:
    r"""Daily maps of soundings on an equal-angle grid.

    Parameters
    ----------
    soundings : Dataset
        As `open_soundings` returns them: dim ``obs``; ``value`` with units of mole fraction, ``time`` (UTC), ``lon``
        (any turn), ``lat``; ``error`` if `weights` asks for it; ``attrs["gas"]``.
    step : float
        Width and height of a cell, degrees; 180 must be a multiple of it. Cells are counted from 180 W and 90 S; a
        sounding on an edge belongs to the cell north and east of it, at 90 N to the one south.
    region : Region, optional
        Only the cells whose centres lie inside.
    dates : array_like of datetime64, optional
        UTC dates of the maps. By default every date from the first sounding to the last, those without any too.
    orbit : {"local_time", "ascending", "descending"}, optional
        ``"local_time"`` tells ascending from descending by local solar time and ``attrs["day_orbit"]``. The other two
        are the caller's word that all are of that orbit. By default orbits are not told apart, and the one orbit of
        the result is called "all".
    min_count : int
        A cell with fewer soundings is NaN; its count stays.
    weights : {"error"}, optional
        Weigh each sounding with 1 / error**2. By default all count alike.

    Returns
    -------
    Dataset
        A gas cube without levels, dims (time, orbit, lat, lon):

        - ``<gas>``: float32, mol mol-1, mean of the cell's soundings, NaN where there are fewer than `min_count`
        - ``<gas>_count``: int32, soundings in the mean
        - ``<gas>_sdev``: float32, mol mol-1, their sample standard deviation, unweighted, NaN for fewer than two
        - ``<gas>_error``: float32, mol mol-1, standard error of the weighted mean from the soundings' errors alone;
          only with `weights`

        Coordinates ``window_start`` and ``window_end`` (time, orbit) are the bounds of the UTC date. Longitudes in
        [-180, 180), past 180 where the region lies across it. ``attrs``: ``n_skipped`` (soundings without value, time,
        place, or error where it is needed), ``n_without_orbit`` (of unknown orbit).

    Raises
    ------
    ValueError
        If a variable, its units or ``attrs["gas"]`` is missing, a latitude exceeds 90, `step` does not divide 180, or
        ``orbit="local_time"`` is asked of soundings without a time of day or of an unknown satellite.

    Notes
    -----
    The mean of a cell is

    .. math:: \bar x = x_0 + \frac{\sum_i w_i (x_i - x_0)}{\sum_i w_i}, \qquad w_i = 1 \text{ or } \sigma_i^{-2}

    with the smallest value of the cell as pivot :math:`x_0`, in float64. The standard error is
    :math:`(\sum_i \sigma_i^{-2})^{-1/2}`; it takes errors of neighbouring soundings for independent, which they are
    not: read it as a lower bound. The order of the soundings changes no bit of the result.

    Local solar time is UTC + longitude / 15 h; from 6 h until 18 h is day, for an orbit that crosses the equator near
    1:30 or 13:30. [D] Poleward of 75 degrees, where the orbit turns, a swath of AIRS's width sees places by both orbits
    at the same local time: these soundings go to neither orbit and are counted. A UTC date holds one pass of each orbit
    at most longitudes, but its passes near 180 degrees lie up to a day apart.

    Level-3 products count nominal dates otherwise; match by the windows, not by ``time``.

    Examples
    --------
    >>> soundings = xr.Dataset(
    ...     {"value": ("obs", [1850e-9, 1870e-9], {"units": "mol mol-1"})},
    ...     {"time": ("obs", np.array(["2022-09-05T06:10", "2022-09-05T06:11"], dtype="datetime64[ns]")),
    ...      "lon": ("obs", [102.2, 102.4]), "lat": ("obs", [29.6, 29.9])},
    ...     attrs={"gas": "ch4"},
    ... )
    >>> cube = grid_soundings(soundings, step=1.0, region=Region(97, 27, 107, 34))
    >>> cube["ch4"].sizes["lon"], int(cube["ch4_count"].sum())
    (10, 2)
    >>> print(f"{float(cube['ch4'].sel(lon=102.5, lat=29.5).squeeze()) * 1e9:.0f} ppb")
    1860 ppb
    """
    gas = _checked(soundings, weights)
    value = with_units(soundings["value"], "value", "mol mol-1").values.astype(np.float64)
    lon, lat = (soundings[name].values.astype(np.float64) for name in ("lon", "lat"))
    time = soundings["time"].values.astype("datetime64[ns]")
    sigma = None
    usable = np.isfinite(value) & np.isfinite(lon) & np.isfinite(lat) & ~np.isnat(time)
    if weights == "error":
        sigma = with_units(soundings["error"], "error", "mol mol-1").values.astype(np.float64)
        usable &= np.isfinite(sigma) & (sigma > 0)
    if (np.abs(lat[usable]) > 90.0).any():
        raise ValueError(
            f"lat of soundings must lie in -90..90 degrees, got {lat[usable][np.abs(lat[usable]) > 90][0]}"
        )
    days = _dates(time[usable], dates)
    orbits, orbit_of = _orbits(soundings, orbit, time, lon, lat)
    cells = _cells(step, region)
    index = _cell_index(cells, days, orbit_of, time, lon, lat, len(orbits), usable)
    shape = (days.size, len(orbits), cells.sizes["lat"], cells.sizes["lon"])
    picked = np.flatnonzero(index >= 0)
    maps = _cell_means(
        index[picked], value[picked], None if sigma is None else sigma[picked], shape, max(1, int(min_count))
    )

    layer = {"layer": str(soundings.attrs["layer"])} if "layer" in soundings.attrs else {}
    names = {
        "mean": (gas, "mol mol-1", f"{gas} mole fraction, mean of soundings"),
        "count": (f"{gas}_count", "1", f"number of soundings in the mean of {gas}"),
        "sdev": (f"{gas}_sdev", "mol mol-1", f"standard deviation of the soundings of {gas}"),
        "error": (f"{gas}_error", "mol mol-1", f"standard error of the weighted mean of {gas}"),
    }
    dims = ("time", "orbit", "lat", "lon")
    start = np.broadcast_to(days.astype("datetime64[ns]")[:, None], shape[:2])
    cube = xr.Dataset(
        {names[k][0]: (dims, v, {"units": names[k][1], "long_name": names[k][2], **layer}) for k, v in maps.items()},
        {
            "time": ("time", days.astype("datetime64[ns]"), {"standard_name": "time", "long_name": "nominal UTC date"}),
            "orbit": ("orbit", orbits, {"long_name": "orbit"}),
            "lat": ("lat", cells["lat"].values, _LAT),
            "lon": ("lon", cells["lon"].values, _LON),
            "window_start": (dims[:2], start.copy(), {"long_name": "start of the UTC window"}),
            "window_end": (dims[:2], start + np.timedelta64(1, "D"), {"long_name": "end of the UTC window"}),
        },
    )
    options = f"step={step:g}, orbit={orbit!r}, min_count={min_count}, weights={weights!r}"
    cube.attrs = {
        "Conventions": "CF-1.11",
        "source": str(soundings.attrs.get("source", "soundings")),
        "n_skipped": int(usable.size - usable.sum()),
        "n_without_orbit": int((usable & (orbit_of < 0)).sum()),
        "history": history(soundings, f"grid_soundings({options})"),
    }
    return cube


def _checked(soundings: xr.Dataset, weights: str | None) -> str:
    """The name of the gas, once all that is needed is known to be there."""
    if not isinstance(soundings, xr.Dataset):
        raise TypeError(f"soundings must be an xarray.Dataset, got {type(soundings).__name__}; see open_soundings")
    if weights not in (None, "error"):
        raise ValueError(f'weights must be "error" or None, got {weights!r}')
    needed = ("value", "time", "lon", "lat", *(["error"] if weights else []))
    absent = [name for name in needed if name not in soundings.variables]
    if absent:
        raise ValueError(f"soundings lack {absent}; they have {sorted(map(str, soundings.variables))}")
    wrong = {name: soundings[name].dims for name in needed if soundings[name].dims != ("obs",)}
    if wrong:
        raise ValueError(f"soundings must have the one dimension 'obs', but {wrong}")
    if "gas" not in soundings.attrs:
        raise ValueError('soundings do not say their gas; set soundings.attrs["gas"], as in "ch4"')
    return str(soundings.attrs["gas"])


def _dates(time: NDArray[Any], dates: ArrayLike | None) -> NDArray[np.datetime64]:
    if dates is not None:
        days = np.unique(np.atleast_1d(np.asarray(dates, dtype="datetime64[D]")))
        if np.isnat(days).any():
            raise ValueError("dates hold a missing time (NaT)")
        return days
    if not time.size:
        return np.array([], dtype="datetime64[D]")
    first, last = time.min().astype("datetime64[D]"), time.max().astype("datetime64[D]")
    return np.arange(first, last + 1)


def _orbits(
    soundings: xr.Dataset, orbit: str | None, time: NDArray[Any], lon: NDArray[Any], lat: NDArray[Any]
) -> tuple[list[str], NDArray[np.int64]]:
    """The orbits of the result, and which of them each sounding belongs to; -1 where that is unknown."""
    if orbit != "local_time":
        if orbit not in (None, "ascending", "descending"):
            raise ValueError(f'orbit must be "local_time", "ascending", "descending" or None, got {orbit!r}')
        return [orbit or "all"], np.zeros(time.size, dtype=np.int64)
    if soundings.attrs.get("time_precision") == "day":
        raise ValueError(
            'orbit="local_time" needs a time of day, and these soundings have dates only; use orbit=None, or the name '
            "of the orbit if all are of one"
        )
    by_day = soundings.attrs.get("day_orbit")
    if by_day not in ("ascending", "descending"):
        raise ValueError(
            'orbit="local_time" needs the orbit that the satellite flies by day; set soundings.attrs["day_orbit"] to '
            f'"ascending" (Aqua, Sentinel-5P) or "descending" (GOSAT), got {by_day!r}'
        )
    hours = (time - time.astype("datetime64[D]")) / np.timedelta64(1, "h")
    with np.errstate(invalid="ignore"):
        solar = (hours + lon / 15.0) % 24.0
        day = (solar >= 6.0) & (solar < 18.0)
        which = np.where(day == (by_day == "ascending"), 0, 1)
        return ["ascending", "descending"], np.where(np.abs(lat) <= _POLAR_LIMIT, which, -1)


def _cells(step: float, region: Region | None) -> xr.Dataset:
    """The cells of the grid: centres `lat`, `lon`, and as `row`, `column` their numbers on the whole globe."""
    n = round(180.0 / step) if step > 0 else 0
    if n < 1 or not np.isclose(n * step, 180.0, rtol=1e-9):
        near = f"{180 / max(n, 1):g} would" if step > 0 else "1 would"
        raise ValueError(f"step must divide 180 degrees into equal cells, got {step:g}; {near}")
    centres = (np.arange(2 * n) + 0.5) * (180.0 / n)
    globe = xr.Dataset(
        coords={
            "lat": centres[:n] - 90.0,
            "lon": centres - 180.0,
            "row": ("lat", np.arange(n)),
            "column": ("lon", np.arange(2 * n)),
        },
        attrs={"n": n},
    )
    return globe if region is None else region.select(globe)


def _cell_index(
    cells: xr.Dataset,
    days: NDArray[Any],
    orbit_of: NDArray[np.int64],
    time: NDArray[Any],
    lon: NDArray[Any],
    lat: NDArray[Any],
    n_orbits: int,
    usable: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """The cell of each sounding in the flat (time, orbit, lat, lon) cube; -1 outside of it."""
    n = cells.attrs["n"]
    rows, columns = np.full(n, -1), np.full(2 * n, -1)
    rows[cells["row"].values] = np.arange(cells.sizes["lat"])
    columns[cells["column"].values] = np.arange(cells.sizes["lon"])
    lon, lat = np.where(usable, lon, 0.0), np.where(usable, lat, 0.0)
    row = rows[np.minimum(np.floor((lat + 90.0) * n / 180.0).astype(np.int64), n - 1)]
    # A longitude a hair west of 180 W rounds to a whole turn.
    column = columns[np.minimum(np.floor((lon + 180.0) % 360.0 * n / 180.0).astype(np.int64), 2 * n - 1)]
    date = time.astype("datetime64[D]")
    day = np.searchsorted(days, date)
    known = np.append(days, np.datetime64("NaT"))[day] == date
    index = ((day * n_orbits + orbit_of) * cells.sizes["lat"] + row) * cells.sizes["lon"] + column
    inside = usable & known & (orbit_of >= 0) & (row >= 0) & (column >= 0)
    return np.where(inside, index, -1)


def _cell_means(
    index: NDArray[np.int64],
    value: NDArray[np.float64],
    sigma: NDArray[np.float64] | None,
    shape: tuple[int, ...],
    min_count: int,
) -> dict[str, NDArray[Any]]:
    """Mean, count, standard deviation (and error) of the values in each cell of a cube.

    Only cells with soundings are computed. Sorted by cell and value, sums have one order whatever the input's, and the
    first of each cell is its smallest: the pivot, about which nothing cancels.
    """
    order = np.lexsort((value, index) if sigma is None else (sigma, value, index))
    index, value = index[order], value[order]
    first = np.flatnonzero(np.diff(index, prepend=-1))
    cell = np.repeat(np.arange(first.size), np.diff(first, append=index.size))
    count = np.bincount(cell, minlength=first.size)
    low, high = value[first], value[np.append(first[1:], index.size) - 1] if first.size else value
    above = value - low[cell]
    plain = np.bincount(cell, above, first.size) / count
    result = {"mean": plain}
    if sigma is not None:
        sigma = sigma[order]
        # Relative to the smallest error of the cell, so that no square overflows.
        least = np.minimum.reduceat(sigma, first) if first.size else sigma
        weight = (least[cell] / sigma) ** 2
        total = np.bincount(cell, weight, first.size)
        result = {"mean": np.bincount(cell, weight * above, first.size) / total, "error": least / np.sqrt(total)}
    # Rounding alone could put a mean outside of its members.
    result["mean"] = np.clip(low + result["mean"], low, high)
    squares = np.bincount(cell, (above - plain[cell]) ** 2, first.size)
    result["sdev"] = np.where(count > 1, np.sqrt(squares / np.maximum(count - 1, 1)), np.nan)
    maps: dict[str, NDArray[Any]] = {}
    for name in ("mean", "count", "sdev", "error"):
        if name == "count":
            maps[name] = np.zeros(shape, dtype=np.int32)
            maps[name].flat[index[first]] = count
        elif name in result:
            maps[name] = np.full(shape, np.nan, dtype=np.float32)
            maps[name].flat[index[first]] = np.where(count >= min_count, result[name], np.nan)
    return maps
