"""AIRS level-3 granules and their subsets, read into slices of a gas cube."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gasquake import _labelled
from gasquake.errors import GranuleError
from gasquake.io import products
from gasquake.io.cells import Cells
from gasquake.io.layout import find_date, find_layout, find_windows
from gasquake.io.worker import open_data_file
from gasquake.places import Region

__all__ = ["Refused", "open_airs", "open_granules", "standard_pressure"]


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that was left out, and why.

    Attributes
    ----------
    path : Path
        The file.
    reason : str
        What is wrong with it.
    """

    path: Path
    reason: str


def standard_pressure(height: Any, /) -> Any:
    """Surface pressure of the standard atmosphere.

    Parameters
    ----------
    height : float or array
        Height of the surface, m.

    Returns
    -------
    float or array
        Pressure, hPa: p = 1013.25 (1 - 2.25577e-5 z)^5.25588 (ICAO standard atmosphere, below 11 km).

    Examples
    --------
    >>> [f"{standard_pressure(z):.0f}" for z in (0.0, 1560.0, 4000.0)]
    ['1013', '839', '616']
    """
    return 1013.25 * (1.0 - 2.25577e-5 * height) ** 5.25588


def open_airs(
    path: str | os.PathLike[str],
    /,
    *,
    gases: Sequence[str] = ("co", "ch4"),
    region: Region | None = None,
    orbits: Sequence[str] = ("ascending", "descending"),
    grid: str = "standard",
    with_counts: bool = False,
) -> xr.Dataset:
    """Read one daily AIRS level-3 granule, or a subset of one, as a slice of a gas cube.

    The kind of file is told by its content: version 7 or 6 as HDF4-EOS2, as netCDF, as an OPeNDAP subset (with or
    without groups), or a Giovanni subset. It is read in a process of its own, so that a damaged file is an error and
    never the end of the program; only the fields asked for, and of them only the cells of `region`, are read.

    Parameters
    ----------
    path : path-like
        The granule.
    gases : sequence of {"co", "ch4", "o3"}
        Which gases.
    region : Region, optional
        Cells whose centres lie in it; all by default.
    orbits : sequence of {"ascending", "descending"}
        Which orbits, in this order.
    grid : {"standard", "TqJoint"}
        In "standard" each field and level averages its own soundings; in "TqJoint" all come from the same ones.
    with_counts : bool
        Also read the number of soundings of each cell (``<gas>_count``, int32, 0 where there is no value) and their
        standard deviation (``<gas>_sdev``).

    Returns
    -------
    Dataset
        In memory, with dims (time: 1, orbit, level, lat, lon). Each gas is float32 in mol mol-1 (of dry air), NaN where
        missing or below the ground. ``surface_pressure`` (time, orbit, lat, lon) in hPa is the forecast's that the
        retrieval used; where the file has none, that of the standard atmosphere at ``topography``; its attribute
        ``source`` says which. Coordinates ``window_start`` and ``window_end`` (time, orbit) are the UTC times between
        which the soundings were taken, end excluded, from the granule's own attributes; the attribute
        ``window_source`` says so, or that they are the nominal ones.

    Raises
    ------
    GranuleError
        If the file is missing, damaged, foreign, not daily, of version 4 (no CO, no CH4), or has no such field.
    ValueError
        If an argument is unknown, or no cell lies in `region`.
    TypeError
        If `region` is no Region.
    ImportError
        If the library for the file's format is not installed.

    Notes
    -----
    A file dated D holds descending data from D-1 13:30 to D 13:30 UTC, ascending data from D 01:30 to D+1 01:30 UTC:
    match events with the windows, not with the date. The retrieval is described in Susskind et al. (2003, IEEE TGRS 41,
    doi:10.1109/TGRS.2002.808236).

    [D] A value that no cell can hold (a mole fraction outside 0..1e-4) refuses the whole file as damaged. Surface
    pressures missing in the forecast field (cells without soundings) are filled from the topography.

    Examples
    --------
    >>> cube = open_airs("AIRS.2022.09.05.L3.RetStd_IR001.v7.0.9.3.G22249104515.hdf",
    ...                  region=Region(97, 27, 107, 34))  # doctest: +SKIP
    """
    _check_arguments(gases, orbits, grid, region)
    with open_data_file(path) as file:
        wanted = [products.field_name(products.GASES[gas].stem, orbit, grid=grid) for gas in gases for orbit in orbits]
        layout = find_layout(file, wanted)
        if not layout.level.size:
            raise GranuleError(file.path, f"its {wanted[0]} is one layer, and it does not say at which pressure")
        date, date_source = find_date(file, layout)
        starts, ends, window_source = find_windows(file, date, orbits)
        cells = Cells(file, layout, region)
        coords = {
            "time": ("time", [date], {"standard_name": "time", "axis": "T", "long_name": "nominal date, UTC"}),
            "orbit": list(orbits),
            "level": ("level", layout.level[cells.levels], _LEVEL_ATTRS),
            "lat": ("lat", cells.lat, {"units": "degrees_north", "standard_name": "latitude", "axis": "Y"}),
            "lon": ("lon", cells.lon, {"units": "degrees_east", "standard_name": "longitude", "axis": "X"}),
            "window_start": (("time", "orbit"), starts[None], {"long_name": "start of the soundings, UTC"}),
            "window_end": (("time", "orbit"), ends[None], {"long_name": "end of the soundings, UTC, excluded"}),
        }
        dims = ("time", "orbit", "level", "lat", "lon")
        fields = {
            gas + suffix: (dims, _stack(cells, gas, orbits, grid, part), _gas_attrs(gas, part))
            for gas in gases
            for part, suffix in (products.PARTS.items() if with_counts else [("", "")])
        }
        # At once: variables that are added one by one are aligned each time, which takes longer than to read them.
        cube = xr.Dataset({**fields, **_surface(cells, orbits, grid)}, coords)
    version = f"version {layout.version}" if layout.version else "of unknown version"
    cube.attrs = {
        "Conventions": "CF-1.11",
        "title": "AIRS level-3 daily gases on pressure levels",
        "source": f"AIRS (Aqua) level 3 standard product, {version}, {grid} grid",
        "product_version": layout.version or "unknown",
        "grid": grid,
        "date_source": date_source,
        "window_source": window_source,
    }
    if any(name.rpartition("/")[2] == "simulated" and value for name, value in file.attributes.items()):
        cube.attrs["simulated"] = 1
    call = f"open_airs({Path(path).name!r}, grid={grid!r})"
    cube.attrs["history"] = _labelled.history(cube, call)
    return cube


