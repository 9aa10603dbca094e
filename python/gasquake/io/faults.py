"""Traces of faults, and other lines on a map, from GeoJSON and GMT text, zipped or not.

Geopandas and pyogrio were rejected: they bring GDAL for what `json` and a loop read.
"""

from __future__ import annotations

import io
import json
import os
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Fault", "Faults", "read_faults"]

#: GEM names a trace or, failing that, its zone.
_NAMES = ("name", "Name", "NAME", "fault_name", "fz_name")
_MOST_BYTES = 1_000_000_000
_FORMATS = "GeoJSON (LineString, MultiLineString, Polygon), GMT text with segments after '>', or a zip with one of them"


class Fault(NamedTuple):
    """One line on the map.

    Attributes
    ----------
    name : str
        Empty where the file gives none.
    lon, lat : ndarray of float64
        Degrees, in the file's order and on its turn.
    """

    name: str
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Faults:
    """The faults of one file; iterates over them as ``(name, lon, lat)``.

    Attributes
    ----------
    traces : tuple of Fault
        One for each line: a feature of several parts gives several of one name.
    n_without_geometry : int
        Features left out because their geometry is null or empty.
    source : str
        Name of the file.
    """

    traces: tuple[Fault, ...]
    n_without_geometry: int
    source: str

    def __iter__(self) -> Iterator[Fault]:
        return iter(self.traces)

    def __len__(self) -> int:
        return len(self.traces)


def read_faults(path: str | os.PathLike[str], *, name: str | None = None) -> Faults:
    """Read traces of faults, or of borders and other lines; the content tells the format.

    Parameters
    ----------
    path : str or path
        GeoJSON, GMT text in which ">" starts a segment, or a zip that holds one of them.
    name : str, optional
        The property that names a trace; by default the first of ``name``, ``Name``, ``NAME``, ``fault_name`` and
        ``fz_name`` that is there.

    Returns
    -------
    Faults
        The traces, and how many features had no geometry. In GMT text the name is the ``-L`` of the segment's header,
        or its text, or the attribute (``# @D``) of that name where OGR wrote the file (``# @N``).

    Raises
    ------
    ValueError
        If the file is damaged, holds no lines, or has numbers that are no degrees. The message names the file and the
        feature or line.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "faults.gmt")
    ...     _ = path.write_text('> -L"Xianshuihe fault"\\n100.0 31.6\\n102.1 29.6\\n')
    ...     [(name, lon.tolist()) for name, lon, lat in read_faults(path)]
    [('Xianshuihe fault', [100.0, 102.1])]
    """
    path = Path(path)
    try:
        text = _text(path.read_bytes())
        names = _NAMES if name is None else (name,)
        is_json = text.lstrip().startswith(("{", "["))
        traces, skipped = _geojson(text, names) if is_json else (_gmt(text, names), 0)
        if not traces:
            raise ValueError(f"holds no line; known are {_FORMATS}")
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    return Faults(tuple(traces), skipped, path.name)


def _text(data: bytes) -> str:
    if data.startswith(b"PK"):
        data = _unzipped(data)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"byte {error.start} is not UTF-8; known are {_FORMATS}") from None


def _unzipped(data: bytes) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = [n for n in archive.namelist() if re.search(r"\.(geo)?json$|\.gmt$|\.txt$", n, re.I)]
            names = [n for n in names if not n.startswith("__MACOSX/")]
            if len(names) != 1:
                raise ValueError(
                    f"the zip must hold one file of faults, and it holds {names or archive.namelist()[:5]}"
                )
            size = archive.getinfo(names[0]).file_size
            if size > _MOST_BYTES:
                raise ValueError(f"{names[0]} in the zip says it has {size} bytes; unpack it yourself if that is true")
            return archive.read(names[0])
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError, zlib.error) as error:
        raise ValueError(f"damaged or encrypted zip ({error})") from None


def _geojson(text: str, names: tuple[str, ...]) -> tuple[list[Fault], int]:
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"line {error.lineno}, column {error.colno}: broken JSON ({error.msg})") from None
    except RecursionError:
        raise ValueError("the JSON is nested too deeply to be GeoJSON") from None
    kind = document.get("type") if isinstance(document, dict) else None
    features = document.get("features") if kind == "FeatureCollection" else [document]
    if kind is None or not isinstance(features, list):
        raise ValueError(f"JSON of type {kind!r}; known are {_FORMATS}")
    traces: list[Fault] = []
    skipped = 0
    for number, feature in enumerate(features, 1):
        try:
            geometry = feature["geometry"] if feature["type"] == "Feature" else feature
            properties = feature.get("properties") or {}
            lines = [line for line in _lines(geometry) if line]
            name = next((str(properties[key]) for key in names if properties.get(key)), "")
            traces += [_fault(name, line, f"feature {number}") for line in lines]
        except (KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ValueError(f"feature {number} is not GeoJSON ({type(error).__name__}: {error})") from None
        skipped += not lines
    return traces, skipped


def _lines(geometry: dict[str, Any] | None) -> Iterator[list[Any]]:
    if geometry is None:
        return
    kind = geometry["type"]
    if kind == "LineString":
        yield geometry["coordinates"]
    elif kind in ("MultiLineString", "Polygon"):
        yield from geometry["coordinates"]
    elif kind == "MultiPolygon":
        for polygon in geometry["coordinates"]:
            yield from polygon
    elif kind == "GeometryCollection":
        for part in geometry["geometries"]:
            yield from _lines(part)


def _gmt(text: str, names: tuple[str, ...]) -> list[Fault]:
    traces: list[Fault] = []
    name, start = "", 0
    column: int | None = None
    points: list[list[str]] = []
    for number, line in enumerate(io.StringIO(text, None), 1):
        line = line.strip()
        if line.startswith(">"):
            if points:
                traces.append(_fault(name, points, f"the segment of line {start}"))
            name, start, points = _segment_name(line[1:]), number, []
        elif line.startswith("# @N"):
            columns = [part.strip('"') for part in line[4:].split("|")]
            column = next((columns.index(key) for key in names if key in columns), None)
        elif line.startswith("# @D") and column is not None:
            attributes = line[4:].split("|")
            name = attributes[column].strip('"') if column < len(attributes) else name
        elif line and not line.startswith("#"):
            fields = line.replace(",", " ").split()
            if len(fields) < 2:
                raise ValueError(f"line {number}: found {line[:60]!r} where a longitude and a latitude were expected")
            points.append(fields[:2])
            start = start or number
    if points:
        traces.append(_fault(name, points, f"the segment of line {start}"))
    return traces


def _segment_name(header: str) -> str:
    label = re.search(r'-L\s*(?:"([^"]*)"|(\S+))', header)
    if label:
        return label[1] if label[1] is not None else label[2]
    return "" if header.strip().startswith("-") else header.strip().strip('"')


def _fault(name: str, points: list[Any], where: str) -> Fault:
    try:
        lon, lat = np.array([point[:2] for point in points], dtype=np.float64).T
    except (ValueError, TypeError, IndexError):
        raise ValueError(f"{where}: its points are no pairs of numbers; known are {_FORMATS}") from None
    wrong = ~((np.abs(lon) <= 360.0) & (np.abs(lat) <= 90.0))
    if wrong.any():
        x, y = lon[wrong][0], lat[wrong][0]
        raise ValueError(f"{where}: ({x:g}, {y:g}) is no longitude and latitude; convert the file to degrees (WGS 84)")
    return Fault(name, lon, lat)
