"""Stages split at the origin time, hold the days by overpass, and average without mixing orbits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from laziness import assert_lazy_and_equal, no_compute

from gasquake import stages
from gasquake.stages import AMBIGUOUS, OUTSIDE, Stage

ORIGIN = np.datetime64("2022-09-05T04:52:18", "ns")
LUDING = 102.08
HOUR = np.timedelta64(1, "h")


def day(text: str) -> np.datetime64:
    return np.datetime64(text, "ns")


def airs_cube(rng: np.random.Generator | None = None, dtype: str = "f4", first: str = "2022-07-25") -> xr.Dataset:
    """A small cube with the windows of AIRS: ascending from 01:30 of the date, descending from 13:30 the day before."""
    time = np.arange(first, "2022-09-15", dtype="datetime64[D]").astype("datetime64[ns]")
    start = np.stack([time + 90 * np.timedelta64(1, "m"), time - 630 * np.timedelta64(1, "m")], axis=1)
    coords: dict[str, Any] = {
        "time": time,
        "orbit": ["ascending", "descending"],
        "level": ("level", [850.0, 600.0, 400.0], {"units": "hPa"}),
        "lat": [28.5, 29.5],
        "lon": [101.5, 102.5, 103.5],
        "window_start": (("time", "orbit"), start),
        "window_end": (("time", "orbit"), start + 24 * HOUR),
    }
    data = {}
    if rng is not None:
        shape = (time.size, 2, 3, 2, 3)
        for gas, level in (("co", 1e-7), ("ch4", 1.9e-6)):
            values = level * (1 + 0.01 * rng.normal(size=shape))
            values[rng.random(shape) < 0.3] = np.nan
            values[:, 1] *= 2  # the orbits differ, so that mixing them shows
            data[gas] = (
                ("time", "orbit", "level", "lat", "lon"),
                values.astype(dtype),
                {"units": "mol mol-1", "long_name": gas.upper()},
            )
    return xr.Dataset(data, coords, {"history": "made by hand"})


# --- Stage and check_stages -------------------------------------------------------------------------------------------


def test_a_stage_is_frozen_and_in_nanoseconds() -> None:
    stage = Stage("before", np.datetime64("2022-08-30"), np.datetime64("2022-09-05T04:52"))
    assert stage.start.dtype == stage.end.dtype == np.dtype("M8[ns]")
    with pytest.raises(AttributeError):
        stage.name = "after"  # type: ignore[misc]
    assert stage == Stage("before", day("2022-08-30"), day("2022-09-05T04:52"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("before", "2022-09-05", "2022-09-05"), "'before' is empty"),
        (("before", "2022-09-06", "2022-09-05"), "'before' is empty"),
        (("before", "NaT", "2022-09-05"), "start of stage 'before' is missing"),
        (("", "2022-09-01", "2022-09-05"), "name of a stage"),
        (("two words", "2022-09-01", "2022-09-05"), "'two words'"),
        (("ambiguous", "2022-09-01", "2022-09-05"), "'ambiguous'"),
    ],
)
def test_what_no_stage_can_be(arguments: tuple[str, str, str], message: str) -> None:
    name, start, end = arguments
    with pytest.raises(ValueError, match=message):
        Stage(name, day(start), day(end))


def test_errors_name_the_stages() -> None:
    one = Stage("background", day("2022-08-01"), day("2022-08-30"))
    two = Stage("before", day("2022-08-29"), day("2022-09-06"))
    with pytest.raises(ValueError, match="'background' and 'before' overlap"):
        stages.check_stages([two, one])
    with pytest.raises(ValueError, match=r"'before' .* straddles the origin time 2022-09-05T04:52:18"):
        stages.check_stages([two], origin_time=ORIGIN)
    with pytest.raises(ValueError, match="several stages are called 'background'"):
        stages.check_stages([one, Stage("background", day("2022-09-01"), day("2022-09-02"))])
    with pytest.raises(ValueError, match="no stage was given"):
        stages.check_stages([])
    with pytest.raises(ValueError, match="origin_time is missing"):
        stages.check_stages([one], origin_time=np.datetime64("NaT"))


def test_stages_may_touch_each_other_and_the_origin_time() -> None:
    before = Stage("before", day("2022-08-30"), ORIGIN)
    after = Stage("after", ORIGIN, day("2022-09-10"))
    stages.check_stages([after, before], origin_time=ORIGIN)


@given(st.lists(st.integers(0, 40), min_size=2, max_size=2), st.lists(st.integers(0, 40), min_size=2, max_size=2))
def test_overlap_is_a_shared_day(a: list[int], b: list[int]) -> None:
    spans = [(min(s), max(s) + 1) for s in (a, b)]
    days = [set(range(*span)) for span in spans]
    made = [Stage(name, day("2022-08-01") + s * 24 * HOUR, day("2022-08-01") + e * 24 * HOUR)
            for name, (s, e) in zip("ab", spans, strict=True)]  # fmt: skip
    if days[0] & days[1]:
        with pytest.raises(ValueError, match="overlap"):
            stages.check_stages(made)
    else:
        stages.check_stages(made)


# --- Presets ----------------------------------------------------------------------------------------------------------


def test_the_papers_windows_come_out_for_its_earthquake() -> None:
    """The dates of section 2.1 and of table 1, which contradict each other on 5 September."""
    found = {name: {s.name: (str(s.start)[:10], str(s.end)[:19]) for s in
                    stages.stages_from_preset(name, origin_time=ORIGIN)} for name in stages.PRESETS}  # fmt: skip
    assert found["zhao2022_section_2_1"] == {
        "background": ("2022-08-05", "2022-08-30T00:00:00"),
        "before": ("2022-08-30", "2022-09-05T04:52:18"),
        "during": ("2022-09-05", "2022-09-07T00:00:00"),
    }
    assert found["zhao2022_table_1"] == {
        "background": ("2022-08-01", "2022-08-30T00:00:00"),
        "before": ("2022-08-30", "2022-09-05T04:52:18"),
        "during": ("2022-09-05", "2022-09-10T00:00:00"),
    }
    assert found["default"]["before"] == ("2022-08-23", "2022-09-05T04:52:18")
    assert found["default"]["after"] == ("2022-09-07", "2022-09-10T00:00:00")


@given(st.datetimes())
@pytest.mark.parametrize("name", list(stages.PRESETS))
def test_every_preset_fits_every_origin_time(name: str, origin: Any) -> None:
    time = np.datetime64(origin, "us")
    if not np.datetime64("1700") < time < np.datetime64("2200"):
        return
    made = stages.stages_from_preset(name, origin_time=time)
    stages.check_stages(made, origin_time=time)
    assert {s.end for s in made} & {s.start for s in made} >= {time}  # one ends and another begins there


def test_an_unknown_preset_names_the_known() -> None:
    with pytest.raises(ValueError, match=r"'zhao2022'.*default, zhao2022_section_2_1, zhao2022_table_1"):
        stages.stages_from_preset("zhao2022", origin_time=ORIGIN)


# --- Overpass ---------------------------------------------------------------------------------------------------------


def test_overpass_over_luding_is_when_the_paper_says() -> None:
    """The paper gives 04:40-07:40 ascending and 17:50-20:40 descending; the date of the latter is a day late."""
    found = stages.overpass_time(airs_cube(), longitude=LUDING).sel(time="2022-09-05")
    assert [str(t)[:16] for t in found.values] == ["2022-09-05T06:41", "2022-09-04T18:41"]


@given(st.floats(-180, 360), st.integers(0, 47), st.integers(1, 48))
def test_overpass_is_local_time_within_the_window(longitude: float, shift: int, length: int) -> None:
    """Whatever the window, by a plain walk over its minutes; outside only where the local time does not fall in it."""
    start = day("2022-08-01") + shift * HOUR
    coords = {"time": [day("2022-08-01")], "orbit": ["ascending"],
              "window_start": (("time", "orbit"), [[start]]),
              "window_end": (("time", "orbit"), [[start + length * HOUR]])}  # fmt: skip
    time = stages.overpass_time(xr.Dataset(coords=coords), longitude=longitude).values[0, 0]
    minutes = np.arange(length * 60 + 1) * np.timedelta64(1, "m") + start
    local = ((minutes - minutes.astype("M8[D]")) / HOUR + longitude / 15) % 24
    off = np.abs((local - 13.5 + 12) % 24 - 12)
    near = minutes[off <= 0.5 / 60 + 1e-9]
    assert start <= time <= start + length * HOUR
    if near.size:
        assert np.abs(near - time).min() <= np.timedelta64(61, "s")
    else:
        assert off[np.abs(minutes - time).argmin()] <= off.min() + 2 / 60


def test_overpass_of_the_cube_is_taken_as_it_is() -> None:
    cube = airs_cube()
    given_times = cube.window_start + 7 * HOUR
    cube["overpass"] = given_times.transpose("orbit", "time")
    np.testing.assert_array_equal(stages.overpass_time(cube, longitude=LUDING), given_times)


def test_overpass_needs_windows_and_known_orbits() -> None:
    with pytest.raises(ValueError, match=r"no coordinate window_start\(time, orbit\)"):
        stages.overpass_time(airs_cube().drop_vars("window_start"), longitude=LUDING)
    with pytest.raises(ValueError, match="orbit 'both'"):
        stages.overpass_time(airs_cube().assign_coords(orbit=["ascending", "both"]), longitude=LUDING)


# --- Labels -----------------------------------------------------------------------------------------------------------


def test_labels_follow_the_overpass_not_the_date() -> None:
    cube = airs_cube()
    made = stages.stages_from_preset("default", origin_time=ORIGIN)
    labels = stages.stage_labels(cube, made, longitude=LUDING, origin_time=ORIGIN)
    overpass = stages.overpass_time(cube, longitude=LUDING)
    for t in range(cube.sizes["time"]):
        for o in range(2):
            when = overpass.values[t, o]
            wanted = [k for k, s in enumerate(made) if s.start <= when < s.end]
            assert labels.values[t, o] == (wanted[0] if wanted else OUTSIDE)
    names = labels.attrs["flag_meanings"].split()
    assert names == ["ambiguous", "outside", "background", "before", "during", "after"]
    assert labels.attrs["flag_values"].tolist() == [-2, -1, 0, 1, 2, 3]
    assert labels.dtype == np.int8
    assert labels.sel(time="2022-09-05").values.tolist() == [2, 1]  # one date, both sides of the earthquake
    assert labels.sel(time="2022-09-06").values.tolist() == [2, 2]


@pytest.mark.parametrize(("offset", "ambiguous"), [(-95, 0), (-85, 1), (0, 1), (85, 1), (95, 0)])
def test_a_day_too_near_the_origin_time_is_ambiguous(offset: int, ambiguous: int) -> None:
    """The mean local time is known to 90 minutes; an overpass of the cube's own is exact."""
    cube = airs_cube()
    origin = stages.overpass_time(cube, longitude=LUDING).sel(time="2022-09-05", orbit="ascending").values
    origin = origin + offset * np.timedelta64(1, "m")
    made = stages.stages_from_preset("default", origin_time=origin)
    labels = stages.stage_labels(cube, made, longitude=LUDING, origin_time=origin)
    assert int((labels == AMBIGUOUS).sum()) == ambiguous
    assert (labels.sel(time="2022-09-05", orbit="ascending") == AMBIGUOUS).item() == bool(ambiguous)
    cube["overpass"] = stages.overpass_time(cube, longitude=LUDING)
    exact = stages.stage_labels(cube, made, longitude=LUDING, origin_time=origin)
    assert not (exact == AMBIGUOUS).any()
    assert exact.sel(time="2022-09-05", orbit="ascending").item() == (2 if offset <= 0 else 1)


