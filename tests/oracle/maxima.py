"""Twin of the maxima."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from oracle import lanes


def locate_maxima(values, /, *, axes=(-2, -1)):
    values = np.asarray(values)
    reduced = sorted(axis % values.ndim for axis in axes)
    kept = [axis for axis in range(values.ndim) if axis not in reduced]
    shape = tuple(values.shape[axis] for axis in kept)
    index = np.full(shape, -1, np.int64)
    value = np.full(shape, np.nan, lanes.output_dtype(values))
    count, ties = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    for at in np.ndindex(shape):
        select: list = [slice(None)] * values.ndim
        for axis, i in zip(kept, at, strict=True):
            select[axis] = i
        flat = values[tuple(select)].reshape(-1)  # C order over the reduced axes, in array order
        for i, x in enumerate(flat):
            if not np.isfinite(x):
                continue
            count[at] += 1
            if index[at] < 0 or x > flat[index[at]]:
                index[at], ties[at] = i, 1
            elif x == flat[index[at]]:
                ties[at] += 1
        if index[at] >= 0:
            value[at] = flat[index[at]]
    return SimpleNamespace(index=index, value=value, count=count, ties=ties)
