"""The vertical scan: against its twin, on hand-made profiles, and its laws."""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import oracle.profiles
from checks import assert_close, assert_same_bits, by_name
from gasquake.kernels import ProfileVerdict, scan_profiles
from registry import KERNELS
from strategies import FLOATS, MISSING

UNDETERMINED, NONE, ROOTED, ROOTLESS, MIXED = (
    ProfileVerdict.UNDETERMINED,
    ProfileVerdict.NONE,
    ProfileVerdict.ROOTED,
    ProfileVerdict.ROOTLESS,
    ProfileVerdict.MIXED,
)
PRESSURE = np.array([925.0, 850.0, 700.0, 600.0, 500.0, 400.0, 300.0, 200.0])
SCAN = next(kernel for kernel in KERNELS if kernel.name == "scan_profiles")


def scan(values, pressure=PRESSURE, **options):
    return scan_profiles(np.asarray(values, np.float64), pressure, level_axis=0, **options)


def assert_agrees(found, wanted):
    for name in ("verdict", "peak_level", "bottom_level", "n_below"):
        np.testing.assert_array_equal(getattr(found, name), getattr(wanted, name), strict=True, err_msg=name)
    for name in ("gradient", "gradient_se"):
        assert_close(getattr(found, name), getattr(wanted, name), rtol=1e-11, atol=1e-13)
    for name in ("z_below", "z_above"):
        assert_close(getattr(found, name), getattr(wanted, name), rtol=1e-15)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("ground", [True, False])
@pytest.mark.parametrize("sigma", [True, False])
def test_agrees_with_the_twin(sigma, ground, dtype):
    arguments = SCAN.arguments((3, 13, 6, 19), dtype)
    values, pressure = arguments["values"], arguments["pressure"]
    fixed = {}
    if sigma:
        fixed["sigma"] = arguments["sigma"]
    if ground:
        fixed["surface_pressure"] = arguments["surface_pressure"]
    values[1, :, 2, 3] = np.nan
    values[2, ::2, 1] = np.inf
    seen = set()
    for options in (
        {},
        {"threshold": 1.0, "quiet": 0.0},
        {"threshold": 3.0, "quiet": 2.0, "min_below": 4},
        {"split": 850.0, "top": 700.0, "min_below": 1},
        {"split": 400.0, "top": 150.0, "upper": 300.0, "scale_height_km": 7.0},
        {"split": 1100.0, "min_below": 0},
        {"split": 1.0, "top": 1.0, "upper": 1.0},
    ):
        for flip in (slice(None), slice(None, None, -1)):
            flipped = {**fixed, "sigma": fixed["sigma"][:, flip]} if sigma else fixed
            found = scan_profiles(values[:, flip], pressure[flip], **flipped, **options)
            wanted = oracle.profiles.scan_profiles(values[:, flip], pressure[flip], **flipped, **options)
            assert_agrees(found, wanted)
            seen |= set(found.verdict.ravel().tolist())
    assert seen == {-1, 0, 1, 2, 3}


@pytest.mark.parametrize("axis", range(-4, 4))
def test_every_level_axis(axis):
    arguments = SCAN.arguments((3, 13, 2, 7))
    wanted = SCAN(arguments)
    for name in ("values", "sigma"):
        arguments[name] = np.ascontiguousarray(np.moveaxis(arguments[name], 1, axis))
    assert_same_bits(SCAN(arguments, level_axis=axis), wanted)


@pytest.mark.parametrize("levels", [1, 2, 15, 16, 17, 24, 33])
@pytest.mark.parametrize("pixels", [1, 15, 16, 17, 33, 65])
def test_sizes_around_the_tiles(levels, pixels):
    arguments = SCAN.arguments((1, levels, 1, pixels))
    found, wanted = SCAN(arguments), SCAN.expected(arguments)
    assert_agrees(SimpleNamespace(**found), SimpleNamespace(**wanted))


