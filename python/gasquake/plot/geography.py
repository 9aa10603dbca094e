"""The ground under every map: coasts, borders and faults that the caller names, the epicentre, degrees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gasquake.io.faults import Fault
from gasquake.places import Event
from gasquake.plot import _draw
from gasquake.plot._geo import Lines, as_lines, cosine, data_transform
from gasquake.plot.language import Language, label
from gasquake.plot.lines import coastlines

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_geography"]


def draw_geography(
    ax: Axes,
    /,
    *,
    event: Event | None = None,
    faults: Lines | None = None,
    borders: Lines | None = None,
    extent: tuple[float, float, float, float] | None = None,
    named: bool = True,
    language: Language = "en",
) -> None:
    """Coasts, borders and faults the caller names, epicentre, degrees along the edges.

    Parameters
    ----------
    ax : Axes
        In degrees, plain or of cartopy.
    event : Event, optional
        Its epicentre is a star.
    faults, borders : path_like or iterable of (name, lon, lat), optional
        Lines over the map.
    extent : (west, east, south, north), optional
        Degrees; by default what the axes show.
    named : bool
        Whether faults carry their names; without, as on small panels, the degrees are fewer too.
    language : {"en", "zh"}
        Of the labels.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> ax = Figure().add_subplot()
    >>> draw_geography(ax, extent=(97, 107, 27, 34), event=Event(np.datetime64("2022-09-05"), 102.08, 29.59))
    >>> ax.get_xlim(), round(ax.get_aspect(), 2)
    ((np.float64(97.0), np.float64(107.0)), 1.16)
    """
    transform = data_transform(ax)
    geo = bool(transform)
    if extent is None:
        extent = ax.get_extent(transform["transform"]) if geo else (*ax.get_xlim(), *ax.get_ylim())  # type: ignore[attr-defined]
    west, east, south, north = extent
    stroke = _draw.mpl("patheffects").withStroke
    halo = [stroke(linewidth=2.2, foreground="white", alpha=0.7)]
    lon, lat = coastlines()
    for turn in (0.0,) if geo else (-360.0, 0.0, 360.0):  # a region may go on past 180 degrees
        if west <= 180.0 + turn and east >= -180.0 + turn:
            coast = {"color": "#222222", "lw": 0.8, "zorder": 3, "path_effects": halo, "gid": "coast"}
            _stroke(ax, lon + turn, lat, transform, coast)
    for line in as_lines(borders):
        place = _onto(line.lon, (west + east) / 2)
        border = {"color": "#555555", "lw": 0.8, "ls": (0, (3, 1.5)), "zorder": 3, "gid": "border"}
        _stroke(ax, place, line.lat, transform, border)
    for line in as_lines(faults):
        _draw_fault(ax, line, (west, east, south, north), halo, transform, named=named)
    if event is not None:
        ax.plot(
            _onto([event.longitude], (west + east) / 2), [event.latitude], "*", ms=13, mfc="#FFFFFF", mec="#000000",
            mew=1.1, ls="", zorder=6, label=label("epicentre", language), gid="epicentre", **transform,
        )  # fmt: skip
    if geo:
        ax.set_extent((west, east, south, north), crs=transform["transform"])  # type: ignore[attr-defined]
        lines = {"linewidth": 0.3, "color": "#888888", "x_inline": False, "y_inline": False}
        ax.gridlines(draw_labels=["left", "bottom"], **lines)  # type: ignore[attr-defined]
        return
    ax.set_xlim(west, east)
    ax.set_ylim(south, north)
    ax.set_aspect(1.0 / cosine((west, east, south, north)))
    _degrees(ax, 5 if named else 3)
    ax.set_xlabel(label("longitude", language))
    ax.set_ylabel(label("latitude", language))


def _stroke(ax: Axes, lon: ArrayLike, lat: ArrayLike, transform: dict[str, Any], look: dict[str, Any]) -> None:
    """A line that NaN breaks: at once on plain axes, piece by piece on cartopy's, which refuse NaN."""
    lon, lat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    if not transform:
        ax.plot(lon, lat, **look)
        return
    breaks = np.flatnonzero(~np.isfinite(lon + lat))
    for x, y in zip(np.split(lon, breaks), np.split(lat, breaks), strict=True):
        known = np.isfinite(x + y)
        if known.sum() > 1:
            ax.plot(x[known], y[known], **look, **transform)


def _draw_fault(
    ax: Axes, line: Fault, extent: tuple[float, float, float, float], halo: list[Any], transform: Any, *, named: bool
) -> None:
    lon, lat = _onto(line.lon, (extent[0] + extent[1]) / 2), np.asarray(line.lat, dtype=np.float64)
    look = {"color": "#000000", "lw": 1.3, "zorder": 4, "path_effects": halo, "gid": "fault"}
    _stroke(ax, lon, lat, transform, look)
    inside = (lon >= extent[0]) & (lon <= extent[1]) & (lat >= extent[2]) & (lat <= extent[3])
    if named and line.name and inside.any():
        middle = np.flatnonzero(inside)[int(inside.sum()) // 2]
        right = lon[middle] > (extent[0] + extent[1]) / 2.0
        ax.annotate(
            line.name, (lon[middle], lat[middle]), xytext=(-4 if right else 4, 3), textcoords="offset points",
            fontsize=7, ha="right" if right else "left", style="italic", zorder=5, path_effects=halo,
            annotation_clip=True, in_layout=False,
            **({"xycoords": transform["transform"]._as_mpl_transform(ax)} if transform else {}),
        )  # fmt: skip


def _onto(lon: ArrayLike, middle: float) -> NDArray[np.float64]:
    """Longitudes on the turn nearest to the middle of the map, moved as one piece so that a line is not torn."""
    found = np.asarray(lon, dtype=np.float64)
    known = found[np.isfinite(found)]
    if known.size == 0:
        return found
    away = middle - float((known.min() + known.max()) / 2)
    shifted: NDArray[np.float64] = found + 360.0 * np.round(away / 360.0)
    return shifted


def _degrees(ax: Axes, most: int) -> None:
    """102°E, 29.5°N along the axes."""
    ticker = _draw.mpl("ticker")

    def east(value: float, _: int) -> str:
        turned = (value + 180.0) % 360.0 - 180.0
        return f"{abs(turned):g}°" + ("" if turned in (0.0, -180.0) else "E" if turned > 0 else "W")

    def north(value: float, _: int) -> str:
        return f"{abs(value):g}°" + ("" if value == 0.0 else "N" if value > 0 else "S")

    for axis, text in ((ax.xaxis, east), (ax.yaxis, north)):
        axis.set_major_locator(ticker.MaxNLocator(most, steps=[1, 2, 3, 5, 10], min_n_ticks=2))
        axis.set_major_formatter(ticker.FuncFormatter(text))
    ax.tick_params(labelsize="small")
