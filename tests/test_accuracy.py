"""Accuracy against exact rational arithmetic and 50-digit logarithms; cases A to H are those where others fail.

`exact_*` take the samples of a window as they lie in memory. float64 results are held to a relative error, float32 ones
to being the float32 next to the exact answer, or its neighbour (1 ulp): the exact answer rounded through float64 can
differ from the exact answer rounded once.
"""

from __future__ import annotations

import math
import statistics
from fractions import Fraction

import mpmath
import numpy as np
import pytest

from gasquake.kernels import (
    rolling_mad,
    rolling_mean,
    rolling_median,
    rolling_std,
    rolling_zscore,
    scan_profiles,
    seasonal_zscore,
)
from oracle.climatology import calendar, reference_of
from oracle.windows import window_of

N, PIXELS = 400, 3
W = 30


def exact_mean(samples: np.ndarray) -> Fraction:
    return statistics.mean(map(Fraction, samples.tolist()))


def exact_std(samples: np.ndarray) -> mpmath.mpf:
    """ddof=1, to 50 digits."""
    variance = statistics.variance(map(Fraction, samples.tolist()))
    with mpmath.workdps(50):
        return mpmath.sqrt(mpmath.mpf(variance.numerator) / variance.denominator)


def windows(values: np.ndarray, window: int = W, **options):
    """Index and valid samples of every full window of every pixel."""
    for pixel in range(values.shape[1]):
        lane = values[:, pixel].astype(np.float64)
        lane[~np.isfinite(lane)] = np.nan
        for t in range(len(lane)):
            samples = window_of(lane, t, window, **options)
            if samples.size >= 2:
                yield (t, pixel), samples


def relative(found: float, exact) -> float:
    with mpmath.workdps(50):
        exact = mpmath.mpf(exact.numerator) / exact.denominator if isinstance(exact, Fraction) else exact
        return float(abs(mpmath.mpf(float(found)) - exact) / abs(exact)) if exact else float(abs(found))


def ulps32(found: np.float32, exact) -> float:
    """Distance from the float32 nearest to the exact answer, in its ulps."""
    with mpmath.workdps(50):
        nearest = np.float32(
            float(mpmath.mpf(exact.numerator) / exact.denominator if isinstance(exact, Fraction) else exact)
        )
    return abs(float(found) - float(nearest)) / float(np.spacing(np.abs(nearest)))


def level(rng, centre, spread, dtype):
    return rng.normal(centre, spread, (N, PIXELS)).astype(dtype)


@pytest.mark.parametrize("ratio", [1.0, 1e3, 1e6])
@pytest.mark.parametrize("window", [3, W, 365])
def test_float64_mean_and_std_at_any_level(window, ratio, rng):
    values = level(rng, 1.8e-6, 1.8e-6 / ratio, np.float64)
    values[rng.random(values.shape) < 0.2] = np.nan
    mean, std = rolling_mean(values, window, min_count=2), rolling_std(values, window, min_count=2)
    found = rolling_zscore(values, window, min_count=2, include_current=True)
    for at, samples in list(windows(values, window))[::7]:
        assert relative(mean[at], exact_mean(samples)) <= (1e-15 if ratio > 1 else 1e-13)
        assert relative(std[at], exact_std(samples)) <= 1e-12
        if np.isfinite(values[at]):
            anomaly = Fraction(values[at]) - exact_mean(samples)
            assert abs(found.anomaly[at] - float(anomaly)) <= 2 * np.spacing(max(np.abs(samples).max(), 1.8e-6))


@pytest.mark.parametrize("where", [0, 1, W - 1, W, 57])
def test_float64_after_a_spike_has_left(where, rng):
    values = rng.uniform(0, 1, (N, PIXELS))
    values[where] = 1e8
    clean = values.copy()
    clean[where] = 0.5
    mean, std = rolling_mean(values, W), rolling_std(values, W)
    for at, samples in windows(values):
        if at[0] >= where + W:
            assert relative(mean[at], exact_mean(samples)) <= 1e-12  # 1e-9 was promised
            assert relative(std[at], exact_std(samples)) <= 1e-12
    # More than promised: bit for bit no trace of it.
    np.testing.assert_array_equal(mean[where + W :], rolling_mean(clean, W)[where + W :])
    np.testing.assert_array_equal(std[where + W :], rolling_std(clean, W)[where + W :])


def test_float64_while_a_spike_is_in_the_window(rng):
    values = rng.uniform(0, 1, (N, PIXELS))
    values[57] = 1e8
    mean, std = rolling_mean(values, W), rolling_std(values, W)
    for at, samples in windows(values):
        assert relative(mean[at], exact_mean(samples)) <= 1e-12 or samples.size < W
        assert relative(std[at], exact_std(samples)) <= 1e-12 or samples.size < W


