"""One study from its configuration to its verdict: every step is a function elsewhere, strung together here."""

from __future__ import annotations

import os
from collections.abc import Callable
from errno import ENOENT
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from gasquake import correlation, episodes, motion, profiles, stages
from gasquake.errors import ConfigError
from gasquake.places import Event
from gasquake.profiles import ProfileVerdict
from gasquake.study import comparison, evidence, limits, local, movement, placebo, verdict
from gasquake.study.config import StudyConfig, load_config
from gasquake.study.config.subject import unreadable
from gasquake.study.inputs import Inputs, fitting, no_tested_day, open_inputs
from gasquake.study.paths import matching
from gasquake.study.result import StudyResult

__all__ = ["headline", "run"]

Step = Callable[[str], None]


def run(
    config: StudyConfig | str | Path,
    /,
    *,
    cube: xr.Dataset | None = None,
    catalogue: pd.DataFrame | None = None,
    truth: dict[str, Any] | None = None,
    resume: bool = False,
    step: Step = lambda _: None,
) -> StudyResult:
    """Trace one earthquake: from data to a tested verdict.

    Parameters
    ----------
    config : StudyConfig or path_like
        What to look at, or the TOML file that says so.
    cube : Dataset, optional
        A gas cube instead of what ``[gas]`` names.
    catalogue : DataFrame, optional
        Earthquakes that spoil placebos, instead of what ``[placebo]`` names.
    truth : dict, optional
        Of a simulated scene; it is reported, never used.
    resume : bool
        Go on with a half-staged cube.
    step : callable
        Called with a line before each piece of work.

    Returns
    -------
    StudyResult
        See `gasquake.study.write` for the files.

    Raises
    ------
    ConfigError
        If the configuration and the data do not go together.
    """
    from gasquake import io

    config = config if isinstance(config, StudyConfig) else load_config(config)
    event = config.event.resolve()
    windows = config.stages.resolve(event.time)
    _all_there(config, data=cube is None, catalogue=catalogue is None)
    if catalogue is None and config.placebo.catalogue is not None:  # before the granules, which take long
        reader = partial(io.read_catalogue, tz=config.placebo.tz)
        catalogue = _read("placebo.catalogue", reader, config.placebo.catalogue)
        if catalogue.empty:
            raise ConfigError(
                f"placebo.catalogue: {config.placebo.catalogue} holds no earthquake; give one with those of the "
                "years and the area of the data, or take the key away"
            )
    if config.track.roti is not None:
        _read("track.roti", motion.roti_series, config.track.roti)
    if cube is None:
        inputs = open_inputs(config, event, work=config.output.directory / ".work", step=step, resume=resume)
    else:
        inputs = Inputs(fitting(cube, config, event), "given")
    return _analyse(config, event, windows, inputs, catalogue, truth, step)


def headline(config: StudyConfig, cube: xr.Dataset, /, *, catalogue: pd.DataFrame | None = None) -> placebo.Rank:
    """Only the test that decides, for many worlds: its calibration and its power.

    Parameters
    ----------
    config : StudyConfig
        As for `run`.
    cube : Dataset
        A gas cube.
    catalogue : DataFrame, optional
        Earthquakes that spoil placebos.

    Returns
    -------
    Rank
        The same as ``run(config, cube=cube).tests["headline"]``.
    """
    event = config.event.resolve()
    cube = fitting(cube, config, event)
    days = _days(cube, event, config.stages.resolve(event.time), config)
    judged = evidence.judge(cube, anomaly=config.anomaly, profile=config.profile, gases=list(config.gas.gases))
    kind = comparison.headline_kind(judged)
    tests = comparison.headline(judged, event, days, kind=kind, catalogue=catalogue, config=config)[1]
    return tests["headline"]


def _all_there(config: StudyConfig, *, data: bool, catalogue: bool) -> None:
    """Whether the tables that will be read are there; if not, all that is not there is told, and not one by one."""
    lacking = []
    for key, path in (("placebo.catalogue", config.placebo.catalogue if catalogue else None),
                      ("track.roti", config.track.roti)):  # fmt: skip
        if path is not None and not path.exists():
            lacking.append(str(unreadable(key, path, FileNotFoundError(ENOENT, os.strerror(ENOENT)))))
    if lacking and data:
        try:
            matching(config.gas.path)
        except ConfigError as error:
            lacking.append(str(error))
    if lacking:
        raise ConfigError("\n  ".join([f"{len(lacking)} inputs are not there:", *lacking] if lacking[1:] else lacking))


def _read(key: str, reader: Callable[[Path], Any], path: Path) -> Any:
    """A table that the configuration names, or an error with its key."""
    try:
        return reader(path)
    except OSError as error:
        raise unreadable(key, path, error) from error
    except ValueError as error:
        raise ConfigError(f"{key}: {error}") from error


