"""Base rates, runs, onset and recovery, and lateral contrast, against plain loops, laws and small simulations."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from laziness import assert_lazy_and_equal, no_compute
from scipy import stats

from gasquake import _labelled, episodes
from gasquake.episodes import onset
from gasquake.kernels import ProfileVerdict
from gasquake.places import distance_km

ROOTED, ROOTLESS, NONE = ProfileVerdict.ROOTED, ProfileVerdict.ROOTLESS, ProfileVerdict.NONE
DAY = np.timedelta64(1, "D")
VERDICTS = st.lists(st.sampled_from([int(v) for v in ProfileVerdict]), min_size=1, max_size=30)


def dates(n: int, first: str = "2022-08-01") -> Any:
    return (np.datetime64(first, "D") + np.arange(n) * DAY).astype("datetime64[ns]")


def series(values: Any, first: str = "2022-08-01", dtype: str = "f8") -> xr.DataArray:
    values = np.asarray(values, dtype=dtype)
    return xr.DataArray(values, {"time": dates(len(values), first)})


# --- Base rates -------------------------------------------------------------------------------------------------------


@given(st.integers(1, 200), st.data(), st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_wilson_is_that_of_scipy_for_whole_numbers(n: int, data: st.DataObject, level: float) -> None:
    k = data.draw(st.integers(0, n))
    found = episodes.wilson_interval(k / n, n, level=level)
    wanted = stats.binomtest(k, n).proportion_ci(level, method="wilson")
    np.testing.assert_allclose(found, wanted, rtol=1e-10, atol=1e-14)


def test_wilson_of_nothing_is_unknown() -> None:
    low, high = episodes.wilson_interval([0.5, 0.5], [0, 10])
    assert np.isnan(low[0])
    assert np.isnan(high[0])
    assert low[1] < 0.5 < high[1]
    with pytest.raises(ValueError, match="level"):
        episodes.wilson_interval(0.5, 10, level=1.0)


@given(VERDICTS, st.data())
def test_base_rate_by_a_plain_loop(values: list[int], data: st.DataObject) -> None:
    mask = data.draw(st.lists(st.booleans(), min_size=len(values), max_size=len(values)))
    found = episodes.base_rate(series(values, dtype="i1"), np.array(mask))
    kept = [v for v, m in zip(values, mask, strict=True) if m]
    known = [v for v in kept if v != ProfileVerdict.UNDETERMINED]
    hits = sum(v == ROOTED for v in known)
    assert found.hits.item() == hits
    assert found.n.item() == len(known)
    assert found.n_undetermined.item() == len(kept) - len(known)
    assert found.n_amplitude_only.item() == sum(v == ProfileVerdict.AMPLITUDE_ONLY for v in known)
    if not known:
        assert np.isnan([found.rate.item(), found.low.item(), found.high.item()]).all()
        return
    assert found.rate.item() == hits / len(known)
    assert 1 <= found.n_effective.item() <= len(known)
    assert 0 <= found.low.item() <= found.rate.item() <= found.high.item() <= 1
    wanted = episodes.wilson_interval(hits / len(known), found.n_effective.item())
    assert (found.low.item(), found.high.item()) == wanted


def test_days_that_cling_together_count_for_less() -> None:
    mask = np.ones(40, dtype=bool)
    apart = episodes.base_rate(series(np.tile([1, 0, 0, 0], 10), dtype="i1"), mask)
    together = episodes.base_rate(series(np.repeat([1, 0], [10, 30]), dtype="i1"), mask)
    assert apart.rate.item() == together.rate.item() == 0.25
    assert apart.n_effective.item() == 40
    x = np.repeat([1.0, 0.0], [10, 30]) - 0.25
    r1 = (x[:-1] * x[1:]).mean() / (x**2).mean()
    assert together.n_effective.item() == pytest.approx(40 * (1 - r1) / (1 + r1))
    assert together.high.item() - together.low.item() > apart.high.item() - apart.low.item()


def test_neighbours_are_neighbours_by_date() -> None:
    """Days a month apart in the file are not alike because they stand beside each other in the array."""
    verdict = series(np.repeat([1, 0], [10, 30]), dtype="i1")
    sparse = verdict.assign_coords(time=dates(200)[::5])
    assert episodes.base_rate(sparse, np.ones(40, dtype=bool)).n_effective.item() == 40


def test_base_rate_of_orbits_classes_and_masks(rng: np.random.Generator) -> None:
    verdict = xr.DataArray(
        rng.integers(-1, 5, (30, 2, 3)).astype("i1"),
        {"time": dates(30), "orbit": ["ascending", "descending"], "cell": [0, 1, 2]},
    )
    mask = xr.DataArray(rng.random((30, 2)) < 0.6, dims=("time", "orbit"))
    found = episodes.base_rate(verdict, mask, classes=[ROOTED, ProfileVerdict.MIXED])
    assert found.rate.dims == ("orbit", "cell")
    for o in range(2):
        for c in range(3):
            one = episodes.base_rate(verdict[:, o, c], mask[:, o].values, classes=[ROOTED, ProfileVerdict.MIXED])
            for name in found.data_vars:
                assert found[name].values[o, c] == one[name].item(), name
    with no_compute():
        lazy = episodes.base_rate(verdict.chunk(time=5), mask, classes=[ROOTED, ProfileVerdict.MIXED])
    assert_lazy_and_equal(lazy, found)


def test_base_rate_refuses() -> None:
    verdict = series([0, 1, 0], dtype="i1")
    with pytest.raises(ValueError, match="UNDETERMINED"):
        episodes.base_rate(verdict, np.ones(3, dtype=bool), classes=ProfileVerdict.UNDETERMINED)
    with pytest.raises(ValueError, match="bool"):
        episodes.base_rate(verdict, np.ones(3))
    with pytest.raises(ValueError, match="reference has 4 elements"):
        episodes.base_rate(verdict, np.ones(4, dtype=bool))
    with pytest.raises(TypeError, match="DataArray"):
        episodes.base_rate(verdict.values, np.ones(3, dtype=bool))  # type: ignore[arg-type]


# --- Runs -------------------------------------------------------------------------------------------------------------


def runs_by_hand(values: list[int], max_gap: int) -> list[tuple[int, int, int]]:
    """(first, last, days of the class) by walking day after day."""
    runs: list[list[int]] = []
    gap, open_run = 0, False
    for t, v in enumerate(values):
        if v == ROOTED:
            if open_run and gap <= max_gap:
                runs[-1][1], runs[-1][2] = t, runs[-1][2] + 1
            else:
                runs.append([t, t, 1])
            gap, open_run = 0, True
        elif v in (ProfileVerdict.UNDETERMINED, ProfileVerdict.AMPLITUDE_ONLY):
            gap += 1
        else:
            open_run = False
    return [(a, b, c) for a, b, c in runs]


@given(VERDICTS, st.integers(0, 4), st.data())
def test_runs_by_a_plain_walk(values: list[int], max_gap: int, data: st.DataObject) -> None:
    """Days absent from the file count as unknown ones."""
    kept = [v != -1 or data.draw(st.booleans()) for v in values]
    verdict = series(values, dtype="i1").isel(time=np.flatnonzero(kept))
    found = episodes.run_lengths(verdict, ROOTED, max_gap=max_gap)
    wanted = runs_by_hand(values, max_gap)
    assert [int((t - dates(1)[0]) / DAY) for t in found["start"].to_numpy()] == [a for a, _, _ in wanted]
    assert [int((t - dates(1)[0]) / DAY) for t in found["end"].to_numpy()] == [b for _, b, _ in wanted]
    assert found["n_days"].tolist() == [n for _, _, n in wanted]
    assert found["span_days"].tolist() == [b - a + 1 for a, b, _ in wanted]
    assert (found["n_days"] + found["n_unknown"] == found["span_days"]).all()
    assert found["n_days"].sum() == values.count(ROOTED)


def test_runs_name_their_orbit_and_know_empty() -> None:
    verdict = xr.DataArray(
        np.array([[1, 2], [1, 2], [0, 0], [1, 2]], dtype="i1"),
        {"time": dates(4), "orbit": ["ascending", "descending"]},
    )
    found = episodes.run_lengths(verdict, ROOTED)
    assert found["orbit"].tolist() == ["ascending", "ascending"]
    assert found["n_days"].tolist() == [2, 1]
    both = episodes.run_lengths(verdict, [ROOTED, ROOTLESS])
    assert both["orbit"].tolist() == ["ascending"] * 2 + ["descending"] * 2
    none = episodes.run_lengths(verdict, ProfileVerdict.MIXED)
    assert list(none.columns) == list(found.columns)
    assert none.empty
    assert (none.dtypes == found.dtypes).all() or none["orbit"].dtype == object
    shapeless = episodes.run_lengths(series([4, 4, 0], dtype="i1"), ProfileVerdict.AMPLITUDE_ONLY)
    assert shapeless["n_days"].tolist() == [2]
    with pytest.raises(ValueError, match="max_gap"):
        episodes.run_lengths(verdict, ROOTED, max_gap=-1)


# --- Onset and recovery -----------------------------------------------------------------------------------------------


def best_steps(x: Any, min_days: int) -> tuple[int, int, float]:
    """By least squares of every raised stretch."""
    n, best = len(x), (-1, -1, 0.0)
    total = ((x - x.mean()) ** 2).sum()
    for k in range(min_days, n - min_days + 1):
        for s in range(n - k + 1):
            inside = np.zeros(n, dtype=bool)
            inside[s : s + k] = True
            a, b = x[inside], x[~inside]
            explained = total - ((a - a.mean()) ** 2).sum() - ((b - b.mean()) ** 2).sum()
            if a.mean() > b.mean() and explained > best[2] + 1e-12:
                best = (s, s + k, explained)
    return best


@pytest.mark.parametrize("min_days", [1, 3])
def test_the_fit_is_least_squares(min_days: int, rng: np.random.Generator) -> None:
    x = rng.normal(size=(12, 17))
    x[::2, 5:11] += 2
    start, stop, best = onset._two_steps(x, min_days)
    for row, found in zip(x, zip(start, stop, best, strict=True), strict=True):
        wanted = best_steps(row, min_days)
        assert found[:2] == wanted[:2]
        assert found[2] == pytest.approx(wanted[2])


def release(rng: np.random.Generator, height: float = 6.0) -> xr.DataArray:
    """1 August to 10 September, raised from 23 August to 9 September, a quarter of the days missing."""
    x = rng.normal(size=41)
    x[22:40] += height
    x[rng.permutation([t for t in range(41) if t not in (21, 22, 39, 40)])[:10]] = np.nan
    return series(x)


def test_onset_and_recovery_of_a_release(rng: np.random.Generator) -> None:
    found = episodes.onset_recovery(release(rng), min_days=1)
    assert str(found.onset.values)[:10] == "2022-08-23"
    assert str(found.recovery.values)[:10] == "2022-09-10"
    assert found.onset_low <= found.onset <= found.onset_high
    assert found.recovery_low <= found.recovery
    assert found.n.item() == 31
    assert found.p.item() < 0.05
    assert 5 < found.elevation.item() < 7


def test_a_recovery_after_the_last_day_was_not_seen(rng: np.random.Generator) -> None:
    x = rng.normal(size=41)
    x[20:] += 5
    found = episodes.onset_recovery(series(x))
    assert str(found.onset.values)[:10] == "2022-08-21"
    assert np.isnat(found.recovery.values)
    assert np.isnat(found.recovery_high.values)
    flipped = episodes.onset_recovery(series(x[::-1]))
    assert np.isnat(flipped.onset.values)
    assert np.isnat(flipped.onset_low.values)
    assert str(flipped.recovery.values)[:10] == "2022-08-22"


def test_the_interval_reaches_over_unseen_days(rng: np.random.Generator) -> None:
    x = rng.normal(size=41) * 0.01
    x[20:30] += 5
    x[15:20] = np.nan
    found = episodes.onset_recovery(series(x))
    assert str(found.onset.values)[:10] == str(found.onset_high.values)[:10] == "2022-08-21"
    assert str(found.onset_low.values)[:10] == "2022-08-16"  # the day after the last that was seen quiet


def test_the_search_window_counts_from_the_origin_date(rng: np.random.Generator) -> None:
    score = release(rng)
    origin = np.datetime64("2022-09-05T04:52:18")
    found = episodes.onset_recovery(score, origin_time=origin, search_days=(-20, 5), min_days=1)
    wanted = episodes.onset_recovery(score.sel(time=slice("2022-08-16", "2022-09-09")), min_days=1)
    xr.testing.assert_equal(found, wanted)
    assert np.isnat(found.recovery.values)  # 10 September is outside
    with pytest.raises(ValueError, match="no day of score lies in the search window"):
        episodes.onset_recovery(score, origin_time=np.datetime64("2021-09-05"))


def test_where_nothing_can_be_told_there_is_no_date(rng: np.random.Generator) -> None:
    x = xr.DataArray(np.full((3, 20), np.nan), {"time": dates(20)}, dims=("case", "time"))
    x[1, :5] = rng.normal(size=5)
    x[2] = 1.0
    found = episodes.onset_recovery(x)
    assert np.isnan(found.p).all()
    assert np.isnat(found.onset).all()
    assert found.n.values.tolist() == [0, 5, 20]
    noise = episodes.onset_recovery(series(np.random.default_rng(3).normal(size=41)))
    assert noise.p.item() > 0.05
    assert np.isnat(noise.onset.values)
    assert np.isfinite(noise.elevation.item())


def test_a_fall_is_no_episode() -> None:
    """A stretch below the rest raises nothing but the rest."""
    x = np.random.default_rng(4).normal(size=41)
    x[10:25] -= 5
    found = episodes.onset_recovery(series(x))
    assert np.isnat(found.onset.values) or not 8 < (found.onset.values - dates(1)[0]) / DAY < 20


@given(st.floats(0.01, 100), st.floats(-100, 100))
def test_units_do_not_matter(scale: float, shift: float) -> None:
    score = release(np.random.default_rng(5))
    one = episodes.onset_recovery(score, n_resamples=49)
    other = episodes.onset_recovery(scale * score + shift, n_resamples=49)
    for name in one.data_vars:
        if name != "elevation":
            np.testing.assert_array_equal(one[name].values, other[name].values, err_msg=str(name))
    assert other.elevation.item() == pytest.approx(scale * one.elevation.item(), rel=1e-6)


def test_series_do_not_disturb_each_other_and_the_seed_decides(rng: np.random.Generator) -> None:
    pair = xr.concat([release(rng), release(rng, 2.0)], "orbit")
    found = episodes.onset_recovery(pair, n_resamples=99, seed=7)
    for o in range(2):
        alone = episodes.onset_recovery(pair.isel(orbit=o), n_resamples=99, seed=7)
        xr.testing.assert_equal(found.isel(orbit=o), alone)
    with no_compute():
        lazy = episodes.onset_recovery(pair.chunk(orbit=1, time=9), n_resamples=99, seed=7)
    assert_lazy_and_equal(lazy, found)


def test_false_alarms_and_power() -> None:
    """Of white noise about 5 % or fewer have an episode; of 2.5 sigma nearly all, most within two days."""
    rng = np.random.default_rng(6)
    noise = xr.DataArray(rng.normal(size=(200, 41)), {"time": dates(41)}, dims=("world", "time"))
    quiet = episodes.onset_recovery(noise, n_resamples=99)
    assert (quiet.p <= 0.05).mean() < 0.08
    noise[:, 22:40] += 2.5
    found = episodes.onset_recovery(noise, n_resamples=99)
    assert (found.p <= 0.05).mean() > 0.9
    found = found.isel(world=(found.p <= 0.05).values)
    off = np.abs((found.onset.values - dates(41)[22]) / DAY)
    assert (off <= 2).mean() > 0.9
    covered = (found.onset_low.values <= dates(41)[22]) & (dates(41)[22] <= found.onset_high.values)
    assert covered.mean() > 0.85


def test_noise_that_clings_together_is_not_taken_for_episodes() -> None:
    """Of noise with an autocorrelation of 0.6 against white noise more than half would have an episode."""
    rng = np.random.default_rng(12)
    noise = rng.normal(size=(200, 41))
    for t in range(1, 41):
        noise[:, t] = 0.6 * noise[:, t - 1] + 0.8 * noise[:, t]
    worlds = xr.DataArray(noise, {"time": dates(41)}, dims=("world", "time"))
    found = episodes.onset_recovery(worlds, n_resamples=99)
    assert (found.p <= 0.05).mean() < 0.16


def test_a_strong_short_release_is_found_however_few_its_blocks() -> None:
    x = np.random.default_rng(13).normal(size=30)
    x[12:18] += 8.0
    found = episodes.onset_recovery(series(x))
    assert found.p.item() <= 0.01
    assert str(found.onset.values)[:10] == "2022-08-13"


@pytest.mark.parametrize(
    "options", [{"min_days": 0}, {"n_resamples": 0}, {"block_days": 0}, {"alpha": 0.0}, {"level": 1.0}]
)
def test_onset_refuses(options: dict[str, Any], rng: np.random.Generator) -> None:
    with pytest.raises(ValueError, match=next(iter(options))):
        episodes.onset_recovery(release(rng), **options)


@given(st.integers(1, 60), st.integers(1, 12), st.integers(0, 99))
def test_shuffled_blocks_are_orders_that_keep_neighbours(n: int, block: int, seed: int) -> None:
    orders = _labelled.shuffled_blocks(n, block, 5, np.random.default_rng(seed))
    for order in orders:
        assert sorted(order) == list(range(n))
        torn = np.count_nonzero(np.diff(order) != 1)
        assert torn <= math.ceil(n / block) + 1


def test_shuffled_blocks_are_cut_anywhere() -> None:
    orders = _labelled.shuffled_blocks(12, 4, 400, np.random.default_rng(1))
    kept = [{(a, b) for a, b in pairwise(o) if b == a + 1} for o in orders.tolist()]
    torn = [sum((i, i + 1) not in pairs for pairs in kept) for i in range(11)]
    assert min(torn) > 30


def test_lag_one_is_that_of_pandas_and_knows_gaps(rng: np.random.Generator) -> None:
    days = dates(500).astype("M8[D]")
    x = np.convolve(rng.normal(size=502), [0.5, 0.5, 0.5], "valid")
    assert _labelled.lag_one(x, days) == pytest.approx(xr.DataArray(x).to_series().autocorr(1), abs=0.01)
    assert np.isnan(_labelled.lag_one(x[::2], days[::2]))
    assert np.isnan(_labelled.lag_one(np.ones(10), days[:10]))
    assert np.isnan(_labelled.lag_one(np.full(10, np.nan), days[:10]))


# --- A place and its surroundings -------------------------------------------------------------------------------------


def grid(rng: np.random.Generator, **coords: Any) -> xr.DataArray:
    coords = {"lat": np.arange(26.5, 34), "lon": np.arange(97.5, 108)} | coords
    shape = (4, 3, len(coords["lat"]), len(coords["lon"]))
    values = rng.normal(100, 3, shape)
    values[rng.random(shape) < 0.2] = np.nan
    level = ("level", [850.0, 600.0, 400.0], {"units": "hPa"})
    return xr.DataArray(
        values, {"time": dates(4), "level": level, **coords}, ("time", "level", "lat", "lon"), "co", {"units": "ppb"}
    )


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_contrast_by_plain_loops(dtype: str, rng: np.random.Generator) -> None:
    co = grid(rng).astype(dtype)
    co[0, 0, 3, 4] = np.nan
    found = episodes.lateral_contrast(co, longitude=102.08, latitude=29.59)
    lat, lon = co.lat.values, co.lon.values
    row, column = 3, 5  # 29.5 N, 102.5 E
    for t in range(4):
        for k in range(3):
            ring = []
            for i in range(lat.size):
                for j in range(lon.size):
                    arc = distance_km(lon[column], lat[row], lon[j], lat[i]) / distance_km(0, 0, 0, 1)
                    if 1 + 1e-6 < arc <= 3 + 1e-6 and np.isfinite(co.values[t, k, i, j]):
                        ring.append(float(co.values[t, k, i, j]))
            spread = 1.4826 * np.median(np.abs(np.array(ring) - np.median(ring)))
            wanted = (float(co.values[t, k, row, column]) - np.median(ring)) / spread
            assert found.n_ring.values[t, k] == len(ring)
            np.testing.assert_allclose(found.contrast.values[t, k], wanted, rtol=1e-5)
            np.testing.assert_allclose(found.ring_median.values[t, k], np.median(ring), rtol=1e-6)
            np.testing.assert_allclose(found.ring_spread.values[t, k], spread, rtol=1e-5)
    assert found.contrast.dims == ("time", "level")
    assert found.contrast.dtype == np.dtype(dtype)
    assert found.ring_median.attrs["units"] == "ppb"
    with no_compute():
        lazy = episodes.lateral_contrast(co.chunk(lat=3, lon=3, time=1), longitude=102.08, latitude=29.59)
    assert_lazy_and_equal(lazy, found)


def test_contrast_needs_a_ring(rng: np.random.Generator) -> None:
    co = grid(rng).isel(time=0)
    near = (np.abs(co.lat - 29.5) < 1.1) & (np.abs(co.lon - 102.5) < 1.1)
    found = episodes.lateral_contrast(co.where(near), longitude=102.5, latitude=29.5)
    assert (found.n_ring <= 4).all()  # the corners alone
    assert np.isnan(found.contrast).all()
    flat = episodes.lateral_contrast(xr.ones_like(co), longitude=102.5, latitude=29.5)
    assert np.isnan(flat.contrast).all()
    assert (flat.ring_spread == 0).all()
    own = co.copy()
    own[:, 3, 5] = np.inf
    assert np.isnan(episodes.lateral_contrast(own, longitude=102.5, latitude=29.5).contrast).all()
    blank = episodes.lateral_contrast(co * np.nan, longitude=102.5, latitude=29.5)
    assert np.isnan(blank.ring_median).all()
    assert (blank.n_ring == 0).all()
    with pytest.raises(ValueError, match="inner_deg and outer_deg"):
        episodes.lateral_contrast(co, longitude=102.5, latitude=29.5, inner_deg=3, outer_deg=1)


@given(st.floats(0.1, 10), st.floats(-50, 50), st.randoms(use_true_random=False))
def test_contrast_knows_neither_unit_nor_order(scale: float, shift: float, random: Any) -> None:
    rng = np.random.default_rng(8)
    co = grid(rng)
    one = episodes.lateral_contrast(co, longitude=102.08, latitude=29.59)
    other = episodes.lateral_contrast(scale * co + shift, longitude=102.08, latitude=29.59)
    np.testing.assert_allclose(other.contrast, one.contrast, rtol=1e-8, atol=1e-9)
    # the cells of the ring may change places
    lon, lat = np.meshgrid(co.lon.values, co.lat.values)
    arc = distance_km(102.5, 29.5, lon, lat) / distance_km(0, 0, 0, 1)
    ring = np.flatnonzero(((arc > 1 + 1e-6) & (arc <= 3 + 1e-6)).ravel())
    order = ring.tolist()
    random.shuffle(order)
    flat = co.values.reshape(4, 3, -1).copy()
    flat[..., ring] = flat[..., order]
    shuffled = episodes.lateral_contrast(co.copy(data=flat.reshape(co.shape)), longitude=102.5, latitude=29.5)
    straight = episodes.lateral_contrast(co, longitude=102.5, latitude=29.5)
    np.testing.assert_array_equal(shuffled.contrast, straight.contrast)


def test_levels_below_ground_do_not_count(rng: np.random.Generator) -> None:
    co = grid(rng)
    ground = xr.DataArray(np.full((8, 11), 900.0), {"lat": co.lat, "lon": co.lon}, attrs={"units": "hPa"})
    ground[:, :5] = 852.0  # 850 hPa is within 5 hPa of the ground there
    found = episodes.lateral_contrast(co, longitude=102.08, latitude=29.59, surface_pressure=ground)
    wanted = episodes.lateral_contrast(co.where((co.level < 845) | (ground > 870)), longitude=102.08, latitude=29.59)
    xr.testing.assert_equal(found, wanted.transpose(*found.dims))
    assert (found.n_ring[:, 0] < found.n_ring[:, 1]).any()
    buried = episodes.lateral_contrast(
        co, longitude=102.08, latitude=29.59, surface_pressure=ground.where(ground > 870)
    )
    everywhere = episodes.lateral_contrast(co, longitude=102.08, latitude=29.59)
    assert (buried.n_ring < everywhere.n_ring).all()


def test_the_neighbourhood_of_luding(rng: np.random.Generator) -> None:
    co = grid(rng)
    found = episodes.neighbourhood(co.to_dataset(), longitude=102.08, latitude=29.59)
    assert isinstance(found, xr.Dataset)
    xr.testing.assert_identical(found.co, co.isel(lat=slice(2, 5), lon=slice(4, 7)))
    alone = episodes.neighbourhood(co, longitude=102.08 + 360, latitude=29.59, radius_cells=0)
    assert (alone.lat.item(), alone.lon.item()) == (29.5, 102.5)
    corner = episodes.neighbourhood(co, longitude=97.1, latitude=26.1)
    assert corner.shape[-2:] == (2, 2)


def test_the_neighbourhood_goes_on_past_the_edge_of_the_globe(rng: np.random.Generator) -> None:
    globe = grid(rng, lat=np.arange(-89.5, 90), lon=np.arange(-179.5, 180))
    found = episodes.neighbourhood(globe, longitude=179.9, latitude=10.2)
    assert found.lon.values.tolist() == [178.5, 179.5, 180.5]
    np.testing.assert_array_equal(found.values[..., 2], globe.sel(lon=-179.5).values[..., 99:102])
    west = episodes.neighbourhood(globe, longitude=-180, latitude=10.2)
    assert west.lon.values.tolist() in ([-180.5, -179.5, -178.5], [178.5, 179.5, 180.5])
    ring = episodes.lateral_contrast(globe, longitude=179.9, latitude=10.2)
    inside = episodes.lateral_contrast(globe.assign_coords(lon=globe.lon + 90), longitude=269.9, latitude=10.2)
    np.testing.assert_array_equal(ring.contrast, inside.contrast)


@pytest.mark.parametrize(("longitude", "latitude"), [(96.9, 29.6), (108.1, 29.6), (102.0, 25.9), (102.0, 34.1)])
def test_a_place_off_the_grid_is_an_error_that_names_it(
    longitude: float, latitude: float, rng: np.random.Generator
) -> None:
    for function in (episodes.neighbourhood, episodes.lateral_contrast):
        with pytest.raises(ValueError, match=rf"{longitude:g} E, {latitude:g} N lies off the grid.*97\.5\.\.107\.5 E"):
            function(grid(rng), longitude=longitude, latitude=latitude)
