"""Lines to lay over a map: the coasts that come with the package, and faults or borders from the user's own files.

GeoJSON is read by `json`, GMT text by hand: a reader such as pyogrio or geopandas would bring GDAL for two lists of
numbers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Line", "coastlines", "read_lines"]


class Line(NamedTuple):
    """A named line on the map.

    Attributes
    ----------
    name : str
        For its label; may be empty.
    lon, lat : array_like
        Degrees; NaN breaks the line.
    """

    name: str
    lon: ArrayLike
    lat: ArrayLike


@cache
def coastlines() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The coasts of the world at 1:110 million, from Natural Earth (public domain). No borders.

    Returns
    -------
    lon, lat : ndarray of float64
        Degrees, read-only; NaN between the lines.

    Notes
    -----
    Made for regions of ten degrees and more; a line may be 10 km off. Small islands and lakes are left out.

    Examples
    --------
    >>> lon, lat = coastlines()
    >>> bool(np.nanmax(lat) < 84.0), int(np.isnan(lon).sum()) > 200
    (True, True)
    """
    with resources.files("gasquake.plot").joinpath("data/coastline.npz").open("rb") as file, np.load(file) as stored:
        breaks = np.cumsum(stored["lengths"].astype(np.int64))[:-1]
        lon, lat = (np.insert(stored[name] / 100.0, breaks, np.nan) for name in ("lon", "lat"))
    lon.flags.writeable = lat.flags.writeable = False
    return lon, lat


def read_lines(path: str | Path, /, *, name: str | None = None) -> list[Line]:
    """Lines from a GeoJSON file or a GMT text file of segments.

    Parameters
    ----------
    path : path_like
        A file of longitudes and latitudes in degrees. JSON is told by its content. In a GMT file ">" starts a segment,
        ``-L"name"`` or the rest of that line names it, and lines that start with "#" are comments; OGR/GMT attributes
        (``# @D``) are read where ``# @N`` names a column called name.
    name : str, optional
        The property that holds the name; by default the first of "name", "Name", "NAME", "fault_name".

    Returns
    -------
    list of Line
        One for each line or ring. Features without geometry, and points, are left out.

    Raises
    ------
    ValueError
        Naming the file, if it holds no lines or numbers that are no coordinates.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile("w", suffix=".gmt") as file:
    ...     _ = file.write('> -L"Xianshuihe"\\n100.3 31.6\\n102.1 29.6\\n')
    ...     file.flush()
    ...     [(line.name, len(line.lon)) for line in read_lines(file.name)]
    [('Xianshuihe', 2)]
    """
    file = Path(path)
    text = file.read_text(encoding="utf-8-sig")
    try:
        if text.lstrip()[:1] in ("{", "["):
            found = list(_geojson(json.loads(text), name))
        else:
            found = list(_gmt(text, name))
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise ValueError(f"{file}: not GeoJSON, nor GMT text of longitudes and latitudes ({error})") from error
    if not found:
        raise ValueError(f"{file}: no line in it; faults and borders are LineString, Polygon or GMT segments")
    for line in found:
        _check_degrees(line, file)
    return found


_NAMES = ("name", "Name", "NAME", "fault_name")


def _geojson(document: Any, name: str | None) -> Iterator[Line]:
    if document.get("type") == "FeatureCollection":
        for feature in document["features"]:
            yield from _geojson(feature, name)
        return
    geometry = document.get("geometry") if document.get("type") == "Feature" else document
    properties = document.get("properties") or {}
    wanted = _NAMES if name is None else (name,)
    title = next((str(properties[key]) for key in wanted if properties.get(key)), "")
    for path in _paths(geometry):
        lon, lat = np.array([point[:2] for point in path], dtype=np.float64).T
        yield Line(title, lon, lat)


def _paths(geometry: Any) -> Iterator[list[Any]]:
    """The lists of points in a GeoJSON geometry; none in a null one."""
    if geometry is None:
        return
    kind = geometry["type"]
    if kind == "GeometryCollection":
        for part in geometry["geometries"]:
            yield from _paths(part)
    elif kind == "LineString":
        yield geometry["coordinates"]
    elif kind in ("MultiLineString", "Polygon"):
        yield from geometry["coordinates"]
    elif kind == "MultiPolygon":
        for polygon in geometry["coordinates"]:
            yield from polygon


def _gmt(text: str, name: str | None) -> Iterator[Line]:
    title, column = "", None
    points: list[tuple[float, float]] = []
    wanted = [n.lower() for n in (_NAMES if name is None else (name,))]
    for row in text.splitlines():
        row = row.strip()
        if row.startswith("# @N"):
            names = [n.strip('"').lower() for n in row[4:].split("|")]
            column = next((i for i, n in enumerate(names) if n in wanted), None)
        elif row.startswith("# @D") and column is not None:
            title = row[4:].split("|")[column].strip('"')
        elif row.startswith(">"):
            if points:
                yield _segment(title, points)
            title, points = _gmt_title(row[1:].strip()), []
        elif row and not row.startswith("#"):
            lon, lat = row.replace(",", " ").split()[:2]
            points.append((float(lon), float(lat)))
    if points:
        yield _segment(title, points)


def _gmt_title(header: str) -> str:
    _, flag, rest = header.partition("-L")
    if flag:
        return rest.split('"')[1] if rest.startswith('"') else rest.split()[0]
    return "" if header.startswith("-") else header.strip('"')


def _segment(title: str, points: list[tuple[float, float]]) -> Line:
    lon, lat = np.array(points, dtype=np.float64).T
    return Line(title, lon, lat)


def _check_degrees(line: Line, file: Path) -> None:
    lon, lat = np.asarray(line.lon), np.asarray(line.lat)
    if not (np.isfinite(lon).all() and (np.abs(lat) <= 90.0).all() and (np.abs(lon) <= 360.0).all()):
        raise ValueError(
            f"{file}: line {line.name!r} has coordinates that are no degrees, such as "
            f"({lon[0]:g}, {lat[0]:g}); convert it to longitude and latitude (EPSG:4326)"
        )
