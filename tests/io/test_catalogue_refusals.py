"""Catalogues that must not be guessed, and bad ones: each is an error that says where and what to do."""

from __future__ import annotations

import json
from datetime import timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gasquake.io.catalogues import event_from_row, find_event, read_catalogue


def write(tmp_path: Path, content: str | bytes, name: str = "catalogue.dat") -> Path:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


# --- What can be read in two ways is an error -------------------------------------------------------------------------


def table(*times: str, column: str = "time") -> str:
    return f"{column},lon,lat,mag\n" + "".join(f"{time},100,30,5.5\n" for time in times)


def times_of(path: Path, **options: Any) -> list[str]:
    return [str(t) for t in read_catalogue(path, **options)["time"].to_numpy().astype("datetime64[s]")]


def test_order_of_day_and_month(tmp_path: Path):
    unclear = write(tmp_path, table("03/04/2012", "05/06/2012"))
    with pytest.raises(ValueError, match=r"line 2, time: found '03/04/2012'.*dayfirst=True"):
        read_catalogue(unclear)
    assert times_of(unclear, dayfirst=True)[0] == "2012-04-03T00:00:00"
    assert times_of(unclear, dayfirst=False)[0] == "2012-03-04T00:00:00"
    assert times_of(write(tmp_path, table("03/04/2012", "13/06/2012")))[0] == "2012-04-03T00:00:00"
    assert times_of(write(tmp_path, table("03/04/2012", "06/13/2012")))[0] == "2012-03-04T00:00:00"
    with pytest.raises(ValueError, match=r"line 2, time: .*month comes first.*'13/06/2012'"):
        read_catalogue(write(tmp_path, table("06/13/2012", "13/06/2012")))
    with pytest.raises(ValueError, match=r"line 3, time: found '06/13/2012'.*dayfirst=True"):
        read_catalogue(write(tmp_path, table("03/04/2012", "06/13/2012")), dayfirst=True)


@given(st.lists(st.datetimes(pd.Timestamp("1980-01-01"), pd.Timestamp("2060-01-01")), min_size=1, max_size=5))  # type: ignore[arg-type]
def test_day_and_month_are_right_or_refused(tmp_path_factory: pytest.TempPathFactory, moments: list[Any]):
    path = tmp_path_factory.getbasetemp() / "order.csv"
    path.write_text(table(*(f"{m.day}/{m.month}/{m.year}" for m in moments)))
    if any(m.day > 12 for m in moments):
        assert times_of(path) == [f"{m.date()}T00:00:00" for m in sorted(moments, key=lambda m: m.date())]
    else:
        with pytest.raises(ValueError, match="day/month or month/day"):
            read_catalogue(path)


def test_a_time_without_zone(tmp_path: Path):
    path = write(tmp_path, table("2022-09-05 12:52:18"))
    with pytest.raises(ValueError, match=r"line 2, time: found '2022-09-05 12:52:18', which names no time zone.*tz="):
        read_catalogue(path)
    for tz in ("Asia/Shanghai", "+08:00", "UTC+8", timezone(timedelta(hours=8))):
        assert times_of(path, tz=tz) == ["2022-09-05T04:52:18"]
    assert times_of(path, tz="UTC") == ["2022-09-05T12:52:18"]
    # The zone that a time names itself counts more than any other.
    own = write(tmp_path, table("2022-09-05T12:52:18+08:00", "2022-09-05 04:52:18 UTC", "2022-09-05T04:52:18Z"))
    assert times_of(own, tz="America/New_York") == ["2022-09-05T04:52:18"] * 3
    # A date alone is no instant.
    assert times_of(write(tmp_path, table("2022-09-05")), tz="Asia/Shanghai") == ["2022-09-05T00:00:00"]
    with pytest.raises(ValueError, match="tz must be a time zone"):
        read_catalogue(path, tz="Moon/Tycho")


def test_an_hour_that_the_clocks_repeated(tmp_path: Path):
    path = write(tmp_path, table("2022-10-30 02:30:00"))
    with pytest.raises(ValueError, match=r"clocks of Europe/Rome were changed"):
        read_catalogue(path, tz="Europe/Rome")


@pytest.mark.parametrize(
    ("number", "expected"),
    [("1662353538", "2022-09-05T04:52:18"), ("1662353538645", "2022-09-05T04:52:18"),
     ("1662353538.5", "2022-09-05T04:52:18")],
)  # fmt: skip
def test_seconds_or_milliseconds_by_range(tmp_path: Path, number: str, expected: str):
    assert times_of(write(tmp_path, table(number))) == [expected]


