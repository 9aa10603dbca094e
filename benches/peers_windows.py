"""Peers of `rolling_zscore`, `rolling_median` and `rolling_mad`, on values of shape (time, pixel).

`rolling_zscore` of ours also counts the valid samples; the peers are spared that. Where a library's window ends at the
present sample, its mean and spread are taken one step later: ours leaves the present sample out.
"""

from __future__ import annotations

import bottleneck
import numbagg
import numpy as np
import pandas as pd
import polars as pl
import xarray
from numba import njit, prange

from race import Contestant

WINDOW, MIN_COUNT = 30, 18  # a month, 60 % of it valid
TILE = 64  # neighbouring pixels that a numba loop takes together


def shifted(anomaly_of, mean, spread):
    """Anomaly and z-score against the window that ended one step before."""
    anomaly, zscore = np.full_like(anomaly_of, np.nan), np.full_like(anomaly_of, np.nan)
    np.subtract(anomaly_of[1:], mean[:-1], out=anomaly[1:])
    np.divide(anomaly[1:], spread[:-1], out=zscore[1:], where=spread[:-1] > 0)
    return anomaly, zscore


def anomalies_of(values):
    """Empty anomaly and z-score."""
    return np.empty_like(values), np.empty_like(values)


# ---- rolling_zscore, moments -----------------------------------------------------------------------------------------


def zscore_numbagg(values):
    mean = numbagg.move_mean(values, window=WINDOW, min_count=MIN_COUNT, axis=0)
    std = numbagg.move_std(values, window=WINDOW, min_count=MIN_COUNT, axis=0)
    return shifted(values, mean, std)


def zscore_bottleneck(values):
    mean = bottleneck.move_mean(values, window=WINDOW, min_count=MIN_COUNT, axis=0)
    std = bottleneck.move_std(values, window=WINDOW, min_count=MIN_COUNT, axis=0, ddof=1)
    return shifted(values, mean, std)


def zscore_xarray(values):
    """What a user writes, which divides by n (ddof=0).

    With ddof=1 xarray hands over to numbagg, which is here under its own name.
    """
    rolling = xarray.DataArray(values, dims=("time", "pixel")).rolling(time=WINDOW, min_periods=MIN_COUNT)
    anomaly, zscore = shifted(values, rolling.mean().values, rolling.std().values)
    return values, anomaly, zscore


def zscore_xarray_finish(result):
    """Untimed: from a spread over n to one over n - 1."""
    values, anomaly, zscore = result
    valid = np.cumsum(np.isfinite(values), axis=0, dtype=np.int64)
    n = np.zeros_like(valid)
    n[1:] = valid[:-1]
    n[WINDOW + 1 :] -= valid[: -WINDOW - 1]
    return anomaly, zscore * np.sqrt(np.maximum(n - 1, 0) / np.maximum(n, 1))


def zscore_pandas(values):
    frame = pd.DataFrame(values)
    rolling = frame.rolling(WINDOW, min_periods=MIN_COUNT)
    return shifted(values, rolling.mean().to_numpy(), rolling.std().to_numpy())


def polars_frame(values):
    """A column a pixel; NaN is a value in polars, so it must become null."""
    return (pl.from_numpy(values, orient="row").fill_nan(None),)


def zscore_polars_frame(frame):
    columns = pl.all()
    anomaly = columns - columns.rolling_mean(WINDOW, min_samples=MIN_COUNT).shift(1)
    zscore = anomaly / columns.rolling_std(WINDOW, min_samples=MIN_COUNT).shift(1)
    # Not lazily: the query planner takes seconds for a thousand columns.
    return frame.select(anomaly.name.suffix("_anomaly"), zscore.name.suffix("_zscore"))


def zscore_polars_finish(result):
    n = result.width // 2
    return result[:, :n].to_numpy(), result[:, n:].to_numpy()


def zscore_polars(values):
    return zscore_polars_finish(zscore_polars_frame(*polars_frame(values)))


