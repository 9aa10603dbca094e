"""Twins of the sliding windows."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np

from oracle import lanes


def window_of(
    lane: np.ndarray, t: int, window: int, *, center: bool = False, include_current: bool = True
) -> np.ndarray:
    """The valid samples of the window that belongs to sample `t`, cut at the ends of the lane."""
    if center:
        first, last = t - window // 2, t + (window - 1) // 2
    elif include_current:
        first, last = t - window + 1, t
    else:
        first, last = t - window, t - 1
    return lanes.valid(lane[max(first, 0) : max(last + 1, 0)])


def _rolling(
    statistic: Callable[[np.ndarray], float],
    values: np.ndarray,
    window: int,
    min_count: int | None,
    center: bool,
    axis: int,
) -> np.ndarray:
    values = np.asarray(values)
    needed = window if min_count is None else min_count
    out = np.full(values.shape, np.nan, lanes.output_dtype(values))
    for at, lane in lanes.each_lane(values, axis):
        found = np.full(lane.size, np.nan)
        for t in range(lane.size):
            samples = window_of(lane, t, window, center=center)
            if samples.size >= needed:
                found[t] = statistic(samples)
        out[at] = found
    return out


def rolling_mean(values, window, /, *, min_count=None, center=False, axis=0):
    return _rolling(lanes.mean, values, window, min_count, center, axis)


def rolling_std(values, window, /, *, min_count=None, center=False, axis=0):
    return _rolling(lanes.std, values, window, min_count, center, axis)


def rolling_median(values, window, /, *, min_count=None, center=False, axis=0):
    return _rolling(lanes.median, values, window, min_count, center, axis)


def rolling_mad(values, window, /, *, min_count=None, center=False, axis=0):
    return _rolling(lanes.mad, values, window, min_count, center, axis)


def rolling_zscore(values, window, /, *, method="moment", include_current=False, min_count=None, axis=0):
    values = np.asarray(values)
    needed = window if min_count is None else min_count
    dtype = lanes.output_dtype(values)
    anomaly, zscore = np.full(values.shape, np.nan, dtype), np.full(values.shape, np.nan, dtype)
    count = np.zeros(values.shape, np.int32)
    for at, lane in lanes.each_lane(values, axis):
        a, z, n = np.full(lane.size, np.nan), np.full(lane.size, np.nan), np.zeros(lane.size, np.int32)
        for t, x in enumerate(lane):
            samples = window_of(lane, t, window, include_current=include_current)
            n[t] = samples.size
            if np.isnan(x) or samples.size < needed:
                continue
            centre, spread = lanes.centre_and_spread(samples, method)
            a[t] = x - centre
            if spread > 0:
                z[t] = a[t] / spread
        anomaly[at], zscore[at], count[at] = a, z, n
    return SimpleNamespace(anomaly=anomaly, zscore=zscore, count=count)
