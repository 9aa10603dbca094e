"""A scheduler that raises, to prove that building a graph computes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dask
import xarray as xr


@contextmanager
def no_compute() -> Iterator[None]:
    def refuse(graph: Any, keys: Any, **kwargs: Any) -> None:
        raise AssertionError(f"computed {keys}")

    with dask.config.set(scheduler=refuse):
        yield


def variables(result: xr.DataArray | xr.Dataset | tuple[xr.DataArray, ...]) -> dict[str, xr.DataArray]:
    if isinstance(result, xr.Dataset):
        return {str(k): v for k, v in result.data_vars.items()}
    return {str(i): part for i, part in enumerate(result if isinstance(result, tuple) else (result,))}


def assert_lazy_and_equal(lazy: Any, eager: Any) -> None:
    """`lazy` is chunked throughout, declares the right types, and computes to exactly `eager`, attributes included."""
    found, wanted = variables(lazy), variables(eager)
    assert found.keys() == wanted.keys()
    for name, array in found.items():
        assert array.chunks is not None, name
        computed = array.compute(scheduler="synchronous")
        assert array.dtype == computed.dtype == wanted[name].dtype, name
        xr.testing.assert_identical(computed, wanted[name])
