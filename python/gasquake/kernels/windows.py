"""Sliding windows along one axis: mean, spread, median, MAD and z-score.

A window is a number of samples, not of days: put gaps into a regular time axis as NaN first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gasquake import _core
from gasquake._array import FloatArray, as_float, check_bool, check_choice, check_positive_int, lanes, resolve_axis
from gasquake._options import threads

__all__ = ["WindowAnomaly", "rolling_mad", "rolling_mean", "rolling_median", "rolling_std", "rolling_zscore"]

#: No array is longer; a longer window would be the same as this one.
_LONGEST = 2**62


@dataclass(frozen=True, slots=True, eq=False)
class WindowAnomaly:
    """What `rolling_zscore` finds, each array of the shape of the values.

    Attributes
    ----------
    anomaly : ndarray of float
        Sample minus the centre (mean or median) of its window, in the unit of the values.
    zscore : ndarray of float
        Anomaly over the spread of the window, dimensionless. NaN where the spread is 0 or unknown.
    count : ndarray of int32
        Valid samples in the window.
    """

    anomaly: FloatArray
    zscore: FloatArray
    count: NDArray[np.int32]


def rolling_mean(
    values: ArrayLike,
    window: int,
    /,
    *,
    min_count: int | None = None,
    center: bool = False,
    axis: int = 0,
    n_threads: int | None = None,
) -> FloatArray:
    """Mean of a sliding window.

    ``mean[t] = sum(valid x in window(t)) / n(t)``

    Parameters
    ----------
    values : array_like of float, any shape
        Samples in any unit. NaN and infinities are missing.
    window : int
        Number of samples: the `window` samples that end at t.
    min_count : int, optional
        Valid samples needed, 1 to `window`; fewer give NaN. By default all of them.
    center : bool
        Let the window of t reach from ``t - window // 2`` to ``t + (window - 1) // 2``. Such a window sees the future.
    axis : int
        Along which windows slide.
    n_threads : int, optional
        At most this many threads. The result does not depend on it, bit for bit.

    Returns
    -------
    ndarray
        Shape, unit and dtype (float32 or float64) of `values`.

    Raises
    ------
    TypeError
        If `values` does not hold real numbers, or `window`, `min_count` or `axis` is not an integer.
    ValueError
        If `window` or `min_count` is out of range, or `values` has no such axis.

    See Also
    --------
    rolling_zscore : anomaly and z-score in one pass.

    Notes
    -----
    Sums are kept in float64 about a member of the window, and nothing is ever subtracted out of them: a sample that
    has left the window leaves no trace, and the relative error stays below 1e-12.

    Examples
    --------
    >>> import numpy as np
    >>> from gasquake.kernels import rolling_mean
    >>> rolling_mean(np.array([1.0, 3.0, np.nan, 5.0]), 2, min_count=1)
    array([1., 2., 3., 5.])
    """
    return _single(_core.rolling_mean, values, window, min_count, center, axis, n_threads)


def rolling_std(
    values: ArrayLike,
    window: int,
    /,
    *,
    min_count: int | None = None,
    center: bool = False,
    axis: int = 0,
    n_threads: int | None = None,
) -> FloatArray:
    """Sample standard deviation of a sliding window.

    ``std[t] = sqrt(sum((x - mean(t))**2) / (n(t) - 1))``

    Parameters
    ----------
    values : array_like of float, any shape
        Samples in any unit. NaN and infinities are missing.
    window : int
        Number of samples: the `window` samples that end at t.
    min_count : int, optional
        Valid samples needed, 1 to `window`; fewer give NaN, and so does a single sample. By default all of them.
    center : bool
        Let the window of t reach from ``t - window // 2`` to ``t + (window - 1) // 2``.
    axis : int
        Along which windows slide.
    n_threads : int, optional
        At most this many threads. The result does not depend on it, bit for bit.

    Returns
    -------
    ndarray
        Shape, unit and dtype (float32 or float64) of `values`. Exactly 0 where the window is constant.

    Raises
    ------
    TypeError, ValueError
        As `rolling_mean`.

    Notes
    -----
    Computed as `rolling_mean` is: accurate at any ratio of level to spread, also just after a fill value.

    Examples
    --------
    >>> import numpy as np
    >>> from gasquake.kernels import rolling_std
    >>> rolling_std(np.array([1e8, 1.0, 2.0, 3.0, 3.0, 3.0]), 3)[3:]
    array([1.        , 0.57735027, 0.        ])
    """
    return _single(_core.rolling_std, values, window, min_count, center, axis, n_threads)


def rolling_median(
    values: ArrayLike,
    window: int,
    /,
    *,
    min_count: int | None = None,
    center: bool = False,
    axis: int = 0,
    n_threads: int | None = None,
) -> FloatArray:
    """Median of a sliding window; of an even number of samples the mean of the two in the middle.

    Parameters
    ----------
    values : array_like of float, any shape
        Samples in any unit. NaN and infinities are missing.
    window : int
        Number of samples: the `window` samples that end at t.
    min_count : int, optional
        Valid samples needed, 1 to `window`; fewer give NaN. By default all of them.
    center : bool
        Let the window of t reach from ``t - window // 2`` to ``t + (window - 1) // 2``.
    axis : int
        Along which windows slide.
    n_threads : int, optional
        At most this many threads. The result does not depend on it, bit for bit.

    Returns
    -------
    ndarray
        Shape, unit and dtype (float32 or float64) of `values`. Exact; the middle of two is rounded once.

    Raises
    ------
    TypeError, ValueError
        As `rolling_mean`.

    Examples
    --------
    >>> import numpy as np
    >>> from gasquake.kernels import rolling_median
    >>> rolling_median(np.array([1.0, 9.0, 2.0, np.nan, 4.0]), 3, min_count=2)
    array([nan, 5. , 2. , 5.5, 3. ])
    """
    return _single(_core.rolling_median, values, window, min_count, center, axis, n_threads)


def rolling_mad(
    values: ArrayLike,
    window: int,
    /,
    *,
    min_count: int | None = None,
    center: bool = False,
    axis: int = 0,
    n_threads: int | None = None,
) -> FloatArray:
    """Median absolute deviation of a sliding window about that window's own median.

    ``mad[t] = median(|x - median(window(t))|)``, not scaled: times 1.4826 it estimates the standard deviation of
    normal noise.

    Parameters
    ----------
    values : array_like of float, any shape
        Samples in any unit. NaN and infinities are missing.
    window : int
        Number of samples: the `window` samples that end at t.
    min_count : int, optional
        Valid samples needed, 1 to `window`; fewer give NaN. By default all of them.
    center : bool
        Let the window of t reach from ``t - window // 2`` to ``t + (window - 1) // 2``.
    axis : int
        Along which windows slide.
    n_threads : int, optional
        At most this many threads. The result does not depend on it, bit for bit.

    Returns
    -------
    ndarray
        Shape, unit and dtype (float32 or float64) of `values`.

    Raises
    ------
    TypeError, ValueError
        As `rolling_mean`.

    Notes
    -----
    Two chained moving medians are not a MAD: there the centre moves within the window.

    Examples
    --------
    >>> import numpy as np
    >>> from gasquake.kernels import rolling_mad
    >>> rolling_mad(np.array([1.0, 2.0, 4.0, 100.0]), 3)
    array([nan, nan,  1.,  2.])
    """
    return _single(_core.rolling_mad, values, window, min_count, center, axis, n_threads)


def rolling_zscore(
    values: ArrayLike,
    window: int,
    /,
    *,
    method: Literal["moment", "robust"] = "moment",
    include_current: bool = False,
    min_count: int | None = None,
    axis: int = 0,
    n_threads: int | None = None,
) -> WindowAnomaly:
    """Anomaly of each sample from the window before it, in one pass.

    ``anomaly[t] = x[t] - centre(t)`` and ``zscore[t] = anomaly[t] / spread(t)``, where centre and spread are the mean
    and the standard deviation (n - 1) of the window, or its median and 1.4826 times its MAD (where that is 0, its
    interquartile range over 1.349).

    Parameters
    ----------
    values : array_like of float, any shape
        Samples in any unit. NaN and infinities are missing.
    window : int
        Number of samples: the `window` samples before t. Causal: no later sample is looked at.
    method : {"moment", "robust"}
        Which centre and spread.
    include_current : bool
        Take the `window` samples that end at t instead: the sample is then part of its own baseline, which pulls
        z towards 0 and bounds it by ``(window - 1) / sqrt(window)``.
    min_count : int, optional
        Valid samples needed, 1 to `window`. By default all of them.
    axis : int
        Along which windows slide.
    n_threads : int, optional
        At most this many threads. The result does not depend on it, bit for bit.

    Returns
    -------
    WindowAnomaly
        `anomaly` and `zscore` are NaN where the sample is missing or the window has fewer than `min_count` valid
        samples; `zscore` also where the spread is 0 or there is but one sample. `count` is known everywhere.

    Raises
    ------
    TypeError, ValueError
        As `rolling_mean`, and if `method` is unknown.

    Notes
    -----
    A z-score is not a probability. Gas series are autocorrelated and have fat tails, so that \\|z\\| >= 2 is far more
    frequent than 5 %, and the baseline of n samples adds ``1 / n`` to the variance: count how often quiet days exceed
    a threshold before giving it a meaning.

    Median and MAD: Hampel filter; the fallback to the interquartile range is a design choice.

    Examples
    --------
    >>> import numpy as np
    >>> from gasquake.kernels import rolling_zscore
    >>> found = rolling_zscore(np.array([1.0, 2.0, 3.0, 6.0]), 3)
    >>> found.anomaly, found.zscore
    (array([nan, nan, nan,  4.]), array([nan, nan, nan,  4.]))
    >>> found.count
    array([0, 1, 2, 3], dtype=int32)
    """
    robust = check_choice(method, "method", ("moment", "robust")) == "robust"
    include_current = check_bool(include_current, "include_current")
    array, window, min_count, axis = _checked(values, window, min_count, axis)
    view, restore = lanes(array, axis)
    anomaly, zscore, count = np.empty_like(view), np.empty_like(view), np.empty(view.shape, np.int32)
    _core.rolling_zscore(view, window, min_count, include_current, robust, anomaly, zscore, count, threads(n_threads))
    return WindowAnomaly(restore(anomaly), restore(zscore), restore(count))


def _checked(values: ArrayLike, window: Any, min_count: Any, axis: Any) -> tuple[FloatArray, int, int, int]:
    array = as_float(values, "values")
    if array.ndim == 0:
        raise ValueError("values must have at least one dimension, got a scalar")
    window = min(check_positive_int(window, "window"), _LONGEST)
    if min_count is None:
        min_count = window
    else:
        min_count = check_positive_int(min_count, "min_count")
        if min_count > window:
            raise ValueError(f"min_count must be at most window={window}, got {min_count}")
    return array, window, min_count, resolve_axis(axis, array.ndim)


def _single(
    kernel: Callable[[FloatArray, int, int, bool, FloatArray, int], None],
    values: ArrayLike,
    window: Any,
    min_count: Any,
    center: Any,
    axis: Any,
    n_threads: Any,
) -> FloatArray:
    center = check_bool(center, "center")
    array, window, min_count, axis = _checked(values, window, min_count, axis)
    view, restore = lanes(array, axis)
    out = np.empty_like(view)
    kernel(view, window, min_count, center, out, threads(n_threads))
    return restore(out)
