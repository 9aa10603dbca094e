"""Correlation over the days up to each day."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gasquake import _labelled
from gasquake.correlation._pairs import checked_pair, masked_correlation

__all__ = ["rolling_correlation"]


def rolling_correlation(
    x: xr.DataArray,
    y: xr.DataArray,
    window: int,
    /,
    *,
    min_count: int | None = None,
    dim: Hashable | None = None,
) -> xr.Dataset:
    """Pearson correlation of two daily series over the days up to each day.

    Parameters
    ----------
    x, y : DataArray
        Daily values on the same grid, with a time dim. NaN and infinities are missing.
    window : int
        Samples, at least 15: [t - window + 1, t]. If time skips days, reindex it to every day first.
    min_count : int, optional
        Fewest pairs for a result, at least 4, else NaN. By default `window`.
    dim : hashable, optional
        The time dim, where it cannot be found.

    Returns
    -------
    Dataset
        With the shape and chunks of `x`: ``correlation`` (float64; NaN too where a series is constant in the window)
        and ``count`` (int32, pairs in the window). Lazy if `x` is.

    Raises
    ------
    TypeError
        If an argument is not a DataArray of real numbers.
    ValueError
        If grids or time do not fit, or `window` or `min_count` is out of range.

    Notes
    -----
    The window is causal: no later day is in it. [D] At least 15 days: of unrelated noise one window of 7 days
    in 4 has abs(r) > 0.5, of 15 days one in 17. Neighbouring values share all but one of their days.

    Examples
    --------
    >>> time = np.arange("2022-08-01", "2022-09-01", dtype="datetime64[D]").astype("datetime64[ns]")
    >>> co = xr.DataArray(np.random.default_rng(3).normal(size=31), {"time": time})
    >>> found = rolling_correlation(co, 2 - 3 * co, 15)
    >>> found.correlation.values[[13, 14, 30]].round(6).tolist()
    [nan, -1.0, -1.0]
    """
    x, y, time = checked_pair(x, y, None, dim)
    if window < 15:
        raise ValueError(f"window must be at least 15 days, got {window}: of fewer the correlation is mostly chance")
    needed = window if min_count is None else min_count
    if not 4 <= needed <= window:
        raise ValueError(f"min_count must lie in 4..window ({window}), got {min_count}")

    def moving(a: NDArray[Any], b: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        both = np.isfinite(a) & np.isfinite(b)
        padding = [(0, 0)] * (a.ndim - 1) + [(window - 1, 0)]

        def windows(array: NDArray[Any]) -> NDArray[Any]:
            padded = np.ascontiguousarray(np.pad(array, padding))  # summed in one order, whatever the chunks
            return np.lib.stride_tricks.sliding_window_view(padded, window, axis=-1)

        used = windows(both)
        r = masked_correlation(windows(np.where(both, a, 0.0)), windows(np.where(both, b, 0.0)), used)
        count = used.sum(axis=-1)
        return np.where(count >= needed, r, np.nan), count.astype(np.int32)

    result = _labelled.apply(
        moving, [x, y], [[time], [time]], {"correlation": np.float64, "count": np.int32}, out_core=[time]
    )
    pair = f"{_labelled.describe(x)} with {_labelled.describe(y)}"
    _labelled.with_attrs(result["correlation"], "1", f"correlation of {pair} over {window} samples")
    _labelled.with_attrs(result["count"], "1", f"pairs of {pair} in the window")
    call = f"rolling_correlation(window={window}, min_count={min_count})"
    return result.assign_attrs(history=_labelled.history(x, call))