def fills(values, *places):
    for place in places:
        values[place] = 9999.0
    return values


CASES = {
    "A vmr": lambda rng: np.where(rng.random((N, PIXELS)) < 0.2, np.nan, level(rng, 1.8e-6, 1e-8, np.float32)),
    "A vmr, weak": lambda rng: level(rng, 1.8e-6, 1e-9, np.float32),
    "B fill": lambda rng: fills(level(rng, 1.8e-6, 1e-8, np.float32), 50),
    "B' spike": lambda rng: np.where(np.arange(N)[:, None] == 50, np.float32(1), level(rng, 1.8e-6, 1e-8, np.float32)),
    "B'' fill, float64": lambda rng: fills(level(rng, 1.8e-6, 1e-8, np.float64), 50),
    "C kelvin": lambda rng: level(rng, 300, 0.01, np.float32),
    "C' 1e8": lambda rng: level(rng, 1e8, 1, np.float64),
    "E moments": lambda rng: np.where(np.arange(N)[:, None] == 50, 1e21, 10 ** rng.uniform(9, 15, (N, PIXELS))),
    "F inf": lambda rng: np.where(
        np.arange(N)[:, None] == 50, np.float32(np.inf), level(rng, 1.8e-6, 1e-8, np.float32)
    ),
    "G first is a fill": lambda rng: fills(level(rng, 1.8e-6, 1e-8, np.float32), 0),
    "H several fills": lambda rng: fills(level(rng, 1.8e-6, 1e-8, np.float32), 0, 3, 77, 78, 140, 300),
}


@pytest.mark.parametrize("case", CASES)
def test_cases_where_libraries_fail(case, rng):
    """1 ulp of float32, or 1e-12 in float64 (1e-9 for a float64 window with a fill in it), in every single window."""
    values = CASES[case](rng)
    mean, std = rolling_mean(values, W, min_count=2), rolling_std(values, W, min_count=2)
    assert mean.dtype == std.dtype == values.dtype
    for at, samples in list(windows(values))[::3]:
        if values.dtype == np.float32:
            assert ulps32(mean[at], exact_mean(samples)) <= 1
            assert ulps32(std[at], exact_std(samples)) <= 1
        else:
            assert relative(mean[at], exact_mean(samples)) <= 1e-12
            assert relative(std[at], exact_std(samples)) <= 1e-12


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("value", [1.8e-6, 0.1, 1 / 3, 299.99, 1e23, 1e-38])
def test_case_d_a_constant_window_has_no_spread_at_all(value, dtype, rng):
    values = np.full((N, PIXELS), value, dtype)
    values[:40] = rng.normal(value, abs(value), (40, PIXELS))
    values[120] = 9999
    values[200:210] = np.nan
    for window in (2, W, 64, 101):
        std = rolling_std(values, window, min_count=2)
        assert not std[40 + window : 120].any()
        mean = rolling_mean(values, window, min_count=2)
        np.testing.assert_array_equal(mean[40 + window : 120], values[119, 0])
        found = rolling_zscore(values, window, min_count=2)
        assert np.isnan(found.zscore[41 + window : 120]).all()
        assert not found.anomaly[41 + window : 120].any()
        assert not rolling_mad(values, window, min_count=2)[40 + window : 120].any()
    assert not rolling_std(values, W, min_count=2)[120 + W : 200].any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("window", [1, 2, 7, W, 64, 365, 1000])
def test_median_and_mad_are_exact(window, dtype, rng):
    """Equal, bit for bit, to NumPy in float64 on the samples, rounded once."""
    values = level(rng, 1.8e-6, 1e-9, dtype)
    values[rng.random(values.shape) < 0.2] = np.nan
    values[50], values[60] = 9999, np.inf
    median, mad = rolling_median(values, window, min_count=1), rolling_mad(values, window, min_count=1)
    for at, samples in list(windows(values, window))[::3]:
        centre = np.median(samples)
        assert median[at] == dtype(centre)
        assert mad[at] == dtype(np.median(np.abs(samples - centre)))


