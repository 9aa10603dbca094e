"""What both kinds of anomaly share: the choice of a spread, a kernel applied along time, the names of the results."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, Literal

import xarray as xr
from numpy.typing import NDArray

from gasquake import _labelled

__all__ = ["Method", "named_anomaly", "over_time"]

Method = Literal["moment", "robust"]


def over_time(
    function: Callable[[NDArray[Any]], tuple[NDArray[Any], ...]],
    values: xr.DataArray,
    time: Hashable,
    outputs: dict[str, Any],
) -> xr.Dataset:
    """The results of a function of whole series, on the grid of the values."""
    return _labelled.apply(function, [values], [[time]], outputs, out_core=[time])


def named_anomaly(result: xr.Dataset, values: xr.DataArray, reference: str, call: str) -> xr.Dataset:
    """Set the units and names of an anomaly against `reference`."""
    units, title = values.attrs.get("units"), _labelled.describe(values)
    long_names = {
        "anomaly": (units, f"anomaly of {title} against {reference}"),
        "zscore": ("1", f"anomaly of {title} against {reference}, in standard deviations"),
        "mean": (units, f"centre of {title} over {reference}"),
        "std": (units, f"spread of {title} over {reference}"),
        "count": ("1", f"valid samples of {title} in {reference}"),
    }
    for name, variable in result.data_vars.items():
        _labelled.with_attrs(variable, *long_names[str(name)])
    return result.assign_attrs(history=_labelled.history(values, call))
