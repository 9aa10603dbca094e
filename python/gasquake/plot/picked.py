"""What a study's figures are drawn from: days, positions, curves and rates picked out of a result."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from gasquake import motion, tracks
from gasquake.plot import _draw
from gasquake.plot.language import Language, gas_and_orbit, label
from gasquake.profiles import ProfileVerdict
from gasquake.study import local
from gasquake.study.movement import Track
from gasquake.study.result import StudyResult
from gasquake.study.verdict import resolves_shape, window_counts

__all__ = ["Epicentre", "best_spiral", "compared_rates", "helix_curve", "spiral_curve", "telling_day"]


class Epicentre:
    """The cell of the epicentre, out of the fields of a result.

    Parameters
    ----------
    result : StudyResult
        Of `gasquake.study.run`.
    """

    def __init__(self, result: StudyResult) -> None:
        row, column = local.epicentre_cell(result.judged, result.event)
        self._here = {"lat": float(result.judged["lat"][row]), "lon": float(result.judged["lon"][column])}
        self._cube = result.inputs.cube.isel(lat=row, lon=column).sel(time=result.days.in_event_year)

    def of(self, field: xr.DataArray, /, **where: Any) -> xr.DataArray:
        """The field there.

        Parameters
        ----------
        field : DataArray
            Along lat and lon.
        **where : object
            What else is chosen, as for ``sel``.

        Returns
        -------
        DataArray
            Without coordinates that are no dims.
        """
        return bare(field.sel(self._here, method="nearest").sel(where))

    def ground(self, orbit: str, /) -> xr.DataArray | None:
        """Surface pressure there.

        Parameters
        ----------
        orbit : str
            Of the cube.

        Returns
        -------
        DataArray or None
            hPa, along time where it changes; None if the data have none.
        """
        ground = self._cube.get("surface_pressure")
        if ground is None:
            return None
        return bare((ground.sel(orbit=orbit) if "orbit" in ground.dims else ground).load())


def bare(field: xr.DataArray, /) -> xr.DataArray:
    """A field without coordinates that are no dims.

    Parameters
    ----------
    field : DataArray
        Any.

    Returns
    -------
    DataArray
        The same values.
    """
    return field.drop_vars([c for c in field.coords if c not in field.dims])


def spiral_curve(result: StudyResult, track: Track, name: str, /) -> tuple[tuple[Any, Any], xr.Dataset]:
    """A fitted spiral, and how well it fits random tracks of the same days.

    Parameters
    ----------
    result : StudyResult
        Of `gasquake.study.run`.
    track : Track
        Of ``result.tracks``.
    name : str
        As from `best_spiral`.

    Returns
    -------
    curve : tuple of ndarray
        km east and north of the epicentre.
    null : Dataset
        As from `gasquake.tracks.spiral_null`, with days permuted.
    """
    config = result.config
    kind, _, anchor = name.partition("_")
    points = track.points
    known = np.isfinite(points["x"].values)
    days = (points["time"].values - points["time"].values[known][0]) / np.timedelta64(1, "D")
    fit: Any = SimpleNamespace(**track.comparison[name].parameters)
    curve = motion.spiral_path(
        fit, np.linspace(0.0, float(days[known][-1]), 400), kind=kind, anchor=anchor  # type: ignore[arg-type]
    )  # fmt: skip
    null = tracks.spiral_null(
        points[["x", "y"]], seed=config.seed, n=config.track.n_null, null="permute_days", kind=kind,  # type: ignore[arg-type]
        anchor=anchor, sigma=config.track.sigma_km, loss=config.track.loss,  # type: ignore[arg-type]
    )  # fmt: skip
    return curve, null


def helix_curve(track: Track, /) -> tuple[Any, Any, Any] | None:
    """The fitted helix.

    Parameters
    ----------
    track : Track
        Of ``result.tracks``.

    Returns
    -------
    tuple of ndarray or None
        km east, north and up; None where none could be fitted.
    """
    points, fit = track.volume, track.helix
    if fit is None or fit.reason:
        return None
    known = points["time"].values[np.isfinite(points["x"].values)]
    elapsed = np.linspace(0.0, float((known[-1] - known[0]) / np.timedelta64(1, "D")), 400)
    return *motion.spiral_path(fit.spiral, elapsed, kind=fit.kind, anchor=fit.anchor), fit.zeta0 + fit.climb * elapsed


def telling_day(result: StudyResult, gas: str, /) -> tuple[np.datetime64, str] | None:
    """The tested day and orbit with the largest z-score below the split, rooted ones first.

    Parameters
    ----------
    result : StudyResult
        Of `gasquake.study.run`.
    gas : str
        One of the study's.

    Returns
    -------
    tuple of datetime64 and str, or None
        Date and orbit; None where no tested day was judged, or where the study judges no shapes for want of kernels.
    """
    config = result.config
    if config.profile.shape == "kernel" and f"{gas}_kernel" not in result.inputs.cube:
        return None  # a figure of one day would judge the shape, which the study does not
    best: tuple[tuple[bool, float], Any, str] | None = None
    for orbit, found in result.profiles[gas].items():
        for day in found["epicentre"]["days"]:
            size = day["amplitude"] if np.isnan(day["z_below"]) else day["z_below"]
            if day["stage"] in config.stages.tested and day["verdict"] != "UNDETERMINED" and np.isfinite(size):
                rank = (day["verdict"] == ProfileVerdict.ROOTED.name, float(size))
                if best is None or rank > best[0]:
                    best = (rank, day["date"], orbit)
    return None if best is None else best[1:]


def best_spiral(track: Track, /) -> str | None:
    """The spiral of least AICc.

    Parameters
    ----------
    track : Track
        Of ``result.tracks``.

    Returns
    -------
    str or None
        As "involute_centre"; None where none could be fitted.
    """
    names = set(map(str, track.tests["spiral"].values))
    known = [m for m in track.comparison.models if m.name in names and np.isfinite(m.aicc)]
    return min(known, key=lambda m: m.aicc).name if known else None


def compared_rates(result: StudyResult, /, *, language: Language = "en") -> pd.DataFrame | None:
    """Base rates beside the rates of the tested days, for `gasquake.plot.base_rates`.

    Parameters
    ----------
    result : StudyResult
        Of `gasquake.study.run`.
    language : {"en", "zh"}
        Of the rows' names.

    Returns
    -------
    DataFrame or None
        One row for each gas, orbit and criterion; None where no reference day could be judged.
    """
    rows, names = [], []
    for gas, orbits in result.profiles.items():
        for orbit, found in orbits.items():
            name = gas_and_orbit(_draw.gas_label(gas), orbit, language)
            for verdict, base in found["epicentre"]["base_rate"].items():
                if base["n"] and resolves_shape(result.judged, gas):
                    hits, n = window_counts({orbit: found}, result.config.stages.tested, verdict)
                    names.append(_of(name, label(verdict.lower(), language).replace("_", " "), language))
                    rows.append({**base, "event_rate": hits / n if n else np.nan, "event_n": n})
            raw = result.raw.get(gas, {}).get(orbit)
            if raw and raw["base_rate"]["n"]:
                window = raw["window_rate"]
                names.append(_of(name, label("raw profile (paper)", language), language))
                rows.append({**raw["base_rate"], "event_rate": window["rate"], "event_n": window["n"]})
    return pd.DataFrame(rows, index=names) if rows else None


def _of(name: str, what: str, language: Language) -> str:
    return label("{name}: {what}", language, name=name, what=what)
