"""Fitted spirals with the null that they must beat, on the map and in three dimensions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from gasquake._numbers import p_equals
from gasquake.places import Event, Region
from gasquake.plot import _draw
from gasquake.plot._geo import Lines, around, dated_points, draw_points, map_size, turned
from gasquake.plot.geography import draw_geography
from gasquake.plot.language import Language, label, usable_language
from gasquake.plot.style import SEQUENTIAL, SERIES_STYLES
from gasquake.projection import unproject

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["helix", "spiral_map", "spiral_null"]

Curve = tuple[ArrayLike, ArrayLike]


def spiral_map(
    track: xr.Dataset,
    /,
    *,
    curves: Mapping[str, Curve],
    event: Event,
    null: ArrayLike | xr.Dataset | None = None,
    statistic: float | None = None,
    p_value: float | None = None,
    region: Region | None = None,
    faults: Lines | None = None,
    borders: Lines | None = None,
    ax: Axes | None = None,
    axes: Any = None,
    simulated: bool | None = None,
    language: Language = "en",
) -> Any:
    """Fitted spirals over the daily maxima, with the null distribution beside them (figure 15 of Zhao et al. 2022).

    Parameters
    ----------
    track : Dataset
        ``lon`` and ``lat`` of (time), as for `maxima_map`.
    curves : mapping of str to (x, y)
        Name -> km east and north of the epicentre, as from `gasquake.motion.spiral_path`. NaN breaks a curve.
    event : Event
        The curves are laid about its epicentre, which is a star.
    null : Dataset or array_like, optional
        As from `gasquake.tracks.spiral_null`, or the statistics of random tracks alone, drawn beside the map. A map
        of spirals without it is no evidence.
    statistic, p_value : float, optional
        Of the track, where `null` is an array.
    region : Region, optional
        What to show; by default a little more than the points.
    faults, borders : path_like or iterable of (name, lon, lat), optional
        As for `gasquake.plot.level_map`.
    ax : Axes, optional
        Where to draw the map, where there is no `null`; by default a new figure.
    axes : array of Axes, optional
        Where to draw map and null.
    simulated : bool, optional
        Whether to say so; by default what ``track.attrs["simulated"]`` says.
    language : {"en", "zh"}
        Of the labels.

    Returns
    -------
    Axes or ndarray of Axes
        The map, or with `null` map and histogram.

    Raises
    ------
    TypeError
        If `track` is no Dataset.
    ValueError
        If it has no lon, lat and time, or `null` is an array without `statistic` and `p_value`.

    Examples
    --------
    >>> time = np.arange("2022-09-01", "2022-09-04", dtype="datetime64[D]").astype("datetime64[ns]")
    >>> track = xr.Dataset({"lon": ("time", [101.5, 102.5, 102.9]), "lat": ("time", [29.5, 30.5, 30.1])},
    ...                    {"time": time})
    >>> event = Event(np.datetime64("2022-09-05T04:52"), 102.08, 29.59)
    >>> found = spiral_map(track, curves={"involute": ([0.0, 40.0], [0.0, 90.0])}, event=event,
    ...                    null=[0.1, 0.2, 0.4], statistic=0.3, p_value=0.5)
    >>> found.shape
    (2,)
    """
    language = usable_language(language)
    lon, lat, times = dated_points(track)
    known = np.isfinite(lon) & np.isfinite(lat) & ~np.isnat(times)
    extent = around(lon[known], lat[known], region, event)
    if null is None:
        width, height = map_size(extent)
        ax = _draw.new_axes(ax, (width, height + 0.3))
    else:
        if ax is not None:
            raise ValueError("with null there are two panels; pass axes=(map, histogram) in place of ax")
        panels = axes
        if panels is None:
            width, height = map_size(extent)
            figure = _draw.mpl("figure").Figure(figsize=(width + 4.0, max(height + 0.3, 3.6)), layout="constrained")
            panels = figure.subplots(1, 2, width_ratios=[width, 4.0])
        pair = np.asarray(panels, dtype=object).reshape(-1)
        if pair.size != 2:
            raise ValueError(f"axes must hold two Axes, map and histogram, got {pair.size}")
        ax = pair[0]
    draw_points(ax, lon[known], lat[known], times[known], extent, language)
    for (name, (x, y)), style in zip(curves.items(), SERIES_STYLES * 10, strict=False):
        east, north = unproject(
            np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64), lon0=event.longitude, lat0=event.latitude
        )
        east = turned(np.asarray(east), extent[0])
        ax.plot(east, north, color=style.colour, ls=style.dash, lw=2.0, zorder=4.5, label=name, gid="curve",
                path_effects=[_draw.mpl("patheffects").withStroke(linewidth=3.4, foreground="white")])  # fmt: skip
        _arrow(ax, east, np.asarray(north), style.colour)
    draw_geography(ax, event=event, faults=faults, borders=borders, extent=extent, language=language)
    if not known.any():
        _draw.note_empty(ax, language)
    if curves:
        _draw.legend_below(ax, points=36, ncols=3)
    told = _draw.is_simulated(simulated, track)
    _draw.finish(ax, simulated=told, language=language)
    if null is None:
        return ax
    spiral_null(null, statistic=statistic, p_value=p_value, ax=pair[1], simulated=False, language=language)
    return pair


def spiral_null(
    null: ArrayLike | xr.Dataset,
    /,
    *,
    statistic: float | None = None,
    p_value: float | None = None,
    ax: Axes | None = None,
    simulated: bool | None = None,
    language: Language = "en",
) -> Axes:
    """How well random tracks fit a spiral, and how well this one does.

    Parameters
    ----------
    null : Dataset or array_like
        As from `gasquake.tracks.spiral_null` of one track, or the statistics of random tracks alone.
    statistic, p_value : float, optional
        Of the track, where `null` is an array.
    ax : Axes, optional
        Where to draw; by default a new figure.
    simulated : bool, optional
        Whether to say so; by default what ``null.attrs["simulated"]`` says.
    language : {"en", "zh"}
        Of the labels.

    Returns
    -------
    Axes
        A histogram with the track's own statistic in it.

    Raises
    ------
    ValueError
        If `null` is an array without `statistic` and `p_value`, or a Dataset of several tracks.

    Examples
    --------
    >>> ax = spiral_null([0.1, 0.2, 0.4], statistic=0.3, p_value=0.5)
    >>> ax.get_title(loc="left")
    'p = 0.50, 3 random tracks'
    """
    language = usable_language(language)
    source = null
    if isinstance(null, xr.Dataset):
        absent = [n for n in ("statistic", "null_statistics", "p_value") if n not in null]
        if absent:
            raise ValueError(f"null has no variable {', '.join(absent)}; give a result of gasquake.tracks.spiral_null")
        if null["statistic"].size != 1:
            raise ValueError(f"null holds {null['statistic'].size} tracks; select one")
        statistic, p_value = float(null["statistic"].item()), float(null["p_value"].item())
        numbers = null["null_statistics"].values.ravel()
    else:
        if statistic is None or p_value is None:
            raise ValueError("null is an array, so statistic= and p_value= of the track must be given with it")
        numbers = np.asarray(null, dtype=np.float64).ravel()
    ax = _draw.new_axes(ax, (4.2, 3.2))
    known = numbers[np.isfinite(numbers)]
    _draw.null_histogram(ax, known, statistic, label("this track", language), language)
    ax.set_xlabel(label("1 − misfit of the spiral /\nmisfit of a fixed point", language))
    ax.set_ylabel(label("number of random tracks", language))
    ax.set_title(label("{p}, {n} random tracks", language, p=p_equals(p_value), n=known.size), loc="left",
                 fontsize="medium")  # fmt: skip
    _draw.finish(ax, simulated=_draw.is_simulated(simulated, source), language=language)
    return ax


def helix(
    x: ArrayLike,
    y: ArrayLike,
    zeta: ArrayLike,
    t: ArrayLike,
    /,
    *,
    fit: tuple[ArrayLike, ArrayLike, ArrayLike] | None = None,
    p_value: float | None = None,
    ax: Any = None,
    simulated: bool | None = None,
    language: Language = "en",
) -> Any:
    """Positions of the maxima in three dimensions with a fitted helix.

    Parameters
    ----------
    x, y : array_like of float, shape (points,)
        km east and north of the epicentre. Points of which anything is not finite are left out.
    zeta : array_like of float, shape (points,)
        Height, km.
    t : array_like, shape (points,)
        Dates (datetime64) or days.
    fit : (x, y, zeta), optional
        The fitted curve in km.
    p_value : float, optional
        That of the climb; for the title.
    ax : Axes3D, optional
        Where to draw; by default a new figure.
    simulated : bool, optional
        Whether to say so.
    language : {"en", "zh"}
        Of the labels.

    Returns
    -------
    Axes3D
        With a shadow of the points on the ground, without which their heights could not be read.

    Raises
    ------
    TypeError
        If `ax` is not three-dimensional.
    ValueError
        If the arrays differ in length.

    See Also
    --------
    gasquake.motion.fit_helix : Fits one, and tests it.

    Examples
    --------
    >>> t = np.arange(6.0)
    >>> helix(np.cos(t), np.sin(t), t / 2, t).get_zlabel()
    'height (km)'
    """
    language = usable_language(language)
    arrays = [np.asarray(a, dtype=np.float64) for a in (x, y, zeta)]
    stamps = np.asarray(t)
    if any(a.shape != stamps.shape or a.ndim != 1 for a in arrays):
        raise ValueError(f"x, y, zeta and t must be 1-d of one length, got {[a.shape for a in (*arrays, stamps)]}")
    if ax is None:
        ax = _draw.new_axes(None, (5.8, 4.8), projection="3d")
    elif getattr(ax, "name", "") != "3d":
        raise TypeError("ax must be three-dimensional, as from figure.add_subplot(projection='3d')")
    days, first = _days(stamps)
    known = np.isfinite(np.stack([*arrays, days])).all(axis=0)
    east, north, up = (a[known] for a in arrays)
    floor = min(0.0, float(up.min())) if up.size else 0.0
    if up.size:
        for a, b, c in zip(east, north, up, strict=True):
            ax.plot([a, a], [b, b], [floor, c], color="#BBBBBB", lw=0.6, zorder=1)
        ax.plot(east, north, floor, ls="", marker="o", ms=3, color="#BBBBBB", zorder=1)
        dots = ax.scatter(east, north, up, c=days[known], cmap=SEQUENTIAL, s=34, edgecolors="#000000", linewidths=0.5,
                          depthshade=False, zorder=3)  # fmt: skip
        bar = ax.figure.colorbar(dots, ax=ax, shrink=0.6, pad=0.13)
        bar.set_label(label("days from {first}", language, first=first) if first else label("days", language))
    else:
        _draw.note_empty(ax, language)
    if fit is not None:
        path = [np.asarray(a, dtype=np.float64) for a in fit]
        ax.plot(*path, color=SERIES_STYLES[3].colour, lw=2.0, label=label("fitted helix", language), zorder=2)
        ax.legend(fontsize="small", loc="upper left", frameon=False)
    ax.plot([0.0], [0.0], [floor], "*", ms=13, mfc="#FFFFFF", mec="#000000", zorder=4)
    ax.set_xlabel(label("east of the epicentre (km)", language))
    ax.set_ylabel(label("north of the epicentre (km)", language))
    ax.set_zlabel(label("height (km)", language))
    ax.set_zlim(bottom=floor)
    for axis in (ax.xaxis, ax.yaxis, ax.zaxis):
        axis.set_major_locator(_draw.mpl("ticker").MaxNLocator(4))
    ax.tick_params(labelsize="small")
    ax.set_box_aspect((1.0, 1.0, 0.8), zoom=0.88)
    if p_value is not None:
        ax.set_title(p_equals(p_value), loc="left", fontsize="medium")
    told = _draw.is_simulated(simulated, x, y, zeta)
    _draw.finish(ax, simulated=False, language=language)
    if told:
        ax.text2D(1.0, 1.0, label("simulated data", language), transform=ax.transAxes, ha="right", va="bottom",
                  fontsize=8, style="italic", color="#444444", gid="simulated")  # fmt: skip
        _draw.write_chinese(ax.figure)
    return ax


def _arrow(ax: Any, x: NDArray[np.float64], y: NDArray[np.float64], colour: str) -> None:
    """A head at the end of a curve: which way time runs."""
    known = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    if known.size > 1:
        tail, tip = known[-2], known[-1]
        ax.annotate("", (x[tip], y[tip]), xytext=(x[tail], y[tail]), zorder=6, annotation_clip=True,
                    arrowprops={"arrowstyle": "-|>", "color": colour, "lw": 2.0, "mutation_scale": 16})  # fmt: skip


def _days(stamps: NDArray[Any]) -> tuple[NDArray[np.float64], str]:
    """Days since the first, and its date."""
    if stamps.dtype.kind != "M":
        return stamps.astype(np.float64), ""
    known = stamps[~np.isnat(stamps)]
    if not known.size:
        return np.full(stamps.shape, np.nan), ""
    since: NDArray[np.float64] = (stamps - known.min()) / np.timedelta64(1, "D")
    return since, str(known.min().astype("datetime64[D]"))
