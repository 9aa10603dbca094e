"""What a retrieval makes of the air: everything, or about one number for the whole column."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gasquake.simulate.background import LEVELS

__all__ = ["KERNELS", "averaging_kernel"]

KERNELS = ("identity", "thermal-infrared")

# [D] Pressure of the greatest sensitivity (AIRS CO about 500 hPa; CH4 about 300 hPa, as the mean NUCAPS kernel's 321),
# and its width in ln p.
_PEAK = {"co": (500.0, 0.45), "ch4": (300.0, 0.50)}
_DEGREES_OF_FREEDOM = 1.0
_SECOND = 0.12  # second over first singular value, of a retrieval that sees next to no shape


def averaging_kernel(gas: str, kind: str, /) -> NDArray[np.float64]:
    r"""Averaging kernel of the simulated retrieval.

    .. math:: A = k_1 w_1^T + k_2 w_2^T

    with a bump in ln p for the first pair and its derivative, which tells a little more above from below, for the
    second.

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
    peak, width = _PEAK[gas]
    x = np.log(LEVELS / peak) / width
    first = np.exp(-0.5 * x**2)
    second = x * first
    second -= (second @ first) / (first @ first) * first
    unit = [shape / np.linalg.norm(shape) for shape in (first, second)]
    # Orthonormal pairs: the singular values are the factors, the trace is their sum.
    scale = _DEGREES_OF_FREEDOM / (1.0 + _SECOND)
    return np.asarray(scale * (np.outer(unit[0], unit[0]) + _SECOND * np.outer(unit[1], unit[1])))