_LEVEL_ATTRS = {"units": "hPa", "standard_name": "air_pressure", "positive": "down", "axis": "Z"}


def _check_arguments(gases: Sequence[str], orbits: Sequence[str], grid: str, region: object) -> None:
    for name, given, known in (("gases", gases, products.GASES), ("orbits", orbits, products.ORBITS)):
        if isinstance(given, str) or not given or len(set(given)) < len(given) or not set(given) <= set(known):
            raise ValueError(f"{name} must be a sequence of some of {list(known)}, each once, got {given!r}")
    if grid not in products.GRIDS:
        raise ValueError(f"grid must be one of {list(products.GRIDS)}, got {grid!r}")
    if region is not None and not isinstance(region, Region):
        raise TypeError(f"region must be a gasquake.places.Region, got {type(region).__name__}")


def _stack(cells: Cells, gas: str, orbits: Sequence[str], grid: str, part: str) -> NDArray[Any]:
    field = products.GASES[gas]
    names = [products.field_name(field.stem, orbit, grid=grid, part=part) for orbit in orbits]
    stacked = np.stack([cells.read(name, field, part=part) for name in names])[None]
    return np.nan_to_num(stacked, nan=0.0).astype(np.int32) if part == "_ct" else stacked


def _gas_attrs(gas: str, part: str) -> dict[str, Any]:
    field = products.GASES[gas]
    if part == "_ct":
        return {"units": "1", "long_name": f"number of soundings of {field.long_name}"}
    if part == "_sdev":
        return {"units": field.units, "long_name": f"standard deviation of the soundings of {field.long_name}"}
    long_name = f"{field.long_name} mole fraction in dry air"
    return {"units": field.units, "standard_name": field.standard_name, "long_name": long_name}


def _surface(cells: Cells, orbits: Sequence[str], grid: str) -> dict[str, Any]:
    """Surface pressure from the best that the file has, and the topography if it has it."""
    shape = (1, len(orbits), cells.lat.size, cells.lon.size)
    pressure = np.full(shape, np.nan, dtype=np.float32)
    variables: dict[str, Any] = {}
    sources = []
    field = products.SURFACE_PRESSURE
    names = [products.field_name(field.stem, orbit, grid=grid) for orbit in orbits]
    if all(name in cells.layout.fields for name in names):
        pressure[0] = [cells.read(name, field).reshape(shape[2:]) for name in names]
        sources.append("the forecast used by the retrieval (SurfPres_Forecast)")
    if products.TOPOGRAPHY.stem in cells.layout.fields:
        height = cells.read(products.TOPOGRAPHY.stem, products.TOPOGRAPHY).reshape(shape[2:])
        attrs = {"units": "m", "standard_name": "surface_altitude", "long_name": products.TOPOGRAPHY.long_name}
        variables["topography"] = ("lat", "lon"), height, attrs
        standard = "the standard atmosphere at the granule's topography"
        sources.append(f"{standard} where that is missing" if sources else standard)
        pressure = np.where(np.isnan(pressure), standard_pressure(height).astype(np.float32), pressure)
    variables["surface_pressure"] = ("time", "orbit", "lat", "lon"), pressure, {
        "units": "hPa",
        "standard_name": "surface_air_pressure",
        "long_name": "surface pressure",
        "source": "; ".join(sources) or "unknown: the file has neither a surface pressure nor a topography",
    }  # fmt: skip
    return variables


