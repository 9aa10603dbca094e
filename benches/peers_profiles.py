"""Peers of `scan_profiles`, on values of shape (time, level, row, column), with every field of `ProfileScan`."""

from __future__ import annotations

import numpy as np
from numba import njit, prange

from race import Contestant

# The defaults of `scan_profiles`.
SPLIT, TOP, UPPER = 600.0, 400.0, 100.0
THRESHOLD, QUIET, MIN_BELOW, SCALE_HEIGHT = 2.0, 1.0, 2, 7.5
MARGIN = 5.0  # hPa above the surface pressure
ONE_SIDED = 1.645
UNDETERMINED, NONE, ROOTED, ROOTLESS, MIXED = -1, 0, 1, 2, 3

FIELDS = ("verdict", "gradient", "gradient_se", "z_below", "z_above", "peak_level", "bottom_level", "n_below")


def fields_of(values, *_):
    """Empty arrays of every field, in the order of `FIELDS`."""
    shape = np.delete(values.shape, -3)
    reals = [np.empty(shape, values.dtype) for _ in range(4)]
    return np.empty(shape, np.int8), *reals, *(np.empty(shape, np.int16) for _ in range(3))


def levels_that_can_count(pressure):
    """From the ground up."""
    order = np.argsort(-pressure)
    return order[pressure[order] >= UPPER]


# ---- numba -----------------------------------------------------------------------------------------------------------


@njit(parallel=True)
def scan_loop(
    values,
    sigma,
    surface,
    pressure,
    zeta,
    order,
    verdict,
    gradient,
    gradient_se,
    z_below,
    z_above,
    peak,
    bottom,
    n_below,
):
    """Profile by profile; of each only the levels that can count are read. Empty `sigma`, `surface`: there is none."""
    n_levels = len(order)
    has_sigma, has_surface = sigma.size > 0, surface.size > 0
    outer, _, rows, columns = values.shape
    for job in prange(outer * rows):
        i, j = job // rows, job % rows
        y, z, w = np.empty(n_levels), np.empty(n_levels), np.empty(n_levels)
        for k in range(columns):
            low, high, below = -np.inf, -np.inf, 0
            best, best_level, first_level = -np.inf, -1, -1
            run, run_at_low = True, True  # is every level so far at least QUIET; was it so up to the peak below
            sw = swx = swy = 0.0
            n = 0
            ceiling = surface[i, j, k] - MARGIN if has_surface else np.inf
            for m in range(n_levels):
                level = order[m]
                p = pressure[level]
                value = np.float64(values[i, level, j, k])
                s = np.float64(sigma[i, level, j, k]) if has_sigma else 1.0
                w[m] = 0.0
                if not (np.isfinite(value) and np.isfinite(s) and s > 0.0 and p <= ceiling):
                    continue
                score = value / s
                y[m], z[m], w[m] = value, score, 1.0 / (s * s)
                if first_level < 0:
                    first_level = level
                if score > best:
                    best, best_level = score, level
                run = run and score >= QUIET
                if p >= SPLIT:
                    below += 1
                    if score > low:
                        low, run_at_low = score, run
                elif score > high:
                    high = score
                if p >= TOP:
                    sw += w[m]
                    swx += w[m] * zeta[level]
                    swy += w[m] * value
                    n += 1
            slope = error = np.nan
            if n >= 2:
                x_mean, y_mean = swx / sw, swy / sw
                sxx = sxy = syy = 0.0
                for m in range(n_levels):
                    if w[m] > 0.0 and pressure[order[m]] >= TOP:
                        dx, dy = zeta[order[m]] - x_mean, y[m] - y_mean
                        sxx += w[m] * dx * dx
                        sxy += w[m] * dx * dy
                        syy += w[m] * dy * dy
                slope = sxy / sxx
                if has_sigma:
                    error = 1.0 / np.sqrt(sxx)
                elif n >= 3:
                    error = np.sqrt(max(syy - slope * sxy, 0.0) / (n - 2) / sxx)
            if below < MIN_BELOW:
                found = UNDETERMINED
            elif best < THRESHOLD:
                found = NONE
            elif low >= THRESHOLD and run_at_low and slope + ONE_SIDED * error < 0.0:
                found = ROOTED
            elif high >= THRESHOLD and low < QUIET:
                found = ROOTLESS
            else:
                found = MIXED
            verdict[i, j, k] = found
            gradient[i, j, k], gradient_se[i, j, k] = slope, error
            z_below[i, j, k] = low if low > -np.inf else np.nan
            z_above[i, j, k] = high if high > -np.inf else np.nan
            peak[i, j, k], bottom[i, j, k], n_below[i, j, k] = best_level, first_level, below


