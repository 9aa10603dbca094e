"""Peers of `seasonal_zscore`, on values of shape (time, pixel), with all five fields of `SeasonalAnomaly`.

No library does this, so the peers are loops: over pixels in numba, over the days of the year with bottleneck, over
samples in NumPy. The reference of a sample is described in the docstring of `gasquake.kernels.seasonal_zscore`.
"""

from __future__ import annotations

import bottleneck
import numpy as np
from numba import njit, prange

from race import Contestant

HALF_WIDTH, MIN_COUNT = 15, 15
FIELDS = ("anomaly", "zscore", "mean", "std", "count")
FEBRUARY_29 = 59  # its slot among the 366
POSITION = np.insert(np.arange(1.0, 366.0), FEBRUARY_29, 59.5)  # of each slot, on a calendar of 365 days


def calendar(day):
    """Year and slot (0..365) of days since 1970-01-01."""
    date = day.astype("datetime64[D]")
    year = date.astype("datetime64[Y]")
    of_year = (date - year.astype("datetime64[D]")).astype(np.int64)
    year = year.astype(np.int64) + 1970
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    return year, np.where(leap | (of_year < FEBRUARY_29), of_year, of_year + 1)


def fields_of(values, *_):
    """Empty arrays of every field."""
    return *(np.empty_like(values) for _ in range(4)), np.empty(values.shape, np.int32)


# ---- numba -----------------------------------------------------------------------------------------------------------

TILE = 16  # pixels: a cache line of float32


@njit
def pixel(x, origin, lower, upper, own, own_end, blocks, exclude, min_count, centre, spread, count):
    """Moments of the reference of every sample of one pixel, in calendar order.

    Sums of the samples in each set, never a sum minus what left: a large value spoils only the sets that hold it.
    Windows around the slots of one block share their middle. So each is a sum to the left of it and one to the right,
    which grow by a few samples from slot to slot. The occurrences of other years are a sum of those before and one of
    those after.
    """
    years = lower.shape[0]
    longest = (blocks[1:] - blocks[:-1]).max()
    window, after = np.empty((longest, years, 3)), np.empty((years + 1, 3))
    valid, d = np.empty(len(x)), np.empty(len(x))
    for i in range(len(x)):
        finite = np.isfinite(x[i])
        valid[i] = 1.0 if finite else 0.0
        d[i] = x[i] - origin if finite else 0.0
    for block in range(len(blocks) - 1):
        start, end = blocks[block], blocks[block + 1]
        for y in range(years):
            # Every window of the block reaches to here, and none begins later.
            middle = upper[y, start]
            c = s1 = s2 = 0.0
            i = middle
            for s in range(end - 1, start - 1, -1):
                while i > lower[y, s]:
                    i -= 1
                    c, s1, s2 = c + valid[i], s1 + d[i], s2 + d[i] * d[i]
                window[s - start, y, 0], window[s - start, y, 1], window[s - start, y, 2] = c, s1, s2
            c = s1 = s2 = 0.0
            i = middle
            for s in range(start, end):
                while i < upper[y, s]:
                    c, s1, s2 = c + valid[i], s1 + d[i], s2 + d[i] * d[i]
                    i += 1
                window[s - start, y, 0] += c
                window[s - start, y, 1] += s1
                window[s - start, y, 2] += s2
        for k in range(end - start):
            # after[y]: the sum of the occurrences from y on.
            c = s1 = s2 = 0.0
            after[years, :] = 0.0
            for y in range(years - 1, -1, -1):
                c, s1, s2 = c + window[k, y, 0], s1 + window[k, y, 1], s2 + window[k, y, 2]
                after[y, 0], after[y, 1], after[y, 2] = c, s1, s2
            before_c = before_s1 = before_s2 = 0.0
            for y in range(years):
                if exclude:
                    c, s1, s2 = before_c + after[y + 1, 0], before_s1 + after[y + 1, 1], before_s2 + after[y + 1, 2]
                    before_c += window[k, y, 0]
                    before_s1 += window[k, y, 1]
                    before_s2 += window[k, y, 2]
                enough = c >= min_count
                m = s1 / max(c, 1.0)
                s = np.sqrt(max(s2 - m * s1, 0.0) / max(c - 1.0, 1.0))
                for i in range(own[y, start + k], own_end[y, start + k]):
                    centre[i] = m + origin if enough else np.nan
                    spread[i] = s if enough and c > 1.0 else np.nan
                    count[i] = np.int32(c)


