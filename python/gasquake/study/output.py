"""What a study leaves on disk: each file written aside, synced and renamed, the summary last.

The same configuration on the same inputs gives the same bytes, but for the time stamp in ``provenance.json``.
"""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from importlib import metadata, resources
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from gasquake import io
from gasquake._optional import attempt_import
from gasquake.study.config import StudyConfig

__all__ = ["SCHEMA_VERSION", "plain", "provenance", "summary_schema", "write_outputs"]

SCHEMA_VERSION = "1.0"
#: What the report calls the figures it draws: nothing else in ``figures/`` is ever removed.
FIGURE = re.compile(
    r"(series|base_rates|correlation|correlation_series|placebos|"
    r"(column|time_height|day|profiles|maxima|spiral|helix)_(co|ch4|co2|o3)|"
    r"stages_(co|ch4|co2|o3)_(ascending|descending|all))\.png"
)
LIBRARIES = ("numpy", "scipy", "xarray", "pandas", "zarr", "h5netcdf", "pyhdf", "pydantic")


def plain(value: Any, /) -> Any:
    """A value as JSON knows it: missing numbers are null, dates are ISO 8601 in UTC.

    Parameters
    ----------
    value : object
        Numbers, strings, dates, arrays, mappings and sequences of them.

    Returns
    -------
    object
        bool, int, float, str, None, list or dict.

    Raises
    ------
    TypeError
        If it holds anything else.
    """
    if value is None or value is pd.NaT:
        return None
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool | int):
        return value
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return float(f"{value:.9g}") if math.isfinite(value) else None
    if isinstance(value, np.datetime64 | pd.Timestamp):
        return None if pd.isna(value) else _iso(pd.Timestamp(value))
    if isinstance(value, datetime):
        return _iso(pd.Timestamp(value))
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, np.ndarray | xr.DataArray):
        array = np.asarray(value)
        return [plain(v) for v in array] if array.ndim else plain(array[()])
    if isinstance(value, Sequence | set | frozenset):
        return [plain(v) for v in value]
    raise TypeError(f"cannot write {type(value).__name__} to JSON")


def _iso(time: pd.Timestamp) -> str:
    time = time if time.tzinfo is None else time.tz_convert("UTC").tz_localize(None)
    if time == time.normalize():
        return time.strftime("%Y-%m-%d")
    return time.isoformat(timespec="seconds") + "Z"


def summary_schema() -> dict[str, Any]:
    """The JSON Schema of ``summary.json``.

    Returns
    -------
    dict
        Draft 2020-12.
    """
    text = resources.files("gasquake.study").joinpath("summary.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def provenance(
    config: StudyConfig,
    /,
    *,
    files: list[dict[str, Any]],
    refused: list[dict[str, str]],
    duplicates: list[dict[str, str]] | None = None,
) -> dict[str, Any]:
    """What made the results: inputs, configuration, versions and seeds.

    Parameters
    ----------
    config : StudyConfig
        As it was run.
    files : list of dict
        Inputs with their sha256.
    refused : list of dict
        Inputs that could not be read, with the reason.
    duplicates : list of dict, optional
        Granules that were left out for another of their day, as in `gasquake.study.inputs.Inputs`.

    Returns
    -------
    dict
        Ready for JSON. ``created`` is the only thing that differs between two runs.
    """
    from gasquake import __version__, kernels

    versions = {"gasquake": __version__}
    for name in LIBRARIES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": versions,
        "simd": kernels.build_info().simd,
        "seed": config.seed,
        "configuration": config.model_dump(mode="json"),
        "inputs": files,
        "refused": refused,
        "duplicates": _by_day(duplicates or []),
    }


def _by_day(duplicates: list[dict[str, str]]) -> list[dict[str, Any]]:
    """Each day with several granules: which was used, and which were set aside.

    Not why: whether a twin was read or the cube held its day already differs between a run and its resumption.
    """
    days: dict[tuple[str, str], list[str]] = {}
    for duplicate in duplicates:
        days.setdefault((duplicate["date"], duplicate["used"]), []).append(duplicate["path"])
    return [{"date": date, "used": used, "set_aside": sorted(days[date, used])} for date, used in sorted(days)]


