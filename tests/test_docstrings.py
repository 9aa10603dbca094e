"""Every example in the docstrings of the installed package runs and prints what it says."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil

import pytest

import gasquake
import gasquake.kernels

MODULES = [
    "gasquake",
    *sorted(m.name for m in pkgutil.walk_packages(gasquake.__path__, "gasquake.") if "__main__" not in m.name),
]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    module = importlib.import_module(name)
    result = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert result.failed == 0


@pytest.mark.parametrize(
    "name", [name for name in gasquake.kernels.__all__ if inspect.isfunction(getattr(gasquake.kernels, name))]
)
def test_every_kernel_has_an_example(name):
    text = inspect.getdoc(getattr(gasquake.kernels, name)) or ""
    assert ">>> " in text
    for section in ("Returns", "Examples", *(("Parameters", "Raises") if name != "build_info" else ())):
        assert f"{section}\n---" in text, section