def _analyse(
    config: StudyConfig, event: Event, windows: list[stages.Stage], inputs: Inputs, catalogue: pd.DataFrame | None,
    truth: dict[str, Any] | None, step: Step,
) -> StudyResult:  # fmt: skip
    cube, region = inputs.cube, config.region.resolve()
    gases: list[str] = list(config.gas.gases)
    layered = "level" in cube.dims
    days = _days(cube, event, windows, config)
    if not bool(days.window.any()):
        raise no_tested_day(cube, windows, config, event)
    own = days.in_event_year

    step("stage means")
    means = stages.stage_means(
        region.select(cube).sel(time=own), windows, longitude=event.longitude, origin_time=event.time, gases=gases
    )
    judged = evidence.judge(cube, anomaly=config.anomaly, profile=config.profile, gases=gases, step=step)
    baseline = judged.attrs["baseline"]

    columns: dict[str, xr.Dataset] = {}
    fields: dict[str, xr.DataArray] = {}
    for gas in gases:
        step(f"{gas}: columns and maps")
        columns[gas] = _column(cube, gas, config, baseline)
        if layered:
            near = region.select(cube)[gas].sel(level=cube["level"] >= config.profile.upper).load()
            found = evidence.standardise(near, config.anomaly, baseline=baseline).sel(time=own)
            fields |= {f"{gas}_zscore": found["zscore"], f"{gas}_anomaly": found["anomaly"]}
        there = region.select(columns[gas]).sel(time=own)
        fields |= {f"x{gas}_zscore": there["zscore"], f"x{gas}_anomaly": there["anomaly"]}
    regional = xr.Dataset(fields)

    step("daily maxima and their motion")
    column_maxima = {gas: movement.maxima_of(columns[gas]["zscore"], event, region) for gas in gases}
    tracks, maxima = [], {}
    for gas in gases:
        volume = None
        if layered:
            volume = movement.maxima_of(regional[f"{gas}_zscore"], event, region, per="volume")
            maxima[gas] = movement.maxima_of(regional[f"{gas}_zscore"], event, region, per="level")
        step(f"{gas}: spirals against chance")
        counted = own | days.in_other_years
        here = column_maxima[gas].sel(time=counted)
        tracks.append(
            movement.follow(gas, here, volume, own=own.sel(time=counted), config=config.track, seed=config.seed)
        )

    step("verdicts over the epicentre and their base rates")
    report = local.profile_report(judged, event, days, maxima=column_maxima, config=config.profile, seed=config.seed)
    row, column = local.epicentre_cell(cube, event)
    here = cube.isel(lat=row, lon=column).load()
    raw: dict[str, dict[str, Any]] = {}
    rolling: dict[str, dict[str, Any]] = {}
    if layered:
        raw, rolling = _other_readings(here, gases, days, event, config, baseline)
    lateral = _lateral(cube, gases, event, own)

    step("correlation of the gases")
    linked = _linked(columns, gases, event, region, days, config)

    step("the same at other times and places")
    kind = comparison.headline_kind(judged)
    placebos, tests = comparison.compare(judged, columns, event, days, kind=kind, catalogue=catalogue, config=config)

    masses: dict[str, dict[str, Any]] = {}
    whole = layered or all("column" in cube[gas].attrs.get("layer", "") for gas in gases)
    if whole and "surface_pressure" in cube:
        excess = {gas: region.select(columns[gas])["anomaly"] for gas in gases}
        ground = region.select(cube[["surface_pressure"]])["surface_pressure"].load()
        masses = local.implied_masses(excess, ground, region, days)

    said = [str(limit) for limit in limits.find_limits(config, inputs, judged, placebos, event=event)]
    conclusion = _conclude(config, report, tests, kind, windows, said)
    return StudyResult(
        config, event, windows, inputs, days, judged, means, regional, report, raw, lateral, maxima, tracks, linked,
        placebos, tests, kind, masses, rolling, conclusion, truth,
    )  # fmt: skip


def _days(cube: xr.Dataset, event: Event, windows: list[stages.Stage], config: StudyConfig) -> local.Days:
    labels = stages.stage_labels(cube, windows, longitude=event.longitude, origin_time=event.time)
    return local.Days(
        labels, windows, config.stages.tested, partial(placebo.matched_days, origin_time=event.time),
        placebo.occurrence(cube["time"], event.time), int(pd.Timestamp(event.time).year),
    )  # fmt: skip


