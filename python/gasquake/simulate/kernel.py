"""What a retrieval makes of the air: everything, or about one number for the whole column."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gasquake.simulate.background import LEVELS

__all__ = ["KERNELS", "averaging_kernel", "smoothed"]

KERNELS = ("identity", "thermal-infrared")

# [D] Pressure of the greatest sensitivity (AIRS CO about 500 hPa; CH4 about 300 hPa, as the mean NUCAPS kernel's 321),
# and its width in ln p.
_PEAK = {"co": (500.0, 0.45), "ch4": (300.0, 0.50)}
_DEGREES_OF_FREEDOM = 1.0
_SECOND = 0.12  # second over first singular value, of a retrieval that sees next to no shape


def averaging_kernel(gas: str, kind: str, /) -> NDArray[np.float64]:
    r"""Averaging kernel of the simulated retrieval.

    .. math:: A = s_1 v_1 v_1^T + s_2 v_2 v_2^T

    with a bump in ln p for the first vector, and for the second its derivative, which tells a little of above from
    below.

    Parameters
    ----------
    gas : {"co", "ch4"}
        Which gas.
    kind : {"identity", "thermal-infrared"}
        The air as it is, or what a thermal infrared sounder with one degree of freedom reports of it.

    Returns
    -------
    ndarray of float64
        (level, level_true). The trace is 1 for "thermal-infrared".

    Examples
    --------
    >>> a = averaging_kernel("co", "thermal-infrared")
    >>> singular = np.linalg.svd(a, compute_uv=False)
    >>> print(f"{np.trace(a):.2f} {singular[1] / singular[0]:.2f} {LEVELS[a.sum(axis=1).argmax()]:.0f} hPa")
    1.00 0.12 500 hPa
    """
    if kind == "identity":
        return np.eye(LEVELS.size)
    factors, vectors = _pairs(gas)
    return np.asarray(sum(factor * np.outer(v, v) for factor, v in zip(factors, vectors, strict=True)))


def smoothed(state: NDArray[np.float32], gas: str, /) -> NDArray[np.float32]:
    """What the "thermal-infrared" retrieval makes of departures from its prior.

    Parameters
    ----------
    state : ndarray of float32
        (time, level, lat, lon).
    gas : {"co", "ch4"}
        Which gas.

    Returns
    -------
    ndarray of float32
        The averaging kernel applied along the levels.

    Notes
    -----
    Summed level by level, and not by a library of linear algebra, whose bits depend on the number of its threads.
    """
    result = np.zeros_like(state)
    for factor, vector in zip(*_pairs(gas), strict=True):
        weights = vector.astype(np.float32)
        seen = np.zeros_like(state[:, 0])
        for level, weight in enumerate(weights):
            seen += weight * state[:, level]
        seen *= np.float32(factor)
        for level, weight in enumerate(weights):
            result[:, level] += weight * seen
    return result


def _pairs(gas: str) -> tuple[tuple[float, float], tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Singular values and orthonormal vectors of the kernel, the same on either side."""
    peak, width = _PEAK[gas]
    x = np.log(LEVELS / peak) / width
    first = np.exp(-0.5 * x**2)
    first /= np.sqrt((first**2).sum())
    second = x * first
    second -= (second * first).sum() * first
    second /= np.sqrt((second**2).sum())
    # The trace is the sum of the singular values.
    largest = _DEGREES_OF_FREEDOM / (1.0 + _SECOND)
    return (largest, _SECOND * largest), (first, second)