@pytest.mark.parametrize(
    ("numbers", "found"),
    [
        (["2012"], "year, a date or a count of days"),
        (["44809.2"], "year, a date or a count of days"),
        (["20220905"], "year, a date or a count of days"),
        (["2022090504"], "date without separators"),
        (["202209050452"], "date without separators"),
        (["20220905045218"], "after the year 2100"),
        (["1662353538645000"], "too large"),
        (["1662353538", "1662353538645"], "too large for that"),
    ],
)
def test_a_bare_number_that_can_be_several_things(tmp_path: Path, numbers: list[str], found: str):
    with pytest.raises(ValueError, match=rf"line 2, time: found .*{found}"):
        read_catalogue(write(tmp_path, table(*numbers)))


def test_the_column_can_say_what_it_counts(tmp_path: Path):
    assert times_of(write(tmp_path, table("86400", column="time_s"))) == ["1970-01-02T00:00:00"]
    assert times_of(write(tmp_path, table("-86400000", column="time_ms"))) == ["1969-12-31T00:00:00"]
    with pytest.raises(ValueError, match=r"line 2, time_ms: found '2022-09-05'"):
        read_catalogue(write(tmp_path, table("2022-09-05", column="time_ms")))


@pytest.mark.parametrize("text", ["2022-02-30", "2022-13-01T00:00Z", "2022-09-05T25:00:00Z", "2022-09-05T10:61Z"])
def test_a_time_that_does_not_exist(tmp_path: Path, text: str):
    with pytest.raises(ValueError, match=rf"line 3, time: found '{text}', and there is no such"):
        read_catalogue(write(tmp_path, table("2022-09-05", text)))


@pytest.mark.parametrize("text", ["5 Sep 2022", "05/09/22", "2022", "3/4/2012 1:05 PM", "1.66E+12"])
def test_a_time_in_no_known_form(tmp_path: Path, text: str):
    with pytest.raises(ValueError, match=r"line 2, time: found .*2022-09-05T04:52:19"):
        read_catalogue(write(tmp_path, table(text, "2022-09-05T00:00Z")))


def test_leap_second_and_precision(tmp_path: Path):
    catalogue = read_catalogue(write(tmp_path, table("2016-12-31T23:59:60Z", "2017-01-02 10:20Z", "2017-01-03")))
    assert catalogue.loc[0, "time"] == pd.Timestamp("2017-01-01")
    assert catalogue["time_precision"].tolist() == ["second", "minute", "day"]


def test_year_month_day_hour(tmp_path: Path):
    text = "year,month,day,hour,min,sec,lat,lon,Ms\n1976,7,28,3,42,54.2,39.6,118.2,7.8\n"
    path = write(tmp_path, text)
    with pytest.raises(ValueError, match=r"line 2, year/month/day: found '1976-7-28 3:42:54.2', which names no time"):
        read_catalogue(path)
    tangshan = event_from_row(read_catalogue(path, tz="+08:00").iloc[0])
    assert tangshan.time == np.datetime64("1976-07-27T19:42:54.2")
    assert tangshan.magnitude_type == "Ms"
    chinese = read_catalogue(
        write(tmp_path, "发震时刻\t经度(°)\t纬度(°)\t震级(Mw)\n2022-09-05 12:52:18\t102.08\t29.59\t6.6\n")
    )
    assert chinese.loc[0, "magnitude_type"] == "Mw"


# --- Bad input --------------------------------------------------------------------------------------------------------


def test_missing_time_or_place_is_left_out_and_counted(tmp_path: Path):
    text = table("2022-09-05T00:00Z") + ",100,30,5\n2022-09-04T00:00Z,,30,5\n2022-09-04T00:00Z,,nan,5\n,100,30,6\n"
    catalogue = read_catalogue(write(tmp_path, text))
    assert len(catalogue) == 1
    assert catalogue.attrs["dropped"] == {"no longitude": 1, "no longitude and latitude": 1, "no time": 2}


