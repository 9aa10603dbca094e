"""Where the largest value lies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gasquake import _core
from gasquake._array import FloatArray, as_float, resolve_axis
from gasquake._options import threads

__all__ = ["Maxima", "locate_maxima"]


@dataclass(frozen=True, slots=True, eq=False)
class Maxima:
    """What `locate_maxima` finds, each array of the shape of the axes that are kept.

    Attributes
    ----------
    index : ndarray of int64
        Position of the first maximum, counted in C order over the reduced axes; -1 where nothing is finite. Take it
        apart with ``numpy.unravel_index(index, reduced_shape)``.
    value : ndarray of float
        The maximum, in the unit of the values; NaN where nothing is finite.
    count : ndarray of int64
        Finite samples.
    ties : ndarray of int64
        Samples that equal the maximum: 1 where it is unique, 0 where nothing is finite.
    """

    index: NDArray[np.int64]
    value: FloatArray
    count: NDArray[np.int64]
    ties: NDArray[np.int64]


def locate_maxima(
    values: ArrayLike,
    /,
    *,
    axes: int | Sequence[int] = (-2, -1),
    n_threads: int | None = None,
) -> Maxima:
    """Largest finite sample over several axes at once, where it is, and how many equal it.

    Parameters
    ----------
    values : array_like of float, any shape
        Samples in any unit. NaN and infinities are missing.
    axes : int or sequence of int
        Axes to reduce; together they are counted in C order, in the order in which they lie in `values`.
    n_threads : int, optional
        At most this many threads. The result does not depend on it, bit for bit.

    Returns
    -------
    Maxima
        Index, value, number of finite samples and ties.

    Raises
    ------
    TypeError
        If `values` does not hold real numbers or an axis is not an integer.
    ValueError
        If an axis does not exist or is named twice.

    Notes
    -----
    The maximum of a noisy field wanders even where nothing happens, and the maximum of a raw mixing ratio stays over
    permanent sources: take it of an anomaly, and compare its track with a null. Ties mean that a grid or a packed
    format is too coarse to tell; the first is returned.

    Zhao Yi et al. (2022), Advances in Geosciences 12(12), doi:10.12677/ag.2022.1212164, follow daily maxima.

    Examples
    --------
    >>> import numpy as np
    >>> from gasquake.kernels import locate_maxima
    >>> day = np.array([[[1.0, np.nan], [7.0, 7.0]], [[np.nan, np.nan], [np.nan, np.nan]]])
    >>> locate_maxima(day)
    Maxima(index=array([ 2, -1]), value=array([ 7., nan]), count=array([3, 0]), ties=array([2, 0]))
    """
    array = as_float(values, "values")
    reduced = _resolve_axes(axes, array.ndim)
    kept = [axis for axis in range(array.ndim) if axis not in reduced]
    view = _view(array, kept, reduced)
    out = (view.shape[0], 1, view.shape[2])
    value = np.empty(out, view.dtype)
    index, count, ties = np.empty(out, np.int64), np.empty(out, np.int64), np.empty(out, np.int64)
    _core.locate_maxima(view, index, value, count, ties, threads(n_threads))
    shape = tuple([array.shape[axis] for axis in kept])
    return Maxima(index.reshape(shape), value.reshape(shape), count.reshape(shape), ties.reshape(shape))


def _resolve_axes(axes: Any, ndim: int) -> list[int]:
    if not isinstance(axes, (tuple, list)):
        try:
            axes = [axes] if np.ndim(axes) == 0 else list(axes)
        except (TypeError, ValueError):
            raise TypeError(f"axes must be an integer or a sequence of integers, got {axes!r}") from None
    found = [resolve_axis(axis, ndim, "axes") for axis in axes]
    if len(set(found)) != len(found):
        raise ValueError(f"axes must be different, got {axes!r} for an array of {ndim} dimension(s)")
    return sorted(found)


def _view(array: FloatArray, kept: list[int], reduced: list[int]) -> FloatArray:
    """`array` as ``(outer, n, inner)`` with the reduced axes in the middle; a copy only where memory demands it."""
    n = math.prod([array.shape[axis] for axis in reduced])
    size = math.prod([array.shape[axis] for axis in kept])
    last = array.transpose(kept + reduced)
    if last.flags.c_contiguous:
        return last.reshape(size, n, 1)
    first = array.transpose(reduced + kept)
    if first.flags.c_contiguous:
        return first.reshape(1, n, size)
    return np.ascontiguousarray(last).reshape(size, n, 1)
