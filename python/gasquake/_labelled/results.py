"""A kernel applied over the dimensions that it needs, and its results named."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from gasquake import _core
from gasquake._labelled.checks import is_lazy

__all__ = ["apply", "describe", "history", "thread_count", "with_attrs"]


def thread_count(n_threads: int | None, *arrays: xr.DataArray | None) -> int | None:
    """One thread a chunk under dask, which runs many chunks at once, unless the caller says otherwise."""
    return 1 if n_threads is None and is_lazy(*arrays) else n_threads


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
