"""The event among its placebos: every statistic of the chain, at each of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from gasquake.places import Event
from gasquake.profiles import ProfileVerdict
from gasquake.study import chain, placebo
from gasquake.study.config import StudyConfig
from gasquake.study.local import Days, epicentre_cell

__all__ = ["compare", "headline", "headline_kind"]


def headline_kind(judged: xr.Dataset, /) -> str:
    """What the headline scores: roots where the retrieval resolves the vertical, else the size of the anomaly alone.

    Parameters
    ----------
    judged : Dataset
        As from `gasquake.study.evidence.judge`.

    Returns
    -------
    str
        "rooted" or "amplitude".
    """
    verdicts = judged["verdict"].values
    shapeless = (verdicts == ProfileVerdict.AMPLITUDE_ONLY).any()
    return "rooted" if not shapeless and (verdicts > ProfileVerdict.UNDETERMINED).any() else "amplitude"


def compare(
    judged: xr.Dataset, columns: dict[str, xr.Dataset], event: Event, days: Days, /, *, kind: str,
    catalogue: pd.DataFrame | None, config: StudyConfig,
) -> tuple[pd.DataFrame, dict[str, placebo.Rank]]:  # fmt: skip
    """Every statistic of the event and of its placebos.

    Parameters
    ----------
    judged : Dataset
        As from `gasquake.study.evidence.judge`.
    columns : dict of str to Dataset
        ``anomaly`` and ``zscore`` of the column of each gas, dims (time, orbit, lat, lon).
    event : Event
        The earthquake.
    days : Days
        Which days are which.
    kind : str
        As from `headline_kind`.
    catalogue : DataFrame, optional
        Earthquakes that spoil placebos.
    config : StudyConfig
        Of the study.

    Returns
    -------
    tuple of DataFrame and dict of str to Rank
        The placebos with their statistics, and the event's rank in each.
    """
    scores = {"headline": _score(judged, kind, days.matched_window, event, config)}
    chosen, tests, worth = headline(judged, event, days, kind=kind, catalogue=catalogue, config=config)
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
    here = score.isel(dict(zip(("lat", "lon"), epicentre_cell(score, event), strict=True)))
    return float(here.sel(year=year)) if year in score["year"] else np.nan, null


def headline(
    judged: xr.Dataset, event: Event, days: Days, /, *, kind: str, catalogue: pd.DataFrame | None, config: StudyConfig
) -> tuple[pd.DataFrame, dict[str, placebo.Rank], float]:
    """Only the test that decides.

    Parameters
    ----------
    judged, event, days, kind, catalogue, config
        As for `compare`.

    Returns
    -------
    tuple of DataFrame, dict and float
        The placebos, {"headline": its rank}, and how many independent ones they are worth.
    """
    score = _score(judged, kind, days.matched_window, event, config)
    chosen = placebo.choose_placebos(score, event, config=config.placebo, catalogue=catalogue, seed=config.seed)
    worth = placebo.effective_number(chosen, min_distance_km=config.placebo.min_distance_km)
    own, null = _at(score, event, chosen)
    return chosen, {"headline": placebo.rank(own, null, n_effective=worth)}, worth


def _score(judged: xr.Dataset, kind: str, mask: xr.DataArray, event: Event, config: StudyConfig) -> xr.DataArray:
    mean = placebo.window_scores(
        placebo.evidence(judged, kind), mask, radius_cells=config.profile.radius_cells, origin_time=event.time
    )
    return placebo.standardised(mean)
