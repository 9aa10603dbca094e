"""Labelled anomalies agree with the definitions and the kernels, keep labels, stay lazy and refuse what is unclear."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr
from laziness import assert_lazy_and_equal, no_compute

from gasquake import anomalies, kernels

ROLLING = ["rolling_mean", "rolling_std", "rolling_median", "rolling_mad"]


def scene(
    rng: np.random.Generator, dtype: str = "f8", n: int = 60, dims: tuple[str, ...] = ("time", "lat", "lon")
) -> xr.DataArray:
    values = rng.normal(1.8e-6, 1e-8, (n, 3, 5))
    values[rng.random(values.shape) < 0.2] = np.nan
    array = xr.DataArray(
        values.astype(dtype),
        dims=("time", "lat", "lon"),
        coords={
            "time": ("time", np.datetime64("2022-07-01", "ns") + np.arange(n) * np.timedelta64(1, "D"), {"axis": "T"}),
            "lat": ("lat", [28.5, 29.5, 30.5], {"units": "degrees_north"}),
            "lon": np.arange(5.0) + 100,
            "area": (("lat", "lon"), np.ones((3, 5))),
            "orbit": "ascending",
        },
        attrs={"units": "mol mol-1", "long_name": "methane", "valid_min": 0.0, "history": "read"},
        name="ch4",
    )
    return array.transpose(*dims)


def years(rng: np.random.Generator, dtype: str = "f8") -> xr.DataArray:
    time = np.arange(np.datetime64("2017-01-03"), np.datetime64("2022-12-31"), 3).astype("datetime64[ns]")
    values = rng.normal(size=(time.size, 4)).astype(dtype)
    values[rng.random(values.shape) < 0.2] = np.nan
    return xr.DataArray(values, {"time": time, "x": np.arange(4)}, ("time", "x"), "co", {"units": "ppb"})


@pytest.mark.parametrize("name", ROLLING)
@pytest.mark.parametrize("dtype", ["f4", "f8", "i4"])
@pytest.mark.parametrize("dims", [("time", "lat", "lon"), ("lat", "time", "lon"), ("lon", "lat", "time")])
def test_rolling_is_the_kernel_along_time(
    name: str, dtype: str, dims: tuple[str, ...], rng: np.random.Generator
) -> None:
    array = scene(rng, "f8", dims=dims).fillna(0.0).astype(dtype) if dtype == "i4" else scene(rng, dtype, dims=dims)
    found = getattr(anomalies, name)(array, 7, min_count=3, center=True)
    wanted = getattr(kernels, name)(array.values, 7, min_count=3, center=True, axis=dims.index("time"))
    np.testing.assert_array_equal(found.values, wanted, strict=True)
    assert found.dtype == ("f4" if dtype == "f4" else "f8")
    assert found.dims == dims
    assert found.name == "ch4"
    xr.testing.assert_identical(found.coords.to_dataset(), array.coords.to_dataset())


def test_rolling_zscore_is_the_definition(rng: np.random.Generator) -> None:
    array = scene(rng, n=30)
    found = anomalies.rolling_zscore(array, 10, min_count=4)
    for t in range(30):
        before = array.values[max(t - 10, 0) : t]
        count = np.isfinite(before).sum(axis=0)
        np.testing.assert_array_equal(found["count"][t], count)
        for i, j in np.ndindex(3, 5):
            window = before[:, i, j][np.isfinite(before[:, i, j])]
            x = array.values[t, i, j]
            if len(window) < 4 or np.isnan(x):
                assert np.isnan(found.anomaly[t, i, j])
                assert np.isnan(found.zscore[t, i, j])
                continue
            assert found.anomaly[t, i, j].item() == pytest.approx(x - window.mean(), rel=1e-12, abs=1e-18)
            assert found.zscore[t, i, j].item() == pytest.approx((x - window.mean()) / window.std(ddof=1), rel=1e-6)


@pytest.mark.parametrize("method", ["moment", "robust"])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_rolling_zscore_is_the_kernel(method: Any, dtype: str, rng: np.random.Generator) -> None:
    array = scene(rng, dtype, dims=("lat", "time", "lon"))
    found = anomalies.rolling_zscore(array, 10, method=method, include_current=True, min_count=4)
    wanted = kernels.rolling_zscore(array.values, 10, method=method, include_current=True, min_count=4, axis=1)
    for name in ("anomaly", "zscore", "count"):
        np.testing.assert_array_equal(found[name].values, getattr(wanted, name), strict=True)
        assert found[name].dims == array.dims
    assert list(found.data_vars) == ["anomaly", "zscore", "count"]


@pytest.mark.parametrize("method", ["moment", "robust"])
@pytest.mark.parametrize("own", [True, False])
def test_seasonal_zscore_is_the_kernel(method: Any, own: bool, rng: np.random.Generator) -> None:
    array = years(rng, "f4").T
    options: dict[str, Any] = {"half_width": 20, "min_count": 5, "method": method, "exclude_own_year": own}
    found = anomalies.seasonal_zscore(array, **options)
    day = array.time.values.astype("datetime64[D]").astype(np.int64)
    wanted = kernels.seasonal_zscore(array.values, day, axis=1, **options)
    for name in ("anomaly", "zscore", "mean", "std", "count"):
        np.testing.assert_array_equal(found[name].values, getattr(wanted, name), strict=True)
    assert list(found.data_vars) == ["anomaly", "zscore", "mean", "std", "count"]
    assert found["count"].max() >= 5


def test_the_hour_and_the_unit_of_time_do_not_matter(rng: np.random.Generator) -> None:
    array = years(rng)
    wanted = anomalies.seasonal_zscore(array, min_count=5)
    for time in (array.time + np.timedelta64(23, "h"), array.time.astype("datetime64[s]")):
        found = anomalies.seasonal_zscore(array.assign_coords(time=time.values), min_count=5)
        np.testing.assert_array_equal(found.zscore.values, wanted.zscore.values)


def test_cftime_dates(rng: np.random.Generator) -> None:
    pytest.importorskip("cftime")
    array = years(rng)
    wanted = anomalies.seasonal_zscore(array, min_count=5).zscore
    standard = array.convert_calendar("standard", use_cftime=True)
    np.testing.assert_array_equal(anomalies.seasonal_zscore(standard, min_count=5).zscore.values, wanted.values)
    noleap = array.convert_calendar("noleap")
    assert noleap.sizes["time"] < array.sizes["time"]  # it drops 29 February 2020
    days = noleap.time.dt.strftime("%Y-%m-%d").values.astype("datetime64[D]")
    found = anomalies.seasonal_zscore(noleap, min_count=5).zscore
    np.testing.assert_array_equal(found.values, kernels.seasonal_zscore(noleap.values, days, min_count=5).zscore)
    thirty = array.assign_coords(
        time=xr.date_range("2017-02-28", periods=array.sizes["time"], calendar="360_day", use_cftime=True)
    )
    with pytest.raises(ValueError, match="'360_day' calendar that do not exist in the Gregorian one"):
        anomalies.seasonal_zscore(thirty)


def test_units_names_and_history(rng: np.random.Generator) -> None:
    array = scene(rng)
    before = dict(array.attrs)
    result = anomalies.rolling_zscore(array, 10)
    assert result.anomaly.attrs == {
        "units": "mol mol-1",
        "long_name": "anomaly of methane against the 10 samples before",
    }
    assert result.zscore.attrs["units"] == "1"
    assert result["count"].attrs["units"] == "1"
    assert len({v.attrs["long_name"] for v in result.data_vars.values()}) == 3
    first, second = result.attrs["history"].split("\n")
    assert first == "read"
    assert "rolling_zscore(window=10, method='moment', include_current=False, min_count=None)" in second

    seasonal = anomalies.seasonal_zscore(array, min_count=1)
    assert {k: v.attrs["units"] for k, v in seasonal.data_vars.items()} == {
        "anomaly": "mol mol-1", "zscore": "1", "mean": "mol mol-1", "std": "mol mol-1", "count": "1",
    }  # fmt: skip
    assert "seasonal_zscore(half_width=10, min_count=1" in seasonal.attrs["history"]

    mean = anomalies.rolling_mean(array, 10)
    assert mean.attrs["units"] == "mol mol-1"
    assert mean.attrs["long_name"] == "moving mean of methane over 10 samples"
    assert "rolling_mean(window=10" in mean.attrs["history"]
    assert "valid_min" not in mean.attrs
    assert array.attrs == before
    del array.attrs["units"]
    assert "units" not in anomalies.rolling_mean(array, 10).attrs


CALLS = {
    **{name: lambda a, name=name: getattr(anomalies, name)(a, 5, min_count=2) for name in ROLLING},
    "rolling_zscore": lambda a: anomalies.rolling_zscore(a, 5, min_count=2),
    "seasonal_zscore": lambda a: anomalies.seasonal_zscore(a, min_count=2, exclude_own_year=False),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("chunks", [{"time": 7}, {"lat": 2, "lon": 1}, {"time": 11, "lat": 1}, {}])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_lazy_in_lazy_out_with_the_same_numbers(
    call: str, chunks: dict[str, int], dtype: str, rng: np.random.Generator
) -> None:
    array = scene(rng, dtype)
    with no_compute():
        lazy = CALLS[call](array.chunk(chunks))
    assert_lazy_and_equal(lazy, CALLS[call](array))


@pytest.mark.parametrize("name", [*ROLLING, "rolling_zscore", "seasonal_zscore"])
def test_one_thread_a_chunk_under_dask(name: str, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    kernel = getattr(kernels, name)

    def spy(*args: Any, n_threads: int | None, **kwargs: Any) -> Any:
        seen.append(n_threads)
        return kernel(*args, n_threads=n_threads, **kwargs)

    spy.__name__ = name
    monkeypatch.setattr(kernels, name, spy)
    array = scene(rng)
    window = () if name == "seasonal_zscore" else (5,)
    function = getattr(anomalies, name)
    function(array, *window)
    function(array.chunk({"lat": 1}), *window).compute(scheduler="synchronous")
    function(array, *window, n_threads=2)
    assert seen[0] is None
    assert seen[-1] == 2
    assert set(seen[1:-1]) == {1}


@pytest.mark.parametrize("chunked", [False, True])
def test_bad_arguments_fail_at_the_call(chunked: bool, rng: np.random.Generator) -> None:
    array = scene(rng).chunk() if chunked else scene(rng)
    with pytest.raises(ValueError, match="window"):
        anomalies.rolling_zscore(array, 0)
    with pytest.raises(ValueError, match="min_count"):
        anomalies.rolling_mean(array, 5, min_count=6)
    with pytest.raises(ValueError, match="method"):
        anomalies.seasonal_zscore(array, method="mean")  # type: ignore[arg-type]


@pytest.mark.parametrize("call", CALLS)
def test_time_must_strictly_increase(call: str, rng: np.random.Generator) -> None:
    array = scene(rng)
    with pytest.raises(ValueError, match=r"'time' of values must strictly increase, but it is not sorted; .*sortby"):
        CALLS[call](array.isel(time=slice(None, None, -1)))
    twice = array.isel(time=[0, 1, 1, 2])
    with pytest.raises(ValueError, match="must strictly increase, but it repeats times"):
        CALLS[call](twice)
    holes = array.assign_coords(time=np.where(np.arange(60) == 3, np.datetime64("NaT"), array.time.values))
    with pytest.raises(ValueError, match="'time' of values holds missing times"):
        CALLS[call](holes)


@pytest.mark.parametrize("call", CALLS)
def test_the_time_dim_must_be_clear(call: str, rng: np.random.Generator) -> None:
    array = scene(rng)
    with pytest.raises(ValueError, match="values has no time dimension"):
        CALLS[call](array.drop_vars("time").rename(time="n"))
    with pytest.raises(ValueError, match="values has several time dimensions"):
        CALLS[call](array.expand_dims(launch=array.time.values[:2]))
    with pytest.raises(TypeError, match=r"values must be an xarray\.DataArray, got a Dataset"):
        CALLS[call](array.to_dataset())
    with pytest.raises(TypeError, match="values must hold real numbers"):
        CALLS[call](array > 0)


def test_rolling_needs_no_coordinate_but_the_season_does(rng: np.random.Generator) -> None:
    array = scene(rng)
    bare = array.drop_vars("time")
    np.testing.assert_array_equal(anomalies.rolling_mean(bare, 5).values, anomalies.rolling_mean(array, 5).values)
    with pytest.raises(ValueError, match="values has no coordinate 'time'"):
        anomalies.seasonal_zscore(bare)
    with pytest.raises(ValueError, match=r"must hold dates \(datetime64 or cftime\), got dtype int64"):
        anomalies.seasonal_zscore(bare.assign_coords(time=np.arange(60)))


def test_dim_can_be_named(rng: np.random.Generator) -> None:
    array = scene(rng)
    other = array.expand_dims(launch=array.time.values[:2])
    found = anomalies.rolling_mean(other, 5, dim="time").isel(launch=0, drop=True)
    np.testing.assert_array_equal(found.values, anomalies.rolling_mean(array, 5).values)


def test_nothing_in_nothing_out(rng: np.random.Generator) -> None:
    empty = scene(rng).isel(lat=slice(0, 0))
    assert anomalies.rolling_zscore(empty, 5).zscore.shape == (60, 0, 5)
    assert anomalies.seasonal_zscore(scene(rng).isel(time=slice(0, 0))).zscore.shape == (0, 3, 5)
