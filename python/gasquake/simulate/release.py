"""What is added to the air: gas out of a fault, and a plume that passes overhead. Masses in, mole fractions out."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gasquake.columns import dry_mole_fraction, implied_mass
from gasquake.places import distance_km
from gasquake.simulate.background import LEVELS

__all__ = ["DUJIANGYAN", "EPICENTRE", "PLUME", "RELEASE", "XIANSHUIHE", "Source"]

EPICENTRE = (102.08, 29.59)
DUJIANGYAN = (103.6, 31.0)
#: Schematic trace of the fault zone, (lon, lat).
XIANSHUIHE = ((100.0, 31.5), (101.5, 30.4), (102.1, 29.6), (102.3, 29.2))

_DAY = np.timedelta64(1, "D")
_SCALE_HEIGHT_KM = 7.5

_Track = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def _fault_points() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points along the fault about the epicentre, every 0.1 of a degree or so, and the strength of each."""
    corners = np.array(XIANSHUIHE)
    share = np.arange(16)[:, np.newaxis] / 16.0
    parts = [(a + share * (b - a), np.full(16, np.hypot(*(b - a)))) for a, b in itertools.pairwise(corners)]
    points, length = (np.concatenate(column) for column in zip(*parts, strict=True))
    strength = length * np.exp(-0.5 * (distance_km(*EPICENTRE, *points.T) / 45.0) ** 2)
    return points, strength / strength.sum()


