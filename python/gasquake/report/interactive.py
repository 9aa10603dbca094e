"""The numbers behind what turns and slides, as JSON for the page's own scripts: daily level maps, and the helix."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gasquake import motion
from gasquake.report.language import Words, gas_label
from gasquake.study.movement import Track
from gasquake.study.result import StudyResult

__all__ = ["explorer_data", "safe_json"]

MOST_VALUES = 700_000  # [D] two bytes each, and as many again for the anomaly: under 4 MB of the page's 8
MISSING = -32768


def safe_json(value: Any, /) -> str:
    r"""JSON that can stand in a script element whatever it holds.

    Parameters
    ----------
    value : object
        Plain types.

    Returns
    -------
    str
        ASCII; ``<``, ``>`` and ``&`` are written as ``\u003c`` and so on, so that no text can end the element.

    Examples
    --------
    >>> print(safe_json({"a": "</script>" + chr(0x2028)}))
    {"a":"\u003c/script\u003e\u2028"}
    """
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def explorer_data(result: StudyResult, summary: Mapping[str, Any], say: Words, /) -> dict[str, Any]:
    """All that the page's scripts draw.

    Parameters
    ----------
    result : StudyResult
        Of `gasquake.study.run`.
    summary : mapping
        As from `gasquake.study.summary.summarise`, in plain types.
    say : Words
        The language.

    Returns
    -------
    dict
        "maps", "helix" and "words", in plain types.
    """
    words = {key.removeprefix("script."): text for key, text in say.section("script.").items()}
    return {
        "words": words,
        "simulated": bool(result.inputs.cube.attrs.get("simulated", 0)),
        "maps": _maps(result, summary, say),
        "helix": [_helix(track) for track in result.tracks if "level" in track.volume],
    }


# --- Maps -------------------------------------------------------------------------------------------------------------


def _maps(result: StudyResult, summary: Mapping[str, Any], say: Words) -> dict[str, Any]:
    fields, event = result.fields, result.event
    gases = list(result.profiles)
    orbits = fields["orbit"].values.tolist()
    levels = fields["level"].values.tolist() if "level" in fields.dims else []
    cells = fields.sizes["lat"] * fields.sizes["lon"]
    days = fields.sizes["time"]
    one_layer = days * cells * len(orbits) * len(gases)
    stride = max(1, math.ceil(math.sqrt(one_layer / MOST_VALUES)))
    fields = fields.isel(lat=slice(None, None, stride), lon=slice(None, None, stride))
    room = max(0, int(MOST_VALUES // (one_layer / stride**2)) - 1)
    kept = (
        levels
        if len(levels) <= room
        else [levels[i] for i in np.unique(np.linspace(0, len(levels) - 1, room).astype(int))]
        if room
        else []
    )
    series: dict[str, Any] = {}
    for gas in gases:
        z = _stack(fields, f"x{gas}_zscore", f"{gas}_zscore", kept)
        anomaly = _stack(fields, f"x{gas}_anomaly", f"{gas}_anomaly", kept)
        known = np.abs(anomaly[np.isfinite(anomaly)])
        scale = float(known.max(initial=0.0)) / 32000 or 1e-9
        unit, factor = ("ppm", 1e6) if gas == "co2" else ("ppb", 1e9)
        for k, orbit in enumerate(orbits):
            found = summary["profiles"][gas][orbit]["epicentre"]["days"]
            series[f"{gas}|{orbit}"] = {
                "z": _packed(z[:, k] / 0.01),
                "anomaly": _packed(anomaly[:, k] / scale),
                "anomalyScale": float(f"{scale * factor:.6g}"),
                "anomalyUnit": unit,
                "verdicts": [day["verdict"] for day in found],
                "stages": [say.name("stage", day["stage"]) for day in found],
            }
    largest = [np.abs(fields[f"x{gas}_zscore"].values) for gas in gases]
    largest += [np.abs(fields[f"{gas}_zscore"].values) for gas in gases if kept]
    known = np.concatenate([part[np.isfinite(part)] for part in largest]) if largest else np.array([])
    limit = float(np.clip(np.ceil(np.percentile(known, 99.5)), 3, 8)) if known.size else 3.0
    lat, lon = fields["lat"].values, fields["lon"].values
    return {
        "gases": [[gas, gas_label(gas)] for gas in gases],
        "orbits": [[orbit, say.name("orbit", orbit)] for orbit in orbits],
        "levels": kept,
        "lat": lat.tolist(), "lon": lon.tolist(), "limit": limit, "stride": stride,
        "levelsLeftOut": len(levels) - len(kept),
        "dates": [str(date)[:10] for date in fields["time"].values],
        "event": [float(_onto(np.array([event.longitude]), lon)[0]), event.latitude],
        "originDate": str(event.time)[:10],
        "start": _first_shown(result),
        "verdicts": {name: say.name("verdict", name) for name in
                     ("ROOTED", "ROOTLESS", "MIXED", "AMPLITUDE_ONLY", "NONE", "UNDETERMINED")},
        "split": result.config.profile.split,
        "threshold": result.config.profile.threshold,
        "series": series,
        "coast": _coast(lat, lon),
    }  # fmt: skip


def _stack(fields: xr.Dataset, column: str, layered: str, levels: list[float]) -> NDArray[np.float64]:
    """The column and then the levels: (time, orbit, 1 + levels, lat, lon)."""
    first = fields[column].transpose("time", "orbit", "lat", "lon").values[:, :, np.newaxis]
    if not levels:
        return np.asarray(first, dtype=np.float64)
    rest = fields[layered].sel(level=levels).transpose("time", "orbit", "level", "lat", "lon").values
    return np.concatenate([first, rest], axis=2).astype(np.float64)


def _packed(values: NDArray[np.float64]) -> str:
    whole = np.where(np.isfinite(values), np.clip(np.rint(np.nan_to_num(values)), -32767, 32767), MISSING)
    return base64.b64encode(whole.astype("<i2").tobytes()).decode("ascii")


def _onto(lon: NDArray[np.float64], grid: NDArray[np.float64]) -> NDArray[np.float64]:
    """Longitudes on the turn of the grid."""
    west = float(grid.min()) - 1.0
    return np.asarray(west + (lon - west) % 360.0)


def _coast(lat: NDArray[np.float64], lon: NDArray[np.float64]) -> list[list[list[float]]]:
    """Pieces of coast within the map and a little around it."""
    from gasquake.plot import coastlines

    east, north = coastlines()
    middle = (lon.min() + lon.max()) / 2.0
    x = (east - middle + 180.0) % 360.0 + middle - 180.0
    near = (
        (x >= lon.min() - 3) & (x <= lon.max() + 3) & (north >= lat.min() - 3) & (north <= lat.max() + 3)
        & np.isfinite(north)
    )  # fmt: skip
    near |= np.append(near[1:], False) | np.append(False, near[:-1])  # a stretch may end beyond; the page cuts it
    near &= np.isfinite(north)
    pieces: list[list[list[float]]] = []
    before = -2
    for k in np.flatnonzero(near):
        point = [round(float(x[k]), 2), round(float(north[k]), 2)]
        if k == before + 1 and pieces and abs(point[0] - pieces[-1][-1][0]) < 180:
            pieces[-1].append(point)
        else:
            pieces.append([point])
        before = int(k)
    return [piece for piece in pieces if len(piece) > 1]


# --- Helix ------------------------------------------------------------------------------------------------------------


def _height_km(pressure: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(-7.5 * np.log(pressure / 1000.0))


def _helix(track: Track) -> dict[str, Any]:
    """Points of the daily maxima in three dimensions, and the curve through them."""
    points = track.volume
    x, y = points["x"].values, points["y"].values
    height = _height_km(points["level"].values)
    known = np.flatnonzero(np.isfinite(x) & np.isfinite(y) & np.isfinite(height))
    days = (points["time"].values - points["time"].values[0]) / np.timedelta64(1, "D")
    curve: list[list[float]] = []
    fit = track.helix
    if fit is not None and not fit.reason and known.size and np.isfinite(fit.climb):
        elapsed = np.linspace(0.0, float(days[known[-1]] - days[known[0]]), 240)
        east, north = motion.spiral_path(fit.spiral, elapsed, kind=fit.kind, anchor=fit.anchor)
        up = fit.zeta0 + fit.climb * elapsed
        curve = [_rounded(p) for p in zip(east, north, up, strict=True) if np.isfinite(p).all()]
    return {
        "gas": gas_label(track.gas),
        "points": [[*_rounded((x[k], y[k], height[k])), float(days[k])] for k in known],
        "levels": [float(points["level"].values[k]) for k in known],
        "z": [round(float(points["zscore"].values[k]), 2) for k in known],
        "dates": [str(points["time"].values[k])[:10] for k in known],
        "curve": curve,
    }


def _rounded(point: Any) -> list[float]:
    return [round(float(v), 2) for v in point]


def _first_shown(result: StudyResult) -> int:
    """The last day of the data before the earthquake, or the last of all."""
    dates = result.fields["time"].values
    before = np.flatnonzero(dates <= result.event.time)
    return int(before[-1]) if before.size else 0