def test_a_narrow_window_can_settle_an_ambiguous_day() -> None:
    cube = airs_cube()
    overpass = stages.overpass_time(cube, longitude=LUDING)
    origin = overpass.sel(time="2022-09-05", orbit="ascending").values + 30 * np.timedelta64(1, "m")
    made = stages.stages_from_preset("default", origin_time=origin)
    narrow = cube.assign_coords(window_start=overpass - HOUR, window_end=overpass + 20 * np.timedelta64(1, "m"))
    labels = stages.stage_labels(narrow, made, longitude=LUDING, origin_time=origin)
    assert not (labels == AMBIGUOUS).any()
    assert labels.sel(time="2022-09-05", orbit="ascending").item() == 1


def test_a_day_without_a_window_is_in_no_stage() -> None:
    cube = airs_cube()
    start = cube.window_start.copy()
    start[{"time": 40, "orbit": 1}] = np.datetime64("NaT", "ns")
    cube = cube.assign_coords(window_start=start)
    made = stages.stages_from_preset("default", origin_time=ORIGIN)
    labels = stages.stage_labels(cube, made, longitude=LUDING, origin_time=ORIGIN)
    assert labels[40].values.tolist() == [1, OUTSIDE]


# --- Means ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_means_by_plain_loops(dtype: str, rng: np.random.Generator) -> None:
    cube = airs_cube(rng, dtype)
    made = stages.stages_from_preset("default", origin_time=ORIGIN)
    found = stages.stage_means(cube, made, longitude=LUDING, origin_time=ORIGIN)
    labels = stages.stage_labels(cube, made, longitude=LUDING, origin_time=ORIGIN)
    tolerance = 1e-6 if dtype == "f4" else 1e-12
    for gas in ("co", "ch4"):
        assert found[f"{gas}_mean"].dims == ("stage", "orbit", "level", "lat", "lon")
        assert found[f"{gas}_mean"].dtype == found[f"{gas}_sd"].dtype == np.dtype(dtype)
        for k in range(len(made)):
            for o in range(2):
                used = cube[gas].values[:, o][labels.values[:, o] == k].astype("f8")
                for cell in np.ndindex(3, 2, 3):
                    x = used[(slice(None), *cell)]
                    x = x[np.isfinite(x)]
                    place = (k, o, *cell)
                    assert found[f"{gas}_n"].values[place] == x.size
                    wanted = x.mean() if x.size else np.nan
                    np.testing.assert_allclose(found[f"{gas}_mean"].values[place], wanted, rtol=tolerance)
                    wanted = x.std(ddof=1) if x.size > 1 else np.nan
                    np.testing.assert_allclose(found[f"{gas}_sd"].values[place], wanted, rtol=tolerance)
        assert found[f"{gas}_mean"].attrs["units"] == found[f"{gas}_sd"].attrs["units"] == "mol mol-1"
    assert found.stage.values.tolist() == ["background", "before", "during", "after"]
    assert found.n_days.values.sum(axis=1).tolist() == [44, 26, 4, 6]
    assert found.n_ambiguous.values.tolist() == [0, 0]
    np.testing.assert_array_equal(found.stage_start.values, [s.start for s in made])
    assert found.attrs["history"].startswith("made by hand\n")


