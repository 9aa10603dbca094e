"""Maxima over several axes: against the twin, against NumPy, and their laws."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import oracle.maxima
from checks import assert_same_bits, by_name
from gasquake.kernels import locate_maxima
from registry import mixing_ratio
from strategies import FLOATS, samples

SHAPE = (5, 3, 7, 19)
EVERY_AXES = [axes for k in range(1, 5) for axes in itertools.combinations(range(4), k)]


@pytest.mark.parametrize("axes", EVERY_AXES, ids=str)
@pytest.mark.parametrize("dtype", FLOATS)
def test_agrees_with_the_twin(dtype, axes, rng):
    values = np.round(mixing_ratio(rng, SHAPE, np.float64), 8).astype(dtype)
    values[2, 1] = np.nan
    values[:, :, 3, 4] = -np.inf
    found = by_name(locate_maxima(values, axes=axes))
    assert_same_bits(found, by_name(oracle.maxima.locate_maxima(values, axes=axes)))
    if 0 not in axes:
        assert (found["ties"] > 1).any() or len(axes) == 1


@pytest.mark.parametrize("size", [1, 2, 15, 16, 17, 31, 32, 33, 63, 64, 65, 1000, 4097])
@pytest.mark.parametrize("dtype", FLOATS)
def test_lengths_around_the_lanes(dtype, size, rng):
    values = mixing_ratio(rng, (3, size), dtype)
    for axes in ((-1,), (0,), (0, 1)):
        assert_same_bits(
            by_name(locate_maxima(values, axes=axes)), by_name(oracle.maxima.locate_maxima(values, axes=axes))
        )


def test_agrees_with_numpy(rng):
    values = mixing_ratio(rng, (60, 24, 45), np.float32)
    flat = np.where(np.isfinite(values), values, np.nan).reshape(60, -1)
    found = locate_maxima(values)
    np.testing.assert_array_equal(found.index, np.nanargmax(flat, axis=1))
    np.testing.assert_array_equal(found.value, np.nanmax(flat, axis=1))
    np.testing.assert_array_equal(found.count, np.isfinite(values).sum(axis=(1, 2)))


def test_the_order_of_axes_does_not_matter(rng):
    """The index counts in the order in which the axes lie in the array."""
    values = mixing_ratio(rng, SHAPE, np.float32)
    wanted = by_name(locate_maxima(values, axes=(0, 2, 3)))
    for axes in itertools.permutations((0, 2, 3)):
        assert_same_bits(by_name(locate_maxima(values, axes=axes)), wanted)
    assert_same_bits(by_name(locate_maxima(values, axes=(-1, -2, -4))), wanted)


def test_the_first_of_equals_in_c_order(rng):
    values = np.zeros((4, 50, 70), np.float32)
    values[1, 20:, 30:] = 1
    found = locate_maxima(values)
    np.testing.assert_array_equal(found.index, [0, 20 * 70 + 30, 0, 0])
    np.testing.assert_array_equal(found.ties, [3500, 30 * 40, 3500, 3500])


def test_zeros_of_both_signs_are_equal():
    for values in ([-0.0, 0.0, -1.0], [0.0, -0.0, -1.0]):
        found = locate_maxima(np.array(values), axes=0)
        assert (int(found.index), int(found.ties)) == (0, 2)
        assert np.signbit(found.value) == np.signbit(values[0])


def test_nothing_finite_is_no_place():
    values = np.full((3, 4, 5), np.nan, np.float32)
    values[1] = np.inf
    values[2] = -np.inf
    found = locate_maxima(values)
    np.testing.assert_array_equal(found.index, [-1, -1, -1])
    assert np.isnan(found.value).all()
    assert not found.count.any()
    assert not found.ties.any()


def test_the_lowest_finite_number_is_a_maximum():
    for dtype in FLOATS:
        values = np.full((2, 40), np.nan, dtype)
        values[0, 37] = np.finfo(dtype).min
        found = locate_maxima(values, axes=1)
        assert found.index.tolist() == [37, -1]
        assert found.value[0] == np.finfo(dtype).min


# --- laws ---------------------------------------------------------------------------------------------------------

FIELDS = hnp.array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=19).flatmap(samples)


@given(FIELDS, st.data())
def test_what_is_found_is_there_and_is_the_largest(values, data):
    axes = tuple(data.draw(st.sets(st.integers(0, values.ndim - 1), min_size=1)))
    found = locate_maxima(values, axes=axes)
    assert_same_bits(by_name(found), by_name(oracle.maxima.locate_maxima(values, axes=axes)))
    finite = np.isfinite(values)
    assert found.count.sum() == finite.sum()
    assert (found.ties <= found.count).all()
    np.testing.assert_array_equal(found.index < 0, found.count == 0)
    largest = np.max(values, axis=axes, initial=-np.inf, where=finite)
    np.testing.assert_array_equal(found.value, np.where(found.count > 0, largest, np.nan))


@given(FIELDS, st.integers(-20, 20))
def test_a_power_of_two_moves_nothing(values, power):
    axes = tuple(range(values.ndim))
    scale = values.dtype.type(2.0**power)
    plain, scaled = locate_maxima(values, axes=axes), locate_maxima(values * scale, axes=axes)
    assert (plain.index, plain.count, plain.ties) == (scaled.index, scaled.count, scaled.ties)
    np.testing.assert_array_equal(scaled.value, plain.value * scale)
