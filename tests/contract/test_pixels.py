"""Pixels are worlds of their own: bit for bit nothing in one of them depends on another, or on its place."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks import assert_same_bits
from registry import KERNELS
from strategies import FLOATS

WITH_PIXELS = [kernel for kernel in KERNELS if kernel.pixels]


def per_pixel(kernel, arguments, change):
    """`change` the arrays that have pixels."""
    return {
        name: change(array) if name in kernel.arrays and name != "pressure" else array
        for name, array in arguments.items()
    }


def options_of(kernel):
    """Those that leave the axis alone."""
    return [{}, *(options for options in kernel.options if kernel.axis not in options)]


@pytest.mark.parametrize("kernel", WITH_PIXELS, ids=str)
@settings(max_examples=10)
@given(seed=st.integers(0, 1000), n=st.integers(1, 70), dtype=st.sampled_from(FLOATS), data=st.data())
def test_permuting_pixels_permutes_results(kernel, seed, n, dtype, data):
    arguments = kernel.arguments(kernel.pixels(n), dtype, seed)
    order = np.random.default_rng(seed).permutation(n)
    moved = per_pixel(kernel, arguments, lambda array: np.take(array, order, kernel.pixel_axis))
    options = data.draw(st.sampled_from(options_of(kernel)))
    plain = kernel(arguments, **options)
    wanted = {name: np.take(array, order, kernel.pixel_axis) for name, array in plain.items()}
    assert_same_bits(kernel(moved, **options), wanted)


@pytest.mark.parametrize("kernel", WITH_PIXELS, ids=str)
@settings(max_examples=10)
@given(seed=st.integers(0, 1000), n=st.integers(2, 70), dtype=st.sampled_from(FLOATS), data=st.data())
def test_a_spoilt_pixel_spoils_no_other(kernel, seed, n, dtype, data):
    arguments = kernel.arguments(kernel.pixels(n), dtype, seed)
    pixel = data.draw(st.integers(0, n - 1))
    value = data.draw(st.sampled_from([np.nan, np.inf, -np.inf, 9999.0, 1e30]))

    def spoil(array):
        copy = array.copy()
        np.moveaxis(copy, kernel.pixel_axis, 0)[pixel] = value
        return copy

    options = data.draw(st.sampled_from(options_of(kernel)))
    plain, found = kernel(arguments, **options), kernel(per_pixel(kernel, arguments, spoil), **options)
    assert_same_bits(
        {name: np.delete(array, pixel, kernel.pixel_axis) for name, array in found.items()},
        {name: np.delete(array, pixel, kernel.pixel_axis) for name, array in plain.items()},
    )


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("kernel", WITH_PIXELS, ids=str)
def test_alone_or_in_company(kernel, dtype):
    n = 37
    arguments = kernel.arguments(kernel.pixels(n), dtype)
    for options in options_of(kernel):
        whole = kernel(arguments, **options)
        for pixel in (0, 15, 16, 31, 32, 36):
            alone = per_pixel(kernel, arguments, lambda a, pixel=pixel: np.take(a, [pixel], kernel.pixel_axis))
            wanted = {name: np.take(array, [pixel], kernel.pixel_axis) for name, array in whole.items()}
            assert_same_bits(kernel(alone, **options), wanted)
