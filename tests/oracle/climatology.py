"""Twin of the seasonal z-score."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

import numpy as np

from oracle import lanes


def calendar(day: np.ndarray) -> tuple[list[float], list[int]]:
    """Day-of-year position (Feb 29 is 59.5, March 1 is 60 in every year) and year of each day since 1970-01-01."""
    day = np.asarray(day)
    if day.dtype.kind == "M":
        day = day.astype("datetime64[D]").astype(np.int64)
    positions, years = [], []
    for n in day.tolist():
        date = dt.date(1970, 1, 1) + dt.timedelta(days=n)
        if (date.month, date.day) == (2, 29):
            positions.append(59.5)
        else:
            positions.append(float((date.replace(year=2001) - dt.date(2000, 12, 31)).days))
        years.append(date.year)
    return positions, years


def reference_of(
    i: int, positions: list[float], years: list[int], half_width: int, exclude_own_year: bool
) -> list[int]:
    """Indices of the samples in the season of sample `i`."""
    found = []
    own = 365 * years[i] + positions[i]
    for j in range(len(positions)):
        apart = abs(positions[j] - positions[i])
        if min(apart, 365 - apart) > half_width:
            continue
        # Which of the season's occurrences own + 365 k the sample j belongs to: the one within half_width of it.
        ahead = 365 * years[j] + positions[j] - own
        k = round(ahead / 365)
        assert abs(ahead - 365 * k) <= half_width
        if exclude_own_year and k == 0:
            continue
        found.append(j)
    return found


def seasonal_zscore(values, day, /, *, half_width=10, min_count=15, exclude_own_year=True, method="moment", axis=0):
    values = np.asarray(values)
    dtype = lanes.output_dtype(values)
    anomaly, zscore, mean, std = (np.full(values.shape, np.nan, dtype) for _ in range(4))
    count = np.zeros(values.shape, np.int32)
    positions, years = calendar(day)
    references = [reference_of(i, positions, years, half_width, exclude_own_year) for i in range(len(positions))]
    for at, lane in lanes.each_lane(values, axis):
        a, z, m, s = (np.full(lane.size, np.nan) for _ in range(4))
        n = np.zeros(lane.size, np.int32)
        for t, x in enumerate(lane):
            samples = lanes.valid(lane[references[t]])
            n[t] = samples.size
            if samples.size < min_count:
                continue
            m[t], s[t] = lanes.centre_and_spread(samples, method)
            if samples.size < 2:
                s[t] = np.nan
            a[t] = x - m[t]
            if s[t] > 0:
                z[t] = a[t] / s[t]
        anomaly[at], zscore[at], mean[at], std[at], count[at] = a, z, m, s, n
    return SimpleNamespace(anomaly=anomaly, zscore=zscore, mean=mean, std=std, count=count)
