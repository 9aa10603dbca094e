"""Where a gas is strongest day by day, and whether those places run along a spiral.

`locate_maxima` makes a track of daily maxima, `project` lays it on a plane in km about an epicentre, `fit_spirals` fits
a curve that time runs along, and `spiral_null` asks how often chance fits as well. A fit without its null is no
evidence: curves with free branches reach a median R2 of 0.92 on random points.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gasquake import _labelled, kernels
from gasquake._array import check_number, check_positive_int
from gasquake.projection import project, unproject

__all__ = ["fit_spirals", "locate_maxima", "project", "spiral_null", "unproject"]

Kind = Literal["involute", "archimedean", "logarithmic"]
Anchor = Literal["centre", "cusp"]
Loss = Literal["huber", "square"]
Null = Literal["permute_days", "rotate", "move_anchor"]


def locate_maxima(
    values: xr.DataArray, /, *, dims: Sequence[Hashable] | None = None, n_threads: int | None = None
) -> xr.Dataset:
    """Largest value over space at each time, and where it is.

    Parameters
    ----------
    values : DataArray
        Real numbers. NaN and infinities are missing.
    dims : sequence of hashable, optional
        Dims to search over together: names, or "lat", "lon", "level" for the dims that CF attributes or names mark as
        such. By default ("lat", "lon"). Each needs a numeric coordinate.
    n_threads : int, optional
        Threads; by default all, and one for each chunk under dask.

    Returns
    -------
    Dataset
        Without `dims`: ``value`` (type and units of `values`, NaN if all is missing); the coordinates of the maximum,
        called ``lat``, ``lon``, ``level``, or as the dim (float64, NaN if none); ``index`` (int64, flat in C order over
        the dims as they stand in `values`, -1 if none); ``count`` (int64, valid cells); ``ties`` (int64, cells that
        equal the maximum; the first one is reported). Lazy if `values` is.

    Raises
    ------
    TypeError
        If `values` is not a DataArray of real numbers.
    ValueError
        If a dim is missing or ambiguous, or has no numeric coordinate.

    See Also
    --------
    gasquake.kernels.locate_maxima : The NaN rule and the order of ties.

    Examples
    --------
    >>> z = xr.DataArray([[1.0, 4.0], [np.nan, 2.0]], {"lat": [29.5, 30.5], "lon": [101.5, 102.5]}, ("lat", "lon"))
    >>> result = locate_maxima(z)
    >>> result.value.item(), result.lat.item(), result.lon.item(), result["count"].item()
    (4.0, 29.5, 102.5, 3)
    """
    array = _labelled.require_dataarray(values, "values")
    roles = _search_dims(array, ("lat", "lon") if dims is None else dims)
    core = [d for d in array.dims if d in roles]
    places = [_numbers_along(array, d) for d in core]
    shape = tuple(p.size for p in places)
    axes = tuple(range(-len(core), 0))
    threads = _labelled.thread_count(n_threads, array)

    def locate(block: NDArray[Any]) -> list[NDArray[Any]]:
        found = kernels.locate_maxima(block, axes=axes, n_threads=threads)
        where = np.unravel_index(np.maximum(found.index, 0), shape) if 0 not in shape else [found.index] * len(shape)
        nothing = found.index < 0
        looked_up = [np.where(nothing, np.nan, np.append(p, np.nan)[k]) for p, k in zip(places, where, strict=True)]
        return [found.value, *looked_up, found.index, found.count, found.ties]

    types: dict[str, Any] = {"value": _labelled.float_dtype(array, "values")}
    types |= {roles[d]: np.float64 for d in core} | {"index": np.int64, "count": np.int64, "ties": np.int64}
    result = _labelled.apply(locate, [array], [core], types)
    title = _labelled.describe(array)
    _labelled.with_attrs(result["value"], array.attrs.get("units"), f"largest {title}")
    for d in core:
        _labelled.with_attrs(result[roles[d]], array.coords[d].attrs.get("units"), f"{roles[d]} of the largest {title}")
    _labelled.with_attrs(result["index"], "1", f"flat index of the largest {title} over {', '.join(map(str, core))}")
    _labelled.with_attrs(result["count"], "1", f"valid cells of {title}")
    _labelled.with_attrs(result["ties"], "1", f"cells that hold the largest {title}")
    call = f"locate_maxima(dims={tuple(core)})"
    return result.assign_attrs(history=_labelled.history(array, call))


def _search_dims(array: xr.DataArray, dims: Sequence[Hashable]) -> dict[Hashable, str]:
    """Each dim to search over, with the name of its coordinate in the result."""
    if isinstance(dims, str):
        raise TypeError(f"dims must be a sequence of names, got the text {dims!r}; write ({dims!r},)")
    found: dict[Hashable, str] = {}
    roles = ("lat", "lon", "level")
    for wanted in dims:
        role = wanted if wanted in roles else None
        dim = wanted
        if wanted not in array.dims:
            if role is None:
                raise ValueError(f"values has no dimension {wanted!r}; it has {array.dims}")
            dim = _labelled.find_dim(array, str(role), "values")
        known = role or next((r for r in roles if _labelled.matching_dims(array, r) == [dim]), str(dim))
        if dim in found:
            raise ValueError(f"dims names the dimension {dim!r} twice: {tuple(dims)}")
        found[dim] = str(known)
    if not found:
        raise ValueError("dims must name at least one dimension, got none")
    return found


def _numbers_along(array: xr.DataArray, dim: Hashable) -> NDArray[np.float64]:
    if dim not in array.coords or array.coords[dim].dtype.kind not in "fiu":
        have = f"dtype {array.coords[dim].dtype}" if dim in array.coords else "no coordinate"
        raise ValueError(f"values must have a numeric coordinate along {dim!r}, got {have}")
    numbers: NDArray[np.float64] = array.coords[dim].values.astype(np.float64)
    return numbers


# --- Spirals ----------------------------------------------------------------------------------------------------------

# Result of the fit -> type, unit, what it is.
_FIT: dict[str, tuple[Any, str, str]] = {
    "chirality": (np.int8, "1", "1 the curve itself, -1 its mirror image, 0 no fit"),
    "scale": (np.float64, "km", "size of the spiral"),
    "phase": (np.float64, "rad", "rotation of the spiral about the origin"),
    "rate": (np.float64, "rad d-1", "rate of the curve's parameter"),
    "offset": (np.float64, "rad", "the curve's parameter at the first valid time"),
    "growth": (np.float64, "rad-1", "change of the logarithm of the radius"),
    "cost": (np.float64, "1", "sum of the losses"),
    "rmse": (np.float64, "km", "root mean square distance from the curve"),
    "r2": (np.float64, "1", "share of the variance explained (no evidence by itself)"),
    "aicc": (np.float64, "1", "corrected Akaike information criterion"),
    "n": (np.int32, "1", "valid points"),
    "converged": (np.bool_, "1", "the search converged"),
}


def fit_spirals(
    track: xr.Dataset,
    /,
    *,
    origin: tuple[float, float] | None = None,
    kind: Kind = "involute",
    anchor: Anchor = "centre",
    sigma: float = 50.0,
    loss: Loss = "huber",
    max_turns: float = 4.0,
    dim: Hashable | None = None,
    n_threads: int | None = None,
) -> xr.Dataset:
    """Fit a spiral along which time runs to each track.

    Parameters
    ----------
    track : Dataset
        With ``x``, ``y`` (units of length, east and north of the fixed origin), or with ``lon``, ``lat`` in degrees and
        `origin`; with a time dim and its coordinate (datetime64, or numbers with units "days"). Other dims are
        separate tracks. Points that are not finite are missing.
    origin : (lon0, lat0), optional
        The point in degrees about which ``lon``, ``lat`` are projected.
    kind : {"involute", "archimedean", "logarithmic"}
        Which curve.
    anchor : {"centre", "cusp"}
        Which of its points lies at the origin.
    sigma : float
        Standard error of a position in km; half a grid cell.
    loss : {"huber", "square"}
        How misfits count.
    max_turns : float
        Most turns that the search allows over the track.
    dim : hashable, optional
        The time dim, where it cannot be found or several could be it.
    n_threads : int, optional
        Threads; by default all, and one for each chunk under dask.

    Returns
    -------
    Dataset
        Without the time dim: ``chirality`` (int8), ``scale`` (km), ``phase`` (rad), ``rate`` (rad d-1), ``offset``
        (rad, at the first valid time), ``growth`` (rad-1, NaN unless logarithmic), ``cost``, ``rmse`` (km), ``r2``,
        ``aicc``, ``n`` (int32) and ``converged`` (bool). Lazy if `track` is.

    Raises
    ------
    TypeError
        If `track` is not a Dataset.
    ValueError
        If positions, units, `origin` or times are missing or wrong, or an argument is out of range.

    See Also
    --------
    gasquake.kernels.fit_spirals : The curves, the search and the sources.
    spiral_null : How often chance fits as well. Never report a fit without it.

    Examples
    --------
    >>> time = np.datetime64("2022-08-20", "ns") + np.arange(20) * np.timedelta64(1, "D")
    >>> s = 0.5 + 0.2 * np.arange(20.0)
    >>> km = {"units": "km"}
    >>> track = xr.Dataset(
    ...     {
    ...         "x": ("time", 40.0 * (np.cos(s) + s * np.sin(s)), km),
    ...         "y": ("time", 40.0 * (np.sin(s) - s * np.cos(s)), km),
    ...     },
    ...     {"time": time},
    ... )
    >>> fit = fit_spirals(track)
    >>> print(f"{fit.scale.item():.3f} {fit.scale.attrs['units']}, {fit.rate.item():.3f} {fit.rate.attrs['units']}")
    40.000 km, 0.200 rad d-1
    """
    x, y, time = _positions(track, origin, dim)
    days = _days(x, time)
    threads = _labelled.thread_count(n_threads, x, y)

    def fit(east: NDArray[Any], north: NDArray[Any]) -> list[NDArray[Any]]:
        found = kernels.fit_spirals(
            east, north, days, kind=kind, anchor=anchor, sigma=sigma, loss=loss, max_turns=max_turns, n_threads=threads
        )
        return [getattr(found, name) for name in _FIT]

    result = _labelled.apply(fit, [x, y], [[time], [time]], {name: dtype for name, (dtype, *_) in _FIT.items()})
    for name, (_, units, title) in _FIT.items():
        _labelled.with_attrs(result[name], units, title)
    call = f"fit_spirals(kind={kind!r}, anchor={anchor!r}, sigma={sigma:g}, loss={loss!r}, max_turns={max_turns:g})"
    return result.assign_attrs(history=_labelled.history(track, call))


def spiral_null(
    track: xr.Dataset,
    /,
    *,
    seed: int,
    n: int = 999,
    null: Null = "permute_days",
    origin: tuple[float, float] | None = None,
    kind: Kind = "involute",
    anchor: Anchor = "centre",
    sigma: float = 50.0,
    loss: Loss = "huber",
    max_turns: float = 4.0,
    dim: Hashable | None = None,
    n_threads: int | None = None,
) -> xr.Dataset:
    """How often tracks without a spiral fit as well as each track does.

    Parameters
    ----------
    track : Dataset
        As for `fit_spirals`.
    seed : int
        Seed of the random numbers. Every track gets the same ones, so that its result does not depend on its
        neighbours; p-values of tracks with the same days are not independent.
    n : int
        How many random tracks.
    null : {"permute_days", "rotate", "move_anchor"}
        What is random: the order of the days, the directions, or the place of the anchor.
    origin, kind, anchor, sigma, loss, max_turns, dim, n_threads
        As for `fit_spirals`.

    Returns
    -------
    Dataset
        Without the time dim: ``statistic`` of the track; ``null_statistics`` of the random ones, along a new dim
        "null"; ``p_value`` = (1 + #{null >= observed}) / (1 + n).

    Raises
    ------
    TypeError, ValueError
        As `fit_spirals`.

    See Also
    --------
    gasquake.kernels.spiral_null : The nulls and their sources.

    Examples
    --------
    >>> time = np.datetime64("2022-08-20", "ns") + np.arange(20) * np.timedelta64(1, "D")
    >>> s = 0.5 + 0.2 * np.arange(20.0)
    >>> km = {"units": "km"}
    >>> track = xr.Dataset(
    ...     {
    ...         "x": ("time", 40.0 * (np.cos(s) + s * np.sin(s)), km),
    ...         "y": ("time", 40.0 * (np.sin(s) - s * np.cos(s)), km),
    ...     },
    ...     {"time": time},
    ... )
    >>> spiral_null(track, seed=1, n=99).p_value.item()
    0.01
    """
    x, y, time = _positions(track, origin, dim)
    days = _days(x, time)
    threads = _labelled.thread_count(n_threads, x, y)

    count = check_positive_int(n, "n")

    def one(east: NDArray[np.float64], north: NDArray[np.float64]) -> kernels.SpiralNull:
        return kernels.spiral_null(
            east,
            north,
            days,
            n=count,
            null=null,
            seed=seed,
            kind=kind,
            anchor=anchor,
            sigma=sigma,
            loss=loss,
            max_turns=max_turns,
            n_threads=threads,
        )

    def test(east: NDArray[np.float64], north: NDArray[np.float64]) -> tuple[NDArray[np.float64]]:
        # One stack, as all results of one call must have the same dims: statistic, p-value, then the null.
        stack = np.empty((*east.shape[:-1], count + 2))
        if not stack.size:
            one(np.full(east.shape[-1], np.nan), np.full(east.shape[-1], np.nan))  # to check the arguments
        for i in np.ndindex(*east.shape[:-1]):
            found = one(east[i], north[i])
            stack[i] = [found.statistic, found.p_value, *found.null_statistics]
        return (stack,)

    core = [[time], [time]]
    sizes: dict[Hashable, int] = {"null": count + 2}
    stack = _labelled.apply(test, [x, y], core, {"stack": np.float64}, out_core=["null"], out_sizes=sizes)["stack"]
    names = {
        "statistic": (stack.isel(null=0), "statistic of the track"),
        "null_statistics": (stack.isel(null=slice(2, None)), "statistic of the random tracks"),
        "p_value": (stack.isel(null=1), "share of random tracks that fit at least as well"),
    }
    result = xr.Dataset({name: _labelled.with_attrs(part, "1", title) for name, (part, title) in names.items()})
    call = (
        f"spiral_null(seed={seed}, n={n}, null={null!r}, kind={kind!r}, anchor={anchor!r}, sigma={sigma:g}, "
        f"loss={loss!r}, max_turns={max_turns:g})"
    )
    return result.assign_attrs(history=_labelled.history(track, call))


def _positions(
    track: object, origin: tuple[float, float] | None, dim: Hashable | None
) -> tuple[xr.DataArray, xr.DataArray, Hashable]:
    """East and north in km, and the time dim."""
    if not isinstance(track, xr.Dataset):
        raise TypeError(f"track must be an xarray.Dataset with x and y, or lon and lat, got {type(track).__name__}")
    if "x" in track and "y" in track:
        if origin is not None:
            raise ValueError("origin is for tracks in lon and lat, but track has x and y; drop one of them")
        x, y = (_labelled.with_units(track[name], name, "km") for name in ("x", "y"))
    elif "lon" in track and "lat" in track:
        if origin is None:
            raise ValueError(
                "track has lon and lat but no x and y; pass origin=(lon0, lat0), the point to project about"
            )
        try:
            lon0, lat0 = origin
        except (TypeError, ValueError):
            raise TypeError(f"origin must be a pair (lon0, lat0) of numbers in degrees, got {origin!r}") from None
        x, y = project(
            track["lon"], track["lat"], lon0=check_number(lon0, "origin[0]"), lat0=check_number(lat0, "origin[1]")
        )
    else:
        raise ValueError(f"track must have x and y, or lon and lat, got {sorted(map(str, track.variables))}")
    time = _labelled.find_dim(x, "time", "track", dim=dim)
    if y.dims != x.dims:
        x, y = xr.broadcast(x, y)
    return x, y, time


def _days(x: xr.DataArray, time: Hashable) -> NDArray[np.float64]:
    """Days since the earliest time; NaN where the time is missing."""
    if time not in x.coords:
        raise ValueError(f"track has no coordinate {time!r}, so the time of its points is unknown; assign_coords one")
    stamps = x.coords[time]
    if stamps.dtype.kind == "M":
        known = stamps.values[~np.isnat(stamps.values)]
        first = known.min() if known.size else np.datetime64("NaT")
        since: NDArray[np.float64] = (stamps.values - first) / np.timedelta64(1, "D")
        return since
    units = str(stamps.attrs.get("units", "")).split(" ")[0]
    if stamps.dtype.kind in "fiu" and units in ("d", "day", "days"):
        numbers: NDArray[np.float64] = stamps.values.astype(np.float64)
        return numbers
    raise ValueError(
        f"the coordinate {time!r} of track must hold datetime64 or numbers with units 'days', got dtype {stamps.dtype} "
        f"with units {stamps.attrs.get('units')!r}"
    )