def test_an_ambiguous_day_counts_nowhere(rng: np.random.Generator) -> None:
    cube = airs_cube(rng)
    origin = stages.overpass_time(cube, longitude=LUDING).sel(time="2022-09-05", orbit="ascending").values
    made = stages.stages_from_preset("default", origin_time=origin)
    found = stages.stage_means(cube, made, longitude=LUDING, origin_time=origin)
    assert found.n_ambiguous.values.tolist() == [1, 0]
    cube["co"].loc[{"time": "2022-09-05", "orbit": "ascending"}] = 1.0
    again = stages.stage_means(cube, made, longitude=LUDING, origin_time=origin)
    xr.testing.assert_identical(again, found)


def test_means_are_lazy_and_chunks_do_not_matter(rng: np.random.Generator) -> None:
    cube = airs_cube(rng)
    made = stages.stages_from_preset("default", origin_time=ORIGIN)
    eager = stages.stage_means(cube, made, longitude=LUDING, origin_time=ORIGIN)
    with no_compute():
        lazy = stages.stage_means(
            cube.map(lambda gas: gas.chunk(time=7, lat=1)).assign_coords(cube.coords),
            made,
            longitude=LUDING,
            origin_time=ORIGIN,
        )
    gases = [v for v in eager.data_vars if str(v).startswith(("co_", "ch4_"))]
    assert_lazy_and_equal(lazy[gases], eager[gases])