@njit(parallel=True)
def zscore_welford(values, anomaly, zscore):
    """Adds the sample that enters, takes out the one that leaves: fast, and wrong for ever after a large value."""
    n, pixels = values.shape
    for tile in prange((pixels + TILE - 1) // TILE):
        first = tile * TILE
        last = min(first + TILE, pixels)
        count, mean, m2 = np.zeros(TILE), np.zeros(TILE), np.zeros(TILE)
        for t in range(n):
            for p in range(first, last):
                k = p - first
                value = np.float64(values[t, p])
                anomaly[t, p] = zscore[t, p] = np.nan
                if np.isfinite(value):
                    if count[k] >= MIN_COUNT:
                        a = value - mean[k]
                        anomaly[t, p] = a
                        if m2[k] > 0.0:
                            zscore[t, p] = a / np.sqrt(m2[k] / (count[k] - 1.0))
                    count[k] += 1.0
                    delta = value - mean[k]
                    mean[k] += delta / count[k]
                    m2[k] += delta * (value - mean[k])
                if t >= WINDOW:
                    value = np.float64(values[t - WINDOW, p])
                    if np.isfinite(value):
                        count[k] -= 1.0
                        if count[k] > 0.0:
                            delta = value - mean[k]
                            mean[k] -= delta / count[k]
                            m2[k] -= delta * (value - mean[k])
                        else:
                            mean[k] = m2[k] = 0.0


@njit(parallel=True)
def zscore_two_pass(values, anomaly, zscore):
    """The mean of each window, then its spread: right, at a cost that grows with the window."""
    n, pixels = values.shape
    for tile in prange((pixels + TILE - 1) // TILE):
        first = tile * TILE
        last = min(first + TILE, pixels)
        for t in range(n):
            for p in range(first, last):
                anomaly[t, p] = zscore[t, p] = np.nan
                value = np.float64(values[t, p])
                if not np.isfinite(value):
                    continue
                total, count = 0.0, 0
                for s in range(max(0, t - WINDOW), t):
                    if np.isfinite(values[s, p]):
                        total += values[s, p]
                        count += 1
                if count < MIN_COUNT:
                    continue
                mean = total / count
                square = 0.0
                for s in range(max(0, t - WINDOW), t):
                    if np.isfinite(values[s, p]):
                        square += (values[s, p] - mean) ** 2
                anomaly[t, p] = value - mean
                if square > 0.0:
                    zscore[t, p] = (value - mean) / np.sqrt(square / (count - 1))


@njit(parallel=True)
def zscore_two_pass_rows(values, anomaly, zscore):
    """`zscore_two_pass` with a row of neighbouring pixels in the innermost loop, and masks, so that it vectorises."""
    n, pixels = values.shape
    for tile in prange((pixels + TILE - 1) // TILE):
        first = tile * TILE
        width = min(TILE, pixels - first)
        # The tile once, as float64 with zeros for what is missing, and a weight of 0 or 1.
        x, w = np.empty((n, TILE)), np.empty((n, TILE))
        for t in range(n):
            for k in range(width):
                value = values[t, first + k]
                valid = np.isfinite(value)
                x[t, k] = value if valid else 0.0
                w[t, k] = 1.0 if valid else 0.0
        count, mean, square = np.empty(TILE), np.empty(TILE), np.empty(TILE)
        for t in range(n):
            start = max(0, t - WINDOW)
            count[:] = 0.0
            mean[:] = 0.0
            square[:] = 0.0
            for s in range(start, t):
                for k in range(width):
                    count[k] += w[s, k]
                    mean[k] += x[s, k]
            for k in range(width):
                mean[k] = mean[k] / max(count[k], 1.0)
            for s in range(start, t):
                for k in range(width):
                    d = x[s, k] - mean[k]
                    square[k] += w[s, k] * d * d
            for k in range(width):
                enough = w[t, k] > 0.0 and count[k] >= MIN_COUNT
                a = x[t, k] - mean[k]
                anomaly[t, first + k] = a if enough else np.nan
                some = enough and square[k] > 0.0
                zscore[t, first + k] = a / np.sqrt(square[k] / (count[k] - 1.0)) if some else np.nan


def zscore_numpy(values):
    """The definition, in float64: what the trials are judged by."""
    x = np.where(np.isfinite(values), values, np.nan).astype(np.float64)
    anomaly, zscore = np.full_like(x, np.nan), np.full_like(x, np.nan)
    for t in range(1, len(x)):
        window = x[max(0, t - WINDOW) : t]
        for p in range(x.shape[1]):
            valid = window[np.isfinite(window[:, p]), p]
            if len(valid) >= MIN_COUNT:
                anomaly[t, p] = x[t, p] - valid.mean()
                spread = valid.std(ddof=1)
                zscore[t, p] = anomaly[t, p] / spread if spread > 0 else np.nan
    return anomaly, zscore


ZSCORE = (
    Contestant("numbagg", fresh=zscore_numbagg, tolerance=2e-2),
    Contestant("bottleneck", fresh=zscore_bottleneck, tolerance=2e-2),
    Contestant("xarray", fresh=zscore_xarray, finish=zscore_xarray_finish, tolerance=2e-2),
    Contestant("pandas", fresh=zscore_pandas),
    # polars subtracts a mean that is rounded to float32.
    Contestant("polars", fresh=zscore_polars, tolerance=1e-4),
    # Without the conversion from NumPy and back.
    Contestant(
        "polars-frame",
        fresh=zscore_polars_frame,
        prepare=polars_frame,
        finish=zscore_polars_finish,
        tolerance=1e-4,
    ),
    Contestant("numba-welford", empty=anomalies_of, into=lambda out, values: zscore_welford(values, *out)),
    Contestant("numba-twopass", empty=anomalies_of, into=lambda out, values: zscore_two_pass(values, *out)),
    Contestant("numba-twopass-rows", empty=anomalies_of, into=lambda out, values: zscore_two_pass_rows(values, *out)),
)


def without_polars(contestants):
    """For races of many pixels: a frame of 65 thousand columns is not what polars is made for."""
    return tuple(contestant for contestant in contestants if not contestant.who.startswith("polars"))


# ---- rolling_median, rolling_mad -------------------------------------------------------------------------------------


@njit(inline="always")
def middle(ordered, n):
    half = n // 2
    return ordered[half] if n % 2 else 0.5 * (ordered[half - 1] + ordered[half])


@njit(parallel=True)
def medians_sorted(values, window, min_count, median, mad, wants_mad):
    """Gathers each window and sorts it; for the MAD once more, about its own median."""
    n, pixels = values.shape
    out = mad if wants_mad else median
    for p in prange(pixels):
        held = np.empty(window)
        for t in range(n):
            count = 0
            for s in range(max(0, t - window + 1), t + 1):
                if np.isfinite(values[s, p]):
                    held[count] = values[s, p]
                    count += 1
            if count < min_count:
                out[t, p] = np.nan
                continue
            held[:count].sort()
            centre = middle(held, count)
            if wants_mad:
                for k in range(count):
                    held[k] = abs(held[k] - centre)
                held[:count].sort()
                mad[t, p] = middle(held, count)
            else:
                median[t, p] = centre


def one_of(values, *_):
    """One empty output."""
    return (np.empty_like(values),)


def median_pandas(values, window, min_count):
    return pd.DataFrame(values).rolling(window, min_periods=min_count).median().to_numpy()


def median_bottleneck(values, window, min_count):
    return bottleneck.move_median(values, window=window, min_count=min_count, axis=0)


def median_polars_frame(frame, window, min_count):
    return frame.select(pl.all().rolling_median(window, min_samples=min_count))


def median_polars(values, window, min_count):
    return median_polars_frame(*polars_frame(values), window, min_count).to_numpy()


def median_expected(values, window, min_count):
    """The definition."""
    return _windows_numpy(values, window, min_count, np.median)


def mad_of(valid):
    return np.median(np.abs(valid - np.median(valid)))


def _windows_numpy(values, window, min_count, statistic):
    x = np.asarray(values, np.float64)
    out = np.full_like(x, np.nan)
    for t in range(len(x)):
        for p in range(x.shape[1]):
            part = x[max(0, t - window + 1) : t + 1, p]
            part = part[np.isfinite(part)]
            if len(part) >= min_count:
                out[t, p] = statistic(part)
    return out


def mad_expected(values, window, min_count):
    """The definition."""
    return _windows_numpy(values, window, min_count, mad_of)


def mad_numpy(values, window, min_count):
    """`nanmedian` over a sliding view, a few pixels at a time: their windows fit in memory."""
    out = np.full_like(values, np.nan)
    for first in range(0, values.shape[1], 64):
        padded = np.full((len(values) + window - 1, min(64, values.shape[1] - first)), np.nan, values.dtype)
        padded[window - 1 :] = values[:, first : first + 64]
        view = np.lib.stride_tricks.sliding_window_view(padded, window, axis=0)
        enough = np.isfinite(view).sum(axis=-1) >= min_count
        part = view[enough]
        centre = np.nanmedian(part, axis=-1, keepdims=True)
        out[:, first : first + 64][enough] = np.nanmedian(np.abs(part - centre), axis=-1)
    return out


def median_numba(values, window, min_count):
    out = np.empty_like(values)
    medians_sorted(values, window, min_count, out, out, False)
    return out


def mad_numba(values, window, min_count):
    out = np.empty_like(values)
    medians_sorted(values, window, min_count, out, out, True)
    return out


MEDIAN = (
    Contestant("bottleneck", fresh=median_bottleneck),
    Contestant("pandas", fresh=median_pandas),
    Contestant("polars", fresh=median_polars),
    Contestant(
        "polars-frame",
        fresh=median_polars_frame,
        prepare=lambda values, *how: (*polars_frame(values), *how),
        finish=lambda frame: (frame.to_numpy(),),
    ),
    Contestant("numba", fresh=median_numba),  # sorting takes so long that where the output comes from is no matter
)
MAD = (
    Contestant("numba", fresh=mad_numba),
    Contestant("numpy", fresh=mad_numpy),
)
