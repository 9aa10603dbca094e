"""One study from its configuration to its verdict: every step is a function elsewhere, strung together here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from gasquake import correlation, episodes, profiles, stages
from gasquake.errors import ConfigError
from gasquake.places import Event
from gasquake.profiles import ProfileVerdict
from gasquake.study import chain, evidence, local, movement, placebo, verdict
from gasquake.study.config import StudyConfig, load_config
from gasquake.study.inputs import Inputs, open_inputs, surroundings

__all__ = ["StudyResult", "headline", "run"]

Step = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class StudyResult:
    """All that a study found.

    Attributes
    ----------
    config : StudyConfig
        What was asked.
    event : Event
        The earthquake.
    stages : list of Stage
        In order of time.
    inputs : Inputs
        The data, and what was refused.
    days : Days
        Which days are which.
    judged : Dataset
        Verdicts of the whole domain and archive, dims (gas, orbit, time, lat, lon).
    means : Dataset
        Stage means in the region.
    fields : Dataset
        In the region, in the event's year: ``<gas>_zscore`` and ``<gas>_anomaly`` with level, ``x<gas>_zscore`` and
        ``x<gas>_anomaly`` of the column.
    profiles : dict
        gas -> orbit -> daily verdicts, base rates, runs, onset.
    raw : dict
        The paper's criterion on raw profiles.
    lateral : Dataset
        Epicentre against the ring of 1 to 3 degrees.
    maxima : dict of str to Dataset
        Daily maxima of each gas on every level, dims (time, orbit, level); empty for a one-layer product.
    tracks : list of Track
        One for each gas.
    correlation : dict of str to Dataset
        Stage correlations and differences; empty with one gas.
    placebos : DataFrame
        One row each, with every statistic.
    tests : dict of str to Rank
        Every statistic among its placebos; "headline" is the one that decides.
    headline_kind : str
        "rooted" or "amplitude".
    masses : dict
        Implied masses.
    rolling : dict
        Daily verdicts at the epicentre's cell against the days before, where the seasonal baseline decides.
    verdict : Verdict
        The sentence.
    truth : dict or None
        Of a simulated scene.
    """

    config: StudyConfig
    event: Event
    stages: list[stages.Stage]
    inputs: Inputs
    days: local.Days
    judged: xr.Dataset
    means: xr.Dataset
    fields: xr.Dataset
    profiles: dict[str, dict[str, Any]]
    raw: dict[str, dict[str, Any]]
    lateral: xr.Dataset
    maxima: dict[str, xr.Dataset]
    tracks: list[movement.Track]
    correlation: dict[str, xr.Dataset]
    placebos: pd.DataFrame
    tests: dict[str, placebo.Rank]
    headline_kind: str
    masses: dict[str, dict[str, Any]]
    rolling: dict[str, dict[str, Any]]
    verdict: verdict.Verdict
    truth: dict[str, Any] | None = field(default=None)


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
    config = config if isinstance(config, StudyConfig) else load_config(config)
    event = config.event.resolve()
    windows = config.stages.resolve(event.time)
    if cube is None:
        inputs = open_inputs(config, event, work=config.output.directory / ".work", step=step, resume=resume)
    else:
        domain = surroundings(config.region.resolve(), config.placebo.margin_degrees)
        inputs = Inputs(domain.select(cube).sel(orbit=config.gas.orbits), "given")
    if catalogue is None and config.placebo.catalogue is not None:
        from gasquake import io

        catalogue = io.read_catalogue(config.placebo.catalogue)
    return _analyse(config, event, windows, inputs, catalogue, truth, step)


def _analyse(
    config: StudyConfig, event: Event, windows: list[stages.Stage], inputs: Inputs, catalogue: pd.DataFrame | None,
    truth: dict[str, Any] | None, step: Step,
) -> StudyResult:  # fmt: skip
    cube, region = inputs.cube, config.region.resolve()
    gases: list[str] = list(config.gas.gases)
    layered = "level" in cube.dims
    days = _days(cube, event, windows, config)
    if not bool(days.window.any()):
        raise ConfigError(f"stages: no day of the data lies in the tested stages {config.stages.tested}")
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
        tracks.append(movement.follow(gas, column_maxima[gas], volume, own=own, config=config.track, seed=config.seed))

    step("verdicts over the epicentre and their base rates")
    own_maxima = {gas: column_maxima[gas].sel(time=own) for gas in gases}
    report = local.profile_report(judged, event, days, maxima=own_maxima, config=config.profile, seed=config.seed)
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
    kind = _headline_kind(judged)
    placebos, tests = _placebos(judged, columns, event, days, kind, catalogue, config)

    masses: dict[str, dict[str, Any]] = {}
    if "surface_pressure" in cube:
        excess = {gas: regional[f"x{gas}_anomaly"] for gas in gases}
        ground = region.select(cube[["surface_pressure"]])["surface_pressure"]
        ground = ground.sel(time=own) if "time" in ground.dims else ground
        masses = local.implied_masses(excess, ground.load(), region, days)

    conclusion = _conclude(config, inputs, judged, report, tests, kind, days, catalogue, windows, baseline)
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
                shape = config.profile.model_copy(update={"shape": "assumed"})
                verdicts = evidence.scan(
                    found, gas=gas, surface_pressure=own["surface_pressure"], kernel=None, config=shape
                )["verdict"]
                rolling[gas][orbit] = [
                    {"date": date, "verdict": ProfileVerdict(int(v)).name}
                    for date, v in zip(verdicts["time"].values, verdicts.values, strict=True)
                ]
    return raw, rolling


def _lateral(cube: xr.Dataset, gases: list[str], event: Event, own: xr.DataArray) -> xr.Dataset:
    """The paper's lateral criterion in the event's year."""
    near = cube.sel(time=own)
    ground = near.get("surface_pressure")
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


def _headline_kind(judged: xr.Dataset) -> str:
    """Roots where the retrieval resolves the vertical, else the size of the anomaly alone."""
    verdicts = judged["verdict"].values
    shapeless = (verdicts == ProfileVerdict.AMPLITUDE_ONLY).any()
    return "rooted" if not shapeless and (verdicts > ProfileVerdict.UNDETERMINED).any() else "amplitude"


def _placebos(
    judged: xr.Dataset, columns: dict[str, xr.Dataset], event: Event, days: local.Days, kind: str,
    catalogue: pd.DataFrame | None, config: StudyConfig,
) -> tuple[pd.DataFrame, dict[str, placebo.Rank]]:  # fmt: skip
    """Every statistic of the event and of its placebos."""
    scores = {"headline": _score(judged, kind, days.matched_window, event, config)}
    chosen, tests, worth = _headline(scores["headline"], event, catalogue, config)
    for which in ("rooted", "rootless") if kind == "rooted" else ("amplitude",):
        for name, mask in days.matched_stage.items():
            scores[f"{which} {name}"] = _score(judged, which, mask, event, config)
        for gas in judged["gas"].values.tolist():
            scores[f"{which} {gas}"] = _score(judged.sel(gas=[gas]), which, days.matched_window, event, config)
    for gas, found in columns.items():
        mean = placebo.window_scores(
            found["zscore"], days.matched_window, radius_cells=config.profile.radius_cells, origin_time=event.time
        )
        scores[f"column {gas}"] = placebo.standardised(mean)
    for name, score in scores.items():
        own, chosen[name] = _at(score, event, chosen)
        tests[name] = placebo.rank(own, chosen[name].to_numpy(), n_effective=worth)
    others = {
        f"spiral {gas}": chain.spiral_scores(
            found["zscore"],
            event,
            config.region.resolve(),
            chosen,
            own=days.in_event_year,
            sigma_km=config.track.sigma_km,
        )
        for gas, found in columns.items()
    }
    if {"co", "ch4"} <= set(columns):
        others["link"] = chain.link_scores(
            columns["co"]["anomaly"], columns["ch4"]["anomaly"], event, chosen, mask=days.matched_window,
            radius_cells=config.profile.radius_cells,
        )  # fmt: skip
    for name, (own, null) in others.items():
        chosen[name] = null
        tests[name] = placebo.rank(own, null, n_effective=worth)
    return chosen, tests


def _at(score: xr.DataArray, event: Event, chosen: pd.DataFrame) -> tuple[float, Any]:
    """The score of the event, and of each placebo."""
    index = score.indexes["year"].get_indexer(chosen["year"])
    null = score.values[index, chosen["row"].to_numpy(dtype=int), chosen["column"].to_numpy(dtype=int)]
    year = int(pd.Timestamp(event.time).year)
    here = score.isel(dict(zip(("lat", "lon"), local.epicentre_cell(score, event), strict=True)))
    return float(here.sel(year=year)) if year in score["year"] else np.nan, null


def _headline(
    score: xr.DataArray, event: Event, catalogue: pd.DataFrame | None, config: StudyConfig
) -> tuple[pd.DataFrame, dict[str, placebo.Rank], float]:
    """The placebos, the headline's rank among them, and how many independent ones they are worth."""
    chosen = placebo.choose_placebos(score, event, config=config.placebo, catalogue=catalogue, seed=config.seed)
    worth = placebo.effective_number(chosen, min_distance_km=config.placebo.min_distance_km)
    own, null = _at(score, event, chosen)
    return chosen, {"headline": placebo.rank(own, null, n_effective=worth)}, worth


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
    domain = surroundings(config.region.resolve(), config.placebo.margin_degrees)
    cube = domain.select(cube).sel(orbit=config.gas.orbits)
    days = _days(cube, event, config.stages.resolve(event.time), config)
    judged = evidence.judge(cube, anomaly=config.anomaly, profile=config.profile, gases=list(config.gas.gases))
    score = _score(judged, _headline_kind(judged), days.matched_window, event, config)
    return _headline(score, event, catalogue, config)[1]["headline"]


