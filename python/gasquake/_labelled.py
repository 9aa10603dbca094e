"""What every labelled function needs: its dimensions found, its units read, its kernel applied, its results named."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gasquake import _core
from gasquake.units import convert, is_unit

__all__ = [
    "apply", "block_length", "calendar_days", "check_aligned", "describe", "find_dim", "float_dtype", "history",
    "is_lazy", "lag_one", "matching_dims", "over_series", "pressure_levels", "require_dataarray", "shuffled_blocks",
    "thread_count", "time_dim", "with_attrs", "with_units",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Role:
    """How a dimension is recognised: by CF attributes of its coordinate first, by its name otherwise."""

    axis: str
    standard_names: frozenset[str]
    units: frozenset[str]
    names: frozenset[str]


_ROLES = {
    "time": _Role("T", frozenset({"time"}), frozenset(), frozenset({"time", "t", "date", "day", "valid_time"})),
    "level": _Role(
        "Z",
        frozenset({"air_pressure", "pressure"}),
        frozenset(),  # any unit of pressure, see `_is_cf`
        frozenset({
            "level", "lev", "levels", "plev", "p", "pressure", "pressure_level", "isobaric", "isobaricinhpa",
            "air_pressure", "stdpressurelev",
        }),
    ),
    "lat": _Role(
        "Y",
        frozenset({"latitude"}),
        frozenset({"degrees_north", "degree_north", "degrees_n", "degree_n"}),
        frozenset({"lat", "latitude"}),
    ),
    "lon": _Role(
        "X",
        frozenset({"longitude"}),
        frozenset({"degrees_east", "degree_east", "degrees_e", "degree_e"}),
        frozenset({"lon", "longitude"}),
    ),
}  # fmt: skip


def require_dataarray(values: object, name: str) -> xr.DataArray:
    """Return `values` if it is a DataArray; if not, a TypeError that says how to make one."""
    if isinstance(values, xr.DataArray):
        return values
    if isinstance(values, xr.Dataset):
        example = next(iter(values.data_vars), "co")
        raise TypeError(
            f"{name} must be an xarray.DataArray, got a Dataset; take one variable of it, as in ds[{example!r}]"
        )
    raise TypeError(
        f"{name} must be an xarray.DataArray, got {type(values).__name__}; for bare arrays use gasquake.kernels"
    )


def float_dtype(array: xr.DataArray, name: str) -> np.dtype[Any]:
    """The float type in which kernels answer for `array`, known before anything is computed."""
    kind, size = array.dtype.kind, array.dtype.itemsize
    if kind == "f" and size <= 8:
        return np.dtype(np.float64 if size == 8 else np.float32)
    if kind in "iu":
        return np.dtype(np.float64)
    raise TypeError(f"{name} must hold real numbers (float32, float64 or integers), got dtype {array.dtype}")


def is_lazy(*arrays: xr.DataArray | None) -> bool:
    """Tell whether any array is chunked, without importing a library of chunked arrays."""
    return any(array is not None and array.chunks is not None for array in arrays)


def thread_count(n_threads: int | None, *arrays: xr.DataArray | None) -> int | None:
    """One thread a chunk under dask, which runs many chunks at once, unless the caller says otherwise."""
    return 1 if n_threads is None and is_lazy(*arrays) else n_threads


# --- Dimensions -------------------------------------------------------------------------------------------------------


def _is_cf(coordinate: xr.DataArray, role: str) -> bool:
    known = _ROLES[role]
    attrs = coordinate.attrs
    units = attrs.get("units")
    # The axes X and Y of a projected grid, in metres, are no longitude and latitude.
    angular = role not in ("lat", "lon") or str(units or "degrees").lower().startswith("degree")
    if attrs.get("standard_name") in known.standard_names or (attrs.get("axis") == known.axis and angular):
        return True
    if isinstance(units, str) and units.lower() in known.units:
        return True
    if role == "level":
        return is_unit(units, "pressure")
    return role == "time" and _is_time(coordinate)


def _is_time(coordinate: xr.DataArray) -> bool:
    if coordinate.dtype.kind == "M":
        return True
    return coordinate.dtype == object and coordinate.size > 0 and _is_cftime(coordinate.values.flat[0])


def _is_cftime(value: object) -> bool:
    return type(value).__module__.partition(".")[0] == "cftime"


def matching_dims(array: xr.DataArray | xr.Dataset, role: str, *, both: bool = False) -> list[Hashable]:
    """Dims of `array` that can be its time, level, lat or lon.

    A dim matches by the CF attributes (axis, standard_name, units) or the time type of its own coordinate; failing
    that by its name; failing that by the CF attributes of another one-dimensional coordinate along it. The first of
    these three that finds any dim decides. With `both`, the first two are taken together.
    """
    own = [d for d in array.dims if d in array.coords and _is_cf(array.coords[d], role)]
    named = [d for d in array.dims if str(d).lower() in _ROLES[role].names]
    if both:
        return [d for d in array.dims if d in own or d in named]
    along = [d for d in array.dims if any(c.dims == (d,) and _is_cf(c, role) for c in array.coords.values())]
    return own or named or along


def find_dim(array: xr.DataArray | xr.Dataset, role: str, name: str, *, dim: Hashable | None = None) -> Hashable:
    """The dim of `array` that is its time, level, lat or lon.

    Parameters
    ----------
    array : DataArray or Dataset
        Where to look.
    role : {"time", "level", "lat", "lon"}
        What to look for.
    name : str
        The argument that holds `array`, for errors.
    dim : hashable, optional
        The caller's own choice, only checked.

    Returns
    -------
    hashable
        The dim.

    Raises
    ------
    ValueError
        If there is none, or more than one.
    """
    present = tuple(array.dims)
    if dim is not None:
        if dim not in present:
            raise ValueError(f"{name} has no dimension {dim!r}; it has {present}")
        return dim
    found = matching_dims(array, role)
    if len(found) == 1:
        return found[0]
    how = f'name it, or set its coordinate\'s attrs["axis"] = "{_ROLES[role].axis}"'
    if not found:
        raise ValueError(
            f"{name} has no {role} dimension: none of {present} has the CF attributes or a usual name; {how}"
        )
    raise ValueError(f"{name} has several {role} dimensions: {tuple(found)}; {how} and only that one's")


def pressure_levels(array: xr.DataArray, level: Hashable, name: str) -> NDArray[np.float64]:
    """The pressure of each level in hPa, from the coordinate along `level` that holds a pressure.

    Raises
    ------
    ValueError
        If there is no such coordinate, several, or one without units of pressure.
    """
    along = [c for c in array.coords.values() if c.dims == (level,)]
    found = [c for c in along if is_unit(c.attrs.get("units"), "pressure")]
    own = [c for c in found if c.name == level]
    if len(own or found) > 1:
        raise ValueError(
            f"{name} has several pressure coordinates along {level!r}: {[c.name for c in found]}; drop all but one"
        )
    if not found:
        have = {c.name: c.attrs.get("units") for c in along}
        raise ValueError(
            f"{name} has no coordinate along {level!r} with units of pressure (found {have or 'no coordinate'}); "
            f'set its attrs["units"] = "hPa"'
        )
    coordinate = (own or found)[0]
    if is_lazy(coordinate):
        raise ValueError(f"{name}: the pressure coordinate {coordinate.name!r} is chunked; load it first with .load()")
    return convert(coordinate.values.astype(np.float64), coordinate.attrs["units"], "hPa", f"{name}: {coordinate.name}")


def time_dim(values: object, *, dim: Hashable | None = None) -> Hashable:
    """The time dim of `values`, whose coordinate, if it has one, must increase strictly."""
    array = require_dataarray(values, "values")
    time = find_dim(array, "time", "values", dim=dim)
    index = array.indexes.get(time)
    if index is None:
        return time
    if index.hasnans:
        raise ValueError(f"the coordinate {time!r} of values holds missing times (NaT or NaN); drop them first")
    if not (index.is_monotonic_increasing and index.is_unique):
        problem = "repeats times" if index.is_monotonic_increasing else "is not sorted"
        raise ValueError(
            f"the coordinate {time!r} of values must strictly increase, but it {problem}; use values.sortby({time!r}) "
            f"and .drop_duplicates({time!r}), or keep the orbits of one day apart in a dimension of their own"
        )
    return time


def calendar_days(values: xr.DataArray, time: Hashable) -> NDArray[Any]:
    """The date of every sample as datetime64[D]."""
    if time not in values.coords:
        raise ValueError(f"values has no coordinate {time!r}, so the day of its samples is unknown; assign_coords one")
    stamps = values.coords[time].values
    if stamps.dtype.kind == "M":
        days: NDArray[Any] = stamps.astype("datetime64[D]")
        return days
    if stamps.dtype == object and all(hasattr(t, "year") and hasattr(t, "day") for t in stamps):
        try:
            dates = [f"{t.year:04d}-{t.month:02d}-{t.day:02d}" for t in stamps]
            return np.array(dates, dtype="datetime64[D]")
        except ValueError as error:
            calendar = getattr(stamps[0], "calendar", "unknown")
            raise ValueError(
                f"the coordinate {time!r} of values has dates of the {calendar!r} calendar that do not exist in the "
                f"Gregorian one ({error}); convert it with values.convert_calendar"
            ) from None
    raise ValueError(
        f"the coordinate {time!r} of values must hold dates (datetime64 or cftime), got dtype {stamps.dtype}; "
        "decode it with xarray.decode_cf"
    )


# --- Units ------------------------------------------------------------------------------------------------------------


def with_units(array: object, name: str, to: str) -> xr.DataArray:
    """A DataArray in the unit `to`, converted from its ``attrs["units"]``.

    Raises
    ------
    TypeError
        If it is not a DataArray.
    ValueError
        If its units are missing or of another kind.
    """
    checked = require_dataarray(array, name)
    units = checked.attrs.get("units")
    if not isinstance(units, str):
        raise ValueError(f'{name} has no units; set its attrs["units"], as in {name}.attrs["units"] = "{to}"')
    return convert(checked, units, to, name)


# --- Applying a kernel ------------------------------------------------------------------------------------------------


def check_aligned(values: xr.DataArray, name: str, /, **others: xr.DataArray | None) -> None:
    """Check that every other array lies on the grid of `values` and adds no dim to it.

    Raises
    ------
    ValueError
        Naming the argument and the dim.
    """
    for other_name, other in others.items():
        if other is None:
            continue
        extra = [d for d in other.dims if d not in values.dims]
        if extra:
            raise ValueError(f"{other_name} has dimension(s) {extra} which {name} has not; {name} has {values.dims}")
        for dim in other.dims:
            if other.sizes[dim] != values.sizes[dim]:
                raise ValueError(
                    f"{other_name} has {other.sizes[dim]} elements along {dim!r}, {name} has {values.sizes[dim]}"
                )
            if dim in other.indexes and dim in values.indexes and not other.indexes[dim].equals(values.indexes[dim]):
                raise ValueError(
                    f"{other_name} and {name} have different coordinates along {dim!r}; bring {other_name} to the grid "
                    f"of {name} first, as in {other_name}.interp_like or .reindex_like with a tolerance"
                )


def apply(
    function: Callable[..., Any],
    arrays: Sequence[xr.DataArray],
    core: Sequence[Sequence[Hashable]],
    outputs: Mapping[str, Any],
    *,
    out_core: Sequence[Hashable] = (),
    out_sizes: Mapping[Hashable, int] | None = None,
) -> xr.Dataset:
    """Apply a NumPy function over the core dims of arrays and put the results back on the coordinates of the first.

    Parameters
    ----------
    function : callable
        Takes one ndarray for each array, with its core dims last, and returns a sequence of ndarrays, one for each
        output. All the other dims of the first array lead, in its own order; the others' broadcast to them by NumPy's
        rules.
    arrays : sequence of DataArray
        The first has every dim that is not core. Their grids must have been checked (`check_aligned`).
    core : sequence of sequence of hashable
        Core dims of each array.
    outputs : mapping of str to dtype
        Names and types of the results.
    out_core : sequence of hashable
        Core dims of every output.
    out_sizes : mapping of hashable to int, optional
        Sizes of dims of `out_core` that no input has.

    Returns
    -------
    Dataset
        One variable for each output, without attributes. Lazy if any array is.

    Raises
    ------
    ValueError
        If a coordinate or dim that is kept is called like an output.
    """
    first = arrays[0]
    loop = [d for d in first.dims if d not in core[0]]
    kept = {d for d in first.dims if d in loop or d in out_core}
    coords = first.drop_vars([k for k, c in first.coords.items() if not kept.issuperset(c.dims)]).coords
    taken = [k for k in outputs if k in coords or k in kept]
    if taken:
        raise ValueError(
            f"the input has a coordinate or dimension {taken[0]!r}, and so is a result called here; rename it first, "
            f"as in .rename({{{taken[0]!r}: '{taken[0]}_'}})"
        )
    variables = [array.variable for array in arrays]
    if is_lazy(*arrays):
        # A bad argument is an error now, not when the graph runs: nothing but empty arrays is computed here.
        function(*[np.zeros((0, *[v.sizes[d] for d in c]), v.dtype) for v, c in zip(variables, core, strict=True)])
    single = len(outputs) == 1  # xr.apply_ufunc takes one output bare, several as a tuple
    results = xr.apply_ufunc(
        (lambda *blocks: function(*blocks)[0]) if single else lambda *blocks: tuple(function(*blocks)),
        *variables,
        input_core_dims=core,
        output_core_dims=[list(out_core)] * len(outputs),
        dask="parallelized",
        output_dtypes=list(outputs.values()),
        dask_gufunc_kwargs={"allow_rechunk": True, "output_sizes": dict(out_sizes or {})},
        keep_attrs=False,
    )
    results = (results,) if single else results
    order = [d for d in first.dims if d in kept] + [d for d in out_core if d not in kept]
    named = {k: r.transpose(*order) for k, r in zip(outputs, results, strict=True)}
    return xr.Dataset(named, coords=coords)


# --- Naming results ---------------------------------------------------------------------------------------------------


def describe(array: xr.DataArray) -> str:
    """What the array is called in the long_name of a result."""
    return str(array.attrs.get("long_name") or array.attrs.get("standard_name") or array.name or "values")


def history(source: xr.DataArray | xr.Dataset, call: str) -> str:
    """The history of `source` with one line more.

    The line has no date, so that the same inputs give the same bytes: the program, its version and the call.
    """
    line = f"gasquake {_core.build_info()[1]}: {call}"
    before = source.attrs.get("history")
    return f"{before}\n{line}" if before else line


def with_attrs(array: xr.DataArray, units: str | None, long_name: str, **attrs: Any) -> xr.DataArray:
    """`array` with these attributes and no others; without units where they are not known."""
    array.attrs = {**({} if units is None else {"units": units}), "long_name": long_name, **attrs}
    return array


# --- Daily series -----------------------------------------------------------------------------------------------------


def over_series(
    function: Callable[..., Sequence[Any]], types: Sequence[Any], *arrays: NDArray[Any], extra: tuple[int, ...] = ()
) -> tuple[NDArray[Any], ...]:
    """Apply a function of one-dimensional series to every series along the last axis of arrays that broadcast.

    Parameters
    ----------
    function : callable
        Takes one series of each array; returns as many scalars, or arrays of shape `extra`, as there are `types`.
    types : sequence of dtype
        Of the results.
    *arrays : ndarray
        All as long along the last axis.
    extra : tuple of int
        Shape of each result of one series.

    Returns
    -------
    tuple of ndarray
        Of the leading shape of the arrays followed by `extra`.
    """
    wide = np.broadcast_arrays(*arrays)
    shape = wide[0].shape[:-1]
    results = tuple(np.empty((*shape, *extra), dtype) for dtype in types)
    for index in np.ndindex(shape):
        for result, value in zip(results, function(*(array[index] for array in wide)), strict=True):
            result[index] = value
    return results


def lag_one(values: NDArray[Any], days: NDArray[Any]) -> float:
    """Autocorrelation at a lag of one day, over the pairs of neighbouring days that are both there.

    Parameters
    ----------
    values : ndarray
        One series; NaN is missing.
    days : ndarray of datetime64[D]
        Strictly increasing.

    Returns
    -------
    float
        Mean product of the anomalies of a pair over their mean square, in -1..1; NaN where there is no pair or no
        spread.
    """
    valid = np.isfinite(values)
    apart = np.where(valid, values - values[valid].mean(), 0.0) if valid.any() else np.zeros(len(values))
    pair = valid[:-1] & valid[1:] & (np.diff(days) == np.timedelta64(1, "D"))
    scale = np.square(apart).sum() / max(int(valid.sum()), 1)
    if not pair.any() or not scale > 0.0:
        return float("nan")
    return float(np.clip(np.mean((apart[:-1] * apart[1:])[pair]) / scale, -1.0, 1.0))


def block_length(n: int) -> int:
    """Days that are resampled together, of n: [D] one and a half times the cube root."""
    return max(1, round(1.5 * float(np.cbrt(n))))


def shuffled_blocks(n: int, block: int, count: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Orders of 0..n-1 in which runs of `block` neighbours, cut at a random place, are shuffled as wholes.

    Parameters
    ----------
    n : int
        Samples.
    block : int
        Length of a run; the first and last of an order may be shorter.
    count : int
        Orders to draw.
    rng : Generator
        Source of the numbers.

    Returns
    -------
    ndarray of intp
        Of (count, n).
    """
    run = (np.arange(n) + rng.integers(0, block, (count, 1))) // block
    keys = rng.random((count, n // block + 2))
    return np.argsort(np.take_along_axis(keys, run, axis=1), axis=1, kind="stable")
