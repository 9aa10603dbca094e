"""A study's result as ``summary.json``, ``products.nc``, ``track.geojson`` and ``correlation.csv`` hold it."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from gasquake.correlation import ZHAO2022_TABLE_1
from gasquake.study import evidence, movement, output, placebo, verdict
from gasquake.study.placebo import Rank
from gasquake.study.result import StudyResult

COORDINATES: dict[str, dict[str, str]] = {
    "time": {"standard_name": "time", "axis": "T", "long_name": "nominal date"},
    "level": {
        "standard_name": "air_pressure", "units": "hPa", "positive": "down", "axis": "Z", "long_name": "pressure",
    },
    "lat": {"standard_name": "latitude", "units": "degrees_north", "axis": "Y", "long_name": "latitude"},
    "lon": {"standard_name": "longitude", "units": "degrees_east", "axis": "X", "long_name": "longitude"},
    "orbit": {"long_name": "half of the orbit"},
    "gas": {"long_name": "gas"},
    "stage": {"long_name": "stage of the earthquake"},
}  # fmt: skip

__all__ = ["beside_truth", "correlation_rows", "products", "summarise", "track_geojson", "write"]


def summarise(result: StudyResult, /) -> dict[str, Any]:
    """The numbers of a study, ready for JSON.

    Parameters
    ----------
    result : StudyResult
        Of `gasquake.study.run`.

    Returns
    -------
    dict
        After the schema in ``gasquake/study/summary.schema.json``.
    """
    event, inputs = result.event, result.inputs
    corrected = movement.holm_over_tracks(result.tracks)
    cube = inputs.cube
    return {
        "schema_version": output.SCHEMA_VERSION,
        "verdict": verdict.as_dict(result.verdict, result.tests["headline"]),
        "event": {
            "name": event.name, "time": event.time, "longitude": event.longitude, "latitude": event.latitude,
            "depth_km": event.depth_km, "magnitude": event.magnitude, "magnitude_type": event.magnitude_type,
            "event_id": event.event_id,
        },
        "inputs": {
            "kind": inputs.kind,
            "simulated": bool(cube.attrs.get("simulated", 0)),
            "days": int(cube.sizes["time"]),
            "days_in_event_year": int(result.days.in_event_year.sum()),
            "first_date": cube["time"].values[0],
            "last_date": cube["time"].values[-1],
            "baseline": result.judged.attrs["baseline"],
            "cells": int(cube.sizes["lat"] * cube.sizes["lon"]),
            "refused": inputs.refused,
        },
        "stages": [
            {
                "name": stage.name, "start": stage.start, "end": stage.end,
                "tested": stage.name in result.config.stages.tested,
                "days": {
                    orbit: int(result.days.of_stage[stage.name].sel(orbit=orbit).sum())
                    for orbit in cube["orbit"].values.tolist()
                },
            }
            for stage in result.stages
        ],
        "profiles": result.profiles,
        "profiles_rolling_baseline": result.rolling,
        "raw_criterion": result.raw,
        "lateral": _lateral(result),
        "tracks": {track.gas: movement.track_report(track, corrected) for track in result.tracks},
        "correlation": correlation_rows(result),
        "masses": result.masses,
        "placebo": {
            "kind": result.headline_kind,
            "places": result.placebos.attrs.get("places", 0),
            "spoiled": result.placebos.attrs.get("spoiled", 0),
            "screened": result.placebos.attrs.get("screened"),
            "unscreened": result.placebos.attrs.get("unscreened"),
            "covered": result.placebos.attrs.get("covered", []),
            "tests": _ranks(result.tests),
            "members": result.placebos[["year", "longitude", "latitude", "headline"]].to_dict("records"),
        },
        "truth": result.truth,
    }  # fmt: skip


def _ranks(tests: dict[str, Rank]) -> dict[str, dict[str, Any]]:
    """Each test; all but the headline corrected for how many of its kind there are."""
    corrected = placebo.holm_by_family(tests)
    found = {}
    for name, rank in tests.items():
        kept = asdict(rank)
        kept.pop("null")
        found[name] = kept | {"p_holm": corrected.get(name)}
    return found


def _lateral(result: StudyResult) -> dict[str, dict[str, Any]]:
    """How often the epicentre stands out from its ring, by gas, orbit and level, and how often in the tested days."""
    lateral = result.lateral
    found: dict[str, dict[str, Any]] = {}
    tested = result.days.window
    for name in [str(v) for v in lateral.data_vars if str(v).endswith("_contrast")]:
        gas = name.removesuffix("_contrast")
        contrast = lateral[name]
        found[gas] = {}
        for orbit in contrast["orbit"].values.tolist():
            one = contrast.sel(orbit=orbit)
            window = one.where(tested.sel(orbit=orbit, time=one["time"]))
            found[gas][orbit] = {
                "level_hpa": one["level"].values if "level" in one.dims else None,
                "days": one.notnull().sum("time").values,
                "days_at_least_2": (one >= 2.0).sum("time").values,
                "tested_days": window.notnull().sum("time").values,
                "tested_days_at_least_2": (window >= 2.0).sum("time").values,
            }
    return found


def correlation_rows(result: StudyResult, /) -> list[dict[str, Any]]:
    """Our correlations of CO and CH4 beside the paper's Table 1.

    Parameters
    ----------
    result : StudyResult
        Of `gasquake.study.run`.

    Returns
    -------
    list of dict
        One row for each stage and orbit; the paper's r and interval where it has that stage.
    """
    if "stages" not in result.correlation:
        return []
    found = result.correlation["stages"]
    published = {(p.stage, p.orbit): p for p in ZHAO2022_TABLE_1}
    rows = []
    for stage in found["stage"].values.tolist():
        for orbit in found["orbit"].values.tolist():
            one = found.sel(stage=stage, orbit=orbit)
            row: dict[str, Any] = {"stage": stage, "orbit": orbit}
            row |= {str(name): one[name].item() for name in one.data_vars}
            against = result.correlation.get(f"background to {stage}")
            row["p_against_background"] = None if against is None else against["p"].sel(orbit=orbit).item()
            paper = published.get((stage, orbit))
            low, high = (None, None) if paper is None else paper.interval
            row |= {
                "zhao2022_r": None if paper is None else paper.r,
                "zhao2022_n": None if paper is None else paper.n,
                "zhao2022_low": low,
                "zhao2022_high": high,
            }
            rows.append(row)
    return rows


def track_geojson(result: StudyResult, /) -> dict[str, Any]:
    """Epicentre and daily maxima as a GeoJSON FeatureCollection (RFC 7946).

    Parameters
    ----------
    result : StudyResult
        Of `gasquake.study.run`.

    Returns
    -------
    dict
        Points with date, gas and z-score.
    """
    event = result.event
    features = [
        _point(event.longitude, event.latitude, {"kind": "event", "name": event.name, "time": event.time}),
    ]
    for track in result.tracks:
        points = track.points
        for k in np.flatnonzero(np.isfinite(points["x"].values)):
            about = {"kind": "maximum", "gas": track.gas, "date": points["time"].values[k]}
            about["zscore"] = points["zscore"].values[k]
            features.append(_point(points["lon"].values[k], points["lat"].values[k], about))
    return {"type": "FeatureCollection", "features": features}


def _point(lon: float, lat: float, properties: dict[str, Any]) -> dict[str, Any]:
    lon = (float(lon) + 180.0) % 360.0 - 180.0
    place = {"type": "Point", "coordinates": [lon, float(lat)]}
    return {"type": "Feature", "geometry": place, "properties": properties}


def products(result: StudyResult, /) -> xr.Dataset:
    """The maps behind the numbers: stage means, anomalies, verdicts, in the region and the event's year.

    Parameters
    ----------
    result : StudyResult
        Of `gasquake.study.run`.

    Returns
    -------
    Dataset
        After CF-1.11.
    """
    region = result.config.region.resolve()
    own = region.select(result.judged).sel(time=result.days.in_event_year)
    judged = own.rename({name: f"profile_{name}" for name in own.data_vars})
    peaks = [
        maxima[["lon", "lat", "zscore", "n_valid"]].rename(
            {"lon": f"{gas}_maximum_lon", "lat": f"{gas}_maximum_lat", "zscore": f"{gas}_maximum_zscore",
             "n_valid": f"{gas}_maximum_n_valid"}
        )
        for gas, maxima in result.maxima.items()
    ]  # fmt: skip
    plain = [judged, result.means, result.fields, *peaks]
    parts = [part.drop_vars([c for c in part.coords if c not in part.dims], errors="ignore") for part in plain]
    # The parts share no variable, and "drop" would empty the attributes of every one.
    merged = xr.merge(parts, combine_attrs="override", compat="no_conflicts", join="outer").drop_attrs(deep=False)
    if "level" in merged.dims:  # an outer join sorts upwards
        merged = merged.sortby("level", ascending=False)
    for name, title in evidence.FIELDS.items():  # of all gases, not of the first
        merged[f"profile_{name}"].attrs |= {"long_name": title}
    coords = {name: (name, merged[name].values, about) for name, about in COORDINATES.items() if name in merged.dims}
    # Put together anew: the order in which a merge leaves coordinates changes from run to run, and with it the bytes.
    return xr.Dataset({name: array.variable for name, array in merged.data_vars.items()}, coords).assign_attrs(
        Conventions="CF-1.11",
        title=f"gasquake study of {result.event.name or result.event.event_id or 'an earthquake'}",
        source="simulated" if result.inputs.cube.attrs.get("simulated") else "satellite",
        history=str(result.fields[next(iter(result.fields))].attrs.get("history", "")),
    )


def beside_truth(result: StudyResult, /) -> list[str]:
    """What was found beside what was simulated.

    Parameters
    ----------
    result : StudyResult
        With a truth.

    Returns
    -------
    list of str
        Lines for a reader; none without a truth.
    """
    truth = result.truth
    if truth is None:
        return []
    lines = [f"{'':26}{'simulated':>20}    found"]
    for gas, report in result.profiles.items():
        for orbit, found in report.items():
            episode = found["neighbourhood"]["episode"]
            onset, low, high = (str(episode[k])[:10] for k in ("onset", "onset_low", "onset_high"))
            told = "none" if onset == "NaT" else f"{onset} ({low[5:]} to {high[5:]})"
            simulated = truth["onset"].get(gas) if truth["amplitude"] else None
            lines.append(f"{gas + ' onset ' + orbit:26}{str(simulated or 'none')[:10]:>20}    {told}")
    for expected in truth["expected"]:
        if expected["orbit"] not in result.profiles.get(expected["gas"], {}):
            continue  # not studied
        counts = _between(result, expected)
        told = ", ".join(f"{n} {name}" for name, n in sorted(counts.items(), key=lambda item: -item[1]))
        last = np.datetime64(expected["end"]) - np.timedelta64(1, "D")
        label = f"{expected['gas']} {expected['orbit'][:4]} {str(expected['start'])[5:10]} to {str(last)[5:10]}"
        lines.append(f"{label:26}{expected['verdict']:>20}    {told or 'no day judged'}")
    return lines


def _between(result: StudyResult, expected: dict[str, Any]) -> dict[str, int]:
    """Verdicts at the epicentre's cell on the days of an expectation."""
    counts: dict[str, int] = {}
    first, last = np.datetime64(expected["start"]), np.datetime64(expected["end"])
    for day in result.profiles[expected["gas"]][expected["orbit"]]["epicentre"]["days"]:
        if first <= day["date"] < last and day["verdict"] != "UNDETERMINED":
            counts[day["verdict"]] = counts.get(day["verdict"], 0) + 1
    return counts


def write(
    result: StudyResult,
    folder: str | Path,
    /,
    *,
    step: Callable[[str], None] = lambda _: None,
    note: Callable[[str], None] | None = None,
) -> None:
    """Write every file of a study but its figures and report.

    Parameters
    ----------
    result : StudyResult
        Of `gasquake.study.run`.
    folder : path_like
        Made if it does not exist.
    step : callable
        Called with a line before the work.
    note : callable, optional
        Called with a line if `folder` held the results of another earthquake; by default that is a warning.

    Notes
    -----
    The files of an earlier run are replaced, and its ``report.html`` and figures are removed, so that all in the folder
    is of one run. Nothing that gasquake has not written is touched.
    """
    step(f"writing results to {folder}")
    replaced = output.write_outputs(
        Path(folder),
        summary=summarise(result),
        products=products(result),
        track=track_geojson(result),
        correlation=correlation_rows(result),
        origin=output.provenance(
            result.config,
            files=result.inputs.files,
            refused=result.inputs.refused,
            duplicates=result.inputs.duplicates,
        ),
    )
    if replaced is not None and note is not None:
        note(replaced)
    elif replaced is not None:
        warnings.warn(replaced, UserWarning, stacklevel=2)
