"""What is in a data file, for a person to look at: its kind, date, windows and how much of each field is missing."""

from __future__ import annotations

import os
from typing import Any

from gasquake._numbers import percent_text
from gasquake.errors import GranuleError
from gasquake.io import products
from gasquake.io.layout import Layout, find_date, find_layout, find_windows, plain_name
from gasquake.io.worker import DataFile, is_missing, open_data_file

__all__ = ["describe_file"]

_FORMATS = {"hdf4": "HDF4", "hdf5": "HDF5 / netCDF-4", "netcdf3": "classic netCDF"}
#: [D] Cells up to which a variable of a file that is no AIRS granule is read, to tell how much of it is missing.
_READ_UP_TO = 20_000_000


def describe_file(path: str | os.PathLike[str], /) -> dict[str, Any]:
    """Say what is in an HDF4, HDF5 or netCDF file.

    Parameters
    ----------
    path : path-like
        The file.

    Returns
    -------
    dict
        Of text, numbers and lists, as JSON has them: ``path``, ``bytes``, ``format``, ``kind``; for AIRS level 3 also
        ``version``, ``date``, ``date_source``, ``windows`` (orbit to [start, end], UTC), ``window_source``,
        ``levels`` (hPa), ``lat`` and ``lon`` ([first, last, step] in the file's order); and ``variables``, each with
        ``name``, ``dims``, ``shape``, ``dtype``, ``units``, ``missing`` (fraction of fill values; None where it was not
        looked at). Of an AIRS granule's many hundred fields only gases, columns and surface are looked at.

    Raises
    ------
    GranuleError
        If the file is missing, damaged or of no such format.

    Examples
    --------
    >>> describe_file("MOD11A1.hdf")["variables"][0]["missing"]  # doctest: +SKIP
    0.74
    """
    with open_data_file(path) as file:
        report: dict[str, Any] = {
            "path": str(file.path),
            "bytes": file.path.stat().st_size,
            "format": _FORMATS[file.format],
            "kind": "other",
        }
        names = {plain_name(name): name for name in file.shapes}
        stems = [field.stem for field in (*products.GASES.values(), *products.COLUMNS.values())]
        parts = [
            products.field_name(stem, orbit, grid=grid)
            for stem in stems
            for orbit in products.ORBITS
            for grid in products.GRIDS
        ]
        held = [name for name in parts if name in names]
        if held:
            report |= _describe_airs(file, find_layout(file, held[:1]), held)
            surface = (products.SURFACE_PRESSURE.stem, products.TOPOGRAPHY.stem)
            looked_at = {
                names[n] for n in names if n in held or (n.startswith(surface) and not n.endswith(("_ct", "_sdev")))
            }
        else:
            if not names.keys().isdisjoint(products.VERSION_4):
                report["kind"] = "AIRS level 3, version 4: without CO and CH4, not usable here"
            elif any(name.endswith("/L2gpValue") for name in file.shapes):
                report["kind"] = "MLS level 2 profiles"
            looked_at = {name for name, shape in file.shapes.items() if _cells(shape) <= _READ_UP_TO}
        report["variables"] = [_describe_variable(file, name, look=name in looked_at) for name in file.shapes]
    return report


def in_words(found: dict[str, Any], /) -> dict[str, Any]:
    """What a file holds, for a person to read.

    Parameters
    ----------
    found : dict
        As from `describe_file`.

    Returns
    -------
    dict
        The same keys; axes, levels, windows and shares as text.
    """
    told = dict(found)
    for axis in ("lat", "lon"):
        if axis in told:
            first, last, step = told[axis]
            told[axis] = f"{first:g} to {last:g}" + ("" if step is None else f", step {step:g}")
    if told.get("levels"):
        told["levels"] = f"{', '.join(f'{level:g}' for level in told['levels'])} hPa"
    if "windows" in told:
        told["windows"] = {orbit: f"{start} to {end}" for orbit, (start, end) in told["windows"].items()}
    told["variables"] = [
        {
            "name": field["name"],
            "along": " x ".join(f"{dim} ({n})" for dim, n in zip(field["dims"], field["shape"], strict=True)) or None,
            "dtype": field["dtype"],
            "units": field["units"],
            "missing": None if field["missing"] is None else percent_text(field["missing"]),
        }
        for field in found["variables"]
    ]
    return told


def _cells(shape: tuple[int, ...]) -> int:
    count = 1
    for size in shape:
        count *= size
    return count


def _describe_airs(file: DataFile, layout: Layout, held: list[str]) -> dict[str, Any]:
    report: dict[str, Any] = {
        "kind": "AIRS level 3" if layout.level.size else "AIRS level 3, one layer",
        "version": layout.version or None,
        "levels": layout.level.tolist(),
    }
    for name, values in (("lat", layout.lat), ("lon", layout.lon)):
        step = float(values[1] - values[0]) if values.size > 1 else None
        report[name] = [float(values[0]), float(values[-1]), step]
    begin, end = (file.attributes.get(key) for key in ("start_time", "end_time"))
    try:
        date, report["date_source"] = find_date(file, layout)
    except GranuleError as error:
        return report | {"date": None, "date_source": error.reason}
    if isinstance(begin, str) and isinstance(end, str) and begin[:10] != end[:10]:
        return report | {"date": None, "date_source": f"a mean over {begin} to {end}"}
    report["date"] = str(date)[:10]
    orbits = [orbit for orbit, letter in products.ORBITS.items() if any(n.endswith(f"_{letter}") for n in held)]
    starts, ends, report["window_source"] = find_windows(file, date, orbits)
    seconds = "datetime64[s]"
    report["windows"] = {
        orbit: [f"{start}Z", f"{end}Z"]
        for orbit, start, end in zip(orbits, starts.astype(seconds), ends.astype(seconds), strict=True)
    }
    return report


def _describe_variable(file: DataFile, name: str, *, look: bool) -> dict[str, Any]:
    variable = file.variable(name)
    missing = None
    if look and variable.dtype[0] in "fiu" and _cells(variable.shape):
        missing = float(is_missing(file.read(name), variable.attributes).mean())
    return {
        "name": name,
        "dims": list(variable.dims),
        "shape": list(variable.shape),
        "dtype": variable.dtype,
        "units": variable.attributes.get("units", variable.attributes.get("Units")),
        "missing": missing,
    }