def test_companions_broadcast():
    arguments = SCAN.arguments((3, 13, 6, 19))
    values, pressure = arguments["values"], arguments["pressure"]
    for sigma in (0.7, np.linspace(0.5, 2, 13)[:, None, None], np.ones((6, 19)), np.ones((3, 1, 1, 1))):
        for ground in (900.0, np.linspace(650, 1000, 19), np.linspace(650, 1000, 3)[:, None, None]):
            full = {
                "sigma": np.broadcast_to(sigma, values.shape).astype(np.float32),
                "surface_pressure": np.broadcast_to(ground, (3, 6, 19)).astype(np.float32),
            }
            found = scan_profiles(values, pressure, sigma=sigma, surface_pressure=ground)
            assert_same_bits(by_name(found), by_name(scan_profiles(values, pressure, **full)))


# --- the verdict, by hand -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        ([4.0, 3.5, 2.6, 2.0, 1.2, 0.4, 0.0, 0.0], ROOTED),
        ([0.2, 0.1, 0.3, 0.5, 2.5, 3.0, 1.0, 0.0], ROOTLESS),
        ([1.9, 1.9, 1.9, 1.0, 1.0, 1.0, 1.0, 1.0], NONE),
        ([2.0, 1.9, 1.5, 1.0, 0.0, -1.0, -1.0, -1.0], ROOTED),  # the threshold itself is reached
        ([3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0], MIXED),  # from the ground up, but no decrease
        ([0.0, 3.0, 2.5, 2.0, 1.0, 0.0, 0.0, 0.0], MIXED),  # the ground is quiet
        ([1.0, 3.0, 2.5, 1.5, 0.0, -1.0, -1.0, -1.0], ROOTED),  # quiet itself is not quiet
        ([1.0, 0.0, 0.0, 0.0, 2.5, 3.0, 1.0, 0.0], MIXED),  # aloft, but not all quiet below
        ([np.nan, 3.5, 2.6, 2.0, 1.2, 0.4, 0.0, 0.0], ROOTED),  # the lowest that counts is the ground
        ([4.0, np.inf, 2.6, 2.0, 1.2, 0.4, 0.0, 0.0], ROOTED),
        ([np.nan, np.nan, np.nan, 5.0, 9.0, 9.0, 9.0, 9.0], UNDETERMINED),
        ([np.nan, np.nan, 0.0, 0.0, 9.0, 9.0, 9.0, 9.0], ROOTLESS),
        ([9.0, np.nan, np.nan, 8.0, np.nan, np.nan, np.nan, np.nan], MIXED),  # two points have no standard error
        ([np.nan] * 8, UNDETERMINED),
    ],
)
def test_verdicts_without_sigma(values, verdict):
    for dtype in FLOATS:
        found = scan_profiles(np.array(values, dtype), PRESSURE, level_axis=0)
        assert ProfileVerdict(int(found.verdict)) is verdict
        upside_down = scan_profiles(np.array(values[::-1], dtype), PRESSURE[::-1], level_axis=0)
        assert ProfileVerdict(int(upside_down.verdict)) is verdict


def test_sigma_gives_two_points_a_standard_error():
    values = np.array([9.0, np.nan, np.nan, 6.0, *[np.nan] * 4])
    found = scan(values, sigma=1.0)
    assert ProfileVerdict(int(found.verdict)) is ROOTED
    apart = 7.5 * np.log(925 / 600)
    assert found.gradient == pytest.approx(-3 / apart, rel=1e-14)
    assert found.gradient_se == pytest.approx(np.sqrt(2) / apart, rel=1e-14)


def test_the_ground_hides_levels():
    values = np.array([9.0, 9.0, 0.5, 0.5, 3.0, 0.0, 0.0, 0.0])
    assert scan(values, surface_pressure=1000.0).n_below == 4
    assert scan(values, surface_pressure=930.0).bottom_level == 0  # p <= p_s - 5 holds exactly
    found = scan(values, surface_pressure=929.0)
    assert (int(found.bottom_level), int(found.n_below)) == (1, 3)
    found = scan(values, surface_pressure=800.0)
    assert (int(found.bottom_level), int(found.n_below), int(found.peak_level)) == (2, 2, 4)
    assert ProfileVerdict(int(found.verdict)) is ROOTLESS
    for ground in (np.nan, np.inf, -np.inf):
        found = scan(values, surface_pressure=ground)
        assert ProfileVerdict(int(found.verdict)) is UNDETERMINED
        assert (int(found.bottom_level), int(found.peak_level), int(found.n_below)) == (-1, -1, 0)


