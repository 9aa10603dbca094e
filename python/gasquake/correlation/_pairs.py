"""What the correlations share: two series on one grid, and Pearson's coefficient with missing days."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gasquake import _labelled
from gasquake.correlation.detrending import detrend

__all__ = ["checked_pair", "masked_correlation"]


def checked_pair(
    x: xr.DataArray, y: xr.DataArray, harmonics: int | None, dim: Hashable | None
) -> tuple[xr.DataArray, xr.DataArray, Hashable]:
    """The two series, checked and detrended, and their time dim."""
    time = _labelled.time_dim(x, dim=dim)
    _labelled.require_dataarray(y, "y")
    for array, name in ((x, "x"), (y, "y")):
        _labelled.float_dtype(array, name)
    _labelled.check_aligned(x, "x", y=y)
    missing = [d for d in x.dims if d not in y.dims]
    if missing:
        raise ValueError(f"y has no dimension {missing[0]!r}, which x has; they must be on the same grid")
    if harmonics is not None:
        both = np.isfinite(x) & np.isfinite(y)  # one line for each, through the same days
        x, y = (detrend(a.where(both), harmonics=harmonics, dim=time) for a in (x, y))
    return x, y, time


def masked_correlation(a: NDArray[Any], b: NDArray[Any], used: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Pearson's coefficient over the last axis of the used pairs, NaN where a series is constant.

    `scipy.stats.pearsonr` has no mask along an axis and warns of constant series, which are common in clouds.
    """
    a, b, used = np.broadcast_arrays(a, b, used)
    n = used.sum(axis=-1, keepdims=True)

    def apart(values: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
        total = np.sum(values, axis=-1, where=used, dtype=np.float64, keepdims=True)
        mean = np.divide(total, n, out=np.zeros(n.shape), where=n > 0)
        centred = np.where(used, values - mean, 0.0)
        size = np.sqrt(np.square(centred).sum(axis=-1))
        largest = np.abs(np.where(used, values, 0.0)).max(axis=-1, initial=0.0)
        return centred, size, size > 1e-13 * largest * np.sqrt(n[..., 0])

    (one, one_size, one_varies), (other, other_size, other_varies) = apart(a), apart(b)
    varies = one_varies & other_varies
    product = one_size * other_size
    r = np.divide((one * other).sum(axis=-1), product, out=np.full(product.shape, np.nan), where=varies & (product > 0))
    clipped: NDArray[np.float64] = np.clip(r, -1.0, 1.0)
    return clipped
