"""Sliding windows: against their twins, against pandas, and their laws."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import oracle.windows
from checks import assert_close, assert_same_bits, by_name
from gasquake import kernels
from registry import mixing_ratio
from strategies import FLOATS, series

EPS = np.finfo(np.float64).eps
STATISTICS = ("rolling_mean", "rolling_std", "rolling_median", "rolling_mad")
MOMENTS = ("rolling_mean", "rolling_std")
RANKS = ("rolling_median", "rolling_mad")
ORDERS = [(1, None), (2, 1), (2, None), (7, 1), (7, 2), (8, None), (31, 2), (100, 5)]


def quantised(rng, shape, dtype):
    """Few distinct values: ties, constant windows, MAD = 0."""
    values = rng.integers(0, 4, shape) * 1e-9 + 1.8e-6
    values[rng.random(shape) < 0.15] = np.nan
    values[: shape[0] // 2, 0] = 1.8e-6
    return values.astype(dtype)


def assert_statistic(name, found, wanted):
    if name in RANKS:
        assert_same_bits({name: found}, {name: wanted})
    else:
        # Level over sigma is 200 here; test_accuracy.py goes to 1e6.
        assert_close(found, wanted, rtol=1e-12)


@pytest.mark.parametrize("draw", [mixing_ratio, quantised])
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", STATISTICS)
def test_statistics_agree_with_the_twin(name, dtype, draw, rng):
    values = draw(rng, (40, 17), dtype)
    for (window, min_count), center in itertools.product(ORDERS, (False, True)):
        options = {"min_count": min_count, "center": center}
        found = getattr(kernels, name)(values, window, **options)
        assert_statistic(name, found, getattr(oracle.windows, name)(values, window, **options))


@pytest.mark.parametrize("method", ["moment", "robust"])
@pytest.mark.parametrize("draw", [mixing_ratio, quantised])
@pytest.mark.parametrize("dtype", FLOATS)
def test_zscore_agrees_with_the_twin(dtype, draw, method, rng):
    values = draw(rng, (40, 17), dtype)
    for (window, min_count), include_current in itertools.product(ORDERS, (False, True)):
        options = {"min_count": min_count, "include_current": include_current, "method": method}
        found = kernels.rolling_zscore(values, window, **options)
        wanted = oracle.windows.rolling_zscore(values, window, **options)
        np.testing.assert_array_equal(found.count, wanted.count, strict=True)
        assert_close(found.anomaly, wanted.anomaly, rtol=1e-12, atol=4 * EPS * 1.8e-6)
        assert_close(found.zscore, wanted.zscore, rtol=1e-12, atol=1e-11)


@pytest.mark.parametrize("axis", [0, 1, 2, 3, -1, -2, -3, -4])
@pytest.mark.parametrize("name", [*STATISTICS, "rolling_zscore"])
def test_every_axis(name, axis, rng):
    values = mixing_ratio(rng, (5, 9, 3, 17), np.float64)
    found = by_name(getattr(kernels, name)(values, 4, min_count=2, axis=axis))
    moved = by_name(getattr(kernels, name)(np.moveaxis(values, axis, 0).copy(), 4, min_count=2))
    assert_same_bits(found, {field: np.moveaxis(array, 0, axis) for field, array in moved.items()})


@pytest.mark.parametrize("name", [*STATISTICS, "rolling_zscore"])
@pytest.mark.parametrize("n", [0, 1, 2, 15, 16, 17, 33, 64])
def test_lengths_and_widths_around_the_tiles(name, n, rng):
    for pixels in (1, 15, 16, 17, 31, 32, 33, 65):
        values = mixing_ratio(rng, (n, pixels), np.float32)
        whole = by_name(getattr(kernels, name)(values, 5, min_count=2))
        for pixel in {0, pixels // 2, pixels - 1}:
            alone = by_name(getattr(kernels, name)(values[:, pixel].copy(), 5, min_count=2))
            assert_same_bits({field: array[:, pixel] for field, array in whole.items()}, alone)


@pytest.mark.parametrize("center", [False, True])
@pytest.mark.parametrize("name", ["mean", "std", "median"])
def test_windows_lie_where_pandas_puts_them(name, center, rng):
    values = mixing_ratio(rng, (60, 3), np.float64)
    for window, min_count in [(1, 1), (4, None), (4, 1), (5, 2), (59, 3), (60, 10), (61, 1), (200, 1)]:
        if name == "std" and min_count == 1:
            min_count = 2  # pandas has no spread of one sample either
            if window == 1:
                continue
        found = getattr(kernels, f"rolling_{name}")(values, window, min_count=min_count, center=center)
        frame = pd.DataFrame(np.where(np.isfinite(values), values, np.nan))
        wanted = getattr(frame.rolling(window, min_periods=min_count, center=center), name)().to_numpy()
        np.testing.assert_allclose(found, wanted, rtol=1e-6)  # pandas' running sums are no better


# --- laws ---------------------------------------------------------------------------------------------------------


@given(series(), st.integers(1, 45), st.booleans(), st.data())
def test_counts_decide_what_is_nan(values, window, center, data):
    min_count = data.draw(st.integers(1, window))
    finite = np.isfinite(values).astype(float)
    valid = np.zeros(values.shape)
    for t in range(len(values)):
        first, last = (t - window // 2, t + (window - 1) // 2) if center else (t - window + 1, t)
        valid[t] = finite[max(first, 0) : last + 1].sum(axis=0)
    for name in STATISTICS:
        found = getattr(kernels, name)(values, window, min_count=min_count, center=center)
        needed = max(min_count, 2) if name == "rolling_std" else min_count
        np.testing.assert_array_equal(np.isnan(found), valid < needed)
        assert not np.isinf(found).any()


@given(series(), st.integers(1, 45))
def test_bounds(values, window):
    """Mean and median lie among the samples of the window, spreads are not negative."""
    finite = np.where(np.isfinite(values), values, np.nan)
    frame = pd.DataFrame(finite).rolling(window, min_periods=1)
    low, high = frame.min().to_numpy(), frame.max().to_numpy()
    median = kernels.rolling_median(values, window, min_count=1)
    assert not (median < low).any()
    assert not (median > high).any()
    mean = kernels.rolling_mean(values, window, min_count=1)
    ulp = np.finfo(values.dtype).eps
    assert not (mean < low * (1 - ulp)).any()
    assert not (mean > high * (1 + ulp)).any()
    assert not (kernels.rolling_std(values, window, min_count=1) < 0).any()
    mad = kernels.rolling_mad(values, window, min_count=1)
    assert not (mad < 0).any()
    assert not (mad > (high - low) * (1 + ulp)).any()


@given(series())
def test_window_of_one(values):
    finite = np.where(np.isfinite(values), values, np.asarray(np.nan, values.dtype))
    np.testing.assert_array_equal(kernels.rolling_mean(values, 1), finite, strict=True)
    np.testing.assert_array_equal(kernels.rolling_median(values, 1), finite, strict=True)
    np.testing.assert_array_equal(kernels.rolling_mad(values, 1), finite - finite, strict=True)
    assert np.isnan(kernels.rolling_std(values, 1)).all()
    found = kernels.rolling_zscore(values, 1)
    np.testing.assert_array_equal(found.anomaly[1:], finite[1:] - finite[:-1])
    assert np.isnan(found.zscore).all()
    assert found.count[:1].sum() == 0


@given(series(min_n=1), st.integers(1, 10**12))
def test_a_window_longer_than_the_series_is_all_there_is(values, extra):
    n = len(values)
    for name in (*STATISTICS, "rolling_zscore"):
        kernel = getattr(kernels, name)
        assert_same_bits(by_name(kernel(values, n + extra, min_count=1)), by_name(kernel(values, n + 1, min_count=1)))
        if name in STATISTICS:
            assert np.isnan(kernel(values, n + extra)).all()


CAUSAL = [
    *((name, {}) for name in STATISTICS),
    *(
        ("rolling_zscore", {"method": method, "include_current": include})
        for method in ("moment", "robust")
        for include in (False, True)
    ),
]


@pytest.mark.parametrize(("name", "options"), CAUSAL)
@given(values=series(min_n=1), window=st.integers(1, 12), data=st.data())
def test_causal_windows_do_not_see_the_future(name, options, values, window, data):
    """Bit for bit."""
    n = data.draw(st.integers(1, len(values)))
    whole = by_name(getattr(kernels, name)(values, window, min_count=1, **options))
    prefix = by_name(getattr(kernels, name)(values[:n].copy(), window, min_count=1, **options))
    assert_same_bits({field: array[:n] for field, array in whole.items()}, prefix)


@pytest.mark.parametrize(("name", "options"), CAUSAL)
@given(values=series(min_n=1), window=st.integers(1, 12), data=st.data())
def test_what_has_left_the_window_leaves_no_trace(name, options, values, window, data):
    """Bit for bit, whatever it was."""
    n = data.draw(st.integers(0, len(values)))
    spoilt = values.copy()
    spoilt[:n] = data.draw(st.sampled_from([9999.0, -9999.0, 1e30, -1e30, np.nan, np.inf, 0.0]))
    whole = by_name(getattr(kernels, name)(values, window, min_count=1, **options))
    found = by_name(getattr(kernels, name)(spoilt, window, min_count=1, **options))
    past = n + window + 1
    assert_same_bits({f: array[past:] for f, array in found.items()}, {f: array[past:] for f, array in whole.items()})


@given(values=series(min_n=2), window=st.integers(1, 12), data=st.data())
def test_where_the_series_starts_does_not_matter(values, window, data):
    """Ranks bit for bit; moments to 2 ulp of the largest sample, or 1e-12."""
    cut = data.draw(st.integers(0, len(values) - 1))
    for name in STATISTICS:
        whole = getattr(kernels, name)(values, window, min_count=1)[cut + window :]
        found = getattr(kernels, name)(values[cut:].copy(), window, min_count=1)[window:]
        if name in RANKS:
            np.testing.assert_array_equal(found, whole)
        else:
            largest = np.abs(values[np.isfinite(values)]).max(initial=0.0)
            assert_close(found, whole, rtol=1e-12, atol=2 * EPS * float(largest))


@pytest.mark.parametrize("name", STATISTICS)
@given(values=series(), window=st.integers(1, 20), center=st.booleans(), power=st.integers(-20, 20))
def test_a_power_of_two_scales_bit_for_bit(name, values, window, center, power):
    scale = values.dtype.type(2.0**power)
    found = getattr(kernels, name)(values * scale, window, min_count=1, center=center)
    wanted = getattr(kernels, name)(values, window, min_count=1, center=center) * scale
    np.testing.assert_array_equal(found, wanted, strict=True)


@given(
    values=series(), window=st.integers(1, 20), power=st.integers(-20, 20), method=st.sampled_from(["moment", "robust"])
)
def test_a_zscore_has_no_unit(values, window, power, method):
    scale = values.dtype.type(2.0**power)
    scaled = kernels.rolling_zscore(values * scale, window, min_count=1, method=method)
    plain = kernels.rolling_zscore(values, window, min_count=1, method=method)
    np.testing.assert_array_equal(scaled.zscore, plain.zscore, strict=True)
    np.testing.assert_array_equal(scaled.anomaly, plain.anomaly * scale, strict=True)


@given(values=series(), window=st.integers(1, 20), center=st.booleans())
def test_the_sign_flips_with_the_values(values, window, center):
    for name, sign in zip(STATISTICS, (-1, 1, -1, 1), strict=True):
        found = getattr(kernels, name)(-values, window, min_count=1, center=center)
        np.testing.assert_array_equal(found, sign * getattr(kernels, name)(values, window, min_count=1, center=center))


@given(st.lists(st.integers(-1000, 1000), min_size=1, max_size=60), st.integers(1, 12), st.integers(-(2**30), 2**30))
def test_a_shift_moves_the_centre_and_not_the_spread(numbers, window, shift):
    values = np.array(numbers, np.float64)
    for name in STATISTICS:
        plain = getattr(kernels, name)(values, window, min_count=1)
        found = getattr(kernels, name)(values + shift, window, min_count=1)
        wanted = plain + shift if name in ("rolling_mean", "rolling_median") else plain
        if name in RANKS:
            np.testing.assert_array_equal(found, wanted)
        else:
            assert_close(found, wanted, rtol=1e-12, atol=4 * EPS * (abs(shift) + 1000))


@given(values=series(), half=st.integers(0, 6))
def test_odd_centred_windows_run_backwards_alike(values, half):
    window = 2 * half + 1
    for name in RANKS:
        forward = getattr(kernels, name)(values, window, min_count=1, center=True)
        backward = getattr(kernels, name)(values[::-1].copy(), window, min_count=1, center=True)
        np.testing.assert_array_equal(forward, backward[::-1])


@given(series(), st.integers(1, 20), st.sampled_from(["moment", "robust"]))
def test_zscore_is_made_of_the_window_statistics(values, window, method):
    found = kernels.rolling_zscore(values, window, min_count=1, method=method, include_current=True)
    centre = kernels.rolling_mean if method == "moment" else kernels.rolling_median
    wide = values.astype(np.float64)
    missing = ~np.isfinite(wide)
    wide[missing] = np.nan
    wanted = (wide - centre(wide, window, min_count=1)).astype(values.dtype)
    largest = float(np.abs(wide[~missing]).max(initial=0.0))
    assert_close(found.anomaly, wanted, rtol=1e-12, atol=4 * EPS * largest)
    np.testing.assert_array_equal(np.isnan(found.anomaly), missing)
    assert found.count.dtype == np.int32


def test_constant_windows_have_no_spread_and_no_zscore():
    for value in (1.8e-6, 0.1, 300.7, 1e23 / 3):
        for dtype in FLOATS:
            values = np.full((40, 17), value, dtype)
            values[3, :] = np.nan
            np.testing.assert_array_equal(kernels.rolling_std(values, 7, min_count=2)[1:], np.zeros((39, 17), dtype))
            np.testing.assert_array_equal(kernels.rolling_mad(values, 7, min_count=1), np.zeros((40, 17), dtype))
            for method in ("moment", "robust"):
                found = kernels.rolling_zscore(values, 7, min_count=2, method=method)
                assert np.isnan(found.zscore).all()
                np.testing.assert_array_equal(found.anomaly[4:], np.zeros((36, 17), dtype))


def test_the_robust_spread_falls_back_to_quartiles():
    # More than half are equal (MAD 0), quartiles 0 and 1: spread (1 - 0)/1.349.
    values = np.array([0.0, 0, 0, 0, 0, 1, 1, 1, 3])
    found = kernels.rolling_zscore(values, 8, method="robust")
    assert found.anomaly[-1] == 3
    assert found.zscore[-1] == pytest.approx(3 * 1.349, rel=1e-15)


def test_defaults_and_shapes():
    values = np.arange(10.0)
    assert np.isnan(kernels.rolling_mean(values, 4)[:3]).all()  # min_count is the window
    np.testing.assert_array_equal(kernels.rolling_mean(values, 4)[3:], values[3:] - 1.5)
    found = kernels.rolling_zscore(values, 4)
    np.testing.assert_array_equal(found.count, [0, 1, 2, 3, 4, 4, 4, 4, 4, 4])
    assert np.isnan(found.anomaly[:4]).all()  # the present sample is not in its own baseline
    np.testing.assert_array_equal(found.anomaly[4:], 2.5)
    with pytest.raises(AttributeError):
        found.count = None
