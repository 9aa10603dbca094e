"""Sliding windows along one axis: mean, spread, median, MAD and z-score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gasquake import _core
from gasquake._array import FloatArray, as_float, check_choice, check_positive_int, lanes, resolve_axis
from gasquake._options import threads

__all__ = ["WindowAnomaly", "rolling_mean", "rolling_zscore"]


@dataclass(frozen=True, slots=True)
class WindowAnomaly:
    """What `rolling_zscore` finds, each of the shape of the values.

    Attributes
    ----------
    anomaly : ndarray of float
        Sample minus the centre (mean or median) of its window, in the unit of the values.
    zscore : ndarray of float
        Anomaly over the spread of the window, dimensionless. NaN where the spread is 0 or unknown.
    count : ndarray of int32
        Valid samples in the window.
    """

    anomaly: FloatArray
    zscore: FloatArray
    count: NDArray[np.int32]