@pytest.mark.parametrize("sigma", [0.0, -1.0, np.nan, np.inf])
def test_a_level_without_a_sigma_does_not_count(sigma):
    spread = np.ones(8)
    spread[0] = sigma
    found = scan(np.full(8, 3.0), sigma=spread)
    assert (int(found.bottom_level), int(found.n_below)) == (1, 3)


def test_the_peak_is_the_lowest_of_equals():
    assert scan([0.0, 5, 1, 5, 5, 0, 0, 0]).peak_level == 1
    assert scan([0.0, 5, 1, 5, 5, 0, 0, 0], PRESSURE[::-1]).peak_level == 4


def test_limits_are_inclusive():
    found = scan([0, 0, 0, 0, 0, 0, 0, 7.0], upper=200.0)
    assert found.z_above == 7
    assert scan([0, 0, 0, 0, 0, 0, 0, 7.0], upper=200.1).z_above == 0
    assert scan([0, 0, 0, 7.0, 0, 0, 0, 0], split=600.0).z_below == 7
    assert scan([0, 0, 0, 7.0, 0, 0, 0, 0], split=600.1).z_above == 7
    assert scan([1, 1, 1, 1, 1, 2.0, 9, 9], top=400.0).gradient > 0
    assert abs(scan([1, 1, 1, 1, 1, 2.0, 9, 9], top=400.1).gradient) < 1e-15


def test_the_slope_is_that_of_polyfit(rng):
    values = rng.normal(size=8)
    sigma = rng.uniform(0.5, 2, 8)
    used = PRESSURE >= 400
    zeta = -7.5 * np.log(PRESSURE[used] / 925)
    slope, _ = np.polyfit(zeta, values[used], 1, w=1 / sigma[used])
    _, covariance = np.polyfit(zeta, values[used], 1, w=1 / sigma[used], cov="unscaled")
    found = scan(values, sigma=sigma)
    assert found.gradient == pytest.approx(slope, rel=1e-12)
    assert found.gradient_se == pytest.approx(np.sqrt(covariance[0, 0]), rel=1e-12)
    (slope, _), covariance = np.polyfit(zeta, values[used], 1, cov=True)
    found = scan(values)
    assert found.gradient == pytest.approx(slope, rel=1e-12)
    assert found.gradient_se == pytest.approx(np.sqrt(covariance[0, 0]), rel=1e-12)


@pytest.mark.parametrize("value", [3.1, 2.7, 1e6 / 3, 7.0])
@pytest.mark.parametrize("dtype", FLOATS)
def test_a_constant_profile_does_not_decrease(value, dtype):
    """Rounding must not turn a slope of nothing into a significant one."""
    for missing, pressure in itertools.product(range(-1, 6), (PRESSURE, np.geomspace(1013, 97, 8))):
        values = np.full(8, value, dtype)
        if missing >= 0:
            values[missing] = np.nan
        found = scan_profiles(values, pressure, level_axis=0, min_below=1)
        assert ProfileVerdict(int(found.verdict)) is MIXED
        assert abs(found.gradient) <= 1e-15 * value


# --- laws ---------------------------------------------------------------------------------------------------------


@st.composite
def profiles(draw):
    """(level, pixel), some with sigma, either way up; quarters, so that thresholds are met exactly."""
    levels, pixels = draw(st.integers(1, 12)), draw(st.integers(1, 35))
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    dtype = draw(st.sampled_from(FLOATS))
    values = np.round(4 * rng.normal(1, 2, (levels, pixels))) / 4
    values[rng.random(values.shape) < draw(st.sampled_from([0, 0.1, 0.6]))] = draw(MISSING)
    sigma = draw(
        st.sampled_from([None, np.ones((levels, pixels)), rng.choice([0.0, 0.5, 1, 2, np.nan], (levels, pixels))])
    )
    pressure = np.geomspace(draw(st.floats(850, 1050)), draw(st.floats(50, 500)), levels)
    if draw(st.booleans()):
        pressure = pressure[::-1].copy()
    return values.astype(dtype), pressure, None if sigma is None else sigma.astype(dtype)


