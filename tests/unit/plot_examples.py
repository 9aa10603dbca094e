"""One example of every figure on fixed seeds, for the tests of behaviour and of the images."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from gasquake import correlation, plot
from gasquake.places import Event
from gasquake.stages import Stage

ORIGIN = np.datetime64("2022-09-05T04:52:18")
EVENT = Event(ORIGIN, 102.08, 29.59, magnitude=6.8)
FAULTS = [("Xianshuihe", [100.0, 101.5, 102.3], [31.5, 30.4, 29.2]), ("Longmenshan", [102.0, 105.5], [29.9, 32.8])]
LEVELS = np.array([925.0, 850.0, 700.0, 600.0, 500.0, 400.0, 300.0, 200.0, 100.0])
LAT, LON = np.arange(27.5, 34.0), np.arange(97.5, 107.0)
ORBITS = ["ascending", "descending"]


def days(first: str, n: int) -> np.ndarray:
    return np.datetime64(first, "ns") + np.arange(n) * np.timedelta64(1, "D")


def level_coordinate() -> xr.DataArray:
    return xr.DataArray(LEVELS, dims="level", attrs={"units": "hPa"})


@cache
def section() -> xr.DataArray:
    """z-scores of (time, level) with gaps: days of NaN, and a day that is not there."""
    rng = np.random.default_rng(11)
    z = rng.normal(0, 1, (30, LEVELS.size))
    z[18:25, 2:5] += 3.5
    z[[3, 9, 21]] = np.nan
    time = days("2022-08-10", 30)
    da = xr.DataArray(z, {"time": time, "level": level_coordinate()}, ("time", "level"), "co_zscore", {"units": "1"})
    return da.isel(time=np.delete(np.arange(30), 14))


@cache
def verdicts() -> xr.DataArray:
    time = section()["time"]
    codes = np.resize(np.array([0, 0, -1, 2, 0, 3, 0, 4, 1], "i1"), time.size)
    return xr.DataArray(codes, {"time": time}, ("time",))


@cache
def means() -> xr.Dataset:
    rng = np.random.default_rng(12)
    stages = ["background", "before", "during"]
    shape = (3, 2, LEVELS.size, LAT.size, LON.size)
    profile = np.linspace(130, 60, LEVELS.size)[:, None, None]
    mean = (profile + rng.normal(0, 3, shape)) * 1e-9
    mean[1:, :, 2:4, 2:4, 4:6] += 30e-9
    n = rng.integers(0, 9, shape).astype("i4")
    mean[0, 0, 0, :3, :3] = np.nan
    coords = {"stage": stages, "orbit": ORBITS, "level": level_coordinate(), "lat": LAT, "lon": LON}
    dims = ("stage", "orbit", "level", "lat", "lon")
    found = xr.Dataset(
        {"co_mean": (dims, mean, {"units": "mol mol-1"}), "co_sd": (dims, 0.08 * mean, {"units": "mol mol-1"}),
         "co_n": (dims, n)}, coords)  # fmt: skip
    return found.assign(n_days=(("stage", "orbit"), [[20, 21], [7, 7], [1, 2]]))


@cache
def ground() -> xr.DataArray:
    height = 1000.0 - 45.0 * (LON[::-1] - LON.min())
    return xr.DataArray(
        np.tile(height, (LAT.size, 1)), {"lat": LAT, "lon": LON}, ("lat", "lon"), attrs={"units": "hPa"}
    )


@cache
def field() -> xr.DataArray:
    return means()["co_mean"].isel(stage=1, orbit=0).rename("co").where(means()["co_n"].isel(stage=1, orbit=0) > 1)


@cache
def xco() -> xr.DataArray:
    da = field().mean("level").rename("xco")
    return da.assign_attrs(units="mol mol-1")


@cache
def anomaly() -> tuple[xr.DataArray, xr.DataArray]:
    values = np.array([np.nan, 31.0, 27.0, 16.0, 9.0, 2.0, -1.0, 3.0, 1.0]) * 1e-9
    sigma = np.linspace(9, 5, LEVELS.size) * 1e-9
    units = {"units": "mol mol-1"}
    level = {"level": level_coordinate()}
    return xr.DataArray(values, level, ("level",), "co", units), xr.DataArray(sigma, level, ("level",), attrs=units)


@cache
def series() -> xr.DataArray:
    rng = np.random.default_rng(13)
    z = rng.normal(0, 1, (40, 2))
    z[24:34] += 2.2
    z[[5, 6, 30]] = np.nan
    return xr.DataArray(z, {"time": days("2022-08-01", 40), "orbit": ORBITS}, ("time", "orbit"), "xco_zscore")


STAGES = [
    Stage("background", np.datetime64("2022-08-01"), np.datetime64("2022-08-23")),
    Stage("before", np.datetime64("2022-08-23"), ORIGIN),
    Stage("during", ORIGIN, np.datetime64("2022-09-07")),
]


@cache
def track() -> xr.Dataset:
    rng = np.random.default_rng(14)
    s = np.linspace(0.5, 4.0, 30)
    lon = np.round(102.08 + 0.8 * s * np.cos(s) + rng.normal(0, 0.5, 30) - 0.5) + 0.5
    lat = np.round(29.59 + 0.7 * s * np.sin(s) + rng.normal(0, 0.4, 30) - 0.5) + 0.5
    lon[4] = lat[4] = np.nan
    return xr.Dataset({"lon": ("time", lon), "lat": ("time", lat)}, {"time": days("2022-08-01", 30)})


def curve() -> tuple[np.ndarray, np.ndarray]:
    s = np.linspace(0.5, 4.0, 80)
    return 77.0 * s * np.cos(s), 78.0 * s * np.sin(s)


@cache
def null() -> np.ndarray:
    return np.random.default_rng(15).beta(1.5, 12.0, 199)


@cache
def helix_points() -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(16)
    s = np.linspace(0.5, 4.0, 30)
    return 77 * s * np.cos(s) + rng.normal(0, 25, 30), 78 * s * np.sin(s) + rng.normal(0, 25, 30), s + 1.0


@cache
def rates() -> pd.DataFrame:
    index = pd.MultiIndex.from_product([["co", "ch4"], ["ROOTED", "ROOTLESS"]])
    return pd.DataFrame(
        {"rate": [0.06, 0.12, 0.3, np.nan], "n": [180, 180, 150, 0], "n_effective": [120.0, 90, 80, 0],
         "event_rate": [0.5, 0.1, 0.25, np.nan], "event_n": [14, 14, 12, 0]}, index)  # fmt: skip


@cache
def rolling() -> xr.Dataset:
    rng = np.random.default_rng(17)
    grid = {"time": days("2022-07-12", 60), "orbit": ORBITS}
    x, y = (xr.DataArray(rng.normal(size=(60, 2)), grid, ("time", "orbit"), n) for n in ("xco", "xch4"))
    return correlation.rolling_correlation(x, y + 0.6 * x, 15)


@cache
def by_stage() -> xr.Dataset:
    dims = ("stage", "orbit")
    return xr.Dataset(
        {"pearson": (dims, [[0.22, 0.48], [0.31, -0.42], [0.89, np.nan]]),
         "low": (dims, [[-0.07, 0.23], [-0.58, -0.89], [np.nan, np.nan]]),
         "high": (dims, [[0.47, 0.67], [0.86, 0.49], [np.nan, np.nan]]),
         "n": (dims, [[29, 28], [7, 7], [3, 1]]), "n_effective": (dims, [[25.0, 28], [6.5, 7], [3, np.nan]]),
         "pearson_p": (dims, [[0.12, 0.02], [0.29, 0.57], [np.nan, np.nan]])},
        {"stage": ["background", "before", "during"], "orbit": ORBITS})  # fmt: skip


#: Name -> the figure, given keyword options.
FIGURES: dict[str, Callable[..., Any]] = {
    "anomaly_series": lambda **o: plot.anomaly_series(series(), event_time=ORIGIN, stages=STAGES, **o),
    "base_rates": lambda **o: plot.base_rates(rates(), **o),
    "column_map": lambda **o: plot.column_map(xco(), event=EVENT, **o),
    "correlation_series": lambda **o: plot.correlation_series(rolling(), event_time=ORIGIN, **o),
    "correlation_table": lambda **o: plot.correlation_table(by_stage(), published=correlation.ZHAO2022_TABLE_1, **o),
    "day_profile": lambda **o: plot.day_profile(anomaly()[0], sigma=anomaly()[1], surface_pressure=880.0, **o),
    "helix": lambda **o: plot.helix(
        *helix_points(), days("2022-08-01", 30), fit=(*curve(), np.linspace(1.5, 5, 80)), p_value=0.003, **o
    ),
    "level_map": lambda **o: plot.level_map(
        field(), level=600, surface_pressure=ground(), event=EVENT, faults=FAULTS, **o
    ),
    "maxima_map": lambda **o: plot.maxima_map(track(), event=EVENT, faults=FAULTS, **o),
    "placebo_distribution": lambda **o: plot.placebo_distribution(
        null(), statistic=0.25, p_value=0.045, n_effective=88.0, **o
    ),
    "spiral_map": lambda **o: plot.spiral_map(track(), curves={"involute": curve()}, event=EVENT, **o),
    "spiral_null": lambda **o: plot.spiral_null(null(), statistic=0.31, p_value=0.02, **o),
    "stage_profiles": lambda **o: plot.stage_profiles(means(), gas="co", orbit="descending", at=(102.1, 29.6), **o),
    "time_height": lambda **o: plot.time_height(
        section(), verdict=verdicts(), event_time=ORIGIN, surface_pressure=880.0, **o
    ),
}

#: Figures of several panels.
GRIDS: dict[str, Callable[..., Any]] = {
    "spiral_map_with_null": lambda **o: plot.spiral_map(
        track(), curves={"involute": curve()}, event=EVENT, null=null(), statistic=0.31, p_value=0.02, **o
    ),
    "stage_maps": lambda **o: plot.stage_maps(
        means().isel(stage=[0, 1]), gas="co", levels=[850, 600], orbit="descending", surface_pressure=ground(),
        event=EVENT, faults=FAULTS, **o,
    ),
    "stage_maps_relative": lambda **o: plot.stage_maps(
        means(), gas="co", levels=[600, 300], orbit="ascending", relative_to="background", event=EVENT, **o
    ),
}  # fmt: skip

INPUTS = (
    section,
    verdicts,
    means,
    ground,
    field,
    xco,
    anomaly,
    series,
    track,
    null,
    helix_points,
    rates,
    rolling,
    by_stage,
)
