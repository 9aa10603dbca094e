"""What is wrong is refused with the argument's name and what was found."""

from __future__ import annotations

import re

import numpy as np
import pytest

from checks import assert_same_bits
from gasquake.kernels import scan_profiles
from registry import KERNELS

ARRAYS = [pytest.param(kernel, name, id=f"{kernel}-{name}") for kernel in KERNELS for name in kernel.arrays]
INTEGERS = [pytest.param(kernel, name, id=f"{kernel}-{name}") for kernel in KERNELS for name in kernel.integers]
WINDOWS = [kernel for kernel in KERNELS if "window" in kernel.integers]
AXES = [kernel for kernel in KERNELS if kernel.axis]
BY_NAME = {kernel.name: kernel for kernel in KERNELS}

NOT_REAL = [np.bool_, np.complex64, np.complex128, object, "U4", "S4", "M8[s]", "m8[s]", [("a", "f4"), ("b", "f4")]]
if np.finfo(np.longdouble).bits > 64:
    NOT_REAL.append(np.longdouble)


def assert_refused(kernel, arguments, error, name, *found):
    """`error`, and its message holds the argument's name and what was found."""
    with pytest.raises(error) as caught:
        kernel(arguments)
    assert caught.type in (TypeError, ValueError), caught.type
    message = str(caught.value)
    assert re.search(rf"\b{name}\b", message), message
    for word in found:
        assert word in message, message


@pytest.mark.parametrize("dtype", NOT_REAL, ids=str)
@pytest.mark.parametrize(("kernel", "name"), ARRAYS)
def test_what_is_not_real_numbers(kernel, name, dtype):
    arguments = kernel.arguments()
    shape = arguments[name].shape
    array = np.ones(shape, dtype) if dtype != object else np.full(shape, 1.5, object)
    assert_refused(
        kernel, {**arguments, name: array}, TypeError, name, str(np.dtype(dtype)) if dtype != "U4" else "<U4"
    )
    mask = np.zeros(shape, bool)
    mask.flat[0] = True
    assert_refused(kernel, {**arguments, name: np.ma.MaskedArray(array, mask)}, TypeError, name)


JUNK = {"none": None, "text": "abc", "dict": {}, "object": object(), "set": {1, 2}, "ragged": [[1.0], [1.0, 2.0]]}


@pytest.mark.parametrize("junk", JUNK.values(), ids=JUNK)
@pytest.mark.parametrize(("kernel", "name"), ARRAYS)
def test_what_is_no_array(kernel, name, junk):
    if junk is None and name in ("sigma", "surface_pressure"):
        return
    assert_refused(kernel, {**kernel.arguments(), name: junk}, (TypeError, ValueError), name)


@pytest.mark.parametrize(
    "value", [2.5, 3.0, np.float32(3), "3", b"3", [3], (3,), np.array([3, 4]), 1j, np.nan], ids=repr
)
@pytest.mark.parametrize(("kernel", "name"), INTEGERS)
def test_what_is_not_an_integer(kernel, name, value):
    assert_refused(kernel, {**kernel.arguments(), name: value}, TypeError, name)


@pytest.mark.parametrize(("kernel", "name"), INTEGERS)
def test_integers_that_are_too_small(kernel, name):
    least = kernel.integers[name]
    for value in (least - 1, -1, -7, -(2**62), -(2**70), np.int64(-1)):
        if name == "min_below" and value >= 0:
            continue
        assert_refused(kernel, {**kernel.arguments(), name: value}, ValueError, name, str(value))


@pytest.mark.parametrize(("kernel", "name"), INTEGERS)
def test_numpy_integers_are_integers(kernel, name):
    arguments = kernel.arguments()
    value = max(kernel.integers[name], 3)
    for kind in (np.int8, np.uint16, np.int64, np.uint64):
        assert_same_bits(kernel({**arguments, name: kind(value)}), kernel({**arguments, name: value}))


@pytest.mark.parametrize("value", [0, -1, "2", 2.5, 2.0, [2], np.nan], ids=repr)
@pytest.mark.parametrize("kernel", KERNELS, ids=str)
def test_bad_n_threads(kernel, value):
    error = ValueError if isinstance(value, int) else TypeError
    assert_refused(kernel, {**kernel.arguments(), "n_threads": value}, error, "n_threads", str(value))


