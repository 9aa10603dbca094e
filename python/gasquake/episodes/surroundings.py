"""A place on the grid and the ring around it: which cells, and how far the place stands out."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gasquake import _labelled
from gasquake.places import distance_km

__all__ = ["lateral_contrast", "neighbourhood"]

Cube = TypeVar("Cube", xr.Dataset, xr.DataArray)


def neighbourhood(cube: Cube, /, *, longitude: float, latitude: float, radius_cells: int = 1) -> Cube:
    """The cell that holds a place, and those around it.

    Parameters
    ----------
    cube : Dataset or DataArray
        With dims "lat" and "lon", cell centres in degrees; longitudes on any turn.
    longitude, latitude : float
        Of the place, degrees.
    radius_cells : int
        Cells on each side: 1 is 3 x 3, 0 the cell alone.

    Returns
    -------
    Dataset or DataArray
        Of the type of `cube`. At the edge of the grid there are fewer cells; on a grid all around the Earth longitudes
        go on past the edge.

    Raises
    ------
    ValueError
        If the place is off the grid: more than half a step from every cell centre.

    Examples
    --------
    >>> grid = xr.DataArray(np.zeros((7, 10)), {"lat": np.arange(27.5, 34), "lon": np.arange(97.5, 107)})
    >>> cells = neighbourhood(grid, longitude=102.08, latitude=29.59)
    >>> cells.lat.values.tolist(), cells.lon.values.tolist()
    ([28.5, 29.5, 30.5], [101.5, 102.5, 103.5])
    """
    if radius_cells < 0:
        raise ValueError(f"radius_cells must not be negative, got {radius_cells}")
    row, column = _cell(cube, longitude, latitude)
    lat, lon = cube["lat"].values, cube["lon"].values
    rows = np.arange(max(row - radius_cells, 0), min(row + radius_cells + 1, lat.size))
    columns = np.arange(column - radius_cells, column + radius_cells + 1)
    step = _step(lon)
    if np.isclose(lon.size * step, 360.0) and columns.size <= lon.size:
        turns = columns // lon.size
        attrs = cube["lon"].attrs
        picked = cube.isel(lat=rows, lon=columns % lon.size)
        picked = picked.assign_coords(lon=picked["lon"].values + 360.0 * turns) if turns.any() else picked
        picked["lon"].attrs = dict(attrs)
        return picked
    return cube.isel(lat=rows, lon=columns[(columns >= 0) & (columns < lon.size)])


def lateral_contrast(
    values: xr.DataArray,
    /,
    *,
    longitude: float,
    latitude: float,
    inner_deg: float = 1.0,
    outer_deg: float = 3.0,
    min_cells: int = 8,
    surface_pressure: xr.DataArray | None = None,
) -> xr.Dataset:
    """How far the cell of a place stands out from the ring around it, in robust standard deviations of the ring.

    Zhao et al. (2022, section 2.1, doi 10.12677/ag.2022.1212164) hold gas over the epicentre that is like its
    surroundings for gas from elsewhere; this puts a number to "like".

    Parameters
    ----------
    values : DataArray
        Of dims "lat" and "lon" and any others. NaN and infinities are missing.
    longitude, latitude : float
        Of the place, degrees.
    inner_deg, outer_deg : float
        The ring holds the cells whose centres are more than `inner_deg` and at most `outer_deg` degrees of arc from the
        centre of the place's cell.
    min_cells : int
        Fewest valid cells of the ring for a result, else NaN.
    surface_pressure : DataArray, optional
        With units of pressure. Levels within 5 hPa of the ground or below it do not count; `values` then needs a level
        dim with pressures (see `gasquake.profiles.scan_profiles`).

    Returns
    -------
    Dataset
        Without "lat" and "lon". Lazy if `values` is. Floats have the type of `values`.

        - ``contrast`` (1): (x - median of the ring) / (1.4826 MAD of the ring)
        - ``ring_median``, ``ring_spread`` (1.4826 MAD) in the units of `values`
        - ``n_ring`` (int32): valid cells of the ring

    Raises
    ------
    TypeError
        If `values` is not a DataArray of real numbers.
    ValueError
        If the place is off the grid, the ring is not a ring, or the grids differ.

    Notes
    -----
    [D] The radii of 1 and 3 degrees, the 8 cells and the robust spread are this project's: the paper compares two
    pictures. The contrast is NaN also where the place's own value is missing or the ring has no spread.

    Examples
    --------
    >>> rng = np.random.default_rng(5)
    >>> co = xr.DataArray(rng.normal(100, 2, (7, 10)), {"lat": np.arange(27.5, 34), "lon": np.arange(97.5, 107)})
    >>> co[2, 5] = 120.0
    >>> found = lateral_contrast(co, longitude=102.08, latitude=29.59)
    >>> print(f"{found.contrast.item():.0f} sigma above {found.n_ring.item()} cells")
    13 sigma above 27 cells
    """
    kind = _labelled.float_dtype(_labelled.require_dataarray(values, "values"), "values")
    if not 0.0 <= inner_deg < outer_deg:
        raise ValueError(f"inner_deg and outer_deg must rise from 0, got {inner_deg} and {outer_deg}")
    row, column = _cell(values, longitude, latitude)
    lat, lon = values["lat"].values.astype(np.float64), values["lon"].values.astype(np.float64)
    one_degree = distance_km(0.0, 0.0, 0.0, 1.0)
    arc = distance_km(lon[column], lat[row], lon, lat[:, np.newaxis]) / one_degree
    ring = (arc > inner_deg + 1e-6) & (arc <= outer_deg + 1e-6)
    # Only the rows and columns that the ring or the place touch are read.
    rows = np.union1d(np.flatnonzero(ring.any(axis=1)), row)
    columns = np.union1d(np.flatnonzero(ring.any(axis=0)), column)
    if surface_pressure is not None:
        values = _above_ground(values, surface_pressure)
    chosen = values.isel(lat=rows, lon=columns)
    ring = ring[np.ix_(rows, columns)]
    here = int(np.searchsorted(rows, row)), int(np.searchsorted(columns, column))

    def compare(array: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        around = np.where(np.isfinite(array), array, np.nan).astype(np.float64)[..., ring]
        n = np.isfinite(around).sum(axis=-1)
        middle = _median(around)
        spread = 1.4826 * _median(np.abs(around - middle[..., np.newaxis]))
        own = array[..., here[0], here[1]].astype(np.float64)
        usable = (n >= min_cells) & np.isfinite(own) & (spread > 0.0)
        contrast = np.divide(own - middle, spread, out=np.full(own.shape, np.nan), where=usable)
        return contrast.astype(kind), middle.astype(kind), spread.astype(kind), n.astype(np.int32)

    types = {"contrast": kind, "ring_median": kind, "ring_spread": kind, "n_ring": np.int32}
    result = _labelled.apply(compare, [chosen], [["lat", "lon"]], types)
    units, title = values.attrs.get("units"), _labelled.describe(values)
    _labelled.with_attrs(result["contrast"], "1", f"contrast of {title} with the ring around the place")
    _labelled.with_attrs(result["ring_median"], units, f"median of {title} in the ring")
    _labelled.with_attrs(result["ring_spread"], units, f"1.4826 MAD of {title} in the ring")
    _labelled.with_attrs(result["n_ring"], "1", f"valid cells of {title} in the ring")
    call = (
        f"lateral_contrast(longitude={longitude:g}, latitude={latitude:g}, inner_deg={inner_deg:g}, "
        f"outer_deg={outer_deg:g}, min_cells={min_cells})"
    )
    return result.assign_attrs(history=_labelled.history(values, call))


def _above_ground(values: xr.DataArray, surface_pressure: xr.DataArray) -> xr.DataArray:
    """Values with the levels at or below the ground missing; a missing surface pressure leaves none."""
    level = _labelled.find_dim(values, "level", "values")
    pressure = xr.DataArray(_labelled.pressure_levels(values, level, "values"), dims=[level])
    ground = _labelled.with_units(surface_pressure, "surface_pressure", "hPa")
    _labelled.check_aligned(values, "values", surface_pressure=ground)
    return values.where(pressure <= ground.drop_vars(list(ground.coords)) - 5.0).transpose(*values.dims)


def _median(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Median of the finite values along the last axis, NaN where there is none (np.nanmedian warns of those)."""
    count = np.isfinite(values).sum(axis=-1)[..., np.newaxis]
    if not values.shape[-1]:
        return np.full(values.shape[:-1], np.nan)
    ordered = np.sort(values, axis=-1)  # NaN last
    low = np.take_along_axis(ordered, np.maximum(count - 1, 0) // 2, axis=-1)
    high = np.take_along_axis(ordered, np.minimum(count // 2, values.shape[-1] - 1), axis=-1)
    middle: NDArray[np.float64] = ((low + high) / 2.0)[..., 0]
    return middle


def _cell(cube: xr.Dataset | xr.DataArray, longitude: float, latitude: float) -> tuple[int, int]:
    """Row and column of the cell that holds a place."""
    for name in ("lat", "lon"):
        if name not in cube.dims or name not in cube.coords or not cube.sizes[name]:
            raise ValueError(f"the data have no cells along {name!r}; they have the dimensions {tuple(cube.dims)}")
    lat, lon = cube["lat"].values.astype(np.float64), cube["lon"].values.astype(np.float64)
    north = np.abs(lat - latitude)
    east = np.abs((lon - longitude + 180.0) % 360.0 - 180.0)
    row, column = int(north.argmin()), int(east.argmin())
    tolerance = 1e-6
    if not (north[row] <= _step(lat) / 2 + tolerance and east[column] <= _step(lon) / 2 + tolerance):
        raise ValueError(
            f"the place {longitude:g} E, {latitude:g} N lies off the grid, whose cell centres cover "
            f"{lon.min():g}..{lon.max():g} E, {lat.min():g}..{lat.max():g} N; choose a region that holds it"
        )
    return row, column


def _step(centres: NDArray[Any]) -> float:
    """Distance of cell centres in degrees; of a single cell, 1."""
    return float(np.abs(np.diff(centres)).min()) if centres.size > 1 else 1.0
