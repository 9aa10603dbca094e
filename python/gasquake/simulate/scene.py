"""The Luding scene: what AIRS would report around an earthquake whose gas is known because it was put there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from gasquake import _labelled
from gasquake.places import Event, Region
from gasquake.simulate.background import BACKGROUND, LEVELS
from gasquake.simulate.grid import EVENT_YEAR, ORBITS, OVERPASS, WINDOW_START, Grid, make_grid
from gasquake.simulate.kernel import KERNELS, averaging_kernel
from gasquake.simulate.release import EPICENTRE, PLUME, RELEASE, Source
from gasquake.simulate.retrieval import missing, retrieved
from gasquake.simulate.seismicity import FAULTS, Fault, background_catalogue
from gasquake.simulate.truth import Expectation, Truth, expectations, path_of, released

__all__ = ["REGION", "SimulatedScene", "luding"]

Kernel = Literal["identity", "thermal-infrared"]

#: Room for about twenty places 500 km from the epicentre and from one another.
REGION = Region(84.0, 16.0, 120.0, 44.0)

_STANDARD_NAME = {
    "co": "mole_fraction_of_carbon_monoxide_in_air",
    "ch4": "mole_fraction_of_methane_in_air",
}


_MOTION = "The middle of the release circles its fault at the epicentre, 0.5 degrees away, once in 12 days: no spiral."


@dataclass(frozen=True, slots=True, eq=False)
class SimulatedScene:
    """A gas cube whose truth is known.

    Attributes
    ----------
    cube : Dataset
        A gas cube with `co` and `ch4`, their averaging kernels, `surface_pressure` and `topography`; its attribute
        `simulated` is 1.
    truth : Truth
        What was put into it.
    event : Event
        The earthquake.
    catalogue : DataFrame
        Earthquakes of magnitude 5 and more in the region in all years, the event among them.
    faults : tuple
        Name, longitudes and latitudes of each fault.
    """

    cube: xr.Dataset
    truth: Truth
    event: Event
    catalogue: pd.DataFrame
    faults: tuple[Fault, ...]


def luding(
    *,
    amplitude: float = 1.0,
    kernel: Kernel = "identity",
    seed: int = 20220905,
    years: int = 10,
    region: Region = REGION,
    gases: tuple[str, ...] = ("co", "ch4"),
    plume: bool = True,
) -> SimulatedScene:
    r"""Simulate what AIRS reports around the Luding earthquake of 2022, with a release of gas that is known.

    1 August to 10 September 2022 and of each of the years before, on the grid, the levels and the two orbits of AIRS
    level 3. Gas leaves the Xianshuihe fault from 23 August (CH4) and 25 August (CO) to 9 September and stays near the
    ground. From 5 to 13 August a plume from Dujiangyan passes over the epicentre aloft, with nothing at 600 hPa and
    below.

    Parameters
    ----------
    amplitude : float
        Factor of all that is released, in the plume too; 0 is a world without. 1 is 4 to 5 standard deviations of one
        cell on one day at the epicentre, far more than any seismic release that is known (see Notes).
    kernel : {"identity", "thermal-infrared"}
        What the retrieval can see: the air as it is, or one degree of freedom of it.
    seed : int
        Of all random numbers, 0 or more. The same seed gives the same bits. What varies by itself, and what is
        missing, does not depend on `amplitude`, `plume`, `gases` or `years`.
    years : int
        Years before that of the event; a seasonal baseline needs some.
    region : Region
        Its one-degree cells; it must hold the epicentre.
    gases : tuple of {"co", "ch4"}
        Which to simulate.
    plume : bool
        Whether the plume passes.

    Returns
    -------
    SimulatedScene
        The cube and its truth.

    Raises
    ------
    TypeError
        If `region` is no Region.
    ValueError
        If a number is out of range, a gas or kernel is unknown, or the epicentre is not in the region.

    Notes
    -----
    .. math:: \hat x = x_a + A (x_a + d + n + s - x_a) + \epsilon

    with the prior :math:`x_a` (a mean profile with its season), the departure d of year and orbit, the variability n
    (AR(1) in time; correlated between cells and levels), what was released s, and the averaging kernel A. Below the
    ground nothing departs from the prior. All sizes are design choices ([D]) that the source documents; the page
    "Simulation" of the documentation says how they compare with real data and with what AIRS can detect.

    Examples
    --------
    >>> from gasquake import simulate
    >>> from gasquake.places import Region
    >>> scene = simulate.luding(years=1, region=Region(97.0, 27.0, 107.0, 34.0), gases=("co",))
    >>> dict(scene.cube.sizes)["time"], scene.cube["co"].dims
    (82, ('time', 'orbit', 'level', 'lat', 'lon'))
    >>> scene.truth.onset
    {'co': '2022-08-25T00:00:00Z'}
    >>> scene.truth.expected_verdict("co", "ascending", "2022-09-01")
    'ROOTED'
    """
    _check(amplitude, kernel, seed, years, region, gases)
    gases = tuple(gases)
    grid = make_grid(region, seed, years)
    sources = {"release": RELEASE, "plume": PLUME} if plume else {"release": RELEASE}
    if amplitude == 0.0:
        sources = {}
    added = {name: {gas: _added(source, gas, grid, amplitude) for gas in gases} for name, source in sources.items()}
    absent = missing(grid, seed)
    fields = {
        gas: retrieved(gas, kernel, grid, seed, absent, [parts[gas] for parts in added.values()]) for gas in gases
    }
    call = (
        f"simulate.luding(amplitude={amplitude:g}, kernel={kernel!r}, seed={seed}, years={years}, "
        f"region=({region.west:g}, {region.south:g}, {region.east:g}, {region.north:g}), gases={gases}, plume={plume})"
    )
    event = Event(
        np.datetime64("2022-09-05T04:52:18"), *EPICENTRE, depth_km=16.0, magnitude=6.8, magnitude_type="Ms",
        event_id="simulated-luding", name="Luding (simulated)",
    )  # fmt: skip
    shown = {name: released(source, grid, kernel, amplitude, added[name]) for name, source in sources.items()}
    found = {name: numbers for name, (numbers, _) in shown.items()}
    nothing = np.zeros((grid.dates.size // len(grid.calendar), len(ORBITS)))
    expected: list[Expectation] = []
    for gas in gases:
        largest = (shown[name][1][gas] if name in shown else nothing for name in ("release", "plume"))
        expected += expectations(gas, kernel, grid, *largest)
    row, column = grid.epicentre()
    truth = Truth(
        amplitude=float(amplitude),
        kernel=kernel,
        seed=int(seed),
        years=int(years),
        region=(region.west, region.south, region.east, region.north),
        cell=(float(grid.lon[column]), float(grid.lat[row])),
        release=found.get("release"),
        plume=found.get("plume"),
        motion=_MOTION if "release" in found else "Nothing was released.",
        path=path_of(RELEASE, grid, gases) if "release" in found else (),
        expected=tuple(expected),
    )
    catalogue = background_catalogue(event, seed, grid.calendar, grid.lon, grid.lat)
    return SimulatedScene(_cube(grid, fields, kernel, call), truth, event, catalogue, FAULTS)


def _check(amplitude: float, kernel: str, seed: int, years: int, region: Region, gases: tuple[str, ...]) -> None:
    if not (math.isfinite(amplitude) and amplitude >= 0.0):
        raise ValueError(f"amplitude must be a finite number, 0 or more, got {amplitude}")
    if kernel not in KERNELS:
        raise ValueError(f"kernel must be one of {', '.join(map(repr, KERNELS))}, got {kernel!r}")
    for name, number in (("seed", seed), ("years", years)):
        if isinstance(number, bool) or not isinstance(number, int | np.integer) or number < 0:
            raise ValueError(f"{name} must be an integer, 0 or more, got {number!r}")
    if not isinstance(region, Region):
        raise TypeError(f"region must be a gasquake.places.Region, got {type(region).__name__}")
    if isinstance(gases, str) or not gases or len(set(gases)) != len(gases) or not set(gases) <= set(BACKGROUND):
        raise ValueError(f"gases must be some of {tuple(BACKGROUND)}, each once, got {gases!r}")


def _added(source: Source, gas: str, grid: Grid, amplitude: float) -> NDArray[np.float32]:
    """What a source adds in the year of the event, (time, orbit, level, lat, lon) mol mol-1."""
    here = grid.of_year(EVENT_YEAR)
    dates = grid.dates[here]
    found = np.zeros((dates.size, len(ORBITS), LEVELS.size, grid.lat.size, grid.lon.size), np.float32)
    # Beyond 9 degrees a Gaussian of one degree is nothing.
    lon, lat = EPICENTRE
    rows, columns = (
        slice(near[0], near[-1] + 1)
        for near in (
            np.flatnonzero(np.abs(axis - at) < 9.0).tolist() for axis, at in ((grid.lat, lat), (grid.lon, lon))
        )
    )
    for i, orbit in enumerate(ORBITS):
        time = dates + OVERPASS[orbit]
        seen = np.flatnonzero(source.resident_mass(gas, time) > 0.0)
        ground = grid.surface_pressure[here][seen, i, rows, columns].astype(np.float64)
        part = source.added(gas, grid.lon[columns], grid.lat[rows], time[seen], ground)
        found[seen, i, :, rows, columns] = amplitude * part
    return found


# --- Cube -------------------------------------------------------------------------------------------------------------


def _cube(grid: Grid, fields: dict[str, NDArray[np.float32]], kernel: str, call: str) -> xr.Dataset:
    dims = ("time", "orbit", "level", "lat", "lon")
    level = {"units": "hPa", "standard_name": "air_pressure", "positive": "down", "axis": "Z"}
    window = np.stack([grid.dates + WINDOW_START[orbit] for orbit in ORBITS], axis=1)
    cube = xr.Dataset(
        {
            "surface_pressure": (
                ("time", "orbit", "lat", "lon"), grid.surface_pressure,
                {"units": "hPa", "standard_name": "surface_air_pressure", "long_name": "surface pressure"},
            ),
            "topography": (
                ("lat", "lon"), grid.topography.astype(np.float32),
                {"units": "m", "standard_name": "surface_altitude", "long_name": "mean height of the ground"},
            ),
        },
        {
            "time": ("time", grid.dates, {"standard_name": "time", "axis": "T", "long_name": "nominal date"}),
            "orbit": ("orbit", np.array(ORBITS), {"long_name": "half of the orbit"}),
            "level": ("level", LEVELS, level),
            "lat": ("lat", grid.lat, {"units": "degrees_north", "standard_name": "latitude", "axis": "Y"}),
            "lon": ("lon", grid.lon, {"units": "degrees_east", "standard_name": "longitude", "axis": "X"}),
            "level_true": ("level_true", LEVELS, {"units": "hPa", "long_name": "pressure of the true profile"}),
            "window_start": (("time", "orbit"), window, {"long_name": "start of the UTC window"}),
            "window_end": (("time", "orbit"), window + np.timedelta64(1, "D"), {"long_name": "end of the UTC window"}),
        },
    )  # fmt: skip
    for gas, values in fields.items():
        name = {"units": "mol mol-1", "long_name": f"mole fraction of {gas.upper()}"}
        cube[gas] = (dims, values, name | {"standard_name": _STANDARD_NAME[gas]})
        matrix = averaging_kernel(gas, kernel).astype(np.float32)
        title = f"averaging kernel of {gas.upper()} ({kernel})"
        cube[f"{gas}_kernel"] = (("level", "level_true"), matrix, {"units": "1", "long_name": title})
    cube.attrs = {
        "Conventions": "CF-1.11",
        "title": "Simulated gases around the Luding earthquake of 2022",
        "source": "simulated by gasquake.simulate.luding; no satellite has seen this",
        "history": _labelled.history(cube, call),
        "simulated": 1,
    }
    return cube
