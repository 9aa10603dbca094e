"""Mean, spread and number of days of each gas in each stage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gasquake import _labelled
from gasquake.stages._times import show
from gasquake.stages.overpass import AMBIGUOUS, stage_labels
from gasquake.stages.presets import Stage

__all__ = ["stage_means"]

_GASES = ("co", "ch4", "co2", "o3")


def stage_means(
    cube: xr.Dataset,
    stages: Sequence[Stage],
    /,
    *,
    longitude: float,
    origin_time: np.datetime64 | None = None,
    gases: Sequence[str] | None = None,
) -> xr.Dataset:
    """Mean, standard deviation and number of days of each gas in each stage, cell by cell and orbit by orbit.

    Parameters
    ----------
    cube : Dataset
        A gas cube. NaN and infinities are missing.
    stages : sequence of Stage
        See `check_stages`.
    longitude : float
        Of the epicentre, degrees east: it tells when the satellite flew over.
    origin_time : datetime64, optional
        See `stage_labels`.
    gases : sequence of str, optional
        Variables of (time, orbit, ...) to average. By default those of co, ch4, co2 and o3 that the cube has.

    Returns
    -------
    Dataset
        Of dims (stage, orbit, ...) with the other dims and chunks of the cube:

        - ``<gas>_mean`` and ``<gas>_sd`` (ddof=1) in the units and type of the gas, NaN where fewer than 1 or 2 days
          are valid
        - ``<gas>_n`` (int32): valid days of the cell
        - ``n_days`` (int32; stage, orbit): days of the stage in the cube, valid or not
        - ``n_ambiguous`` (int32; orbit): days left out because they may lie on either side of the origin time

        Coordinates ``stage_start`` and ``stage_end`` of (stage). Lazy where the cube is.

    Raises
    ------
    ValueError
        If the cube has none of the gases, or `stage_labels` refuses.

    Notes
    -----
    Orbits are never averaged together: by day the ground is warmer, the averaging kernel another, and a difference
    between the two is no gas. Sums are in float64.

    Examples
    --------
    >>> time = np.arange("2022-08-01", "2022-08-05", dtype="datetime64[D]").astype("datetime64[ns]")
    >>> start = time[:, np.newaxis] + np.timedelta64(90, "m")
    >>> cube = xr.Dataset(
    ...     {"co": (("time", "orbit"), [[1e-7], [2e-7], [np.nan], [6e-7]], {"units": "mol mol-1"})},
    ...     {"time": time, "orbit": ["ascending"], "window_start": (("time", "orbit"), start),
    ...      "window_end": (("time", "orbit"), start + np.timedelta64(24, "h"))},
    ... )
    >>> stage = Stage("background", np.datetime64("2022-08-01"), np.datetime64("2022-08-04"))
    >>> found = stage_means(cube, [stage], longitude=102.08)
    >>> print(f"{found.co_mean.item():.2e} from {found.co_n.item()} of {found.n_days.item()} days")
    1.50e-07 from 2 of 3 days
    """
    stages = list(stages)
    labels = stage_labels(cube, stages, longitude=longitude, origin_time=origin_time)
    names = [g for g in _GASES if g in cube.data_vars] if gases is None else list(gases)
    absent = [g for g in names if g not in cube.data_vars]
    if not names or absent:
        wanted = ", ".join(absent or _GASES)
        raise ValueError(f"the cube has no variable {wanted} to average; it has {', '.join(map(str, cube.data_vars))}")

    inside = np.flatnonzero((labels.values >= 0).any(axis=1))  # the rest of a long archive is not even read
    chosen, chosen_labels = cube.isel(time=inside), labels.isel(time=inside)

    def moments(values: NDArray[Any], label: NDArray[np.int8]) -> tuple[NDArray[Any], ...]:
        return _moments(values, label, len(stages))

    result = xr.Dataset()
    for gas in names:
        values = chosen[gas]
        missing = {"time", "orbit"}.difference(values.dims)
        if missing:
            raise ValueError(f"{gas} has no dimension {', '.join(sorted(missing))}; it has {values.dims}")
        kind = _labelled.float_dtype(values, gas)
        types = {f"{gas}_mean": kind, f"{gas}_sd": kind, f"{gas}_n": np.int32}
        found = _labelled.apply(moments, [values, chosen_labels], [["time"], ["time"]], types,
                                out_core=["stage"], out_sizes={"stage": len(stages)})  # fmt: skip
        units, title = values.attrs.get("units"), _labelled.describe(values)
        _labelled.with_attrs(found[f"{gas}_mean"], units, f"mean of {title} in the stage")
        _labelled.with_attrs(found[f"{gas}_sd"], units, f"standard deviation of {title} in the stage")
        _labelled.with_attrs(found[f"{gas}_n"], "1", f"valid days of {title} in the stage")
        result = result.merge(found.transpose("stage", ...))
    days = np.stack([(labels.values == k).sum(axis=0) for k in range(len(stages))]).astype(np.int32)
    result["n_days"] = (("stage", "orbit"), days, {"units": "1", "long_name": "days of the stage in the cube"})
    ambiguous = (labels.values == AMBIGUOUS).sum(axis=0).astype(np.int32)
    result["n_ambiguous"] = ("orbit", ambiguous, {"units": "1", "long_name": "days on either side of the origin time"})
    result = result.assign_coords(
        stage=("stage", [stage.name for stage in stages]),
        stage_start=("stage", np.array([stage.start for stage in stages])),
        stage_end=("stage", np.array([stage.end for stage in stages])),
    )
    call = f"stage_means({', '.join(f'{s.name}={show(s.start)}/{show(s.end)}' for s in stages)})"
    return result.assign_attrs(history=_labelled.history(cube, call))


def _moments(values: NDArray[Any], labels: NDArray[np.int8], n_stages: int) -> tuple[NDArray[Any], ...]:
    """Mean, standard deviation and count over the last axis of the values with label 0, 1, ..., as a new last axis."""
    shape = (*values.shape[:-1], n_stages)
    mean, spread = np.full(shape, np.nan), np.full(shape, np.nan)
    count = np.zeros(shape, dtype=np.int32)
    values = np.ascontiguousarray(values)  # summed in one order, whatever the chunks
    finite = np.isfinite(values)
    for k in range(n_stages):
        used = finite & (labels == k)
        n = used.sum(axis=-1)
        total = np.sum(values, axis=-1, where=used, dtype=np.float64)
        centre = np.divide(total, n, out=np.full(n.shape, np.nan), where=n > 0)
        apart = np.subtract(values, centre[..., np.newaxis], dtype=np.float64, out=np.zeros(values.shape), where=used)
        squares = np.square(apart).sum(axis=-1)
        mean[..., k], count[..., k] = centre, n
        spread[..., k] = np.sqrt(np.divide(squares, n - 1, out=np.full(n.shape, np.nan), where=n > 1))
    kind = values.dtype if values.dtype.kind == "f" else np.dtype(np.float64)
    return mean.astype(kind), spread.astype(kind), count
