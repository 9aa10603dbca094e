"""Seasonal anomaly: each sample against nearby days of the year in other years."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gasquake import _core
from gasquake._array import FloatArray, as_float, check_bool, check_choice, check_positive_int, lanes, resolve_axis
from gasquake._options import threads

__all__ = ["SeasonalAnomaly", "seasonal_zscore"]


@dataclass(frozen=True, slots=True, eq=False)
class SeasonalAnomaly:
    """What `seasonal_zscore` finds, each array of the shape of the values.

    Attributes
    ----------
    anomaly : ndarray of float
        Sample minus the centre of its reference, in the unit of the values.
    zscore : ndarray of float
        Anomaly over the spread of the reference, dimensionless. NaN where the spread is 0 or unknown.
    mean : ndarray of float
        Centre of the reference: its mean, or its median where the method is robust.
    std : ndarray of float
        Spread of the reference: its standard deviation, or 1.4826 MAD where the method is robust.
    count : ndarray of int32
        Valid samples in the reference.
    """

    anomaly: FloatArray
    zscore: FloatArray
    mean: FloatArray
    std: FloatArray
    count: NDArray[np.int32]


def seasonal_zscore(
    values: ArrayLike,
    day: ArrayLike,
    /,
    *,
    half_width: int = 10,
    min_count: int = 15,
    exclude_own_year: bool = True,
    method: Literal["moment", "robust"] = "moment",
    axis: int = 0,
    n_threads: int | None = None,
) -> SeasonalAnomaly:
    """Anomaly of each sample from the same pixel's climatology of the season, the sample's own year left out.

    ``zscore = (x - mu) / sigma``, the ALICE index of robust satellite techniques: mu and sigma are the mean and the
    standard deviation (n - 1) of all valid samples of the pixel within `half_width` days of the same day of year, in
    other years; or their median and 1.4826 MAD (where that is 0, the interquartile range over 1.349).

    Parameters
    ----------
    values : array_like of float, any shape
        Samples in any unit. NaN and infinities are missing.
    day : array_like of int or datetime64, shape (n,)
        Day of each sample along `axis`, as days since 1970-01-01 or as datetime64 (cut to the day, UTC). Any order,
        repeats allowed.
    half_width : int
        Days of the year on either side, 0 to 182, counted on a circle of 365 days; February 29 lies at 59.5.
    min_count : int
        Valid reference samples needed; fewer give NaN.
    exclude_own_year : bool
        Leave out the occurrence of the season in which the sample lies.
    method : {"moment", "robust"}
        Which centre and spread.
    axis : int
        Time axis of `values`.
    n_threads : int, optional
        At most this many threads. The result does not depend on it, bit for bit.

    Returns
    -------
    SeasonalAnomaly
        `mean`, `std` and `count` are given where the sample itself is missing, too; `mean` and what follows from it
        is NaN with fewer than `min_count` reference samples, `std` also with one, `zscore` also where `std` is 0.

    Raises
    ------
    TypeError
        If `values` does not hold real numbers, or `day` neither integers nor datetime64.
    ValueError
        If `day` does not fit `values`, holds NaT or spans more than ten thousand years; if `half_width` or
        `min_count` is out of range.

    Notes
    -----
    "Own year" is a design choice: it is the season's own occurrence, i.e. all samples within `half_width` days of the
    sample itself, not those of its calendar year. The two agree except across New Year, where leaving out the calendar
    year would let the days just before the sample, and with them the anomaly itself, into the baseline.

    No trend is removed: a gas that grows by 0.5 % a year needs that done first, or every recent year is anomalous.
    With few years the reference samples are far fewer than `count` says, since neighbouring days are alike.

    References
    ----------
    Tramutoli, V. (2007), Robust satellite techniques (RST) for natural and environmental hazards monitoring and
    mitigation, MultiTemp 2007, doi:10.1109/MULTITEMP.2007.4293057.

    Examples
    --------
    >>> import numpy as np
    >>> from gasquake.kernels import seasonal_zscore
    >>> day = np.array(["2001-07-01", "2002-07-01", "2002-07-03", "2003-06-29"], "datetime64[D]")
    >>> found = seasonal_zscore(np.array([1.0, 2.0, 3.0, 7.0]), day, half_width=2, min_count=2)
    >>> found.mean
    array([4. , 4. , nan, 1.5])
    >>> found.count
    array([3, 2, 1, 2], dtype=int32)
    """
    robust = check_choice(method, "method", ("moment", "robust")) == "robust"
    exclude_own_year = check_bool(exclude_own_year, "exclude_own_year")
    half_width = check_positive_int(half_width, "half_width", minimum=0)
    if half_width > 182:
        raise ValueError(f"half_width must be at most 182 days (half a year), got {half_width}")
    min_count = check_positive_int(min_count, "min_count")
    array = as_float(values, "values")
    if array.ndim == 0:
        raise ValueError("values must have at least one dimension, got a scalar")
    axis = resolve_axis(axis, array.ndim)
    days = _as_days(day)
    if days.shape != (array.shape[axis],):
        raise ValueError(f"day must have shape ({array.shape[axis]},) as axis {axis} of values, got {days.shape}")
    view, restore = lanes(array, axis)
    anomaly, zscore, mean, std = np.empty_like(view), np.empty_like(view), np.empty_like(view), np.empty_like(view)
    count = np.empty(view.shape, np.int32)
    _core.seasonal_zscore(
        view,
        days,
        half_width,
        min(min_count, 2**62),
        exclude_own_year,
        robust,
        anomaly,
        zscore,
        mean,
        std,
        count,
        threads(n_threads),
    )
    return SeasonalAnomaly(restore(anomaly), restore(zscore), restore(mean), restore(std), restore(count))


def _as_days(day: Any) -> NDArray[np.int64]:
    if isinstance(day, np.ma.MaskedArray) and np.ma.is_masked(day):
        raise ValueError(f"day must not have masked elements, got {int(np.ma.getmaskarray(day).sum())}")
    array = np.asarray(day)
    if array.dtype.kind == "M":
        if np.isnat(array).any():
            raise ValueError("day must not hold NaT: drop those samples or give them their day")
        try:
            array = array.astype("datetime64[D]").astype(np.int64)
        except OverflowError:
            raise ValueError(f"day must be datetime64 that can be cut to days, got dtype {array.dtype}") from None
    elif array.dtype.kind not in "iu" and array.size:
        raise TypeError(f"day must hold integers (days since 1970-01-01) or datetime64, got dtype {array.dtype}")
    elif array.dtype == np.uint64 and array.size and array.max() > 2**62:
        raise ValueError(f"day must be days since 1970-01-01, got {array.max()}")
    return np.ascontiguousarray(array, dtype=np.int64)