@pytest.mark.parametrize("kernel", KERNELS, ids=str)
def test_n_threads_beyond_the_machine(kernel):
    arguments = kernel.arguments()
    for value in (1000, 2**62, 2**70):
        assert_same_bits(kernel({**arguments, "n_threads": value}), kernel(arguments))


@pytest.mark.parametrize("kernel", WINDOWS, ids=str)
def test_huge_windows(kernel):
    arguments = kernel.arguments()
    everything = kernel({**arguments, "window": len(arguments["values"]) + 1})
    for value in (10**6, 2**31, 2**32 + 1, 2**62, 2**63, 2**64 + 1, 10**30):
        assert_same_bits(kernel({**arguments, "window": value}), everything)
        found = kernel({**arguments, "window": value, "min_count": None})
        assert all(np.isnan(array).all() for array in found.values() if array.dtype.kind == "f")
        if "center" not in kernel.function.__kwdefaults__:
            continue
        found = kernel({**arguments, "window": value, "center": True, "min_count": 1})
        assert_same_bits(
            found, kernel({**arguments, "window": 2 * len(arguments["values"]), "center": True, "min_count": 1})
        )


@pytest.mark.parametrize("kernel", WINDOWS, ids=str)
def test_min_count_beyond_the_window(kernel):
    assert_refused(kernel, {**kernel.arguments(), "min_count": 7}, ValueError, "min_count", "7")
    assert_refused(kernel, {**kernel.arguments(), "min_count": 2**70}, ValueError, "min_count", str(2**70))
    kernel({**kernel.arguments(), "min_count": 6})


def test_seasonal_ranges():
    kernel = BY_NAME["seasonal_zscore"]
    arguments = kernel.arguments()
    for value in (183, 365, 2**62, 2**70):
        assert_refused(kernel, {**arguments, "half_width": value}, ValueError, "half_width", str(value))
    for value in (10**6, 2**31, 2**62, 2**70):
        found = kernel({**arguments, "min_count": value})
        assert np.isnan(found["mean"]).all()
        assert found["count"].any()


@pytest.mark.parametrize("kernel", [kernel for kernel in KERNELS if kernel.choices], ids=str)
def test_unknown_words(kernel):
    for name in kernel.choices:
        for value in ("no such", "", "MOMENT", None, 1, 2.5, ["moment"], b"moment", np.nan, np.array(["a", "b"])):
            assert_refused(kernel, {**kernel.arguments(), name: value}, (TypeError, ValueError), name)


@pytest.mark.parametrize("kernel", [kernel for kernel in KERNELS if kernel.numbers], ids=str)
def test_what_is_not_a_number(kernel):
    for name in kernel.numbers:
        for value in ("abc", None, [1.0], 1j, np.nan, np.array([1.0, 2.0]), {}, 10**400):
            if name == "sigma" and kernel.name == "scan_profiles":
                continue
            assert_refused(kernel, {**kernel.arguments(), name: value}, (TypeError, ValueError), name)


@pytest.mark.parametrize("kernel", AXES, ids=str)
def test_axes_that_do_not_exist(kernel):
    arguments = kernel.arguments()
    ndim = arguments["values"].ndim
    for value in (ndim, -ndim - 1, 99, -99, 2**62, -(2**70)):
        for given in (value,) if kernel.axis != "axes" else (value, (0, value), [value]):
            assert_refused(kernel, {**arguments, kernel.axis: given}, ValueError, kernel.axis, str(value))
    for value in (0.5, "0", None, 1j, [0.5], "no such"):
        assert_refused(kernel, {**arguments, kernel.axis: value}, TypeError, kernel.axis)


