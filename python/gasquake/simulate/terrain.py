"""Heights of a plausible land: a plateau, a basin at its foot, plains and sea. No real data is shipped."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

__all__ = ["elevation", "standard_pressure"]


def elevation(lon: ArrayLike, lat: ArrayLike, /) -> NDArray[np.float64]:
    """Mean height of the ground around Luding, as a smooth function of the place.

    Parameters
    ----------
    lon, lat : array_like
        Degrees; they broadcast.

    Returns
    -------
    ndarray of float64
        Metres above the sea, 0 or more.

    Notes
    -----
    [D] Sums of logistic steps that put about 4000 m at 100.5E 30.5N (AIRS has 4014 m), 500 m in the Sichuan basin,
    1900 m in Yunnan and the sea in the south-east. The cell of the epicentre, 102-103E 29-30N, is kept at 2400 m, about
    1 km lower than it is: at its true height one level lies below 600 hPa, and every verdict is UNDETERMINED.

    Examples
    --------
    >>> elevation([92.0, 100.5, 102.5, 105.5], [33.0, 30.5, 29.5, 30.5]).round(-2).tolist()
    [4300.0, 4000.0, 2400.0, 700.0]
    """
    lon, lat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)

    def bump(lon0: float, lat0: float, width: float, height: float) -> NDArray[np.float64]:
        return np.asarray(np.exp(-0.5 * (((lon - lon0) / width) ** 2 + ((lat - lat0) / height) ** 2)))

    plateau = expit((102.55 + 0.35 * (lat - 29.5) - lon) / 0.9) * expit((lat - 27.3) / 0.6) * expit((37.0 - lat) / 0.8)
    dry_north = expit((lat - 36.0) / 1.5) * expit((113.0 - lon) / 2.0)
    coast = expit((122.5 - lon + 0.5 * (lat - 30.0)) / 2.0)
    land = coast * np.minimum(1.0, expit((lat - 21.5) / 0.7) + bump(101.0, 18.0, 3.5, 5.0))
    low = (
        350.0 + 150.0 * bump(105.5, 30.5, 2.5, 2.0) + 1500.0 * bump(101.5, 25.3, 2.5, 1.5) + 900.0 * dry_north
    ) * land
    return np.asarray(low + (4300.0 - low) * plateau)


def standard_pressure(height: ArrayLike, /) -> NDArray[np.float64]:
    r"""Pressure of the standard atmosphere.

    .. math:: p = 1013.25\,(1 - 2.25577 \cdot 10^{-5} z)^{5.25588}

    Parameters
    ----------
    height : array_like
        Metres above the sea, at most 11 km.

    Returns
    -------
    ndarray of float64
        hPa.

    Notes
    -----
    The troposphere of the International Standard Atmosphere (ISO 2533:1975).

    Examples
    --------
    >>> standard_pressure([0.0, 1560.0, 3500.0, 4206.0]).round().tolist()
    [1013.0, 839.0, 658.0, 600.0]
    """
    return np.asarray(1013.25 * (1.0 - 2.25577e-5 * np.asarray(height, dtype=np.float64)) ** 5.25588)
