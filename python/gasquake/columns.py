"""How much gas stands above a place: columns, dry-air mole fractions, and the mass that an anomaly implies.

A profile is taken as piecewise linear in ln p between levels, and integrated over pressure exactly. These functions are
part of `gasquake.profiles` and are imported from there.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gasquake import _labelled
from gasquake._array import check_number
from gasquake.units import AVOGADRO, EARTH_RADIUS_KM, GRAVITY, MOLAR_MASS, MOLAR_MASS_AIR, convert

__all__ = ["cell_area", "column", "dry_mole_fraction", "implied_mass"]

MOLES_PER_HPA = 100.0 / (GRAVITY * MOLAR_MASS_AIR)  # of dry air, mol m-2 hPa-1; times N_A: 2.1201e22 molecules cm-2


def column(
    ds: xr.Dataset, gas: str, /, *, min_observed: float = 0.8, humidity: str = "q", level_dim: Hashable | None = None
) -> xr.Dataset:
    """Amount of a gas in the vertical column above each cell.

    The column is the dry-air mole fraction of `dry_mole_fraction` times the dry air between the ground and the topmost
    level: what was not observed counts as if it held the mean of what was. It depends on the height of the ground, so
    never compare columns of cells with different surface pressure: compare mole fractions.

    Parameters
    ----------
    ds, gas, min_observed, humidity, level_dim
        As for `dry_mole_fraction`.

    Returns
    -------
    Dataset
        Without the level dim, for gas "co": ``co_column`` (molecules cm-2), ``co_column_moles`` (mol m-2; the former
        times 1e4/N_A), ``co_observed_fraction`` (1). Lazy if `ds` is; float32 stays float32.

    Raises
    ------
    KeyError, TypeError, ValueError
        As `dry_mole_fraction`.

    Notes
    -----
    1 hPa of dry air is 352.06 mol m-2 or 2.1201e22 molecules cm-2 (g = 9.80665 m s-2 at every height, a choice that
    understates the air at 10 km by 0.3 %; M = 0.0289644 kg mol-1).

    Examples
    --------
    >>> ds = xr.Dataset(
    ...     {
    ...         "co": ("level", [1e-7, 1e-7, 1e-7], {"units": "mol mol-1"}),
    ...         "surface_pressure": ((), 1000.0, {"units": "hPa"}),
    ...     },
    ...     {"level": ("level", [925.0, 500.0, 100.0], {"units": "hPa"})},
    ... )
    >>> result = column(ds, "co")
    >>> print(f"{result.co_column.item():.4e} {result.co_column.attrs['units']}")
    1.9081e+18 molecules cm-2
    """
    fraction, dry, observed = _integrals(ds, gas, min_observed, humidity, level_dim)
    moles = fraction * dry * MOLES_PER_HPA
    title = _labelled.describe(ds[gas])
    call = f"column({gas!r}, min_observed={min_observed})"
    result = xr.Dataset(
        {
            f"{gas}_column": _labelled.with_attrs(moles * (AVOGADRO / 1e4), "molecules cm-2", f"column of {title}"),
            f"{gas}_column_moles": _labelled.with_attrs(moles, "mol m-2", f"column of {title}"),
            f"{gas}_observed_fraction": observed,
        }
    )
    return result.assign_attrs(history=_labelled.history(ds, call))


def dry_mole_fraction(
    ds: xr.Dataset, gas: str, /, *, min_observed: float = 0.8, humidity: str = "q", level_dim: Hashable | None = None
) -> xr.Dataset:
    r"""Mean mole fraction of a gas in the dry air of the column: XCO, XCH4.

    .. math:: X = \int x (1 - q)\, dp / \int (1 - q)\, dp

    Parameters
    ----------
    ds : Dataset
        A gas cube: the gas with a level dim and units of mole fraction; ``surface_pressure`` with units of pressure on
        the same grid; the pressure of the levels as a coordinate with units of pressure, in either order; and, if
        there is one, specific humidity, with units of mass fraction.
    gas : str
        Name of the variable, as "co".
    min_observed : float
        Where less than this share of the air between the ground and the topmost level was observed, the result is NaN.
    humidity : str
        Name of the specific humidity in `ds`. Without such a variable all air counts as dry.
    level_dim : hashable, optional
        The level dim, where it cannot be found or several could be it.

    Returns
    -------
    Dataset
        Without the level dim, for gas "co": ``xco`` (mol mol-1) and ``co_observed_fraction`` (1, the observed share of
        the dry air; NaN where the surface pressure is missing). Lazy if `ds` is; float32 stays float32.

    Raises
    ------
    KeyError
        If `ds` has no variable `gas` or no ``surface_pressure``.
    TypeError
        If `ds` is no Dataset, or a variable holds no real numbers.
    ValueError
        If dims or units are missing, wrong or ambiguous, or `min_observed` is not in 0..1.

    Notes
    -----
    [D] Design choices, which no source fixes:

    - Between two levels x and q are linear in ln p, and the integral over p is exact (closed form).
    - Levels below the ground (p > surface pressure) are ignored, whatever they hold. The lowest level above the ground
      stands for all the air between it and the ground.
    - A missing level is not bridged. The layers that touch it, and the air below it if it is the lowest, are
      unobserved: they enter neither integral, and `min_observed` limits their share. Its default of 0.8 tolerates a
      missing level in mid-troposphere or a top without retrievals.
    - The column ends at the topmost level; the air above is left out of both integrals.

    Examples
    --------
    CO of 100 ppb below 500 hPa and falling linearly in ln p to 50 ppb at 100 hPa:

    >>> ds = xr.Dataset(
    ...     {
    ...         "co": ("level", [100.0, 100.0, 50.0], {"units": "ppb"}),
    ...         "surface_pressure": ((), 100000.0, {"units": "Pa"}),
    ...     },
    ...     {"level": ("level", [925.0, 500.0, 100.0], {"units": "hPa"})},
    ... )
    >>> result = dry_mole_fraction(ds, "co")
    >>> print(f"{result.xco.item():.4e}", result.co_observed_fraction.item())
    9.1748e-08 1.0
    """
    fraction, _, observed = _integrals(ds, gas, min_observed, humidity, level_dim)
    title = f"dry-air column-mean mole fraction of {_labelled.describe(ds[gas])}"
    call = f"dry_mole_fraction({gas!r}, min_observed={min_observed})"
    result = xr.Dataset(
        {
            f"x{gas}": _labelled.with_attrs(fraction, "mol mol-1", title),
            f"{gas}_observed_fraction": observed,
        }
    )
    return result.assign_attrs(history=_labelled.history(ds, call))


def _integrals(
    ds: xr.Dataset, gas: str, min_observed: float, humidity: str, level_dim: Hashable | None
) -> tuple[xr.DataArray, xr.DataArray, xr.DataArray]:
    """Mole fraction (mol mol-1), dry air between ground and top (hPa), observed share of it."""
    if not isinstance(ds, xr.Dataset):
        raise TypeError(f"ds must be an xarray.Dataset with {gas!r} and 'surface_pressure', got {type(ds).__name__}")
    if not 0.0 <= check_number(min_observed, "min_observed") <= 1.0:
        raise ValueError(f"min_observed must lie in 0..1, got {min_observed}")
    for name in (gas, "surface_pressure"):
        if name not in ds:
            raise KeyError(f"the dataset has no variable {name!r}; it has {sorted(map(str, ds.data_vars))}")
    values = _labelled.with_units(ds[gas], gas, "mol mol-1")
    surface = _labelled.with_units(ds["surface_pressure"], "surface_pressure", "hPa")
    moisture = _labelled.with_units(ds[humidity], humidity, "kg kg-1") if humidity in ds else None
    level = _labelled.find_dim(values, "level", gas, dim=level_dim)
    pressure = _labelled.pressure_levels(values, level, gas)
    _labelled.check_aligned(values, gas, surface_pressure=surface, **({} if moisture is None else {humidity: moisture}))
    if level in surface.dims:
        raise ValueError(f"surface_pressure must not have the level dimension {level!r}, got {surface.dims}")
    if pressure.size == 0:
        raise ValueError(f"{gas} must have at least one level, got none along {level!r}")
    if np.unique(pressure).size != pressure.size or not (pressure > 0).all():
        raise ValueError(f"the pressure of the levels of {gas} must be distinct and > 0, got {pressure}")
    kind = _labelled.float_dtype(values, gas)
    order = np.argsort(-pressure)

    def integrate(x: NDArray[Any], ps: NDArray[Any], *q: NDArray[Any]) -> list[NDArray[Any]]:
        # Views: the level axis leads from here on, and the ground comes first.
        profiles = [np.moveaxis(a, -1, 0)[order] if a.ndim else a for a in (x, *q)]
        found = _dry_integrals(pressure[order], ps, *profiles)
        fraction = np.where(found[2] >= min_observed, found[0], np.nan)
        return [a.astype(kind) for a in (fraction, *found[1:])]

    arrays = [values, surface] + ([] if moisture is None else [moisture])
    core = [[level], []] + ([] if moisture is None else [[level]])
    found = _labelled.apply(integrate, arrays, core, {"fraction": kind, "dry": kind, "observed": kind})
    title = f"observed share of the dry air below the topmost level of {gas}"
    return found["fraction"], found["dry"], _labelled.with_attrs(found["observed"], "1", title)


def _dry_integrals(
    pressure: NDArray[np.float64], ps: NDArray[Any], x: NDArray[Any], q: NDArray[Any] | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Mean mole fraction over the observed dry air, dry air up to the top (hPa), observed share of it.

    `pressure` (level,) falls; `x` and `q` are (level, ...); `ps` is (...).
    """
    shape = np.broadcast_shapes(x.shape[1:], ps.shape)
    ground = np.broadcast_to(np.where(np.isfinite(ps), ps, np.nan).astype(np.float64), shape)
    gas, seen, dry = (np.zeros(shape) for _ in range(3))

    def at(k: int) -> tuple[NDArray[np.bool_], NDArray[np.float64], NDArray[np.float64]]:
        """Where level k was observed, its x (0 where not) and its dry share (1 where unknown)."""
        valid = np.isfinite(x[k])
        air = np.ones(shape)
        if q is not None:
            valid = valid & np.isfinite(q[k])
            air -= np.where(np.isfinite(q[k]), q[k], 0.0)
        return valid, np.where(valid, x[k], 0.0).astype(np.float64), air

    below = at(0)
    for k, p in enumerate(pressure):
        here = valid, value, air = at(k)
        above = p <= ground
        lowest = above & (pressure[k - 1] > ground) if k else above
        held = np.where(lowest, ground - p, 0.0) * air
        dry += held
        seen += held * valid
        gas += held * value
        if k:
            # In the layer from this level down, x = value + s slope and air likewise, s = ln(p/p_k) / ln(p_{k-1}/p_k).
            thickness, span = pressure[k - 1] - p, np.log(pressure[k - 1] / p)
            one = pressure[k - 1] - thickness / span  # integral of s dp
            two = pressure[k - 1] - 2.0 * one / span  # integral of s^2 dp
            slope, drying = below[1] - value, below[2] - air
            inside = above & ~lowest
            layer = air * thickness + drying * one
            dry += np.where(inside, layer, 0.0)
            both = inside & valid & below[0]
            seen += np.where(both, layer, 0.0)
            gas += np.where(both, value * layer + slope * (air * one + drying * two), 0.0)
        below = here
    dry = np.where(np.isfinite(ground), dry, np.nan)
    observed = np.divide(seen, dry, out=np.full(shape, np.nan), where=dry > 0.0)
    return np.divide(gas, seen, out=np.full(shape, np.nan), where=seen > 0.0), dry, observed


