"""Where an anomaly is strongest each day: the track, and how often each place holds the maximum in other years."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gasquake import _labelled, kernels
from gasquake._array import as_float, check_bool, check_choice, check_number
from gasquake.places import Event, Region
from gasquake.projection import project

__all__ = ["MaximaFrequency", "daily_maxima", "maxima_frequency"]

Per = Literal["level", "column", "volume"]
Of = Literal["zscore", "value"]


def daily_maxima(
    zscore: xr.DataArray,
    /,
    *,
    epicentre: Event | tuple[float, float],
    value: xr.DataArray | None = None,
    of: Of = "zscore",
    per: Per = "level",
    region: Region | None = None,
    drop_edges: bool = True,
    min_valid: float = 0.5,
    n_threads: int | None = None,
) -> xr.Dataset:
    r"""Cell of the largest anomaly on each day, orbit by orbit.

    Parameters
    ----------
    zscore : DataArray
        Anomaly divided by its standard deviation, with dims time, lat and lon, with or without level and orbit. NaN and
        infinities are missing.
    epicentre : Event or (lon, lat)
        Where `x` and `y` are zero, degrees.
    value : DataArray, optional
        Another field on the same grid, such as the mixing ratio: its value at the maximum is reported beside.
    of : {"zscore", "value"}
        Which of the two is searched. Zhao et al. (2022) search raw mixing ratios, whose maxima stay over permanent
        sources and low ground; do so only to compare with them.
    per : {"level", "column", "volume"}
        "level" searches every level by itself; "column" is for fields without levels (columns, one-layer products);
        "volume" searches all levels together and reports the pressure of the maximum.
    region : Region, optional
        Where to search. By default everywhere.
    drop_edges : bool
        Leave out the outermost cells of the region: a maximum there may be the flank of one outside. East and west of
        a grid all around the Earth are no edges.
    min_valid : float
        Fewest valid cells, as a share of those of that orbit and level that are valid on any day (cells that are
        always below ground do not count); with less, the day has no maximum. The default is a design choice [D].
    n_threads : int, optional
        Threads; by default all, and one for each chunk under dask.

    Returns
    -------
    Dataset
        Along time, orbit and (``per="level"``) level: ``lon``, ``lat`` (degrees, float64); ``level`` (hPa, only for
        ``per="volume"``); ``x``, ``y`` (km east and north of the epicentre, azimuthal equidistant; `tracks.fit_spirals`
        takes them as they are); ``zscore`` (float64); ``value`` (float64, if given); ``n_valid`` (int64, valid cells);
        ``valid_fraction``; ``ties`` (int64, cells that share the maximum, 0 without one). NaN on days with too few
        valid cells. Lazy if `zscore` is.

    Raises
    ------
    TypeError
        If an array is not a DataArray of real numbers, or an argument is of the wrong type.
    ValueError
        If dims are missing, `value` lies on another grid, no cell is left, or an argument is out of range.

    See Also
    --------
    gasquake.kernels.locate_maxima : The search.
    maxima_frequency : How often each cell holds the maximum.

    Notes
    -----
    Where several cells share the maximum, the position is their centroid: the mean of longitudes (across 180 degrees
    too) and latitudes, and the mean logarithm of the pressure [D]; ``value`` is the mean over them. The centroid of
    cells far apart is a place where nothing is largest: look at ``ties``.

    There is a maximum on every day, whether or not there is a source. A track says nothing before it is held against
    other years and the nulls of `spiral_tests`.

    Daily maxima before an earthquake: Zhao Yi et al. (2022), Advances in Geosciences 12(12),
    doi:10.12677/ag.2022.1212164.

    Examples
    --------
    >>> z = xr.DataArray(
    ...     np.zeros((2, 5, 5)),
    ...     {
    ...         "time": np.array(["2022-09-01", "2022-09-02"], "datetime64[ns]"),
    ...         "lat": 27.5 + np.arange(5.0),
    ...         "lon": 100.5 + np.arange(5.0),
    ...     },
    ...     ("time", "lat", "lon"),
    ... )
    >>> z[0, 2, 3], z[1, 0, 0] = 4.0, 9.0  # the second lies on the edge
    >>> track = daily_maxima(z, epicentre=(102.5, 29.5), per="column")
    >>> track.lon[0].item(), track.lat[0].item(), track.x[0].round(1).item(), track.ties.values.tolist()
    (103.5, 29.5, 96.8, [1, 9])
    """
    lon0, lat0 = _place(epicentre)
    check_choice(per, "per", ("level", "column", "volume"))
    check_choice(of, "of", ("zscore", "value"))
    share = check_number(min_valid, "min_valid")
    if not 0.0 <= share <= 1.0:
        raise ValueError(f"min_valid must lie in 0..1, got {min_valid}")
    fields, time = _fields(zscore, value, of=of, per=per)
    fields = region.select(fields) if region is not None else fields
    fields = _without_edges(fields) if check_bool(drop_edges, "drop_edges") else fields
    searched = fields[of]
    others = [name for name in fields.data_vars if name != of]
    core: list[Hashable] = [d for d in searched.dims if d in ("lat", "lon") or (per == "volume" and d == "level")]
    result = _locate(fields, [of, *map(str, others)], core, _labelled.thread_count(n_threads, searched))
    possible = _finite(searched).any([time]).sum(core)
    result["valid_fraction"] = result["n_valid"] / possible.where(possible > 0)
    enough = (result["n_valid"] > 0) & (result["valid_fraction"] >= share)
    for name in result.data_vars:
        if name not in ("n_valid", "valid_fraction"):
            result[name] = result[name].where(enough, 0 if name == "ties" else np.nan)
    result["ties"] = result["ties"].astype(np.int64)
    result["x"], result["y"] = project(result["lon"], result["lat"], lon0=lon0, lat0=lat0)
    _describe(result, fields, of)
    call = (
        f"daily_maxima(epicentre=({lon0:g}, {lat0:g}), of={of!r}, per={per!r}, region={region}, "
        f"drop_edges={drop_edges}, min_valid={share:g})"
    )
    return result.assign_attrs(history=_labelled.history(zscore, call))


def _place(epicentre: Event | tuple[float, float]) -> tuple[float, float]:
    if isinstance(epicentre, Event):
        return epicentre.longitude, epicentre.latitude
    try:
        lon, lat = epicentre
        return float(lon), float(lat)
    except (TypeError, ValueError):
        raise TypeError(f"epicentre must be an Event or (lon, lat) in degrees, got {epicentre!r}") from None


def _fields(zscore: xr.DataArray, value: xr.DataArray | None, *, of: Of, per: Per) -> tuple[xr.Dataset, Hashable]:
    """Both fields on dims with the usual names, and the time dim."""
    array = _labelled.require_dataarray(zscore, "zscore")
    _labelled.float_dtype(array, "zscore")
    time = _labelled.find_dim(array, "time", "zscore")
    names = {_labelled.find_dim(array, role, "zscore"): role for role in ("lat", "lon")}
    levels = _labelled.matching_dims(array, "level")
    if per == "column" and levels:
        raise ValueError(
            f"zscore has the level dimension {levels[0]!r}, but per='column' is for fields without levels; pass the "
            "z-score of the column, or per='level' or 'volume'"
        )
    if per != "column":
        names[_labelled.find_dim(array, "level", "zscore")] = "level"
    for dim, role in names.items():
        if dim not in array.coords or array.coords[dim].dtype.kind not in "fiu":
            raise ValueError(f"zscore must have a numeric coordinate along {dim!r} ({role})")
    if per == "volume":
        level = next(dim for dim, role in names.items() if role == "level")
        hpa = _labelled.pressure_levels(array, level, "zscore")
        array = array.assign_coords({level: (level, hpa, {**array.coords[level].attrs, "units": "hPa"})})
    fields = xr.Dataset({"zscore": array.rename(None)})
    if value is not None:
        other = _labelled.require_dataarray(value, "value")
        _labelled.float_dtype(other, "value")
        _labelled.check_aligned(zscore, "zscore", value=other)
        fields["value"] = other.variable
        fields["value"] = fields["value"].broadcast_like(fields["zscore"]).transpose(*array.dims)
        fields["value"].attrs = dict(other.attrs)
    elif of == "value":
        raise ValueError("of='value' needs value, the field to search; pass it")
    return fields.rename({dim: role for dim, role in names.items() if dim != role}), time


def _finite(array: xr.DataArray) -> xr.DataArray:
    return array.copy(data=np.isfinite(array.data))


def _without_edges(fields: xr.Dataset) -> xr.Dataset:
    inner = {"lat": slice(1, -1), "lon": slice(1, -1)}
    lon = fields["lon"].values.astype(np.float64)
    if lon.size > 1 and lon.size * np.abs(np.diff(lon)).min() >= 360.0 - 1e-3:
        inner.pop("lon")
    if any(fields.sizes[dim] < 3 for dim in inner):
        raise ValueError(
            f"no cell is left without the edges of a grid of {fields.sizes['lat']} x {fields.sizes['lon']} cells "
            "(lat x lon); pass a larger region or drop_edges=False"
        )
    return fields.isel(inner)


def _locate(fields: xr.Dataset, names: list[str], core: list[Hashable], threads: int | None) -> xr.Dataset:
    """The maximum of the first of `names`, its place, and the others there."""
    axes = tuple(range(-len(core), 0))
    scales = {str(dim): fields[dim].values.astype(np.float64) for dim in core}
    if "level" in scales:
        scales["level"] = np.log(scales["level"])
    grids = dict(zip(scales, np.meshgrid(*scales.values(), indexing="ij"), strict=True))
    cells = {dim: grid.ravel() for dim, grid in grids.items()}
    n_cells = next(iter(cells.values())).size
    outputs: dict[str, Any] = dict.fromkeys([*cells, *names], np.float64) | {"n_valid": np.int64, "ties": np.int64}

    def locate(searched: NDArray[Any], *others: NDArray[Any]) -> list[NDArray[Any]]:
        found = kernels.locate_maxima(searched, axes=axes, n_threads=threads)
        first = np.maximum(found.index, 0)
        flat = [other.reshape(*found.index.shape, n_cells) for other in (searched, *others)]
        at = {dim: np.where(found.index < 0, np.nan, place[first]) for dim, place in cells.items()}
        there = [np.take_along_axis(f, first[..., None], -1)[..., 0].astype(np.float64) for f in flat[1:]]
        # Few days tie: one at a time.
        for i in zip(*np.nonzero(found.ties > 1), strict=True):
            tied = np.flatnonzero(flat[0][i] == found.value[i])
            for dim, place in cells.items():
                off = place[tied] - place[tied[0]]
                if dim == "lon":
                    off = (off + 180.0) % 360.0 - 180.0
                at[dim][i] = place[tied[0]] + off.mean()
            for out, f in zip(there, flat[1:], strict=True):
                out[i] = f[i][tied].mean()
        if "level" in at:
            at["level"] = np.exp(at["level"])
        return [*at.values(), found.value.astype(np.float64), *there, found.count, found.ties]

    arrays = [fields[name] for name in names]
    return _labelled.apply(locate, arrays, [core] * len(arrays), outputs)


def _describe(result: xr.Dataset, fields: xr.Dataset, of: str) -> None:
    title = _labelled.describe(fields[of]) if of in fields else of
    about = {
        "lon": ("degrees_east", f"longitude of the largest {title}"),
        "lat": ("degrees_north", f"latitude of the largest {title}"),
        "zscore": ("1", "z-score there"),
        "value": (fields["value"].attrs.get("units") if "value" in fields else None, "value there"),
        "n_valid": ("1", "valid cells"),
        "valid_fraction": ("1", "valid cells as a share of those that are valid on any day"),
        "ties": ("1", "cells that share the maximum"),
        "x": ("km", "distance east of the epicentre"),
        "y": ("km", "distance north of the epicentre"),
    }
    if "level" in result.data_vars:
        about["level"] = ("hPa", f"pressure of the largest {title}")
    for name, (units, long_name) in about.items():
        if name in result:
            _labelled.with_attrs(result[name], units, long_name)


# --- How often each place holds the maximum ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class MaximaFrequency:
    """How often each place holds the daily maximum: what days without an event do.

    Attributes
    ----------
    x, y : ndarray of float64
        Places, km east and north of the epicentre.
    weight : ndarray of float64
        How often, on any scale: counts will do.

    Raises
    ------
    TypeError
        If an array does not hold real numbers.
    ValueError
        If the arrays are not 1-d and of one length, a place is not finite, or the weights are not finite, not negative
        and somewhere positive.

    Examples
    --------
    >>> MaximaFrequency([0.0, 100.0], [0.0, 0.0], [3, 1]).weight.tolist()
    [3.0, 1.0]
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    weight: NDArray[np.float64]

    def __post_init__(self) -> None:
        for name in ("x", "y", "weight"):
            object.__setattr__(self, name, as_float(getattr(self, name), name, np.dtype(np.float64)))
        shapes = (self.x.shape, self.y.shape, self.weight.shape)
        if len(set(shapes)) != 1 or self.x.ndim != 1:
            raise ValueError(f"x, y and weight must be 1-d and of one length, got shapes {shapes}")
        if not (np.isfinite(self.x).all() and np.isfinite(self.y).all()):
            raise ValueError("x and y of the places must be finite")
        if not (np.isfinite(self.weight).all() and (self.weight >= 0).all() and self.weight.sum() > 0):
            raise ValueError("weight must be finite and nowhere negative, with a positive sum")


