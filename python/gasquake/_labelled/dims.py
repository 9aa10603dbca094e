"""The dimensions of a labelled array, found by CF attributes or by name, and the coordinates along them."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gasquake._labelled.checks import is_lazy, require_dataarray
from gasquake.units import convert, is_unit

__all__ = ["calendar_days", "find_dim", "matching_dims", "pressure_levels", "time_dim"]


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
