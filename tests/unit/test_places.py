"""Events, regions, also across 180 degrees, and distances."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import assume, given
from hypothesis import strategies as st

from gasquake.places import Event, Region, distance_km, extent, swapped_edges


def globe(step: float = 1.0, *, north_first: bool = False, lon0: float = -180.0) -> xr.Dataset:
    lat = np.arange(-90 + step / 2, 90, step)
    lon = lon0 + np.arange(step / 2, 360, step)
    lat = lat[::-1] if north_first else lat
    return xr.Dataset({"co": (("lat", "lon"), np.add.outer(lat, lon))}, {"lat": lat, "lon": lon})


@pytest.mark.parametrize("lon0", [-180.0, 0.0])
def test_select_keeps_neighbours_across_180_degrees(lon0: float) -> None:
    found = Region(177.0, -20.0, -178.0, -17.0).select(globe(lon0=lon0, north_first=True))
    assert found.lon.values.tolist() == [177.5, 178.5, 179.5, 180.5, 181.5]
    assert found.lat.values.tolist() == [-19.5, -18.5, -17.5]


def test_select_takes_the_values_that_belong_to_the_cells() -> None:
    found = Region(97.0, 27.0, 107.0, 34.0).select(globe(north_first=True, lon0=0.0))
    assert found.sizes == {"lat": 7, "lon": 10}
    np.testing.assert_allclose(found.co, np.add.outer(found.lat.values, found.lon.values))


def test_the_whole_circle_keeps_its_turn() -> None:
    for west, east in ((-180.0, 180.0), (0.0, 360.0)):
        found = Region(west, -90.0, east, 90.0).select(globe(lon0=0.0))
        assert found.lon.values[[0, -1]].tolist() == [-179.5, 179.5]


def test_a_region_off_the_data_says_what_the_data_cover() -> None:
    with pytest.raises(ValueError, match=r"no cell lies in the region 10..20 E.*cover 97.5..106.5 E"):
        Region(10.0, 27.0, 20.0, 34.0).select(Region(97.0, 27.0, 107.0, 34.0).select(globe()))


@pytest.mark.parametrize(("west", "east"), [(175.0, -175.0), (10.0, 20.0), (-180.0, -170.0)])
def test_the_longitudes_in_that_message_are_those_of_the_data(west: float, east: float) -> None:
    data = Region(92.0, -30.0, 112.0, 30.0).select(globe())
    with pytest.raises(ValueError, match=r"the data cover 92.5..111.5 E, -29.5..29.5 N"):
        Region(west, -30.0, east, 30.0).select(data)
    across = Region(175.0, -30.0, -175.0, 30.0).select(globe())
    with pytest.raises(ValueError, match=r"the data cover 175.5..-175.5 E"):
        Region(10.0, -30.0, 20.0, 30.0).select(across)


@given(st.integers(-180, 179), st.integers(1, 180), st.randoms(use_true_random=False), st.sampled_from([-360, 0, 360]))
def test_the_extent_is_that_of_any_order_and_turn(west: int, width: int, random: Any, turn: int) -> None:
    lon = [west + k for k in range(width)]
    random.shuffle(lon)
    found = extent([value + turn for value in lon])
    assert found == (float(west), float((west + width - 1 + 180) % 360 - 180))


@pytest.mark.parametrize("lon0", [-180.0, 0.0])
def test_the_extent_of_the_whole_circle(lon0: float) -> None:
    assert extent(globe(lon0=lon0)["lon"].values) == (-179.5, 179.5)


@pytest.mark.parametrize(
    ("edges", "named"),
    [((97, 30, 107, 27), "north"), ((97, 27, 97, 30), "east"), ((-200, 0, 0, 10), "west"), ((0, -91, 10, 10), "south"),
     ((0, 0, float("nan"), 10), "east")],
)  # fmt: skip
def test_bad_edges_are_named(edges: tuple[float, ...], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        Region(*edges)


def test_bad_events_are_named() -> None:
    with pytest.raises(ValueError, match="latitude"):
        Event(np.datetime64("2022-09-05"), 102.0, 95.0)
    with pytest.raises(ValueError, match="longitude"):
        Event(np.datetime64("2022-09-05"), float("nan"), 5.0)
    with pytest.raises(ValueError, match="time"):
        Event(np.datetime64("NaT"), 102.0, 5.0)


points = st.tuples(st.floats(-180, 180), st.floats(-90, 90))


@given(points, points, points)
def test_distance_is_a_metric(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> None:
    assert distance_km(*a, *b) == pytest.approx(distance_km(*b, *a), abs=1e-9)
    assert distance_km(*a, *a) == 0.0
    assert distance_km(*a, *c) <= distance_km(*a, *b) + distance_km(*b, *c) + 1e-3
    assert distance_km(*a, *b) <= np.pi * 6371.0 + 1e-6


def test_distance_of_known_points() -> None:
    assert distance_km(0.0, 0.0, 90.0, 0.0) == pytest.approx(np.pi / 2 * 6371.0)
    assert distance_km(179.0, 0.0, -179.0, 0.0) == pytest.approx(2 * np.pi / 180 * 6371.0)


@given(st.floats(-180.0, 180.0), st.floats(0.5, 359.5))
def test_edges_look_swapped_on_one_side_of_half_the_earth(west: float, width: float) -> None:
    east = (west + width + 180.0) % 360.0 - 180.0
    assume(abs(width - 180.0) > 1e-6)
    assert (swapped_edges(Region(west, 10.0, east, 20.0)) is None) == (width < 180.0)
    assert (swapped_edges(Region(east, 10.0, west, 20.0)) is None) == (width > 180.0)


def test_all_around_the_earth_is_not_swapped() -> None:
    assert swapped_edges(Region(-180.0, 10.0, 180.0, 20.0)) is None
    assert swapped_edges(Region(0.0, 10.0, 360.0, 20.0)) is None