def test_one_layer_one_orbit_and_nothing_at_all(rng: np.random.Generator) -> None:
    cube = airs_cube(rng).isel(level=0, orbit=[1])
    made = stages.stages_from_preset("default", origin_time=ORIGIN)
    found = stages.stage_means(cube, made, longitude=LUDING, gases=["co"])
    assert found.co_mean.dims == ("stage", "orbit", "lat", "lon")
    assert "ch4_mean" not in found
    empty = stages.stage_means(cube.isel(time=slice(0, 0)), made, longitude=LUDING)
    assert np.isnan(empty.co_mean).all()
    assert (empty.co_n == 0).all()
    blank = stages.stage_means(cube * np.nan, made, longitude=LUDING)
    assert np.isnan(blank.co_mean).all()
    with pytest.raises(ValueError, match="no variable co, ch4, co2, o3"):
        stages.stage_means(cube.drop_vars(["co", "ch4"]), made, longitude=LUDING)
    with pytest.raises(ValueError, match="no variable so2"):
        stages.stage_means(cube, made, longitude=LUDING, gases=["co", "so2"])


def test_a_large_constant_keeps_its_spread(rng: np.random.Generator) -> None:
    """A standard deviation from running sums would lose a 1e-9 signal on 1.8e-6."""
    cube = airs_cube(rng, "f8")
    signal = rng.normal(size=cube.co.shape) * 1e-12
    cube["co"] = cube.co.copy(data=1.0 + signal)
    made = [Stage("all", day("2022-08-01"), day("2022-09-01"))]
    found = stages.stage_means(cube, made, longitude=LUDING, gases=["co"])
    assert 0.4e-12 < found.co_sd.min() < found.co_sd.max() < 1.8e-12
