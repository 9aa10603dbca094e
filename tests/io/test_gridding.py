"""Daily maps of soundings against a plain loop, and their laws."""

from __future__ import annotations

import math
import statistics
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from gasquake.io.gridding import grid_soundings
from gasquake.places import Region


def soundings(
    value: Any, lon: Any, lat: Any, time: Any = "2022-09-05", error: Any = None, units: str = "mol mol-1", **attrs: Any
) -> xr.Dataset:
    value = np.atleast_1d(np.asarray(value, dtype=np.float64))
    data = {"value": ("obs", value, {"units": units})}
    if error is not None:
        data["error"] = ("obs", np.broadcast_to(np.asarray(error, dtype=np.float64), value.shape), {"units": units})

    def along(x: Any, dtype: Any) -> Any:
        return ("obs", np.broadcast_to(np.asarray(x, dtype=dtype), value.shape))

    coords = {"time": along(time, "datetime64[ns]"), "lon": along(lon, float), "lat": along(lat, float)}
    return xr.Dataset(data, coords, attrs={"gas": "co", **attrs})


# --- Laws of the maps -------------------------------------------------------------------------------------------------

EIGHTHS = st.integers(-8 * 400, 8 * 400).map(lambda n: n / 8)  # cell edges are hit often and are exact


@st.composite
def clouds(draw: st.DrawFn) -> xr.Dataset:
    n = draw(st.integers(0, 25))
    spots = draw(st.lists(st.tuples(EIGHTHS, st.integers(-720, 720).map(lambda k: k / 8)), min_size=1, max_size=4))
    picks = draw(st.lists(st.sampled_from(spots), min_size=n, max_size=n))
    missing = st.just(math.nan)
    value = draw(st.lists(st.floats(1e-9, 1e-3) | missing, min_size=n, max_size=n))
    error = draw(st.lists(st.floats(1e-12, 1e-6) | missing | st.just(0.0), min_size=n, max_size=n))
    minutes = draw(st.lists(st.integers(0, 4 * 1440), min_size=n, max_size=n))
    return soundings(
        value, [p[0] for p in picks], [p[1] for p in picks],
        np.datetime64("2022-09-03", "ns") + np.array(minutes, dtype="timedelta64[m]"), error, day_orbit="ascending",
    )  # fmt: skip


STEPS = st.sampled_from([0.5, 1.0, 2.0, 5.0, 30.0, 90.0, 180.0])
REGIONS = st.sampled_from([None, Region(97, 27, 107, 34), Region(170, -60, -170, 60), Region(-180, -90, 180, 0)])
ORBITS = st.sampled_from([None, "local_time"])
DATES = [f"2022-09-0{d}" for d in range(3, 8)]


