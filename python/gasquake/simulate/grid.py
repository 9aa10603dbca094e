"""Where and when a scene is seen: cells, dates, orbits, and the pressure at the ground."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gasquake.places import Region
from gasquake.simulate.noise import Correlation, generator, markov_field
from gasquake.simulate.release import EPICENTRE
from gasquake.simulate.terrain import elevation, standard_pressure

__all__ = ["EVENT_YEAR", "ORBITS", "OVERPASS", "WINDOW_START", "Grid", "make_grid"]

EVENT_YEAR = 2022
ORBITS = ("ascending", "descending")
#: A file dated D holds ascending data from D 01:30 and descending data from D-1 13:30 on, for a day each.
WINDOW_START = {"ascending": np.timedelta64(90, "m"), "descending": np.timedelta64(-630, "m")}
#: Passes over Luding: 13:30 and 01:30 local solar time at 102 E.
OVERPASS = {"ascending": np.timedelta64(402, "m"), "descending": np.timedelta64(-318, "m")}

_CELL = (math.floor(EPICENTRE[0]) + 0.5, math.floor(EPICENTRE[1]) + 0.5)
_FIRST, _LAST = "08-01", "09-11"  # half-open
_PRESSURE_SIGMA = 3.0  # [D] hPa at sea level, from day to day


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Cells, dates and ground of a scene.

    Attributes
    ----------
    calendar : range
        Years, that of the event last.
    dates : ndarray of datetime64
        Nominal dates of all years.
    lon, lat : ndarray
        Cell centres, degrees.
    topography : ndarray
        (lat, lon) m.
    surface_pressure : ndarray of float32
        (time, orbit, lat, lon) hPa.
    """

    calendar: range
    dates: NDArray[np.datetime64]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    topography: NDArray[np.float64]
    surface_pressure: NDArray[np.float32]

    def of_year(self, year: int, /) -> slice:
        """Where the dates of a year stand.

        Parameters
        ----------
        year : int
            One of `calendar`.

        Returns
        -------
        slice
            Along time.
        """
        n = self.dates.size // len(self.calendar)
        at = self.calendar.index(year)
        return slice(at * n, (at + 1) * n)

    def epicentre(self) -> tuple[int, int]:
        """The cell of the epicentre.

        Returns
        -------
        tuple of int
            Row and column.
        """
        lon, lat = EPICENTRE
        return int(np.abs(self.lat - math.floor(lat) - 0.5).argmin()), int(
            np.abs(self.lon - math.floor(lon) - 0.5).argmin()
        )


def make_grid(region: Region, seed: int, years: int, /) -> Grid:
    """The cells of a region, 1 August to 10 September of each year, and the ground under them.

    Parameters
    ----------
    region : Region
        Must hold the cell of the epicentre.
    seed : int
        Of the world.
    years : int
        Years before that of the event.

    Returns
    -------
    Grid
        With a surface pressure that varies by some hPa about that of the standard atmosphere.

    Raises
    ------
    ValueError
        If the epicentre is not in the region, or the region is less than two cells wide or high.
    """
    if not region.contains(*_CELL):
        raise ValueError(f"region must hold the cell of the epicentre, {_CELL[0]} E {_CELL[1]} N, got {region}")
    west = float(region.longitudes(region.west))
    lon = np.arange(math.ceil(west - 0.5) + 0.5, west + region.width, 1.0)
    lat = np.arange(math.ceil(region.south - 0.5) + 0.5, region.north, 1.0)
    if lon.size < 2 or lat.size < 2:
        raise ValueError(f"region must be at least 2 cells of one degree wide and high, got {region}")
    calendar = range(EVENT_YEAR - years, EVENT_YEAR + 1)
    days = [np.arange(f"{y}-{_FIRST}", f"{y}-{_LAST}", dtype="datetime64[D]") for y in calendar]
    topography = elevation(lon, lat[:, np.newaxis])
    # A nominal date's descending pass comes twelve hours before its ascending one.
    correlations: Correlation = {0: 0.85, 1: math.exp(-1.0 / 8.0), 2: math.exp(-1.0 / 8.0)}
    shape = (2 * days[0].size, lat.size, lon.size)
    weather = [
        markov_field(generator(seed, "pressure", year), shape, correlations).reshape(-1, 2, *shape[1:])[:, ::-1]
        for year in calendar
    ]
    still = standard_pressure(topography)
    pressure = still * (1.0 + _PRESSURE_SIGMA / 1013.25 * np.clip(np.concatenate(weather), -4.0, 4.0))
    dates = np.concatenate(days).astype("datetime64[ns]")
    return Grid(calendar, dates, lon, lat, topography, pressure.astype(np.float32))
