"""Catalogues: written in every format and read back, the real files, and all that must not be guessed."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gasquake.io.catalogues import event_from_row, find_event, read_catalogue
from gasquake.places import Event

COLUMNS = [
    "time", "longitude", "latitude", "depth_km", "magnitude", "magnitude_type", "event_id", "time_precision",
]  # fmt: skip


def write(tmp_path: Path, content: str | bytes, name: str = "catalogue.dat") -> Path:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


# --- Every format, written and read back ------------------------------------------------------------------------------


@st.composite
def catalogues(draw: st.DrawFn) -> pd.DataFrame:
    """A catalogue of whole microseconds, with 4 decimals of degrees, 3 of depth and 2 of magnitude."""
    size = draw(st.integers(1, 8))

    def decimals(low: int, high: int, places: int) -> list[float]:
        return [n / 10**places for n in draw(st.lists(st.integers(low, high), min_size=size, max_size=size))]

    # From 1976 on, so that bare milliseconds are never mistaken; unique, so that the order is one only.
    stamps = draw(
        st.lists(st.integers(189_302_400_000_000, 4_000_000_000_000_000), min_size=size, max_size=size, unique=True)
    )
    place = st.text(
        st.characters(codec="gb18030", categories=("L", "N", "P", "Zs"), exclude_characters="|"), max_size=9
    )
    return pd.DataFrame({
        "time": np.array(sorted(stamps), dtype="datetime64[us]").astype("datetime64[ns]"),
        "longitude": decimals(-1_800_000, 1_799_999, 4),
        "latitude": decimals(-900_000, 900_000, 4),
        "depth_km": decimals(-3_000, 700_000, 3),
        "magnitude": decimals(-100, 950, 2),
        "magnitude_type": draw(st.lists(st.sampled_from(["mww", "mb", "Ms", ""]), min_size=size, max_size=size)),
        "event_id": [f"us{n:04d}" for n in range(size)],
        "place": [" ".join(p.split()) for p in draw(st.lists(place, min_size=size, max_size=size))],
    })  # fmt: skip


def iso(time: Any, *, unit: str = "us", sep: str = "T") -> str:
    return str(np.datetime64(time, "ns").astype(f"datetime64[{unit}]")).replace("T", sep)


def delimited(rows: list[list[Any]], delimiter: str) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return out.getvalue()


def comcat_csv(c: pd.DataFrame) -> bytes:
    rows: list[list[Any]] = [
        ["time", "latitude", "longitude", "depth", "mag", "magType", "nst", "id", "updated", "place", "type"]
    ]
    rows += [
        [iso(r.time, unit="ms") + "Z", r.latitude, r.longitude, r.depth_km, r.magnitude, r.magnitude_type, "",
         r.event_id, "2023-01-01T00:00:00.000Z", r.place, "earthquake"] for r in c.itertuples()
    ]  # fmt: skip
    return b"\xef\xbb\xbf" + delimited(rows, ",").encode()


def geojson(c: pd.DataFrame) -> bytes:
    features = [
        {
            "type": "Feature", "id": r.event_id,
            "properties": {"mag": r.magnitude, "time": r.time.value // 10**6, "magType": r.magnitude_type,
                           "place": r.place, "type": "earthquake"},
            "geometry": {"type": "Point", "coordinates": [r.longitude, r.latitude, r.depth_km]},
        } for r in c.itertuples()
    ]  # fmt: skip
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def quakeml(c: pd.DataFrame) -> bytes:
    events = [
        f"""<event publicID="smi:x/event?eventid={r.event_id}"><preferredOriginID>o2</preferredOriginID>
        <description><text>{escape(r.place)}</text></description><type>earthquake</type>
        <origin publicID="o1"><time><value>1990-01-01T00:00:00</value></time><latitude><value>0</value></latitude>
          <longitude><value>0</value></longitude></origin>
        <origin publicID="o2"><time><value>{iso(r.time)}</value></time>
          <latitude><value>{r.latitude}</value></latitude><longitude><value>{r.longitude}</value></longitude>
          <depth><value>{round(r.depth_km * 1000)}</value></depth></origin>
        <magnitude><mag><value>{r.magnitude}</value></mag><type>{r.magnitude_type}</type></magnitude></event>"""
        for r in c.itertuples()
    ]
    return (
        '<q:quakeml xmlns:q="http://quakeml.org/xmlns/quakeml/1.2" xmlns="http://quakeml.org/xmlns/bed/1.2">'
        f"<eventParameters>{''.join(events)}</eventParameters></q:quakeml>"
    ).encode()


def fdsn(c: pd.DataFrame) -> bytes:
    rows = ["#EventID | Time | Latitude | Longitude | Depth/km | Author | Catalog | Contributor | ContributorID |"
            " MagType | Magnitude | MagAuthor | EventLocationName"]  # fmt: skip
    rows += [
        f"{r.event_id}|{iso(r.time, unit='ms')}|{r.latitude}|{r.longitude}|{r.depth_km}|us|us|us|x|{r.magnitude_type}|"
        f"{r.magnitude}|us|{r.place}" for r in c.itertuples()
    ]  # fmt: skip
    return "\n".join(rows).encode()


def pycsep(c: pd.DataFrame) -> bytes:
    rows: list[list[Any]] = [["lon", "lat", "M", "time_string", "depth", "catalog_id", "event_id"]]
    rows += [[r.longitude, r.latitude, r.magnitude, iso(r.time), r.depth_km, -1, r.event_id] for r in c.itertuples()]
    return delimited(rows, ",").encode()


def day_month_year(c: pd.DataFrame) -> bytes:
    rows: list[list[Any]] = [["lon", "lat", "mag", "day", "month", "year", "depth"]]
    rows += [
        [r.longitude, r.latitude, r.magnitude, r.time.day, r.time.month, r.time.year, r.depth_km]
        for r in c.itertuples()
    ]
    return delimited(rows, ",").encode()


def epoch(c: pd.DataFrame) -> bytes:
    rows: list[list[Any]] = [["time_ms", "lon", "lat", "depth_km", "mag"]]
    rows += [[r.time.value // 10**6, r.longitude, r.latitude, r.depth_km, r.magnitude] for r in c.itertuples()]
    return delimited(rows, ",").encode()


def cenc(delimiter: str, encoding: str, *, one_column: bool) -> Any:
    def write_cenc(c: pd.DataFrame) -> bytes:
        rows: list[list[Any]] = [
            ["发震时刻" if one_column else "日期", "纬度(°)", "经度(°)", "深度(千米)", "震级(M)", "参考位置"]
        ]
        if not one_column:
            rows[0].insert(1, "时间")
        for r in c.itertuples():
            local = iso(r.time + pd.Timedelta(hours=8), unit="s", sep=" ")
            time = [local] if one_column else local.split()
            rows.append([*time, r.latitude, r.longitude, r.depth_km, r.magnitude, r.place or "中国"])
        if delimiter == " ":
            return "\n".join("  ".join(str(cell) for cell in row) for row in rows).encode(encoding)
        return delimited(rows, delimiter).encode(encoding)

    return write_cenc


FORMATS: dict[str, tuple[Any, str, str, set[str]]] = {
    # writer, format, unit of time kept, columns that the format has not
    "comcat csv": (comcat_csv, "ComCat CSV", "ms", set()),
    "geojson": (geojson, "ComCat GeoJSON", "ms", set()),
    "quakeml": (quakeml, "QuakeML", "us", set()),
    "fdsn": (fdsn, "FDSN text", "ms", set()),
    "pycsep": (pycsep, "pyCSEP CSV", "us", {"magnitude_type", "place"}),
    "dmy": (day_month_year, "table of year, month, day", "D", {"magnitude_type", "event_id", "place"}),
    "epoch": (
        epoch, "table of seconds or milliseconds since 1970", "ms", {"magnitude_type", "event_id", "place"}
    ),
    **{
        f"cenc {encoding} {delimiter!r} {one}": (
            cenc(delimiter, encoding, one_column=one), "CENC text", "s", {"magnitude_type", "event_id", "place"}
        )
        for encoding in ("gb18030", "utf-8-sig", "utf-16")
        for delimiter in (" ", "\t", ",")
        for one in (True, False)
    },
}  # fmt: skip


@pytest.mark.parametrize("name", FORMATS)
@given(written=catalogues())
def test_what_is_written_is_read_back(tmp_path_factory: pytest.TempPathFactory, name: str, written: pd.DataFrame):
    writer, format_, unit, absent = FORMATS[name]
    path = tmp_path_factory.getbasetemp() / "written.dat"
    path.write_bytes(writer(written))
    read = read_catalogue(path)
    assert list(read.columns)[: len(COLUMNS)] == COLUMNS
    assert read.attrs["format"] == format_
    assert read.attrs["dropped"] == {}
    expected = written.assign(time=written["time"].to_numpy().astype(f"datetime64[{unit}]").astype("datetime64[ns]"))
    for column in ["time", "longitude", "latitude", "depth_km", "magnitude"]:
        np.testing.assert_array_equal(read[column].to_numpy(), expected[column].to_numpy(), err_msg=column)
    for column in {"magnitude_type", "event_id", "place"} - absent:
        assert read[column].tolist() == expected[column].tolist()
    assert set(read["time_precision"]) == {"day" if unit == "D" else "second"}


# --- The real files ---------------------------------------------------------------------------------------------------


def real(shared_data: Path, name: str) -> pd.DataFrame:
    path = shared_data / name
    if not path.exists():
        pytest.skip(f"{path} is absent")
    return read_catalogue(path)


def test_comcat_csv_holds_luding(shared_data: Path):
    catalogue = real(shared_data, "catalogues/usgs_comcat_global_M5_2022-2024.csv")
    assert len(catalogue) == 4118
    assert catalogue["time"].is_monotonic_increasing
    assert catalogue["event_id"].is_unique
    assert catalogue["magnitude"].min() >= 5.0
    luding = find_event(catalogue, "us7000i59t")
    assert luding == Event(
        np.datetime64("2022-09-05T04:52:19.645"), 102.236, 29.6786, depth_km=12.0, magnitude=6.6,
        magnitude_type="mww", event_id="us7000i59t", name="44 km SE of Kangding, China",
    )  # fmt: skip


def test_table_of_days(shared_data: Path):
    catalogue = real(shared_data, "catalogues/cat_train_2013.csv")
    assert len(catalogue) == 28465
    assert catalogue.loc[0, "time"] == pd.Timestamp("1976-01-01")
    assert catalogue["time"].iloc[-1] == pd.Timestamp("2013-12-31")
    assert (catalogue["time"] == catalogue["time"].dt.normalize()).all()
    assert set(catalogue["time_precision"]) == {"day"}
    assert any("28465 events have a date but no time of day" in note for note in catalogue.attrs["notes"])
    assert catalogue.loc[0, "longitude"] == -177.6399994


def test_milliseconds(shared_data: Path):
    catalogue = real(shared_data, "catalogues/wenchuan_2008_M5plus_usgs.csv")
    assert len(catalogue) == 46
    first = event_from_row(catalogue.iloc[0])
    assert (first.time, first.magnitude) == (np.datetime64("2008-05-12T06:28:01.570"), 7.9)
    assert (first.longitude, first.latitude, first.depth_km) == (103.322, 31.002, 19.0)


def test_pycsep(shared_data: Path):
    catalogue = real(shared_data, "catalogues/sample_comcat_catalog.csv")
    assert catalogue.loc[0, "time"] == pd.Timestamp("2019-07-06T03:22:35.630")
    assert catalogue.loc[0, "depth_km"] == 9.35
    assert (catalogue["event_id"] == "").all()


def test_quakeml_of_comcat(shared_data: Path):
    catalogue = real(shared_data, "catalogues/usgs_event.xml")
    assert catalogue["event_id"].tolist() == ["ci37285320", "uw60916552"]
    assert catalogue["event_type"].tolist() == ["quarry_blast", "quarry"]
    assert catalogue["depth_km"].tolist() == [0.01, 0.0]  # metres in the file
    assert catalogue.loc[0, "time"] == pd.Timestamp("2014-11-06T00:24:42.240")


def test_quakeml_of_iris(shared_data: Path):
    catalogue = real(shared_data, "waveforms/example_events.xml")
    assert len(catalogue) == 13
    atlantic = find_event(catalogue, "3287729")
    assert atlantic.time == np.datetime64("2011-05-15T13:08:15.420")
    assert (atlantic.depth_km, atlantic.magnitude, atlantic.magnitude_type) == (18.9, 6.1, "MW")
    assert atlantic.name == "CENTRAL MID-ATLANTIC RIDGE"


def test_the_name_of_the_file_means_nothing(tmp_path: Path):
    assert read_catalogue(write(tmp_path, "time,lon,lat,mag\n2022-09-05T04:52:18Z,102,29,6.8\n", "x.xml")).shape[0] == 1
    assert read_catalogue(write(tmp_path, "time\tlon\tlat\tmag\n2022-09-05T04:52:18Z\t102\t29\t6.8", "x")).shape[0] == 1
