"""What was put into a simulated scene, and what a method that can see it should say."""

from __future__ import annotations

import itertools
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gasquake.columns import cell_area, dry_mole_fraction, implied_mass
from gasquake.profiles import shape_information
from gasquake.simulate.background import LEVELS
from gasquake.simulate.grid import EVENT_YEAR, ORBITS, OVERPASS, Grid
from gasquake.simulate.kernel import averaging_kernel
from gasquake.simulate.release import Source
from gasquake.simulate.retrieval import retrieved_sigma

__all__ = ["Expectation", "Released", "Truth", "expectations", "path_of", "released"]

_DETECTABLE = 2.0  # standard deviations
_DAY = np.timedelta64(1, "D")


@dataclass(frozen=True, slots=True)
class Expectation:
    """What the profile at the epicentre should be called on some dates.

    Attributes
    ----------
    gas, orbit : str
        Of the profile.
    start, end : str
        Nominal dates of the cube, from `start` up to, but not with, `end`.
    verdict : {"NONE", "ROOTED", "ROOTLESS", "AMPLITUDE_ONLY"}
        A member of `gasquake.profiles.ProfileVerdict`. NONE where what was added is less than 2 standard deviations
        at every level, AMPLITUDE_ONLY where it is not, but the averaging kernel carries no shape.
    """

    gas: str
    orbit: str
    start: str
    end: str
    verdict: str


@dataclass(frozen=True, slots=True)
class Released:
    """One source: when, how much, and how it shows at the cell of the epicentre. Dicts are by gas.

    Attributes
    ----------
    onset : dict of str to str
        UTC time when it starts.
    end : str
        UTC time when it ends.
    mass_per_day_kg, total_kg : dict of str to float
        Mass released in a day, and from onset to end.
    residence_days : float
        The mass is ventilated with this e-folding time, so that what is in the air settles at rate times time.
    peak_ppb, peak_sigma, peak_hpa : dict of str to float
        The largest anomaly as retrieved, without noise: in ppb, in standard deviations of one cell on one day, and the
        level where it stands, hPa.
    cell_tonnes : dict of str to float
        Most mass in the cell: its implied mass.
    """

    onset: dict[str, str]
    end: str
    mass_per_day_kg: dict[str, float]
    total_kg: dict[str, float]
    residence_days: float
    peak_ppb: dict[str, float]
    peak_sigma: dict[str, float]
    peak_hpa: dict[str, float]
    cell_tonnes: dict[str, float]


@dataclass(frozen=True, slots=True)
class Truth:
    """What was simulated.

    Attributes
    ----------
    amplitude : float
        Factor of all masses; 0 is a world to which nothing was added.
    kernel : {"identity", "thermal-infrared"}
        Averaging kernel of the retrieval.
    seed : int
        Of the world.
    years : int
        Years before that of the event.
    region : tuple of float
        West, south, east, north, degrees.
    cell : tuple of float
        Centre of the cell of the epicentre, degrees east and north.
    release : Released or None
        What left the fault; None if nothing did.
    plume : Released or None
        What passed aloft; None if nothing did.
    motion : str
        How the release moved, in words.
    path : tuple of tuple
        Nominal date, longitude and latitude of the middle of the release at the ascending overpass.
    expected : tuple of Expectation
        For each gas and orbit all the dates of the year of the event, without gaps.
    """

    amplitude: float
    kernel: str
    seed: int
    years: int
    region: tuple[float, float, float, float]
    cell: tuple[float, float]
    release: Released | None
    plume: Released | None
    motion: str
    path: tuple[tuple[str, float, float], ...]
    expected: tuple[Expectation, ...]

    @property
    def onset(self) -> dict[str, str]:
        """When the release starts.

        Returns
        -------
        dict of str to str
            UTC time for each gas; empty if nothing was released.
        """
        return {} if self.release is None else self.release.onset

    @property
    def end(self) -> str:
        """When the release ends.

        Returns
        -------
        str
            UTC time; empty if nothing was released.
        """
        return "" if self.release is None else self.release.end

    def to_dict(self) -> dict[str, Any]:
        """The truth in plain types, for JSON, with `onset` and `end` among them.

        Returns
        -------
        dict
            Of dicts, lists, strings, numbers and None.
        """
        return {key: _plain(value) for key, value in asdict(self).items()} | {"onset": self.onset, "end": self.end}

    def expected_verdict(self, gas: str, orbit: str, date: object, /) -> str:
        """What the profile at the epicentre should be called on one date.

        Parameters
        ----------
        gas, orbit : str
            Of the profile.
        date : datetime-like
            Nominal date of the cube.

        Returns
        -------
        str
            See `Expectation`; "NONE" for the dates of other years.

        Raises
        ------
        KeyError
            If that gas or orbit was not simulated.
        """
        day = str(np.datetime64(date, "D"))  # type: ignore[call-overload]
        mine = [e for e in self.expected if (e.gas, e.orbit) == (gas, orbit)]
        if not mine:
            raise KeyError(f"the scene has no {gas!r} on orbit {orbit!r}")
        return next((e.verdict for e in mine if e.start <= day < e.end), "NONE")


