"""Correlations by stage against scipy, plain loops and laws; p-values that are uniform where nothing is there."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from laziness import assert_lazy_and_equal, no_compute
from scipy import stats

from gasquake import correlation, stages
from gasquake.correlation import ZHAO2022_TABLE_1

DAY = np.timedelta64(1, "D")
STAGES: dict[str, Any] = {
    "flag_values": np.array([-2, -1, 0, 1], dtype="i1"),
    "flag_meanings": "ambiguous outside background before",
}


def dates(n: int) -> Any:
    return (np.datetime64("2022-08-01", "D") + np.arange(n) * DAY).astype("datetime64[ns]")


def series(values: Any, **attrs: Any) -> xr.DataArray:
    values = np.asarray(values)
    return xr.DataArray(values, {"time": dates(values.shape[0])}, attrs=attrs)


def labels(*counts: int) -> xr.DataArray:
    names = STAGES["flag_meanings"].split()[: len(counts) + 2]
    flags = {"flag_values": np.arange(-2, len(counts), dtype="i1"), "flag_meanings": " ".join(names)}
    return series(np.repeat(np.arange(len(counts), dtype="i1"), counts), **flags)


def ar1(rng: np.random.Generator, n: int, phi: float) -> Any:
    x = rng.normal(size=n)
    for t in range(1, n):
        x[t] = phi * x[t - 1] + math.sqrt(1 - phi**2) * x[t]
    return x


# --- Fisher's interval and the paper's table --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("r", "n", "low", "high"),
    [(0.91, 4, -0.41, 1.0), (0.93, 7, 0.59, 0.99), (-0.38, 7, -0.88, 0.52), (0.02, 4, -0.96, 0.96)],
)
def test_fisher_known_values(r: float, n: int, low: float, high: float) -> None:
    found = correlation.fisher_interval(r, n)
    assert (round(found[0], 2), round(found[1], 2)) == (low, high)


@given(st.integers(4, 60), st.integers(0, 2**32 - 1), st.sampled_from([0.5, 0.9, 0.95]))
def test_fisher_is_that_of_scipy(n: int, seed: int, level: float) -> None:
    x, y = np.random.default_rng(seed).normal(size=(2, n))
    wanted = stats.pearsonr(x, y)
    found = correlation.fisher_interval(wanted.statistic, n, level=level)
    np.testing.assert_allclose(found, wanted.confidence_interval(level), atol=1e-9)


def test_fisher_of_too_few_or_perfect() -> None:
    low, high = correlation.fisher_interval([0.5, 0.5, 1.0, -1.0, np.nan], [3, 2.9, 10, 10, 10])
    np.testing.assert_array_equal(low, [np.nan, np.nan, 1, -1, np.nan])
    np.testing.assert_array_equal(high, [np.nan, np.nan, 1, -1, np.nan])
    with pytest.raises(ValueError, match="level"):
        correlation.fisher_interval(0.5, 10, level=0)


def test_of_the_papers_six_coefficients_one_differs_from_zero() -> None:
    table = {(c.stage, c.orbit): c for c in ZHAO2022_TABLE_1}
    assert len(table) == len(ZHAO2022_TABLE_1) == 6
    assert [c.r for c in ZHAO2022_TABLE_1] == [-0.17, -0.20, -0.38, 0.93, 0.91, 0.02]
    assert [c.n for c in ZHAO2022_TABLE_1] == [29, 29, 7, 7, 4, 4]
    assert table["before", "descending"].interval == (0.59, 0.99)
    apart = [key for key, c in table.items() if c.interval[0] > 0 or c.interval[1] < 0]
    assert apart == [("before", "descending")]


# --- detrend ----------------------------------------------------------------------------------------------------------


def test_detrend_is_a_fitted_line(rng: np.random.Generator) -> None:
    x = rng.normal(size=60) + 1e3 + 0.3 * np.arange(60)
    x[rng.random(60) < 0.3] = np.nan
    found = correlation.detrend(series(x, units="ppb", long_name="XCO"))
    t = np.arange(60.0)
    valid = np.isfinite(x)
    wanted = x - np.polyval(np.polyfit(t[valid], x[valid], 1), t)
    np.testing.assert_allclose(found, wanted, atol=1e-9)
    assert found.attrs["units"] == "ppb"
    assert found.attrs["long_name"] == "XCO less its line"


def test_detrend_takes_the_seasons_of_years_and_refuses_those_of_less(rng: np.random.Generator) -> None:
    t = np.arange(1200)
    season = 3 * np.cos(2 * np.pi * t / 365.25 + 1) + np.sin(4 * np.pi * t / 365.25)
    noise = 0.1 * rng.normal(size=t.size)
    found = correlation.detrend(series(season + 0.01 * t + noise), harmonics=2)
    assert np.abs(found - noise).max() < 0.05
    with pytest.raises(ValueError, match="at least two years"):
        correlation.detrend(series(season[:700]), harmonics=2)
    with pytest.raises(ValueError, match="harmonics"):
        correlation.detrend(series(season), harmonics=-1)
    few = season.copy()
    few[5:] = np.nan
    assert np.isnan(correlation.detrend(series(few), harmonics=2)).all()
    assert np.isnan(correlation.detrend(series([1.0, 2.0, np.nan, 4.0]))).all()
    assert np.isfinite(correlation.detrend(series([1.0, 2.0, 3.0, 5.0]))).all()


def test_detrend_is_lazy_and_keeps_float32(rng: np.random.Generator) -> None:
    x = xr.DataArray(rng.normal(size=(30, 2, 3)).astype("f4"), {"time": dates(30)}, ("time", "orbit", "cell"))
    eager = correlation.detrend(x)
    assert eager.dtype == np.float32
    assert eager.dims == x.dims
    with no_compute():
        lazy = correlation.detrend(x.chunk(time=7, cell=1))
    assert_lazy_and_equal(lazy, eager)


# --- stage_correlation ------------------------------------------------------------------------------------------------


def pair(rng: np.random.Generator, n: int = 36, r: float = 0.6) -> tuple[Any, Any]:
    x = rng.normal(size=n)
    y = r * x + math.sqrt(1 - r**2) * rng.normal(size=n)
    x[rng.random(n) < 0.1] = np.nan
    y[rng.random(n) < 0.1] = np.nan
    return x, y


def shift_p(x: Any, y: Any, statistic: Any) -> float:
    """Over every way to turn x around against y, the identity included."""
    own = abs(statistic(x, y))
    return float(np.mean([abs(statistic(np.roll(x, k), y)) >= own - 1e-12 for k in range(len(x))]))


def test_stage_correlation_by_scipy_and_plain_loops(rng: np.random.Generator) -> None:
    x, y = pair(rng)
    stage = labels(24, 12)
    stage[3] = -1
    stage[30] = -2
    found = correlation.stage_correlation(series(x), series(y), stage, harmonics=None)
    both = np.isfinite(x) & np.isfinite(y)

    def lag_one(v: Any) -> float:
        v = v - v[both].mean()
        near = [v[t] * v[t + 1] for t in range(35) if both[t] and both[t + 1]]
        return float(np.mean(near) / np.mean(v[both] ** 2))

    shared = lag_one(x) * lag_one(y)
    for k, name in enumerate(["background", "before"]):
        one = found.sel(stage=name)
        used = both & (stage.values == k)
        a, b = x[used], y[used]
        assert one.n.item() == used.sum()
        assert one.pearson.item() == pytest.approx(stats.pearsonr(a, b).statistic)
        assert one.spearman.item() == pytest.approx(stats.spearmanr(a, b).statistic)
        assert one.n_effective.item() == pytest.approx(min(used.sum(), used.sum() * (1 - shared) / (1 + shared)))
        wanted = correlation.fisher_interval(one.pearson.item(), one.n_effective.item())
        assert (one.low.item(), one.high.item()) == pytest.approx(wanted)
        assert one.pearson_p.item() == pytest.approx(shift_p(a, b, lambda u, v: stats.pearsonr(u, v).statistic))
        assert one.spearman_p.item() == pytest.approx(shift_p(a, b, lambda u, v: stats.spearmanr(u, v).statistic))


def test_trends_fake_a_correlation_and_are_taken_out_first(rng: np.random.Generator) -> None:
    x, y = rng.normal(size=(2, 60)) + np.arange(60)
    raw = correlation.stage_correlation(series(x), series(y), labels(60), harmonics=None)
    clean = correlation.stage_correlation(series(x), series(y), labels(60))
    assert raw.pearson[0] > 0.95
    assert abs(clean.pearson[0]) < 0.4
    twice = correlation.stage_correlation(
        correlation.detrend(series(x)), correlation.detrend(series(y)), labels(60), harmonics=None
    )
    np.testing.assert_allclose(clean.pearson, twice.pearson, atol=1e-9)
    y[20:40] = np.nan  # both lines go through the days that have both values
    gaps = correlation.stage_correlation(series(x), series(y), labels(60))
    there, t = np.isfinite(y), np.arange(60.0)
    wanted = stats.pearsonr(*(v[there] - np.polyval(np.polyfit(t[there], v[there], 1), t[there]) for v in (x, y)))
    assert gaps.pearson.item() == pytest.approx(wanted.statistic)


def test_days_that_cling_together_widen_the_interval(rng: np.random.Generator) -> None:
    x, y = ar1(rng, 400, 0.8), ar1(rng, 400, 0.8)
    found = correlation.stage_correlation(series(x), series(y), labels(400))
    assert 60 < found.n_effective.item() < 130  # 400 (1 - .64)/(1 + .64) = 88
    turning = correlation.stage_correlation(series(ar1(rng, 400, -0.8)), series(x), labels(400))
    assert turning.n_effective.item() == 400  # never more days than there are
    white = correlation.stage_correlation(*map(series, rng.normal(size=(2, 400))), labels(400))
    assert white.n_effective.item() > 380
    assert found.high - found.low > 1.5 * (white.high - white.low)


def test_what_too_few_days_cannot_say() -> None:
    x = series([1.0, 2.0, 4.0, 3.0, 5.0, 6.0, 1.0, 9.0, 2.0])
    y = series([2.0, 1.0, 3.0, 5.0, 4.0, 7.0, 3.0, 8.0, 1.0])
    stage = series(np.array([0, 0, 1, 1, 1, 2, 2, 2, 2], dtype="i1"))
    found = correlation.stage_correlation(x, y, stage, harmonics=None)
    assert found.stage.values.tolist() == [0, 1, 2]
    assert found.n.values.tolist() == [2, 3, 4]
    assert np.isnan(found.pearson[0])
    assert np.isfinite(found.pearson[1:]).all()
    assert np.isnan(found.pearson_p[:2]).all()
    assert found.pearson_p[2] >= 0.25  # of four days no p is smaller
    assert np.isnan(found.low[:2]).all()
    constant = correlation.stage_correlation(xr.full_like(x, 0.1), y, stage, harmonics=None)
    assert np.isnan(constant.pearson).all()
    assert np.isnan(constant.n_effective).all()
    blank = correlation.stage_correlation(x * np.nan, y, stage)
    assert (blank.n == 0).all()
    assert np.isnan(blank.pearson).all()
    sparse = [a.assign_coords(time=dates(20)[::2][:9]) for a in (x, y, stage)]
    apart = correlation.stage_correlation(*sparse, harmonics=None)
    assert np.isnan(apart.n_effective).all()  # no two neighbouring days tell how alike days are


def test_orbits_are_kept_apart_and_laziness_kept(rng: np.random.Generator) -> None:
    values = np.stack([np.stack(pair(rng)) for _ in range(2)])  # orbit, gas, time
    x, y = (
        xr.DataArray(values[:, g].T, {"time": dates(36), "orbit": ["ascending", "descending"]}, name=name)
        for g, name in enumerate(["xco", "xch4"])
    )
    stage = xr.concat([labels(24, 12), labels(20, 16)], "orbit").T.assign_coords(orbit=x.orbit)
    stage.attrs = STAGES
    found = correlation.stage_correlation(x, y, stage)
    assert found.pearson.dims == ("stage", "orbit")
    assert found.pearson.attrs["long_name"] == "Pearson correlation of xco less its line with xch4 less its line"
    for o in range(2):
        alone = correlation.stage_correlation(x[:, o], y[:, o], stage[:, o])
        for name in found.data_vars:
            np.testing.assert_array_equal(found[name][:, o], alone[name])
    with no_compute():
        lazy = correlation.stage_correlation(x.chunk(time=9), y.chunk(time=9), stage)
        difference = correlation.stage_difference(x.chunk(time=9), y, stage, first="before", second="background")
    assert_lazy_and_equal(lazy, found)
    eager = correlation.stage_difference(x, y, stage, first="before", second="background")
    assert_lazy_and_equal(difference, eager)


def test_the_labels_of_stages_fit(rng: np.random.Generator) -> None:
    time, orbit = dates(45), ["ascending", "descending"]
    start = np.stack([time + np.timedelta64(90, "m"), time - np.timedelta64(630, "m")], axis=1)
    windows = {"window_start": (("time", "orbit"), start), "window_end": (("time", "orbit"), start + DAY)}
    cube = xr.Dataset({g: (("time", "orbit"), rng.normal(size=(45, 2))) for g in ("co", "ch4")},
                      {"time": time, "orbit": orbit, **windows})  # fmt: skip
    origin = np.datetime64("2022-09-05T04:52:18")
    made = stages.stages_from_preset("default", origin_time=origin)
    stage = stages.stage_labels(cube, made, longitude=102.08, origin_time=origin)
    found = correlation.stage_correlation(cube.co, cube.ch4, stage)
    assert found.stage.values.tolist() == [s.name for s in made]
    means = stages.stage_means(cube, made, longitude=102.08, origin_time=origin)
    np.testing.assert_array_equal(found.n, means.co_n)
    difference = correlation.stage_difference(cube.co, cube.ch4, stage, first="before", second="background")
    assert difference.p.dims == ("orbit",)


@given(st.floats(0.01, 100), st.floats(-100, 100), st.floats(0.01, 100), st.booleans())
def test_units_do_not_matter_and_a_sign_turns_the_sign(a: float, b: float, c: float, flip: bool) -> None:
    rng = np.random.default_rng(9)
    x, y = map(series, pair(rng))
    sign = -1 if flip else 1
    one = correlation.stage_correlation(x, y, labels(24, 12))
    other = correlation.stage_correlation(a * x + b, sign * c * y, labels(24, 12))
    for name in ("pearson", "spearman"):
        np.testing.assert_allclose(other[name], sign * one[name], atol=1e-9)
        np.testing.assert_array_equal(other[f"{name}_p"], one[f"{name}_p"])
    np.testing.assert_allclose(other.n_effective, one.n_effective, rtol=1e-8)
    swapped = correlation.stage_correlation(y, x, labels(24, 12))
    np.testing.assert_allclose(swapped.pearson, one.pearson, atol=1e-12)
    np.testing.assert_allclose(swapped.spearman_p, one.spearman_p, atol=1e-12)


def test_a_small_signal_on_a_large_constant_keeps_its_digits(rng: np.random.Generator) -> None:
    x, y = pair(rng)
    one = correlation.stage_correlation(series(x), series(y), labels(36))
    other = correlation.stage_correlation(series(1e-9 * x + 1.8e-6), series(y), labels(36))
    np.testing.assert_allclose(other.pearson, one.pearson, atol=1e-6)


def test_circular_shift_p_is_uniform_without_correlation() -> None:
    """Autocorrelated but unrelated series: by the days' likeness, 5 % of them have p <= 0.05."""
    rng = np.random.default_rng(10)
    x, y = (
        xr.DataArray(np.stack([ar1(rng, 40, 0.5) for _ in range(400)], axis=1), {"time": dates(40)}, ("time", "world"))
        for _ in range(2)
    )
    found = correlation.stage_correlation(x, y, labels(40), harmonics=None)
    for name in ("pearson_p", "spearman_p"):
        p = found[name].values.ravel()
        assert stats.kstest(p - rng.uniform(0, 1 / 40, p.size), "uniform").pvalue > 0.01
        assert 0.02 < (p <= 0.05).mean() < 0.09
    inside = (found.low < 0) & (found.high > 0)
    assert 0.9 < inside.mean() < 0.99


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"stage": labels(24, 12).astype("f8")}, ValueError, "integer labels"),
        ({"stage": labels(24, 11)}, ValueError, "stage has 35 elements"),
        ({"stage": series(np.full(36, -1, dtype="i1"))}, ValueError, "all its labels are negative"),
        ({"y": series(np.zeros(35))}, ValueError, "y has 35 elements"),
        ({"y": np.zeros(36)}, TypeError, "y must be an xarray.DataArray"),
        ({"y": series(["a"] * 36)}, TypeError, "y must hold real numbers"),
        ({"x": series(np.zeros(36)).expand_dims(orbit=2)}, ValueError, "y has no dimension 'orbit'"),
    ],
)
def test_errors_name_the_argument(change: dict[str, Any], error: type, message: str) -> None:
    given = {"x": series(np.zeros(36)), "y": series(np.zeros(36)), "stage": labels(24, 12)} | change
    with pytest.raises(error, match=message):
        correlation.stage_correlation(*given.values())


