"""Coasts, and lines from files: GeoJSON, GMT text, and what is neither."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from gasquake.plot import coastlines, read_lines
from gasquake.plot.lines import Line


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def feature(kind: str | None, coordinates: list, **properties: object) -> dict:
    geometry = None if kind is None else {"type": kind, "coordinates": coordinates}
    return {"type": "Feature", "properties": properties or None, "geometry": geometry}


def test_geojson_of_every_kind(tmp_path: Path) -> None:
    ring = [[100.0, 30.0], [101.0, 30.0], [101.0, 31.0], [100.0, 30.0]]
    document = {
        "type": "FeatureCollection",
        "features": [
            feature("LineString", [[100.0, 31.0, 5.0], [102.0, 29.0, 4.0]], name="Xianshuihe"),
            feature("MultiLineString", [ring[:2], ring[1:3]], fault_name="two parts"),
            feature("Polygon", [ring]),
            feature("MultiPolygon", [[ring], [ring]]),
            feature("Point", [100.0, 30.0]),
            feature(None, []),
        ],
    }
    lines = read_lines(write(tmp_path / "a.geojson", json.dumps(document)))
    assert [line.name for line in lines] == ["Xianshuihe", "two parts", "two parts", "", "", ""]
    assert np.asarray(lines[0].lat).tolist() == [31.0, 29.0]


def test_names_come_from_the_property_that_is_asked_for(tmp_path: Path) -> None:
    document = feature("LineString", [[100.0, 31.0], [102.0, 29.0]], name="a", catalog="b")
    path = write(tmp_path / "a.json", json.dumps(document))
    assert read_lines(path)[0].name == "a"
    assert read_lines(path, name="catalog")[0].name == "b"


def test_gmt_text(tmp_path: Path) -> None:
    text = '# comment\n> -W1p -L"Long men" -Z3\n100 31\n101,30\n\n> An ning\n102\t29 7\n103 28\n'
    lines = read_lines(write(tmp_path / "a.gmt", text))
    assert [line.name for line in lines] == ["Long men", "An ning"]
    assert np.asarray(lines[1].lon).tolist() == [102.0, 103.0]
    ogr = '# @VGMT1.0 @GLINESTRING\n# @Nid|name\n>\n# @D1|"first"\n100 31\n101 30\n>\n# @D2|second\n1 2\n3 4\n'
    assert [line.name for line in read_lines(write(tmp_path / "b.gmt", ogr))] == ["first", "second"]
    bare = read_lines(write(tmp_path / "c.xy", "100 31\n101 30\n"))
    assert [(line.name, len(line.lon)) for line in bare] == [("", 2)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{not json", "not GeoJSON"),
        ('{"type": "FeatureCollection"}', "not GeoJSON"),
        ('{"type": "FeatureCollection", "features": []}', "no line in it"),
        ("", "no line in it"),
        ("> a\n100 north\n", "not GeoJSON, nor GMT"),
        ("> a\n100\n", "not GeoJSON, nor GMT"),
        ("> a\n350000 3300000\n350010 3300010\n", "no degrees.*EPSG:4326"),
        ('{"type": "LineString", "coordinates": [[1.0], [2.0]]}', "not GeoJSON"),
        ('{"type": "LineString", "coordinates": [[1.0, NaN], [2.0, 1.0]]}', "no degrees"),
        ("[1, 2]", "not GeoJSON"),
    ],
)
def test_what_is_neither_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = write(tmp_path / "bad.txt", text)
    with pytest.raises(ValueError, match=message) as raised:
        read_lines(path)
    assert str(path) in str(raised.value)


def test_coasts_are_lines_without_borders_or_the_frame_of_the_map() -> None:
    lon, lat = coastlines()
    known = np.isfinite(lon)
    assert (np.isfinite(lat) == known).all()
    assert np.abs(lon[known]).max() <= 180
    assert lat[known].min() > -86
    assert (np.abs(np.diff(lon)[known[:-1] & known[1:]]) < 20).all()  # no line across the map
    # The middle of Asia, America and Africa has borders, and no coast.
    for west, east, south, north in ((78, 100, 26, 50), (-110, -96, 33, 50), (15, 30, -10, 10)):
        inside = (lon > west) & (lon < east) & (lat > south) & (lat < north)
        assert not inside.any()
    assert ((lon > 119) & (lon < 123) & (lat > 21) & (lat < 26)).sum() > 5
    assert not lon.flags.writeable


def test_the_real_fault_database(shared_data: Path, tmp_path: Path) -> None:
    archive = shared_data / "faults" / "gem_active_faults.geojson.zip"
    with zipfile.ZipFile(archive) as stored:
        (name,) = [n for n in stored.namelist() if n.endswith(".geojson") and "__MACOSX" not in n]
        stored.extract(name, tmp_path)
    lines = read_lines(tmp_path / name)
    assert len(lines) > 10_000  # three of 10,057 have no geometry
    assert isinstance(lines[0], Line)
