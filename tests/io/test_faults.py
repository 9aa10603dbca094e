"""Traces of faults: the real file of GEM, and what is written is read back."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gasquake.io.faults import read_faults
from gasquake.places import distance_km

Traces = list[tuple[str, list[tuple[float, float]]]]


def test_the_faults_of_gem(shared_data: Path):
    path = shared_data / "faults" / "gem_active_faults.geojson.zip"
    if not path.exists():
        pytest.skip(f"{path} is absent")
    faults = read_faults(path)
    assert faults.n_without_geometry == 3
    assert len(faults) >= 10054
    first = faults.traces[0]
    assert (first.name, first.lon[0], first.lat[0]) == ("Tazimi Fault", -3.67118104802342, 34.927342196283)
    # The map of the plateau names no fault, but the one that broke in the Luding earthquake is there.
    assert min(distance_km(lon, lat, 102.236, 29.6786).min() for _, lon, lat in faults) < 20


places = st.tuples(st.integers(-3600, 3600).map(lambda n: n / 10), st.integers(-900, 900).map(lambda n: n / 10))
names = st.text(st.characters(categories=("L", "N")), min_size=1, max_size=8)
traces = st.lists(st.tuples(names, st.lists(places, min_size=1, max_size=5)), min_size=1, max_size=5)


def geojson(written: Traces) -> str:
    features: list[Any] = [{"type": "Feature", "properties": {"name": "lost"}, "geometry": None}]
    for name, points in written:
        geometry = {"type": "MultiLineString", "coordinates": [points]}
        features.append({"type": "Feature", "properties": {"name": None, "fz_name": name}, "geometry": geometry})
    return json.dumps({"type": "FeatureCollection", "features": features})


def gmt(written: Traces) -> str:
    lines = ["# a comment"]
    for name, points in written:
        lines += [f'> -Z1 -L"{name}"', *(f"{lon}\t{lat}\t7" for lon, lat in points)]
    return "\n".join(lines)


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("writer", [geojson, gmt])
@given(written=traces)
def test_what_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, writer: Any, zipped: bool, written: Traces
):
    path = tmp_path_factory.getbasetemp() / "faults.dat"
    if zipped:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("__MACOSX/._faults.gmt", "x")
            archive.writestr("readme.md", "x")
            archive.writestr("a/faults.gmt", writer(written))
    else:
        path.write_text(writer(written))
    read = read_faults(path)
    assert [name for name, _, _ in read] == [name for name, _ in written]
    for fault, (_, points) in zip(read, written, strict=True):
        np.testing.assert_array_equal(np.column_stack([fault.lon, fault.lat]), points)
    assert read.n_without_geometry == (writer is geojson)


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ("", "holds no line"),
        ("> a\n# nothing\n", "holds no line"),
        ("> a\n100\n", r"line 2: found '100' where a longitude"),
        ("> a\n100 x\n", r"segment of line 1: its points are no pairs"),
        ("> a\n500000 3400000\n", r"\(500000, 3.4e\+06\) is no longitude and latitude; convert"),
        ('{"type": "FeatureCollection", "features": [', "line 1, column 44: broken JSON"),
        ('{"type": "Topology", "arcs": []}', "holds no line"),
        ('{"type": "FeatureCollection", "features": [3]}', "feature 1 is not GeoJSON"),
        ('{"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": {"type": "LineString"}}]}',
         "feature 1 is not GeoJSON"),
        ('{"type": "LineString", "coordinates": [1, 2]}', "feature 1"),
        ("[]", "JSON of type None"),
        ("PK and so on", "damaged or encrypted zip"),
    ],
)  # fmt: skip
def test_bad_files(tmp_path: Path, content: str, error: str):
    path = tmp_path / "faults.json"
    path.write_text(content)
    with pytest.raises(ValueError, match=error) as caught:
        read_faults(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("at", range(30, 90, 7))
def test_a_damaged_zip(tmp_path: Path, at: int):
    path = tmp_path / "faults.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("faults.gmt", gmt([("a", [(float(n), n / 7) for n in range(80)])]))
    data = bytearray(path.read_bytes())
    data[at] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"faults\.zip: "):
        read_faults(path)


def test_a_zip_of_several_or_of_none(tmp_path: Path):
    path = tmp_path / "faults.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.gmt", "> a\n1 2\n")
        archive.writestr("b.gmt", "> b\n1 2\n")
    with pytest.raises(ValueError, match=r"one file of faults, and it holds \['a.gmt', 'b.gmt'\]"):
        read_faults(path)


def test_geojson_of_every_kind(tmp_path: Path):
    ring = [[100.0, 30.0], [101.0, 30.0], [101.0, 31.0], [100.0, 30.0]]
    features = [
        ({"type": "LineString", "coordinates": [[100.0, 31.0, 5.0], [102.0, 29.0, 4.0]]}, {"name": "Xianshuihe"}),
        ({"type": "MultiLineString", "coordinates": [ring[:2], ring[1:3]]}, {"fault_name": "two parts"}),
        ({"type": "Polygon", "coordinates": [ring]}, {"NAME": "a ring"}),
        ({"type": "MultiPolygon", "coordinates": [[ring], [ring]]}, None),
        ({"type": "GeometryCollection", "geometries": [{"type": "LineString", "coordinates": ring}]}, None),
        ({"type": "Point", "coordinates": [100.0, 30.0]}, None),
    ]
    document = [{"type": "Feature", "geometry": geometry, "properties": named} for geometry, named in features]
    path = tmp_path / "faults.json"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": document}))
    faults = read_faults(path)
    assert [name for name, _, _ in faults] == ["Xianshuihe", "two parts", "two parts", "a ring", "", "", ""]
    assert faults.traces[0].lat.tolist() == [31.0, 29.0]
    assert faults.n_without_geometry == 1  # the point


def test_names_come_from_the_property_that_is_asked_for(tmp_path: Path):
    line = {"type": "LineString", "coordinates": [[100.0, 31.0], [102.0, 29.0]]}
    path = tmp_path / "faults.json"
    path.write_text(json.dumps({"type": "Feature", "properties": {"name": "a", "catalog": "b"}, "geometry": line}))
    assert [read_faults(path).traces[0].name, read_faults(path, name="catalog").traces[0].name] == ["a", "b"]


def test_gmt_text_names_its_segments(tmp_path: Path):
    path = tmp_path / "faults.gmt"
    path.write_text('# comment\n> -W1p -L"Long men" -Z3\n100 31\n101,30\n\n> An ning\n102\t29 7\n103 28\n')
    assert [(name, lon.tolist()) for name, lon, _ in read_faults(path)] == [
        ("Long men", [100.0, 101.0]), ("An ning", [102.0, 103.0]),
    ]  # fmt: skip
    head, first = "# @VGMT1.0 @GLINESTRING\n# @Nid|name\n", '>\n# @D1|"first"\n100 31\n101 30\n'
    path.write_text(f"{head}{first}>\n# @D2|second\n1 2\n3 4\n")
    assert [name for name, _, _ in read_faults(path)] == ["first", "second"]
    assert [name for name, _, _ in read_faults(path, name="id")] == ["1", "2"]
    path.write_text("100 31\n101 30\n")
    assert [(name, len(lon)) for name, lon, _ in read_faults(path)] == [("", 2)]
