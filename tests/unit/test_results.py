"""Results that hold arrays can be compared, hashed and annotated like any other object."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
import typing
from collections.abc import Iterator

import numpy as np
import pytest

import gasquake
from gasquake import kernels

ARRAYS = ("ndarray", "xarray", "pandas")


def dataclasses_of_arrays() -> Iterator[type]:
    """Every dataclass of the package, public or not, that has a field of arrays."""
    for found in sorted(m.name for m in pkgutil.walk_packages(gasquake.__path__, "gasquake.")):
        if found.endswith("__main__"):
            continue
        module = importlib.import_module(found)
        for member in vars(module).values():
            if dataclasses.is_dataclass(member) and isinstance(member, type) and member.__module__ == found:
                # As written, and behind its aliases.
                names = {field.name for field in dataclasses.fields(member)}
                hints = str({k: v for k, v in typing.get_type_hints(member).items() if k in names})
                if any(word in hints for word in ARRAYS):
                    yield member


CLASSES = list(dataclasses_of_arrays())


def test_the_results_are_among_them() -> None:
    names = {cls.__name__ for cls in CLASSES}
    assert {"Maxima", "ProfileScan", "SeasonalAnomaly", "SpiralFit", "SpiralNull", "WindowAnomaly"} <= names
    assert {"MaximaFrequency", "SubsetControl", "SimulatedScene", "StudyResult"} <= names


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__qualname__)
def test_results_of_arrays_are_equal_to_themselves_alone(cls: type) -> None:
    values = {field.name: np.arange(3.0) for field in dataclasses.fields(cls)}
    one, other = (object.__new__(cls) for _ in range(2))
    for name, value in values.items():
        object.__setattr__(one, name, value)
        object.__setattr__(other, name, value.copy())
    assert (one == one, one == other, one != other) == (True, False, True)
    assert len({one, other, one}) == 2


@pytest.mark.parametrize("name", kernels.__all__)
def test_type_hints_of_kernels_can_be_read(name: str) -> None:
    member = getattr(kernels, name)
    hints = typing.get_type_hints(member)
    if inspect.isfunction(member):
        assert set(hints) == {*inspect.signature(member).parameters, "return"}
    elif dataclasses.is_dataclass(member):
        assert {field.name for field in dataclasses.fields(member)} <= set(hints)
