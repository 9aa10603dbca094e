"""What the sounder reports of the air, where it reports anything."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gasquake.simulate.background import BACKGROUND, LEVELS
from gasquake.simulate.grid import EVENT_YEAR, ORBITS, Grid
from gasquake.simulate.kernel import averaging_kernel, smoothed
from gasquake.simulate.noise import Correlation, generator, markov_field, overcast, swath_gaps

__all__ = ["missing", "retrieved", "retrieved_sigma"]

# [D] How the departures of one cell on one day hang together with those of the next day, cell and level.
_LEVEL_LENGTH = 0.4  # in ln p, about 3 km
_CELL_CORRELATION = math.exp(-1.0 / 2.0)  # falls to 1/e over 2 cells
_CORRELATIONS: Correlation = {
    0: 0.35, 1: np.exp(np.diff(np.log(LEVELS)) / _LEVEL_LENGTH), 2: _CELL_CORRELATION, 3: _CELL_CORRELATION,
}  # fmt: skip
# [D] Noise that a retrieval with few degrees of freedom adds at each level, as a share of sigma.
_WHITE_SHARE = 0.1

_PRESSURE = LEVELS.astype(np.float32)[:, np.newaxis, np.newaxis]


def missing(grid: Grid, seed: int, /) -> NDArray[np.bool_]:
    """Where nothing is retrieved: gaps between swaths, clouds, and below the ground.

    Parameters
    ----------
    grid : Grid
        Of the scene.
    seed : int
        Of the world.

    Returns
    -------
    ndarray of bool
        (time, orbit, level, lat, lon).
    """
    found = np.empty((grid.dates.size, len(ORBITS), LEVELS.size, grid.lat.size, grid.lon.size), bool)
    for year in grid.calendar:
        here = grid.of_year(year)
        dates = grid.dates[here]
        for i, orbit in enumerate(ORBITS):
            shape = (dates.size, grid.lat.size, grid.lon.size)
            part = overcast(generator(seed, "cloud", year, i), shape, LEVELS)
            part |= swath_gaps(dates, grid.lon, grid.lat, ascending=orbit == "ascending")[:, np.newaxis]
            part |= grid.surface_pressure[here, i, np.newaxis] < _PRESSURE
            found[here, i] = part
    return found


def retrieved(
    gas: str,
    kernel: str,
    grid: Grid,
    seed: int,
    absent: NDArray[np.bool_],
    added: Sequence[NDArray[np.float32]],
    /,
) -> NDArray[np.float32]:
    """One gas as the sounder reports it.

    Parameters
    ----------
    gas, kernel : str
        Which gas, and what can be seen of it.
    grid : Grid
        Of the scene.
    seed : int
        Of the world.
    absent : ndarray of bool
        (time, orbit, level, lat, lon), as from `missing`.
    added : sequence of ndarray of float32
        What each source adds in the year of the event, (time, orbit, level, lat, lon) mol mol-1.

    Returns
    -------
    ndarray of float32
        (time, orbit, level, lat, lon) mol mol-1, NaN where it is missing.
    """
    air = BACKGROUND[gas]
    sigma = air.sigma().astype(np.float32)[:, np.newaxis, np.newaxis]
    result = np.empty(absent.shape, np.float32)
    for year in grid.calendar:
        here = grid.of_year(year)
        day_of_year = (grid.dates[here] - np.datetime64(f"{year}-01-01")) / np.timedelta64(1, "D") + 1.0
        prior = air.prior(day_of_year).astype(np.float32)[:, :, np.newaxis, np.newaxis]
        for i, orbit in enumerate(ORBITS):
            shape = (day_of_year.size, *absent.shape[2:])
            part = markov_field(generator(seed, f"noise {gas}", year, i), shape, _CORRELATIONS)
            part *= sigma
            own = air.departure(seed, gas, year=year, years_before=EVENT_YEAR - year, ascending=orbit == "ascending")
            part += own.astype(np.float32)[:, np.newaxis, np.newaxis]
            if year == EVENT_YEAR:
                for signal in added:
                    part += signal[:, i]
            if kernel != "identity":
                # There is no air below the ground that could depart from the prior.
                part *= grid.surface_pressure[here, i, np.newaxis] >= _PRESSURE
                part = smoothed(part, gas)
                white = generator(seed, f"white {gas}", year, i).standard_normal(shape, dtype=np.float32)
                part += np.float32(_WHITE_SHARE) * sigma * white
            part += prior
            np.copyto(part, np.float32(np.nan), where=absent[here, i])
            result[here, i] = part
    return result


def retrieved_sigma(gas: str, kernel: str, above: NDArray[np.bool_], /) -> NDArray[np.float64]:
    """Standard deviation of what is reported for one cell on one day, within one season and year.

    Parameters
    ----------
    gas, kernel : str
        Which gas, and what can be seen of it.
    above : ndarray of bool
        (level,) whether it lies above the ground.

    Returns
    -------
    ndarray of float64
        (level,) mol mol-1.
    """
    sigma = BACKGROUND[gas].sigma()
    if kernel == "identity":
        return sigma
    x = np.log(LEVELS) / _LEVEL_LENGTH
    state = np.where(above, sigma, 0.0)
    covariance = np.exp(-np.abs(x[:, np.newaxis] - x)) * np.outer(state, state)
    averaging = averaging_kernel(gas, kernel)
    return np.asarray(np.sqrt(np.diag(averaging @ covariance @ averaging.T) + (_WHITE_SHARE * sigma) ** 2))