def implied_mass(
    anomaly: xr.DataArray,
    /,
    *,
    surface_pressure: xr.DataArray,
    gas: str | None = None,
    area: xr.DataArray | None = None,
) -> xr.DataArray:
    r"""Mass of gas in each grid cell that a column-mean anomaly stands for: what a source would have had to release.

    .. math:: m = X \, \frac{p_s}{g M_{air}} \, A \, M_{gas}

    Print it beside every anomaly. To hold it against the wind a source must renew it within the time in which the air
    of the cell is replaced, about 3 hours for 100 km and 10 m/s.

    Parameters
    ----------
    anomaly : DataArray
        Column-mean anomaly with units of mole fraction (see `dry_mole_fraction`) and, unless `area` is given, lat and
        lon dims with coordinates in degrees.
    surface_pressure : DataArray
        On the same grid, with units of pressure.
    gas : {"co", "ch4", "co2", "o3"}, optional
        Which gas. By default what the name of `anomaly` says, as "co" or "xco".
    area : DataArray, optional
        Area of the cells with units m2 or km2. By default `cell_area` of `anomaly`.

    Returns
    -------
    DataArray
        Tonnes in each cell, negative where the anomaly is; NaN where an input is. Lazy if an input is.

    Raises
    ------
    TypeError
        If an argument is not a DataArray.
    ValueError
        If the gas is unknown, units are missing or wrong, or the area of the cells cannot be found.

    Notes
    -----
    All of the air counts as dry, which overstates the mass by the share of water vapour, at most 1 %.

    Examples
    --------
    One ppb of CO over a cell of one degree in the Sichuan basin:

    >>> grid = {"lat": [29.5, 30.5], "lon": [102.5, 103.5]}
    >>> xco = xr.DataArray(np.ones((2, 2)), grid, ("lat", "lon"), attrs={"units": "ppb"})
    >>> ground = xr.full_like(xco, 850.0).assign_attrs(units="hPa")
    >>> mass = implied_mass(xco, surface_pressure=ground, gas="co")
    >>> print(f"{mass[0, 0].item():.0f} {mass.attrs['units']}")
    90 t
    """
    fraction = _labelled.with_units(anomaly, "anomaly", "mol mol-1")
    ground = _labelled.with_units(surface_pressure, "surface_pressure", "hPa")
    known = _known_gas(gas, anomaly.name)
    area = cell_area(fraction) if area is None else _labelled.with_units(area, "area", "m2")
    _labelled.check_aligned(fraction, "anomaly", surface_pressure=ground, area=area)
    kind = _labelled.float_dtype(fraction, "anomaly")

    def weigh(x: NDArray[Any], ps: NDArray[Any], m2: NDArray[Any]) -> list[NDArray[Any]]:
        tonnes = MOLES_PER_HPA * MOLAR_MASS[known] / 1e3
        return [(x * (ps.astype(np.float64) * m2 * tonnes)).astype(kind)]

    mass = _labelled.apply(weigh, [fraction, ground, area], [[], [], []], {"mass": kind})["mass"]
    title = f"mass of {known} that {_labelled.describe(anomaly)} stands for"
    call = f"implied_mass(gas={known!r})"
    return _labelled.with_attrs(mass.rename("implied_mass"), "t", title, history=_labelled.history(anomaly, call))