# --- stage_difference -------------------------------------------------------------------------------------------------


def test_the_difference_is_that_of_atanh(rng: np.random.Generator) -> None:
    x, y = pair(rng, 60)
    stage = labels(40, 20)
    found = correlation.stage_difference(series(x), series(y), stage, first="before", second=0, n_permutations=19)
    each = correlation.stage_correlation(series(x), series(y), stage)
    wanted = np.arctanh(each.pearson.sel(stage="before")) - np.arctanh(each.pearson.sel(stage="background"))
    assert found.difference.item() == pytest.approx(wanted.item())
    assert (found.n_second.item(), found.n_first.item()) == tuple(each.n.values)
    turned = correlation.stage_difference(series(x), series(y), stage, first=0, second=1, n_permutations=19)
    assert turned.difference.item() == pytest.approx(-found.difference.item())
    assert turned.p.item() == found.p.item()
    assert round(found.p.item() * 20) == pytest.approx(found.p.item() * 20)


def test_a_change_of_sign_is_found_and_its_p_is_reproducible(rng: np.random.Generator) -> None:
    x = rng.normal(size=80)
    y = np.where(np.arange(80) < 50, -1, 1) * x + 0.5 * rng.normal(size=80)
    found = [correlation.stage_difference(series(x), series(y), labels(50, 30), first=1, second=0, seed=s)
             for s in (1, 1, 2)]  # fmt: skip
    assert found[0].p.item() < 0.01
    xr.testing.assert_identical(found[0], found[1])