def scan_numba(out, values, pressure, sigma=None, surface_pressure=None):
    sigma = np.empty((0, 0, 0, 0), np.float32) if sigma is None else sigma
    surface = np.empty((0, 0, 0), np.float32) if surface_pressure is None else surface_pressure
    zeta = -SCALE_HEIGHT * np.log(pressure / pressure.max())
    scan_loop(values, sigma, surface, pressure, zeta, levels_that_can_count(pressure), *out)


# ---- NumPy -----------------------------------------------------------------------------------------------------------


def scan_numpy(values, pressure, sigma=None, surface_pressure=None):
    """Vectorised over the profiles of one day after the other: a day's temporaries stay small."""
    out = fields_of(values)
    for i in range(len(values)):
        of_day = (None if array is None else array[i] for array in (sigma, surface_pressure))
        day = _scan_day(values[i], pressure, *of_day)
        for target, part in zip(out, day, strict=True):
            target[i] = part
    return out


def _scan_day(values, pressure, sigma, surface):
    order = levels_that_can_count(pressure)
    p = pressure[order][:, None, None]
    zeta = -SCALE_HEIGHT * np.log(p / pressure.max())
    y = values[order].astype(np.float64)
    counts = np.isfinite(y)
    if surface is not None:
        counts &= p <= surface - MARGIN
    if sigma is None:
        weight = counts.astype(np.float64)
        score = np.where(counts, y, -np.inf)
    else:
        s = sigma[order].astype(np.float64)
        counts &= np.isfinite(s) & (s > 0)
        s[~counts] = 1.0
        weight = np.where(counts, 1 / s**2, 0.0)
        score = np.where(counts, y / s, -np.inf)
    y[~counts] = 0.0
    below = p[:, 0, 0] >= SPLIT
    n_below = counts[below].sum(axis=0)
    low = score[below].max(axis=0, initial=-np.inf)
    high = score[~below].max(axis=0, initial=-np.inf)
    at = score.argmax(axis=0)
    some = counts.any(axis=0)
    peak = np.where(some, order[at], -1)
    bottom = np.where(some, order[counts.argmax(axis=0)], -1)

    weak = counts & (score < QUIET)
    run = ~weak.any(axis=0) | (weak.argmax(axis=0) > score[below].argmax(axis=0))

    weight = np.where(p >= TOP, weight, 0.0)
    n = (weight > 0).sum(axis=0)
    with np.errstate(all="ignore"):
        total = weight.sum(axis=0)
        dx = zeta - (weight * zeta).sum(axis=0) / total
        dy = y - (weight * y).sum(axis=0) / total
        sxx, sxy, syy = (weight * dx * dx).sum(axis=0), (weight * dx * dy).sum(axis=0), (weight * dy * dy).sum(axis=0)
        slope = np.where(n >= 2, sxy / sxx, np.nan)
        if sigma is None:
            error = np.where(n >= 3, np.sqrt(np.maximum(syy - slope * sxy, 0.0) / (n - 2) / sxx), np.nan)
        else:
            error = np.where(n >= 2, 1 / np.sqrt(sxx), np.nan)
        verdict = np.select(
            [
                n_below < MIN_BELOW,
                np.maximum(low, high) < THRESHOLD,
                (low >= THRESHOLD) & run & (slope + ONE_SIDED * error < 0),
                (high >= THRESHOLD) & (low < QUIET),
            ],
            [UNDETERMINED, NONE, ROOTED, ROOTLESS],
            MIXED,
        )
    low[low == -np.inf] = np.nan
    high[high == -np.inf] = np.nan
    return verdict, slope, error, low, high, peak, bottom, n_below


SCAN = (
    Contestant("numba", empty=fields_of, into=scan_numba),
    Contestant("numpy", fresh=scan_numpy),
)
