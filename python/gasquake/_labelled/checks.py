"""Whether an argument is what it must be: a DataArray, of real numbers, in a known unit, on the same grid."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from gasquake.units import convert

__all__ = ["check_aligned", "float_dtype", "is_lazy", "require_dataarray", "with_units"]


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