def test_shuffled_labels_are_uniform_without_a_difference() -> None:
    rng = np.random.default_rng(11)
    x = rng.normal(size=(60, 300))
    y = 0.5 * x + rng.normal(size=(60, 300))
    worlds = [xr.DataArray(v, {"time": dates(60)}, ("time", "world")) for v in (x, y)]
    found = correlation.stage_difference(*worlds, labels(40, 20), first=1, second=0, n_permutations=99)
    p = found.p.values
    assert stats.kstest(p - rng.uniform(0, 0.01, p.size), "uniform").pvalue > 0.01
    assert 0.01 < (p <= 0.05).mean() < 0.1


def test_difference_of_too_little_is_unknown_and_errors_name_the_stage() -> None:
    x, y = series(np.arange(12.0) % 5), series(np.arange(12.0) % 7)
    found = correlation.stage_difference(x, y, labels(9, 3), first=1, second=0)
    assert np.isnan(found.p.item())
    assert (found.n_first.item(), found.n_second.item()) == (3, 9)
    flat = xr.where(labels(6, 6) == 1, 0.0, x)
    assert np.isnan(correlation.stage_difference(flat, y, labels(6, 6), first=1, second=0, harmonics=None).p.item())
    with pytest.raises(ValueError, match="first='after' is no stage of these labels; there are background, before"):
        correlation.stage_difference(x, y, labels(9, 3), first="after", second=0)
    with pytest.raises(ValueError, match="same stage"):
        correlation.stage_difference(x, y, labels(9, 3), first="before", second=1)
    with pytest.raises(ValueError, match="n_permutations"):
        correlation.stage_difference(x, y, labels(9, 3), first=1, second=0, n_permutations=0)