def _score(judged: xr.Dataset, kind: str, mask: xr.DataArray, event: Event, config: StudyConfig) -> xr.DataArray:
    mean = placebo.window_scores(
        placebo.evidence(judged, kind), mask, radius_cells=config.profile.radius_cells, origin_time=event.time
    )
    return placebo.standardised(mean)


def _conclude(
    config: StudyConfig, inputs: Inputs, judged: xr.Dataset, report: dict[str, dict[str, Any]],
    tests: dict[str, placebo.Rank], kind: str, days: local.Days, catalogue: pd.DataFrame | None,
    windows: list[stages.Stage], baseline: str,
) -> verdict.Verdict:  # fmt: skip
    tested = [stage for stage in windows if stage.name in config.stages.tested]
    rooted, rates = {}, {}
    for gas in report:
        hits = judged_days = 0
        base = []
        for orbit in report[gas].values():
            for day in orbit["epicentre"]["days"]:
                if day["stage"] in config.stages.tested and day["verdict"] != "UNDETERMINED":
                    judged_days += 1
                    hits += day["verdict"] == "ROOTED"
            base.append(orbit["epicentre"]["base_rate"]["ROOTED"])
        rooted[gas] = (hits, judged_days)
        known = [b for b in base if b["n"]]
        if known:
            rate = sum(b["hits"] for b in known) / sum(b["n"] for b in known)
            low, high = episodes.wilson_interval(rate, sum(b["n_effective"] for b in known))
            rates[gas] = (rate, float(low), float(high))
    return verdict.conclude(
        tests["headline"],
        kind=kind,
        rooted_days=rooted,
        base_rates=rates,
        window=(str(tested[0].start)[:10], str(tested[-1].end - np.timedelta64(1, "s"))[:10]),
        gases=list(report),
        also=verdict.further_findings(tests, stages=[stage.name for stage in windows]),
        limits=_limits(config, inputs, judged, catalogue, baseline),
    )