@njit(parallel=True)
def seasonal_loop(
    values, typical, order, lower, upper, own, own_end, blocks, exclude, min_count, anomaly, zscore, mean, std, count
):
    """Pixel by pixel; a tile of neighbouring ones is read and written together."""
    n, pixels = values.shape
    for tile in prange((pixels + TILE - 1) // TILE):
        first = tile * TILE
        width = min(TILE, pixels - first)
        x = np.empty((width, n))
        for i in range(n):
            for b in range(width):
                x[b, i] = values[order[i], first + b]
        centre, spread, held = np.empty((width, n)), np.empty((width, n)), np.empty((width, n), np.int32)
        for b in range(width):
            pixel(
                x[b],
                typical[first + b],
                lower,
                upper,
                own,
                own_end,
                blocks,
                exclude,
                min_count,
                centre[b],
                spread[b],
                held[b],
            )
        # All pixels of a row together: rows lie on pages of their own.
        for i in range(n):
            t = order[i]
            for b in range(width):
                a = x[b, i] - centre[b, i]
                anomaly[t, first + b] = a
                zscore[t, first + b] = a / spread[b, i] if spread[b, i] > 0.0 else np.nan
                mean[t, first + b] = centre[b, i]
                std[t, first + b] = spread[b, i]
                count[t, first + b] = held[b, i]


def seasonal_numba(out, values, day, exclude):
    year, slot = calendar(day)
    u = 365.0 * year + POSITION[slot]
    order = np.argsort(u, kind="stable")
    u = u[order]
    # A year more on both sides: the end of December belongs to the season of the next January.
    centre = 365.0 * np.arange(year.min() - 1, year.max() + 2)[:, None] + POSITION
    lower, upper = np.searchsorted(u, centre - HALF_WIDTH), np.searchsorted(u, centre + HALF_WIDTH, side="right")
    own, own_end = np.searchsorted(u, centre), np.searchsorted(u, centre, side="right")
    blocks = [0]
    for s in range(1, 366):
        if POSITION[s] - POSITION[blocks[-1]] > 2 * HALF_WIDTH:
            blocks.append(s)
    blocks = np.array([*blocks, 366])
    # Squares are summed about a typical value: the lower quartile of some samples, which a fill value does not move.
    some = values[:: len(day) // 100 + 1]
    some = np.partition(np.where(np.isfinite(some), some, np.nan), len(some) // 4, axis=0)[len(some) // 4]
    typical = np.where(np.isfinite(some), some, 0.0)
    seasonal_loop(values, typical, order, lower, upper, own, own_end, blocks, exclude, MIN_COUNT, *out)


# ---- bottleneck and NumPy --------------------------------------------------------------------------------------------


def references(day, exclude):
    """For each set of samples with one reference: their rows, and the rows of the reference."""
    year, slot = calendar(day)
    u = 365.0 * year + POSITION[slot]
    for s in np.unique(slot):
        distance = np.abs(POSITION[slot] - POSITION[s])
        near = np.minimum(distance, 365.0 - distance) <= HALF_WIDTH
        if not exclude:
            yield np.flatnonzero(slot == s), np.flatnonzero(near)
            continue
        for y in np.unique(year[slot == s]):
            mine = np.abs(u - (365.0 * y + POSITION[s])) <= HALF_WIDTH
            yield np.flatnonzero((slot == s) & (year == y)), np.flatnonzero(near & ~mine)


def _by_reference(values, day, exclude, moments):
    out = fields_of(values)
    for rows, of in references(day, exclude):
        part = values[of]
        n = np.isfinite(part).sum(axis=0)
        mean, std = moments(part)
        enough = n >= MIN_COUNT
        mean, std = np.where(enough, mean, np.nan), np.where(enough, std, np.nan)
        anomaly = values[rows] - mean
        zscore = np.divide(anomaly, std, out=np.full_like(anomaly, np.nan), where=std > 0)
        for target, field in zip(out, (anomaly, zscore, mean, std, n), strict=True):
            target[rows] = field
    return out


def seasonal_bottleneck(values, day, exclude):
    """For each day of the year (and each year, where a season must not judge itself) the moments of its reference."""
    return _by_reference(
        values, day, exclude, lambda part: (bottleneck.nanmean(part, axis=0), bottleneck.nanstd(part, axis=0, ddof=1))
    )


def seasonal_numpy(values, day, exclude):
    """The definition, in float64: what the trials are judged by."""
    x = np.where(np.isfinite(values), values, np.nan).astype(np.float64)

    def moments(part):
        n = np.isfinite(part).sum(axis=0)
        mean = np.nansum(part, axis=0) / np.maximum(n, 1)
        return mean, np.sqrt(np.nansum((part - mean) ** 2, axis=0) / np.maximum(n - 1, 1))

    return _by_reference(x, day, exclude, moments)


NUMBA = Contestant("numba", empty=fields_of, into=seasonal_numba)
BOTTLENECK = Contestant("bottleneck", fresh=seasonal_bottleneck, tolerance=2e-2)
NUMPY = Contestant("numpy", fresh=seasonal_numpy)
