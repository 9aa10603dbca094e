"""Labelled profile scans agree with the kernel, convert units, stay lazy, and know what a kernel can tell."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr
from laziness import assert_lazy_and_equal, no_compute

from gasquake import kernels, profiles
from gasquake.profiles import ProfileVerdict

PRESSURE = np.array([1000.0, 925.0, 850.0, 700.0, 600.0, 500.0, 400.0, 300.0, 200.0, 100.0])
FIELDS = ["verdict", "gradient", "gradient_se", "z_below", "z_above", "peak_level", "bottom_level", "n_below"]


def scene(rng: np.random.Generator, dtype: str = "f8") -> xr.Dataset:
    """Anomalies in mol/mol of (time, level, lat, lon), with plumes at all heights and some gaps."""
    shape = (6, PRESSURE.size, 4, 5)
    z = rng.normal(0.0, 1.0, shape)
    centre, height = rng.uniform(0, 9, (6, 1, 4, 5)), rng.uniform(0, 6, (6, 1, 4, 5))
    z += height * np.exp(-(((np.arange(PRESSURE.size)[:, None, None] - centre) / 2.0) ** 2))
    z[rng.random(shape) < 0.1] = np.nan
    sigma = rng.uniform(1e-9, 3e-9, shape[1:])
    coords = {
        "time": np.datetime64("2022-08-30", "ns") + np.arange(6) * np.timedelta64(1, "D"),
        "level": ("level", PRESSURE, {"units": "hPa", "positive": "down"}),
        "lat": ("lat", np.arange(28.5, 32), {"units": "degrees_north"}),
        "lon": np.arange(100.5, 105),
        "orbit": "ascending",
    }
    return xr.Dataset(
        {
            "co": (
                ("time", "level", "lat", "lon"),
                (z * sigma).astype(dtype),
                {"units": "mol mol-1", "long_name": "CO anomaly"},
            ),
            "sigma": (("level", "lat", "lon"), sigma.astype(dtype), {"units": "mol mol-1"}),
            "ps": (("time", "lat", "lon"), rng.uniform(650, 1010, (6, 4, 5)).astype(dtype), {"units": "hPa"}),
        },
        coords,
    )


def by_hand(ds: xr.Dataset, **options: Any) -> kernels.ProfileScan:
    return kernels.scan_profiles(
        ds.co.values, PRESSURE, sigma=ds.sigma.values, surface_pressure=ds.ps.values, level_axis=1, **options
    )


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_scan_is_the_kernel(dtype: str, rng: np.random.Generator) -> None:
    ds = scene(rng, dtype)
    found = profiles.scan_profiles(ds.co, sigma=ds.sigma, surface_pressure=ds.ps)
    wanted = by_hand(ds)
    for name in FIELDS:
        np.testing.assert_array_equal(found[name].values, getattr(wanted, name), strict=True, err_msg=name)
        assert found[name].dims == ("time", "lat", "lon")
    assert len(np.unique(found.verdict)) >= 4  # the scene shows the difference between verdicts
    assert set(found.coords) == {"time", "lat", "lon", "orbit"}
    assert found.lat.attrs == {"units": "degrees_north"}


def test_options_reach_the_kernel(rng: np.random.Generator) -> None:
    ds = scene(rng)
    options = {
        "split": 700.0, "top": 300.0, "upper": 200.0, "threshold": 3.0, "quiet": 0.5, "min_below": 1,
        "scale_height_km": 8.0,
    }  # fmt: skip
    found = profiles.scan_profiles(ds.co, sigma=ds.sigma, surface_pressure=ds.ps, **options)
    wanted = by_hand(ds, **options)
    for name in FIELDS:
        np.testing.assert_array_equal(found[name].values, getattr(wanted, name), err_msg=name)
    default = by_hand(ds)
    for name in ("verdict", "gradient", "z_below"):
        assert not np.array_equal(found[name].values, getattr(default, name), equal_nan=True), name


def test_pressures_of_indices(rng: np.random.Generator) -> None:
    ds = scene(rng)
    ds["ps"][0, 0, 0] = np.nan
    found = profiles.scan_profiles(ds.co, sigma=ds.sigma, surface_pressure=ds.ps)
    assert found.peak_level[0, 0, 0] == -1
    for kind in ("peak", "bottom"):
        index, pressure = found[f"{kind}_level"].values, found[f"{kind}_pressure"].values
        np.testing.assert_array_equal(pressure[index >= 0], PRESSURE[index[index >= 0]])
        assert np.isnan(pressure[index < 0]).all()
        assert found[f"{kind}_pressure"].attrs["units"] == "hPa"


def test_units_dims_and_order_of_levels_do_not_matter(rng: np.random.Generator) -> None:
    ds = scene(rng)
    wanted = profiles.scan_profiles(ds.co, sigma=ds.sigma, surface_pressure=ds.ps)
    other = ds.assign_coords(level=("level", PRESSURE * 100, {"units": "Pa"})).transpose("lon", "level", "time", "lat")
    other["ps"] = (other.ps * 100).assign_attrs(units="Pa")
    other["sigma"] = (other.sigma * 1e9).assign_attrs(units="ppb")
    found = profiles.scan_profiles(other.co, sigma=other.sigma, surface_pressure=other.ps)
    assert found.verdict.dims == ("lon", "time", "lat")
    for name in ("verdict", "peak_level", "peak_pressure", "n_below"):
        np.testing.assert_array_equal(found[name].transpose("time", "lat", "lon").values, wanted[name].values)
    np.testing.assert_allclose(found.gradient.transpose("time", "lat", "lon"), wanted.gradient, rtol=1e-10, atol=1e-18)
    upside_down = ds.isel(level=slice(None, None, -1))
    found = profiles.scan_profiles(upside_down.co, sigma=upside_down.sigma, surface_pressure=ds.ps)
    np.testing.assert_array_equal(found.verdict.values, wanted.verdict.values)
    np.testing.assert_array_equal(found.peak_pressure.values, wanted.peak_pressure.values)


def test_sigma_may_lack_dims_and_be_left_out(rng: np.random.Generator) -> None:
    ds = scene(rng)
    per_pixel = xr.DataArray(2e-9, attrs={"units": "mol mol-1"})
    found = profiles.scan_profiles(ds.co, sigma=per_pixel)
    np.testing.assert_array_equal(
        found.verdict, kernels.scan_profiles(ds.co.values, PRESSURE, sigma=2e-9, level_axis=1).verdict
    )
    per_place = ds.sigma.mean("level").assign_attrs(units="mol mol-1")
    full = per_place.broadcast_like(ds.sigma).transpose("level", ...).assign_attrs(units="mol mol-1")
    xr.testing.assert_identical(
        profiles.scan_profiles(ds.co, sigma=per_place), profiles.scan_profiles(ds.co, sigma=full)
    )
    z = (ds.co / ds.sigma).assign_attrs(units="1")
    found = profiles.scan_profiles(z, surface_pressure=ds.ps)
    np.testing.assert_array_equal(
        found.gradient, kernels.scan_profiles(z.values, PRESSURE, surface_pressure=ds.ps.values, level_axis=1).gradient
    )
    assert found.gradient.attrs["units"] == "km-1"


def test_cf_attributes(rng: np.random.Generator) -> None:
    ds = scene(rng)
    found = profiles.scan_profiles(ds.co.assign_attrs(history="read"), sigma=ds.sigma, surface_pressure=ds.ps)
    flags = found.verdict.attrs
    assert flags["flag_values"].dtype == np.int8
    meanings = dict(zip(flags["flag_values"].tolist(), flags["flag_meanings"].split(), strict=True))
    assert meanings == {v.value: v.name.lower() for v in ProfileVerdict}
    assert found.gradient.attrs["units"] == found.gradient_se.attrs["units"] == "mol mol-1 km-1"
    assert found.z_below.attrs["units"] == "1"
    assert all("CO anomaly" in v.attrs["long_name"] for v in found.data_vars.values())
    assert len({v.attrs["long_name"] for v in found.data_vars.values()}) == len(found.data_vars)
    first, second = found.attrs["history"].split("\n")
    assert first == "read"
    assert ": scan_profiles(split=600, top=400" in second


def test_scan_of_one_profile_is_a_scalar() -> None:
    level = ("level", PRESSURE, {"units": "hPa"})
    z = xr.DataArray([5.0, 4.0, 3.0, 2.0, 1.5, 1.0, 0.5, 0, 0, 0], {"level": level}, ("level",))
    found = profiles.scan_profiles(z)
    assert found.verdict.shape == ()
    assert found.verdict.item() == ProfileVerdict.ROOTED


@pytest.mark.parametrize("chunks", [{"time": 2}, {"level": 3, "lat": 2}, {"lon": 1}])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("with_kernel", [False, True])
def test_lazy_in_lazy_out_with_the_same_numbers(
    chunks: dict[str, int], dtype: str, with_kernel: bool, rng: np.random.Generator
) -> None:
    ds = scene(rng, dtype)
    averaging = None
    if with_kernel:
        averaging = xr.DataArray(rng.random((4, 10, 10, 5)), dims=("lat", "level", "level_true", "lon"))
        averaging[0] = averaging[0, 0].values[:, None, :] * np.ones((10, 1))  # rank one
    eager = profiles.scan_profiles(ds.co, sigma=ds.sigma, surface_pressure=ds.ps, kernel=averaging)
    chunked = ds.chunk(chunks)
    with no_compute():
        lazy = profiles.scan_profiles(
            chunked.co,
            sigma=chunked.sigma,
            surface_pressure=chunked.ps,
            kernel=None if averaging is None else averaging.chunk(lat=2),
        )
    assert_lazy_and_equal(lazy, eager)
    with no_compute():
        half = profiles.scan_profiles(ds.co, sigma=chunked.sigma, surface_pressure=ds.ps)
    np.testing.assert_array_equal(half.gradient.compute(scheduler="synchronous"), eager.gradient)


@pytest.mark.parametrize("chunked", [False, True])
def test_bad_numbers_fail_at_the_call(chunked: bool, rng: np.random.Generator) -> None:
    ds = scene(rng).chunk() if chunked else scene(rng)
    with pytest.raises(ValueError, match="scale_height_km"):
        profiles.scan_profiles(ds.co, sigma=ds.sigma, scale_height_km=-1.0)
    with pytest.raises(ValueError, match="pressure must"):
        profiles.scan_profiles(ds.co.isel(level=[0, 2, 1]), sigma=ds.sigma.isel(level=[0, 2, 1]))


def test_one_thread_a_chunk_under_dask(rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    kernel = kernels.scan_profiles

    def spy(*args: Any, n_threads: int | None, **kwargs: Any) -> Any:
        seen.append(n_threads)
        return kernel(*args, n_threads=n_threads, **kwargs)

    monkeypatch.setattr(kernels, "scan_profiles", spy)
    ds = scene(rng)
    profiles.scan_profiles(ds.co, sigma=ds.sigma)
    profiles.scan_profiles(ds.co, sigma=ds.sigma.chunk()).compute(scheduler="synchronous")
    assert seen[0] is None
    assert len(seen) > 1
    assert set(seen[1:]) == {1}


def test_errors_name_what_is_wrong(rng: np.random.Generator) -> None:
    ds = scene(rng)
    with pytest.raises(ValueError, match="values has units 'mol mol-1', so it needs sigma"):
        profiles.scan_profiles(ds.co)
    with pytest.raises(ValueError, match=r'sigma has no units; set its attrs\["units"\]'):
        profiles.scan_profiles(ds.co, sigma=ds.sigma.drop_attrs())
    with pytest.raises(ValueError, match="sigma must have units that convert to 'mol mol-1', got 'K'"):
        profiles.scan_profiles(ds.co, sigma=ds.sigma.assign_attrs(units="K"))
    with pytest.raises(ValueError, match="surface_pressure has no units"):
        profiles.scan_profiles(ds.co, sigma=ds.sigma, surface_pressure=ds.ps.drop_attrs())
    with pytest.raises(TypeError, match=r"surface_pressure must be an xarray\.DataArray, got float"):
        profiles.scan_profiles(ds.co, sigma=ds.sigma, surface_pressure=850.0)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"sigma must be an xarray\.DataArray, got float"):
        profiles.scan_profiles(ds.co, sigma=2e-9)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="values has no level dimension"):
        profiles.scan_profiles(ds.co.isel(level=0))
    with pytest.raises(ValueError, match="no coordinate along 'level' with units of pressure"):
        profiles.scan_profiles(ds.co.assign_coords(level=PRESSURE), sigma=ds.sigma.assign_coords(level=PRESSURE))
    with pytest.raises(ValueError, match="surface_pressure and values have different coordinates along 'lat'"):
        profiles.scan_profiles(ds.co, sigma=ds.sigma, surface_pressure=ds.ps.assign_coords(lat=ds.lat + 0.5))
    with pytest.raises(ValueError, match=r"surface_pressure has dimension\(s\) \['member'\] which values has not"):
        profiles.scan_profiles(ds.co, sigma=ds.sigma, surface_pressure=ds.ps.expand_dims(member=2))
    with pytest.raises(ValueError, match="surface_pressure must not have the level dimension"):
        profiles.scan_profiles(ds.co, sigma=ds.sigma, surface_pressure=ds.sigma.assign_attrs(units="hPa"))
    averaging = xr.DataArray(np.ones((2, 10, 10)), dims=("member", "level", "level_true"))
    with pytest.raises(ValueError, match=r"kernel has dimension\(s\) \['member'\] which values has not"):
        profiles.scan_profiles(ds.co, sigma=ds.sigma, kernel=averaging)


# --- shape information ------------------------------------------------------------------------------------------------


def test_kernel_downgrades_what_rests_on_shape_and_nothing_else(rng: np.random.Generator) -> None:
    ds = scene(rng)
    shapeless = np.outer(np.linspace(0.2, 1, 10), np.linspace(1, 0.2, 10))
    averaging = xr.DataArray(
        np.stack([np.eye(10), shapeless, np.full((10, 10), np.nan), np.eye(10)]), dims=("lat", "level", "plev")
    )
    plain = profiles.scan_profiles(ds.co, sigma=ds.sigma, surface_pressure=ds.ps).verdict
    found = profiles.scan_profiles(ds.co, sigma=ds.sigma, surface_pressure=ds.ps, kernel=averaging)
    np.testing.assert_array_equal(found.has_shape, [True, False, False, True])
    assert found.verdict.dtype == np.int8
    for k in range(4):
        before, after = plain.isel(lat=k).values, found.verdict.isel(lat=k).values
        if k in (0, 3):
            np.testing.assert_array_equal(after, before)
        else:
            np.testing.assert_array_equal(after, np.where(before > 0, 4, before))
    assert (plain.isel(lat=[1, 2]) > 0).any()
    assert (plain.isel(lat=[1, 2]) <= 0).any()
    np.testing.assert_allclose(found.dofs, [10.0, np.trace(shapeless), np.nan, 10.0])
    loose = profiles.scan_profiles(
        ds.co, sigma=ds.sigma, surface_pressure=ds.ps, kernel=averaging, min_singular_ratio=0.0
    )
    np.testing.assert_array_equal(loose.verdict.isel(lat=1), plain.isel(lat=1))


def test_rank_one_reports_every_plume_with_one_shape() -> None:
    k, w = np.exp(-(((np.arange(10) - 5) / 2.0) ** 2)), np.linspace(0.05, 0.15, 10)
    averaging = np.outer(k, w)
    low, high = np.zeros(10), np.zeros(10)
    low[0], high[5:7] = 1.0, 1.0
    seen_low, seen_high = averaging @ low, averaging @ high
    np.testing.assert_allclose(seen_low / seen_low.max(), seen_high / seen_high.max(), rtol=1e-12)
    found = profiles.shape_information(xr.DataArray(averaging, dims=("level", "level_true")))
    assert not found.has_shape
    assert found.singular_ratio.item() == pytest.approx(0.0, abs=1e-14)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_singular_ratio_and_trace(dtype: str, rng: np.random.Generator) -> None:
    left, _ = np.linalg.qr(rng.normal(size=(7, 7)))
    right, _ = np.linalg.qr(rng.normal(size=(7, 7)))
    stack = [left @ np.diag([1.0, ratio, *[0.01] * 5]) @ right for ratio in (0.1, 0.299, 0.301, 1.0)]
    array = xr.DataArray(np.stack(stack).astype(dtype), dims=("time", "lev", "level"), attrs={"history": "read"})
    found = profiles.shape_information(array)
    np.testing.assert_allclose(found.singular_ratio, [0.1, 0.299, 0.301, 1.0], rtol=1e-5 if dtype == "f4" else 1e-12)
    np.testing.assert_array_equal(found.has_shape, [False, False, True, True])
    np.testing.assert_allclose(found.dofs, [np.trace(s) for s in stack], rtol=1e-4 if dtype == "f4" else 1e-12)
    assert found.dofs.dtype == found.singular_ratio.dtype == dtype
    assert found.has_shape.dtype == bool
    assert found.attrs["history"].startswith("read\n")
    with no_compute():
        lazy = profiles.shape_information(array.chunk(time=1, lev=3))
    assert_lazy_and_equal(lazy, found)


def test_what_is_missing_is_no_shape(rng: np.random.Generator) -> None:
    full = np.eye(5) + 0.1 * rng.random((5, 5))
    hole, below_ground, nothing, infinite = full.copy(), full.copy(), np.full((5, 5), np.nan), full.copy()
    hole[2, 3] = np.nan
    below_ground[:2, :] = below_ground[:, :2] = np.nan
    infinite[0, 0] = np.inf
    stack = xr.DataArray(
        np.stack([full, hole, below_ground, nothing, np.zeros((5, 5)), infinite]), dims=("x", "level", "level_true")
    )
    found = profiles.shape_information(stack)
    np.testing.assert_array_equal(found.has_shape, [True, False, True, False, False, False])
    np.testing.assert_array_equal(np.isnan(found.dofs), [False, True, False, True, False, True])
    part = profiles.shape_information(xr.DataArray(full[2:, 2:], dims=("level", "level_true")))
    assert found.dofs[2].item() == pytest.approx(part.dofs.item(), rel=1e-14)
    assert found.singular_ratio[2].item() == pytest.approx(part.singular_ratio.item(), rel=1e-12)


def test_one_level_has_no_shape() -> None:
    found = profiles.shape_information(xr.DataArray([[0.8]], dims=("level", "level_true")))
    assert found.singular_ratio.item() == 0.0
    assert not found.has_shape


def test_kernel_dims_must_be_clear() -> None:
    array = xr.DataArray(np.zeros((2, 3, 3)), dims=("x", "a", "b"))
    with pytest.raises(ValueError, match=r"kernel must have two level dimensions, found \[\] among"):
        profiles.shape_information(array)
    assert profiles.shape_information(array, dims=("a", "b")).dofs.dims == ("x",)
    with pytest.raises(ValueError, match=r"must have one length, got \('x', 'a'\) of \[2, 3\]"):
        profiles.shape_information(array, dims=("x", "a"))
    with pytest.raises(ValueError, match="kernel has no dimension 'c'"):
        profiles.shape_information(array, dims=("a", "c"))
    with pytest.raises(ValueError, match=r"min_singular_ratio must lie in 0\.\.1"):
        profiles.shape_information(array, dims=("a", "b"), min_singular_ratio=3)
    with pytest.raises(TypeError, match="min_singular_ratio must be a number, got 'x'"):
        profiles.shape_information(array, dims=("a", "b"), min_singular_ratio="x")


def test_rows_and_columns_of_a_kernel_count_the_same_levels() -> None:
    pressure = np.array([925.0, 700.0, 400.0])
    kernel = xr.DataArray(np.diag([0.2, 0.3, 0.4]), dims=("level", "level_true"))
    up = kernel.assign_coords(level=("level", pressure, {"units": "hPa"}))
    same = up.assign_coords(level_true=("level_true", (100 * pressure).astype("f4"), {"units": "Pa"}))
    assert profiles.shape_information(same).dofs.item() == pytest.approx(0.9)
    assert profiles.shape_information(up).dofs.item() == pytest.approx(0.9)  # nothing is known of the columns
    down = up.assign_coords(level_true=("level_true", pressure[::-1], {"units": "hPa"}))
    with pytest.raises(ValueError, match="'level' and 'level_true' of kernel have different coordinates"):
        profiles.shape_information(down)
    assert profiles.shape_information(up.assign_coords(level_true=[0, 1, 2])).dofs.item() == pytest.approx(0.9)
    with pytest.raises(ValueError, match="'level' and 'level_true' of kernel have different coordinates"):
        profiles.shape_information(kernel.assign_coords(level=list("abc"), level_true=list("cba")))


def test_the_ratio_is_checked_without_a_kernel(rng: np.random.Generator) -> None:
    level = xr.DataArray([925.0, 700.0], dims="level", attrs={"units": "hPa"})
    with pytest.raises(ValueError, match=r"min_singular_ratio must lie in 0\.\.1, got 2"):
        profiles.scan_profiles(xr.DataArray(rng.normal(size=2), {"level": level}), min_singular_ratio=2)
