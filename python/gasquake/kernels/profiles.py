"""Vertical profiles: is an anomaly rooted in the ground, or does it float?"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gasquake import _core
from gasquake._array import (
    FloatArray,
    as_float,
    broadcast_float,
    check_number,
    check_positive_int,
    lanes,
    memory_order,
    resolve_axis,
)
from gasquake._options import threads

__all__ = ["ProfileScan", "ProfileVerdict", "scan_profiles"]

#: The core refuses profiles of more levels (an index is an int16).
_MOST_LEVELS = 2**15 - 1


class ProfileVerdict(IntEnum):
    """What a profile's anomaly says about where the gas comes from."""

    #: Too few levels below the split: the data cannot tell.
    UNDETERMINED = -1
    #: No level reaches the threshold.
    NONE = 0
    #: Anomalous from the ground up and decreasing with height.
    ROOTED = 1
    #: Anomalous above the split, quiet below.
    ROOTLESS = 2
    #: Anomalous, but neither.
    MIXED = 3
    #: Anomalous, but the averaging kernel carries no shape. Only the labelled layer, which knows the kernel, says so.
    AMPLITUDE_ONLY = 4


@dataclass(frozen=True, slots=True, eq=False)
class ProfileScan:
    """What `scan_profiles` finds, each array of the shape of the values without the level axis.

    Attributes
    ----------
    verdict : ndarray of int8
        A `ProfileVerdict`.
    gradient : ndarray of float
        Slope of the values against height in scale heights, units of the values per km; negative where they decrease
        upward. NaN with fewer than two fitted levels.
    gradient_se : ndarray of float
        Its standard error.
    z_below, z_above : ndarray of float
        Largest z below and above the split; NaN where no level counts.
    peak_level : ndarray of int16
        Index of the level of the largest z, the lowest of equals; -1 where no level counts.
    bottom_level : ndarray of int16
        Index of the lowest level that counts; -1 where none does.
    n_below : ndarray of int16
        Levels that count below the split.
    """

    verdict: NDArray[np.int8]
    gradient: FloatArray
    gradient_se: FloatArray
    z_below: FloatArray
    z_above: FloatArray
    peak_level: NDArray[np.int16]
    bottom_level: NDArray[np.int16]
    n_below: NDArray[np.int16]


