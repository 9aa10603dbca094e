"""What the twins share: walking over lanes, valid samples, the two rounded-once moments and the robust spread."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

import numpy as np


def output_dtype(values: np.ndarray) -> np.dtype:
    """float32 (and the half precision that becomes it) stays; all else is float64."""
    return np.dtype(np.float32 if values.dtype in (np.float16, np.float32) else np.float64)


def each_lane(values: np.ndarray, axis: int) -> Iterator[tuple[tuple, np.ndarray]]:
    """The index of each lane along `axis`, and the lane in float64 with every non-finite sample as NaN."""
    for index in np.ndindex(*(n for k, n in enumerate(values.shape) if k != axis % values.ndim)):
        at = list(index)
        at.insert(axis % values.ndim, slice(None))
        lane = values[tuple(at)].astype(np.float64)
        yield tuple(at), np.where(np.isfinite(lane), lane, np.nan)


def valid(samples: np.ndarray) -> np.ndarray:
    return samples[~np.isnan(samples)]


def mean(samples: np.ndarray) -> float:
    """Correctly rounded; NaN of nothing."""
    return float(statistics.mean(samples.tolist())) if samples.size else np.nan


def std(samples: np.ndarray) -> float:
    """ddof=1, correctly rounded; NaN of fewer than two."""
    return float(statistics.stdev(samples.tolist())) if samples.size > 1 else np.nan


def median(samples: np.ndarray) -> float:
    """The middle one, or the mean of the two middle ones."""
    return float(np.median(samples)) if samples.size else np.nan


def mad(samples: np.ndarray) -> float:
    """Median distance from the median, unscaled."""
    return median(np.abs(samples - median(samples)))


def robust_spread(samples: np.ndarray) -> float:
    """1.4826 MAD; where MAD is 0 the interquartile range over 1.349; NaN of nothing."""
    if not samples.size:
        return np.nan
    spread = 1.4826 * mad(samples)
    if spread == 0:
        lower, upper = np.percentile(samples, [25, 75])
        spread = (upper - lower) / 1.349
    return float(spread)


def centre_and_spread(samples: np.ndarray, method: str) -> tuple[float, float]:
    if method == "moment":
        return mean(samples), std(samples)
    return median(samples), robust_spread(samples)
