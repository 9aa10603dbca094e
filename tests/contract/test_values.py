"""Empty, single, missing and huge: the right answer or an error that names an argument."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from checks import assert_close
from processes import run_python
from registry import KERNELS, Kernel
from strategies import FLOATS

WITH_TWIN = [kernel for kernel in KERNELS if kernel.oracle]


def assert_right(kernel: Kernel, arguments, **options):
    """The call agrees with the twin: bit for bit in whole numbers, to rounding in others."""
    found, wanted = kernel(arguments, **options), kernel.expected(arguments, **options)
    assert found.keys() == wanted.keys()
    for name, array in found.items():
        assert array.shape == wanted[name].shape
        if array.dtype.kind == "f":
            assert_close(array, wanted[name], rtol=1e-11, atol=1e-10 if name == "zscore" else 1e-20)
        else:
            np.testing.assert_array_equal(array, wanted[name], strict=True)


def named(kernel: Kernel, call) -> bool:
    """Whether `call` raises; if so the message must name an argument."""
    try:
        call()
    except (TypeError, ValueError) as error:
        assert any(name in str(error) for name in inspect.signature(kernel.function).parameters), error
        return True
    return False


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("kernel", WITH_TWIN, ids=str)
def test_empty_along_each_axis(kernel, dtype):
    for axis in range(len(kernel.shape)):
        shape = list(kernel.shape)
        shape[axis] = 0
        for options in ({}, *kernel.options):
            if kernel.name == "seasonal_zscore" and "axis" in options:
                continue
            assert_right(kernel, kernel.arguments(tuple(shape), dtype), **options)
    assert_right(kernel, kernel.arguments((0,) * len(kernel.shape), dtype))


@pytest.mark.parametrize("kernel", KERNELS, ids=str)
def test_one_element(kernel):
    arguments = kernel.arguments((1,) * len(kernel.shape), seed=3)
    if kernel.oracle:
        assert_right(kernel, arguments)
        for value in (np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-310, 1e300):
            assert_right(kernel, {**arguments, "values": np.full(arguments["values"].shape, value)})
    else:
        named(kernel, lambda: kernel(arguments))


@pytest.mark.parametrize("kernel", KERNELS, ids=str)
def test_scalars_are_refused_by_name(kernel):
    arguments = kernel.arguments()
    for name in kernel.arrays:
        if name in ("sigma", "surface_pressure"):
            continue  # a scalar broadcasts
        for scalar in (np.float64(1.5), np.array(1.5), 3):
            with pytest.raises(ValueError, match=rf"\b({name}|{kernel.axis})\b"):
                kernel({**arguments, name: scalar})


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("kernel", WITH_TWIN, ids=str)
def test_nothing_but_missing_samples(kernel, dtype, value):
    arguments = kernel.arguments(dtype=dtype)
    arguments["values"] = np.full_like(arguments["values"], value)
    for options in ({}, *kernel.options):
        assert_right(kernel, arguments, **options)
        for name, array in kernel(arguments, **options).items():
            if array.dtype.kind == "f":
                assert np.isnan(array).all(), name


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("kernel", [kernel for kernel in KERNELS if not kernel.oracle], ids=str)
def test_a_track_of_nothing(kernel, value):
    arguments = kernel.arguments()
    for name in kernel.arrays:
        spoilt = {**arguments, name: np.full_like(arguments[name], value)}
        if not named(kernel, lambda spoilt=spoilt: kernel(spoilt)):
            for array in kernel(spoilt).values():
                assert not np.isinf(array).any()


@pytest.mark.parametrize("kernel", WITH_TWIN, ids=str)
def test_the_ends_of_float32(kernel):
    """Near the largest and the smallest numbers of float32, which float64 holds with ease."""
    arguments = kernel.arguments()
    for scale in (2.0**126, 2.0**-140):
        values = np.where(np.isfinite(arguments["values"]), np.sign(arguments["values"]), np.nan) * scale
        values[0] /= 2
        assert_right_scaled(kernel, {**arguments, "values": values.astype(np.float32)})


def assert_right_scaled(kernel, arguments):
    found, wanted = kernel(arguments), kernel.expected(arguments)
    for name, array in found.items():
        smallest = float(np.finfo(np.float32).smallest_subnormal)
        if array.dtype.kind == "f":
            assert_close(array, wanted[name], rtol=1e-11, atol=1e-10 if name == "zscore" else smallest)
        else:
            np.testing.assert_array_equal(array, wanted[name], strict=True)


@pytest.mark.parametrize("kernel", WITH_TWIN, ids=str)
def test_float64_far_from_its_ends(kernel):
    """Fourth powers of 1e60 and 1e-60 neither overflow nor vanish."""
    arguments = kernel.arguments(dtype=np.float64)
    for power in (200, -200):
        scale = 2.0**power
        other = {**arguments, "values": arguments["values"] * scale}
        if "sigma" in arguments:
            other["sigma"] = arguments["sigma"] * scale
        found, plain = kernel(other), kernel(arguments)
        for name, array in found.items():
            unit = scale if name in ("", "anomaly", "mean", "std", "value", "gradient", "gradient_se") else 1
            np.testing.assert_array_equal(array, plain[name] * unit if unit != 1 else plain[name], err_msg=name)


HUGE = """
import numpy as np
from registry import KERNELS
kernel = next(kernel for kernel in KERNELS if kernel.name == {name!r})
for shape in ((0, 2**40), (2**40, 0), (0, 1, 2**40), (3, 2**40, 0), (2**40, 0, 0)):
    try:
        found = kernel({{"values": np.empty(shape, np.float32), **{extra!r}}})
    except (MemoryError, ValueError) as error:
        print(shape, "refused:", error)
    else:
        print(shape, "done:", *(array.shape for array in found.values()))
"""


@pytest.mark.parametrize(
    "kernel", [kernel for kernel in WITH_TWIN if kernel.positional in [("values", "window"), ("values",)]], ids=str
)
def test_huge_empty_shapes(kernel):
    """Without a sample there is nothing to do, however large other axes are. A process of its own, for it may die."""
    code = HUGE.format(name=kernel.name, extra={"window": 5} if "window" in kernel.positional else {})
    done = run_python(code)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.count("done") >= (5 if "window" in kernel.positional else 2), done.stdout


@pytest.mark.parametrize("kernel", WITH_TWIN, ids=str)
def test_shapes_beyond_memory(kernel):
    """A view that repeats one sample 2^56 times: an error, not a crash."""
    given = kernel.arguments()
    for name in ("sigma", "surface_pressure"):
        given.pop(name, None)
    kept = given.pop("values").shape[:-1]
    given["values"] = np.lib.stride_tricks.as_strided(np.ones(1, np.float32), (*kept, 2**48), (0,) * (len(kept) + 1))
    first = [given.pop(name) for name in kernel.positional]
    with pytest.raises((MemoryError, ValueError)):
        kernel.function(*first, **given)


def test_more_levels_than_an_index_holds():
    """`peak_level` is int16: the right index, or an error that names an argument."""
    scan = next(kernel for kernel in KERNELS if kernel.name == "scan_profiles")
    values = np.zeros((40000, 1, 1))
    values[39000] = 5
    pressure = np.linspace(1000, 150, 40000)
    if not named(scan, lambda: scan({"values": values, "pressure": pressure})):
        assert scan({"values": values, "pressure": pressure})["peak_level"].item() == 39000