def test_repeated_axes():
    kernel = BY_NAME["locate_maxima"]
    for axes in ((0, 0), (1, -3), [2, 0, 2]):
        assert_refused(kernel, {**kernel.arguments(), "axes": axes}, ValueError, "axes", str(axes))
    with pytest.raises(ValueError, match="axes"):
        kernel({"values": np.arange(3.0)})  # the default wants two axes


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("pressure", np.geomspace(1000, 50, 12)),
        ("pressure", np.geomspace(1000, 50, 14)),
        ("pressure", np.ones((13, 1))),
        ("pressure", np.array([])),
        ("pressure", np.r_[np.geomspace(1000, 100, 12), np.nan]),
        ("pressure", np.r_[np.inf, np.geomspace(1000, 100, 12)]),
        ("pressure", np.r_[np.geomspace(1000, 100, 12), 0]),
        ("pressure", np.r_[np.geomspace(1000, 100, 12), -1]),
        ("pressure", np.r_[np.geomspace(1000, 100, 12), 100]),
        ("pressure", np.r_[np.geomspace(1000, 100, 12), 500]),
        ("pressure", np.full(13, 500.0)),
        ("pressure", np.ma.masked_less(np.geomspace(1000, 50, 13), 60)),
        ("sigma", np.ones(8)),
        ("sigma", np.ones((3, 13, 5, 7))),
        ("sigma", np.ones((1, 2, 13, 5, 7))),
        ("sigma", np.ones((0,))),
        ("surface_pressure", np.ones((2, 13, 5, 7))),
        ("surface_pressure", np.ones((3, 5, 7))),
        ("surface_pressure", np.ones((5, 6))),
    ],
)
def test_profile_companions_that_do_not_fit(name, array):
    kernel = BY_NAME["scan_profiles"]
    arguments = kernel.arguments()
    assert_refused(kernel, {**arguments, name: array}, ValueError, name)


def test_scan_limits():
    kernel = BY_NAME["scan_profiles"]
    for value in (0.0, -7.5):
        assert_refused(
            kernel, {**kernel.arguments(), "scale_height_km": value}, ValueError, "scale_height_km", str(value)
        )
    for value in (10**6, 2**63, 2**70):
        assert (kernel({**kernel.arguments(), "min_below": value})["verdict"] == -1).all()


@pytest.mark.parametrize("name", ["sigma", "surface_pressure"])
def test_companions_beyond_the_type_of_the_values_are_missing(name):
    values, pressure = np.array([3.0, 2.0, 1.0], np.float32), [900.0, 700.0, 500.0]
    found = scan_profiles(values, pressure, level_axis=0, **{name: 1e300})
    assert found.verdict == -1
    assert found.bottom_level == -1


@pytest.mark.parametrize(
    ("day", "error"),
    [
        (np.arange(66), ValueError),
        (np.arange(68), ValueError),
        (np.arange(67)[:, None], ValueError),
        (np.array(3), ValueError),
        (np.arange(67.0), TypeError),
        (np.ones(67, bool), TypeError),
        (np.ones(67, complex), TypeError),
        (np.full(67, "2020-01-01"), TypeError),
        (np.full(67, 1, object), TypeError),
        (np.full(67, 3, "m8[D]"), TypeError),
        (np.full(67, "NaT", "M8[D]"), ValueError),
        (np.r_[np.full(66, "2020-01-01", "M8[D]"), np.array(["NaT"], "M8[D]")], ValueError),
        (np.ma.masked_equal(np.arange(67), 3), ValueError),
        (np.r_[np.zeros(66, np.int64), 2**62], ValueError),
        (np.r_[np.zeros(66, np.int64), -(2**63)], ValueError),
        (np.full(67, -(2**63)), ValueError),  # NaT, looked at as an integer
        (np.full(67, 2**64 - 1, np.uint64), ValueError),
        (np.arange(67).astype("M8[as]"), ValueError),
        (None, TypeError),
        ("2020-01-01", TypeError),
    ],
)
def test_days_that_do_not_fit(day, error):
    kernel = BY_NAME["seasonal_zscore"]
    assert_refused(kernel, {**kernel.arguments(), "day": day}, error, "day")


@pytest.mark.parametrize("kernel", [kernel for kernel in KERNELS if "x" in kernel.arrays], ids=str)
def test_track_coordinates_that_do_not_fit(kernel):
    arguments = kernel.arguments()
    for name in ("x", "y", "t"):
        for change in (lambda a: a[..., :-1], lambda a: np.concatenate([a, a]), lambda a: a[..., None]):
            with pytest.raises(ValueError, match=r"\b(x|y|t)\b"):
                kernel({**arguments, name: change(arguments[name])})


def test_the_seed_of_a_null():
    kernel = BY_NAME["spiral_null"]
    arguments = kernel.arguments()
    for value in (2.5, "7", None, [1, 2]):
        assert_refused(kernel, {**arguments, "seed": value}, (TypeError, ValueError), "seed")
    assert_refused(kernel, {**arguments, "n": 2**70}, ValueError, "n", str(2**70))
    assert_same_bits(kernel(arguments), kernel(arguments))
