"""Daily series without what any two of them share: a line, and the seasons."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gasquake import _labelled

__all__ = ["detrend"]

_YEAR_DAYS = 365.25


def detrend(values: xr.DataArray, /, *, harmonics: int = 0, dim: Hashable | None = None) -> xr.DataArray:
    """What is left of daily series without a straight line and, from two years on, without the seasons.

    Parameters
    ----------
    values : DataArray
        With a time dim of dates and any others. NaN and infinities are missing.
    harmonics : int
        0 for the line alone; k for the seasons too, as waves of 1 to k a year (3 is usual).
    dim : hashable, optional
        The time dim, where it cannot be found.

    Returns
    -------
    DataArray
        With the shape, chunks, units and type of `values`, missing where they are. All NaN where fewer than twice as
        many days are valid as there are coefficients.

    Raises
    ------
    TypeError
        If `values` is not a DataArray of real numbers.
    ValueError
        If time does not fit, or `harmonics` is negative or asked of less than two years.

    Notes
    -----
    Least squares of x = b0 + b1 t + sum over k of (c_k cos + d_k sin)(2 pi k t / 365.25 d). [D] Two years: of less, the
    waves take the signal with them. The line takes part of a lasting step too.

    Examples
    --------
    >>> time = np.arange("2022-08-01", "2022-08-06", dtype="datetime64[D]").astype("datetime64[ns]")
    >>> co = xr.DataArray([1.0, 2.0, np.nan, 4.0, 5.0], {"time": time})
    >>> abs(detrend(co)).round(6).values.tolist()
    [0.0, 0.0, nan, 0.0, 0.0]
    """
    time = _labelled.time_dim(values, dim=dim)
    kind = _labelled.float_dtype(values, "values")
    t = (_labelled.calendar_days(values, time) - np.datetime64("2000-01-01")).astype(np.float64)
    if harmonics < 0:
        raise ValueError(f"harmonics must not be negative, got {harmonics}")
    span = float(np.ptp(t)) + 1.0 if t.size else 0.0
    if harmonics and span < 2 * _YEAR_DAYS - 1:
        raise ValueError(
            f"harmonics={harmonics} needs at least two years of days, got {span:g} days; use harmonics=0, or values "
            "that are anomalies from other years already (gasquake.anomalies.seasonal_zscore)"
        )
    phase = 2 * np.pi * np.arange(1, harmonics + 1) * t[:, np.newaxis] / _YEAR_DAYS
    line = (t - t.mean()) / max(span, 1.0) if t.size else t
    model = np.column_stack([np.ones_like(t), line, np.cos(phase), np.sin(phase)])

    def residual(series: NDArray[Any]) -> tuple[NDArray[np.float64]]:
        result, valid = np.full(series.size, np.nan), np.isfinite(series)
        if valid.sum() >= 2 * model.shape[1]:
            y = series[valid].astype(np.float64)
            centred = y - y.mean()  # a small signal on a large constant keeps its digits
            result[valid] = centred - model[valid] @ np.linalg.lstsq(model[valid], centred, rcond=None)[0]
        return (result,)

    found = _labelled.apply(
        lambda v: _labelled.over_series(residual, [kind], v, extra=(t.size,)),
        [values], [[time]], {"anomaly": kind}, out_core=[time],
    )["anomaly"]  # fmt: skip
    what = "line and seasons" if harmonics else "line"
    return _labelled.with_attrs(
        found.rename(values.name),
        values.attrs.get("units"),
        f"{_labelled.describe(values)} less its {what}",
        history=_labelled.history(values, f"detrend(harmonics={harmonics})"),
    )