def _ribbon_points() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points from Dujiangyan over Luding and as far again, and the strength of each."""
    reach = np.linspace(0.0, 2.0, 15)[:, np.newaxis]
    return np.array(DUJIANGYAN) + reach * (np.array(EPICENTRE) - np.array(DUJIANGYAN)), np.full(15, 1.0 / 15.0)


def _circling(days: NDArray[np.float64]) -> NDArray[np.float64]:
    """Offset in degrees of the release from its fault: once round half a degree in twelve days."""
    angle = 2.0 * np.pi * days / 12.0
    return np.asarray(0.5 * np.stack([np.cos(angle), np.sin(angle)], axis=-1))


def _swaying(days: NDArray[np.float64]) -> NDArray[np.float64]:
    """Offset in degrees of the plume across its way."""
    return np.asarray(0.25 * np.sin(2.0 * np.pi * days / 6.0)[:, np.newaxis] * np.array([1.0, -1.0]))


def _near_ground(surface_pressure: NDArray[np.float64]) -> NDArray[np.float64]:
    """Falls with height above the ground, e-folding in 1.7 km."""
    height = -_SCALE_HEIGHT_KM * np.log(LEVELS / surface_pressure[..., np.newaxis])
    return np.asarray(np.where(height >= 0.0, np.exp(-np.maximum(height, 0.0) / 1.7), 0.0))


def _aloft(surface_pressure: NDArray[np.float64]) -> NDArray[np.float64]:
    """A bump about 400 hPa, nothing at 600 hPa and below, nor at 267 hPa and above."""
    x = np.log(LEVELS / 400.0) / np.log(1.5)
    bump = np.where((np.abs(x) < 1.0) & (LEVELS < 600.0), np.cos(0.5 * np.pi * x), 0.0)
    return np.asarray(np.where(surface_pressure[..., np.newaxis] >= LEVELS, bump, 0.0))


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A source of known strength.

    Attributes
    ----------
    start : dict of str to datetime64
        For each gas, UTC.
    end : datetime64
        UTC; nothing is released from then on.
    mass_per_day_kg : dict of str to float
        For each gas, at amplitude 1.
    residence_days : float
        The released mass is ventilated with this e-folding time.
    spread_km : float
        Standard deviation of the Gaussian about each point.
    points, strength : ndarray
        Where it is released, (point, 2) lon and lat, and the share of each point.
    offset : callable
        Days since the first start -> degrees by which it all has moved.
    shape : callable
        Surface pressure (hPa) -> mole fraction by level, in any unit.
    """

    start: dict[str, np.datetime64]
    end: np.datetime64
    mass_per_day_kg: dict[str, float]
    residence_days: float
    spread_km: float
    points: NDArray[np.float64]
    strength: NDArray[np.float64]
    offset: _Track
    shape: Callable[[NDArray[np.float64]], NDArray[np.float64]]

    def resident_mass(self, gas: str, time: NDArray[np.datetime64], /) -> NDArray[np.float64]:
        r"""Mass in the air at amplitude 1.

        .. math:: m(t) = R \tau (1 - e^{-(t - t_0)/\tau})

        until the end, and e-folding away from then on.

        Parameters
        ----------
        gas : str
            Which gas.
        time : ndarray of datetime64
            UTC.

        Returns
        -------
        ndarray of float64
            kg.
        """
        length = (self.end - self.start[gas]) / _DAY
        since = np.clip((time - self.start[gas]) / _DAY, 0.0, length)
        after = np.maximum((time - self.end) / _DAY, 0.0)
        grown = -np.expm1(-since / self.residence_days)
        full = self.mass_per_day_kg[gas] * self.residence_days
        return np.asarray(full * grown * np.exp(-after / self.residence_days))

    def centre(self, time: NDArray[np.datetime64], /) -> NDArray[np.float64]:
        """Where the middle of the source is.

        Parameters
        ----------
        time : ndarray of datetime64
            UTC.

        Returns
        -------
        ndarray of float64
            (time, 2) degrees east and north.
        """
        return np.asarray(self.strength @ self.points + self.offset(self._days(time)))

    def footprint(
        self, lon: NDArray[np.float64], lat: NDArray[np.float64], time: NDArray[np.datetime64], /
    ) -> NDArray[np.float64]:
        """Share of the mass in the air that stands in each cell.

        Parameters
        ----------
        lon, lat : ndarray
            Centres of the cells of a one-degree grid; which cells are asked for changes no cell's share.
        time : ndarray of datetime64
            UTC.

        Returns
        -------
        ndarray of float64
            (time, lat, lon). The shares of all the cells around sum to 1.
        """
        moved = self.points + self.offset(self._days(time))[:, np.newaxis]  # (time, point, 2)
        # The Gaussian is the product of one along longitude and one along latitude, each summed over its whole reach.
        per_degree = 111.195 * np.array([np.cos(np.deg2rad(EPICENTRE[1])), 1.0])
        whole = [np.arange(centre - 14.0, centre + 15.0) for centre in (102.5, 29.5)]

        def weigh(cells: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
            def gauss(x: NDArray[np.float64]) -> NDArray[np.float64]:
                away = (x - moved[..., axis, np.newaxis]) * per_degree[axis] / self.spread_km
                return np.asarray(np.exp(-0.5 * away**2))

            return np.asarray(gauss(cells) / gauss(whole[axis]).sum(axis=-1, keepdims=True))

        shares = weigh(lat, 1) * self.strength[:, np.newaxis], weigh(lon, 0)
        return np.asarray(np.einsum("tpy,tpx->tyx", *shares))

    def added(
        self,
        gas: str,
        lon: NDArray[np.float64],
        lat: NDArray[np.float64],
        time: NDArray[np.datetime64],
        surface_pressure: NDArray[np.float64],
        /,
    ) -> NDArray[np.float64]:
        """Mole fraction that the source adds at amplitude 1.

        The mass in a cell is turned into mole fraction by the library's own columns, so that
        `gasquake.columns.implied_mass` of the column mean of the result is that mass again.

        Parameters
        ----------
        gas : str
            Which gas.
        lon, lat : ndarray
            Centres of the cells of a one-degree grid, at least two each.
        time : ndarray of datetime64
            UTC.
        surface_pressure : ndarray
            (time, lat, lon) hPa.

        Returns
        -------
        ndarray of float64
            (time, level, lat, lon) mol mol-1.
        """
        mass = self.resident_mass(gas, time)[:, np.newaxis, np.newaxis] * self.footprint(lon, lat, time)
        shape = np.moveaxis(self.shape(surface_pressure), -1, 1)
        dims = ("time", "level", "lat", "lon")
        column = xr.Dataset(
            {
                gas: (dims, shape, {"units": "mol mol-1"}),
                "surface_pressure": (("time", "lat", "lon"), surface_pressure, {"units": "hPa"}),
            },
            {"level": ("level", LEVELS, {"units": "hPa"}), "lat": lat, "lon": lon},
        )
        mean = dry_mole_fraction(column, gas)[f"x{gas}"]
        tonnes = implied_mass(mean, surface_pressure=column["surface_pressure"], gas=gas).values
        return np.asarray((mass / (1e3 * tonnes))[:, np.newaxis] * shape)

    def _days(self, time: NDArray[np.datetime64]) -> NDArray[np.float64]:
        return np.asarray((time - min(self.start.values())) / _DAY)


def _utc(text: str) -> np.datetime64:
    return np.datetime64(text, "ns")


#: [D] Strengths chosen so that the cell of the epicentre stands 4 to 5 standard deviations out on most days.
RELEASE = Source(
    start={"ch4": _utc("2022-08-23"), "co": _utc("2022-08-25")},
    end=_utc("2022-09-09"),
    mass_per_day_kg={"co": 2.2e7, "ch4": 2.4e7},
    residence_days=0.5,
    spread_km=110.0,
    points=_fault_points()[0],
    strength=_fault_points()[1],
    offset=_circling,
    shape=_near_ground,
)
PLUME = Source(
    start={"ch4": _utc("2022-08-05"), "co": _utc("2022-08-05")},
    end=_utc("2022-08-14"),
    mass_per_day_kg={"co": 4.0e7, "ch4": 5.7e7},
    residence_days=0.25,
    spread_km=110.0,
    points=_ribbon_points()[0],
    strength=_ribbon_points()[1],
    offset=_swaying,
    shape=_aloft,
)
