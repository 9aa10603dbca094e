"""The data of a study, wherever they lie: granules, a staged cube, or soundings.

Refused files are named and left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from gasquake.errors import ConfigError, GranuleError, OtherCube
from gasquake.places import Event, Region, extent
from gasquake.stages import Stage
from gasquake.study.config import StudyConfig
from gasquake.study.paths import files_in, matching
from gasquake.study.placebo import occurrence

__all__ = ["Inputs", "fitting", "no_tested_day", "open_inputs", "surroundings"]


@dataclass(frozen=True, slots=True, eq=False)
class Inputs:
    """The data of a study.

    Attributes
    ----------
    cube : Dataset
        A gas cube of the region and its surroundings.
    kind : str
        "granules", "cube", "soundings" or "given".
    files : list of dict
        path (relative to the configuration's folder where it lies below it), bytes and sha256 of each.
    refused : list of dict
        path and reason of each file that could not be read.
    duplicates : list of dict
        path and reason of each granule that was left out for another of its day, that date, and the name of the one
        that was used.
    """

    cube: xr.Dataset
    kind: str
    files: list[dict[str, Any]] = field(default_factory=list)
    refused: list[dict[str, str]] = field(default_factory=list)
    duplicates: list[dict[str, str]] = field(default_factory=list)


def surroundings(region: Region, margin: float, /) -> Region:
    """The region with room around it for placebo places.

    Parameters
    ----------
    region : Region
        Where the study looks.
    margin : float
        Degrees to add on each side.

    Returns
    -------
    Region
        At most all around the Earth.
    """
    south, north = max(-90.0, region.south - margin), min(90.0, region.north + margin)
    if region.width + 2 * margin >= 360.0:
        return Region(-180.0, south, 180.0, north)
    west, east = ((edge + 180.0) % 360.0 - 180.0 for edge in (region.west - margin, region.east + margin))
    return Region(west, south, east, north)


def with_orbits(cube: xr.Dataset, orbits: Sequence[str], /) -> xr.Dataset:
    """The wanted orbits; the cube itself, not a copy of it, if it has no others.

    Parameters
    ----------
    cube : Dataset
        A gas cube.
    orbits : sequence of str
        Each must be there.

    Returns
    -------
    Dataset
        In the order of `orbits`.
    """
    return cube if cube["orbit"].values.tolist() == list(orbits) else cube.sel(orbit=list(orbits))


def open_inputs(
    config: StudyConfig, event: Event, /, *, work: Path, step: Callable[[str], None], resume: bool
) -> Inputs:
    """Open what ``[gas]`` names.

    Parameters
    ----------
    config : StudyConfig
        With absolute paths.
    event : Event
        The earthquake.
    work : Path
        Folder for the cube that granules are staged into.
    step : callable
        Called with a line before each piece of work.
    resume : bool
        Whether a half-staged cube in `work` is continued.

    Returns
    -------
    Inputs
        The cube holds the configured gases and orbits.

    Raises
    ------
    ConfigError
        If no file matches, none can be read, a gas or orbit is not in the data, or region or event lie off it.

    Notes
    -----
    What a single granule can tell is asked of the first that can be read, before a folder is made.
    """
    from gasquake import io

    paths = matching(config.gas.path)
    kind = config.gas.source
    if kind == "auto":
        kind = "cube" if len(paths) == 1 and (paths[0] / "zarr.json").is_file() else "granules"
    region = surroundings(config.region.resolve(), config.placebo.margin_degrees)
    files: list[dict[str, Any]] = []
    refused: list[dict[str, str]] = []
    duplicates: list[dict[str, str]] = []
    if kind == "cube":
        from gasquake import staging

        step(f"opening the cube {paths[0]}")
        try:
            cube = staging.open_cube(paths[0])
        except (OSError, ValueError) as error:
            raise ConfigError(f"gas.path: {error}") from error
        files = _granules_of(cube)
    elif kind == "granules":
        from gasquake import staging

        _check_gases(config)
        _check_days(paths, config, event)
        try:
            step("looking into the first granule")
            first = staging.first_granule(paths, region=region, gases=config.gas.gases, grid=config.gas.grid)
            _places(first, config, event)
            work.mkdir(parents=True, exist_ok=True)
            report = staging.stage(
                paths, work / "cube.zarr", region=region, gases=tuple(config.gas.gases), grid=config.gas.grid,
                resume=resume, progress=partial(counted, step),
            )  # fmt: skip
        except GranuleError as error:
            _, off, told = error.reason.partition("no cell lies in the region")
            if off:  # no file is at fault
                raise ConfigError(f"region: {off}{told}") from error
            raise
        except ConfigError:
            raise
        except OtherCube as error:
            raise ConfigError(f"gas: {error.found}; leave out --resume, so that granules are staged anew") from error
        except ValueError as error:
            raise ConfigError(f"gas: {error}") from error
        refused = [{"path": str(r.path), "reason": r.reason} for r in report.refused]
        duplicates = [
            {"path": str(s.path), "reason": s.reason, "date": s.date, "used": s.counts}
            for s in report.skipped
            if s.duplicate
        ]
        cube = staging.open_cube(report.out)
        files = _granules_of(cube)
    else:
        parts = []
        paths = files_in(paths)
        for path in paths:
            step(f"reading soundings from {path.name}")
            try:
                parts.append(io.open_soundings(path))
                files.append({"path": path.name, "bytes": path.stat().st_size, "sha256": io.sha256(path)})
            except (OSError, ValueError) as error:
                refused.append({"path": path.name, "reason": str(getattr(error, "reason", error))})
        if not parts:
            told = f"; this one: {paths[0]}: {refused[0]['reason']}" if refused else ""
            raise ConfigError(f"gas.path: none of {len(paths)} file(s) could be read{told}")
        points = xr.concat(parts, "obs", combine_attrs="override") if len(parts) > 1 else parts[0]
        cube = io.grid_soundings(
            points,
            step=config.gas.step,
            region=region,
            min_count=config.gas.min_soundings,
            orbit=None if config.gas.orbits == ["all"] else "local_time",
        )
        if "all" in cube["orbit"].values:
            cube = cube.assign(overpass=_middle_of_day(cube, event))
    return Inputs(fitting(cube, config, event), kind, files, refused, duplicates)


def _check_gases(config: StudyConfig) -> None:
    """Whether AIRS has a daily level-3 product of each gas."""
    from gasquake.io.products import GASES

    foreign = [gas for gas in config.gas.gases if gas not in GASES]
    if foreign:
        raise ConfigError(
            f"gas.gases: granules of AIRS level 3 have {', '.join(GASES)}, not {', '.join(foreign)}; CO2 comes from "
            'soundings: gas.source = "soundings", with their files as gas.path'
        )


def _check_days(paths: Sequence[Path], config: StudyConfig, event: Event) -> None:
    """Whether granules of the tested stages were given at all, where every name holds a date: staging takes long."""
    from gasquake.staging._plan import day_of_name, find_granules

    days = [day_of_name(source.path.name) for source in find_granules(paths)[0]]
    if not days or None in days:
        return
    dates = np.unique(np.array(days, "datetime64[D]").astype("datetime64[ns]"))
    cube = xr.Dataset(coords={"time": dates})
    cube = cube.isel(time=np.flatnonzero(_in_season(cube["time"], config, event)))
    windows, day = config.stages.resolve(event.time), np.timedelta64(1, "D")
    tested = [stage for stage in windows if stage.name in config.stages.tested]
    # A descending overpass can lie on the day before that of the name.
    if not any(((dates > s.start - 2 * day) & (dates < s.end + day)).any() for s in tested):
        raise no_tested_day(cube, windows, config, event)


def _middle_of_day(cube: xr.Dataset, event: Event) -> xr.DataArray:
    """Overpass of soundings without a time of day: noon, and unknown on the day of the earthquake."""
    start, end = cube["window_start"], cube["window_end"]
    noon = start + (end - start) / 2
    return noon.where((event.time < start) | (event.time >= end)).rename("overpass")


def counted(step: Callable[[str], None], done: int, total: int, /) -> None:
    """Tell of every twentieth part of a long count.

    Parameters
    ----------
    step : callable
        Takes a line.
    done, total : int
        How many of how many.
    """
    if done == total or done % max(1, total // 20) == 0:
        step(f"staging granules: {done} of {total}")


def _granules_of(cube: xr.Dataset) -> list[dict[str, Any]]:
    """What a staged cube was made of."""
    columns = (cube[f"granule_{name}"].values.tolist() for name in ("name", "size", "sha256", "version"))
    return [
        {"path": path, "bytes": size, "sha256": digest, "version": version}
        for path, size, digest, version in zip(*columns, strict=True)
    ]


def fitting(cube: xr.Dataset, config: StudyConfig, event: Event, /) -> xr.Dataset:
    """The cube cut to what is asked for.

    Parameters
    ----------
    cube : Dataset
        A gas cube.
    config : StudyConfig
        What is asked for.
    event : Event
        The earthquake.

    Returns
    -------
    Dataset
        The region and its surroundings, the season of the stages in all years, the orbits that are wanted and there.

    Raises
    ------
    ConfigError
        If the cube lacks what the study needs.
    """
    cube, orbits = _places(cube, config, event)
    if not np.all(np.diff(cube["time"].values) > np.timedelta64(0)):
        raise ConfigError("gas.path: the dates of the cube do not increase; stage it again")
    inside = _in_season(cube["time"], config, event)
    return with_orbits(cube if inside.all() else cube.isel(time=np.flatnonzero(inside)), orbits)


def _places(cube: xr.Dataset, config: StudyConfig, event: Event) -> tuple[xr.Dataset, list[str]]:
    """The cube around the region, and the orbits that are wanted and there: what a single day can tell."""
    missing = [gas for gas in config.gas.gases if gas not in cube]
    if missing:
        there = [name for name in ("co", "ch4", "co2", "o3") if name in cube]
        raise ConfigError(f"gas.gases: the data have no {missing}; they have {there}")
    if "level" in cube.dims and "surface_pressure" not in cube:
        raise ConfigError("gas.path: the data have levels but no surface_pressure, which tells those below the ground")
    orbits: list[str] = [orbit for orbit in config.gas.orbits if orbit in cube["orbit"].values]
    if not orbits:
        raise ConfigError(f"gas.orbits: the data have {cube['orbit'].values.tolist()}, not {config.gas.orbits}")
    region = config.region.around(event)
    try:
        looked_at = region.select(cube)
        cube = surroundings(region, config.placebo.margin_degrees).select(cube)
    except ValueError as error:
        raise ConfigError(f"region: {error}") from error
    lat, lon = looked_at["lat"].values, looked_at["lon"].values
    if min(lat.size, lon.size) < 3:
        raise ConfigError(
            f"region: only {lat.size} by {lon.size} cells of the data lie in it; take 3 by 3 or more"
        )  # fmt: skip
    off = np.abs(lat - event.latitude).min(), np.abs((lon - event.longitude + 180.0) % 360.0 - 180.0).min()
    if any(away > np.diff(axis).max() for away, axis in zip(off, (lat, lon), strict=True)):
        west, east = extent(lon)
        raise ConfigError(
            f"region: the event at {event.longitude:g} E {event.latitude:g} N lies off the data, which cover "
            f"{west:g}..{east:g} E, {lat[0]:g}..{lat[-1]:g} N of it"
        )
    return cube, orbits


def _told_stages(windows: Sequence[Stage]) -> str:
    """Stages with their dates."""
    return ", ".join(f"{s.name!r} ({str(s.start)[:10]} to {str(s.end)[:10]})" for s in windows)


def _mend_stages(config: StudyConfig, event: Event) -> str:
    """What to look at when stages and data do not meet."""
    if config.stages.windows:
        return "check stages.windows, or give data of those days"
    preset = config.stages.preset or "default"
    return (
        f"the stages of the preset {preset!r} lie around event.time = {str(event.time)[:19]}Z: is that right? "
        "If it is, give data of those days"
    )


def no_tested_day(cube: xr.Dataset, windows: Sequence[Stage], config: StudyConfig, event: Event, /) -> ConfigError:
    """The error of data without a day of the tested stages.

    Parameters
    ----------
    cube : Dataset
        As from `fitting`.
    windows : sequence of Stage
        All stages.
    config : StudyConfig
        What is asked for.
    event : Event
        The earthquake.

    Returns
    -------
    ConfigError
        With the dates of both, and how to mend it.
    """
    tested = [stage for stage in windows if stage.name in config.stages.tested]
    first, last = (str(cube["time"].values[k])[:10] for k in (0, -1))
    return ConfigError(
        f"stages: no day of the data lies in the tested stages {_told_stages(tested)}; in this season of any year the "
        f"data reach from {first} to {last}; {_mend_stages(config, event)}"
    )


def _in_season(time: xr.DataArray, config: StudyConfig, event: Event) -> NDArray[np.bool_]:
    """Which dates lie, in any year, within the stages and what they are compared with.

    The rest of an archive of whole years would cost its memory, put other seasons among the base rates, and leak the
    season into the trend from year to year.
    """
    windows = config.stages.resolve(event.time)
    origin, dates = pd.Timestamp(event.time), pd.DatetimeIndex(time.values)
    near = {int(y): origin + pd.DateOffset(years=int(y) - origin.year) for y in np.unique(occurrence(time, event.time))}
    away = (dates - pd.DatetimeIndex([near[int(y)] for y in occurrence(time, event.time)])).to_numpy()
    one_day = np.timedelta64(1, "D")
    before = (1 + max(config.anomaly.half_width_days, config.anomaly.window_days)) * one_day
    after = (1 + config.anomaly.half_width_days) * one_day
    first, last = windows[0].start - event.time, windows[-1].end - event.time
    inside: NDArray[np.bool_] = (away >= first - before) & (away <= last + after)
    if not inside.any():
        raise ConfigError(
            f"stages: no day of the data, which reach from {dates[0]:%Y-%m-%d} to {dates[-1]:%Y-%m-%d}, lies in the "
            f"season of the stages, {_told_stages(windows)}, in any year; {_mend_stages(config, event)}"
        )
    return inside
