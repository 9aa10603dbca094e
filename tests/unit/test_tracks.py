"""Maxima with their coordinates, the plane about an epicentre, and spirals on labelled tracks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from laziness import assert_lazy_and_equal, no_compute

from gasquake import kernels, tracks
from gasquake.units import EARTH_RADIUS_KM

# --- maxima -----------------------------------------------------------------------------------------------------------


def cube(rng: np.random.Generator, dtype: str = "f8") -> xr.DataArray:
    values = rng.normal(size=(5, 3, 4, 6))
    values[rng.random(values.shape) < 0.2] = np.nan
    values[2] = np.nan
    values[3, 0, 1, 4] = values[3, 0, 2, 2] = 9.0
    return xr.DataArray(
        values.astype(dtype),
        dims=("time", "level", "lat", "lon"),
        coords={
            "time": np.datetime64("2022-08-30", "ns") + np.arange(5) * np.timedelta64(1, "D"),
            "level": ("level", [850.0, 700.0, 500.0], {"units": "hPa"}),
            "lat": ("lat", np.arange(28.5, 32), {"units": "degrees_north"}),
            "lon": ("lon", np.arange(100.5, 106).astype("f4"), {"units": "degrees_east"}),
            "orbit": "ascending",
        },
        attrs={"units": "1", "long_name": "z-score"},
        name="z",
    )


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_maxima_and_where_they_are(dtype: str, rng: np.random.Generator) -> None:
    array = cube(rng, dtype)
    found = tracks.locate_maxima(array)
    assert list(found.data_vars) == ["value", "lat", "lon", "index", "count", "ties"]
    assert set(found.coords) == {"time", "level", "orbit"}
    assert found.value.dtype == dtype
    for t, k in np.ndindex(5, 3):
        field, here = array[t, k], found.isel(time=t, level=k)
        assert here["count"] == np.isfinite(field).sum()
        if t == 2:
            assert (here["index"], here.ties) == (-1, 0)
            assert np.isnan([here.value, here.lat, here.lon]).all()
            continue
        i, j = np.unravel_index(np.nanargmax(field.values), field.shape)
        assert (here.value, here.lat, here.lon) == (field[i, j], field.lat[i], field.lon[j])
        assert here["index"] == np.ravel_multi_index((i, j), field.shape)
        assert here.ties == (field.values == here.value.item()).sum()
    assert found.ties[3, 0] == 2
    assert (found.lat[3, 0], found.lon[3, 0]) == (29.5, 104.5)


def test_the_order_of_dims_changes_only_ties(rng: np.random.Generator) -> None:
    array = cube(rng).where(lambda a: a < 9)
    wanted = tracks.locate_maxima(array)
    found = tracks.locate_maxima(array.transpose("lon", "time", "lat", "level"))
    for name in ("value", "lat", "lon", "count", "ties"):
        np.testing.assert_array_equal(found[name].transpose("time", "level"), wanted[name], err_msg=name)


def test_level_on_request(rng: np.random.Generator) -> None:
    array = cube(rng)
    found = tracks.locate_maxima(array, dims=("level", "lat", "lon"))
    assert {"level", "lat", "lon"} <= set(found.data_vars)
    assert found.value.dims == ("time",)
    best = found.isel(time=0)
    assert array.isel(time=0).sel(level=best.level, lat=best.lat, lon=best.lon) == best.value
    assert best.value == np.nanmax(array[0])
    assert found.level.attrs["units"] == "hPa"


def test_dims_are_found_under_other_names(rng: np.random.Generator) -> None:
    array = cube(rng)
    other = array.rename(lat="latitude", lon="x", level="plev")
    wanted = tracks.locate_maxima(array, dims=("lat", "lon", "level"))
    found = tracks.locate_maxima(other, dims=("lat", "x", "level"))
    assert list(found.data_vars) == list(wanted.data_vars)
    for name in wanted.data_vars:
        np.testing.assert_array_equal(found[name], wanted[name])
    along = tracks.locate_maxima(
        array.rename(level="member").assign_coords(member=("member", [1, 2, 3])), dims=["member"]
    )
    assert along.member.dtype == np.float64


def test_maxima_attributes(rng: np.random.Generator) -> None:
    found = tracks.locate_maxima(cube(rng).assign_attrs(units="ppb"))
    assert found.value.attrs == {"units": "ppb", "long_name": "largest z-score"}
    assert found.lat.attrs["units"] == "degrees_north"
    assert found.lon.attrs["units"] == "degrees_east"
    assert found["count"].attrs["units"] == found.ties.attrs["units"] == found["index"].attrs["units"] == "1"
    assert "locate_maxima(dims=('lat', 'lon'))" in found.attrs["history"]


@pytest.mark.parametrize("chunks", [{"time": 2}, {"lat": 2, "lon": 5}, {"level": 1, "lon": 1}])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_maxima_lazy_in_lazy_out(chunks: dict[str, int], dtype: str, rng: np.random.Generator) -> None:
    array = cube(rng, dtype)
    with no_compute():
        lazy = tracks.locate_maxima(array.chunk(chunks))
    assert_lazy_and_equal(lazy, tracks.locate_maxima(array))


def test_maxima_of_nothing(rng: np.random.Generator) -> None:
    found = tracks.locate_maxima(cube(rng).isel(lat=slice(0, 0)))
    assert (found["index"] == -1).all()
    assert found.lat.isnull().all()
    assert tracks.locate_maxima(cube(rng).isel(time=slice(0, 0))).value.shape == (0, 3)


def test_maxima_errors(rng: np.random.Generator) -> None:
    array = cube(rng)
    with pytest.raises(ValueError, match="values has no dimension 'member'"):
        tracks.locate_maxima(array, dims=("lat", "member"))
    with pytest.raises(ValueError, match="values has no lon dimension"):
        tracks.locate_maxima(array.rename(lon="x").drop_vars("x"))
    with pytest.raises(ValueError, match="numeric coordinate along 'lon', got no coordinate"):
        tracks.locate_maxima(array.drop_vars("lon"))
    with pytest.raises(ValueError, match=r"numeric coordinate along 'time', got dtype datetime64"):
        tracks.locate_maxima(array, dims=["time"])
    with pytest.raises(TypeError, match=r"dims must be a sequence of names, got the text 'lat'; write \('lat',\)"):
        tracks.locate_maxima(array, dims="lat")
    with pytest.raises(ValueError, match="dims must name at least one"):
        tracks.locate_maxima(array, dims=())
    with pytest.raises(ValueError, match="dims names the dimension 'lat' twice"):
        tracks.locate_maxima(array.transpose("time", ...), dims=("lat", "lat"))
    with pytest.raises(TypeError, match=r"values must be an xarray\.DataArray"):
        tracks.locate_maxima(array.values)  # type: ignore[arg-type]


# --- the plane --------------------------------------------------------------------------------------------------------


def haversine(lon1: Any, lat1: Any, lon2: Any, lat2: Any) -> Any:
    lon1, lat1, lon2, lat2 = map(np.deg2rad, (lon1, lat1, lon2, lat2))
    h = np.sin((lat2 - lat1) / 2) ** 2 + np.cos(lat1) * np.cos(lat2) * np.sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(h))


def test_projection_is_snyders_formula(rng: np.random.Generator) -> None:
    lon, lat = rng.uniform(-180, 180, 200), rng.uniform(-89, 89, 200)
    x, y = tracks.project(lon, lat, lon0=102.08, lat0=29.59)
    dl, f, f0 = np.deg2rad(lon - 102.08), np.deg2rad(lat), np.deg2rad(29.59)
    c = np.arccos(np.sin(f0) * np.sin(f) + np.cos(f0) * np.cos(f) * np.cos(dl))
    k = EARTH_RADIUS_KM * c / np.sin(c)
    np.testing.assert_allclose(x, k * np.cos(f) * np.sin(dl), rtol=1e-10, atol=1e-8)
    np.testing.assert_allclose(
        y, k * (np.cos(f0) * np.sin(f) - np.sin(f0) * np.cos(f) * np.cos(dl)), rtol=1e-10, atol=1e-8
    )


@given(lon0=st.floats(-180, 360), lat0=st.floats(-89.9, 89.9), lon=st.floats(-180, 360), lat=st.floats(-89.9, 89.9))
def test_distances_from_the_centre_are_exact_and_the_inverse_returns(
    lon0: float, lat0: float, lon: float, lat: float
) -> None:
    x, y = tracks.project(lon, lat, lon0=lon0, lat0=lat0)
    distance = haversine(lon0, lat0, lon, lat)
    if distance > 20000:  # near the antipode arcsin loses digits, and at it there is no direction
        return
    assert np.hypot(x, y) == pytest.approx(distance, rel=1e-9, abs=1e-6)
    back_lon, back_lat = tracks.unproject(x, y, lon0=lon0, lat0=lat0)
    assert -180 <= back_lon < 180
    assert haversine(back_lon, back_lat, lon, lat) < 1e-5


def test_digits_close_to_the_centre() -> None:
    metre = 1e-3 / EARTH_RADIUS_KM * 180 / np.pi
    x, y = tracks.project(102.08, 29.59 + metre, lon0=102.08, lat0=29.59)
    assert y == pytest.approx(1e-3, rel=1e-8)  # the subtraction of latitudes leaves 1e-10
    assert x == 0.0
    assert tracks.project(102.08, 29.59, lon0=102.08, lat0=29.59) == (0.0, 0.0)


def test_antipode_missing_and_too_far() -> None:
    x, y = tracks.project([-77.92, np.nan], [-29.59, 30.0], lon0=102.08, lat0=29.59)
    assert np.isnan(x).all()
    assert np.isnan(y).all()
    lon, lat = tracks.unproject([np.nan, 20100.0], 0.0, lon0=102.08, lat0=29.59)
    assert np.isnan(lon).all()
    assert np.isnan(lat).all()


def test_one_degree_of_longitude() -> None:
    x, _ = tracks.project(103.08, 29.6, lon0=102.08, lat0=29.6)
    assert x == pytest.approx(96.7, abs=0.05)


def test_labelled_projection(rng: np.random.Generator) -> None:
    lon = xr.DataArray([101.5, 102.5], dims="lon", coords={"lon": [101.5, 102.5]})
    lat = xr.DataArray([29.5, 30.5, 31.5], dims="lat", coords={"lat": [29.5, 30.5, 31.5]})
    x, y = tracks.project(lon, lat, lon0=102.0, lat0=30.0)
    wanted = tracks.project(lon.values[:, None], lat.values, lon0=102.0, lat0=30.0)
    np.testing.assert_array_equal(x, wanted[0])
    np.testing.assert_array_equal(y, wanted[1])
    assert x.dims == ("lon", "lat")
    assert x.attrs["units"] == y.attrs["units"] == "km"
    back = tracks.unproject(x, y, lon0=102.0, lat0=30.0)
    np.testing.assert_allclose(back[0], lon.broadcast_like(x), rtol=1e-13)
    assert back[1].attrs["units"] == "degrees_north"
    field = xr.DataArray(rng.uniform(28, 32, (4, 2)), dims=("time", "lon"), coords={"lon": lon})
    with no_compute():
        lazy = tracks.project(lon, field.chunk(time=2), lon0=102.0, lat0=30.0)
        lazy_back = tracks.unproject(*lazy, lon0=102.0, lat0=30.0)
    eager = tracks.project(lon, field, lon0=102.0, lat0=30.0)
    assert_lazy_and_equal(lazy, eager)
    assert_lazy_and_equal(lazy_back, tracks.unproject(*eager, lon0=102.0, lat0=30.0))


def test_projection_errors() -> None:
    with pytest.raises(ValueError, match=r"lat must lie in -90\.\.90, got 91"):
        tracks.project([0.0, 0.0], [0.0, 91.0], lon0=0.0, lat0=0.0)
    with pytest.raises(ValueError, match=r"lat0 lie in -90\.\.90, got lon0=0\.0, lat0=95\.0"):
        tracks.project(0.0, 0.0, lon0=0.0, lat0=95.0)
    lon = xr.DataArray([1.0, 2.0], dims="time", coords={"time": [0, 1]})
    with pytest.raises(ValueError, match="lat and lon have different coordinates along 'time'"):
        tracks.project(lon, lon.assign_coords(time=[0, 2]), lon0=0.0, lat0=0.0)
    with pytest.raises(ValueError, match=r"lon and lat must have shapes that broadcast, got \(3,\) and \(2,\)"):
        tracks.project(np.zeros(3), np.zeros(2), lon0=0.0, lat0=0.0)
    for function, name in ((tracks.project, "lon"), (tracks.unproject, "x")):
        for junk in ("ab", [1j], [None], [True]):
            with pytest.raises(TypeError, match=f"{name} must hold real numbers"):
                function(junk, [1.0], lon0=0.0, lat0=0.0)
        for junk in ("a", None, [1.0, 2.0]):
            with pytest.raises(TypeError, match="lon0 must be a number"):
                function([1.0], [1.0], lon0=junk, lat0=0.0)
        with pytest.raises(ValueError, match="lat0 must be finite, got nan"):
            function([1.0], [1.0], lon0=0.0, lat0=np.nan)


@pytest.mark.parametrize("missing", [np.nan, np.inf, -np.inf, 200.0])
@pytest.mark.parametrize("function", [tracks.project, tracks.unproject])
def test_what_is_masked_or_not_finite_has_no_place(function: Any, missing: float) -> None:
    good = np.array([10.0, 20.0])
    with_gap = np.ma.array([missing, 20.0], mask=[True, False]) if missing == 200.0 else np.array([missing, 20.0])
    for first, second in ((with_gap, good), (good, with_gap), (xr.DataArray(np.ma.filled(with_gap, np.nan)),) * 2):
        x, y = function(first, second, lon0=5.0, lat0=5.0)
        wanted = function(20.0, 20.0, lon0=5.0, lat0=5.0)
        for found, value in zip((x, y), wanted, strict=True):
            assert np.isnan(found[0])
            assert found[1] == value


# --- spirals ----------------------------------------------------------------------------------------------------------

TIME = np.datetime64("2022-08-10", "ns") + np.arange(24) * np.timedelta64(1, "D")
FIT = list(kernels.SpiralFit.__dataclass_fields__)


def spirals(rng: np.random.Generator, noise: float = 5.0) -> xr.Dataset:
    """Two gases x three levels of noisy involutes about the origin, in km."""
    rate = rng.uniform(0.1, 0.3, (2, 3, 1))
    s = 0.4 + rate * np.arange(24.0)
    z = 60.0 * (1 - 1j * s) * np.exp(1j * (s + 0.3)) + noise * (
        rng.normal(size=s.shape) + 1j * rng.normal(size=s.shape)
    )
    z[0, 1, 5] = np.nan
    coords = {"gas": ["co", "ch4"], "level": ("level", [850.0, 700.0, 500.0], {"units": "hPa"}), "time": TIME}
    dims = ("gas", "level", "time")
    return xr.Dataset({"x": (dims, z.real, {"units": "km"}), "y": (dims, z.imag, {"units": "km"})}, coords)


@pytest.mark.parametrize("origin", [5.0, (102.0,), (102.0, 30.0, 1.0), "ab", ("a", "b"), (None, 30.0)])
def test_the_origin_is_a_pair_of_numbers(origin: Any) -> None:
    track = xr.Dataset({"lon": ("time", np.full(24, 102.0)), "lat": ("time", np.full(24, 30.0))}, {"time": TIME})
    with pytest.raises(TypeError, match=r"origin.* must be a (pair|number)"):
        tracks.fit_spirals(track, origin=origin)


def test_fit_is_the_kernel_for_every_track(rng: np.random.Generator) -> None:
    track = spirals(rng)
    found = tracks.fit_spirals(track)
    wanted = kernels.fit_spirals(track.x.values, track.y.values, np.arange(24.0))
    assert list(found.data_vars) == FIT
    for name in FIT:
        np.testing.assert_array_equal(found[name].values, getattr(wanted, name), strict=True, err_msg=name)
        assert found[name].dims == ("gas", "level")
    assert set(found.coords) == {"gas", "level"}
    assert found.n[0, 1] == 23
    assert found.scale.attrs["units"] == "km"
    assert found.rate.attrs["units"] == "rad d-1"
    assert "fit_spirals(kind='involute', anchor='centre', sigma=50" in found.attrs["history"]
    xr.testing.assert_identical(
        tracks.fit_spirals(track.transpose("time", "level", "gas")).transpose("gas", "level"), found
    )


@pytest.mark.parametrize("kind", ["archimedean", "logarithmic"])
def test_fit_options_reach_the_kernel(kind: Any, rng: np.random.Generator) -> None:
    track = spirals(rng).isel(gas=0)
    options: dict[str, Any] = {"kind": kind, "anchor": "cusp", "sigma": 20.0, "loss": "square", "max_turns": 2.0}
    found = tracks.fit_spirals(track, **options)
    wanted = kernels.fit_spirals(track.x.values, track.y.values, np.arange(24.0), **options)
    for name in FIT:
        np.testing.assert_array_equal(found[name].values, getattr(wanted, name), err_msg=name)
    assert (found.growth.notnull() == (kind == "logarithmic")).all()


def test_time_is_in_days_whatever_its_form(rng: np.random.Generator) -> None:
    track = spirals(rng).isel(gas=0, level=0)
    wanted = tracks.fit_spirals(track)
    days = track.assign_coords(time=("time", np.arange(24.0), {"units": "days since 2022-08-10"}))
    xr.testing.assert_identical(tracks.fit_spirals(days, dim="time"), wanted)
    hours = track.assign_coords(time=TIME.astype("datetime64[s]"))
    xr.testing.assert_identical(tracks.fit_spirals(hours), wanted)
    metres = track.assign({k: (track[k] * 1000).assign_attrs(units="m") for k in "xy"})
    assert tracks.fit_spirals(metres).scale.item() == pytest.approx(wanted.scale.item(), rel=1e-9)


def test_lon_lat_are_projected_about_the_origin(rng: np.random.Generator) -> None:
    track = spirals(rng)
    lon, lat = tracks.unproject(track.x, track.y, lon0=102.08, lat0=29.59)
    found = tracks.fit_spirals(xr.Dataset({"lon": lon, "lat": lat}), origin=(102.08, 29.59))
    np.testing.assert_allclose(found.scale, tracks.fit_spirals(track).scale, rtol=1e-6)


def test_maxima_go_straight_into_a_fit(rng: np.random.Generator) -> None:
    field = xr.DataArray(
        rng.normal(size=(24, 8, 11)),
        {"time": TIME, "lat": np.arange(27.5, 35), "lon": np.arange(97.5, 108)},
        ("time", "lat", "lon"),
    )
    found = tracks.fit_spirals(tracks.locate_maxima(field), origin=(102.08, 29.59))
    assert found.n == 24
    assert np.isfinite(found.cost)


def test_null_is_the_kernel_for_every_track(rng: np.random.Generator) -> None:
    track = spirals(rng, 100.0).isel(level=[0, 1])
    found = tracks.spiral_null(track, seed=3, n=19, null="rotate")
    assert found.null_statistics.sizes == {"gas": 2, "level": 2, "null": 19}
    for i, j in np.ndindex(2, 2):
        one = track.isel(gas=i, level=j)
        wanted = kernels.spiral_null(one.x.values, one.y.values, np.arange(24.0), seed=3, n=19, null="rotate")
        assert found.statistic[i, j] == wanted.statistic
        assert found.p_value[i, j] == wanted.p_value
        np.testing.assert_array_equal(found.null_statistics[i, j], wanted.null_statistics)
    assert len({v.attrs["long_name"] for v in found.data_vars.values()}) == 3
    assert "spiral_null(seed=3, n=19, null='rotate'" in found.attrs["history"]


@pytest.mark.parametrize("chunks", [{"gas": 1}, {"level": 2, "time": 5}])
def test_spirals_lazy_in_lazy_out(chunks: dict[str, int], rng: np.random.Generator) -> None:
    track = spirals(rng)
    with no_compute():
        fit = tracks.fit_spirals(track.chunk(chunks))
        null = tracks.spiral_null(track.chunk(chunks), seed=1, n=9)
    assert_lazy_and_equal(fit, tracks.fit_spirals(track))
    assert_lazy_and_equal(null, tracks.spiral_null(track, seed=1, n=9))


def test_spiral_errors(rng: np.random.Generator) -> None:
    track = spirals(rng)
    degrees = track.rename(x="lon", y="lat")
    with pytest.raises(TypeError, match=r"track must be an xarray\.Dataset with x and y, or .* got DataArray"):
        tracks.fit_spirals(track.x)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="track must have x and y, or lon and lat, got"):
        tracks.fit_spirals(track.drop_vars("y"))
    with pytest.raises(ValueError, match=r"pass origin=\(lon0, lat0\)"):
        tracks.fit_spirals(degrees)
    with pytest.raises(ValueError, match="origin is for tracks in lon and lat, but track has x and y"):
        tracks.fit_spirals(track, origin=(102.0, 30.0))
    with pytest.raises(ValueError, match="x has no units; set its attrs"):
        tracks.fit_spirals(track.drop_attrs())
    with pytest.raises(ValueError, match="track has no time dimension"):
        tracks.fit_spirals(track.rename(time="n").drop_vars("n"))
    with pytest.raises(ValueError, match="track has no coordinate 'time'"):
        tracks.fit_spirals(track.drop_vars("time"))
    with pytest.raises(ValueError, match="must hold datetime64 or numbers with units 'days', got dtype int64"):
        tracks.fit_spirals(track.assign_coords(time=np.arange(24)))
    for data in (track, track.chunk()):
        with pytest.raises(ValueError, match="kind must be one of"):
            tracks.fit_spirals(data, kind="circle")  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="null must be one of"):
            tracks.spiral_null(data, seed=1, null="shuffle")  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="seed must be at least 0"):
            tracks.spiral_null(data, seed=-1)
        for n in (0, "9"):
            with pytest.raises((TypeError, ValueError), match="n must be"):
                tracks.spiral_null(data, seed=1, n=n)  # type: ignore[arg-type]