def _known_gas(gas: str | None, name: Hashable) -> str:
    found = str(name).lower() if gas is None else gas
    if gas is None and found not in MOLAR_MASS:
        found = found.removeprefix("x").partition("_")[0]
    if found not in MOLAR_MASS:
        told = f"got {gas!r}" if gas is not None else f"and the name of anomaly ({name!r}) does not tell"
        raise ValueError(f"gas must be one of {', '.join(map(repr, MOLAR_MASS))}, {told}")
    return found


def cell_area(grid: xr.DataArray | xr.Dataset, /) -> xr.DataArray:
    r"""Area of the cells of a regular grid on the sphere (radius 6371 km).

    .. math:: A = a^2\, \Delta\lambda\, (\sin\varphi_2 - \sin\varphi_1)

    Parameters
    ----------
    grid : DataArray or Dataset
        With lat and lon dims and their coordinates in degrees, either way up. The edges of the cells are the variables
        that ``attrs["bounds"]`` of the coordinates name, if `grid` holds them (only a Dataset can). Else they lie
        half-way between neighbours, of which there must be two, and latitudes end at the poles. Longitudes may step
        from 180 to -180 or from 360 to 0.

    Returns
    -------
    DataArray
        float64 (lat, lon), units m2.

    Raises
    ------
    ValueError
        If a dim or its coordinate is missing, holds no degrees, is not strictly monotonic or (latitude) lies beyond a
        pole, or the width of its only cell is unknown.

    Examples
    --------
    >>> grid = xr.Dataset(coords={"lat": [29.5, 30.5], "lon": [102.5, 103.5]})
    >>> print(f"{cell_area(grid)[0, 0].item() / 1e6:.0f} km2")
    10761 km2
    """
    lat, lon = (_labelled.find_dim(grid, role, "grid") for role in ("lat", "lon"))
    south_north = np.clip(_edges(grid, lat, "lat"), -90.0, 90.0)
    height = np.abs(np.diff(np.sin(np.deg2rad(south_north)), axis=-1)[:, 0])
    width = np.abs(np.deg2rad(np.diff(_edges(grid, lon, "lon"), axis=-1)[:, 0]))
    radius = convert(EARTH_RADIUS_KM, "km", "m", "radius")
    coords = {lat: grid.coords[lat], lon: grid.coords[lon]}
    area = xr.DataArray(radius**2 * height[:, np.newaxis] * width, coords, (lat, lon), name="cell_area")
    return _labelled.with_attrs(area, "m2", "area of the cell")


