"""The array gate: what callers pass becomes native float arrays; what cannot is an error that names the argument."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "as_float",
    "broadcast_float",
    "check_bool",
    "check_choice",
    "check_number",
    "check_positive_int",
    "lanes",
    "memory_order",
    "resolve_axis",
]

FloatArray: TypeAlias = NDArray[np.floating[Any]]


def as_float(values: ArrayLike, name: str, dtype: np.dtype[Any] | None = None) -> FloatArray:
    """Turn `values` into a native, aligned float32 or float64 array; masked elements become NaN.

    Parameters
    ----------
    values : array_like
        Real numbers. float32 and float64 keep their type, float16 becomes float32, integers become float64.
    name : str
        The argument's public name, for errors.
    dtype : dtype, optional
        Take this type instead.

    Returns
    -------
    ndarray
        `values` itself wherever nothing had to change: never write to it.

    Raises
    ------
    TypeError
        For complex, boolean, text, object and time arrays.
    """
    if type(values) is np.ndarray:  # the common case, in as few steps as it needs
        found = values.dtype
        if (found is _F32 or found is _F64) and (dtype is None or dtype is found) and values.flags.aligned:
            return values
    if isinstance(values, np.ma.MaskedArray):
        mask = np.ma.getmaskarray(values)
        array = np.where(mask, np.nan, as_float(values.data, name, dtype))
        return array.astype(dtype or (array.dtype if array.dtype == np.float32 else np.float64), copy=False)
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise ValueError(f"{name} must be an array of numbers, all rows of one length: {error}") from None
    kind, size = array.dtype.kind, array.dtype.itemsize
    if kind not in "fiu" or size > 8:
        hint = "; convert it to float64 first" if kind == "f" else ""
        raise TypeError(f"{name} must hold real numbers (float32, float64 or integers), got dtype {array.dtype}{hint}")
    if dtype is None:
        dtype = _F32 if kind == "f" and size < 8 else _F64
    if array.dtype != dtype or not array.dtype.isnative:
        with np.errstate(over="ignore"):  # what does not fit is infinite, and so missing
            array = array.astype(dtype)
    elif not array.flags.aligned:
        array = array.copy()
    return array


_F32 = np.dtype(np.float32)
_F64 = np.dtype(np.float64)


def broadcast_float(values: ArrayLike, name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> FloatArray:
    """`as_float`, then broadcast to `shape` (a view with zero strides where it repeats)."""
    array = as_float(values, name, dtype)
    try:
        return np.broadcast_to(array, shape)
    except ValueError:
        raise ValueError(f"{name} has shape {array.shape}, which does not broadcast to {shape}") from None


def resolve_axis(axis: Any, ndim: int, name: str = "axis") -> int:
    """A non-negative axis of an array with `ndim` dimensions.

    Raises
    ------
    TypeError
        If `axis` is not an integer.
    ValueError
        If the array has no such axis.
    """
    try:
        found = axis.__index__()
    except (AttributeError, TypeError):
        raise TypeError(f"{name} must be an integer, got {axis!r}") from None
    if not -ndim <= found < ndim:
        raise ValueError(f"{name}={found} does not exist in an array of {ndim} dimension(s)")
    return int(found % ndim)


def memory_order(array: FloatArray) -> list[int]:
    """Axes of `array` in the order in which they lie in memory, where that makes it C-contiguous; else as they are."""
    if not array.flags.c_contiguous:
        order = sorted(range(array.ndim), key=lambda axis: -array.strides[axis])
        if array.transpose(order).flags.c_contiguous:
            return order
    return list(range(array.ndim))


def lanes(
    array: FloatArray, axis: int, *, reduced: bool = False
) -> tuple[FloatArray, Callable[[NDArray[Any]], NDArray[Any]]]:
    """View `array` as C-contiguous ``(outer, n, inner)`` with `axis` in the middle.

    An array that is C-contiguous after some permutation of its axes (`memory_order`) is not copied, and what is
    computed from it is laid out alike; any other array is copied once.

    Returns
    -------
    view : ndarray
        The 3-d array.
    restore : callable
        Turns an array ``(outer, n, inner)`` into one with the axes of `array`, or, if `reduced`, an array
        ``(outer, 1, inner)`` into one without `axis`.
    """
    order = None
    if not array.flags.c_contiguous:
        order = memory_order(array)
        array, axis = np.ascontiguousarray(array.transpose(order)), order.index(axis)
    shape = array.shape
    before, after = shape[:axis], shape[axis + 1 :]
    view = array.reshape(math.prod(before), shape[axis], math.prod(after))
    if order is None:
        kept = before + after if reduced else shape
        return view, lambda out: out.reshape(kept)
    back = np.argsort(order)

    def restore(out: NDArray[Any]) -> NDArray[Any]:
        whole = out.reshape((*before, out.shape[1], *after)).transpose(back)
        return whole.squeeze(order[axis]) if reduced else whole

    return view, restore


def check_positive_int(value: Any, name: str, *, minimum: int = 1) -> int:
    """An integer of at least `minimum`.

    Raises
    ------
    TypeError
        If it is not an integer (a float that happens to be whole is not).
    ValueError
        If it is too small.
    """
    try:
        found = int(value.__index__())
    except (AttributeError, TypeError):
        raise TypeError(f"{name} must be an integer, got {value!r}") from None
    if found < minimum:
        raise ValueError(f"{name} must be at least {minimum}, got {found}")
    return found


def check_choice(value: Any, name: str, choices: tuple[str, ...]) -> str:
    """One of `choices`.

    Raises
    ------
    ValueError
        If it is none of them.
    """
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}, got {value!r}")
    return str(value)


def check_bool(value: Any, name: str) -> bool:
    """True or False.

    Raises
    ------
    TypeError
        If it is neither.
    """
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    raise TypeError(f"{name} must be True or False, got {value!r}")


def check_number(value: Any, name: str, *, positive: bool = False) -> float:
    """A finite real number.

    Raises
    ------
    TypeError
        If it is not a real number.
    ValueError
        If it is NaN or infinite, or not positive where it must be.
    """
    if type(value) is not float:
        if isinstance(value, (bool, str, bytes)) or np.ndim(value) != 0:
            raise TypeError(f"{name} must be a number, got {value!r}")
        try:
            value = float(value)
        except OverflowError:
            value = math.inf
        except (TypeError, ValueError):
            raise TypeError(f"{name} must be a number, got {value!r}") from None
    found: float = value
    if not math.isfinite(found) or (positive and found <= 0):
        raise ValueError(f"{name} must be {'positive and ' if positive else ''}finite, got {value!r}")
    return found