def _limits(
    config: StudyConfig, inputs: Inputs, judged: xr.Dataset, catalogue: pd.DataFrame | None, baseline: str
) -> list[str]:
    """What these data cannot say."""
    cube = inputs.cube
    limits = []
    n_days = cube.sizes["time"]
    if "level" not in cube.dims:
        limits.append("one layer: where in the column an anomaly sits cannot be told")
    elif config.profile.shape == "assumed":
        limits.append(
            "that the retrieval resolves the vertical was assumed by the configuration, not shown by averaging kernels"
        )
    elif not any(f"{gas}_kernel" in cube for gas in config.gas.gases):
        limits.append(
            "the data hold no averaging kernels: whether the vertical shape is the gas's or the retrieval's is not "
            "known, and no profile is called rooted or rootless"
        )
    elif bool((judged["verdict"] == ProfileVerdict.AMPLITUDE_ONLY).any()):
        limits.append("the averaging kernels have about one degree of freedom: the vertical shape is the retrieval's")
    if baseline == "rolling":
        limits.append(
            f"{n_days} days without other years: a day is compared with the {config.anomaly.window_days} before it, "
            "and a slow change looks like an anomaly"
        )
    if catalogue is None:
        limits.append("no catalogue was given: placebos may lie near other earthquakes")
    if inputs.refused:
        limits.append(f"{len(inputs.refused)} input file(s) were refused and left out")
    limits.append("one earthquake: nothing here says that such anomalies precede earthquakes")
    return limits
