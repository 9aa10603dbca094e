"""Daily maxima of an anomaly: against a loop, their ties, edges, missing days and frequency."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from laziness import assert_lazy_and_equal, no_compute

from gasquake import tracks
from gasquake.motion import MaximaFrequency, compare_models, daily_maxima, maxima_frequency, spiral_tests
from gasquake.places import Event, Region
from gasquake.projection import project

HERE = (102.0, 30.0)


def cube(rng: np.random.Generator, missing: float = 0.2) -> xr.DataArray:
    values = rng.normal(size=(6, 2, 3, 7, 8))
    values[rng.random(values.shape) < missing] = np.nan
    values[4, 1] = np.nan
    return xr.DataArray(
        values,
        dims=("time", "orbit", "level", "lat", "lon"),
        coords={
            "time": np.datetime64("2022-08-30", "ns") + np.arange(6) * np.timedelta64(1, "D"),
            "orbit": ["ascending", "descending"],
            "level": ("level", [850.0, 600.0, 300.0], {"units": "hPa"}),
            "lat": ("lat", 27.5 + np.arange(7.0), {"units": "degrees_north"}),
            "lon": ("lon", 98.5 + np.arange(8.0), {"units": "degrees_east"}),
        },
        attrs={"units": "1", "long_name": "z-score of CO", "history": "made by hand"},
    )


def flat(values: Any) -> xr.DataArray:
    values = np.asarray(values, float)
    return xr.DataArray(
        values,
        {
            "time": np.datetime64("2022-08-30", "ns") + np.arange(values.shape[0]) * np.timedelta64(1, "D"),
            "lat": 27.5 + np.arange(float(values.shape[1])),
            "lon": 98.5 + np.arange(float(values.shape[2])),
        },
        ("time", "lat", "lon"),
    )


@pytest.mark.parametrize("drop_edges", [True, False])
def test_every_level_against_a_loop(drop_edges: bool, rng: np.random.Generator) -> None:
    z, raw = cube(rng), cube(rng, 0.1) * 1e-7
    found = daily_maxima(z, epicentre=HERE, value=raw, drop_edges=drop_edges)
    assert found.zscore.dims == ("time", "orbit", "level")
    cut = slice(1, -1) if drop_edges else slice(None)
    for t, o, k in np.ndindex(6, 2, 3):
        field, here = z[t, o, k, cut, cut], found.isel(time=t, orbit=o, level=k)
        possible = np.isfinite(z[:, o, k, cut, cut]).any("time").sum()
        n_valid = int(np.isfinite(field).sum())
        assert here.n_valid == n_valid
        assert here.valid_fraction == n_valid / possible
        if n_valid < 0.5 * possible:
            assert np.isnan([here.lon, here.lat, here.x, here.y, here.zscore, here.value]).all()
            assert here.ties == 0
            continue
        i, j = np.unravel_index(np.nanargmax(field.values), field.shape)
        assert (here.zscore, here.lat, here.lon, here.ties) == (field[i, j], field.lat[i], field.lon[j], 1)
        np.testing.assert_equal(here.value.item(), raw[t, o, k, cut, cut][i, j].item())
        np.testing.assert_allclose(
            [here.x, here.y], project(here.lon.values, here.lat.values, lon0=HERE[0], lat0=HERE[1]), rtol=1e-12
        )
    assert found.zscore.isnull().any()
    assert found.zscore.notnull().any()


def test_in_a_volume_the_level_comes_back(rng: np.random.Generator) -> None:
    z = cube(rng)
    found = daily_maxima(z, epicentre=HERE, per="volume", drop_edges=False)
    assert found.level.dims == ("time", "orbit")
    assert found.level.attrs["units"] == "hPa"
    np.testing.assert_array_equal(found.zscore.isel(time=0), z.isel(time=0).max(("level", "lat", "lon")))
    one = found.isel(time=0, orbit=1)
    here = z.isel(time=0, orbit=1).sel(lat=one.lat, lon=one.lon).sel(level=one.level, method="nearest")
    assert here == one.zscore
    np.testing.assert_allclose(one.level, here.level, rtol=1e-14)
    other_units = z.assign_coords(level=("level", [85000.0, 60000.0, 30000.0], {"units": "Pa"}))
    again = daily_maxima(other_units, epicentre=HERE, per="volume", drop_edges=False)
    np.testing.assert_array_equal(again.level, found.level)


def test_the_search_may_go_over_raw_values(rng: np.random.Generator) -> None:
    z, raw = cube(rng, 0.0), cube(rng, 0.0).assign_attrs(units="ppb", long_name="CO")
    found = daily_maxima(z, epicentre=HERE, value=raw, of="value", drop_edges=False)
    one = found.isel(time=2, orbit=0, level=1)
    assert one.value == raw[2, 0, 1].max()
    assert one.zscore == z[2, 0, 1].sel(lat=one.lat, lon=one.lon)
    assert found.value.attrs["units"] == "ppb"
    assert found.lon.attrs["long_name"] == "longitude of the largest CO"
    with pytest.raises(ValueError, match="of='value' needs value"):
        daily_maxima(z, epicentre=HERE, of="value")


def test_ties_become_their_centroid() -> None:
    z = flat(np.zeros((2, 5, 5)))
    z[0, 1, 1] = z[0, 1, 3] = z[0, 2, 2] = 3.0
    z[1, 3, 3] = 1.0
    raw = flat(np.arange(50.0).reshape(2, 5, 5))
    found = daily_maxima(z, epicentre=HERE, value=raw, per="column", drop_edges=False)
    assert found.ties.values.tolist() == [3, 1]
    np.testing.assert_allclose(found.lon, [100.5, 101.5])
    np.testing.assert_allclose(found.lat, [28.5 + 1 / 3, 30.5])
    np.testing.assert_allclose(found.value, [(6 + 8 + 12) / 3, 25 + 18])
    np.testing.assert_allclose(found.zscore, [3.0, 1.0])


def test_ties_across_180_degrees_and_in_height() -> None:
    z = flat(np.zeros((1, 3, 4))).assign_coords(lon=[-179.5, -178.5, 178.5, 179.5]).sortby("lon")
    z.loc[{"lon": [-179.5, 179.5], "lat": 28.5}] = 5.0
    found = daily_maxima(z, epicentre=(180.0, 28.0), per="column", drop_edges=False)
    assert abs(found.lon.item()) == 180.0
    np.testing.assert_allclose(found.x, 0.0, atol=1e-9)
    tall = z.expand_dims(level=[1000.0, 250.0]).assign_coords(level=("level", [1000.0, 250.0], {"units": "hPa"}))
    found = daily_maxima(tall, epicentre=(180.0, 28.0), per="volume", drop_edges=False)
    np.testing.assert_allclose(found.level, 500.0)
    assert found.ties == 4


def test_the_edge_is_left_out_but_not_where_the_grid_closes() -> None:
    z = flat(np.zeros((1, 5, 6)))
    z[0, 2, 0] = 9.0
    z[0, 2, 3] = 1.0
    assert daily_maxima(z, epicentre=HERE, per="column").lon == 101.5
    assert daily_maxima(z, epicentre=HERE, per="column", drop_edges=False).lon == 98.5
    inner = Region(98.2, 27.0, 101.9, 32.0)
    assert daily_maxima(z, epicentre=HERE, per="column", region=inner).n_valid == 3 * 2
    around = flat(np.zeros((1, 3, 36))).assign_coords(lon=-175.0 + 10.0 * np.arange(36))
    around[0, 1, 0] = 4.0
    assert daily_maxima(around, epicentre=HERE, per="column").lon == -175.0
    with pytest.raises(ValueError, match="no cell is left without the edges of a grid of 2 x 6 cells"):
        daily_maxima(z[:, :2], epicentre=HERE, per="column")


def test_cells_below_ground_do_not_count_as_missing() -> None:
    z = flat(np.random.default_rng(3).normal(size=(3, 4, 4)))
    z[:, :3] = np.nan  # never valid
    z[1, 3, :3] = np.nan
    found = daily_maxima(z, epicentre=HERE, per="column", drop_edges=False)
    assert found.valid_fraction.values.tolist() == [1.0, 0.25, 1.0]
    assert found.zscore.isnull().values.tolist() == [False, True, False]
    all_days = daily_maxima(z, epicentre=HERE, per="column", drop_edges=False, min_valid=0.0)
    assert all_days.zscore.notnull().all()
    nothing = daily_maxima(z.where(False), epicentre=HERE, per="column", min_valid=0.0)
    assert nothing.zscore.isnull().all()
    assert (nothing.n_valid == 0).all()
    assert (nothing.ties == 0).all()


@given(shift=st.floats(-1e3, 1e3), factor=st.floats(1e-3, 1e3), seed=st.integers(0, 99))
def test_a_monotone_change_of_scale_moves_no_maximum(shift: float, factor: float, seed: int) -> None:
    z = flat(np.random.default_rng(seed).integers(-50, 50, (3, 5, 6)))
    a, b = (daily_maxima(v, epicentre=HERE, per="column") for v in (z, z * factor + shift))
    np.testing.assert_array_equal(a.n_valid, b.n_valid)
    unique = (a.ties == 1) & (b.ties == 1)
    np.testing.assert_array_equal(a.lon.where(unique), b.lon.where(unique))


@pytest.mark.parametrize("per", ["level", "volume"])
def test_lazy_in_lazy_out(per: Any, rng: np.random.Generator) -> None:
    z, raw = cube(rng), cube(rng)
    with no_compute():
        lazy = daily_maxima(z.chunk(time=2), epicentre=HERE, value=raw.chunk(time=2), per=per)
    assert_lazy_and_equal(lazy, daily_maxima(z, epicentre=HERE, value=raw, per=per))


def test_attributes_and_other_names(rng: np.random.Generator) -> None:
    z = cube(rng)
    found = daily_maxima(z, epicentre=Event(np.datetime64("2022-09-05T04:52"), *HERE))
    assert found.x.attrs == {"units": "km", "long_name": "distance east of the epicentre"}
    assert found.lat.attrs == {"units": "degrees_north", "long_name": "latitude of the largest z-score of CO"}
    assert found.attrs["history"].startswith("made by hand\n")
    assert found.ties.dtype == found.n_valid.dtype == np.int64
    renamed = z.rename(lat="latitude", lon="longitude", level="plev")
    again = daily_maxima(renamed, epicentre=HERE)
    np.testing.assert_array_equal(again.x, found.x)
    fit = tracks.fit_spirals(found.isel(orbit=0))  # a track as it is
    assert fit.rmse.dims == ("level",)
    assert np.isfinite(fit.rmse).any()


def test_errors(rng: np.random.Generator) -> None:
    z = cube(rng)
    with pytest.raises(ValueError, match="per='column' is for fields without levels"):
        daily_maxima(z, epicentre=HERE, per="column")
    with pytest.raises(ValueError, match="zscore has no level dimension"):
        daily_maxima(z[:, :, 0].drop_vars("level"), epicentre=HERE)
    with pytest.raises(ValueError, match="per must be one of"):
        daily_maxima(z, epicentre=HERE, per="day")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="value and zscore have different coordinates along 'lat'"):
        daily_maxima(z, epicentre=HERE, value=z.assign_coords(lat=z.lat + 1))
    with pytest.raises(ValueError, match=r"min_valid must lie in 0\.\.1"):
        daily_maxima(z, epicentre=HERE, min_valid=2.0)
    with pytest.raises(ValueError, match="numeric coordinate along 'lon'"):
        daily_maxima(z.drop_vars("lon"), epicentre=HERE)
    with pytest.raises(TypeError, match=r"zscore must be an xarray\.DataArray"):
        daily_maxima(z.values, epicentre=HERE)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"epicentre must be an Event or \(lon, lat\)"):
        daily_maxima(z, epicentre=(102.0, 30.0, 16.0))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="no cell lies in the region"):
        daily_maxima(z, epicentre=HERE, region=Region(0.0, 0.0, 5.0, 5.0))


def test_frequency_counts_every_place_once(rng: np.random.Generator) -> None:
    track = daily_maxima(cube(rng), epicentre=HERE)
    found = maxima_frequency(track)
    assert found.weight.sum() == track.x.notnull().sum()
    assert len({*zip(found.x, found.y, strict=True)}) == found.x.size
    k = int(np.argmax(found.weight))
    assert found.weight[k] == ((track.x == found.x[k]) & (track.y == found.y[k])).sum()
    with pytest.raises(ValueError, match="no day of track has a maximum"):
        maxima_frequency(track.where(False))
    with pytest.raises(ValueError, match="track must have x and y"):
        maxima_frequency(track.drop_vars("x"))


def test_a_column_taken_of_a_cube_keeps_its_level(rng: np.random.Generator) -> None:
    found = daily_maxima(cube(rng).sel(level=600.0), epicentre=HERE, per="column")
    assert found.level.item() == 600.0
    assert found.x.dims == ("time", "orbit")


def test_from_a_field_to_a_tested_track(rng: np.random.Generator) -> None:
    """A blob that moves steadily is found, is a line, and stands out against other years."""
    years = []
    for moving in (True, False, False):
        z = xr.DataArray(
            rng.normal(size=(24, 13, 15)),
            {
                "time": np.datetime64("2022-08-10", "ns") + np.arange(24) * np.timedelta64(1, "D"),
                "lat": 24.5 + np.arange(13.0),
                "lon": 95.5 + np.arange(15.0),
            },
            ("time", "lat", "lon"),
        ).where(rng.random((24, 13, 15)) > 0.2)
        day = xr.DataArray(np.arange(24.0), dims="time")
        blob = 12 * np.exp(-((z.lat - 26.5 - 0.3 * day) ** 2) - (z.lon - 97.5 - 0.4 * day) ** 2)
        years.append(daily_maxima(z + blob * moving, epicentre=HERE, per="column"))
    track = years[0]
    frequency = maxima_frequency(xr.concat(years[1:], "year"))
    assert frequency.weight.sum() == 48
    found = compare_models(track.x, track.y, track.time, leave_one_out=False)
    assert found.best == "line"
    np.testing.assert_allclose(found["line"].parameters["vx"], 0.4 * 96.3, rtol=0.15)
    np.testing.assert_allclose(found["line"].parameters["vy"], 0.3 * 111.2, rtol=0.15)
    tests = spiral_tests(track.x, track.y, track.time, seed=1, n=39, climatology=frequency, loss="square")
    assert (tests.p_value.sel(null="climatology") == 1 / 40).all()


def test_frequency_errors() -> None:
    for arguments, message in [
        (([0.0], [0.0, 1.0], [1.0]), "of one length"),
        (([np.nan], [0.0], [1.0]), "must be finite"),
        (([0.0], [0.0], [-1.0]), "nowhere negative"),
        (([0.0], [0.0], [0.0]), "positive sum"),
    ]:
        with pytest.raises(ValueError, match=message):
            MaximaFrequency(*arguments)  # type: ignore[arg-type]