def _plain(value: Any) -> Any:
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def released(
    source: Source, grid: Grid, kernel: str, amplitude: float, added: dict[str, NDArray[np.float32]], /
) -> tuple[Released, dict[str, NDArray[np.float64]]]:
    """How a source shows at the epicentre.

    Parameters
    ----------
    source : Source
        What it is.
    grid : Grid
        Of the scene.
    kernel : str
        What the retrieval can see.
    amplitude : float
        Factor of its masses.
    added : dict of str to ndarray
        For each gas what it adds, (time, orbit, level, lat, lon) mol mol-1.

    Returns
    -------
    Released
        Its numbers.
    dict of str to ndarray
        For each gas the largest anomaly of each profile, (time, orbit), in standard deviations.
    """
    row, column = grid.epicentre()
    ground = grid.surface_pressure[grid.of_year(EVENT_YEAR), :, row, column].astype(np.float64)
    counted = (LEVELS >= 100.0) & (ground[..., np.newaxis] - 5.0 >= LEVELS)
    peaks: dict[str, dict[str, float]] = {"ppb": {}, "sigma": {}, "hpa": {}, "tonnes": {}}
    largest = {}
    for gas, signal in added.items():
        state = signal[..., row, column].astype(np.float64)
        seen = np.where(counted, state @ averaging_kernel(gas, kernel).T, 0.0)
        zscore = seen / retrieved_sigma(gas, kernel, (ground.min() >= LEVELS))
        largest[gas] = zscore.max(axis=-1)
        at = np.unravel_index(int(zscore.argmax()), zscore.shape)
        peaks["ppb"][gas] = round(float(seen[at]) * 1e9, 2)
        peaks["sigma"][gas] = round(float(zscore[at]), 3)
        peaks["hpa"][gas] = float(LEVELS[at[-1]])
        peaks["tonnes"][gas] = round(float(_mass_in_cell(gas, state, ground, grid).max()), 2)
    rate = {gas: amplitude * source.mass_per_day_kg[gas] for gas in added}
    found = Released(
        onset={gas: _utc(source.start[gas]) for gas in added},
        end=_utc(source.end),
        mass_per_day_kg=rate,
        total_kg={gas: rate[gas] * float((source.end - source.start[gas]) / _DAY) for gas in added},
        residence_days=source.residence_days,
        peak_ppb=peaks["ppb"],
        peak_sigma=peaks["sigma"],
        peak_hpa=peaks["hpa"],
        cell_tonnes=peaks["tonnes"],
    )
    return found, largest


def _mass_in_cell(gas: str, state: NDArray[np.float64], ground: NDArray[np.float64], grid: Grid) -> NDArray[np.float64]:
    """Tonnes in the cell of the epicentre, (time, orbit)."""
    pressure = xr.DataArray(ground, dims=("time", "orbit"), attrs={"units": "hPa"})
    profile = xr.DataArray(state, dims=("time", "orbit", "level"), attrs={"units": "mol mol-1"})
    level = ("level", LEVELS, {"units": "hPa"})
    column = xr.Dataset({gas: profile, "surface_pressure": pressure}, {"level": level})
    area = cell_area(xr.Dataset(coords={"lat": grid.lat, "lon": grid.lon}))
    own = area[grid.epicentre()].drop_vars(["lat", "lon"])
    mean = dry_mole_fraction(column, gas)[f"x{gas}"]
    return np.asarray(implied_mass(mean, surface_pressure=pressure, gas=gas, area=own).values)


def _utc(time: np.datetime64) -> str:
    return f"{time.astype('datetime64[s]')}Z"


def path_of(source: Source, grid: Grid, gases: tuple[str, ...], /) -> tuple[tuple[str, float, float], ...]:
    """Where the middle of a source is on each date on which it is active.

    Parameters
    ----------
    source : Source
        What it is.
    grid : Grid
        Of the scene.
    gases : tuple of str
        Which are simulated.

    Returns
    -------
    tuple of tuple
        Nominal date, longitude and latitude, at the ascending overpass.
    """
    dates = grid.dates[grid.of_year(EVENT_YEAR)]
    time = dates + OVERPASS["ascending"]
    active = (time >= min(source.start[gas] for gas in gases)) & (time < source.end)
    where = source.centre(time[active]).round(3)
    days = dates[active].astype("datetime64[D]")
    return tuple((str(day), float(lon), float(lat)) for day, (lon, lat) in zip(days, where, strict=True))


def expectations(
    gas: str,
    kernel: str,
    grid: Grid,
    release: NDArray[np.float64],
    plume: NDArray[np.float64],
    /,
) -> list[Expectation]:
    """What each source makes of the profile at the epicentre, date by date.

    Parameters
    ----------
    gas, kernel : str
        Which gas, and what can be seen of it.
    grid : Grid
        Of the scene.
    release, plume : ndarray
        The largest anomaly of each profile, (time, orbit), in standard deviations.

    Returns
    -------
    list of Expectation
        For each orbit, without gaps.
    """
    averaging = xr.DataArray(averaging_kernel(gas, kernel), dims=("level", "level_true"))
    names = ("ROOTED", "ROOTLESS") if shape_information(averaging)["has_shape"] else ("AMPLITUDE_ONLY",) * 2
    masks = [(release >= _DETECTABLE) & (release >= plume), plume >= _DETECTABLE]
    verdict = np.select(masks, names, "NONE")
    dates = grid.dates[grid.of_year(EVENT_YEAR)]
    days = np.append(dates, dates[-1] + _DAY).astype("datetime64[D]")
    found = []
    for i, orbit in enumerate(ORBITS):
        cuts = np.flatnonzero(verdict[1:, i] != verdict[:-1, i]) + 1
        found += [
            Expectation(gas, orbit, str(days[a]), str(days[b]), str(verdict[a, i]))
            for a, b in itertools.pairwise([0, *cuts.tolist(), dates.size])
        ]
    return found
