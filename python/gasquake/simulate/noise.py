"""Random fields: what the air and the retrieval do on their own, and where nothing was retrieved.

Every field is drawn from its own generator, keyed by the seed and by what the field is. So a world is the same, bit for
bit, whatever is added to it, and one year of it is the same however many others are simulated.
"""

from __future__ import annotations

import math
import zlib

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

__all__ = ["Correlation", "generator", "markov_field", "overcast", "swath_gaps"]

#: Axis -> correlation of neighbours along it, or of each pair of neighbours.
Correlation = dict[int, float | NDArray[np.float64]]

# Aqua: 233 orbits in 16 days at an inclination of 98.2 degrees.
_ORBITS_PER_DAY = 233.0 / 16.0
_SPACING = 360.0 / _ORBITS_PER_DAY
_INCLINATION = math.radians(98.2)
# [D] Measured east to west on a real daily map (AIRX3STD TotCO, 2015-10-01): 18 to 20 degrees are seen, 4 to 6 are not.
_HALF_SWATH_KM = 965.0
_KM_PER_DEGREE = 111.195

# [D] Share of the cells inside the swath that clouds take, by pressure.
_CLOUD_PRESSURE = (150.0, 300.0, 500.0, 700.0, 1000.0)
_CLOUD_SHARE = (0.07, 0.08, 0.11, 0.15, 0.17)


def generator(seed: int, purpose: str, *key: int) -> np.random.Generator:
    """The random numbers of one field.

    Parameters
    ----------
    seed : int
        Of the world, 0 or more.
    purpose : str
        What the field is.
    *key : int
        Which of them, as year and orbit.

    Returns
    -------
    Generator
        Independent of that of any other key.
    """
    spawn = (zlib.crc32(purpose.encode()), *key)
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence(seed, spawn_key=spawn)))


def markov_field(rng: np.random.Generator, shape: tuple[int, ...], correlations: Correlation, /) -> NDArray[np.float32]:
    """A stationary Gaussian field of unit variance whose correlation falls exponentially along each axis.

    Parameters
    ----------
    rng : Generator
        Where its numbers come from.
    shape : tuple of int
        Of the field.
    correlations : dict of int to float or ndarray
        For each correlated axis the correlation of neighbours, or that of each pair of neighbours. Axes not named are
        uncorrelated.

    Returns
    -------
    ndarray of float32
        The field; :math:`x_i = r x_{i-1} + \\sqrt{1 - r^2} w_i` along each axis, started in its stationary state.

    Notes
    -----
    Written out, because ``scipy.signal.lfilter`` takes one correlation for all pairs (levels are not evenly spaced) and
    ten times as long. No library of linear algebra has a part in it, so threads and processors do not change the bits.
    """
    field = rng.standard_normal(shape, dtype=np.float32)
    for axis, correlation in correlations.items():
        moved = np.moveaxis(field, axis, 0)
        steps = np.broadcast_to(np.asarray(correlation), (max(len(moved) - 1, 0),))
        for i, r in enumerate(steps, start=1):
            moved[i] *= np.float32(math.sqrt(1.0 - r * r))
            moved[i] += np.float32(r) * moved[i - 1]
    return field


def overcast(
    rng: np.random.Generator, shape: tuple[int, int, int], pressure: NDArray[np.float64], /
) -> NDArray[np.bool_]:
    """Where clouds left nothing to retrieve: clustered in time and space, deeper levels more often.

    Parameters
    ----------
    rng : Generator
        Where its numbers come from.
    shape : tuple of int
        Times, latitudes, longitudes.
    pressure : ndarray
        Of the levels, hPa.

    Returns
    -------
    ndarray of bool
        (time, level, lat, lon). What is missing at a level is missing at every level below it.
    """
    cover = markov_field(rng, shape, {0: 0.4, 1: 0.65, 2: 0.65})
    share = np.interp(np.log(pressure), np.log(_CLOUD_PRESSURE), _CLOUD_SHARE)
    return np.asarray(cover[:, np.newaxis] < ndtri(share).astype(np.float32)[:, np.newaxis, np.newaxis])


def swath_gaps(
    dates: NDArray[np.datetime64], lon: NDArray[np.float64], lat: NDArray[np.float64], /, *, ascending: bool
) -> NDArray[np.bool_]:
    """Where the swaths of one day leave a gap between them.

    Parameters
    ----------
    dates : ndarray of datetime64
        Nominal dates.
    lon, lat : ndarray
        Cell centres, degrees.
    ascending : bool
        Northward half of the orbits, or the southward one.

    Returns
    -------
    ndarray of bool
        (time, lat, lon). The pattern moves from day to day and comes back after 16 days.

    Notes
    -----
    A circular orbit over a turning Earth. [D] The phase of the cycle is arbitrary, so the gaps of a date are not those
    of the real one; the width of the swath is measured (see the source).
    """
    u = np.arcsin(np.clip(np.sin(np.deg2rad(lat)) / math.sin(_INCLINATION), -1.0, 1.0))
    drift = np.rad2deg(np.arctan2(math.cos(_INCLINATION) * np.sin(u), np.cos(u))) - _SPACING * u / (2.0 * np.pi)
    day = dates.astype("datetime64[D]").astype(np.int64) % 16
    node = -day * _SPACING * (_ORBITS_PER_DAY % 1.0) + (0.0 if ascending else 0.3 * _SPACING)
    centre = node[:, np.newaxis] + (drift if ascending else -drift)
    away = (lon - centre[:, :, np.newaxis] + _SPACING / 2.0) % _SPACING - _SPACING / 2.0
    reach = _HALF_SWATH_KM / (_KM_PER_DEGREE * np.maximum(np.cos(np.deg2rad(lat)), 1e-6))
    return np.asarray(np.abs(away) > reach[:, np.newaxis])