def _write_json(path: Path, value: Any) -> None:
    """Write JSON with a final newline."""
    text = json.dumps(plain(value), ensure_ascii=False, indent=1, allow_nan=False)
    with io.write_aside(path) as aside:
        aside.write_text(text + "\n", encoding="utf-8")


def _write_table(path: Path, rows: list[dict[str, Any]]) -> None:
    """Write rows that share their keys as CSV; missing numbers are empty."""
    with io.write_aside(path) as aside, aside.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]) if rows else ["empty"], lineterminator="\n")
        writer.writeheader()
        writer.writerows({k: "" if v is None else v for k, v in plain(row).items()} for row in rows)


def _write_products(path: Path, products: xr.Dataset) -> None:
    """Write the labelled products as netCDF-4 after CF-1.11."""
    attempt_import("h5netcdf", extra="study", purpose="to write products.nc")
    encoding: dict[Any, Any] = {
        name: {"zlib": True, "complevel": 4} for name, array in products.data_vars.items() if array.dtype.kind in "fiu"
    }
    with io.write_aside(path) as aside:
        # In memory first: chunks that are computed while they are written come in any order.
        products.compute().to_netcdf(aside, engine="h5netcdf", encoding=encoding)


def write_outputs(
    folder: Path,
    /,
    *,
    summary: dict[str, Any],
    products: xr.Dataset,
    track: dict[str, Any],
    correlation: list[dict[str, Any]],
    origin: dict[str, Any],
) -> str | None:
    """Write every file but figures and report, and remove those of an earlier run.

    Parameters
    ----------
    folder : Path
        Made if it does not exist.
    summary : dict
        Written last: where it stands, the rest stands too.
    products : Dataset
        For ``products.nc``.
    track : dict
        A GeoJSON FeatureCollection.
    correlation : list of dict
        Rows of ``correlation.csv``.
    origin : dict
        Of ``provenance.json``, as from `provenance`.

    Returns
    -------
    str or None
        That the results of another earthquake were replaced, where they were.
    """
    folder.mkdir(parents=True, exist_ok=True)
    replaced = _replaced(folder, plain(summary["event"]))
    ran_before = (folder / "provenance.json").is_file()
    (folder / "summary.json").unlink(missing_ok=True)  # of an earlier run, to whose other files it belongs
    _write_products(folder / "products.nc", products)
    _write_json(folder / "track.geojson", track)
    _write_table(folder / "correlation.csv", correlation)
    _write_json(folder / "provenance.json", origin)
    if ran_before:  # its figures and report must not stand beside this run's summary, whether or not they are made anew
        _remove_drawings(folder)
    _write_json(folder / "summary.json", summary)
    return replaced


def _replaced(folder: Path, event: dict[str, Any]) -> str | None:
    """Which other earthquake's results lie in `folder`; a summary that cannot be read tells of none."""
    try:
        earlier = json.loads((folder / "summary.json").read_text(encoding="utf-8"))["event"]
        if all(earlier[key] == event[key] for key in ("time", "longitude", "latitude")):
            return None
        name = earlier.get("name") or earlier.get("event_id") or "an earthquake without a name"
        return f"results of {name} ({earlier['time']}) in {folder} were replaced"
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None


def _remove_drawings(folder: Path) -> None:
    """Remove the report and the figures of an earlier run, and nothing that somebody else has put there."""
    figures, report = folder / "figures", folder / "report.html"
    if figures.is_dir():
        for path in figures.iterdir():
            if FIGURE.fullmatch(path.name):
                path.unlink()
        if not any(figures.iterdir()) and not figures.is_symlink():
            figures.rmdir()
    if report.is_file():
        with report.open("rb") as file:
            ours = b'<meta name="generator" content="gasquake' in file.read(4096)
        if ours:
            report.unlink()
