"""Traces the gas that satellites see around earthquakes, and says honestly whether it means anything.

Importing this package loads nothing but itself. Its modules load when they are first used::

    import gasquake

    gasquake.kernels.rolling_zscore(values, 30)  # NumPy in, NumPy out: loads numpy alone
    gasquake.anomalies.rolling_zscore(array, 30)  # labelled arrays: loads xarray

`kernels` is what other packages import; `profiles`, `anomalies` and `tracks` are the same calculations on
`xarray.DataArray`, which find their dimensions, keep coordinates and set units. `io` and `staging` read files, `study`
traces an earthquake with all of them, `report` writes what it found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gasquake import (
        anomalies,
        columns,
        correlation,
        episodes,
        errors,
        io,
        kernels,
        motion,
        places,
        plot,
        profiles,
        projection,
        report,
        simulate,
        stages,
        staging,
        study,
        tracks,
        trend,
        units,
    )

__all__ = [
    "__version__",
    "anomalies",
    "columns",
    "correlation",
    "episodes",
    "errors",
    "io",
    "kernels",
    "motion",
    "places",
    "plot",
    "profiles",
    "projection",
    "report",
    "simulate",
    "stages",
    "staging",
    "study",
    "tracks",
    "trend",
    "units",
]

__version__: str


def __getattr__(name: str) -> Any:
    """Load a module, or look the version up, at first use (PEP 562)."""
    if name == "__version__":
        value = globals()[name] = _version()
        return value
    if name in __all__:
        from importlib import import_module

        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _version() -> str:
    from importlib import metadata

    try:
        return metadata.version("gasquake")
    except metadata.PackageNotFoundError:  # a source tree with the extension beside it: Cargo.toml holds the version
        from gasquake import _core

        return str(_core.build_info()[1])