def _column(cube: xr.Dataset, gas: str, config: StudyConfig, baseline: str) -> xr.Dataset:
    """Column-mean mole fraction of one gas with its anomaly and z-score, orbit by orbit."""
    if "level" not in cube.dims:
        whole = cube[gas].load()
    else:
        parts = []
        for orbit in cube["orbit"].values:
            one = cube[[gas, "surface_pressure"]].sel(orbit=[orbit]).load()
            parts.append(profiles.dry_mole_fraction(one, gas)[f"x{gas}"])
        whole = xr.concat(parts, "orbit").transpose("time", "orbit", "lat", "lon")
    plain = whole.drop_vars([name for name in whole.coords if name not in whole.dims])
    found = evidence.standardise(plain, config.anomaly, baseline=baseline)
    return found.assign(value=plain)


def _other_readings(
    here: xr.Dataset, gases: list[str], days: local.Days, event: Event, config: StudyConfig, baseline: str
) -> tuple[dict[str, dict[str, Any]], dict[str, dict[str, Any]]]:
    """The paper's criterion on raw profiles, and verdicts against the other baseline."""
    plain = here.drop_vars([name for name in here.coords if name not in here.dims])
    plain = plain.sel(level=plain["level"] >= config.profile.upper)
    spread = {gas: evidence.standardise(plain[gas], config.anomaly, baseline=baseline)["std"] for gas in gases}
    raw = local.raw_report(plain, xr.Dataset(spread), event, days, config=config.profile)
    rolling: dict[str, dict[str, Any]] = {}
    if baseline == "seasonal":
        for gas in gases:
            rolling[gas] = {}
            for orbit in plain["orbit"].values.tolist():
                own = plain.sel(orbit=orbit, time=days.in_event_year)
                found = evidence.standardise(own[gas], config.anomaly, baseline="rolling")
                kernel = evidence.kernel_of(plain, gas, orbit, config.profile)
                if kernel is not None and "time" in kernel.dims:
                    kernel = kernel.sel(time=own["time"])
                verdicts = evidence.scan(
                    found, gas=gas, surface_pressure=own["surface_pressure"], kernel=kernel, config=config.profile
                )["verdict"]
                rolling[gas][orbit] = [
                    {"date": date, "verdict": ProfileVerdict(int(v)).name}
                    for date, v in zip(verdicts["time"].values, verdicts.values, strict=True)
                ]
    return raw, rolling


def _lateral(cube: xr.Dataset, gases: list[str], event: Event, own: xr.DataArray) -> xr.Dataset:
    """The paper's lateral criterion in the event's year."""
    near = cube.sel(time=own)
    ground = near.get("surface_pressure") if "level" in near.dims else None
    found: dict[str, xr.DataArray] = {}
    for gas in gases:
        contrast = episodes.lateral_contrast(
            near[gas], longitude=event.longitude, latitude=event.latitude, surface_pressure=ground
        )
        found |= {f"{gas}_{name}": array for name, array in contrast.data_vars.items()}
    return xr.Dataset(found).load()


def _linked(
    columns: dict[str, xr.Dataset], gases: list[str], event: Event, region: Any, days: local.Days, config: StudyConfig
) -> dict[str, xr.Dataset]:
    """Correlation of the column anomalies of CO and CH4, averaged over the region, stage by stage."""
    if not {"co", "ch4"} <= set(gases):
        return {}
    own = days.in_event_year
    one, other = (region.select(columns[gas])["anomaly"].sel(time=own).mean(["lat", "lon"]) for gas in ("co", "ch4"))
    labels = days.labels.sel(time=own)
    found = {"stages": correlation.stage_correlation(one, other, labels)}
    names = [stage.name for stage in days.stages]
    for second in names[1:]:
        if names[0] == "background":
            found[f"background to {second}"] = correlation.stage_difference(
                one, other, labels, first="background", second=second, seed=config.seed
            )
    return found


def _conclude(
    config: StudyConfig, report: dict[str, dict[str, Any]], tests: dict[str, placebo.Rank], kind: str,
    windows: list[stages.Stage], said: list[str],
) -> verdict.Verdict:  # fmt: skip
    tested = [stage for stage in windows if stage.name in config.stages.tested]
    rates = {gas: rate for gas in report if (rate := verdict.rooted_base_rate(report[gas])) is not None}
    return verdict.conclude(
        tests["headline"],
        kind=kind,
        rooted_days={gas: verdict.window_counts(report[gas], config.stages.tested) for gas in report},
        large_days={
            gas: verdict.large_counts(report[gas], config.stages.tested, config.profile.threshold) for gas in report
        },
        threshold=config.profile.threshold,
        base_rates=rates,
        window=(str(tested[0].start)[:10], str(tested[-1].end - np.timedelta64(1, "s"))[:10]),
        gases=list(report),
        named=verdict.supported(tests, list(report), kind=kind),
        also=verdict.further_findings(tests, stages=[stage.name for stage in windows]),
        limits=said,
    )