def open_granules(
    paths: Iterable[str | os.PathLike[str]],
    /,
    *,
    gases: Sequence[str] = ("co", "ch4"),
    region: Region | None = None,
    orbits: Sequence[str] = ("ascending", "descending"),
    grid: str = "standard",
    with_counts: bool = False,
    on_refused: Callable[[Refused], object] | None = None,
) -> xr.Dataset:
    """Read many granules into one cube, in the order of their dates.

    Parameters
    ----------
    paths : iterable of path-like
        The granules, in any order.
    gases, region, orbits, grid, with_counts
        As for `open_airs`.
    on_refused : callable, optional
        Called with a `Refused` for each file that is left out, as ``refused.append``. By default the first such file
        is an error.

    Returns
    -------
    Dataset
        As from `open_airs`, with all dates along ``time``, in memory. For archives that do not fit use
        `gasquake.staging`.

    Raises
    ------
    GranuleError
        If a file cannot be read and `on_refused` is not given, or none can be.
    ValueError
        If `paths` is empty or an argument is unknown.

    Notes
    -----
    Two files of one date are never mixed: the second is refused. So is a file whose grid is not that of the first.

    Examples
    --------
    >>> refused: list[Refused] = []
    >>> cube = open_granules(Path("granules").glob("*.hdf"), on_refused=refused.append)  # doctest: +SKIP
    """
    _check_arguments(gases, orbits, grid, region)
    slices: dict[np.datetime64, tuple[Path, xr.Dataset]] = {}
    refused: list[Refused] = []
    for path in map(Path, paths):
        try:
            cube = open_airs(path, gases=gases, region=region, orbits=orbits, grid=grid, with_counts=with_counts)
            date = cube["time"].values[0]
            if date in slices:
                raise GranuleError(path, f"it holds the date {date!s:.10}, which {slices[date][0]} holds already")
            if slices:
                _check_grid(path, cube, *next(iter(slices.values())))
        except GranuleError as error:
            if on_refused is None:
                raise
            refused.append(Refused(path, error.reason))
            on_refused(refused[-1])
            continue
        slices[date] = path, cube
    if not slices:
        if refused:
            raise GranuleError(
                refused[0].path, f"none of {len(refused)} files can be read; this one: {refused[0].reason}"
            )
        raise ValueError("paths is empty: there is no granule to read")
    parts = [slices[date][1] for date in sorted(slices)]
    # A file without topography must not add a dimension to that of the others.
    static = next((part["topography"] for part in parts if "topography" in part), None)
    joined = xr.concat(
        [p.drop_vars("topography", errors="ignore") for p in parts], dim="time", combine_attrs="drop_conflicts"
    )
    if static is not None:
        joined["topography"] = static
    joined.attrs = _joined_attrs(parts)
    call = f"open_granules({len(parts)} granules, grid={grid!r})"
    joined.attrs["history"] = _labelled.history(joined, call)
    return joined


def _joined_attrs(parts: Sequence[xr.Dataset]) -> dict[str, Any]:
    """Attributes of the whole: what differs between the parts is listed."""
    names = [name for name in parts[0].attrs if name != "history"]
    attrs = {}
    for name in names:
        values = list(dict.fromkeys(part.attrs.get(name) for part in parts))
        attrs[name] = values[0] if len(values) == 1 else "; ".join(str(v) for v in values)
    if any(part.attrs.get("simulated") for part in parts):
        attrs["simulated"] = 1
    return attrs


def _check_grid(path: Path, cube: xr.Dataset, first_path: Path, first: xr.Dataset) -> None:
    for dim in ("level", "lat", "lon"):
        if not np.array_equal(cube[dim].values, first[dim].values):
            here, there = cube[dim].values, first[dim].values
            raise GranuleError(
                path,
                f"its {dim} ({here.size} of {here[0]:g}..{here[-1]:g}) differs from that of {first_path} "
                f"({there.size} of {there[0]:g}..{there[-1]:g})",
            )
