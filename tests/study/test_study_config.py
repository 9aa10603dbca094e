"""A configuration is right, or an error names the file, the key and what was found."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import worlds

from gasquake.errors import ConfigError
from gasquake.study import StudyConfig, load_config

GOOD: dict[str, Any] = {
    "seed": 3,
    "event": {"name": "Luding", "time": "2022-09-05T04:52:18Z", "longitude": 102.08, "latitude": 29.59},
    "region": {"west": 97.0, "south": 27.0, "east": 107.0, "north": 34.0},
    "gas": {"path": "granules/*.hdf"},
}

WINDOWS = [
    {"name": "background", "start": "2022-08-01T00:00:00Z", "end": "2022-08-23T00:00:00Z"},
    {"name": "before", "start": "2022-08-23T00:00:00Z", "end": "2022-09-05T04:52:18Z"},
    {"name": "during", "start": "2022-09-05T04:52:18Z", "end": "2022-09-07T00:00:00Z"},
]


def written(folder: Path, changes: dict[str, Any] | None = None, *, without: tuple[str, ...] = ()) -> Path:
    """A configuration file: GOOD with keys like "gas.path" replaced or taken away."""
    settings = deepcopy(GOOD)
    for key, value in (changes or {}).items():
        *sections, last = key.split(".")
        place = settings
        for section in sections:
            place = place.setdefault(section, {})
        place[last] = value
    for key in without:
        *sections, last = key.split(".")
        place = settings
        for section in sections:
            place = place[section]
        del place[last]
    path = folder / "event.toml"
    path.write_text(worlds.toml(settings), encoding="utf-8")
    return path


def refused(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_a_good_file_is_read(tmp_path: Path) -> None:
    config = load_config(written(tmp_path))
    event = config.event.resolve()
    assert event.time == np.datetime64("2022-09-05T04:52:18")
    assert config.seed == 3
    assert [s.name for s in config.stages.resolve(event.time)] == ["background", "before", "during", "after"]
    assert StudyConfig.model_validate(config.model_dump()) == config


@pytest.mark.parametrize(
    ("key", "value", "found"),
    [
        ("profile.treshold", 3.0, "profile.treshold: no such key; did you mean profile.threshold?"),
        ("plotting.dpi", 300, "plotting: no such key; there are event, region, gas, "),
        ("sed", 1, "sed: no such key; did you mean seed?"),
        ("half_width_days", 5, "half_width_days: no such key; did you mean anomaly.half_width_days?"),
        ("output.dpi", 300, "output.dpi: no such key; there are directory, language, figures"),
        ("event.time", "05.09.2022 04:52", "event.time: must be date and time, as 2022-09-05T04:52:18Z, found '05.09"),
        ("region.west", "97E", "region.west: must be a number, found '97E'"),
        ("anomaly.min_years", 1.5, "anomaly.min_years: must be a whole number, found 1.5"),
        ("output.figures", "perhaps", "output.figures: must be true or false, found 'perhaps'"),
        ("output.language", "fr", "output.language: must be 'en' or 'zh', found 'fr'"),
        ("event.longitude", 400.0, "400"),
        ("event.latitude", "north", "'north'"),
        ("event.time", "fifth of September", "'fifth of September'"),
        ("region.north", 20.0, "27.0..20.0"),
        ("region.west", float("nan"), "nan"),
        ("gas.gases", ["co", "so2"], "'so2'"),
        ("gas.gases", ["co", "co"], "names something twice"),
        ("gas.gases", [], "[]"),
        ("gas.path", [], "[]"),
        ("gas.path", 7, "7"),
        ("gas.source", "hdf", "'hdf'"),
        ("gas.orbits", ["ascending", "sideways"], "'sideways'"),
        ("stages.preset", "zhao2022", "'zhao2022'"),
        ("anomaly.baseline", "monthly", "'monthly'"),
        ("anomaly.min_fraction", 0.0, "0.0"),
        ("anomaly.window_days", 1.5, "1.5"),
        ("profile.threshold", "two", "'two'"),
        ("profile.threshold", -1.0, "-1.0"),
        ("profile.top.xe", 300.0, "xe"),
        ("track.kinds", ["circle"], "'circle'"),
        ("track.n_null", 5, "5"),
        ("placebo.n", 0, "0"),
        ("placebo.dates", "sometimes", "'sometimes'"),
        ("placebo.min_distance_km", float("inf"), "inf"),
        ("placebo.min_magnitude", float("nan"), "nan"),
        ("profile.upper", 700.0, "upper"),
        ("profile.quiet", 3.0, "quiet"),
        ("track.anchors", [], "[]"),
        ("track.nulls", ["rotate", "rotate"], "names something twice"),
        ("output.language", "fr", "'fr'"),
        ("seed", -1, "-1"),
        ("seed", -1, "seed: must be 0 or more, found -1"),
        ("gas.gases", [], "gas.gases: must name at least 1, found []"),
        ("event.magnitude", 99.0, "event.magnitude: must lie in -3..10, found 99.0"),
        ("event.magnitude", float("-inf"), "event.magnitude: must lie in -3..10, found -inf"),
        ("event.depth_km", -900.0, "event.depth_km: must lie in -10..800 km, found -900.0"),
        (
            "event.time",
            "2022-08-31",
            "event.time: 2022-08-31 is a date only; give the time of day, for instance 2022-08-31T04:52:18Z",
        ),
        ("event.time", 20220831, "event.time: 20220831 is a number; give date and time"),
        ("event.time", "1661921538", "event.time: '1661921538' is a number"),
    ],
)
def test_wrong_values_name_key_and_value(tmp_path: Path, key: str, value: Any, found: str) -> None:
    message = refused(written(tmp_path, {key: value}))
    section = key.split(".")[0]
    assert section in message
    assert found in message


def test_a_toml_date_has_no_time_of_day(tmp_path: Path) -> None:
    path = written(tmp_path)
    text = path.read_text()
    path.write_text(text.replace("'2022-09-05T04:52:18Z'", "2022-08-31"))
    message = refused(path)
    assert "event.time: 2022-08-31 is a date only; give the time of day, for instance 2022-08-31T04:52:18Z" in message
    assert "datetime" not in message
    path.write_text(text.replace("'2022-09-05T04:52:18Z'", "2022-09-05T00:00:00Z"))  # midnight, if that is meant
    assert load_config(path).event.resolve().time == np.datetime64("2022-09-05")


@pytest.mark.parametrize(("key", "value"), [("magnitude", float("nan")), ("magnitude", -1.2), ("depth_km", -3.5),
                                            ("depth_km", 735.8), ("depth_km", float("nan"))])  # fmt: skip
def test_what_earthquakes_have_is_taken(tmp_path: Path, key: str, value: float) -> None:
    event = load_config(written(tmp_path, {f"event.{key}": value})).event.resolve()
    np.testing.assert_equal(getattr(event, key), value)


def test_west_and_east_swapped(tmp_path: Path) -> None:
    message = refused(written(tmp_path, {"region.west": 109.5, "region.east": 109.0}))
    assert "region: west = 109.5 and east = 109 make a region 359.5 degrees wide" in message
    assert "swapped?" in message
    assert "360" in refused(written(tmp_path, {"region.west": -170.0, "region.east": 175.0}))


@pytest.mark.parametrize(("west", "east"), [(-180.0, 180.0), (0.0, 360.0), (0.0, 180.0), (97.0, -170.0)])
def test_wide_regions_that_are_meant(tmp_path: Path, west: float, east: float) -> None:
    assert load_config(written(tmp_path, {"region.west": west, "region.east": east})).region.west == west


@pytest.mark.parametrize("key", ["event.time", "event.latitude", "region.north", "gas.path", "region", "gas"])
def test_what_is_missing_is_named(tmp_path: Path, key: str) -> None:
    message = refused(written(tmp_path, without=(key,)))
    assert key.split(".")[0] in message
    assert key.split(".")[-1] in message
    assert "missing" in message


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    message = refused(written(tmp_path, {"profile.splitt": 500.0, "gas.step": -1.0, "track.losss": "huber"}))
    assert "has 3 problems:" in message
    assert "has a problem:" in refused(written(tmp_path, {"gas.step": -1.0}))
    assert all(key in message for key in ("profile.splitt", "gas.step", "track.losss"))


def test_an_event_outside_the_region(tmp_path: Path) -> None:
    message = refused(written(tmp_path, {"event.longitude": 120.0}))
    assert "region: the event at 120 E 29.59 N lies outside 97..107 E, 27..34 N" in message


def test_overlapping_stages(tmp_path: Path) -> None:
    windows = deepcopy(WINDOWS)
    windows[0]["end"] = "2022-08-25T00:00:00Z"
    message = refused(written(tmp_path, {"stages.windows": windows}))
    assert "stages" in message
    assert "'background' and 'before' overlap" in message
    assert "2022-08-25" in message


def test_a_stage_across_the_origin_time(tmp_path: Path) -> None:
    windows = [WINDOWS[0], {"name": "before", "start": "2022-08-23T00:00:00Z", "end": "2022-09-06T00:00:00Z"}]
    message = refused(written(tmp_path, {"stages.windows": windows, "stages.tested": ["before"]}))
    assert "stages" in message
    assert "'before'" in message
    assert "straddles the origin time" in message
    assert "2022-09-05T04:52:18" in message


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"name": "a stage"}, "'a stage'"),
        ({"name": ""}, "''"),
        ({"start": "2022-08-24T00:00:00Z"}, "empty"),
        ({"begin": "2022-08-24T00:00:00Z"}, "stages.windows.0.begin: no such key; there are name, start, end"),
        ({"start": "24 August"}, "stages.windows.0.start: must be date and time, as 2022-09-05T04:52:18Z"),
        ({"name": "before"}, "several stages are called 'before'"),
    ],
)
def test_stages_that_cannot_be(tmp_path: Path, changes: dict[str, str], found: str) -> None:
    windows = deepcopy(WINDOWS)
    windows[0] |= changes
    message = refused(written(tmp_path, {"stages.windows": windows}))
    assert "stages" in message
    assert found in message


def test_preset_and_windows_contradict(tmp_path: Path) -> None:
    message = refused(written(tmp_path, {"stages.preset": "default", "stages.windows": WINDOWS}))
    assert "preset and windows are both given" in message


def test_a_tested_stage_must_exist(tmp_path: Path) -> None:
    message = refused(written(tmp_path, {"stages.preset": "zhao2022_table_1", "stages.tested": ["after"]}))
    assert "stages.tested" in message
    assert "'after'" in message
    assert "'before'" in message


@pytest.mark.parametrize("preset", ["zhao2022_section_2_1", "zhao2022_table_1"])
def test_the_papers_windows_have_names(tmp_path: Path, preset: str) -> None:
    config = load_config(written(tmp_path, {"stages.preset": preset}))
    windows = config.stages.resolve(config.event.resolve().time)
    assert [w.name for w in windows] == ["background", "before", "during"]
    assert windows[1].end == windows[2].start == np.datetime64("2022-09-05T04:52:18")


def test_windows_in_any_order_and_zone(tmp_path: Path) -> None:
    windows = deepcopy(WINDOWS[::-1])
    windows[2]["start"] = "2022-08-01T08:00:00+08:00"
    config = load_config(written(tmp_path, {"stages.windows": windows}))
    found = config.stages.resolve(config.event.resolve().time)
    assert [w.name for w in found] == ["background", "before", "during"]
    assert found[0].start == np.datetime64("2022-08-01T00:00:00")


def test_origin_time_in_another_zone(tmp_path: Path) -> None:
    config = load_config(written(tmp_path, {"event.time": "2022-09-05T12:52:18+08:00"}))
    assert config.event.resolve().time == np.datetime64("2022-09-05T04:52:18")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[event\nname = 1", "line 1"),
        ("seed = 1\nseed = 2\n", "line 2"),
        ("", "event"),
        ("event = 3", "event"),
    ],
)
def test_broken_toml(tmp_path: Path, text: str, found: str) -> None:
    path = tmp_path / "broken.toml"
    path.write_text(text)
    assert found in refused(path)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("time = 05.09.2022", "line 2, time = 05.09.2022: no date and time, as 2022-09-05T04:52:18Z"),
        ("time = 2022-09-05T25:52:18Z", "line 2, time = 2022-09-05T25:52:18Z: no date and time, as 2022-09-05T04"),
        ('name = "Luding', 'line 2, name = "Luding: a quotation mark is not closed'),
        ("name = Luding", "line 2, name = Luding: Invalid value, at column 8"),
    ],
)
def test_a_line_that_is_no_toml_is_shown(tmp_path: Path, line: str, told: str) -> None:
    path = tmp_path / "event.toml"
    path.write_text(f"[event]\n{line}\nlongitude = 102.08\n")
    assert f"is no valid TOML: {told}" in refused(path)


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "image.toml"
    path.write_bytes(b"\x89PNG\r\n\xff\xfe")
    assert "no valid TOML" in refused(path)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert "No such file" in refused(tmp_path / "nowhere.toml")
    assert "directory" in refused(tmp_path)


# --- The event by its catalogue ---------------------------------------------------------------------------------------

COMCAT = """time,latitude,longitude,depth,mag,magType,id
2022-09-05T04:52:19.000Z,29.679,102.236,12.0,6.6,mww,us7000i4ln
2022-09-10T10:00:00.000Z,35.000,100.000,10.0,5.1,mb,us7000abcd
"""


def from_catalogue(folder: Path, **changes: Any) -> Path:
    (folder / "tables").mkdir()
    (folder / "tables" / "quakes.csv").write_text(COMCAT)
    event = {"name": "Luding", "catalogue": "tables/quakes.csv", "id": "us7000i4ln"} | changes
    event = {k: v for k, v in event.items() if v is not None}
    return written(folder, {"event": event})


def test_an_event_of_a_catalogue(tmp_path: Path) -> None:
    event = load_config(from_catalogue(tmp_path)).event.resolve()
    assert (event.longitude, event.latitude, event.magnitude, event.depth_km) == (102.236, 29.679, 6.6, 12.0)
    assert event.time == np.datetime64("2022-09-05T04:52:19")
    assert (event.event_id, event.name, event.magnitude_type) == ("us7000i4ln", "Luding", "mww")


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"id": None}, "catalogue needs id"),
        ({"id": "us0000none"}, "us0000none"),
        ({"catalogue": "tables/none.csv"}, "none.csv cannot be read (no such file or directory); give a file"),
        ({"longitude": 102.0}, "catalogue and longitude are both given"),
    ],
)
def test_a_catalogue_that_does_not_tell(tmp_path: Path, changes: dict[str, Any], found: str) -> None:
    message = refused(from_catalogue(tmp_path, **changes))
    assert "event" in message
    assert found in message


# --- Paths ------------------------------------------------------------------------------------------------------------


def test_paths_are_relative_to_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "study"
    folder.mkdir()
    path = written(
        folder,
        {
            "gas.path": ["../airs/*.hdf", "/archive/x.hdf"],
            "placebo.catalogue": "quakes.csv",
            "track.roti": "sub/roti.csv",
            "output.directory": "out",
        },
    )
    monkeypatch.chdir(tmp_path)
    config = load_config(path.relative_to(tmp_path))
    assert config.placebo.catalogue == folder / "quakes.csv"
    assert config.track.roti == folder / "sub" / "roti.csv"
    assert config.output.directory == folder / "out"
    assert Path(config.gas.path[0]).parent.resolve() == tmp_path / "airs"
    assert config.gas.path[1] == "/archive/x.hdf"


def test_the_default_folder_lies_beside_the_file(tmp_path: Path) -> None:
    assert load_config(written(tmp_path)).output.directory == tmp_path / "gasquake-out"


def test_a_folder_whose_name_holds_brackets(tmp_path: Path) -> None:
    from gasquake.study.paths import matching

    folder = tmp_path / "airs [2022]"
    (folder / "granules").mkdir(parents=True)
    for name in ("a.hdf", "b[1].hdf", "c.nc"):
        (folder / "granules" / name).write_text("")
    config = load_config(written(folder, {"gas.path": ["granules/*.hdf", "granules/b[1].hdf", "granules"]}))
    names = [path.name for path in matching(config.gas.path)]
    assert names == ["a.hdf", "b[1].hdf", "b[1].hdf", "granules"]
