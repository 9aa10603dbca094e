"""However the numbers lie in memory, the bits of the result are those of native contiguous arrays."""

from __future__ import annotations

import numpy as np
import pytest

from checks import assert_same_bits
from contract.layouts import LAYOUTS
from registry import KERNELS
from strategies import FLOATS

ARRAYS = [pytest.param(kernel, name, id=f"{kernel}-{name}") for kernel in KERNELS for name in kernel.arrays]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(("kernel", "name"), ARRAYS)
def test_layout(kernel, name, dtype, layout):
    arguments = kernel.arguments(dtype=dtype)
    other = {**arguments, name: LAYOUTS[layout](arguments[name])}
    for options in ({}, *kernel.options):
        assert_same_bits(kernel(other, **options), kernel(arguments, **options))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("kernel", KERNELS, ids=str)
def test_all_arrays_at_once(kernel, layout):
    arguments = kernel.arguments()
    other = {**arguments, **{name: LAYOUTS[layout](arguments[name]) for name in kernel.arrays}}
    assert_same_bits(kernel(other), kernel(arguments))


@pytest.mark.parametrize(("kernel", "name"), ARRAYS)
def test_zero_strides(kernel, name):
    """Repeated by broadcasting, along each axis in turn; `pressure` cannot be constant."""
    arguments = kernel.arguments()
    array = arguments[name]
    for axis in range(array.ndim):
        view = np.broadcast_to(np.take(array, [0], axis), array.shape)
        if name == "pressure":
            with pytest.raises(ValueError, match="pressure"):
                kernel({**arguments, name: view})
            continue
        assert_same_bits(kernel({**arguments, name: view}), kernel({**arguments, name: view.copy()}))


@pytest.mark.parametrize("kernel", KERNELS, ids=str)
def test_lists_are_float64(kernel):
    arguments = kernel.arguments(dtype=np.float64)
    lists = {name: array.tolist() if isinstance(array, np.ndarray) else array for name, array in arguments.items()}
    assert_same_bits(kernel(lists), kernel(arguments))


@pytest.mark.parametrize("kernel", KERNELS, ids=str)
def test_half_precision_is_float32(kernel):
    arguments = kernel.arguments()
    with np.errstate(over="ignore", under="ignore"):
        halves = {**arguments, **{name: arguments[name].astype(np.float16) for name in kernel.arrays}}
    wide = {**halves, **{name: halves[name].astype(np.float32) for name in kernel.arrays}}
    assert_same_bits(kernel(halves), kernel(wide))


@pytest.mark.parametrize("dtype", ["i1", "u1", "i2", ">i2", "u2", "i4", "u4", ">i4", "i8", "u8"])
@pytest.mark.parametrize("kernel", KERNELS, ids=str)
def test_integers_are_float64(kernel, dtype, rng):
    arguments = kernel.arguments(dtype=np.float64)
    for name in kernel.arrays:
        if name == "pressure":
            arguments[name] = np.arange(arguments[name].size)[::-1] * 5 + 1
        else:
            arguments[name] = rng.integers(1, 100, arguments[name].shape)
    integers = {**arguments, **{name: arguments[name].astype(dtype) for name in kernel.arrays}}
    floats = {**arguments, **{name: arguments[name].astype(np.float64) for name in kernel.arrays}}
    found = kernel(integers)
    assert_same_bits(found, kernel(floats))
    assert not any(array.dtype == np.float32 for array in found.values())


@pytest.mark.parametrize("kernel", KERNELS, ids=str)
def test_masked_integers(kernel, rng):
    """The gate turns what is masked into NaN, so that a packed field loses its mask nowhere."""
    arguments = kernel.arguments(dtype=np.float64)
    main = next(iter(arguments))
    numbers = rng.integers(1, 100, arguments[main].shape)
    mask = rng.random(numbers.shape) < 0.3
    found = kernel({**arguments, main: np.ma.MaskedArray(np.where(mask, -9999, numbers), mask)})
    assert_same_bits(found, kernel({**arguments, main: np.where(mask, np.nan, numbers)}))


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("kernel", KERNELS, ids=str)
def test_float_results_have_the_dtype_of_the_values(kernel, dtype):
    for array in kernel(kernel.arguments(dtype=dtype)).values():
        assert array.dtype.kind in "bif"
        if kernel.oracle and array.dtype.kind == "f":
            assert array.dtype == dtype


@pytest.mark.parametrize("kernel", [kernel for kernel in KERNELS if kernel.oracle], ids=str)
def test_results_own_what_they_show(kernel):
    """Writable, and no two of them in the same memory, nor in that of an input."""
    arguments = kernel.arguments()
    found = list(kernel(arguments).values())
    for i, array in enumerate(found):
        assert array.flags.writeable
        others = [*found[:i], *(arguments[name] for name in kernel.arrays)]
        assert not any(np.shares_memory(array, other) for other in others)
