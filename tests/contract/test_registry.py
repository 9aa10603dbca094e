"""Every kernel is in the table, and has the signature that the house promises."""

from __future__ import annotations

import inspect

import pytest

import gasquake.kernels
from registry import KERNELS

NOT_ARRAYS = {"build_info"}


def test_every_kernel_is_in_the_table():
    functions = {name for name in gasquake.kernels.__all__ if inspect.isfunction(getattr(gasquake.kernels, name))}
    assert {kernel.name for kernel in KERNELS} == functions - NOT_ARRAYS


@pytest.mark.parametrize("kernel", KERNELS, ids=str)
def test_signature(kernel):
    parameters = inspect.signature(kernel.function).parameters
    first = [name for name, p in parameters.items() if p.kind is p.POSITIONAL_ONLY]
    assert first == list(kernel.positional)
    assert all(p.kind is p.KEYWORD_ONLY for name, p in parameters.items() if name not in first)
    assert parameters["n_threads"].default is None
    known = {*kernel.arrays, *kernel.integers, *kernel.numbers, *kernel.choices, kernel.axis}
    assert known - {None} <= parameters.keys()


@pytest.mark.parametrize("kernel", KERNELS, ids=str)
def test_every_argument_has_a_kind(kernel):
    """So that a new argument cannot slip past the matrix."""
    told = {*kernel.arrays, *kernel.integers, *kernel.numbers, *kernel.choices, kernel.axis}
    elsewhere = {"n_threads", "day", "seed", "center", "include_current", "exclude_own_year"}
    assert set(inspect.signature(kernel.function).parameters) - elsewhere <= told


@pytest.mark.parametrize("kernel", [kernel for kernel in KERNELS if kernel.oracle], ids=str)
def test_the_twin_has_the_same_signature(kernel):
    mine = dict(inspect.signature(kernel.function).parameters)
    del mine["n_threads"]
    twin = inspect.signature(kernel.oracle).parameters
    assert {n: (p.kind, p.default) for n, p in mine.items()} == {n: (p.kind, p.default) for n, p in twin.items()}