def loop(s: xr.Dataset, step: float, orbit: str | None, weighted: bool) -> dict[tuple[Any, ...], list[Any]]:
    """The members of each cell as (value, error), by exact arithmetic."""
    cells: dict[tuple[Any, ...], list[Any]] = {}
    size = Fraction(step)
    for i in range(s.sizes["obs"]):
        value, error, lat = (float(s[name][i]) for name in ("value", "error", "lat"))
        if math.isnan(value) or (weighted and not error > 0):
            continue
        time = s["time"].values[i]
        x, y = (Fraction(float(s["lon"][i])) + 180) % 360, Fraction(lat) + 90
        solar = (float((time - time.astype("datetime64[D]")) / np.timedelta64(1, "h")) + float(s["lon"][i]) / 15) % 24
        name = "all"
        if orbit == "local_time":
            if abs(lat) > 75:
                continue
            name = "ascending" if 6 <= solar < 18 else "descending"
        lon_centre = float(x // size * size + size / 2 - 180)
        lat_centre = float(min(y // size, 180 / size - 1) * size + size / 2 - 90)
        cells.setdefault((time.astype("datetime64[D]"), name, lat_centre, lon_centre), []).append((value, error))
    return cells


@given(clouds(), STEPS, ORBITS, st.sampled_from([None, "error"]), st.integers(1, 3))
def test_maps_equal_a_plain_loop(s: xr.Dataset, step: float, orbit: Any, weights: Any, min_count: int):
    cube = grid_soundings(s, step=step, orbit=orbit, weights=weights, min_count=min_count, dates=DATES)
    cells = loop(s, step, orbit, weights == "error")
    assert int(cube["co_count"].sum()) == sum(len(members) for members in cells.values())
    assert int(cube["co"].notnull().sum()) == sum(len(m) >= min_count for m in cells.values())
    for (day, name, lat, lon), members in cells.items():
        cell = cube.sel(time=day, orbit=name, lat=lat, lon=lon)
        values = [m[0] for m in members]
        assert int(cell["co_count"]) == len(members)
        if len(members) < min_count:
            assert math.isnan(cell["co"])
            continue
        w = [m[1] ** -2 if weights else 1.0 for m in members]
        mean = math.fsum(a * b for a, b in zip(w, values, strict=True)) / math.fsum(w)
        np.testing.assert_allclose(cell["co"], mean, rtol=1e-6)
        assert np.float32(min(values)) <= cell["co"] <= np.float32(max(values))
        if len(values) > 1:
            np.testing.assert_allclose(cell["co_sdev"], statistics.stdev(values), rtol=1e-5, atol=1e-18)
        else:
            assert math.isnan(cell["co_sdev"])
        if weights:
            np.testing.assert_allclose(cell["co_error"], math.fsum(w) ** -0.5, rtol=1e-6)


@given(clouds(), st.randoms(use_true_random=False), STEPS, st.sampled_from([None, "error"]))
def test_the_order_of_soundings_changes_no_bit(s: xr.Dataset, random: Any, step: float, weights: Any):
    order = list(range(s.sizes["obs"]))
    random.shuffle(order)
    one = grid_soundings(s, step=step, weights=weights, dates=DATES)
    other = grid_soundings(s.isel(obs=order), step=step, weights=weights, dates=DATES)
    xr.testing.assert_identical(one, other)


@given(clouds(), STEPS.filter(lambda step: step <= 2), REGIONS, ORBITS)
def test_a_region_is_a_piece_of_the_globe(s: xr.Dataset, step: float, region: Region | None, orbit: Any):
    globe = grid_soundings(s, step=step, orbit=orbit, dates=DATES)
    piece = grid_soundings(s, step=step, orbit=orbit, dates=DATES, region=region)
    expected = globe if region is None else region.select(globe)
    xr.testing.assert_equal(piece, expected)
    assert (np.diff(piece["lon"]) > 0).all()


@given(clouds(), st.lists(st.integers(-2, 2), min_size=25, max_size=25))
def test_longitudes_of_any_turn_are_the_same(s: xr.Dataset, turns: list[int]):
    turned = s.assign_coords(lon=s["lon"] + 360.0 * np.array(turns[: s.sizes["obs"]], dtype=float))
    one, other = (grid_soundings(x, step=5.0, orbit="local_time", dates=DATES) for x in (s, turned))
    xr.testing.assert_identical(one, other)


@given(st.floats(-1e6, 1e6), st.floats(-90, 90), st.integers(1, 400))
def test_every_place_has_a_cell(lon: float, lat: float, n: int):
    cube = grid_soundings(soundings([1e-7], lon, lat), step=180 / n)
    assert int(cube["co_count"].sum()) == 1
    cell = cube["co"].squeeze(["time", "orbit"]).to_series().dropna().index[0]
    assert abs(cell[0] - lat) <= 90 / n + 1e-6
    assert abs((cell[1] - lon + 180) % 360 - 180) <= 90 / n + 1e-6


# --- Single facts -----------------------------------------------------------------------------------------------------


def test_small_differences_on_a_large_value_survive():
    value = 1.8e-6 + np.arange(1000) * 1e-16
    cube = grid_soundings(soundings(value, 0.5, 0.5), step=1.0)
    expected = statistics.stdev(value.tolist())
    np.testing.assert_allclose(float(cube["co_sdev"].max()), expected, rtol=1e-4)


def test_edges_poles_and_the_far_meridian():
    s = soundings(
        [1.0] * 6, [180.0, -180.0, 540.0, 0.0, -1e-13, 179.999], [90.0, -90.0, 0.0, 0.0, 0.0, 0.0], units="ppb"
    )
    count = grid_soundings(s, step=1.0)["co_count"].squeeze()
    assert int(count.sel(lat=89.5, lon=-179.5)) == 1
    assert int(count.sel(lat=-89.5, lon=-179.5)) == 1
    assert int(count.sel(lat=0.5, lon=-179.5)) == 1
    assert int(count.sel(lat=0.5, lon=0.5)) == 1
    assert int(count.sel(lat=0.5, lon=-0.5)) == 1
    assert int(count.sel(lat=0.5, lon=179.5)) == 1


def test_across_180_neighbours_stay_neighbours():
    s = soundings([1e-7, 3e-7], [179.6, -179.6], [0.0, 0.0])
    cube = grid_soundings(s, region=Region(178, -2, -178, 2))
    assert cube["lon"].values.tolist() == [178.5, 179.5, 180.5, 181.5]
    np.testing.assert_array_equal(cube["co_count"].sel(lat=0.5).squeeze(), [0, 1, 1, 0])


def test_orbits_by_local_time():
    # Luding at 102 E: 06:30 UTC is 13:18 local, 18:40 UTC is 01:28 of the next day.
    times = np.array(["2022-09-05T06:30", "2022-09-05T18:40", "2022-09-05T06:30"], dtype="datetime64[ns]")
    s = soundings([1e-7, 2e-7, 3e-7], 102.0, [29.5, 29.5, 80.0], times, day_orbit="ascending")
    cube = grid_soundings(s, orbit="local_time")
    assert cube["orbit"].values.tolist() == ["ascending", "descending"]
    at = cube["co"].sel(lat=29.5, lon=102.5).squeeze()
    np.testing.assert_allclose(at, [1e-7, 2e-7], rtol=1e-6)
    assert (int(cube["co_count"].sum()), cube.attrs["n_without_orbit"]) == (2, 1)
    assert (cube["window_start"].values == np.datetime64("2022-09-05")).all()
    assert (cube["window_end"].values == np.datetime64("2022-09-06")).all()
    other = grid_soundings(s.assign_attrs(day_orbit="descending"), orbit="local_time")
    xr.testing.assert_equal(other["co"].isel(orbit=0, drop=True), cube["co"].isel(orbit=1, drop=True))
    assert grid_soundings(s, orbit="ascending")["orbit"].values.tolist() == ["ascending"]
    assert grid_soundings(s)["orbit"].values.tolist() == ["all"]


def test_days_without_soundings_are_there_and_empty():
    times = np.array(["2022-09-07T01:00", "2022-09-04T23:59"], dtype="datetime64[ns]")
    cube = grid_soundings(soundings([1e-7, 2e-7], 0.0, 0.0, times), step=90.0)
    assert cube["time"].values.astype("datetime64[D]").astype(str).tolist() == [f"2022-09-0{d}" for d in (4, 5, 6, 7)]
    assert cube["co_count"].sum(["orbit", "lat", "lon"]).values.tolist() == [1, 0, 0, 1]
    picked = grid_soundings(soundings([1e-7, 2e-7], 0.0, 0.0, times), step=90.0, dates=["2022-09-08", "2022-09-07"])
    assert picked["co_count"].sum(["orbit", "lat", "lon"]).values.tolist() == [1, 0]


def test_names_units_and_history():
    cube = grid_soundings(
        soundings([100.0], 0.5, 0.5, error=[1.0], units="ppb", layer="mid-troposphere"), weights="error"
    )
    assert set(cube.data_vars) == {"co", "co_count", "co_sdev", "co_error"}
    assert cube["co"].attrs["units"] == "mol mol-1"
    assert cube["co"].attrs["layer"] == "mid-troposphere"
    np.testing.assert_allclose([cube["co"].max(), cube["co_error"].max()], [1e-7, 1e-9], rtol=1e-6)
    assert cube["co_count"].dtype == np.int32
    assert "grid_soundings(step=1" in cube.attrs["history"]


def test_inputs_are_not_written():
    s = soundings([1e-7, np.nan], [0.0, 400.0], [0.0, 0.0])
    before = s.copy(deep=True)
    grid_soundings(s, step=10.0)
    xr.testing.assert_identical(s, before)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"step": 7.0}, r"step must divide 180 degrees into equal cells, got 7; 6\.92308 would"),
        ({"step": 0.0}, "step must divide 180"),
        ({"step": -1.0}, "step must divide 180"),
        ({"weights": "count"}, 'weights must be "error" or None'),
        ({"weights": "error"}, r"soundings lack \['error'\]"),
        ({"orbit": "both"}, "orbit must be"),
        ({"orbit": "local_time"}, "day_orbit"),
        ({"dates": ["NaT"]}, "dates hold a missing time"),
        ({"region": Region(10.1, 10.1, 10.2, 10.2)}, "no cell lies in the region"),
    ],
)
def test_bad_options(options: dict[str, Any], error: str):
    with pytest.raises(ValueError, match=error):
        grid_soundings(soundings([1e-7], 0.0, 0.0), **options)


def test_bad_soundings():
    s = soundings([1e-7], 0.0, 0.0)
    with pytest.raises(ValueError, match=r"lat of soundings must lie in -90\.\.90 degrees, got 95"):
        grid_soundings(soundings([1e-7], 0.0, 95.0))
    with pytest.raises(ValueError, match="do not say their gas"):
        grid_soundings(s.drop_attrs())
    with pytest.raises(ValueError, match="value has no units"):
        grid_soundings(s.assign(value=("obs", [1.0])))
    with pytest.raises(ValueError, match="'obs'"):
        grid_soundings(s.rename(obs="n"))
    with pytest.raises(TypeError, match="see open_soundings"):
        grid_soundings(s["value"])  # type: ignore[arg-type]