@pytest.mark.parametrize(
    ("row", "error"),
    [
        ("2022-09-05T00:00Z,abc,30,5", r"line 3, lon: found 'abc' where a longitude in -180\.\.360"),
        ("2022-09-05T00:00Z,100,95,5", r"line 3, lat: found '95' where a latitude in -90\.\.90"),
        ("2022-09-05T00:00Z,100,30,inf", r"line 3, mag: found 'inf'"),
        ("2022-09-05T00:00Z,100", r"line 3 has 2 fields where the header has 4 .*cut short"),
        ("2022-09-05T00:00Z,100,30,5,6", r"line 3 has 5 fields"),
    ],
)
def test_a_wrong_value_is_an_error_that_says_where(tmp_path: Path, row: str, error: str):
    path = write(tmp_path, table("2022-09-05T00:00Z") + row)
    with pytest.raises(ValueError, match=error) as caught:
        read_catalogue(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        b"", b"  \n\n", b"hello world\n", b"a,b,c\n1,2,3\n", b"\x89HDF\r\n\x1a\n\0\0\0\xff\xfe",
        b"<html><body/></html>",
        b'{"type": "Topology"}', b"[1, 2]", b'{"type": "FeatureCollection", "features": [{"properties": {"a": 1}}]}',
    ],
)  # fmt: skip
def test_unknown_content_lists_the_known_formats(tmp_path: Path, content: bytes):
    with pytest.raises(ValueError, match=r"none of the known formats: ComCat CSV; .*QuakeML; .*CENC text"):
        read_catalogue(write(tmp_path, content))


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b'{"type": "FeatureCollection", "features": [', r"line 1, column 44: broken JSON"),
        (b"<quakeml><eventParameters>", r"line 1, column 27: broken XML"),
        ("time,lat,lon,place\n2022-09-05,1,2,Cura\xe7ao".encode("latin-1"), r"line 2 .*save the file as UTF-8"),
        ("日期,时间,经度\n2022-09-05,00:00,100".encode(), "none of the known formats"),
        (b"lat,lon,mag\n1,2,3\n", "give no time"),
        (b"time,time_ms,lat,lon\n1,1,2,3\n", "more than one way"),
        (b"time,lat,latitude,lon\n1,1,2,3\n", "two columns of the header hold the latitude"),
        (b"time,lat,lon,depth(ft)\n2022-09-05,1,2,3\n", r"depth is in 'ft'"),
        (b"lon,lat,M,time_string,depth,catalog_id,event_id\n1,2,5,2022-09-05,1,0,\n1,2,5,2022-09-06,1,1,\n",
         "2 catalogues stand in one file"),
    ],
)  # fmt: skip
def test_damage_and_contradictions(tmp_path: Path, content: bytes, error: str):
    with pytest.raises(ValueError, match=error):
        read_catalogue(write(tmp_path, content))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_an_entity_bomb_is_refused_unread(tmp_path: Path, encoding: str):
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE q [<!ENTITY l0 "ha">{laughs}]><quakeml>&l9;</quakeml>'
    with pytest.raises(ValueError, match="DOCTYPE"):
        read_catalogue(write(tmp_path, bomb.encode(encoding)))


@given(
    st.binary(max_size=300), st.sampled_from([b"", b"<quakeml>", b'{"type": "FeatureCollection", ', b"time,lat,lon\n"])
)
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, noise: bytes, start: bytes):
    path = tmp_path_factory.getbasetemp() / "noise.dat"
    path.write_bytes(start + noise)
    try:
        read_catalogue(path)
    except ValueError as error:
        assert str(path) in str(error)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["coordinates", "time", "x"]), inner),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(["id", "geometry", "properties"]), JSON_VALUES), JSON_VALUES, JSON_VALUES)
def test_any_json_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, feature: Any, time: Any, mag: Any):
    path = tmp_path_factory.getbasetemp() / "noise.json"
    good = {"properties": {"time": time, "mag": mag}, "geometry": {"coordinates": [1, 2, 3]}}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [good, feature]}))
    try:
        read_catalogue(path)
    except ValueError as error:
        assert str(path) in str(error)


def test_a_quotation_mark_left_open(tmp_path: Path):
    with pytest.raises(ValueError, match=r"line 2.*(broken table|quotes)"):
        read_catalogue(write(tmp_path, 'time,lat,lon,place\n2022-09-05,1,2,"open\n' + "x" * 200_000))


def test_ids_that_occur_twice_are_kept_and_noted(tmp_path: Path):
    text = "time,lat,lon,mag,id\n2022-09-05,1,2,5,a\n2022-09-06,1,2,5,a\n2022-09-06,1,2,5,b\n2022-09-06,1,2,5,b\n"
    catalogue = read_catalogue(write(tmp_path, text))
    assert len(catalogue) == 4
    assert catalogue.attrs["notes"][0] == "2 event ids occur more than once and all were kept, as a"
    with pytest.raises(ValueError, match="belongs to 2 different events"):
        find_event(catalogue, "a")
    assert find_event(catalogue, "b").time == np.datetime64("2022-09-06")
    with pytest.raises(ValueError, match=r"event_id 'c' is not in the catalogue; it has 2 ids, as 'a'"):
        find_event(catalogue, "c")


def test_longitudes_of_any_turn(tmp_path: Path):
    text = "time,lat,lon\n2022-09-05,1,190.1\n2022-09-06,1,180\n2022-09-07,1,-180\n"
    assert read_catalogue(write(tmp_path, text))["longitude"].tolist() == [-169.9, -180.0, -180.0]


def test_a_row_without_a_place_is_no_event():
    with pytest.raises(ValueError, match="lacks longitude, latitude"):
        event_from_row(pd.Series({"time": pd.Timestamp("2022-09-05"), "latitude": np.nan}))