def maxima_frequency(track: xr.Dataset, /) -> MaximaFrequency:
    """How often each place holds the maximum in a track of days without the event.

    Parameters
    ----------
    track : Dataset
        From `daily_maxima`, of other years and the same season, grid and epicentre as the track to be tested. Select
        the orbit and level first: all points in it are counted together.

    Returns
    -------
    MaximaFrequency
        Each place that ever held the maximum, once, with the number of its days.

    Raises
    ------
    TypeError
        If `track` is not a Dataset.
    ValueError
        If it lacks `x` or `y`, or no day in it has a maximum.

    See Also
    --------
    spiral_tests : Draws tracks from it.

    Notes
    -----
    A place that never held the maximum in those years is never drawn. With few years the frequency is rough, and
    so are p-values that rest on it.

    Examples
    --------
    >>> track = xr.Dataset({"x": ("time", [0.0, 100.0, 0.0, np.nan]), "y": ("time", [0.0, 0.0, 0.0, np.nan])})
    >>> maxima_frequency(track)
    MaximaFrequency(x=array([  0., 100.]), y=array([0., 0.]), weight=array([2., 1.]))
    """
    if not isinstance(track, xr.Dataset):
        raise TypeError(f"track must be an xarray.Dataset, as daily_maxima makes it, got {type(track).__name__}")
    if not {"x", "y"} <= set(track.variables):
        raise ValueError(f"track must have x and y, as daily_maxima makes them, got {sorted(map(str, track))}")
    x, y = xr.broadcast(track["x"], track["y"])
    places = np.stack([x.values.ravel(), y.values.ravel()], axis=-1).astype(np.float64)
    places = places[np.isfinite(places).all(axis=-1)]
    if not places.size:
        raise ValueError("no day of track has a maximum, so there is no frequency; pass more years")
    unique, counts = np.unique(places, axis=0, return_counts=True)
    return MaximaFrequency(unique[:, 0], unique[:, 1], counts.astype(np.float64))
