"""Small change of maps: extents, projections, dated points, what a caller may give for faults and borders."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from gasquake import _labelled
from gasquake._optional import attempt_import
from gasquake.io.faults import Fault, read_faults
from gasquake.places import Event, Region
from gasquake.plot import _draw
from gasquake.plot.language import Language, label
from gasquake.plot.style import SEQUENTIAL

__all__ = [
    "Lines", "around", "as_lines", "cosine", "data_transform", "dated_points", "draw_points", "extent_of", "map_size",
    "turned",
]  # fmt: skip

#: A file, or a name, longitudes and latitudes for each line.
Lines = str | Path | Iterable[Fault | tuple[str, ArrayLike, ArrayLike]]


def data_transform(ax: Any) -> dict[str, Any]:
    """What cartopy's axes need to know about degrees; nothing for plain axes."""
    if not hasattr(ax, "projection"):
        return {}
    crs = attempt_import("cartopy.crs", extra="maps", purpose="to draw in a projection")
    return {"transform": crs.PlateCarree()}


def cosine(extent: tuple[float, float, float, float]) -> float:
    return max(float(np.cos(np.radians((extent[2] + extent[3]) / 2.0))), 0.1)


def map_size(extent: tuple[float, float, float, float]) -> tuple[float, float]:
    """Inches of a figure that a map of this extent fills."""
    height = 4.2 * (extent[3] - extent[2]) / (extent[1] - extent[0]) / cosine(extent)
    return 5.8, float(np.clip(height, 1.8, 6.5)) + 1.1


def extent_of(lon: NDArray[Any], lat: NDArray[Any]) -> tuple[float, float, float, float]:
    x, y = _draw.edges(lon), _draw.edges(lat)
    return float(x.min()), float(x.max()), max(float(y.min()), -90.0), min(float(y.max()), 90.0)


def as_lines(lines: Lines | None) -> list[Fault]:
    """What a caller may give for faults or borders: a file, or (name, lon, lat) each."""
    if lines is None:
        return []
    if isinstance(lines, str | Path):
        return list(read_faults(lines))
    found = []
    for item in lines:
        try:
            name, lon, lat = item
        except (TypeError, ValueError):
            raise ValueError(f"a fault or border must be (name, lon, lat), got {item!r}") from None
        found.append(Fault(str(name), np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)))
    return found


def dated_points(track: Any) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[Any]]:
    if not isinstance(track, xr.Dataset):
        raise TypeError(f"track must be a Dataset with lon and lat of (time), got {type(track).__name__}")
    absent = [name for name in ("lon", "lat") if name not in track.variables]
    if absent:
        raise ValueError(f"track has no {', '.join(absent)}; it has {', '.join(map(str, track.variables))}")
    time = _labelled.find_dim(track["lon"], "time", "track")
    if track["lon"].dims != (time,) or track["lat"].dims != (time,):
        raise ValueError(f"lon and lat of track must be of (time), got {track['lon'].dims}; select one orbit and level")
    stamps = track["lon"][time].values
    if stamps.dtype.kind != "M":
        raise ValueError(f"the time of track must be datetime64, got {stamps.dtype}")
    lon, lat = (track[name].values.astype(np.float64) for name in ("lon", "lat"))
    return lon, lat, stamps


def around(
    lon: NDArray[np.float64], lat: NDArray[np.float64], region: Region | None, event: Event | None
) -> tuple[float, float, float, float]:
    """West, east, south, north of what to show."""
    if region is not None:
        west = float(region.longitudes(region.west)) if region.width < 360.0 else -180.0
        return west, west + region.width, region.south, region.north
    if event is not None:
        lon = np.append(turned(lon, event.longitude - 180.0), event.longitude)
        lat = np.append(lat, event.latitude)
    if not lon.size:
        return -180.0, 180.0, -90.0, 90.0
    west, east = float(lon.min()) - 1.0, float(lon.max()) + 1.0
    turn = 360.0 if west < -180.0 else 0.0
    return west + turn, east + turn, max(float(lat.min()) - 1.0, -90.0), min(float(lat.max()) + 1.0, 90.0)


def turned(lon: NDArray[np.float64], west: float) -> NDArray[np.float64]:
    found: NDArray[np.float64] = west + (lon - west) % 360.0
    return found


def draw_points(
    ax: Any, lon: NDArray[np.float64], lat: NDArray[np.float64], times: NDArray[Any],
    extent: tuple[float, float, float, float], language: Language, *, connected: bool = True,
) -> None:  # fmt: skip
    ax.set_facecolor("#F7F7F7")
    if not lon.size:
        return
    dates = _draw.mpl("dates")
    order = np.argsort(times, kind="stable")
    lon, lat, times = turned(lon[order], extent[0]), lat[order], times[order]
    transform = data_transform(ax)
    if connected:
        ax.plot(lon, lat, color="#AAAAAA", lw=0.7, zorder=4, **transform)
    places = np.stack([lon, lat], axis=1).round(6)
    _, place, shared = np.unique(places, axis=0, return_inverse=True, return_counts=True)
    # The first of several days at one place is the largest, so that each later one leaves a ring of it.
    rank = np.array([(place[k:] == place[k]).sum() for k in range(place.size)])
    dots = ax.scatter(lon, lat, c=dates.date2num(times), s=26.0 * rank, cmap=SEQUENTIAL, edgecolors="#000000",
                      linewidths=0.6, zorder=5, gid="maxima", **transform)  # fmt: skip
    bar = _draw.colourbar(ax, dots, label("date (UTC), {years}", language, years=_draw.years_of(times)))
    locator = dates.AutoDateLocator(minticks=3, maxticks=7)
    bar.ax.yaxis.set_major_locator(locator)
    one_year = "–" not in _draw.years_of(times)
    bar.ax.yaxis.set_major_formatter(dates.DateFormatter("%m-%d" if one_year else "%Y-%m"))
    if shared.max() > 1:
        ax.text(0.99, 0.015, label("larger: up to {n} days at one place", language, n=int(shared.max())), fontsize=7,
                transform=ax.transAxes, ha="right", va="bottom", zorder=7)  # fmt: skip
