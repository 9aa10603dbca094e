"""An event and a region: where and when to look. Distances on the sphere that `projection` uses too."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from gasquake.units import EARTH_RADIUS_KM

__all__ = ["Event", "Region", "distance_km", "extent", "swapped_edges"]


@dataclass(frozen=True, slots=True)
class Event:
    """An earthquake, with the fields of one row of a catalogue.

    Attributes
    ----------
    time : datetime64
        Origin time, UTC.
    longitude, latitude : float
        Epicentre, degrees east (any turn; kept in [-180, 180)) and north.
    depth_km : float
        Hypocentral depth, km; NaN if unknown.
    magnitude : float
        Magnitude; NaN if unknown.
    magnitude_type : str
        As "Mw" or "Ms".
    event_id : str
        The catalogue's own name for it.
    name : str
        A reader's name for it.

    Raises
    ------
    ValueError
        If the time is missing or a coordinate is out of range.

    Examples
    --------
    >>> Event(np.datetime64("2022-09-05T04:52:18"), 462.08, 29.59, magnitude=6.8).longitude
    102.08
    """

    time: np.datetime64
    longitude: float
    latitude: float
    depth_km: float = math.nan
    magnitude: float = math.nan
    magnitude_type: str = ""
    event_id: str = ""
    name: str = ""

    def __post_init__(self) -> None:
        time = np.datetime64(self.time).astype("datetime64[ns]")
        if np.isnat(time):
            raise ValueError("time of the event is missing (NaT)")
        if not math.isfinite(self.longitude):
            raise ValueError(f"longitude of the event must be a finite number of degrees, got {self.longitude}")
        if not -90.0 <= self.latitude <= 90.0:
            raise ValueError(f"latitude of the event must lie in -90..90 degrees, got {self.latitude}")
        object.__setattr__(self, "time", time)
        object.__setattr__(self, "longitude", round(_wrap(self.longitude), 9))


@dataclass(frozen=True, slots=True)
class Region:
    """A box of longitudes and latitudes, which may lie across 180 degrees.

    Attributes
    ----------
    west, south, east, north : float
        Edges in degrees. `east` less than `west` means a box across 180 degrees: ``Region(170, -30, -170, -10)`` is
        20 degrees wide. From -180 to 180 is the whole circle.

    Raises
    ------
    ValueError
        If an edge is out of range or the box has no area.

    Examples
    --------
    >>> luding = Region(97.0, 27.0, 107.0, 34.0)
    >>> luding.contains(102.08, 29.59), luding.contains(110.0, 29.59)
    (True, False)
    >>> Region(170.0, -30.0, -170.0, -10.0).contains(-175.0, -20.0)
    True
    """

    west: float
    south: float
    east: float
    north: float

    def __post_init__(self) -> None:
        for name in ("west", "east"):
            value = getattr(self, name)
            if not -180.0 <= value <= 360.0:
                raise ValueError(f"{name} of the region must lie in -180..360 degrees, got {value}")
        for name in ("south", "north"):
            value = getattr(self, name)
            if not -90.0 <= value <= 90.0:
                raise ValueError(f"{name} of the region must lie in -90..90 degrees, got {value}")
        if self.north <= self.south:
            raise ValueError(f"north of the region must exceed south, got {self.south}..{self.north}")
        if self.east == self.west:
            raise ValueError(f"east and west of the region are both {self.west}; it has no area")

    @property
    def width(self) -> float:
        """Width of the region.

        Returns
        -------
        float
            Degrees, more than 0 and at most 360.
        """
        return min(360.0, (self.east - self.west) % 360.0 or 360.0)

    def longitudes(self, lon: ArrayLike, /) -> NDArray[np.float64]:
        """Longitudes on the turn that makes the region one piece, from its western edge on.

        Parameters
        ----------
        lon : array_like
            Degrees.

        Returns
        -------
        ndarray of float64
            In [west, west + 360), with west in [-180, 180); in [-180, 180) for a region all around the Earth.
        """
        west = -180.0 if self.width == 360.0 else _wrap(self.west)
        return np.asarray(west + (np.asarray(lon, dtype=np.float64) - west) % 360.0)

    def contains(self, lon: ArrayLike, lat: ArrayLike, /) -> Any:
        """Whether points lie in the region, edges included.

        Parameters
        ----------
        lon, lat : array_like
            Degrees.

        Returns
        -------
        bool or ndarray of bool
            One for each point.
        """
        offset = (np.asarray(lon, dtype=np.float64) - self.west) % 360.0
        lat = np.asarray(lat, dtype=np.float64)
        inside = (offset <= self.width) & (lat >= self.south) & (lat <= self.north)
        return bool(inside) if inside.ndim == 0 else inside

    def cells(self, lon: ArrayLike, lat: ArrayLike, /) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Which rows and columns of a grid have their centres in the region.

        Parameters
        ----------
        lon, lat : array_like
            Centres of the columns and of the rows, degrees; longitudes on any turn.

        Returns
        -------
        rows, columns : ndarray of int
            Positions, in the order of ascending latitude and of ascending longitude on the region's turn.

        Raises
        ------
        ValueError
            If no cell lies inside.

        Examples
        --------
        >>> rows, columns = Region(170.0, -30.0, -170.0, -10.0).cells([-175.0, -100.0, 175.0], [-15.0, -25.0])
        >>> rows.tolist(), columns.tolist()
        ([1, 0], [2, 0])
        """
        lon, lat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
        columns = np.flatnonzero((lon - self.west) % 360.0 <= self.width)
        rows = np.flatnonzero((lat >= self.south) & (lat <= self.north))
        if not columns.size or not rows.size:
            west, east = extent(lon)
            raise ValueError(
                f"no cell lies in the region {self.west:g}..{self.east:g} E, {self.south:g}..{self.north:g} N; the "
                f"data cover {west:g}..{east:g} E, {lat.min():g}..{lat.max():g} N"
            )
        order = np.argsort(self.longitudes(lon[columns]), kind="stable")
        return rows[np.argsort(lat[rows], kind="stable")], columns[order]

    def select(self, cube: xr.Dataset, /) -> xr.Dataset:
        """The cells of `cube` whose centres lie in the region, longitudes ascending.

        Parameters
        ----------
        cube : Dataset
            With dims "lat" and "lon", longitudes on any turn.

        Returns
        -------
        Dataset
            Latitudes ascending. Longitudes ascending in [-180, 180); across 180 degrees they go on past it, as
            179.5, 180.5, so that neighbours stay neighbours.

        Raises
        ------
        ValueError
            If no cell lies inside.
        """
        rows, columns = self.cells(cube["lon"].values, cube["lat"].values)
        attrs = {"lat": cube["lat"].attrs, "lon": cube["lon"].attrs}
        picked = cube.isel(lat=_run(rows), lon=_run(columns))
        picked = picked.assign_coords(lon=self.longitudes(picked["lon"].values))
        for name, kept in attrs.items():
            picked[name].attrs = dict(kept)
        return picked