@pytest.mark.parametrize("case", ["A vmr", "A vmr, weak", "C kelvin", "C' 1e8", "H several fills"])
def test_zscore(case, rng):
    """The anomaly to an ulp of the level; z follows from it."""
    values = CASES[case](rng)
    found = rolling_zscore(values, W, min_count=5)
    scale = np.spacing(float(np.nanmedian(values)))
    for at, samples in list(windows(values, include_current=False))[::5]:
        if samples.size < 5 or not np.isfinite(values[at]):
            continue
        anomaly = float(Fraction(float(values[at])) - exact_mean(samples))
        if abs(samples).max() > 1000 * abs(anomaly) and abs(samples).max() == 9999:
            continue  # a fill in the window: the mean is the fill's, and rounds with it
        rounding = abs(anomaly) * np.finfo(values.dtype).eps
        assert abs(float(found.anomaly[at]) - anomaly) <= 2 * scale + rounding
        z = anomaly / float(exact_std(samples))
        error = 2 * scale / float(exact_std(samples)) + abs(z) * (np.finfo(values.dtype).eps + 1e-12)
        assert abs(float(found.zscore[at]) - z) <= error


@pytest.mark.parametrize("ratio", [1.0, 1e3, 1e6])
def test_seasonal_mean_and_std(ratio, rng):
    day = 12000 + 30 * np.arange(240)
    values = rng.normal(1.8e-6, 1.8e-6 / ratio, (240, 2))
    values[17] = 9999.0
    found = seasonal_zscore(values, day, half_width=20, min_count=2)
    positions, years = calendar(day)
    for t in range(0, 240, 3):
        samples = values[reference_of(t, positions, years, 20, True), 0]
        assert relative(found.mean[t, 0], exact_mean(samples)) <= 1e-12
        assert relative(found.std[t, 0], exact_std(samples)) <= 1e-12


@pytest.mark.parametrize("weighted", [False, 1.0, 1e-4, 1e-8, 1e-150])
@pytest.mark.parametrize("offset", [0.0, 1e3, 1e6])
def test_the_gradient(offset, weighted, rng):
    """Relative error of slope and standard error at most 1e-10 with the values up to 1e6 times their slope.

    However much better one level is known than the others.
    """
    pressure = np.array([1000.0, 925, 850, 700, 600, 500, 400, 300])
    values = offset + rng.normal(0, 1, (8, 50)) - np.arange(8)[:, None]
    sigma = rng.uniform(0.5, 2, (8, 50)) if weighted else None
    if weighted:
        sigma[rng.integers(0, 7, 50), np.arange(50)] *= weighted
    found = scan_profiles(values, pressure, sigma=sigma, level_axis=0)
    with mpmath.workdps(400):
        used = [k for k in range(8) if pressure[k] >= 400]
        zeta = [-mpmath.mpf(7.5) * mpmath.log(mpmath.mpf(pressure[k]) / 1000) for k in used]
        for pixel in range(50):
            w = [1 / mpmath.mpf(sigma[k, pixel]) ** 2 if weighted else mpmath.mpf(1) for k in used]
            x = [mpmath.mpf(values[k, pixel]) for k in used]
            zeta_mean = mpmath.fdot(w, zeta) / mpmath.fsum(w)
            x_mean = mpmath.fdot(w, x) / mpmath.fsum(w)
            sxx = mpmath.fsum(wi * (zi - zeta_mean) ** 2 for wi, zi in zip(w, zeta, strict=True))
            slope = (
                mpmath.fsum(wi * (zi - zeta_mean) * (xi - x_mean) for wi, zi, xi in zip(w, zeta, x, strict=True)) / sxx
            )
            sse = mpmath.fsum((xi - x_mean - slope * (zi - zeta_mean)) ** 2 for zi, xi in zip(zeta, x, strict=True))
            error = 1 / mpmath.sqrt(sxx) if weighted else mpmath.sqrt(sse / (len(used) - 2) / sxx)
            assert relative(found.gradient[pixel], slope) <= 1e-10
            assert relative(found.gradient_se[pixel], error) <= 1e-10


@pytest.mark.parametrize("value", [9999.0, -9999.0, 1e30, np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("kernel", [rolling_mean, rolling_std, rolling_median, rolling_mad])
def test_a_fill_value_changes_nothing_once_it_has_left(kernel, value, rng):
    values = level(rng, 1.8e-6, 1e-9, np.float32)
    spoilt = values.copy()
    spoilt[50] = value
    found, clean = kernel(spoilt, W, min_count=5), kernel(values, W, min_count=5)
    np.testing.assert_array_equal(found[50 + W :], clean[50 + W :])
    np.testing.assert_array_equal(found[:50], clean[:50])
    assert math.isfinite(found[55, 0])


def test_sums_of_many_float32():
    """A float32 accumulator loses 1 % here, and half of 2^25."""
    n = 2**20 + 5
    values = np.full(n, 1.8e-6, np.float32)
    assert relative(np.cumsum(values)[-1] / np.float32(n), Fraction(1.8e-6)) > 1e-3
    assert rolling_mean(values, n)[-1] == np.float32(1.8e-6)
    assert rolling_std(values, n)[-1] == 0
