"""Sliding windows along time: mean, spread, median, MAD, and the anomaly against the days before."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gasquake import _labelled, kernels
from gasquake.anomalies._results import Method, named_anomaly, over_time

__all__ = ["rolling_mad", "rolling_mean", "rolling_median", "rolling_std", "rolling_zscore"]


def rolling_mean(
    values: xr.DataArray,
    window: int,
    /,
    *,
    min_count: int | None = None,
    center: bool = False,
    dim: Hashable | None = None,
    n_threads: int | None = None,
) -> xr.DataArray:
    """Moving mean of `values` along time.

    Parameters
    ----------
    values : DataArray
        Real numbers of any shape with a time dim: the one whose coordinate has CF axis "T", standard_name "time" or a
        time type, or that is called "time". NaN and infinities are missing.
    window : int
        Length of the window in samples, not in days: if `time` skips days, reindex it to every day first.
    min_count : int, optional
        Fewest valid samples for a result, else NaN. By default `window`.
    center : bool
        Let the window of sample t cover ``[t - window//2, t + (window - 1)//2]`` instead of ``[t - window + 1, t]``.
        Such a window knows the future: never look through it for what comes before an earthquake.
    dim : hashable, optional
        The time dim, where it cannot be found or several could be it.
    n_threads : int, optional
        Threads; by default all, and one for each chunk under dask.

    Returns
    -------
    DataArray
        The mean, with the shape, chunks and units of `values`; float32 stays float32.

    Raises
    ------
    TypeError
        If `values` is not a DataArray of real numbers.
    ValueError
        If there is no time dim or several, time does not strictly increase, or `window` or `min_count` is out of range.

    See Also
    --------
    gasquake.kernels.rolling_mean : The formula, the NaN rule and the sources.

    Examples
    --------
    >>> days = np.datetime64("2022-08-30", "ns") + np.arange(5) * np.timedelta64(1, "D")
    >>> co = xr.DataArray([1.0, 2.0, 4.0, np.nan, 6.0], {"time": days}, attrs={"units": "ppb"}, name="co")
    >>> result = rolling_mean(co, 3, min_count=2)
    >>> result.values.round(6).tolist()
    [nan, 1.5, 2.333333, 3.0, 5.0]
    >>> result.attrs["units"], result.attrs["long_name"]
    ('ppb', 'moving mean of co over 3 samples')
    """
    return _rolling(
        kernels.rolling_mean, "mean", values, window, min_count=min_count, center=center, dim=dim, n_threads=n_threads
    )


def rolling_std(
    values: xr.DataArray,
    window: int,
    /,
    *,
    min_count: int | None = None,
    center: bool = False,
    dim: Hashable | None = None,
    n_threads: int | None = None,
) -> xr.DataArray:
    """Moving standard deviation (ddof=1) of `values` along time; NaN for fewer than two samples.

    Parameters
    ----------
    values : DataArray
        Real numbers of any shape with a time dim: the one whose coordinate has CF axis "T", standard_name "time" or a
        time type, or that is called "time". NaN and infinities are missing.
    window : int
        Length of the window in samples, not in days: if `time` skips days, reindex it to every day first.
    min_count : int, optional
        Fewest valid samples for a result, else NaN. By default `window`.
    center : bool
        Let the window of sample t cover ``[t - window//2, t + (window - 1)//2]`` instead of ``[t - window + 1, t]``.
        Such a window knows the future: never look through it for what comes before an earthquake.
    dim : hashable, optional
        The time dim, where it cannot be found or several could be it.
    n_threads : int, optional
        Threads; by default all, and one for each chunk under dask.

    Returns
    -------
    DataArray
        The standard deviation, with the shape, chunks and units of `values`; float32 stays float32.

    Raises
    ------
    TypeError
        If `values` is not a DataArray of real numbers.
    ValueError
        If there is no time dim or several, time does not strictly increase, or `window` or `min_count` is out of range.

    See Also
    --------
    gasquake.kernels.rolling_std : The formula, the NaN rule and the sources.

    Examples
    --------
    >>> days = np.datetime64("2022-08-30", "ns") + np.arange(5) * np.timedelta64(1, "D")
    >>> co = xr.DataArray([1.0, 2.0, 4.0, np.nan, 6.0], {"time": days}, attrs={"units": "ppb"}, name="co")
    >>> result = rolling_std(co, 3, min_count=2)
    >>> result.values.round(6).tolist()
    [nan, 0.707107, 1.527525, 1.414214, 1.414214]
    >>> result.attrs["units"], result.attrs["long_name"]
    ('ppb', 'moving standard deviation of co over 3 samples')
    """
    return _rolling(
        kernels.rolling_std,
        "standard deviation",
        values,
        window,
        min_count=min_count,
        center=center,
        dim=dim,
        n_threads=n_threads,
    )


def rolling_median(
    values: xr.DataArray,
    window: int,
    /,
    *,
    min_count: int | None = None,
    center: bool = False,
    dim: Hashable | None = None,
    n_threads: int | None = None,
) -> xr.DataArray:
    """Moving median of `values` along time; of an even count the mean of the two middle samples.

    Parameters
    ----------
    values : DataArray
        Real numbers of any shape with a time dim: the one whose coordinate has CF axis "T", standard_name "time" or a
        time type, or that is called "time". NaN and infinities are missing.
    window : int
        Length of the window in samples, not in days: if `time` skips days, reindex it to every day first.
    min_count : int, optional
        Fewest valid samples for a result, else NaN. By default `window`.
    center : bool
        Let the window of sample t cover ``[t - window//2, t + (window - 1)//2]`` instead of ``[t - window + 1, t]``.
        Such a window knows the future: never look through it for what comes before an earthquake.
    dim : hashable, optional
        The time dim, where it cannot be found or several could be it.
    n_threads : int, optional
        Threads; by default all, and one for each chunk under dask.

    Returns
    -------
    DataArray
        The median, with the shape, chunks and units of `values`; float32 stays float32.

    Raises
    ------
    TypeError
        If `values` is not a DataArray of real numbers.
    ValueError
        If there is no time dim or several, time does not strictly increase, or `window` or `min_count` is out of range.

    See Also
    --------
    gasquake.kernels.rolling_median : The formula, the NaN rule and the sources.

    Examples
    --------
    >>> days = np.datetime64("2022-08-30", "ns") + np.arange(5) * np.timedelta64(1, "D")
    >>> co = xr.DataArray([1.0, 2.0, 4.0, np.nan, 6.0], {"time": days}, attrs={"units": "ppb"}, name="co")
    >>> result = rolling_median(co, 3, min_count=2)
    >>> result.values.round(6).tolist()
    [nan, 1.5, 2.0, 3.0, 5.0]
    >>> result.attrs["units"], result.attrs["long_name"]
    ('ppb', 'moving median of co over 3 samples')
    """
    return _rolling(
        kernels.rolling_median,
        "median",
        values,
        window,
        min_count=min_count,
        center=center,
        dim=dim,
        n_threads=n_threads,
    )


def rolling_mad(
    values: xr.DataArray,
    window: int,
    /,
    *,
    min_count: int | None = None,
    center: bool = False,
    dim: Hashable | None = None,
    n_threads: int | None = None,
) -> xr.DataArray:
    """Moving median absolute deviation of `values` along time, about each window's own median, unscaled.

    Parameters
    ----------
    values : DataArray
        Real numbers of any shape with a time dim: the one whose coordinate has CF axis "T", standard_name "time" or a
        time type, or that is called "time". NaN and infinities are missing.
    window : int
        Length of the window in samples, not in days: if `time` skips days, reindex it to every day first.
    min_count : int, optional
        Fewest valid samples for a result, else NaN. By default `window`.
    center : bool
        Let the window of sample t cover ``[t - window//2, t + (window - 1)//2]`` instead of ``[t - window + 1, t]``.
        Such a window knows the future: never look through it for what comes before an earthquake.
    dim : hashable, optional
        The time dim, where it cannot be found or several could be it.
    n_threads : int, optional
        Threads; by default all, and one for each chunk under dask.

    Returns
    -------
    DataArray
        The median absolute deviation, with the shape, chunks and units of `values`; float32 stays float32.

    Raises
    ------
    TypeError
        If `values` is not a DataArray of real numbers.
    ValueError
        If there is no time dim or several, time does not strictly increase, or `window` or `min_count` is out of range.

    See Also
    --------
    gasquake.kernels.rolling_mad : The formula, the NaN rule and the sources.

    Examples
    --------
    >>> days = np.datetime64("2022-08-30", "ns") + np.arange(5) * np.timedelta64(1, "D")
    >>> co = xr.DataArray([1.0, 2.0, 4.0, np.nan, 6.0], {"time": days}, attrs={"units": "ppb"}, name="co")
    >>> result = rolling_mad(co, 3, min_count=2)
    >>> result.values.round(6).tolist()
    [nan, 0.5, 1.0, 1.0, 1.0]
    >>> result.attrs["units"], result.attrs["long_name"]
    ('ppb', 'moving median absolute deviation of co over 3 samples')
    """
    return _rolling(
        kernels.rolling_mad,
        "median absolute deviation",
        values,
        window,
        min_count=min_count,
        center=center,
        dim=dim,
        n_threads=n_threads,
    )


def rolling_zscore(
    values: xr.DataArray,
    window: int,
    /,
    *,
    method: Method = "moment",
    include_current: bool = False,
    min_count: int | None = None,
    dim: Hashable | None = None,
    n_threads: int | None = None,
) -> xr.Dataset:
    """Anomaly of each sample against the `window` samples before it, and that anomaly in standard deviations.

    The window is causal: it never holds a sample later than the one it judges.

    Parameters
    ----------
    values : DataArray
        Real numbers of any shape with a time dim: the one whose coordinate has CF axis "T", standard_name "time" or a
        time type, or that is called "time". NaN and infinities are missing.
    window : int
        Length of the window in samples, not in days: if `time` skips days, reindex it to every day first.
    method : {"moment", "robust"}
        Centre and spread of a window: mean and standard deviation (ddof=1), or median and 1.4826 MAD.
    include_current : bool
        Let the window end with the sample itself, not with the one before it. That damps the z-score.
    min_count : int, optional
        Fewest valid samples in the window for a result, else NaN. By default `window`.
    dim : hashable, optional
        The time dim, where it cannot be found or several could be it.
    n_threads : int, optional
        Threads; by default all, and one for each chunk under dask.

    Returns
    -------
    Dataset
        With the shape, coordinates and chunks of `values`: ``anomaly`` (units of `values`), ``zscore`` (units "1") and
        ``count`` (int32, valid samples in the window). float32 stays float32.

    Raises
    ------
    TypeError
        If `values` is not a DataArray of real numbers.
    ValueError
        If there is no time dim or several, time does not strictly increase, or an argument is out of range.

    See Also
    --------
    gasquake.kernels.rolling_zscore : The formula, the NaN rule and the sources.

    Examples
    --------
    >>> days = np.datetime64("2022-08-30", "ns") + np.arange(5) * np.timedelta64(1, "D")
    >>> co = xr.DataArray([1.0, 2.0, 3.0, 5.0, np.nan], {"time": days}, attrs={"units": "ppb"}, name="co")
    >>> result = rolling_zscore(co, 3)
    >>> result.zscore.values.tolist(), result["count"].values.tolist()
    ([nan, nan, nan, 3.0, nan], [0, 1, 2, 3, 3])
    >>> result.anomaly.attrs["units"], result.zscore.attrs["units"]
    ('ppb', '1')
    """
    time = _labelled.time_dim(values, dim=dim)
    threads = _labelled.thread_count(n_threads, values)

    def moving(array: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        found = kernels.rolling_zscore(
            array,
            window,
            method=method,
            include_current=include_current,
            min_count=min_count,
            axis=-1,
            n_threads=threads,
        )
        return found.anomaly, found.zscore, found.count

    kind = _labelled.float_dtype(values, "values")
    result = over_time(moving, values, time, {"anomaly": kind, "zscore": kind, "count": np.int32})
    settings = f"window={window}, method={method!r}, include_current={include_current}, min_count={min_count}"
    return named_anomaly(result, values, f"the {window} samples before", f"rolling_zscore({settings})")


def _rolling(
    kernel: Callable[..., NDArray[Any]],
    title: str,
    values: xr.DataArray,
    window: int,
    *,
    min_count: int | None,
    center: bool,
    dim: Hashable | None,
    n_threads: int | None,
) -> xr.DataArray:
    time = _labelled.time_dim(values, dim=dim)
    threads = _labelled.thread_count(n_threads, values)

    def moving(array: NDArray[Any]) -> tuple[NDArray[Any]]:
        return (kernel(array, window, min_count=min_count, center=center, axis=-1, n_threads=threads),)

    result = over_time(moving, values, time, {"result": _labelled.float_dtype(values, "values")})["result"]
    return _labelled.with_attrs(
        result.rename(values.name),
        values.attrs.get("units"),
        f"moving {title} of {_labelled.describe(values)} over {window} samples",
        history=_labelled.history(
            values, f"{kernel.__name__}(window={window}, min_count={min_count}, center={center})"
        ),
    )
