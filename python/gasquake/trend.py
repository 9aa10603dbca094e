"""The slow change from year to year, taken out before years are compared."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gasquake import _labelled

__all__ = ["remove_trend"]


def remove_trend(values: xr.DataArray, /, *, min_years: int = 4, dim: Hashable | None = None) -> xr.DataArray:
    r"""Take the linear change from year to year out of each pixel, by the median slope of Theil and Sen.

    .. math:: y_i = \overline{x}_i, \qquad b = \operatorname{median}_{i<j} \frac{y_j - y_i}{j - i}, \qquad
       x'_t = x_t - b\,(i_t - \overline{i})

    over the years i with their means. Methane rises by about half its day-to-day noise each year: a seasonal baseline
    of ten years would call every day of the last year an anomaly.

    Parameters
    ----------
    values : DataArray
        Real numbers with a time dim and dates along it. NaN and infinities are missing. The same days of year should be
        there in each year, else the season leaks into the trend.
    min_years : int
        Pixels with data in fewer years are returned as they are.
    dim : hashable, optional
        The time dim, where it cannot be found.

    Returns
    -------
    DataArray
        Same shape, type and attributes; a chunked array is chunked along the other dims only.

    Raises
    ------
    TypeError
        If `values` is not a DataArray of real numbers.
    ValueError
        If there is no time dim, or its coordinate holds no dates.

    Notes
    -----
    [D] One year with an episode moves the slope little: it is in 2/n of the pairs. A step between two versions of a
    retrieval is no trend and stays.

    Sen, P. K. (1968), Journal of the American Statistical Association 63, 1379-1389,
    doi 10.1080/01621459.1968.10480934.

    Examples
    --------
    >>> dates = [f"{year}-08-{day:02d}" for year in range(2015, 2021) for day in (1, 2)]
    >>> time = np.array(dates, dtype="datetime64[ns]")
    >>> ch4 = xr.DataArray(1.8 + 0.01 * np.repeat(np.arange(6.0), 2), {"time": time}, name="ch4")
    >>> print(remove_trend(ch4).values.round(3).tolist()[:3])
    [1.825, 1.825, 1.825]
    """
    time = _labelled.time_dim(values, dim=dim)
    kind = _labelled.float_dtype(values, "values")
    years = _labelled.calendar_days(values, time).astype("datetime64[Y]").astype(np.int64)
    first = np.flatnonzero(np.diff(years, prepend=years[:1] - 1)) if years.size else np.zeros(0, np.int64)

    def detrend(array: NDArray[Any]) -> tuple[NDArray[Any]]:
        if first.size < 2:
            return (array.astype(kind),)
        slope = _theil_sen(array, years[first], first, min_years)
        return ((array - slope[..., np.newaxis] * (years - years[first].mean())).astype(kind),)

    result = _labelled.apply(detrend, [values], [[time]], {"x": kind}, out_core=[time])["x"]
    result = result.transpose(*values.dims).rename(values.name)
    return result.assign_attrs(values.attrs | {"history": _labelled.history(values, f"remove_trend({min_years=})")})


def _theil_sen(
    array: NDArray[Any], year: NDArray[np.int64], first: NDArray[np.int64], min_years: int
) -> NDArray[np.float64]:
    """Median slope between the means of all pairs of years, 0 where there are too few; time is the last axis."""
    valid = np.isfinite(array)
    count = np.add.reduceat(valid, first, axis=-1, dtype=np.int64)
    total = np.add.reduceat(np.where(valid, array, 0), first, axis=-1, dtype=np.float64)
    mean = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    i, j = np.triu_indices(year.size, 1)
    slopes = (mean[..., j] - mean[..., i]) / (year[j] - year[i])
    known = np.isfinite(slopes)
    # Missing slopes sort to the end, so that the median of the rest sits at their count.
    ordered = np.sort(slopes, axis=-1)
    n = known.sum(axis=-1)
    low = np.take_along_axis(ordered, np.maximum((n - 1) // 2, 0)[..., np.newaxis], -1)[..., 0]
    high = np.take_along_axis(ordered, np.minimum(n // 2, slopes.shape[-1] - 1)[..., np.newaxis], -1)[..., 0]
    enough = (count > 0).sum(axis=-1) >= min_years
    return np.where(enough & (n > 0), (low + high) / 2, 0.0)