def _edges(grid: xr.DataArray | xr.Dataset, dim: Hashable, role: Literal["lat", "lon"]) -> NDArray[np.float64]:
    """Lower and upper edge of each cell along `dim`, (n, 2), in degrees."""
    if dim not in grid.coords:
        raise ValueError(f"the grid has no coordinate {dim!r}, so the area of its cells is unknown; assign_coords one")
    coordinate = grid.coords[dim]
    named = coordinate.attrs.get("bounds")
    if isinstance(grid, xr.Dataset) and named in grid.variables:
        return np.asarray(grid[named].transpose(dim, ...).values, dtype=np.float64)
    units = coordinate.attrs.get("units")
    if coordinate.dtype.kind not in "fiu" or not str(units or "degrees").lower().startswith(("deg", "°")):
        raise ValueError(
            f"the coordinate {dim!r} of the grid must hold degrees, got dtype {coordinate.dtype} with units {units!r}"
        )
    centres = coordinate.values.astype(np.float64)
    if role == "lon":
        centres = np.unwrap(centres, period=360.0)  # neighbours across 180 are neighbours
    elif (np.abs(centres) > 90.0).any():
        raise ValueError(
            f"the coordinate {dim!r} of the grid must lie in -90..90, got {centres[np.abs(centres) > 90.0][0]}"
        )
    steps = np.diff(centres)
    if not ((steps > 0.0).all() or (steps < 0.0).all()):
        raise ValueError(f"the coordinate {dim!r} of the grid must be strictly monotonic, got {coordinate.values}")
    if centres.size < 2:
        raise ValueError(
            f"the grid has {centres.size} cell(s) along {dim!r}, whose width is unknown; name a variable with the "
            f'bounds in attrs["bounds"] of the coordinate of a Dataset, or give the area of the cells'
        )
    middle = (centres[1:] + centres[:-1]) / 2.0
    edges = np.concatenate([[2.0 * centres[0] - middle[0]], middle, [2.0 * centres[-1] - middle[-1]]])
    return np.stack([edges[:-1], edges[1:]], axis=-1)