# --- rolling_correlation ----------------------------------------------------------------------------------------------


def test_rolling_is_that_of_pandas(rng: np.random.Generator) -> None:
    x, y = pair(rng, 80)
    found = correlation.rolling_correlation(series(x), series(y), 20, min_count=12)
    a, b = series(x).to_series(), series(y).to_series()
    wanted = a.where(b.notna()).rolling(20, min_periods=12).corr(b.where(a.notna()))
    # pandas wants a full window of 12 pairs; so do we
    np.testing.assert_allclose(found.correlation.values, wanted.to_numpy(), atol=1e-10)
    counts = (a.notna() & b.notna()).rolling(20, min_periods=1).sum()
    np.testing.assert_array_equal(found["count"].values, counts)
    assert found["count"].dtype == np.int32


def test_rolling_knows_no_later_day_and_no_constant(rng: np.random.Generator) -> None:
    x, y = rng.normal(size=(2, 60))
    whole = correlation.rolling_correlation(series(x), series(y), 15)
    cut = correlation.rolling_correlation(series(x[:40]), series(y[:40]), 15)
    np.testing.assert_array_equal(whole.correlation[:40], cut.correlation)
    assert np.isnan(whole.correlation[:14]).all()
    assert np.isfinite(whole.correlation[14:]).all()
    x[20:40] = 0.1
    flat = correlation.rolling_correlation(series(x), series(y), 15)
    assert np.isnan(flat.correlation[34:40]).all()
    assert (flat["count"][34:40] == 15).all()


def test_rolling_is_lazy_and_refuses_short_windows(rng: np.random.Generator) -> None:
    x, y = (xr.DataArray(rng.normal(size=(40, 3)), {"time": dates(40)}, ("time", "cell")) for _ in range(2))
    eager = correlation.rolling_correlation(x, y, 15)
    with no_compute():
        lazy = correlation.rolling_correlation(x.chunk(time=11, cell=2), y.chunk(time=11, cell=2), 15)
    assert_lazy_and_equal(lazy, eager)
    with pytest.raises(ValueError, match="at least 15"):
        correlation.rolling_correlation(x, y, 7)
    with pytest.raises(ValueError, match="min_count"):
        correlation.rolling_correlation(x, y, 15, min_count=16)
