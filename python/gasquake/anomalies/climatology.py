"""The anomaly against the same season of other years."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gasquake import _labelled, kernels
from gasquake.anomalies._results import Method, named_anomaly, over_time

__all__ = ["seasonal_zscore"]


def seasonal_zscore(
    values: xr.DataArray,
    /,
    *,
    half_width: int = 10,
    min_count: int = 15,
    exclude_own_year: bool = True,
    method: Method = "moment",
    dim: Hashable | None = None,
    n_threads: int | None = None,
) -> xr.Dataset:
    """Anomaly of each sample against the same pixel in the same season of other years, in standard deviations.

    The climatological index of the robust satellite techniques (ALICE; Tramutoli 1998).

    Parameters
    ----------
    values : DataArray
        Real numbers of any shape with a time dim (found as in `rolling_zscore`) and a time coordinate: datetime64, or
        cftime of a calendar whose dates all exist in the Gregorian one. NaN and infinities are missing.
    half_width : int
        Days of year up to this far from the sample's own are its season, 0..182, across New Year too.
    min_count : int
        Fewest valid samples in the reference for a result, else NaN.
    exclude_own_year : bool
        Leave the season in which the sample itself lies out of its reference.
    method : {"moment", "robust"}
        Centre and spread of the reference: mean and standard deviation (ddof=1), or median and 1.4826 MAD.
    dim : hashable, optional
        The time dim, where it cannot be found or several could be it.
    n_threads : int, optional
        Threads; by default all, and one for each chunk under dask.

    Returns
    -------
    Dataset
        With the shape, coordinates and chunks of `values`: ``anomaly``, ``mean`` and ``std`` (units of `values`; with
        ``method="robust"`` mean and std are the median and the scaled MAD), ``zscore`` (units "1") and ``count``
        (int32, valid samples in the reference). float32 stays float32.

    Raises
    ------
    TypeError
        If `values` is not a DataArray of real numbers.
    ValueError
        If there is no time dim or several, its coordinate holds no dates or does not strictly increase, or an argument
        is out of range.

    See Also
    --------
    gasquake.kernels.seasonal_zscore : The formula, the NaN rule and the sources.

    Examples
    --------
    >>> days = np.array(["2019-09-05", "2020-09-05", "2021-09-05", "2022-09-05"], dtype="datetime64[ns]")
    >>> co = xr.DataArray([1.0, 2.0, 3.0, 5.0], {"time": days}, attrs={"units": "ppb"}, name="co")
    >>> result = seasonal_zscore(co, min_count=3)
    >>> result.zscore.values[-1], result["mean"].values[-1], result["count"].values[-1]
    (np.float64(3.0), np.float64(2.0), np.int32(3))
    """
    time = _labelled.time_dim(values, dim=dim)
    day = _labelled.calendar_days(values, time)
    threads = _labelled.thread_count(n_threads, values)

    def against_season(array: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        found = kernels.seasonal_zscore(
            array,
            day,
            half_width=half_width,
            min_count=min_count,
            exclude_own_year=exclude_own_year,
            method=method,
            axis=-1,
            n_threads=threads,
        )
        return found.anomaly, found.zscore, found.mean, found.std, found.count

    kind = _labelled.float_dtype(values, "values")
    types = {"anomaly": kind, "zscore": kind, "mean": kind, "std": kind, "count": np.int32}
    result = over_time(against_season, values, time, types)
    own = f"exclude_own_year={exclude_own_year}"
    settings = f"half_width={half_width}, min_count={min_count}, {own}, method={method!r}"
    return named_anomaly(
        result, values, f"days of year within {half_width} in other years", f"seasonal_zscore({settings})"
    )
