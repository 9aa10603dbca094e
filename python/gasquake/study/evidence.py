"""Every profile of the archive judged: the anomaly against its baseline, then the vertical criterion.

One gas and orbit at a time, so that an archive larger than memory needs one variable of one orbit of it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import xarray as xr

from gasquake import anomalies, profiles, trend
from gasquake.profiles import ProfileVerdict
from gasquake.study.config import AnomalyConfig, ProfileConfig

__all__ = ["baseline_of", "judge", "kernel_of", "other_years", "scan", "standardise"]

ONE_DAY = np.timedelta64(1, "D")


def other_years(cube: xr.Dataset, /) -> int:
    """Number of years in the archive beside one.

    Parameters
    ----------
    cube : Dataset
        A gas cube.

    Returns
    -------
    int
        Distinct years on the time axis, less one.
    """
    return len(np.unique(cube["time"].values.astype("datetime64[Y]"))) - 1


def baseline_of(cube: xr.Dataset, config: AnomalyConfig, /) -> str:
    """The baseline that decides: the configured one, or seasonal where there are years enough.

    Parameters
    ----------
    cube : Dataset
        A gas cube.
    config : AnomalyConfig
        What was asked for.

    Returns
    -------
    str
        "seasonal" or "rolling".
    """
    if config.baseline != "auto":
        return config.baseline
    return "seasonal" if other_years(cube) >= config.min_years else "rolling"


def standardise(values: xr.DataArray, config: AnomalyConfig, /, *, baseline: str) -> xr.Dataset:
    """Anomaly, z-score and spread of every sample along time, against other years or the days before.

    Before years are compared, the trend from year to year is taken out of each pixel.

    Parameters
    ----------
    values : DataArray
        With a time dim of dates.
    config : AnomalyConfig
        Window and counts.
    baseline : {"seasonal", "rolling"}
        Against what.

    Returns
    -------
    Dataset
        ``anomaly`` and ``std`` in the units of `values`, ``zscore`` (1).
    """
    if baseline == "seasonal":
        found = anomalies.seasonal_zscore(
            trend.remove_trend(values),
            half_width=config.half_width_days,
            min_count=config.min_count,
            method=config.method,
        )
        return found[["anomaly", "zscore", "std"]]
    min_count = max(2, int(np.ceil(config.min_fraction * config.window_days)))
    parts = [_rolling(part, config, min_count) for part in _unbroken(values, config.window_days)]
    return xr.concat(parts, "time")


def _rolling(values: xr.DataArray, config: AnomalyConfig, min_count: int) -> xr.Dataset:
    """`standardise` against the days before, on an axis without gaps: a window counts days, not samples."""
    dates = values["time"].values
    daily = np.arange(dates[0], dates[-1] + ONE_DAY, ONE_DAY)
    found = anomalies.rolling_zscore(
        values.reindex(time=daily), config.window_days, min_count=min_count, method=config.method
    ).sel(time=dates)
    kept = found[["anomaly", "zscore"]]
    # The spread is what anomaly and z-score were divided by; where both are 0 it is not known.
    std = (found["anomaly"] / found["zscore"].where(found["zscore"] != 0)).astype(found["anomaly"].dtype)
    return kept.assign(std=std.assign_attrs(found["anomaly"].attrs))


def _unbroken(values: xr.DataArray, window_days: int) -> list[xr.DataArray]:
    """`values` cut where so many days are absent that no window reaches across."""
    dates = values["time"].values
    cuts = np.flatnonzero(np.diff(dates) > window_days * ONE_DAY) + 1
    edges = [0, *cuts.tolist(), dates.size]
    return [values.isel(time=slice(a, b)) for a, b in itertools.pairwise(edges)]


def scan(
    found: xr.Dataset,
    /,
    *,
    gas: str,
    surface_pressure: xr.DataArray | None,
    kernel: xr.DataArray | None,
    config: ProfileConfig,
) -> xr.Dataset:
    """The vertical criterion on anomalies, honest about what the retrieval can resolve.

    Parameters
    ----------
    found : Dataset
        ``anomaly`` and ``std`` with a level dim.
    gas : str
        Which; sets the top of the gradient.
    surface_pressure : DataArray, optional
        hPa.
    kernel : DataArray, optional
        Averaging kernel.
    config : ProfileConfig
        Thresholds; `shape` says what stands in for a missing kernel.

    Returns
    -------
    Dataset
        As `gasquake.profiles.scan_profiles`, plus ``amplitude``: the largest z-score of all counted levels.
    """
    result = profiles.scan_profiles(
        found["anomaly"],
        sigma=found["std"],
        surface_pressure=surface_pressure,
        kernel=kernel if config.shape == "kernel" else None,
        split=config.split,
        top=min({str(k): v for k, v in config.top.items()}.get(gas, 400.0), config.split),
        upper=config.upper,
        threshold=config.threshold,
        quiet=config.quiet,
        min_below=config.min_below,
    )
    if config.shape == "kernel" and kernel is None:
        judged = result["verdict"] > ProfileVerdict.NONE
        unknown = result["verdict"].where(~judged, np.int8(ProfileVerdict.AMPLITUDE_ONLY)).astype(np.int8)
        result["verdict"] = unknown.assign_attrs(result["verdict"].attrs)
    amplitude = xr.apply_ufunc(np.fmax, result["z_below"], result["z_above"])
    return result.assign(amplitude=amplitude.assign_attrs(units="1", long_name=f"largest z-score of {gas}"))


#: What `judge` finds of each profile.
FIELDS = {
    "verdict": "where in the column the anomaly sits",
    "z_below": "largest z-score below the split",
    "z_above": "largest z-score above the split",
    "amplitude": "largest z-score",
    "gradient": "slope of the anomaly on log-pressure altitude",
    "gradient_se": "standard error of the slope of the anomaly",
    "n_below": "levels that count below the split",
}


def judge(
    cube: xr.Dataset,
    /,
    *,
    anomaly: AnomalyConfig,
    profile: ProfileConfig,
    gases: list[str],
    step: Callable[[str], None] = lambda _: None,
) -> xr.Dataset:
    """Judge every profile of the archive.

    Parameters
    ----------
    cube : Dataset
        A gas cube, lazy or not.
    anomaly : AnomalyConfig
        The baseline.
    profile : ProfileConfig
        The vertical criterion.
    gases : list of str
        Which.
    step : callable
        Called with a line before each piece of work.

    Returns
    -------
    Dataset
        dims (gas, orbit, time, lat, lon): ``verdict``, ``z_below``, ``z_above``, ``amplitude``, ``gradient``,
        ``gradient_se``, ``n_below``. Of a one-layer product all are missing but ``amplitude``, its z-score.
    """
    baseline = baseline_of(cube, anomaly)
    by_gas = []
    for gas in gases:
        by_orbit = []
        for orbit in cube["orbit"].values:
            step(f"{gas} {orbit}: anomalies and profiles of {cube.sizes['time']} days")
            by_orbit.append(_judge_one(cube, gas, orbit, baseline, anomaly, profile))
        by_gas.append(xr.concat(by_orbit, xr.DataArray(cube["orbit"].values, dims="orbit", name="orbit")))
    result = xr.concat(by_gas, xr.DataArray(gases, dims="gas", name="gas"), combine_attrs="override")
    return result.assign_attrs(baseline=baseline)


def _judge_one(
    cube: xr.Dataset, gas: str, orbit: str, baseline: str, anomaly: AnomalyConfig, profile: ProfileConfig
) -> xr.Dataset:
    values = cube[gas].sel(orbit=orbit, drop=True)
    values = values.drop_vars([name for name in values.coords if name not in values.dims])
    if "level" in values.dims:
        values = values.sel(level=values["level"] >= profile.upper)
    found = standardise(values.load(), anomaly, baseline=baseline)
    if "level" not in values.dims:
        return _one_layer(found)
    kernel = kernel_of(cube, gas, orbit, profile)
    ground = cube.get("surface_pressure")
    if ground is not None and "orbit" in ground.dims:
        ground = ground.sel(orbit=orbit, drop=True)
    ground = None if ground is None else _plain(ground).load()
    return scan(found, gas=gas, surface_pressure=ground, kernel=kernel, config=profile)[list(FIELDS)]


def kernel_of(cube: xr.Dataset, gas: str, orbit: str, config: ProfileConfig, /) -> xr.DataArray | None:
    """The averaging kernel of a gas on the levels that count.

    Parameters
    ----------
    cube : Dataset
        A gas cube.
    gas, orbit : str
        Which.
    config : ProfileConfig
        Its `upper`.

    Returns
    -------
    DataArray or None
        In memory; None where the data hold none.
    """
    kernel = cube.get(f"{gas}_kernel")
    if kernel is None:
        return None
    kernel = _plain(kernel.sel(orbit=orbit, drop=True) if "orbit" in kernel.dims else kernel)
    return kernel.sel({dim: kernel[dim] >= config.upper for dim in kernel.dims if str(dim).startswith("level")}).load()


def _plain(array: xr.DataArray) -> xr.DataArray:
    """`array` with the coordinates of its dims alone."""
    return array.drop_vars([name for name in array.coords if name not in array.dims])


def _one_layer(found: xr.Dataset) -> xr.Dataset:
    """What a single layer can say: how large, never where in the column."""
    z = found["zscore"]
    missing = xr.full_like(z, np.nan)
    whole: dict[str, Any] = {
        "verdict": xr.full_like(z, ProfileVerdict.UNDETERMINED, dtype=np.int8),
        "n_below": xr.zeros_like(z, dtype=np.int16),
        "amplitude": z,
    }
    return xr.Dataset({name: whole.get(name, missing) for name in FIELDS})
