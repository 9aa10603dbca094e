"""Maps: stage means by level on one colour scale, single levels, columns.

Plain axes in degrees, stretched so that a kilometre east is as long as one north; cartopy only where a projection is
asked for. Coasts come with the package, borders only from a file that the caller names.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gasquake import _labelled
from gasquake.places import Event
from gasquake.plot import _draw
from gasquake.plot._geo import Lines, cosine, data_transform, extent_of, map_size
from gasquake.plot.geography import draw_geography
from gasquake.plot.language import Language, gas_and_orbit, label, usable_language
from gasquake.plot.style import DIVERGING, SEQUENTIAL

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["column_map", "level_map", "stage_limits", "stage_maps"]


def level_map(
    values: xr.DataArray,
    /,
    *,
    level: float | None = None,
    surface_pressure: xr.DataArray | None = None,
    ax: Axes | None = None,
    event: Event | None = None,
    faults: Lines | None = None,
    borders: Lines | None = None,
    centre: float | None = None,
    limits: tuple[float, float] | None = None,
    projection: Any = None,
    simulated: bool | None = None,
    language: Language = "en",
) -> Axes:
    """Map of one field: a day, a stage, a column (figure 12 of Zhao et al. 2022).

    Parameters
    ----------
    values : DataArray
        Of (lat, lon), or with a level dim of which `level` picks one. NaN and infinities are missing and are hatched.
    level : float, optional
        hPa; the nearest level is drawn, and named in the title.
    surface_pressure : DataArray of (lat, lon), optional
        hPa. Cells where the level lies in the ground are dotted brown: not missing, not there.
    ax : Axes, optional
        Where to draw; by default a new figure.
    event : Event, optional
        Its epicentre is a star.
    faults, borders : path_like or iterable of (name, lon, lat), optional
        Lines over the map: GeoJSON or GMT text, see `gasquake.io.read_faults`. There are no borders by default.
    centre : float, optional
        Draw differences about this value in two colours; by default 0 for z-scores and anomalies, none for the rest.
    limits : (float, float), optional
        Ends of the colour scale in the units shown; by default the middle 98 % of the values.
    projection : cartopy.crs.Projection, optional
        Of a new figure; needs the extra "maps". An `ax` brings its own.
    simulated : bool, optional
        Whether to say so; by default what ``values.attrs["simulated"]`` says.
    language : {"en", "zh"}
        Of the labels.

    Returns
    -------
    Axes
        Of the map; ``ax.figure`` is the figure.

    Raises
    ------
    ValueError
        If dims do not fit.

    Notes
    -----
    Of differences, cells beyond half the reach of the scale carry + or −: in grey its two ends look alike.

    Examples
    --------
    >>> grid = {"lat": [28.5, 29.5, 30.5], "lon": [101.5, 102.5]}
    >>> co = xr.DataArray(np.arange(6.0).reshape(3, 2) + 90, grid, ("lat", "lon"), "co", {"units": "ppb"})
    >>> level_map(co).get_xlabel()
    'longitude'
    """
    language = usable_language(language)
    own = ax is None
    field, pressure = _one_level(_labelled.require_dataarray(values, "values"), level)
    lat, lon = _grid_dims(field)
    field = field.transpose(lat, lon)
    factor, name = _draw.shown(field, language)
    if centre is None and _is_departure(field):
        centre = 0.0
    numbers = np.asarray(field.values, dtype=np.float64) * factor
    extent = extent_of(field[lon].values, field[lat].values)
    ax = _draw.new_axes(ax, map_size(extent), projection=projection)
    low, high, extend = _draw.colour_limits(numbers, centre=centre, limits=limits)
    ground = np.zeros(numbers.shape, dtype=bool)
    if surface_pressure is not None:
        if not pressure:
            raise ValueError("surface_pressure needs a field on a pressure level; values has no level dimension")
        ground = _underground(surface_pressure, field, pressure)
    mesh = _cells(ax, field[lon].values, field[lat].values, numbers, low, high, centre, ground)
    if own:
        _explain(ax, numbers, ground, language)
    _draw.colourbar(ax, mesh, name, extend=extend)
    draw_geography(ax, event=event, faults=faults, borders=borders, extent=extent, language=language)
    if pressure:
        ax.set_title(f"{pressure:g} hPa", loc="left", fontsize="medium")
    if not np.isfinite(numbers).any():
        _draw.note_empty(ax, language)
    _draw.finish(ax, simulated=_draw.is_simulated(simulated, values), language=language)
    return ax


def column_map(values: xr.DataArray, /, **options: Any) -> Axes:
    """Map of a column, such as XCO or the mean mole fraction below 600 hPa.

    Parameters
    ----------
    values : DataArray
        Of (lat, lon) alone.
    **options : object
        As for `level_map`, without `level`.

    Returns
    -------
    Axes
        Of the map.

    Raises
    ------
    TypeError
        If `values` is not a DataArray.
    ValueError
        If it has a level dim or others: a column has none.

    See Also
    --------
    gasquake.profiles.dry_mole_fraction : Makes columns of profiles.

    Examples
    --------
    >>> grid = {"lat": [28.5, 29.5, 30.5], "lon": [101.5, 102.5]}
    >>> xco = xr.DataArray(np.full((3, 2), 1e-7), grid, ("lat", "lon"), "xco", {"units": "mol mol-1"})
    >>> column_map(xco).child_axes[0].get_ylabel()  # of the colour bar
    'XCO (ppb)'
    """
    field = _labelled.require_dataarray(values, "values")
    if _labelled.matching_dims(field, "level"):
        raise ValueError(
            f"values has a level dimension, {field.dims}, and is no column; draw one level with level_map, or make "
            "a column with gasquake.profiles.dry_mole_fraction"
        )
    return level_map(field, **options)


def stage_maps(
    means: xr.Dataset,
    /,
    *,
    gas: str,
    levels: Sequence[float],
    orbit: str,
    relative_to: str | None = None,
    surface_pressure: xr.DataArray | None = None,
    event: Event | None = None,
    faults: Lines | None = None,
    borders: Lines | None = None,
    axes: Any = None,
    limits: tuple[float, float] | None = None,
    projection: Any = None,
    simulated: bool | None = None,
    language: Language = "en",
) -> NDArray[Any]:
    """Means of a gas by stage and level, all on one colour scale (figures 1 to 4 of Zhao et al. 2022).

    Parameters
    ----------
    means : Dataset
        As from `gasquake.stages.stage_means`: ``<gas>_mean`` and ``<gas>_n`` of (stage, orbit, level, lat, lon). A cell
        with no day, or without a mean, is hatched.
    gas : str
        As "co".
    levels : sequence of float
        hPa, one row each, the lowest pressure on top; the nearest levels are drawn.
    orbit : str
        "ascending" or "descending". They are never drawn as one.
    relative_to : str, optional
        Draw the other stages less this one, about zero: on one scale for all levels the change with height hides the
        change with time.
    surface_pressure : DataArray of (lat, lon), optional
        As for `level_map`.
    event, faults, borders
        As for `level_map`.
    axes : array of Axes, optional
        One for each level and stage; by default a new figure.
    limits : (float, float), optional
        Ends of the one colour scale in the units shown.
    projection : cartopy.crs.Projection, optional
        Of a new figure; needs the extra "maps".
    simulated : bool, optional
        Whether to say so; by default what ``means.attrs["simulated"]`` says.
    language : {"en", "zh"}
        Of the labels.

    Returns
    -------
    ndarray of Axes
        Of shape (levels, stages).

    Raises
    ------
    TypeError
        If `means` is no Dataset.
    ValueError
        If a variable, orbit or stage is missing.

    Notes
    -----
    The scale holds the middle 98 % of all values on the page; arrows on it say that some lie beyond. A difference of
    two stages needs days in both.

    Examples
    --------
    >>> grid = {"stage": ["background", "before"], "orbit": ["descending"], "level": [600.0, 400.0],
    ...         "lat": [28.5, 29.5], "lon": [101.5, 102.5]}
    >>> mean = xr.DataArray(np.full((2, 1, 2, 2, 2), 1e-7), grid, list(grid), attrs={"units": "mol mol-1"})
    >>> means = xr.Dataset({"co_mean": mean, "co_n": xr.full_like(mean, 7, dtype=int)})
    >>> stage_maps(means, gas="co", levels=[600, 400], orbit="descending").shape
    (2, 2)
    """
    language = usable_language(language)
    title = label("mean of the stage", language)
    if relative_to is not None:
        title = label("difference from {stage}", language, stage=label(relative_to, language))
    fields, pressures, name, days = _panels(means, gas, orbit, levels, relative_to, language)
    columns = [str(s) for s in fields["stage"].values]
    lat, lon = _grid_dims(fields)
    numbers = np.asarray(fields.values, dtype=np.float64)
    centre = None if relative_to is None else 0.0
    low, high, extend = _draw.colour_limits(numbers, centre=centre, limits=limits)

    shape = (pressures.size, len(columns))
    extent = extent_of(fields[lon].values, fields[lat].values)
    panel = 2.3
    height = panel * (extent[3] - extent[2]) / (extent[1] - extent[0]) / cosine(extent)
    size = (panel * shape[1] + 1.7, min(height, 1.6 * panel) * shape[0] + 1.2)
    grid = _draw.new_grid(axes, shape, size, projection=projection)
    mesh, no_ground = None, np.zeros(numbers.shape[-2:], dtype=bool)
    below = no_ground
    for (i, j), ax in np.ndenumerate(grid):
        ground = no_ground
        if surface_pressure is not None:
            ground = _underground(surface_pressure, fields, float(pressures[i]))
        below = below | ground
        mesh = _cells(ax, fields[lon].values, fields[lat].values, numbers[i, j], low, high, centre, ground)
        draw_geography(ax, event=event, faults=faults, borders=borders, extent=extent, language=language, named=False)
        ax.set_xlabel("")
        ax.set_ylabel(f"{pressures[i]:g} hPa" if j == 0 else "", fontweight="bold")
        if i == 0:
            known = "" if days is None else _draw.n_days(int(days.sel(stage=columns[j])), language)
            ax.set_title(f"{label(columns[j], language)}\n{known}".strip(), fontsize="medium")
        if not np.isfinite(numbers[i, j]).any():
            _draw.note_empty(ax, language)
        ax.label_outer()
    bar = grid[0, 0].figure.colorbar(mesh, ax=grid, extend=extend, shrink=0.8, aspect=30, pad=0.02)
    bar.set_label(label("{first}, {second}", language, first=name, second=title))
    if axes is None:
        _explain(grid[-1, 0], np.where(no_ground, np.nan, numbers), below, language)
        grid[0, 0].figure.suptitle(gas_and_orbit(_draw.gas_label(gas) or gas, orbit, language), fontsize="large")
    stamp = grid[0, -1] if axes is not None else grid[-1, -1]
    _draw.finish(stamp, simulated=False, language=language)
    if _draw.is_simulated(simulated, means):
        _draw.stamp_figure(stamp.figure, language)
    return grid


def stage_limits(
    means: xr.Dataset, /, *, gas: str, levels: Sequence[float], relative_to: str | None = None
) -> tuple[float, float]:
    """Ends of one colour scale for the `stage_maps` of every orbit, by which they can be compared.

    Parameters
    ----------
    means, gas, levels, relative_to
        As for `stage_maps`.

    Returns
    -------
    tuple of float
        In the units shown.
    """
    orbits = [str(o) for o in np.atleast_1d(means["orbit"].values)]
    every = [_panels(means, gas, orbit, levels, relative_to, "en")[0].values.ravel() for orbit in orbits]
    low, high, _ = _draw.colour_limits(np.concatenate(every), centre=None if relative_to is None else 0.0, limits=None)
    return low, high


# --- Fields -----------------------------------------------------------------------------------------------------------


def _cells(
    ax: Any, lon: NDArray[Any], lat: NDArray[Any], numbers: NDArray[np.float64], low: float, high: float,
    centre: float | None, ground: NDArray[np.bool_],
) -> Any:  # fmt: skip
    """Cells of a field on the axes; what is missing shows the hatches behind, what lies in the ground is dotted."""
    _draw.background(ax)
    x, y = _draw.edges(lon), _draw.edges(lat)
    mesh = ax.pcolormesh(
        x, y, np.ma.masked_where(ground | ~np.isfinite(numbers), numbers), vmin=low, vmax=high,
        cmap=SEQUENTIAL if centre is None else DIVERGING, rasterized=True, **data_transform(ax),
    )  # fmt: skip
    _draw.draw_ground(ax, x, y, ground, **data_transform(ax))
    if centre is not None:
        departures = np.where(ground | ~np.isfinite(numbers), np.nan, numbers) - centre
        _draw.mark_signs(ax, np.asarray(lon), np.asarray(lat), departures, (high - low) / 4.0, **data_transform(ax))
    return mesh


def _underground(surface_pressure: xr.DataArray, field: xr.DataArray, level: float) -> NDArray[np.bool_]:
    """Where a level lies in the ground or within 5 hPa of it, as `gasquake.profiles.scan_profiles` counts."""
    ground = _labelled.require_dataarray(surface_pressure, "surface_pressure").squeeze()
    lat, lon = _grid_dims(field)
    own_lat, own_lon = (_labelled.find_dim(ground, role, "surface_pressure") for role in ("lat", "lon"))
    if set(ground.dims) != {own_lat, own_lon}:
        raise ValueError(f"surface_pressure must be of (lat, lon), got {ground.dims}; select one day and orbit")
    here = ground.transpose(own_lat, own_lon).reindex(
        {own_lat: field[lat].values, own_lon: field[lon].values}, method="nearest", tolerance=1e-3
    )
    below: NDArray[np.bool_] = level > here.values - 5.0  # unknown ground hides nothing
    return below


def _explain(ax: Any, numbers: NDArray[np.float64], ground: NDArray[np.bool_], language: Language) -> None:
    """Say what hatches and brown stand for, where there are any."""
    found = []
    if not np.isfinite(np.where(ground, 0.0, numbers)).all():
        found.append((label("missing", language), _draw.MISSING_LOOK))
    if ground.any():
        found.append((label("below ground", language), _draw.GROUND_LOOK))
    if found:
        _draw.legend_below(ax, handles=_draw.legend_handles(found), points=36, ncols=2, handlelength=1.6)


def _grid_dims(field: xr.DataArray) -> tuple[Any, Any]:
    return _labelled.find_dim(field, "lat", "values"), _labelled.find_dim(field, "lon", "values")


def _one_level(values: xr.DataArray, level: float | None) -> tuple[xr.DataArray, float]:
    """The field of one level and its pressure; 0 where there are no levels."""
    if _labelled.matching_dims(values, "level"):
        dim, pressures = _draw.find_level(values, "values")
        if level is None and pressures.size > 1:
            raise ValueError(f"values has {pressures.size} levels; say which to draw, as level={pressures[0]:g}")
        index = 0 if level is None else int(np.abs(np.log(pressures / level)).argmin())
        values, pressure = values.isel({dim: index}), float(pressures[index])
    elif level is not None:
        raise ValueError(f"level={level:g} was given, but values has no level dimension; it has {values.dims}")
    else:
        pressure = 0.0
    field = values.squeeze()
    lat, lon = _labelled.find_dim(values, "lat", "values"), _labelled.find_dim(values, "lon", "values")
    rest = [d for d in field.dims if d not in (lat, lon)]
    if rest:
        raise ValueError(
            f"values has dimension(s) {rest} beside lat and lon; select one, as in values.isel({rest[0]}=0)"
        )
    single = {d: 0 for d in values.dims if d not in (lat, lon)}
    return values.isel(single), pressure


def _is_departure(field: xr.DataArray) -> bool:
    words = f"{field.name} {field.attrs.get('long_name', '')}".lower()
    return any(word in words for word in ("zscore", "z-score", "anomaly", "difference"))


def _panels(
    means: Any, gas: str, orbit: str, levels: Sequence[float], relative_to: str | None, language: Language
) -> tuple[xr.DataArray, NDArray[np.float64], str, xr.DataArray | None]:
    """What the panels of `stage_maps` show, of (level, stage, lat, lon): values, pressures, name and days."""
    mean, counts, days = _stage_fields(means, gas, orbit)
    names = [str(s) for s in mean["stage"].values]
    if relative_to is not None:
        _draw.one_of(names, relative_to, "relative_to")
    level_dim, pressures = _draw.find_level(mean, f"{gas}_mean")
    rows = sorted({int(np.abs(np.log(pressures / p)).argmin()) for p in levels}, key=lambda k: pressures[k])
    factor, name = _draw.shown(mean, language)
    fields = mean.where(counts > 0).isel({level_dim: rows}) * factor
    if relative_to is not None:
        fields = (fields - fields.sel(stage=relative_to, drop=True)).sel(stage=[s for s in names if s != relative_to])
    return fields.transpose(level_dim, "stage", *_grid_dims(fields)), pressures[rows], name, days


def _stage_fields(means: Any, gas: str, orbit: str) -> tuple[xr.DataArray, xr.DataArray, xr.DataArray | None]:
    """Means, counts and days of one orbit."""
    if not isinstance(means, xr.Dataset):
        raise TypeError(f"means must be a Dataset as from gasquake.stages.stage_means, got {type(means).__name__}")
    absent = [name for name in (f"{gas}_mean", f"{gas}_n") if name not in means]
    if absent:
        raise ValueError(f"means has no variable {', '.join(absent)}; it has {', '.join(map(str, means.data_vars))}")
    if "orbit" in means.dims:
        _draw.one_of([str(o) for o in means["orbit"].values], orbit, "orbit")
        means = means.sel(orbit=orbit)
    mean = means[f"{gas}_mean"].rename(gas)
    return mean, means[f"{gas}_n"], means.get("n_days")
