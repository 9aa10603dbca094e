"""Where the daily maxima went, and whether a spiral through them beats chance."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import xarray as xr

from gasquake import motion
from gasquake.places import Event, Region
from gasquake.study.config import TrackConfig

__all__ = ["Track", "across_orbits", "follow", "holm_over_tracks", "maxima_of"]


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """The daily maxima of one gas, and what was made of them.

    Attributes
    ----------
    gas : str
        Which.
    points : Dataset
        lon, lat, x, y, zscore along time: one position a day, of the orbit whose maximum is the larger.
    volume : Dataset
        The same in three dimensions, with the pressure of the maximum; empty for a one-layer product.
    comparison : ModelComparison
        Constant point, straight line, random walk and the spirals on the same points.
    tests : Dataset
        p-values of each spiral under each null.
    helix : HelixFit or None
        The spiral with its height.
    roti : dict
        What filtering the days by ROTI did; empty without a table.
    """

    gas: str
    points: xr.Dataset
    volume: xr.Dataset
    comparison: motion.ModelComparison
    tests: xr.Dataset
    helix: motion.HelixFit | None
    roti: dict[str, Any]


def across_orbits(maxima: xr.Dataset, /) -> xr.Dataset:
    """One position a day: that of the orbit with the larger z-score. The orbits' values are not averaged.

    Parameters
    ----------
    maxima : Dataset
        dims (time, orbit).

    Returns
    -------
    Dataset
        Along time; NaN where neither orbit has a maximum.
    """
    best = maxima["zscore"].fillna(-np.inf).argmax("orbit")
    return maxima.isel(orbit=best).drop_vars("orbit")


def maxima_of(zscore: xr.DataArray, event: Event, region: Region, /, *, per: str = "column") -> xr.Dataset:
    """Daily maxima in the region.

    Parameters
    ----------
    zscore : DataArray
        dims (time, orbit, lat, lon), with level for ``per="volume"``.
    event : Event
        Positions count from its epicentre.
    region : Region
        Where to look.
    per : {"column", "level", "volume"}
        As in `gasquake.motion.daily_maxima`.

    Returns
    -------
    Dataset
        As from `gasquake.motion.daily_maxima`.
    """
    return motion.daily_maxima(zscore, epicentre=event, region=region, per=per)  # type: ignore[arg-type]


def follow(
    gas: str,
    column: xr.Dataset,
    volume: xr.Dataset | None,
    /,
    *,
    own: xr.DataArray,
    config: TrackConfig,
    seed: int,
) -> Track:
    """Compare spirals with plainer motions and with chance.

    Parameters
    ----------
    gas : str
        Which.
    column : Dataset
        Daily maxima of the column of all years, dims (time, orbit).
    volume : Dataset, optional
        Daily maxima over all levels, of the event's year.
    own : DataArray of bool
        The days of the event's year.
    config : TrackConfig
        What to try.
    seed : int
        Of the nulls.

    Returns
    -------
    Track
        With all p-values, corrected within this track.
    """
    track = across_orbits(column.sel(time=own))
    elsewhere = across_orbits(column.sel(time=~own)) if bool((~own).any()) else None
    climatology = None
    if elsewhere is not None and bool(elsewhere["x"].notnull().any()):
        climatology = motion.maxima_frequency(elsewhere)
    roti: dict[str, Any] = {}
    kept = track
    if config.roti is not None:
        kept, roti = _filtered(track, config, seed)
    position = (kept["x"].values, kept["y"].values, kept["time"].values)
    comparison = motion.compare_models(*position, kinds=config.kinds, anchors=config.anchors, sigma=config.sigma_km)
    nulls: list[Any] = [*config.nulls, *(["climatology"] if climatology is not None else [])]
    tests = motion.spiral_tests(
        *position,
        seed=seed,
        n=config.n_null,
        kinds=config.kinds,
        anchors=config.anchors,
        nulls=nulls,
        climatology=climatology,
        sigma=config.sigma_km,
        loss=config.loss,
    )
    helix, spatial = None, xr.Dataset()
    if volume is not None:
        spatial = across_orbits(volume)
        height = -7.5 * np.log(spatial["level"].values / 1000.0)
        helix = motion.fit_helix(
            spatial["x"].values, spatial["y"].values, height, spatial["time"].values, seed=seed, n=config.n_null,
            sigma=config.sigma_km, loss=config.loss,
        )  # fmt: skip
    return Track(gas, kept, spatial, comparison, tests, helix, roti)


def _filtered(track: xr.Dataset, config: TrackConfig, seed: int) -> tuple[xr.Dataset, dict[str, Any]]:
    """The days of high ROTI, and how a spiral through as many random days does."""
    if config.roti is None:
        return track, {}
    series = motion.roti_series(config.roti)
    kept = motion.filter_days(track, series, threshold=config.roti_threshold)
    known = track.sel(time=np.isin(track["time"].values, series.dropna().index.values))

    def r2(days: xr.Dataset) -> float:
        found = motion.compare_models(
            days["x"].values, days["y"].values, days["time"].values, kinds=config.kinds[:1],
            anchors=config.anchors[:1], sigma=config.sigma_km, leave_one_out=False,
        )  # fmt: skip
        return found.models[-1].r2

    control = motion.random_subset_control(known, kept, r2, seed=seed, n=min(config.n_null, 199))
    return kept, {
        "threshold": config.roti_threshold,
        "days_kept": control.n_kept,
        "days": control.n_days,
        "r2": control.statistic,
        "p_random_subset": control.p_value,
    }


def holm_over_tracks(tracks: list[Track], /) -> dict[tuple[str, str, str], float]:
    """p-values corrected over every spiral, null and gas that was tried.

    Parameters
    ----------
    tracks : list of Track
        All of the study.

    Returns
    -------
    dict
        (gas, spiral, null) -> corrected p.
    """
    keys, values = [], []
    for track in tracks:
        for spiral in track.tests["spiral"].values:
            for null in track.tests["null"].values:
                keys.append((track.gas, str(spiral), str(null)))
                values.append(track.tests["p_value"].sel(spiral=spiral, null=null).item())
    return dict(zip(keys, motion.holm(values).tolist(), strict=True)) if keys else {}


def track_report(track: Track, corrected: dict[tuple[str, str, str], float], /) -> dict[str, Any]:
    """A track for ``summary.json``.

    Parameters
    ----------
    track : Track
        Of one gas.
    corrected : dict
        As from `holm_over_tracks`.

    Returns
    -------
    dict
        Points, models, tests, helix.
    """
    comparison = track.comparison
    points = track.points
    return {
        "n": comparison.n,
        "n_missing": comparison.n_missing,
        "reason": comparison.reason,
        "points": [
            {
                "date": points["time"].values[k],
                "longitude": points["lon"].values[k],
                "latitude": points["lat"].values[k],
                "zscore": points["zscore"].values[k],
            }
            for k in np.flatnonzero(np.isfinite(points["x"].values))
        ],
        "best_model": comparison.best,
        "models": [
            {
                "name": m.name, "r2": m.r2, "rmse_km": m.rmse_km, "loo_rmse_km": m.loo_rmse_km, "aicc": m.aicc,
                "delta_aicc": m.delta_aicc, "weight": m.weight, "ambiguous": m.ambiguous,
                "parameters": dict(m.parameters),
            }
            for m in comparison.models
        ],
        "tests": [
            {
                "spiral": str(spiral),
                "null": str(null),
                "statistic": track.tests["statistic"].sel(spiral=spiral).item(),
                "p_value": track.tests["p_value"].sel(spiral=spiral, null=null).item(),
                "p_holm": corrected.get((track.gas, str(spiral), str(null))),
            }
            for spiral in track.tests["spiral"].values
            for null in track.tests["null"].values
        ],
        "n_draws": track.tests.attrs.get("n_draws"),
        "helix": None if track.helix is None else _helix(track.helix),
        "roti": track.roti or None,
    }  # fmt: skip


def _helix(helix: motion.HelixFit) -> dict[str, Any]:
    kept = {k: v for k, v in asdict(helix).items() if isinstance(v, int | float | str | np.generic)}
    return kept | {"rmse_km": float(np.asarray(helix.spiral.rmse)), "r2_plane": float(np.asarray(helix.spiral.r2))}
