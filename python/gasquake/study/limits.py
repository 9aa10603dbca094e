"""What the data of a study cannot say: found here once, told in English here and by the report in its language."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import xarray as xr

from gasquake.places import Event, Region
from gasquake.profiles import ProfileVerdict
from gasquake.study.config import StudyConfig
from gasquake.study.evidence import other_years
from gasquake.study.inputs import Inputs

__all__ = ["Limit", "find_limits"]

_WORDS = {
    "one_layer": "one layer: where in the column an anomaly sits cannot be told",
    "assumed": (
        "that the retrieval resolves the vertical was assumed by the configuration, not shown by averaging kernels"
    ),
    "no_kernel": (
        "the data hold no averaging kernels: whether the vertical shape is the gas's or the retrieval's is not known, "
        "and no profile is called rooted or rootless"
    ),
    "one_degree": "the averaging kernels have about one degree of freedom: the vertical shape is the retrieval's",
    "no_orbit": "the data have no {orbits} orbit",
    "rolling": (
        "{days} days without other years: a day is compared with the {window} before it, and a slow change looks like "
        "an anomaly"
    ),
    "rolling_years": "a day is compared with the {window} before it, and a slow change looks like an anomaly",
    "no_catalogue": "no catalogue was given: placebos may lie near other earthquakes",
    "empty_catalogue": (
        "the catalogue has no earthquake in the years and the area of the placebos: none was screened, and they may "
        "lie near other earthquakes"
    ),
    "partly_screened": (
        "{n} of {total} placebo windows could not be screened for earthquakes: the catalogue covers {covered}"
    ),
    "off_data": "the region reaches {reach}, the data end at {end}",
    "no_value": (
        "no value in the region could be compared with those of other days: the data hold none there, or too few days"
    ),
    "ends_before": "the data end on {last}, {days} day(s) before the earthquake: nothing is known of the days between",
    "refused": "{n} input file(s) were refused and left out",
    "one_earthquake": "one earthquake: nothing here says that such anomalies precede earthquakes",
}


@dataclass(frozen=True, slots=True)
class Limit:
    """One thing that the data cannot say.

    Attributes
    ----------
    kind : str
        Its name, by which a report finds its own words.
    numbers : dict of str to int or str
        What the words are filled with; edges as "130 E".
    orbits : tuple of str
        Those that the data lack, for "no_orbit".
    covered : tuple of tuple of str
        First and last date of each stretch, for "partly_screened".
    """

    kind: str
    numbers: dict[str, int | str] = field(default_factory=dict)
    orbits: tuple[str, ...] = ()
    covered: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        covered = " and ".join(f"{first} to {last}" for first, last in self.covered)
        return _WORDS[self.kind].format(orbits=" and no ".join(self.orbits), covered=covered, **self.numbers)


def find_limits(
    config: StudyConfig, inputs: Inputs, judged: xr.Dataset, placebos: pd.DataFrame, /, *, event: Event
) -> list[Limit]:
    """What these data cannot say.

    Parameters
    ----------
    config : StudyConfig
        What was asked.
    inputs : Inputs
        What there was.
    judged : Dataset
        Verdicts of all profiles, with ``attrs["baseline"]``.
    placebos : DataFrame
        With attrs as of `gasquake.study.placebo.choose_placebos`.
    event : Event
        The earthquake.

    Returns
    -------
    list of Limit
        The last says that there is one earthquake.
    """
    cube, limits = inputs.cube, []
    if "level" not in cube.dims:
        limits.append(Limit("one_layer"))
    elif config.profile.shape == "assumed":
        limits.append(Limit("assumed"))
    elif not any(f"{gas}_kernel" in cube for gas in config.gas.gases):
        limits.append(Limit("no_kernel"))
    elif bool((judged["verdict"] == ProfileVerdict.AMPLITUDE_ONLY).any()):
        limits.append(Limit("one_degree"))
    limits += _off_data(config.region.resolve(), _seen(inputs))
    if not bool(config.region.resolve().select(judged[["amplitude"]])["amplitude"].notnull().any()):
        limits.append(Limit("no_value"))
    last, day = (time.astype("datetime64[D]") for time in (cube["time"].values.max(), event.time))
    if last < day:
        limits.append(Limit("ends_before", {"last": str(last), "days": int((day - last).astype(int))}))
    absent = tuple(str(orbit) for orbit in config.gas.orbits if orbit not in cube["orbit"].values)
    if absent:
        limits.append(Limit("no_orbit", orbits=absent))
    if judged.attrs["baseline"] == "rolling":
        alone = "rolling_years" if other_years(cube) else "rolling"
        limits.append(Limit(alone, {"days": cube.sizes["time"], "window": config.anomaly.window_days}))
    screened = placebos.attrs.get("screened")
    if screened is None:
        limits.append(Limit("no_catalogue"))
    elif screened == 0 and len(placebos):
        limits.append(Limit("empty_catalogue"))
    elif placebos.attrs.get("unscreened"):
        counts: dict[str, int | str] = {"n": placebos.attrs["unscreened"], "total": len(placebos)}
        limits.append(Limit("partly_screened", counts, covered=tuple((a, b) for a, b in placebos.attrs["covered"])))
    if inputs.refused:
        limits.append(Limit("refused", {"n": len(inputs.refused)}))
    return [*limits, Limit("one_earthquake")]


def _seen(inputs: Inputs) -> xr.Dataset:
    """The cube; of soundings, whose grid is that of the region, the rows and columns that hold any."""
    cube = inputs.cube
    if inputs.kind != "soundings":
        return cube
    gases = cube[[name for name in ("co", "ch4", "co2", "o3") if name in cube]].notnull()
    there = gases.any([dim for dim in gases.dims if dim not in ("lat", "lon")]).to_dataarray("gas").any("gas")
    return cube.isel({axis: np.flatnonzero(there.any(rest)) for axis, rest in (("lat", "lon"), ("lon", "lat"))})


def _off_data(region: Region, cube: xr.Dataset) -> list[Limit]:
    """Each edge of the region beyond which the data would have another cell's centre inside, if they went on."""
    held = region.contains(*np.meshgrid(cube["lon"].values, cube["lat"].values))
    lon = np.sort(region.longitudes(cube["lon"].values[held.any(axis=0)]))
    lat = np.sort(cube["lat"].values[held.any(axis=1)])
    if min(lon.size, lat.size) < 2:
        return []
    west = -180.0 if region.width == 360.0 else float(region.longitudes(region.west))
    limits = []
    for axis, low, high, name in ((lon, west, west + region.width, "E"), (lat, region.south, region.north, "N")):
        step = float(np.median(np.diff(axis)))
        for reach, last, out in ((low, axis[0], -1.0), (high, axis[-1], 1.0)):
            if (reach - last) * out > step * (1.0 + 1e-6):
                edges = (_on_turn(value) if name == "E" else value for value in (reach, last + out * step / 2))
                told = (f"{value:g} {name}" for value in edges)
                limits.append(Limit("off_data", dict(zip(("reach", "end"), told, strict=True))))
    return limits


def _on_turn(lon: float) -> float:
    """A longitude in [-180, 180], the eastern edge of the whole circle kept."""
    return lon if -180.0 <= lon <= 180.0 else (lon + 180.0) % 360.0 - 180.0
