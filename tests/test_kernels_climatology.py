"""The seasonal z-score: against its twin, on hand-made calendars, and its laws."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import oracle.climatology
from checks import assert_close, assert_same_bits, by_name
from gasquake.kernels import seasonal_zscore
from registry import mixing_ratio
from strategies import FLOATS, samples

EPS = np.finfo(np.float64).eps


def days(*dates: str) -> np.ndarray:
    return np.array(dates, "datetime64[D]").astype(np.int64)


def assert_agrees(found, wanted, level):
    np.testing.assert_array_equal(found.count, wanted.count, strict=True)
    assert_close(found.mean, wanted.mean, rtol=1e-12)
    assert_close(found.std, wanted.std, rtol=1e-12, atol=4 * EPS * level)
    assert_close(found.anomaly, wanted.anomaly, rtol=1e-12, atol=8 * EPS * level)
    assert_close(found.zscore, wanted.zscore, rtol=1e-12, atol=1e-10)


@pytest.mark.parametrize("method", ["moment", "robust"])
@pytest.mark.parametrize("half_width", [0, 1, 10, 45, 181, 182])
@pytest.mark.parametrize("dtype", FLOATS)
def test_agrees_with_the_twin(dtype, half_width, method, rng):
    day = days("2003-01-01") + np.sort(rng.choice(9 * 365, 120, replace=False))
    day[:6] = days("2004-02-28", "2004-02-29", "2004-03-01", "2008-12-31", "2009-01-01", "2009-01-01")
    values = mixing_ratio(rng, (day.size, 3), dtype)
    for exclude, min_count in itertools.product((True, False), (1, 4)):
        options = {"half_width": half_width, "min_count": min_count, "exclude_own_year": exclude, "method": method}
        assert_agrees(
            seasonal_zscore(values, day, **options),
            oracle.climatology.seasonal_zscore(values, day, **options),
            1.8e-6,
        )


@pytest.mark.parametrize("method", ["moment", "robust"])
@pytest.mark.parametrize("half_width", [10, 182])
@pytest.mark.parametrize("gap", [1, 2, 3, 4, 5, 9, 7990])
def test_years_without_data_between(gap, half_width, method, rng):
    """Seasons reach across New Year into the neighbour, however far the next year with data is."""
    around = np.arange(-40, 40, 3)
    day = np.concatenate([days(f"{year}-01-01") + around for year in (2003, 2004, 2004 + gap)])
    values = mixing_ratio(rng, (day.size, 2), np.float64)
    options = {"half_width": half_width, "min_count": 1, "method": method}
    found = seasonal_zscore(values, day, **options)
    assert_agrees(found, oracle.climatology.seasonal_zscore(values, day, **options), 1.8e-6)


@pytest.mark.parametrize("method", ["moment", "robust"])
def test_few_distinct_values(method, rng):
    """Ties, constant references, and a MAD of 0."""
    day = days("2003-06-01") + 73 * np.arange(60)
    values = rng.choice([1.0, 1.0, 1.0, 1.0, 2.0, np.nan], (60, 9))
    options = {"half_width": 30, "min_count": 1, "method": method}
    found = seasonal_zscore(values, day, **options)
    assert_agrees(found, oracle.climatology.seasonal_zscore(values, day, **options), 1.0)
    assert (found.std == 0).any()
    assert np.isnan(found.zscore[found.std == 0]).all()


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -3])
def test_every_axis(axis, rng):
    values = mixing_ratio(rng, (6, 19, 5), np.float32)
    day = rng.integers(10000, 14000, values.shape[axis])
    found = by_name(seasonal_zscore(values, day, min_count=1, half_width=60, axis=axis))
    moved = by_name(seasonal_zscore(np.moveaxis(values, axis, 0).copy(), day, min_count=1, half_width=60))
    assert_same_bits(found, {name: np.moveaxis(array, 0, axis) for name, array in moved.items()})


# --- the calendar -------------------------------------------------------------------------------------------------


def reference_count(day, **options):
    return seasonal_zscore(np.zeros(len(day)), day, min_count=1, **options).count.tolist()


def test_other_years_only():
    day = days("2020-07-01", "2020-07-05", "2021-07-03", "2022-07-20")
    assert reference_count(day) == [1, 1, 2, 0]
    assert reference_count(day, exclude_own_year=False) == [3, 3, 3, 1]
    assert reference_count(day, half_width=19) == [2, 2, 3, 3]


def test_the_circle_closes_at_new_year():
    # Dec 31 and Jan 1 are one day apart, and their own season spans two calendar years.
    day = days("2019-12-31", "2020-01-01", "2020-12-31")
    assert reference_count(day, half_width=1) == [1, 1, 2]
    assert reference_count(day, half_width=0) == [1, 0, 1]


def test_an_anomaly_before_new_year_stays_out_of_its_own_baseline():
    day = np.concatenate([days(f"{year}-12-27") + np.arange(10) for year in range(2010, 2020)])
    values = np.where(day >= days("2019-12-27"), 100.0, 1.0)
    found = seasonal_zscore(values, day, half_width=10)
    np.testing.assert_array_equal(found.mean[-10:], 1.0)
    np.testing.assert_array_equal(found.anomaly[-10:], 99.0)


def test_leap_days_lie_between_february_28_and_march_1():
    day = days("2020-02-29", "2019-02-28", "2021-03-01", "2018-02-27", "2022-03-02")
    assert reference_count(day, half_width=0) == [0, 0, 0, 0, 0]
    assert reference_count(day, half_width=1)[0] == 2
    assert reference_count(day, half_width=2)[0] == 4
    # In every year March 1 is day 60: leap years do not shift the season.
    assert reference_count(days("2019-12-31", "2020-12-31", "2021-12-31"), half_width=0) == [2, 2, 2]


def test_repeated_days_count_each():
    assert reference_count(days("2020-05-01", "2020-05-01", "2021-05-01", "2021-05-01")) == [2, 2, 2, 2]


def test_one_year_has_no_other():
    day = days("2021-01-01") + np.arange(365)
    found = seasonal_zscore(np.arange(365.0), day, min_count=1)
    # December is the season before the one in which January lies, and the other way round.
    np.testing.assert_array_equal(found.count[10:-10], 0)
    np.testing.assert_array_equal(found.count[:10], np.arange(10, 0, -1))
    assert np.isnan(found.mean[10:-10]).all()


def test_the_whole_year_is_everything_but_the_own_season():
    day = days("2015-03-01") + np.arange(0, 8 * 365, 5)
    count = np.array(reference_count(day, half_width=182))
    own = np.abs(day[:, None] - day).__le__(181).sum(axis=1)
    # Half a year and a day away a sample belongs to nobody's season; leap days move the edges by a day or two.
    assert np.abs(count + own - day.size).max() <= 5


@pytest.mark.parametrize("unit", ["D", "h", "m", "s", "ms", "us", "ns"])
def test_datetimes_are_cut_to_the_day(unit, rng):
    day = np.sort(rng.integers(-3000, 12000, 200))  # before 1970, too
    values = rng.normal(size=(200, 3))
    moment = day.astype("datetime64[D]").astype(f"datetime64[{unit}]")
    if unit != "D":
        moment = moment + np.timedelta64(1, "D").astype(f"timedelta64[{unit}]") - np.timedelta64(1, unit)
    assert_same_bits(by_name(seasonal_zscore(values, moment)), by_name(seasonal_zscore(values, day)))


@pytest.mark.parametrize("dtype", [np.int16, np.uint16, np.int32, np.uint32, np.uint64, ">i4", ">M8[D]"])
def test_any_integer_type_of_day(dtype, rng):
    day = rng.integers(0, 12000, 200)
    values = rng.normal(size=200)
    assert_same_bits(by_name(seasonal_zscore(values, day.astype(dtype))), by_name(seasonal_zscore(values, day)))


# --- laws ---------------------------------------------------------------------------------------------------------

CALENDAR = st.integers(0, 40).flatmap(
    lambda n: st.lists(st.integers(11000, 11000 + 5 * 366), min_size=n, max_size=n).map(lambda d: np.array(d, np.int64))
)
OPTIONS = st.fixed_dictionaries(
    {
        "half_width": st.integers(0, 182),
        "min_count": st.integers(1, 8),
        "exclude_own_year": st.booleans(),
        "method": st.sampled_from(["moment", "robust"]),
    }
)


@given(CALENDAR, OPTIONS, st.data())
def test_counts_are_those_of_the_calendar(day, options, data):
    values = data.draw(samples((day.size, 2)))
    found = seasonal_zscore(values, day, **options)
    positions, years = oracle.climatology.calendar(day)
    for i in range(day.size):
        reference = oracle.climatology.reference_of(
            i, positions, years, options["half_width"], options["exclude_own_year"]
        )
        np.testing.assert_array_equal(found.count[i], np.isfinite(values[reference]).sum(axis=0))
    few = found.count < options["min_count"]
    np.testing.assert_array_equal(np.isnan(found.mean), few)
    np.testing.assert_array_equal(np.isnan(found.std), few | (found.count < 2))
    np.testing.assert_array_equal(np.isnan(found.anomaly), few | ~np.isfinite(values))
    np.testing.assert_array_equal(np.isnan(found.zscore), np.isnan(found.anomaly) | ~(found.std > 0))


@given(CALENDAR, OPTIONS, st.data())
def test_the_order_of_the_samples_does_not_matter(day, options, data):
    """Ranks bit for bit, moments to rounding."""
    values = data.draw(samples((day.size, 3), missing=True))
    order = np.array(data.draw(st.permutations(range(day.size))), np.intp)
    plain = seasonal_zscore(values, day, **options)
    moved = seasonal_zscore(values[order], day[order], **options)
    np.testing.assert_array_equal(moved.count, plain.count[order])
    if options["method"] == "robust":
        assert_same_bits(by_name(moved), {name: array[order] for name, array in by_name(plain).items()})
    else:
        largest = float(np.abs(values[np.isfinite(values)]).max(initial=0.0))
        assert_close(moved.mean, plain.mean[order], rtol=1e-12)
        assert_close(moved.std, plain.std[order], rtol=1e-12, atol=4 * EPS * largest)


@given(CALENDAR.filter(lambda day: day.size > 0), OPTIONS, st.data())
def test_the_own_season_is_not_in_the_baseline(day, options, data):
    """Whatever happens in it, mean, spread and count stay, bit for bit."""
    options["exclude_own_year"] = True
    values = data.draw(samples((day.size, 2), missing=False))
    i = data.draw(st.integers(0, day.size - 1))
    positions, years = oracle.climatology.calendar(day)
    own = set(oracle.climatology.reference_of(i, positions, years, options["half_width"], False)) - set(
        oracle.climatology.reference_of(i, positions, years, options["half_width"], True)
    )
    spoilt = values.copy()
    spoilt[sorted(own)] = data.draw(st.sampled_from([9999.0, 1e30, -1e30, np.nan, np.inf, 0.0]))
    plain = seasonal_zscore(values, day, **options)
    found = seasonal_zscore(spoilt, day, **options)
    for name in ("mean", "std", "count"):
        np.testing.assert_array_equal(getattr(found, name)[i], getattr(plain, name)[i])


@given(CALENDAR, OPTIONS, st.integers(-20, 20), st.data())
def test_a_power_of_two_scales_bit_for_bit(day, options, power, data):
    values = data.draw(samples((day.size, 3)))
    scale = values.dtype.type(2.0**power)
    plain, scaled = seasonal_zscore(values, day, **options), seasonal_zscore(values * scale, day, **options)
    for name in ("mean", "std", "anomaly"):
        np.testing.assert_array_equal(getattr(scaled, name), getattr(plain, name) * scale, strict=True)
    np.testing.assert_array_equal(scaled.zscore, plain.zscore, strict=True)


@given(CALENDAR, OPTIONS, st.integers(-5, 5), st.data())
def test_400_years_make_no_difference(day, options, cycles, data):
    """The Gregorian calendar repeats after 146097 days."""
    values = data.draw(samples((day.size, 2)))
    moved = seasonal_zscore(values, day + 146097 * cycles, **options)
    assert_same_bits(by_name(moved), by_name(seasonal_zscore(values, day, **options)))


def test_a_constant_baseline_has_no_spread():
    day = days("2000-06-01") + 365 * np.arange(20)
    for value in (1.8e-6, 0.1, 300.7, 1e23 / 3):
        for method in ("moment", "robust"):
            found = seasonal_zscore(np.full((20, 17), value), day, method=method)
            assert not found.std.any()
            assert not found.anomaly.any()
            assert np.isnan(found.zscore).all()


def test_a_missing_sample_still_gets_its_climatology(rng):
    day = days("2000-06-01") + 365 * np.arange(20)
    values = rng.normal(size=20)
    values[7] = np.nan
    found = seasonal_zscore(values, day)
    assert np.isfinite([found.mean[7], found.std[7]]).all()
    assert np.isnan([found.anomaly[7], found.zscore[7]]).all()
    assert found.count[7] == 19
