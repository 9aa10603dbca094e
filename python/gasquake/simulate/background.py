"""The air before anything is added: mean profiles, season, years, orbits, and how much each level varies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gasquake.simulate.noise import generator

__all__ = ["BACKGROUND", "LEVELS", "Background"]

#: Levels of AIRS level 3, hPa, surface first.
LEVELS = np.array([
    1000.0, 925.0, 850.0, 700.0, 600.0, 500.0, 400.0, 300.0, 250.0, 200.0, 150.0, 100.0, 70.0, 50.0, 30.0, 20.0, 15.0,
    10.0, 7.0, 5.0, 3.0, 2.0, 1.5, 1.0,
])  # fmt: skip

_Table = tuple[tuple[float, ...], tuple[float, ...]]


@dataclass(frozen=True, slots=True)
class Background:
    """One gas in the undisturbed air.

    Attributes
    ----------
    profile : tuple
        Pressures (hPa) and mole fractions there (mol mol-1), linear in ln p between.
    deviation : tuple
        Pressures (hPa) and standard deviations there, a share of the profile if `relative`, else mol mol-1.
    relative : bool
        What `deviation`, `season`, `descending`, `spread` and `trend` are: shares of the profile, or mol mol-1.
    season : float
        Half the difference between the months of most and of least gas.
    peak_day : float
        Day of the year of most gas.
    descending : float
        How the descending orbit differs from the ascending one.
    spread : float
        Standard deviation between years.
    trend : float
        Growth per year that AIRS has seen.
    """

    profile: _Table
    deviation: _Table
    relative: bool
    season: float
    peak_day: float
    descending: float
    spread: float
    trend: float

    def mean(self) -> NDArray[np.float64]:
        """The mean profile.

        Returns
        -------
        ndarray of float64
            (level,) mol mol-1.
        """
        return _interpolate(self.profile)

    def sigma(self) -> NDArray[np.float64]:
        """Standard deviation of one cell on one day about the mean of its season and year.

        Returns
        -------
        ndarray of float64
            (level,) mol mol-1.
        """
        return _interpolate(self.deviation) * self._unit()

    def prior(self, day_of_year: NDArray[np.float64], /) -> NDArray[np.float64]:
        """The mean profile with its season: what the retrieval starts from.

        Parameters
        ----------
        day_of_year : ndarray
            Days.

        Returns
        -------
        ndarray of float64
            (time, level) mol mol-1.
        """
        season = self.season * np.cos(2.0 * np.pi * (day_of_year - self.peak_day) / 365.25)
        return np.asarray(self.mean() + season[:, np.newaxis] * self._unit())

    def departure(
        self, seed: int, gas: str, /, *, year: int, years_before: int, ascending: bool
    ) -> NDArray[np.float64]:
        """How a year and an orbit differ from the prior.

        Parameters
        ----------
        seed : int
            Of the world.
        gas : str
            Which gas.
        year : int
            The year.
        years_before : int
            How long before that of the event.
        ascending : bool
            Which orbit.

        Returns
        -------
        ndarray of float64
            (level,) mol mol-1.
        """
        own = self.spread * generator(seed, f"year {gas}", year).standard_normal()
        orbit = 0.0 if ascending else self.descending
        return np.asarray((own + orbit - self.trend * years_before) * self._unit())

    def _unit(self) -> NDArray[np.float64]:
        return self.mean() if self.relative else np.ones(LEVELS.size)


def _interpolate(table: _Table) -> NDArray[np.float64]:
    pressure, values = (np.asarray(column) for column in table)
    return np.asarray(np.interp(np.log(LEVELS), np.log(pressure[::-1]), values[::-1]))


#: [D] Sizes after Hegarty et al. (2022), doi:10.5194/amt-15-205-2022 (CO: 9-15 %) and Kulawik et al. (2021),
#: doi:10.5194/amt-14-335-2021 (CH4: about 17 ppb of noise and 20 ppb of interference in one observation). Trend of CH4:
#: 500 hPa, August 2012 to 2022, AIRS3STM v6, 1813 to 1879 ppb over the globe.
BACKGROUND = {
    "co": Background(
        profile=((1000.0, 850.0, 700.0, 500.0, 300.0, 200.0, 150.0, 100.0, 50.0, 10.0, 1.0),
                 (150e-9, 135e-9, 120e-9, 102e-9, 88e-9, 80e-9, 65e-9, 45e-9, 22e-9, 15e-9, 14e-9)),
        deviation=((1000.0, 700.0, 500.0, 300.0, 200.0, 100.0, 1.0), (0.12, 0.10, 0.08, 0.09, 0.11, 0.12, 0.12)),
        relative=True, season=0.08, peak_day=90.0, descending=-0.03, spread=0.015, trend=-0.006,
    ),
    "ch4": Background(
        profile=((1000.0, 500.0, 200.0, 150.0, 100.0, 50.0, 20.0, 10.0, 5.0, 1.0),
                 (1.90e-6, 1.89e-6, 1.86e-6, 1.82e-6, 1.75e-6, 1.50e-6, 1.20e-6, 0.95e-6, 0.70e-6, 0.30e-6)),
        deviation=((1000.0, 700.0, 500.0, 300.0, 200.0, 100.0, 1.0), (25e-9, 22e-9, 20e-9, 21e-9, 24e-9, 25e-9, 25e-9)),
        relative=False, season=12e-9, peak_day=235.0, descending=-6e-9, spread=4e-9, trend=6e-9,
    ),
}  # fmt: skip
