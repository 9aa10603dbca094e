"""The same numbers in memory in other ways."""

from __future__ import annotations

import numpy as np


def strided(a: np.ndarray) -> np.ndarray:
    """Every second element of a larger array along every axis."""
    wide = np.full(tuple(2 * n for n in a.shape), 77, a.dtype)
    view = wide[(slice(None, None, 2),) * a.ndim]
    view[...] = a
    return view


def reversed_(a: np.ndarray) -> np.ndarray:
    """Negative strides along every axis."""
    return np.flip(np.flip(a).copy())


def last_axis_first(a: np.ndarray) -> np.ndarray:
    """C-contiguous after a permutation of the axes."""
    return np.moveaxis(np.moveaxis(a, -1, 0).copy(), 0, -1)


def inside(a: np.ndarray) -> np.ndarray:
    """A block of a larger array: rows are contiguous, the whole is not."""
    wide = np.full(tuple(n + 3 for n in a.shape), 77, a.dtype)
    view = wide[tuple(slice(1, n + 1) for n in a.shape)]
    view[...] = a
    return view


def read_only(a: np.ndarray) -> np.ndarray:
    copy = a.copy()
    copy.flags.writeable = False
    return copy


def misaligned(a: np.ndarray) -> np.ndarray:
    buffer = bytearray(a.nbytes + 1)
    view = np.frombuffer(buffer, a.dtype, a.size, offset=1).reshape(a.shape)
    view[...] = a
    assert not view.flags.aligned or a.dtype.alignment == 1 or not a.size
    return view


def big_endian(a: np.ndarray) -> np.ndarray:
    return a.astype(a.dtype.newbyteorder(">"))


def masked(a: np.ndarray) -> np.ndarray:
    """Missing samples hide a fill value."""
    missing = ~np.isfinite(a)
    return np.ma.MaskedArray(np.where(missing, np.array(9999).astype(a.dtype), a), missing)


def masked_without_a_mask(a: np.ndarray) -> np.ndarray:
    return np.ma.MaskedArray(a)


LAYOUTS = {
    "fortran": np.asfortranarray,
    "strided": strided,
    "reversed": reversed_,
    "last_axis_first": last_axis_first,
    "inside": inside,
    "read_only": read_only,
    "misaligned": misaligned,
    "big_endian": big_endian,
    "masked": masked,
    "masked_without_a_mask": masked_without_a_mask,
}