def _run(index: NDArray[np.intp]) -> slice | NDArray[np.intp]:
    """Neighbouring positions as a slice, which takes a view where a list of them would copy."""
    if (np.diff(index) == 1).all():
        return slice(int(index[0]), int(index[-1]) + 1)
    return index


def _wrap(lon: float) -> float:
    """`lon` on the turn [-180, 180)."""
    return (lon + 180.0) % 360.0 - 180.0


def extent(lon: ArrayLike, /) -> tuple[float, float]:
    """Westernmost and easternmost of some longitudes: the two sides of the widest gap that they leave.

    Parameters
    ----------
    lon : array_like
        Degrees, on any turn; at least one.

    Returns
    -------
    west, east : float
        In [-180, 180); east is less than west if they lie across 180 degrees. All around the Earth, where no gap is
        wider than the one at 180 degrees, the least and the greatest.

    Examples
    --------
    >>> extent([452.5, 453.5, 471.5])
    (92.5, 111.5)
    >>> extent([-179.5, -178.5, 178.5, 179.5])
    (178.5, -178.5)
    """
    turned = np.unique(np.round((np.asarray(lon, dtype=np.float64) + 180.0) % 360.0 - 180.0, 9))
    gaps = np.append(np.diff(turned), turned[0] + 360.0 - turned[-1])
    widest = turned.size - 1 if gaps[-1] >= gaps.max() - 1e-6 else int(np.argmax(gaps))
    return float(turned[(widest + 1) % turned.size]), float(turned[widest])


def swapped_edges(region: Region, /) -> str | None:
    """What to ask of someone who typed a region whose west and east look swapped.

    Parameters
    ----------
    region : Region
        As it was typed.

    Returns
    -------
    str or None
        The question, with the edges; None for a region at most 180 degrees wide, also across 180 degrees, or all around
        the Earth, as from -180 to 180 or from 0 to 360.

    Examples
    --------
    >>> swapped_edges(Region(170.0, -30.0, -170.0, -10.0)) is None
    True
    >>> swapped_edges(Region(119.0, 15.0, 85.0, 46.0))[:60]
    'west = 119 and east = 85 make a region 326 degrees wide, fro'
    """
    if region.width <= 180.0 or (region.west, region.east) in ((-180.0, 180.0), (0.0, 360.0)):
        return None
    return (
        f"west = {region.west:g} and east = {region.east:g} make a region {region.width:g} degrees wide, from west "
        "eastwards to east; more than 180 is taken only all around the Earth, as -180 to 180 or 0 to 360: are west and "
        "east swapped?"
    )


def distance_km(lon0: ArrayLike, lat0: ArrayLike, lon1: ArrayLike, lat1: ArrayLike, /) -> Any:
    """Great-circle distance between points on the sphere.

    Parameters
    ----------
    lon0, lat0, lon1, lat1 : array_like
        Degrees; they broadcast.

    Returns
    -------
    float or ndarray of float64
        km, by the haversine formula with a radius of 6371 km.

    Examples
    --------
    >>> print(f"{distance_km(102.08, 29.59, 103.6, 31.0):.0f} km from Luding to Dujiangyan")
    214 km from Luding to Dujiangyan
    """
    lam0, phi0, lam1, phi1 = (np.radians(np.asarray(a, dtype=np.float64)) for a in (lon0, lat0, lon1, lat1))
    half = np.sin((phi1 - phi0) / 2) ** 2 + np.cos(phi0) * np.cos(phi1) * np.sin((lam1 - lam0) / 2) ** 2
    distance = 2.0 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.clip(half, 0.0, 1.0)))
    return float(distance) if distance.ndim == 0 else distance
