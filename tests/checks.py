"""Comparisons that the tests share."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np


def frozen(value: Any) -> Any:
    """Something that changes when `value` does."""
    if isinstance(value, np.ma.MaskedArray):
        return value.data.tobytes(), np.ma.getmaskarray(value).tobytes(), value.dtype, value.shape
    if isinstance(value, np.ndarray):
        return (
            (repr(value.tolist()) if value.dtype == object else value.tobytes()),
            value.dtype,
            value.shape,
            value.strides,
        )
    return repr(value)


def by_name(result: Any) -> dict[str, np.ndarray]:
    """The arrays of a result: a bare array, a result dataclass, or a twin's namespace."""
    if isinstance(result, np.ndarray):
        return {"": result}
    if dataclasses.is_dataclass(result):
        return {f.name: np.asarray(getattr(result, f.name)) for f in dataclasses.fields(result)}
    return {name: np.asarray(array) for name, array in vars(result).items()}


def assert_same_bits(found: dict[str, np.ndarray], wanted: dict[str, np.ndarray]) -> None:
    """Same names, dtypes, shapes and bits; NaN equals NaN whatever its payload."""
    assert found.keys() == wanted.keys()
    for name, array in found.items():
        assert array.dtype == wanted[name].dtype, name
        np.testing.assert_array_equal(array, wanted[name], strict=True, err_msg=name)
        if array.dtype.kind == "f":
            np.testing.assert_array_equal(
                np.signbit(array)[~np.isnan(array)], np.signbit(wanted[name])[~np.isnan(array)]
            )


def assert_close(found: Any, wanted: Any, *, rtol: float, atol: float = 0.0) -> None:
    """Same dtype and NaNs, and near: float32 is held to one unit in the last place of the rounded right answer."""
    found, wanted = np.asarray(found), np.asarray(wanted)
    assert found.dtype == wanted.dtype
    if found.dtype == np.float32:
        rtol = max(rtol, float(np.finfo(np.float32).eps))
    np.testing.assert_allclose(
        found.astype(np.float64), wanted.astype(np.float64), rtol=rtol, atol=atol, equal_nan=True
    )