def scan_profiles(
    values: ArrayLike,
    pressure: ArrayLike,
    /,
    *,
    sigma: ArrayLike | None = None,
    surface_pressure: ArrayLike | None = None,
    split: float = 600.0,
    top: float = 400.0,
    upper: float = 100.0,
    threshold: float = 2.0,
    quiet: float = 1.0,
    min_below: int = 2,
    scale_height_km: float = 7.5,
    level_axis: int = -3,
    n_threads: int | None = None,
) -> ProfileScan:
    r"""Vertical-gradient criterion: judge every profile of an anomaly field in one pass.

    A level counts if its value (and sigma) is finite, sigma is positive and ``upper <= p <= surface_pressure - 5 hPa``.
    With :math:`z = value / \sigma` and :math:`\zeta = -H \ln(p / p_{ref})`, the gradient is the least-squares slope of
    the value on :math:`\zeta`, weighted by :math:`1 / \sigma^2`, over the levels that count with ``p >= top``; it does
    not depend on :math:`p_{ref}`. The verdict is, in this order:

    1. UNDETERMINED if fewer than `min_below` levels count at ``p >= split``;
    2. NONE if no z reaches `threshold`;
    3. ROOTED if the largest z below the split reaches `threshold`, every level that counts from the lowest up to that
       one has ``z >= quiet``, and ``gradient + 1.645 SE < 0`` (one-sided 95 % of a normal distribution: of noise it
       holds for 5 % if `sigma` is known and levels are independent, for 8 to 12 % without `sigma`);
    4. ROOTLESS if z reaches `threshold` above the split and every z below it is less than `quiet`;
    5. MIXED otherwise.

    Parameters
    ----------
    values : array_like of float, shape (..., level, ...)
        Anomalies in any unit, or z-scores where `sigma` is None. NaN and infinities are missing.
    pressure : array_like of float, shape (level,)
        Pressure of the levels in hPa, strictly monotonic, either way up.
    sigma : array_like of float, broadcastable to `values`, optional
        Standard deviation of each value, same unit. None means that the values are z-scores.
    surface_pressure : array_like of float, broadcastable to `values` without the level axis, optional
        In hPa. NaN means unknown: no level counts. Without it no level is taken to be below ground.
    split : float
        Levels with at least this pressure, in hPa, are below.
    top : float
        The gradient is fitted up to this pressure, in hPa (400 for CO, 300 for CH4).
    upper : float
        Levels above this pressure, in hPa, are ignored.
    threshold, quiet : float
        z from which a level is anomalous, and below which it is quiet.
    min_below : int
        Levels below the split without which nothing is said.
    scale_height_km : float
        Scale height H in km.
    level_axis : int
        Axis of the levels.
    n_threads : int, optional
        At most this many threads. The result does not depend on it, bit for bit.

    Returns
    -------
    ProfileScan
        Verdict and what it rests on. The standard error of the gradient comes from `sigma`, or without it from the
        residuals (NaN with fewer than three levels, which are then never ROOTED).

    Raises
    ------
    TypeError
        If an array does not hold real numbers.
    ValueError
        If shapes do not fit, `pressure` is not positive, finite and strictly monotonic, or a parameter is out of range.

    Notes
    -----
    With about one degree of freedom for signal a retrieval returns the same vertical shape for every plume, and the
    sign of the gradient is the instrument's, not the gas's: check the averaging kernel
    (`gasquake.profiles.shape_information`) before believing ROOTED or ROOTLESS. A 1-degree cell over a high plateau
    has at most one level below 600 hPa and is UNDETERMINED. ROOTED occurs by chance: count how often it does on days
    without earthquakes.

    The criterion "decreasing upward means local" is that of Zhao Yi et al. (2022), Advances in Geosciences 12(12),
    doi:10.12677/ag.2022.1212164; its thresholds, the runs and the test of the gradient are design choices.

    Examples
    --------
    >>> import numpy as np
    >>> from gasquake.kernels import ProfileVerdict, scan_profiles
    >>> pressure = [925.0, 850.0, 700.0, 600.0, 500.0, 400.0, 300.0]
    >>> found = scan_profiles([4.0, 3.5, 2.6, 2.0, 1.2, 0.4, 0.0], pressure, level_axis=0)
    >>> ProfileVerdict(found.verdict)
    <ProfileVerdict.ROOTED: 1>
    >>> round(float(found.gradient), 2), int(found.peak_level)
    (-0.57, 0)
    """
    array = as_float(values, "values")
    if array.ndim == 0:
        raise ValueError("values must have at least one dimension (the levels), got a scalar")
    axis = resolve_axis(level_axis, array.ndim, "level_axis")
    levels = as_float(pressure, "pressure", np.dtype(np.float64))
    if levels.shape != (array.shape[axis],):
        raise ValueError(
            f"pressure must have shape ({array.shape[axis]},) as axis {axis} of values, got {levels.shape}"
        )
    criteria = (
        check_number(split, "split", positive=True),
        check_number(top, "top", positive=True),
        check_number(upper, "upper"),
        check_number(threshold, "threshold"),
        check_number(quiet, "quiet"),
        min(check_positive_int(min_below, "min_below", minimum=0), _MOST_LEVELS + 1),
        check_number(scale_height_km, "scale_height_km", positive=True),
    )
    view, restore = lanes(array, axis, reduced=True)
    spread = ground = None
    if sigma is not None:
        spread = _alike(broadcast_float(sigma, "sigma", array.shape, array.dtype), array, axis)
    if surface_pressure is not None:
        kept = array.shape[:axis] + array.shape[axis + 1 :]
        below = broadcast_float(surface_pressure, "surface_pressure", kept, array.dtype)
        ground = _alike(np.expand_dims(below, axis), array, axis)
    shape, dtype = (view.shape[0], 1, view.shape[2]), view.dtype
    out = (
        np.empty(shape, np.int8),
        np.empty(shape, dtype),
        np.empty(shape, dtype),
        np.empty(shape, dtype),
        np.empty(shape, dtype),
        np.empty(shape, np.int16),
        np.empty(shape, np.int16),
        np.empty(shape, np.int16),
    )
    _core.scan_profiles(view, np.ascontiguousarray(levels), spread, ground, criteria, out, threads(n_threads))
    return ProfileScan(*map(restore, out))


def _alike(companion: FloatArray, array: FloatArray, axis: int) -> FloatArray:
    """Lay a companion of `array` out as ``lanes(array, axis)`` is, without copying what is broadcast."""
    order = memory_order(array)
    moved, at = companion.transpose(order), order.index(axis)
    outer = int(np.prod(moved.shape[:at], dtype=np.int64))
    inner = int(np.prod(moved.shape[at + 1 :], dtype=np.int64))
    return moved.reshape(outer, moved.shape[at], inner)
