"""Daily series on bare arrays: a function over each, their autocorrelation, their days shuffled in blocks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["block_length", "lag_one", "over_series", "shuffled_blocks"]


def over_series(
    function: Callable[..., Sequence[Any]], types: Sequence[Any], *arrays: NDArray[Any], extra: tuple[int, ...] = ()
) -> tuple[NDArray[Any], ...]:
    """Apply a function of one-dimensional series to every series along the last axis of arrays that broadcast.

    Parameters
    ----------
    function : callable
        Takes one series of each array; returns as many scalars, or arrays of shape `extra`, as there are `types`.
    types : sequence of dtype
        Of the results.
    *arrays : ndarray
        All as long along the last axis.
    extra : tuple of int
        Shape of each result of one series.

    Returns
    -------
    tuple of ndarray
        Of the leading shape of the arrays followed by `extra`.
    """
    wide = np.broadcast_arrays(*arrays)
    shape = wide[0].shape[:-1]
    results = tuple(np.empty((*shape, *extra), dtype) for dtype in types)
    for index in np.ndindex(shape):
        for result, value in zip(results, function(*(array[index] for array in wide)), strict=True):
            result[index] = value
    return results


def lag_one(values: NDArray[Any], days: NDArray[Any]) -> float:
    """Autocorrelation at a lag of one day, over the pairs of neighbouring days that are both there.

    Parameters
    ----------
    values : ndarray
        One series; NaN is missing.
    days : ndarray of datetime64[D]
        Strictly increasing.

    Returns
    -------
    float
        Mean product of the anomalies of a pair over their mean square, in -1..1; NaN where there is no pair or no
        spread.
    """
    valid = np.isfinite(values)
    apart = np.where(valid, values - values[valid].mean(), 0.0) if valid.any() else np.zeros(len(values))
    pair = valid[:-1] & valid[1:] & (np.diff(days) == np.timedelta64(1, "D"))
    scale = np.square(apart).sum() / max(int(valid.sum()), 1)
    if not pair.any() or not scale > 0.0:
        return float("nan")
    return float(np.clip(np.mean((apart[:-1] * apart[1:])[pair]) / scale, -1.0, 1.0))


def block_length(n: int) -> int:
    """Days that are resampled together, of n: [D] one and a half times the cube root."""
    return max(1, round(1.5 * float(np.cbrt(n))))


def shuffled_blocks(n: int, block: int, count: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Orders of 0..n-1 in which runs of `block` neighbours, cut at a random place, are shuffled as wholes.

    Parameters
    ----------
    n : int
        Samples.
    block : int
        Length of a run; the first and last of an order may be shorter.
    count : int
        Orders to draw.
    rng : Generator
        Source of the numbers.

    Returns
    -------
    ndarray of intp
        Of (count, n).
    """
    run = (np.arange(n) + rng.integers(0, block, (count, 1))) // block
    keys = rng.random((count, n // block + 2))
    return np.argsort(np.take_along_axis(keys, run, axis=1), axis=1, kind="stable")