@given(profiles(), st.floats(0, 5), st.floats(0, 5))
def test_threshold_is_monotone(profile, one, other):
    """A higher threshold can only turn a verdict into NONE or MIXED, and what is NONE stays NONE."""
    values, pressure, sigma = profile
    low, high = sorted((one, other))
    at_low = scan_profiles(values, pressure, sigma=sigma, threshold=low, level_axis=0)
    at_high = scan_profiles(values, pressure, sigma=sigma, threshold=high, level_axis=0)
    changed = at_low.verdict != at_high.verdict
    assert np.isin(at_high.verdict[changed], [NONE, MIXED, ROOTLESS]).all()
    assert not (changed & np.isin(at_low.verdict, [UNDETERMINED, NONE])).any()
    rootless = changed & (at_high.verdict == ROOTLESS)
    assert (at_low.verdict[rootless] == ROOTED).all()


@given(profiles(), st.floats(0, 3), st.integers(1, 4))
def test_verdicts_mean_what_they_say(profile, quiet, min_below):
    values, pressure, sigma = profile
    found = scan_profiles(values, pressure, sigma=sigma, quiet=quiet, min_below=min_below, level_axis=0)
    verdict = found.verdict
    np.testing.assert_array_equal(verdict == UNDETERMINED, found.n_below < min_below)
    known = verdict != UNDETERMINED
    largest = np.fmax(found.z_below, found.z_above)
    np.testing.assert_array_equal(known & (verdict == NONE), known & ~(largest >= 2))
    rooted = verdict == ROOTED
    assert (found.z_below[rooted] >= 2).all()
    assert (found.gradient[rooted] < 0).all()
    rootless = verdict == ROOTLESS
    assert (found.z_above[rootless] >= 2).all()
    # In float64, as the kernel compares: NumPy would round a tiny `quiet` to float32, to 0.
    assert (found.z_below[rootless].astype(np.float64) < quiet).all()
    assert not (found.gradient_se < 0).any()
    np.testing.assert_array_equal(found.peak_level < 0, np.isnan(largest))
    np.testing.assert_array_equal(found.bottom_level < 0, np.isnan(largest))


@given(profiles())
def test_the_gradient_flips_with_the_values(profile):
    values, pressure, sigma = profile
    plain = scan_profiles(values, pressure, sigma=sigma, level_axis=0)
    flipped = scan_profiles(-values, pressure, sigma=sigma, level_axis=0)
    np.testing.assert_array_equal(flipped.gradient, -plain.gradient)
    np.testing.assert_array_equal(flipped.gradient_se, plain.gradient_se)


@given(profiles(), st.integers(-20, 20))
def test_a_power_of_two_changes_the_unit_and_nothing_else(profile, power):
    values, pressure, sigma = profile
    sigma = np.ones_like(values) if sigma is None else sigma
    scale = values.dtype.type(2.0**power)
    plain = by_name(scan_profiles(values, pressure, sigma=sigma, level_axis=0))
    scaled = by_name(scan_profiles(values * scale, pressure, sigma=sigma * scale, level_axis=0))
    for name in ("gradient", "gradient_se"):
        np.testing.assert_array_equal(scaled.pop(name), plain.pop(name) * scale)
    assert_same_bits(scaled, plain)


@given(profiles())
def test_either_way_up(profile):
    values, pressure, sigma = profile
    plain = scan_profiles(values, pressure, sigma=sigma, level_axis=0)
    turned = scan_profiles(values[::-1], pressure[::-1], sigma=None if sigma is None else sigma[::-1], level_axis=0)
    for name in ("verdict", "n_below", "z_below", "z_above"):
        np.testing.assert_array_equal(getattr(turned, name), getattr(plain, name))
    for name in ("peak_level", "bottom_level"):
        there = getattr(plain, name)
        np.testing.assert_array_equal(getattr(turned, name), np.where(there < 0, -1, len(pressure) - 1 - there))
    assert_close(turned.gradient, plain.gradient, rtol=1e-12, atol=1e-13)


@given(profiles(), st.floats(500, 1060))
def test_levels_that_do_not_count_do_not_matter(profile, ground):
    """Neither below the ground nor above `upper`: bit for bit."""
    values, pressure, sigma = profile
    options = {"sigma": sigma, "surface_pressure": ground, "upper": 150.0, "level_axis": 0}
    plain = by_name(scan_profiles(values, pressure, **options))
    spoilt = values.copy()
    spoilt[(pressure > ground - 5) | (pressure < 150)] = 1e30
    assert_same_bits(by_name(scan_profiles(spoilt, pressure, **options)), plain)
