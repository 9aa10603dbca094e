"""Peers of `locate_maxima`: the maximum of each day and where it is. Ours also counts valid samples and ties; of the
peers only the numba loop does."""

from __future__ import annotations

import bottleneck
import numba
import numbagg
import numpy as np
from numba import njit, prange

from race import Contestant

WHERE_ALL = (1, 2, 3)


def flat(values):
    return values.reshape(len(values), -1)


def maxima_fmax(values):
    """NumPy's fastest: a maximum that passes over NaN, then the first place where it stands."""
    days = flat(values)
    value = np.fmax.reduce(days, axis=1)
    index = np.array([np.argmax(day == most) for day, most in zip(days, value, strict=True)])
    return np.where(np.isnan(value), -1, index), value


def maxima_nanargmax(values):
    """The call everybody knows. It copies the array, and raises on a day without data."""
    days = flat(values)
    index = np.nanargmax(days, axis=1)
    return index, days[np.arange(len(days)), index]


def maxima_bottleneck(values):
    days = flat(values)
    index = bottleneck.nanargmax(days, axis=1)
    return index, days[np.arange(len(days)), index]


def maxima_numbagg(values):
    days = flat(values)
    index = numbagg.nanargmax(days, axis=1)
    return index, days[np.arange(len(days)), index]


def maxima_expected(values):
    """The definition."""
    days = flat(values)
    finite = np.isfinite(days)
    count = finite.sum(axis=1)
    known = np.where(finite, days, -np.inf)
    index = np.where(count > 0, known.argmax(axis=1), -1)
    value = np.where(count > 0, known.max(axis=1), np.nan).astype(days.dtype)
    return index, value, count, (finite & (days == value[:, None])).sum(axis=1)


@njit(parallel=True)
def maxima_loop(days, index, value, count, ties):
    """In one pass; a day in pieces, so that all threads have work whatever the number of days."""
    pieces = numba.get_num_threads()
    n = days.shape[1]
    best = np.empty((days.shape[0], pieces), days.dtype)
    where = np.empty((days.shape[0], pieces), np.int64)
    valid = np.empty((days.shape[0], pieces), np.int64)
    same = np.empty((days.shape[0], pieces), np.int64)
    for job in prange(days.shape[0] * pieces):
        day, piece = job // pieces, job % pieces
        most, at, seen, equal = -np.inf, -1, 0, 0
        for k in range(piece * n // pieces, (piece + 1) * n // pieces):
            v = days[day, k]
            if np.isfinite(v):
                seen += 1
                if v > most:
                    most, at, equal = v, k, 1
                elif v == most:
                    equal += 1
        best[day, piece], where[day, piece], valid[day, piece], same[day, piece] = most, at, seen, equal
    for day in range(days.shape[0]):
        most, at, seen, equal = -np.inf, -1, 0, 0
        for piece in range(pieces):
            seen += valid[day, piece]
            if where[day, piece] >= 0 and best[day, piece] > most:
                most, at, equal = best[day, piece], where[day, piece], 0
            if where[day, piece] >= 0 and best[day, piece] == most:
                equal += same[day, piece]
        index[day], count[day], ties[day] = at, seen, equal
        value[day] = most if at >= 0 else np.nan


def maxima_of(values):
    """Empty index, value, count, ties."""
    n = len(values)
    return np.empty(n, np.int64), np.empty(n, values.dtype), np.empty(n, np.int64), np.empty(n, np.int64)


MAXIMA = (
    Contestant("numpy-fmax", fresh=maxima_fmax),
    Contestant("bottleneck", fresh=maxima_bottleneck),
    Contestant("numbagg", fresh=maxima_numbagg),
    Contestant("numba", empty=maxima_of, into=lambda out, values: maxima_loop(flat(values), *out)),
    Contestant("numpy-nanargmax", fresh=maxima_nanargmax),
)
