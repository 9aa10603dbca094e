"""Where the maxima went, day by day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from gasquake.places import Event, Region
from gasquake.plot import _draw
from gasquake.plot._geo import Lines, around, dated_points, draw_points, map_size
from gasquake.plot.geography import draw_geography
from gasquake.plot.language import Language, label, usable_language

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["maxima_map"]


def maxima_map(
    track: xr.Dataset,
    /,
    *,
    region: Region | None = None,
    connected: bool = True,
    event: Event | None = None,
    faults: Lines | None = None,
    borders: Lines | None = None,
    ax: Axes | None = None,
    projection: Any = None,
    simulated: bool | None = None,
    language: Language = "en",
) -> Axes:
    """Daily maxima on the map, coloured by date (figure 14 of Zhao et al. 2022).

    Parameters
    ----------
    track : Dataset
        As from `gasquake.tracks.locate_maxima` or `gasquake.motion.daily_maxima`: ``lon`` and ``lat`` of (time). Points
        that are not finite are left out; how many is said in the title.
    region : Region, optional
        What to show; by default a little more than the points.
    connected : bool
        Whether a thin line joins the points in the order of time.
    event : Event, optional
        Its epicentre is a star.
    faults, borders : path_like or iterable of (name, lon, lat), optional
        As for `gasquake.plot.level_map`.
    ax : Axes, optional
        Where to draw; by default a new figure.
    projection : cartopy.crs.Projection, optional
        Of a new figure; needs the extra "maps".
    simulated : bool, optional
        Whether to say so; by default what ``track.attrs["simulated"]`` says.
    language : {"en", "zh"}
        Of the labels.

    Returns
    -------
    Axes
        Of the map.

    Raises
    ------
    TypeError
        If `track` is no Dataset.
    ValueError
        If it has no lon, lat and time.

    Notes
    -----
    Several days at one place lie on one another: the marks grow with the number of days there.

    Examples
    --------
    >>> time = np.arange("2022-09-01", "2022-09-04", dtype="datetime64[D]").astype("datetime64[ns]")
    >>> track = xr.Dataset({"lon": ("time", [101.5, 102.5, np.nan]), "lat": ("time", [29.5, 30.5, np.nan])},
    ...                    {"time": time})
    >>> maxima_map(track).get_title(loc="left")
    'daily maximum: 2 of 3 days'
    """
    language = usable_language(language)
    lon, lat, times = dated_points(track)
    known = np.isfinite(lon) & np.isfinite(lat) & ~np.isnat(times)
    extent = around(lon[known], lat[known], region, event)
    ax = _draw.new_axes(ax, map_size(extent), projection=projection)
    draw_points(ax, lon[known], lat[known], times[known], extent, language, connected=connected)
    draw_geography(ax, event=event, faults=faults, borders=borders, extent=extent, language=language)
    counted = f"{label('daily maximum', language)}: {int(known.sum())} of {_draw.n_days(known.size, language)}"
    if language == "zh":
        counted = f"{label('daily maximum', language)}：{known.size} 天中 {int(known.sum())} 天"
    ax.set_title(counted, loc="left", fontsize="medium")
    if not known.any():
        _draw.note_empty(ax, language)
    _draw.finish(ax, simulated=_draw.is_simulated(simulated, track), language=language)
    return ax
