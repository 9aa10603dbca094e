"""The compiled gate, called past the Python one: TypeError or ValueError, never a panic, never a crash.

What the public functions hand to `gasquake._core` is recorded, one argument is spoilt, and the call is made again.
"""

from __future__ import annotations

import functools
import inspect
import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.layouts import LAYOUTS
from gasquake import _core
from registry import KERNELS
from strategies import FLOATS

NOT_CALLS = {"build_info", "requested_threads"}


def record(monkeypatch, arguments, kernel, **options) -> list[tuple[str, tuple]]:
    """The calls that a kernel makes into the core."""
    calls = []
    with monkeypatch.context() as patch:
        for name in public():
            function = getattr(_core, name)

            def spy(*given, name=name, function=function):
                calls.append((name, given))
                return function(*given)

            patch.setattr(_core, name, spy)
        kernel(arguments, **options)
    return calls


def public() -> list[str]:
    return [name for name in dir(_core) if inspect.isbuiltin(getattr(_core, name)) and name not in NOT_CALLS]


@functools.cache
def calls() -> dict[str, list[tuple]]:
    """A valid call, or several, of every function of the core, in both float types."""
    found: dict[str, list[tuple]] = {}
    with pytest.MonkeyPatch.context() as monkeypatch:
        for kernel in KERNELS:
            for dtype in FLOATS:
                for options in ({}, *kernel.options):
                    for name, given in record(monkeypatch, kernel.arguments(dtype=dtype), kernel, **options):
                        found.setdefault(name, []).append(given)
    # Behind no public function: as a search, with starts.
    for x, y, t, *rest in found["fit_spirals"]:
        found.setdefault("refine_spirals", []).append((x, y, t, np.full((len(x), 3), 0.5), *rest))
    return found


def test_every_function_of_the_core_is_reached():
    assert set(calls()) == set(public())


def paths(given: tuple) -> list[tuple[int, ...]]:
    """Where the arguments are, also inside tuples of arrays."""
    found = []
    for i, argument in enumerate(given):
        found.append((i,))
        if isinstance(argument, tuple):
            found.extend((i, k) for k in range(len(argument)))
    return found


def at(given: Any, path: tuple[int, ...]) -> Any:
    for i in path:
        given = given[i]
    return given


def replaced(given: tuple, path: tuple[int, ...], value: Any) -> tuple:
    i, *rest = path
    inner = replaced(given[i], tuple(rest), value) if rest else value
    return (*given[:i], inner, *given[i + 1 :])


DTYPES = [
    "f4",
    "f8",
    "f2",
    ">f4",
    ">f8",
    "i1",
    "i2",
    "i4",
    "i8",
    ">i8",
    "u1",
    "u8",
    "?",
    "c8",
    "c16",
    "O",
    "U3",
    "S3",
    "M8[s]",
    "V4",
]
RESHAPES = {
    "flat": lambda a: a.reshape(-1),
    "one axis more": lambda a: a[None],
    "one axis less": lambda a: a[0] if a.ndim else a,
    "scalar": lambda a: np.zeros((), a.dtype),
    "shorter": lambda a: a[..., :-1],
    "longer": lambda a: np.concatenate([a, a], axis=-1) if a.ndim else a,
    "no first": lambda a: a[:0],
    "no last": lambda a: a[..., :0],
    "turned": lambda a: a.T,
    "middle cut": lambda a: a[:, 1:] if a.ndim > 1 else a[1:],
}
JUNK = [
    None,
    0,
    1,
    -1,
    2**31,
    2**62,
    2**63,
    2**64,
    -(2**63),
    2.5,
    float("nan"),
    "x",
    b"x",
    (),
    [],
    [1.0],
    {},
    object(),
    1j,
    True,
]


def spoilt(rng: random.Random, given: tuple) -> tuple:
    """One or two arguments replaced by something else."""
    for _ in range(rng.randint(1, 2)):
        path = rng.choice(paths(given))
        now = at(given, path)
        arrays = [at(given, other) for other in paths(given) if isinstance(at(given, other), np.ndarray)]
        kind = rng.choice(["junk", "other", "copy", "new"])
        if isinstance(now, np.ndarray) and now.size and now.ndim and now.dtype.kind in "fiu":
            kind = rng.choice([kind, "dtype", "shape", "layout", "read-only", "array like"])
        if kind == "junk":
            value = rng.choice(JUNK)
        elif kind == "other":
            value = rng.choice(arrays)  # also: an output that is an input, or two outputs that are one
        elif kind == "copy":
            value = rng.choice(arrays).copy()
        elif kind == "new":
            value = np.zeros([rng.randint(0, 5) for _ in range(rng.randint(0, 5))], rng.choice(DTYPES))
        elif kind == "dtype":
            value = np.zeros(now.shape, rng.choice(DTYPES))
        elif kind == "shape":
            value = rng.choice(list(RESHAPES.values()))(now.copy())
        elif kind == "layout":
            value = rng.choice(list(LAYOUTS.values()))(now.copy())
        elif kind == "read-only":
            value = now.copy()
            value.flags.writeable = False
        else:
            value = rng.choice([now.tolist(), np.ma.MaskedArray(now), memoryview(b"1234")])
        given = replaced(given, path, value)
    return given


@pytest.mark.parametrize("name", public())
@settings(max_examples=300)
@given(seed=st.integers(0, 2**32 - 1))
def test_a_spoilt_call_is_refused_or_answered(name, seed):
    rng = random.Random(seed)
    given = spoilt(rng, tuple(_copied(argument) for argument in rng.choice(calls()[name])))
    try:
        getattr(_core, name)(*given)
    except (TypeError, ValueError, OverflowError) as error:  # Overflow: no such integer in Rust
        assert str(error)


def _copied(argument: Any) -> Any:
    if isinstance(argument, tuple):
        return tuple(_copied(one) for one in argument)
    return argument.copy() if isinstance(argument, np.ndarray) else argument


@pytest.mark.parametrize("name", public())
def test_outputs_are_looked_at(name):
    """An array that may not be written, has another type, or another shape is refused."""
    for call in calls()[name]:
        given = tuple(_copied(argument) for argument in call)
        written = outputs_of(name, given)
        assert written
        for path in written:
            array = at(given, path)
            locked = array.copy()
            locked.flags.writeable = False
            other = np.zeros(array.shape, "f4" if array.dtype != np.float32 else "f8")
            swapped = array.astype(array.dtype.newbyteorder(">"))
            for bad in (locked, other, swapped, array[None].copy(), None, array.tolist()):
                if swapped.dtype == array.dtype and bad is swapped:
                    continue  # one byte has no order
                with pytest.raises(TypeError):
                    getattr(_core, name)(*replaced(given, path, bad))
            for change in ("shorter", "longer", "no last"):
                if array.ndim == 0:
                    continue
                with pytest.raises((TypeError, ValueError)):
                    getattr(_core, name)(*replaced(given, path, RESHAPES[change](array).copy()))


def outputs_of(name: str, given: tuple) -> list[tuple[int, ...]]:
    """Which arguments a call writes to: those whose bytes it changes after they were all set alike."""
    found = []
    for path in paths(given):
        array = at(given, path)
        if not isinstance(array, np.ndarray) or not array.size:
            continue
        changed = False
        for fill in (0x00, 0x55):
            spoilt_array = array.copy()
            spoilt_array.view(np.uint8)[...] = fill
            before = spoilt_array.tobytes()
            try:
                getattr(_core, name)(*replaced(given, path, spoilt_array))
            except ValueError:
                continue  # an input that must have certain values
            changed |= spoilt_array.tobytes() != before
        if changed:
            found.append(path)
    return found
